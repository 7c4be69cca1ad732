//! Tests of reading and writing texts.

use super::{Choice, Code, Diagnostic, Scenario, Source};

const EVERYTHING: &str = include_str!("everything.ron");

#[test]
fn explore() {
    let source = Source::new("x.ron", EVERYTHING);
    let reading = source.read_plain();
    for m in &reading.mistakes {
        println!("{} {:?} {m}", m.span.as_ref().map_or("", |s| &source.text[s.clone()]), m.span);
    }
    let scenario = reading.scenario.unwrap();
    println!("{:?}", scenario.assumptions);
    println!("{}", scenario.to_ron());
    let back = Source::from_scenario("y", &scenario).read_plain();
    for m in &back.mistakes {
        println!("BACK {m}");
    }
    assert_eq!(back.scenario.unwrap(), scenario);
    let chosen = source.read(&Choice { variant: Some("shared".into()), ..Choice::default() });
    println!("{:?}", chosen.mistakes);
    let c = chosen.scenario.unwrap();
    println!("{:?} {:?} {:?} {:?}", c.run, c.links[0].rtt, c.sites.get("plain"), c.assumptions);
}

#[test]
fn explore_mistakes() {
    for (old, new) in [
        ("horizon: \"3d\"", "horizon: 3"),
        ("horizon: \"3d\"", "horizon: \"3 days\""),
        ("format: 1", "format: 2"),
        ("    format: 1,\n", ""),
        ("title: \"Everything\",", ""),
        ("servers: 60", "servers: \"60\""),
        ("servers: 60", "servers: 1.5"),
        ("servers: 60", "servers: -3"),
        ("servers: 60", "servers: 99999999999999999999999"),
        ("servers: 60", "servers: 1e3"),
        ("servers: 60", "servers: sixty"),
        ("servers: 60", "server: 60"),
        ("servers: 60,", "servers: 60"),
        ("servers: 60,", "servers: 60, servers: 61,"),
        ("shape: 0.7", "shape: NaN"),
        ("shape: 0.7", "shape: \"x\""),
        ("shape: 0.7", "shape: 1e999"),
        ("shape: 0.7, ", ""),
        ("fails: weibull(", "fails: weibul("),
        ("fails: weibull(", "fails: Weibull("),
        ("takes: fixed(\"5ms\")", "takes: \"5ms\""),
        ("takes: fixed(\"5ms\")", "takes: 5"),
        ("takes: fixed(\"5ms\")", "takes: fixed(5)"),
        ("takes: fixed(\"5ms\")", "takes: fixed"),
        ("takes: fixed(\"5ms\")", "takes: fixed()"),
        ("takes: fixed(\"5ms\")", "takes: fixed(\"5ms\", \"6ms\")"),
        ("vendor: uniform(\"2h\", \"6h\")", "vendor: uniform(\"2h\")"),
        ("decide: automatic", "decide: \"automatic\""),
        ("decide: automatic", "decide: automatic(takes: 3)"),
        ("decide: automatic", "decide: manual"),
        ("hidden: true", "hidden: \"yes\""),
        ("hidden: true", "hidden: yes"),
        ("provider: \"usit\"", "provider: usit"),
        ("provider: \"usit\"", "provider: 3"),
        ("at: (59.91, 10.75)", "at: (59.91)"),
        ("at: (59.91, 10.75)", "at: (59.91, 10.75, 3)"),
        ("at: (59.91, 10.75)", "at: [59.91, 10.75]"),
        ("between: (\"oslo\", \"plain\")", "between: \"oslo\""),
        ("hard(to: \"web\")", "hard(\"web\")"),
        ("hard(to: \"web\")", "hard((to: \"web\"))"),
        ("hard(to: \"web\")", "\"web\""),
        ("hard(to: \"web\")", "hard()"),
        ("hard(to: \"web\")", "hard"),
        ("calls: [hard(to: \"web\")]", "calls: {\"web\": 3}"),
        ("calls: [hard(to: \"web\")]", "calls: hard(to: \"web\")"),
        ("uses: {\"log-in\": \"2/h\"}", "uses: [\"log-in\"]"),
        ("uses: {\"log-in\": \"2/h\"}", "uses: (log_in: \"2/h\")"),
        ("sites: {", "sites: {\"oslo\": (),"),
        ("\"plain\": (),", "\"plain\": Site(),"),
        ("\"plain\": (),", "plain: (),"),
        ("\"plain\": (),", "\"plain\": {},"),
        ("\"plain\": (),", "\"plain\": (at: (1, 2),"),
        ("at(\"14:31\", crash(of: \"storage\", repaired_after: \"12h59m\"))", "at(\"14:31\", crash())"),
        ("at(\"14:31\", crash(of: \"storage\", repaired_after: \"12h59m\"))", "at(\"14:31\")"),
        ("at(\"14:31\", crash(of: \"storage\", repaired_after: \"12h59m\"))", "(\"14:31\", crash(of: \"x\"))"),
        ("at(\"14:31\", crash(of: \"storage\", repaired_after: \"12h59m\"))", "at(\"14:31\", crsh(of: \"x\"))"),
        ("stands_on: all([\"storage\"])),\n    },\n    common", "stands_on: all(\"storage\")),\n    },\n    common"),
        ("stands_on: all([\"storage\"])),\n    },\n    common", "stands_on: all([3])),\n    },\n    common"),
        ("k_of_n(1, [", "k_of_n(\"1\", ["),
        ("primary: \"us\"", "primary: Some(\"us\")"),
        ("run: (strategy: \"as designed\")", "run: (strategy: \"as desgned\")"),
        ("maintenance: \"takedown\"", "maintenance: \"takdown\""),
        ("\"services.web.queue\": 700", "\"services.web.queue\": \"x\""),
        ("\"services.web.queue\": 700", "\"services.wb.queue\": 3"),
        ("\"services.web.queue\": 700", "\"services.web.quue\": 3"),
        ("\"services.web.queue\": 700", "\"drill.9\": at(\"01:00\", tell(3))"),
        ("Scenario(", "Szenario("),
        ("Scenario(", "#![enable(foo)] Scenario("),
    ] {
        assert!(EVERYTHING.contains(old), "{old}");
        let text = EVERYTHING.replacen(old, new, 1);
        let source = Source::new("x.ron", text.clone());
        let reading = source.read(&Choice::default());
        if text.len() == usize::MAX { continue; }
        println!("== {new}   {}", if reading.scenario.is_some() { "" } else { "(unreadable)" });
        for m in &reading.mistakes {
            println!("   {} [{}] {} | {} | {}", m.code, m.span.as_ref().map_or("-", |s| &text[s.clone()]), m.path, m.reason, m.fix);
        }
        println!("   broken {:?}", reading.scenario.map(|s| s.broken));
    }
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
        assert_eq!(back.scenario.as_ref(), Some(&scenario), "{:?}", back.mistakes);
    }
}

fn mutated() -> impl Strategy<Value = String> {
    const SNIPPETS: [&str; 26] = [
        "(", ")", "[", "]", "{", "}", ",", ":", "\"", "'", "/*", "*/", "//", "r#\"", "#", "NaN", "-inf", "é", "\u{0}", "x: 3",
        "\"3\"", "Some(", "\\", "\n", "// assumed: x\n", "99999999999999999999999",
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
fn a_text_cut_anywhere_is_explained() {
    for at in (0..EVERYTHING.len()).step_by(37).filter(|&at| EVERYTHING.is_char_boundary(at)) {
        let reading = Source::new("x.ron", &EVERYTHING[..at]).read_plain();
        assert!(reading.scenario.is_none() && !reading.mistakes.is_empty());
    }
}
