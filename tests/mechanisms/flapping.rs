//! Members that come and go stay out the longer; servers whose requests fail are ejected for that.

use crate::common::{assert_near, world};
use firedrill::rng::Luck;
use firedrill::run::{Run, Traffic, follow, run};

const LUCK: Luck = Luck { seed: 1, replication: 0 };

fn run_of(text: &str) -> Run {
    run(&world(text), LUCK)
}

fn followed(text: &str) -> Run {
    follow(&world(text), LUCK, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}"))
}

fn at_s(run: &Run, what: &str) -> Vec<f64> {
    run.story.iter().filter(|line| line.text.contains(what)).map(|line| line.at_s).collect()
}

/// Site a is down for twenty seconds of every minute, thirty times.
fn flapping(damping: &str) -> String {
    let drill: String =
        (0..30).map(|i| format!(r#"at("+{}s", crash(of: "a", repaired_after: "20s")), "#, 600 + 60 * i)).collect();
    format!(
        r#"Scenario(format: 1, title: "flapping", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "2h"),
        sites: {{"a": (), "b": ()}},
        spreads: {{"both": (over: {{"a": 1, "b": 1}}, checks: (every: "1s", timeout: "1s", fails: 3, passes: 2, {damping}))}},
        services: {{"web": (runs_at: {{"a": (servers: 4), "b": (servers: 4)}}, takes: fixed("1ms"))}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 600, uses: {{"read": "1/min"}}, served_by: "both", arrivals: smooth)}},
        drill: [{drill}])"#
    )
}

#[test]
fn the_more_damping_the_fewer_flaps() {
    let flaps = |damping: &str| at_s(&run_of(&flapping(damping)), "fails its checks").len();
    let found: Vec<usize> =
        ["", r#"stays_out: "10s""#, r#"stays_out: "30s""#, r#"stays_out: "60s""#, r#"stays_out: "120s""#]
            .map(flaps)
            .to_vec();
    assert_eq!(found[0], 30);
    assert!(found.windows(2).all(|pair| pair[1] <= pair[0]), "{found:?}");
    assert!(found[4] < 15, "{found:?}");
    let failed = |damping: &str| run_of(&flapping(damping)).outcome.people["all"].requests.failed;
    assert!(failed(r#"stays_out: "60s""#) < 0.5 * failed(""));
}

#[test]
fn the_nth_time_it_stays_out_n_times_as_long_up_to_the_longest() {
    let run = run_of(&flapping(r#"stays_out: "50s", longest: "2m""#));
    let (out, back) = (at_s(&run, "a fails its checks"), at_s(&run, "a is seen to work"));
    let spells: Vec<f64> = out.iter().zip(&back).map(|(out, back)| back - out).collect();
    // Fifty, a hundred, and then two minutes: unless it is down then, and has to come back first.
    assert_near("first", spells[0], 50.0, 1e-9);
    assert!(spells.iter().all(|s| *s >= 50.0 - 1e-9 && *s <= 120.0 + 25.0), "{spells:?}");
    assert!(spells[2..].iter().all(|s| *s >= 120.0 - 1e-9), "{spells:?}");
}

/// Ten servers, of which one has died; a hundred requests a second.
fn dead(balancer: &str, calls: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "outliers", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "10m"),
        sites: {{"a": ()}}, components: {{"pool": (at: "a", count: 10, needs: 1), "disk": (at: "a")}},
        services: {{
            "web": (runs_at: {{"a": (pool: "pool", workers: 4)}}, takes: fixed("10ms"), balancer: ({balancer}){calls}),
            "db": (runs_at: {{"a": (servers: 4, stands_on: all(["disk"]))}}, takes: fixed("1ms")),
        }},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 6000, uses: {{"read": "1/min"}}, served_by: "a", arrivals: smooth)}},
        drill: [at("08:02", crash(of: "pool", members: 1))])"#
    )
}

#[test]
fn a_dead_server_is_ejected_after_so_many_of_its_requests_in_both_engines() {
    let text = dead(r#"outliers: (errors: 5)"#, "");
    let (flow, single) = (run_of(&text), followed(&text));
    // Ten requests a second at each: half a second. Out for 30, 60, 90, 120 seconds and so on.
    for run in [&flow, &single] {
        let ejected = at_s(run, "is ejected: its requests fail");
        assert_eq!(ejected.len(), 6, "{:#?}", run.story);
        for (at, expected) in ejected.iter().zip([120.5, 151.0, 211.5, 302.0, 422.5, 573.0]) {
            assert!((at - expected).abs() < 0.7, "{ejected:?}");
        }
    }
    let failed = |run: &Run| run.outcome.people["all"].requests.failed;
    // Five each time.
    assert_near("flow", failed(&flow), 30.0, 1e-6);
    assert!((failed(&single) - 30.0).abs() <= 3.0, "{}", failed(&single));
    let never = failed(&run_of(&dead("", "")));
    assert_near("nobody looks", never, 10.0 * 480.0, 0.01);
}

#[test]
fn no_more_than_its_share_is_ejected_where_all_fail() {
    let calls = r#", calls: [hard(to: "db")]"#;
    let text = dead(r#"outliers: (errors: 5, most: "30%")"#, calls)
        .replace(r#"crash(of: "pool", members: 1)"#, r#"crash(of: "disk", repaired_after: "1m")"#);
    let run = followed(&text);
    assert_eq!(run.outcome.services["web@a"].in_rotation_min, Some(7), "{:#?}", run.story);
    // All are back when it works and their time is over.
    let back = at_s(&run, "has been out for long enough");
    assert_eq!(at_s(&run, "is ejected: its requests fail").len(), back.len());
    let failed = run.outcome.people["all"].requests.failed;
    assert!((6_000.0..=6_100.0).contains(&failed), "{failed}");
}
