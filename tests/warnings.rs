//! What `check` warns of: no mistakes, and mostly not meant.

use firedrill::lint::warnings;
use firedrill::load::check;
use firedrill::scenario::Source;
use std::fs;

/// Two sites with a web service, and whatever else is said.
fn scenario(web_at_b: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "two sites", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "2h"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "5ms")], groups: {{"home": (members: ["a", "b"])}},
        services: {{
            "web": (runs_at: {{"a": (servers: 4), "b": ({web_at_b})}}, takes: fixed("40ms"), calls: [hard(to: "db")]),
            "db": (runs_at: {{"a": (servers: 4), "b": (servers: 4)}}, takes: fixed("5ms")),
        }},
        features: {{"browse": (calls: [hard(to: "web")])}},
        people: {{"us": (users: 1000, uses: {{"browse": "60/h"}}, served_by: "home")}}, {rest})"#
    )
}

const FAILS_OVER: &str = r#"strategies: {"s": (failover: {"home": (detect: instant)})},"#;

/// Codes and places of the warnings; there are no mistakes.
fn warned(text: &str) -> Vec<String> {
    let source = Source::new("test.ron", text);
    check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    warnings(&source).into_iter().map(|warning| format!("{} {}", warning.code, warning.path)).collect()
}

#[test]
fn a_sound_scenario_has_no_warnings() {
    assert_eq!(warned(&scenario("servers: 4", FAILS_OVER)), [""; 0]);
}

#[test]
fn a_group_that_nothing_fails_over_is_no_redundancy() {
    assert_eq!(warned(&scenario("servers: 4", "")), ["W101 groups.home"]);
    assert_eq!(warned(&scenario("servers: 4", r#"strategies: {"none": ()},"#)), ["W101 groups.home"]);
    let ordered = r#"drill: [at("01:00", fail_over(group: "home", to: "b"))]"#;
    assert_eq!(warned(&scenario("servers: 4", ordered)), [""; 0]);
}

#[test]
fn a_hard_call_to_one_place_ends_redundancy() {
    let one = scenario("servers: 4", FAILS_OVER).replacen(
        r#""db": (runs_at: {"a": (servers: 4), "b": (servers: 4)}"#,
        r#""db": (runs_at: {"a": (servers: 4)}"#,
        1,
    );
    assert_eq!(warned(&one), ["W102 services.web.calls.0"]);
    let there = scenario("servers: 4", FAILS_OVER).replace(r#"hard(to: "db")"#, r#"hard(to: "db", at: "a")"#);
    assert_eq!(warned(&there), ["W102 services.web.calls.0"]);
    assert_eq!(warned(&there.replace("hard(to: \"db\"", "soft(to: \"db\"")), [""; 0]);
}

#[test]
fn people_are_not_led_to_where_there_are_no_servers() {
    let empty = warned(&scenario("servers: 0", FAILS_OVER));
    assert!(empty.contains(&"W103 services.web.runs_at.b".to_owned()), "{empty:?}");
    let added = r#"strategies: {"s": (failover: {"home": (detect: instant)}, runbook: {"more": (at: "01:00",
        does: [add_servers(service: "web", at: "b", servers: 4)])})},"#;
    let told = warned(&scenario("servers: 0", added));
    assert!(told.iter().all(|warning| !warning.starts_with("W103")), "{told:?}");
}

#[test]
fn names_that_nothing_uses_are_told() {
    let more = format!(
        r#"{FAILS_OVER} components: {{"spare": (at: "a"), "array": (at: "a")}}, crews: {{"night": (at_once: 1)}},
        drill: [at("01:00", crash(of: "array", repaired_after: "1h"))], about: "spare night","#
    );
    assert_eq!(warned(&scenario("servers: 4", &more)), ["W104 components.spare", "W104 crews.night"]);
}

#[test]
fn an_assumption_has_a_reason() {
    let of = |comment: &str| {
        scenario("servers: 4", FAILS_OVER).replace("users: 1000,", &format!("users: 1000, {comment}\n"))
    };
    assert_eq!(warned(&of("// assumed")), ["W105 people"]);
    assert_eq!(warned(&of("// assumed:")), ["W105 people"]);
    assert_eq!(warned(&of("// assumed: a guess")), [""; 0]);
    assert_eq!(warned(&of("// assumed by nobody")), [""; 0]);
}

#[test]
fn a_recording_covers_the_run() {
    let of = |lines: &str, silence: &str| {
        let text = scenario(
            "servers: 4",
            &format!(r#"{FAILS_OVER} {silence} recordings: {{"load": "time,share\n{lines}"}},"#),
        );
        warned(&text.replace("users: 1000,", r#"users: 1000, active: recorded("load"),"#))
    };
    // The run is from midnight to two.
    assert_eq!(of("2024-03-04T00:00,10%\\n2024-03-04T01:00,20%\\n2024-03-04T02:00,10%", ""), [""; 0]);
    assert_eq!(of("0,10%\\n3600,20%\\n7200,10%", ""), [""; 0]);
    // What monitoring tells every five minutes ends five minutes before the end.
    let five: String = (0..24).map(|i| format!("{},{}%\\n", i * 300, 10 + i)).collect();
    assert_eq!(of(&five, ""), [""; 0]);
    let half: String = (0..12).map(|i| format!("{},{}%\\n", i * 300, 10 + i)).collect();
    assert_eq!(of(&half, ""), ["W106 people.us.active"]);
    let late: String = (12..24).map(|i| format!("{},{}%\\n", i * 300, 10 + i)).collect();
    assert_eq!(of(&late, ""), ["W106 people.us.active"]);
    assert_eq!(of("0,10%", ""), ["W106 people.us.active"]);
    assert_eq!(of(&half, r#"silence: ["W106"],"#), [""; 0]);
}

#[test]
fn warnings_are_silenced_in_the_file() {
    let silenced = |codes: &str| scenario("servers: 4", &format!("silence: [{codes}],"));
    assert_eq!(warned(&silenced(r#""W101""#)), [""; 0]);
    assert_eq!(warned(&silenced(r#""W101", "W104""#)), ["W100 silence.1"]);
    let unknown = check(&Source::new("test.ron", silenced(r#""W999""#))).unwrap_err().to_string();
    assert!(unknown.contains("there is no warning \"W999\"") && unknown.contains("W101"), "{unknown}");
}

#[test]
fn what_is_shipped_has_no_warnings() {
    let folder = format!("{}/scenarios", env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "ron") {
            continue;
        }
        assert_eq!(warned(&fs::read_to_string(&path).unwrap()), [""; 0], "{}", path.display());
    }
}

#[test]
fn retries_of_retries_multiply() {
    let sound = scenario("servers: 4", FAILS_OVER);
    let retrying = |feature: &str, call: &str| {
        let text = sound.replace(r#"hard(to: "db")"#, &format!(r#"hard(to: "db", timeout: "1s", {call})"#));
        let text = text.replace(r#"[hard(to: "web")]"#, &format!(r#"[hard(to: "web")], timeout: "9s", {feature}"#));
        warned(&text)
    };
    let three = "retries: (attempts: 3)";
    assert_eq!(retrying(three, three), ["W107 services.web.calls.0"]);
    // In one place only, or with something that limits them.
    assert_eq!(retrying("", three), [""; 0]);
    assert_eq!(retrying(three, ""), [""; 0]);
    assert_eq!(retrying(three, r#"retries: (attempts: 3, budget: "10%")"#), [""; 0]);
    assert_eq!(retrying("client: aws_standard", three), [""; 0]);
    // Once more each is what many live with.
    assert_eq!(retrying("retries: (attempts: 2)", "retries: (attempts: 2)"), [""; 0]);
}
