//! Tests of reading and writing texts.

use super::{Choice, Code, Diagnostic, Scenario, Source};

const EVERYTHING: &str = include_str!("everything.ron");

#[test]
fn every_type_can_be_written_by_hand() {
    let source = Source::new("x.ron", EVERYTHING);
    let reading = source.read_plain();
    assert_eq!(reading.mistakes, []);
    let scenario = reading.scenario.unwrap();
    let back = Source::from_scenario("y", &scenario).read_plain();
    assert_eq!((back.mistakes, back.scenario), (Vec::new(), Some(scenario.clone())));
    assert!(scenario.to_ron().lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn assumptions_are_collected_from_comments() {
    let assumptions = Source::new("x.ron", EVERYTHING).read(&Choice::default()).scenario.unwrap().assumptions;
    let expected = [
        ("clock.horizon", "long enough"),
        ("sites.us", "the nearest exchange"),
        ("components.pool", "one in twenty is a guess"),
        ("people.oslo schools", "users per site"),
        ("people.oslo schools.keeps_trying", "from a survey"),
    ];
    assert_eq!(assumptions.iter().map(|(p, why)| (p, why.as_str())).collect::<Vec<_>>(), expected);
}

/// The mistakes of the sample with `old` replaced by `new`, each as `code [underlined] reason; fix`.
fn mistakes(edits: &[(&str, &str)], choice: &Choice) -> Vec<String> {
    let text = edits.iter().fold(EVERYTHING.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old} is not in the sample");
        text.replacen(old, new, 1)
    });
    let reading = Source::new("x.ron", text.clone()).read(choice);
    let underlined = |m: &Diagnostic| m.span.as_ref().map_or("-", |s| &text[s.clone()]).to_owned();
    reading.mistakes.iter().map(|m| format!("{} [{}] {}; {}", m.code, underlined(m), m.reason, m.fix)).collect()
}

fn check(old: &str, new: &str, expected: &str) {
    assert_eq!(mistakes(&[(old, new)], &Choice::default()), [expected], "{new}");
}

#[test]
fn mistakes_are_told_in_words() {
    let whole = "`servers` is a whole number";
    let fix = "write a whole number without quotes, like 3";
    check("servers: 60", "servers: \"60\"", &format!("F105 [\"60\"] {whole}, not text; {fix}"));
    check("servers: 60", "servers: 1.5", &format!("F105 [1.5] {whole}, not the fraction 1.5; {fix}"));
    check("servers: 60", "servers: sixty", &format!("F105 [sixty] {whole}, not the word `sixty`; {fix}"));
    check("servers: 60", "servers: -3", "F203 [-3] `servers` cannot be negative; write a whole number from 0");
    check("servers: 60", "server: 60", "F101 [server] `oslo` has no field `server`; did you mean `servers`?");
    check(
        "servers: 60,",
        "servers: 60",
        "F001 [workers] a comma is missing before this; write a comma between the two",
    );
    check("shape: 0.7", "shape: NaN", "F202 [NaN] NaN is not a finite number; write an ordinary number, like 1.5");
    check("shape: 0.7, ", "", "F102 [weibull] `fails` needs a `shape`; add `shape: ...`");
    check("fails: weibull(", "fails: Weibul(", "F104 [Weibul] there is no `Weibul` here; did you mean `weibull`?");
    check(
        "horizon: \"3d\"",
        "horizon: 3",
        "F201 [3] 3 has no unit; write a duration in quotes with its unit, like \"1h30m\"",
    );
    check(
        "takes: fixed(\"5ms\")",
        "takes: \"5ms\"",
        "F105 [\"5ms\"] `takes` is one of `fixed`, `uniform`, `exponential`, `weibull`, `lognormal`, `erlang` and \
         `empirical`, not text; write fixed(\"5ms\") for a time that is always the same",
    );
    check(
        "decide: automatic",
        "decide: \"automatic\"",
        "F105 [\"automatic\"] `decide` is one of `automatic`, `people` and `sometimes`, not text; write automatic without \
         quotes",
    );
    check(
        "vendor: uniform(\"2h\", \"6h\")",
        "vendor: uniform(\"2h\")",
        "F105 [uniform(\"2h\")] `vendor` has 1 value; write 2 values",
    );
    check("(59.91, 10.75)", "(59.91, 10.75, 3)", "F105 [3] one value too many; delete it");
    check(
        "hard(to: \"web\")",
        "hard(\"web\")",
        "F105 [hard(\"web\")] the values of `hard` need their names; write hard(to: ...); it can also have `times`, `at`, \
         `gives_up_after`, `client`, `timeout`, `cancels`, `retries`, `hedge`, `breaker`, `throttle`, `connections` and \
         `passes_deadline`",
    );
    check(
        "sites: {",
        "sites: {\n\"oslo\": (),",
        "F302 [\"oslo\"] the name `oslo` is there already, in line 8; delete one of the two, or rename it",
    );
    check("\"plain\": (),", "plain: (),", "F105 [plain] the name plain is not in quotes; write \"plain\"");
    check(
        "\"plain\": (),",
        "\"plain\": (",
        "F001 [}] `}` cannot close the `(` of line 10; close that one first, with `)`",
    );
    check(
        "format: 1",
        "format: 2",
        "F004 [2] this file is of format 2, and this program reads format 1; write `format: 1`, or use a program of the file's format",
    );
}

#[test]
fn all_mistakes_are_found_at_once_and_no_consequences() {
    let edits = [
        ("rtt: \"95ms\"", "rtt: 95"),
        ("(between: (\"oslo\", \"plain\"), rtt: \"5ms\"", "(between: (\"oslo\", \"plain\"), rt: \"5ms\""),
        ("takes: fixed(\"4h\")", "takes: fixed(\"4\")"),
        ("users: 4_200_000", "users: \"many\""),
        ("at(\"00:00\", fail_hidden(of: \"storage\"))", "at(\"00:00\", fail_hidden())"),
        ("at(\"Tue 13:01\", tell(\"We are sorry\"))", "at(\"Tue 13:01\", tell(3))"),
    ];
    let found = mistakes(&edits, &Choice::default());
    let codes: Vec<&str> = found.iter().map(|m| &m[..4]).collect();
    assert_eq!(codes, ["F201", "F102", "F101", "F201", "F105", "F102", "F105"], "{found:#?}");
    let text = edits.iter().fold(EVERYTHING.to_owned(), |text, (old, new)| text.replacen(old, new, 1));
    let reading = Source::new("x.ron", text).read_plain();
    let paths: Vec<&str> = reading.mistakes.iter().map(|m| m.path.as_str()).collect();
    // Items are counted as in the file, although the one before was blanked out.
    assert_eq!(paths.last(), Some(&"drill.8.1"), "{paths:?}");
    let broken: Vec<String> = reading.scenario.unwrap().broken.into_iter().collect();
    assert_eq!(broken, ["oslo schools"]);
}

#[test]
fn a_run_takes_what_its_variant_strategy_and_choice_set() {
    let source = Source::new("x.ron", EVERYTHING);
    let choice = Choice {
        variant: Some("shared".into()),
        maintenance: Some("none".into()),
        set: vec![("services.web.queue".into(), "9".into()), ("sites.far".into(), "(provider: \"x\")".into())],
        ..Choice::default()
    };
    let mut reading = source.read(&choice);
    assert_eq!(reading.mistakes, []);
    let mut diagnostics = vec![
        Diagnostic::new(Code::NoRoute, "links.0.rtt", "", ""),
        Diagnostic::new(Code::UnknownName, "drill.0.of", "", ""),
        Diagnostic::new(Code::BadName, "people.d#key", "", ""),
        Diagnostic::new(Code::BadName, "people.d#key", "", ""),
        Diagnostic::new(Code::Cycle, "services.db.queue", "", ""),
    ];
    reading.place(&mut diagnostics);
    let shown: Vec<&str> = diagnostics.iter().map(|d| &EVERYTHING[d.span.clone().unwrap()]).collect();
    // The first is written in the variant, and a queue that is not there is shown at its service.
    assert_eq!(shown, ["\"db\"", "\"d\"", "\"200ms\"", "\"storage\""]);
    let scenario = reading.scenario.take().unwrap();
    assert_eq!(scenario.services.get("web").unwrap().queue, Some(9));
    assert_eq!(scenario.links[0].rtt.seconds(), 0.2);
    assert_eq!(scenario.sites.get("far").unwrap().provider.as_deref(), Some("x"));
    assert_eq!(scenario.sites.get("plain").unwrap().provider.as_deref(), Some("us-east"));
    assert_eq!(scenario.people.get("oslo schools").unwrap().keeps_trying.0, 0.55);
    assert_eq!(scenario.run.strategy.as_deref(), Some("as designed"));
    assert_eq!(scenario.run.maintenance.as_deref(), Some("none"));
    assert_eq!(scenario.run.variant.as_deref(), Some("shared"));
}

#[test]
fn mistakes_in_overlays_are_shown_where_they_are_written() {
    let set = "\"services.web.queue\": 700";
    check(
        set,
        "\"services.web.queue\": \"x\"",
        "F105 [\"x\"] `queue` is a whole number, not text; write a whole number without quotes, like 3",
    );
    check(
        set,
        "\"services.web.quue\": 3",
        "F101 [\"services.web.quue\"] `web` has no field `quue`; did you mean `queue`?",
    );
    check(
        set,
        "\"services.wb.queue\": 3",
        "F602 [\"services.wb.queue\"] \"services.wb.queue\" leads nowhere: services has no `wb`; did you mean \"web\"?",
    );
    check(
        "maintenance: \"takedown\"",
        "maintenance: \"takdown\"",
        "F301 [\"takdown\"] there is no maintenance plan called \"takdown\"; did you mean \"takedown\"?",
    );
    let choice = Choice { strategy: Some("raf".into()), ..Choice::default() };
    assert_eq!(mistakes(&[], &choice), ["F301 [-] there is no strategy called \"raf\"; did you mean \"raft\"?"]);
}

use proptest::prelude::*;

/// Whatever the text: a scenario or a mistake, and every mistake in its place.
fn check_any(text: &str, choice: &Choice) {
    let source = Source::new("x.ron", text);
    let mut reading = source.read(choice);
    assert!(reading.scenario.is_some() || !reading.mistakes.is_empty(), "neither");
    let mut elsewhere = vec![Diagnostic::new(Code::UnknownName, "services.web.calls.0.to", "", "")];
    reading.place(&mut elsewhere);
    reading.mistakes.extend(elsewhere);
    for mistake in &reading.mistakes {
        if let Some(span) = &mistake.span {
            assert!(source.text.get(span.clone()).is_some(), "{mistake} has no place at {span:?}");
        }
    }
    if let Some(scenario) = reading.scenario {
        let back = Source::from_scenario("back", &scenario).read_plain();
        let mut scenario = scenario;
        scenario.broken.clear();
        // Only the lines that differ: the whole of two scenarios is more than anybody reads.
        let lines = |scenario: &Scenario| format!("{scenario:#?}").lines().map(str::to_owned).collect::<Vec<_>>();
        let is_equal = back.scenario.as_ref() == Some(&scenario);
        let (back, written) = (back.scenario.as_ref().map(lines).unwrap_or_default(), lines(&scenario));
        let differs = back.iter().zip(&written).find(|(a, b)| a != b);
        assert!(is_equal, "{differs:?}");
    }
}

fn mutated() -> impl Strategy<Value = String> {
    const SNIPPETS: [&str; 26] = [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "'",
        "/*",
        "*/",
        "//",
        "r#\"",
        "#",
        "NaN",
        "-inf",
        "é",
        "\u{0}",
        "x: 3",
        "\"3\"",
        "Some(",
        "\\",
        "\n",
        "// assumed: x\n",
        "99999999999999999999999",
    ];
    let edit = (0..EVERYTHING.len(), 0..40_usize, 0..SNIPPETS.len() * 2);
    (prop::collection::vec(edit, 1..6), any::<bool>()).prop_map(|(edits, truncated)| {
        let mut text = EVERYTHING.to_owned();
        let floor = |text: &str, mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        for (at, length, snippet) in edits {
            let (start, end) = (floor(&text, at), floor(&text, at + length / 8));
            text.replace_range(start..end, SNIPPETS.get(snippet).unwrap_or(&""));
            if truncated && length == 39 {
                text.truncate(start);
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_text_gives_a_scenario_or_mistakes(text in mutated()) {
        check_any(&text, &Choice { variant: Some("shared".into()), ..Choice::default() });
    }

    #[test]
    fn any_value_can_be_set(path in "[a-z0-9.-]{0,20}|services\\.web\\.[a-z]{1,6}|people\\.b\\.uses|drill\\.9", value in "[(){}\\[\\]a-z0-9\",:/ ]{0,12}") {
        check_any(EVERYTHING, &Choice { set: vec![(path, value)], ..Choice::default() });
    }

    #[test]
    fn noise_is_no_danger(text in "\\PC{0,80}") {
        check_any(&text, &Choice::default());
    }
}

#[test]
fn comments_beside_a_set_value_are_not_a_part_of_it() {
    let set = "\"services.web.queue\": 700";
    check_any(
        &EVERYTHING.replacen(set, "\"services.web.queue\": // why\n /* not */ 700 /* more */", 1),
        &Choice::default(),
    );
}

#[test]
fn a_text_cut_anywhere_is_explained() {
    for at in (0..EVERYTHING.len()).step_by(37).filter(|&at| EVERYTHING.is_char_boundary(at)) {
        let reading = Source::new("x.ron", &EVERYTHING[..at]).read_plain();
        assert!(reading.scenario.is_none() && !reading.mistakes.is_empty());
    }
}
