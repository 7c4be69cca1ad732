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
    let told = |text: &str| {
        let lines = warned(text);
        lines.into_iter().filter(|warning| warning.starts_with("W102")).collect::<Vec<_>>()
    };
    assert_eq!(warned(&one), ["W108 sites.a", "W102 services.web.calls.0"]);
    assert_eq!(told(&one), ["W102 services.web.calls.0"]);
    let there = scenario("servers: 4", FAILS_OVER).replace(r#"hard(to: "db")"#, r#"hard(to: "db", at: "a")"#);
    assert_eq!(told(&there), ["W102 services.web.calls.0"]);
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
    let mut told = Vec::new();
    for folder in ["scenarios", "scenarios/incidents", "src/cli/templates"] {
        let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "ron") {
                let source = Source::new(path.display().to_string(), fs::read_to_string(&path).unwrap());
                told.extend(warnings(&source).into_iter().map(|warning| format!("{}: {warning}", path.display())));
            }
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Codes, places and reasons of the warnings with one code.
fn reasons(text: &str, code: &str) -> Vec<String> {
    let source = Source::new("test.ron", text);
    check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let of_code = warnings(&source).into_iter().filter(|warning| warning.code.id() == code);
    of_code.map(|warning| format!("{}: {}", warning.path, warning.reason)).collect()
}

#[test]
fn what_fails_alone_is_told_where_something_was_to_take_over() {
    let shared =
        scenario("servers: 4, stands_on: all([\"id\"])", &format!(r#"components: {{"id": ()}}, {FAILS_OVER}"#));
    let both = shared.replacen(r#""a": (servers: 4)"#, r#""a": (servers: 4, stands_on: all(["id"]))"#, 1);
    assert_eq!(
        reasons(&both, "W108"),
        ["components.id: when \"id\" fails, \"us\" cannot be served, whatever fails over"]
    );
    // With a second one nobody is hit; and where one site was to be enough, nothing was to take over.
    let two = both.replace(r#""id": ()"#, r#""id": (count: 2, needs: 1)"#);
    assert_eq!(reasons(&two, "W108"), [""; 0]);
    assert_eq!(reasons(&both.replace(r#"served_by: "home""#, r#"served_by: "a""#), "W108"), [""; 0]);
    // Of several designs it names those that have it.
    let apart = both.replace(
        r#"strategies: {"#,
        r#"strategies: {"two": (failover: {"home": (detect: instant)}, set: {"components.id": (count: 2, needs: 1)}),"#,
    );
    assert_eq!(
        reasons(&apart, "W108"),
        ["components.id: when \"id\" fails, \"us\" cannot be served, whatever fails over under \"s\""]
    );
}

#[test]
fn who_watches_does_not_fail_with_what_is_watched() {
    let probed = |from: &str| {
        let detect = format!(r#"detect: probe(every: "10s", fails: 3, from: [{from}])"#);
        reasons(&scenario("servers: 4", &FAILS_OVER.replace("detect: instant", &detect)), "W109")
    };
    assert_eq!(
        probed(r#""a""#),
        [
            "strategies.s.failover.home.detect: \"a\" takes 1 of the 1 checkers of \"home\" with it when it fails, and 1 have to agree"
        ]
    );
    assert_eq!(probed(r#""a", "b""#).len(), 1, "two of two have to agree");
    assert_eq!(probed(r#""b""#), [""; 0]);

    let voters = |from: &str| {
        let detect = format!(r#"detect: raft(followers: 2, timeout: ("1s", "2s"), from: [{from}])"#);
        reasons(&scenario("servers: 4", &FAILS_OVER.replace("detect: instant", &detect)), "W109")
    };
    assert_eq!(
        voters(r#""a", "b""#),
        [
            "strategies.s.failover.home.detect: \"a\" takes 2 of the 3 voters of \"home\" with it when it fails, and 2 have to agree"
        ]
    );
    assert_eq!(voters(r#""b", "b""#), [""; 0]);

    let mechanism = |at: &str| {
        let policy = FAILS_OVER.replace("detect: instant", r#"detect: instant, mechanism: "robot""#);
        let parts =
            format!(r#"{policy} components: {{"robot": (at: "{at}", hidden: true, fails: exponential(mean: "1y"))}}"#);
        reasons(&scenario("servers: 4", &parts), "W109")
    };
    assert_eq!(
        mechanism("a"),
        ["strategies.s.failover.home.mechanism: \"robot\" is to fail \"home\" over, and fails with \"a\" itself"]
    );
    assert_eq!(mechanism("b"), [""; 0]);

    let console = |at: &str| {
        let by_hand = r#"failover: {"home": (detect: instant)}, runbook: {"away": (when: down(of: "us"), needs: ["console"],
            does: [switch_over(group: "home", to: "b")])}"#;
        let text = scenario("servers: 4", &FAILS_OVER.replace(r#"failover: {"home": (detect: instant)}"#, by_hand));
        let console = format!(r#""console": (runs_at: {{{at}}}, takes: fixed("5ms")), "db""#);
        reasons(&text.replacen("\"db\": (runs_at", &format!("{console}: (runs_at"), 1), "W109")
    };
    assert_eq!(
        console(r#""a": (servers: 1)"#),
        ["strategies.s.runbook.away.needs: moving \"home\" away from \"a\" needs \"console\", which is only there"]
    );
    assert_eq!(console(r#""a": (servers: 1), "b": (servers: 1)"#), [""; 0]);
}

#[test]
fn a_failover_is_as_quick_as_its_objective() {
    let asked = |within: &str, steer: &str| {
        let policy = format!(
            r#"detect: probe(every: "10s", fails: 3), decide: people(takes: fixed("1m")), promote: (takes: fixed("20s")), steer: {steer}"#
        );
        let objectives = format!(r#"objectives: {{"back": restored(of: "us", within: "{within}")}}"#);
        let text = scenario("servers: 4", &format!("{} {objectives}", FAILS_OVER.replace("detect: instant", &policy)));
        reasons(&text, "W110")
    };
    // 5 s until the first check, 20 s until the third; a minute; 20 s; half of two minutes.
    assert_eq!(
        asked("164s", r#"dns(ttl: "2m")"#),
        ["objectives.back: us takes 2m45s to fail over even under \"s\", on average: \
          25s to notice, 1m to decide, 20s in its phases, 1m until half have followed"]
    );
    assert_eq!(asked("166s", r#"dns(ttl: "2m")"#), [""; 0]);
    assert_eq!(asked("164s", "at_once"), [""; 0]);
}

#[test]
fn one_design_that_is_quick_enough_is_enough() {
    let slow = r#"strategies: {"by hand": (failover: {"home": (detect: instant, decide: people(takes: fixed("1h")))}),
        "s": (failover: {"home": (detect: instant)})},"#;
    let asked = |when: &str| {
        let objectives = format!(r#"objectives: {{"back": restored(of: "us", within: "1m"{when})}}"#);
        reasons(&scenario("servers: 4", &format!("{slow} {objectives}")), "W110").len()
    };
    assert_eq!(asked(""), 0);
    assert_eq!(asked(r#", when: (strategy: "by hand")"#), 1);
}

#[test]
fn who_is_left_carries_the_load() {
    let load = |servers: &str, more: &str| {
        let text = scenario(servers, &format!("{FAILS_OVER} {more}"));
        reasons(&text.replace(r#""browse": "60/h""#, r#""browse": "9/min""#), "W111")
    };
    // 1000 users ask 150 times a second for 40 ms: six servers' work, and four are there.
    assert_eq!(load("servers: 4", ""), [""; 0], "what is too little already is another matter");
    let text = |more: &str| {
        scenario("servers: 4", &format!("{FAILS_OVER} {more}"))
            .replace(r#""browse": "60/h""#, r#""browse": "9/min""#)
            .replacen(r#""a": (servers: 4)"#, r#""a": (servers: 8)"#, 1)
    };
    let lacks = "services.web.runs_at.b: without \"a\", \"web@b\" is asked for 150% of what it can do at Mon 04 Mar 00:00:00, \
                 and for too much during 2h of 2h";
    assert_eq!(reasons(&text(""), "W111"), [lacks]);
    // A profile that goes up and down is too much for a part of the time: above 66.7% of the users.
    let hill = r#"active: points([("0s", "0%"), ("1h", "100%"), ("2h", "0%")]), uses"#;
    let lacks = "services.web.runs_at.b: without \"a\", \"web@b\" is asked for 150% of what it can do at Mon 04 Mar 01:00:00, \
                 and for too much during 40m of 2h";
    assert_eq!(reasons(&text("").replace("uses", hill), "W111"), [lacks]);
    let less = hill.replace("100%", "66%");
    assert_eq!(reasons(&text("").replace("uses", &less), "W111"), [""; 0]);
    // What grows meanwhile may carry it.
    let grows = text("").replace(
        r#""s": ("#,
        r#""s": (autoscale: {"more": (service: "web", at: "b", above: "70%", below: "30%",
        every: "1m", by: "x1.5", least: 4, most: 40)}, "#,
    );
    assert_eq!(reasons(&grows, "W111"), [""; 0]);
    // Who is spread over three sites and loses one has half as much again at each of the others.
    let spread = |servers: u32| {
        reasons(
            &text("")
                .replace(r#"sites: {"a": (), "b": ()}"#, r#"sites: {"a": (), "b": (), "c": ()}"#)
                .replace(
                    r#""b": (servers: 4)}, takes: fixed("40ms")"#,
                    &format!(r#""b": (servers: {servers}), "c": (servers: 9)}}, takes: fixed("40ms")"#),
                )
                .replace(
                    r#""b": (servers: 4)}, takes: fixed("5ms")"#,
                    r#""b": (servers: 4), "c": (servers: 4)}, takes: fixed("5ms")"#,
                )
                .replace("groups: {", r#"spreads: {"all": (over: {"a": 1, "b": 1, "c": 1})}, groups: {"#)
                .replace(r#"served_by: "home""#, r#"served_by: "all""#),
            "W111",
        )
    };
    assert_eq!(spread(3), [""; 0], "three servers carry half of six");
    assert_eq!(spread(2).len(), 2, "two carry a third, and not a half, whichever of the others is lost");
}

#[test]
fn nothing_waits_for_itself() {
    let starts = |after: &str| {
        let text = scenario("servers: 4", FAILS_OVER);
        reasons(
            &text.replace(r#"takes: fixed("5ms"))"#, &format!(r#"takes: fixed("5ms"), starts_after: [{after}])"#)),
            "W112",
        )
    };
    assert_eq!(
        starts(r#""web""#),
        ["services.db.starts_after.0: \"db\" starts after \"web\", which cannot do without it: \"web\" needs \"db\""]
    );
    assert_eq!(starts(""), [""; 0]);
    let soft = scenario("servers: 4", FAILS_OVER)
        .replace(r#"takes: fixed("5ms"))"#, r#"takes: fixed("5ms"), starts_after: ["web"])"#)
        .replace(r#"hard(to: "db")"#, r#"soft(to: "db")"#);
    assert_eq!(reasons(&soft, "W112"), [""; 0]);

    let grows = |of: &str| {
        let scaler = format!(
            r#"failover: {{"home": (detect: instant)}}, autoscale: {{"more": (service: "{of}", at: "a", above: "70%", below: "30%",
            every: "1m", by: "x1.5", least: 4, most: 40, needs: ["web"])}}"#
        );
        reasons(
            &scenario("servers: 4", &FAILS_OVER.replace(r#"failover: {"home": (detect: instant)}"#, &scaler)),
            "W112",
        )
    };
    assert_eq!(
        grows("db"),
        [
            "strategies.s.autoscale.more.needs.0: \"db\" is to get servers by \"web\", which cannot do without it: \"web\" needs \"db\""
        ]
    );
    assert_eq!(grows("web").len(), 1, "nothing gives itself servers");
    let apart = scenario("servers: 4", &FAILS_OVER.replace(r#"failover: {"home": (detect: instant)}"#,
        r#"failover: {"home": (detect: instant)}, autoscale: {"more": (service: "web", at: "a", above: "70%", below: "30%",
            every: "1m", by: "x1.5", least: 4, most: 40, needs: ["db"])}"#));
    assert_eq!(reasons(&apart, "W112"), [""; 0]);
}

#[test]
fn detection_waits_for_the_network() {
    let watched = |link: &str, detect: &str| {
        let text = scenario("servers: 4", &FAILS_OVER.replace("detect: instant", &format!("detect: {detect}")));
        reasons(&text.replace(r#"rtt: "5ms""#, link), "W113")
    };
    let probe = |timeout: &str| format!(r#"probe(every: "10s", fails: 3, timeout: "{timeout}", from: ["b"])"#);
    // An answer needs 5 ms, and exponential 10 ms in each direction: later than 25 ms is (1 + 2) e^-2 = 41% of them.
    let jitter = r#"rtt: "5ms", jitter: "10ms""#;
    assert_eq!(
        watched(jitter, &probe("25ms")),
        ["strategies.s.failover.home.detect: a check waits 25ms for an answer that takes 25ms on average: \
          a healthy member of \"home\" is taken for down about every 2m29s"]
    );
    assert_eq!(watched(jitter, &probe("1s")), [""; 0]);
    assert_eq!(watched(r#"rtt: "5ms""#, &probe("25ms")), [""; 0], "nothing is late without jitter");
    assert_eq!(watched(r#"rtt: "50ms""#, &probe("25ms")).len(), 1, "no answer is in time");
    let beats = |grace: &str| format!(r#"heartbeat(every: "1s", grace: "{grace}")"#);
    assert_eq!(watched(jitter, &beats("1050ms")).len(), 1);
    assert_eq!(watched(jitter, &beats("2s")), [""; 0]);
    let votes = |least: &str| format!(r#"raft(followers: 2, timeout: ("{least}", "300ms"), heartbeat: "75ms")"#);
    assert_eq!(watched(jitter, &votes("100ms")).len(), 1);
    assert_eq!(watched(r#"rtt: "5ms", jitter: "1ms""#, &votes("150ms")), [""; 0]);
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
