//! A design with everything written out is the same design; and in which values two of them differ.
#![cfg(feature = "cli")]

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
        // A month of it is long; its first strategy stands for the others.
        let long = source.name.contains("2020-03");
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
    assert_eq!(told(&strategy("slow")), (names(&["slow is back"]), 1, names(&[])));
    let variant = Choice { variant: Some("more people".into()), ..Choice::default() };
    assert_eq!(told(&variant), (names(&[]), 1, names(&[])));
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
        line("objectives.back", Some("restored(of: \"home\", within: \"1m\")"), None),
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
