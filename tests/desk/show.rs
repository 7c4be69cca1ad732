//! A design with everything written out is the same design; and in which values two of them differ.

use firedrill::load::load;
use firedrill::rng::Luck;
use firedrill::run::run;
use firedrill::scenario::{Choice, Difference, Scenario, Source, differences};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every scenario of the project, and every template.
fn files() -> Vec<Source> {
    let mut files: Vec<Source> = ["scenarios", "src/cli/templates", "src/cli"]
        .iter()
        .flat_map(|folder| fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ron"))
        .map(|path| Source::new(path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn written_out(source: &Source, choice: &Choice) -> Scenario {
    let usual = load(source, &Choice::default()).unwrap().0.run;
    load(source, choice).unwrap().0.written_out(&usual)
}

fn strategy(name: &str) -> Choice {
    Choice { strategy: Some(name.to_owned()), ..Choice::default() }
}

fn digest(source: &Source, choice: &Choice) -> String {
    let world = load(source, choice).unwrap_or_else(|mistakes| panic!("{}: {mistakes}", source.name)).1;
    run(&world, Luck { seed: 3, replication: 1 }).outcome.provenance.digest.to_string()
}

#[test]
fn what_is_written_out_runs_to_the_same_outcome() {
    for source in files() {
        // A month of it, or two, is long; its first strategy stands for the others.
        let long = source.name.contains("2020-03") || source.name.contains("2021-cloud");
        let scenario = source.read_plain().scenario.unwrap();
        for name in scenario.strategies.names().take(if long { 1 } else { 9 }) {
            let shown = written_out(&source, &strategy(name));
            let again = Source::from_scenario("shown.ron", &shown);
            assert_eq!(digest(&again, &Choice::default()), digest(&source, &strategy(name)), "{} {name}", source.name);
        }
    }
}

#[test]
fn what_is_written_out_has_nothing_left_to_write_out() {
    for source in files() {
        let scenario = source.read_plain().scenario.unwrap();
        for name in scenario.strategies.names() {
            let shown = written_out(&source, &strategy(name));
            assert_eq!(shown.strategies.names().collect::<Vec<_>>(), [name]);
            assert!(shown.strategies.iter().all(|(_, strategy)| strategy.set.is_empty()));
            let again = Source::from_scenario("shown.ron", &shown);
            assert_eq!(written_out(&again, &Choice::default()).to_ron(), shown.to_ron(), "{} {name}", source.name);
        }
    }
}

/// Two sites, a client library, a variant, and expectations of several runs.
const DRILL: &str = r#"Scenario(format: 1, title: "two", currency: "EUR", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "1h"),
    sites: {"a": (), "b": ()}, links: [(between: ("a", "b"), rtt: "1ms")], groups: {"home": (members: ["a", "b"])},
    services: {"web": (runs_at: {"a": (servers: 3), "b": (servers: 1)}, takes: fixed("5ms"), costs: "0.4/h")},
    features: {"read": (calls: [hard(to: "web")], client: envoy, timeout: "2s")},
    people: {"all": (users: 100, uses: {"read": "1/min"}, served_by: "home")},
    strategies: {
        "fast": (costs: "6/h", failover: {"home": (detect: instant)}, set: {"services.web.runs_at.b.servers": 3}),
        "slow": (costs: "3/h", failover: {"home": (detect: instant, start: (takes: fixed("5m")))}),
    },
    variants: {"more people": (set: {"people.all.users": 300})},
    drill: [at("00:10", crash(of: "a"))],
    objectives: {
        "back": restored(of: "home", within: "1m"),
        "slow is back": restored(of: "home", within: "9m", when: (strategy: "slow")),
    },
    expect: [
        value(of: "people.all.users", is: 1, when: (strategy: "slow")),
        value(of: "people.all.users", is: 2),
        value(of: "people.all.users", is: 300, when: (variant: "more people")),
    ],
    expect_failure: ["expect.1", "back"],
)"#;

#[test]
fn a_client_library_says_what_it_stands_for_and_what_was_said_stays() {
    let shown = written_out(&Source::new("two.ron", DRILL), &Choice::default()).to_ron();
    assert!(!shown.contains("envoy"), "{shown}");
    assert!(
        shown.contains("timeout: \"2s\"") && shown.contains("attempts: 2") && shown.contains("budget: \"20%\""),
        "{shown}"
    );
}

#[test]
fn what_speaks_of_other_runs_is_left_out() {
    let source = Source::new("two.ron", DRILL);
    let told = |choice: &Choice| {
        let shown = written_out(&source, choice);
        let objectives: Vec<String> = shown.objectives.names().map(str::to_owned).collect();
        (objectives, shown.expect.len(), shown.expect_failure)
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(told(&Choice::default()), (names(&["back"]), 1, names(&["back", "expect.0"])));
    assert_eq!(told(&strategy("slow")), (names(&["back", "slow is back"]), 1, names(&[])));
    let variant = Choice { variant: Some("more people".into()), ..Choice::default() };
    assert_eq!(told(&variant), (names(&["back"]), 1, names(&[])));
}

#[test]
fn two_designs_differ_where_they_say_different_things() {
    let source = Source::new("two.ron", DRILL);
    let shown = |name: &str| written_out(&source, &strategy(name));
    let found = differences(&shown("fast"), &shown("slow"));
    let line = |path: &str, first: Option<&str>, second: Option<&str>| Difference {
        path: path.to_owned(),
        first: first.map(str::to_owned),
        second: second.map(str::to_owned),
    };
    let expected = [
        line("objectives.slow is back", None, Some("restored(of: \"home\", within: \"9m\")")),
        line("services.web.runs_at.b.servers", Some("3"), Some("1")),
        line("strategy.costs", Some("\"6/h\""), Some("\"3/h\"")),
        line("strategy.failover.home.start.takes", None, Some("fixed(\"5m\")")),
    ];
    assert_eq!(found, expected);
    assert_eq!(differences(&shown("fast"), &shown("fast")), []);
}

fn firedrill(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
    let output = command.current_dir(root()).args(args).env("COLUMNS", "80").stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[test]
fn differences_are_a_line_each_on_a_narrow_terminal() {
    let args = ["show", "src/cli/templates/shop.ron", "--diff", "pilot light", "warm standby"];
    let (code, out, err) = firedrill(&args);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn what_is_typed_wrong_is_said() {
    let file = "src/cli/templates/shop.ron";
    let (code, _, err) = firedrill(&["show", file, "--diff", "pilot lihgt", "warm standby"]);
    assert_eq!(code, 2);
    assert!(err.contains("did you mean \"pilot light\"?"), "{err}");
    assert_eq!(firedrill(&["show"]).0, 2);
    assert_eq!(firedrill(&["show", "nowhere.ron"]).0, 4);
    let (code, out, _) = firedrill(&["show", "--diff", file, file]);
    assert_eq!((code, out.lines().count()), (0, 1), "{out}");
}

/// Two sites that a strategy leaves to a pattern.
fn like(strategy: &str) -> Source {
    let text = format!(
        r#"Scenario(format: 1, title: "two", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "1d"),
    sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "1ms")],
    components: {{"x": (at: "a"), "y": (at: "a")}},
    groups: {{"home": (members: ["a", "b"]), "array": (members: ["x", "y"]), "single": (members: ["a"])}},
    services: {{"web": (runs_at: {{"a": (servers: 3), "b": (servers: 3)}}, takes: fixed("5ms"))}},
    features: {{"read": (calls: [hard(to: "web")], timeout: "2s")}},
    people: {{"all": (users: 100, uses: {{"read": "1/min"}}, served_by: "home")}},
    strategies: {{"it": ({strategy})}},
    drill: [at("00:10", crash(of: "a"))],
)"#
    );
    Source::new("like.ron", text)
}

/// What a strategy says of each group, once its pattern is written out.
fn failovers(strategy: &str) -> Vec<(String, String)> {
    let scenario = written_out(&like(strategy), &Choice::default());
    let strategy = &scenario.strategies.get("it").unwrap();
    assert_eq!(strategy.like, None);
    strategy.failover.iter().map(|(group, failover)| (group.to_owned(), format!("{failover:?}"))).collect()
}

#[test]
fn a_pattern_is_what_one_could_have_written() {
    let by_hand = r#"failover: {"home": (detect: probe(every: "30s", fails: 3, timeout: "5s"), promote: (takes: fixed("1m")),
        steer: dns(ttl: "1m", ignored_by: "5%", ignored_for: "30m"))}"#;
    let (pattern, written) = (like(r#"like: warm_standby(group: "home")"#), like(by_hand));
    assert_eq!(failovers(r#"like: warm_standby(group: "home")"#), failovers(by_hand));
    assert_eq!(digest(&pattern, &Choice::default()), digest(&written, &Choice::default()));
    let shown = Source::from_scenario("shown.ron", &written_out(&pattern, &Choice::default()));
    assert_eq!(digest(&shown, &Choice::default()), digest(&pattern, &Choice::default()));
}

#[test]
fn a_pattern_is_of_every_group_that_can_fail_over_and_says_nothing_of_what_is_said() {
    let groups = |strategy: &str| failovers(strategy).into_iter().map(|(group, _)| group).collect::<Vec<_>>();
    assert_eq!(groups("like: hot_standby()"), ["home", "array"]);
    assert_eq!(groups(r#"like: hot_standby(group: "array")"#), ["array"]);
    let said = failovers(r#"like: hot_standby(), failover: {"array": (detect: instant)}"#);
    let array = said.iter().find(|(group, _)| group == "array").unwrap();
    assert!(array.1.contains("Instant") && said.len() == 2, "{said:?}");
}

/// A scenario that was built in Rust has not been read, and is the same all the same.
#[test]
fn a_pattern_in_rust_is_the_pattern_of_a_file() {
    let source = like("like: pilot_light()");
    let mut built = load(&source, &Choice::default()).unwrap().0;
    built.strategies.get_mut("it").unwrap().failover = firedrill::scenario::Named::default();
    let world = firedrill::world::World::compile(&built).unwrap();
    let outcome = run(&world, Luck { seed: 3, replication: 1 }).outcome;
    assert_eq!(outcome.provenance.digest.to_string(), digest(&source, &Choice::default()));
}

/// From the cheapest to the dearest, each is quicker than the one before.
#[test]
fn a_dearer_pattern_is_a_quicker_one() {
    let patterns = ["backup_and_restore()", "pilot_light()", "warm_standby()", "hot_standby()", "active_active()"];
    let down = patterns.map(|pattern| {
        let world = load(&like(&format!("like: {pattern}")), &Choice::default()).unwrap().1;
        run(&world, Luck { seed: 3, replication: 1 }).outcome.people["all"].downtime_s
    });
    assert!(down.windows(2).all(|two| two[0] > two[1] * 1.5), "{down:?}");
    assert!(down[0] > 3_600.0 && down[1] > 600.0 && down[2] > 60.0 && down[4] < 30.0, "{down:?}");
}

#[test]
fn a_pattern_of_a_group_that_is_not_there_is_a_mistake() {
    let mistakes = |strategy: &str| load(&like(strategy), &Choice::default()).unwrap_err().to_string();
    let told = mistakes(r#"like: warm_standby(group: "hoem")"#);
    assert!(told.contains("there is no group called \"hoem\"") && told.contains("did you mean \"home\"?"), "{told}");
    let told = mistakes(r#"like: warm_standby(group: "single")"#);
    assert!(told.contains("has one member"), "{told}");
    assert!(mistakes("like: warm_stanby()").contains("did you mean `warm_standby`?"));
}
