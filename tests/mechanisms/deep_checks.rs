//! Health checks that look at something else too: all members fail at once, the rule for that decides, and people who switch
//! checks off end it.

use crate::common::{assert_near, outcome, world};
use firedrill::rng::Luck;
use firedrill::run::{Run, Traffic, follow, run};

const LUCK: Luck = Luck { seed: 1, replication: 0 };

/// Forty requests a second at three sites; nobody who uses them needs `db`.
fn spread(checks: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "deep", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
        sites: {{"a": (), "b": (), "c": (), "d": ()}},
        links: [(between: ("a", "d"), rtt: "1ms"), (between: ("b", "d"), rtt: "1ms"), (between: ("c", "d"), rtt: "1ms")],
        components: {{"disk": (at: "d")}},
        spreads: {{"everywhere": (over: {{"a": 1, "b": 1, "c": 1}}, checks: (every: "10s", timeout: "1s", fails: 1, passes: 1, {checks}))}},
        services: {{
            "web": (runs_at: {{"a": (servers: 40), "b": (servers: 40), "c": (servers: 40)}}, takes: fixed("100ms")),
            "db": (runs_at: {{"d": (servers: 1)}}, takes: fixed("1ms"), stands_on: all(["disk"])),
        }},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 2400, uses: {{"read": "1/min"}}, served_by: "everywhere", arrivals: smooth)}},
        {rest})"#
    )
}

const CRASH: &str = r#"drill: [at("09:00", crash(of: "disk", repaired_after: "1h"))]"#;
const CUT: &str = r#"drill: [
    at("09:00", cut(between: ("a", "d"), lasts: "1h")), at("09:00", cut(between: ("b", "d"), lasts: "1h")),
    at("09:00", cut(between: ("c", "d"), lasts: "1h")),
]"#;

fn run_of(text: &str) -> Run {
    run(&world(text), LUCK)
}

fn failed_s(text: &str) -> f64 {
    outcome(text).people["all"].requests.failed / 40.0
}

fn at_s(run: &Run, what: &str) -> Vec<f64> {
    run.story.iter().filter(|line| line.text.contains(what)).map(|line| line.at_s).collect()
}

#[test]
fn a_deep_check_of_what_all_share_takes_all_out_at_once_and_the_rule_for_that_decides() {
    for drill in [CRASH, CUT] {
        let open = spread(r#"deep: [reaches("db")]"#, drill);
        assert_near("fail open", failed_s(&open), 0.0, 1e-9);
        let run = run_of(&open);
        assert_eq!(at_s(&run, "fails its checks").len(), 3, "{:#?}", run.story);
        assert!(at_s(&run, "fails its checks").iter().all(|s| (3_601.0..=3_611.0).contains(s)));
        // From when the last has failed its check until the first has passed one.
        let closed = failed_s(&spread(r#"deep: [reaches("db")], panic_below: "0%""#, drill));
        assert!((3_589.0..=3_609.0).contains(&closed), "{closed}");
        let shallow = failed_s(&spread(r#"panic_below: "0%""#, drill));
        assert_near("nobody looks at it", shallow, 0.0, 1e-9);
    }
}

#[test]
fn whoever_fails_open_never_serves_less_than_whoever_fails_closed() {
    let flapping: String = (0..12)
        .map(|i| format!(r#"at("+{}m", crash(of: "disk", repaired_after: "{}s")), "#, 10 + 17 * i, 15 + 40 * i))
        .collect();
    let drill = format!("drill: [{flapping}]");
    let failed = |panic: &str, replication: u64| {
        let text = spread(&format!(r#"deep: [works("disk")], panic_below: "{panic}""#), &drill);
        run(&world(&text), Luck { seed: 3, replication }).outcome.people["all"].requests.failed
    };
    for replication in 0..4 {
        let (closed, open) = (failed("0%", replication), failed("50%", replication));
        assert!(open <= closed && closed > 0.0, "{open} and {closed}");
        assert_eq!(open, 0.0);
    }
}

#[test]
fn what_fails_closed_is_told_with_its_reason() {
    let run = run_of(&spread(r#"deep: [works("disk")], panic_below: "0%""#, CRASH));
    let down = run.story.iter().find(|line| line.text.contains("nobody is led to any site of everywhere"));
    let because = down.and_then(|line| line.because).map(|line| run.story[line].text.clone());
    assert!(because.is_some_and(|text| text.contains("disk")), "{:#?}", run.story);
}

#[test]
fn switching_the_checks_off_counts_all_as_healthy() {
    let strategy = |does: &str| {
        format!(
            r#"strategies: {{"people": (runbook: {{"bypass": (
                when: down(of: "all", for: "5m"), does: [{does}], back_when: not(out(of: "disk")),
            )}})}}, {CRASH}"#
        )
    };
    let of = |does: &str| failed_s(&spread(r#"deep: [works("disk")], panic_below: "0%""#, &strategy(does)));
    let (kept, off) = (of(r#"decide("wait")"#), of(r#"switch_off(of: checks("everywhere"))"#));
    assert!(kept > 3_589.0, "{kept}");
    // Down for five minutes, of which the first sites to fail are a part.
    assert!((299.9..=311.0).contains(&off), "{off}");
}

#[test]
fn a_queue_that_is_behind_fails_the_checks_that_look_at_it() {
    let queue = r#"queues: {"mail": (at: "d", workers: 1, takes: fixed("100ms"), stands_on: all(["disk"]), also_fed: "1/s", fresh_within: "10m")},"#;
    let run = run_of(&spread(r#"deep: [keeps_up("mail")]"#, &format!("{queue} {CRASH}")));
    let seen = at_s(&run, "fails its checks");
    // The oldest item is ten minutes old ten minutes after the last that was done; then the next check, and its timeout.
    assert_eq!(seen.len(), 3, "{:#?}", run.story);
    assert!(seen.iter().all(|s| (4_200.0..=4_212.0).contains(s)), "{seen:?}");
    assert_eq!(at_s(&run, "is seen to work").len(), 3);
}

/// Ten servers behind a balancer, of which each does ten requests a second.
fn balancer(checks: &str, per_s: f64, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "deep", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
        sites: {{"a": ()}}, components: {{"db": (at: "a")}},
        services: {{"web": (
            runs_at: {{"a": (servers: 10)}}, takes: fixed("10ms"), balancer: (checks: (every: "10s", timeout: "1s", {checks})),
        )}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 1000, uses: {{"read": "{}/h"}}, served_by: "a", arrivals: smooth)}},
        {rest})"#,
        per_s * 3.6
    )
}

const DB: &str = r#"drill: [at("08:05", crash(of: "db", repaired_after: "5m"))]"#;

fn followed(text: &str) -> Run {
    follow(&world(text), LUCK, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn servers_leave_and_return_at_the_same_checks_in_both_engines() {
    for panic in ["0%", "50%"] {
        let text = balancer(&format!(r#"deep: [works("db")], panic_below: "{panic}""#), 10.0, DB);
        let (flow, single) = (run_of(&text), followed(&text));
        for what in ["is ejected", "passes health checks again", "panic mode"] {
            let (flow, single) = (at_s(&flow, what), at_s(&single, what));
            // In one of them a check that passes is a millisecond of work.
            assert_eq!(flow.len(), single.len(), "{what} at {panic}");
            flow.iter().zip(&single).for_each(|(a, b)| assert!((a - b).abs() < 2e-3, "{what}: {a} and {b}"));
        }
        let ejected = at_s(&flow, "is ejected");
        assert_eq!(ejected.len(), 10);
        // Two intervals after the first failed check, which comes within one.
        assert!(ejected.iter().all(|s| (320.0..=330.0).contains(s)), "{ejected:?}");
        let lost = |run: &Run| run.outcome.people["all"].requests.failed / 10.0;
        let (flow, single) = (lost(&flow), lost(&single));
        assert!((flow - single).abs() < 2.0, "{flow} and {single}");
        match panic {
            // Closed from the last ejection until the first return: 270 to 290 seconds.
            "0%" => assert!((270.0..=290.0).contains(&flow), "{flow}"),
            _ => assert_near("open", flow, 0.0, 1e-9),
        }
    }
}

#[test]
fn switching_the_checks_of_servers_off_ends_it_in_both_engines() {
    let rest = format!(
        r#"strategies: {{"people": (runbook: {{"bypass": (
            when: down(of: "all", for: "1m"), does: [switch_off(of: checks("web"))], back_when: not(out(of: "db")),
        )}})}}, {DB}"#
    );
    let text = balancer(r#"deep: [works("db")], panic_below: "0%""#, 10.0, &rest);
    for run in [run_of(&text), followed(&text)] {
        let failed_s = run.outcome.people["all"].requests.failed / 10.0;
        assert!((58.0..=75.0).contains(&failed_s), "{failed_s} {:#?}", run.story);
        assert_eq!(at_s(&run, "health checks of web would act now").len(), 1, "{:#?}", run.story);
    }
}

#[test]
fn a_window_of_single_requests_takes_the_rotation_over_and_gives_it_back() {
    let text = balancer(r#"deep: [works("db")], panic_below: "0%""#, 10.0, DB);
    let whole = run_of(&text).outcome.people["all"].requests.failed;
    let at = |minutes: i64| firedrill::units::Time(minutes * 60_000_000_000);
    let window = follow(&world(&text), LUCK, Traffic::Request { from: at(7), to: at(8) }).unwrap();
    let mixed = window.outcome.people["all"].requests.failed;
    assert!((whole - mixed).abs() < 20.0, "{whole} and {mixed}");
}

#[test]
fn while_some_are_out_the_rest_is_what_there_is() {
    // Ten servers do a thousand a second; 900 are too much for eight of them.
    let text = balancer(r#"deep: [works("db")]"#, 900.0, DB);
    let run = run_of(&text);
    let over = at_s(&run, "web@a is overloaded");
    let (first, panics) = (at_s(&run, "is ejected")[0], at_s(&run, "panic mode, all get requests")[0]);
    assert!(first < over[0] && over[0] < panics, "{first} {over:?} {panics}");
    // Once half of them are back, that half gets everything.
    let ends = at_s(&run, "panic mode of web@a is over")[0];
    assert!(over.len() == 2 && (over[1] - ends).abs() < 1.0, "{over:?} {ends}");
}

#[test]
fn a_detector_with_a_deep_check_fails_over_from_a_site_that_works() {
    let text = |deep: &str| {
        format!(
            r#"Scenario(format: 1, title: "deep", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "2h"),
            sites: {{"a": (), "b": ()}}, components: {{"disk a": (at: "a"), "disk b": (at: "b")}},
            groups: {{"home": (members: ["a", "b"])}},
            services: {{
                "web": (runs_at: {{"a": (servers: 2), "b": (servers: 2)}}, takes: fixed("1ms")),
                "db": (
                    runs_at: {{"a": (servers: 2, stands_on: all(["disk a"])), "b": (servers: 2, stands_on: all(["disk b"]))}},
                    takes: fixed("1ms"),
                ),
            }},
            features: {{"read": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 100, uses: {{"read": "1/min"}}, served_by: "home", arrivals: smooth)}},
            links: [(between: ("a", "b"), rtt: "1ms")],
            strategies: {{"one": (failover: {{"home": (detect: probe(every: "10s", fails: 3, timeout: "1s"{deep}))}})}},
            drill: [at("09:00", crash(of: "disk a"))])"#
        )
    };
    assert_eq!(run_of(&text("")).outcome.groups["home"].demands, 0);
    let own = run_of(&text(r#", deep: [reaches("db")]"#));
    assert_eq!(own.outcome.groups["home"].demands, 1);
    let detected = own.outcome.groups["home"].detect_mean_s.unwrap();
    assert!((21.0..=31.0).contains(&detected), "{detected}");
    // What both look at is no reason to go from one to the other: nobody can take over, and a serves on.
    let shared = run_of(&text(r#", deep: [works("disk a")]"#));
    assert_near("nobody fails", shared.outcome.people["all"].requests.failed, 0.0, 1e-9);
    let serves = |of: &str| shared.outcome.services[of].arrived;
    assert_eq!(serves("web@b"), 0.0);
}
