//! What could not be done is made up for: how much comes again, when, and that it adds load.

use crate::common::{assert_near, outcome, world};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow, run};

/// Ten requests a second, of which none is answered for an hour.
fn text(made_up: &str, servers: u32, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "made up", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
        sites: {{"a": ()}},
        services: {{"web": (runs_at: {{"a": (servers: {servers})}}, takes: fixed("100ms"), queue: 20)}},
        features: {{"order": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 600, uses: {{"order": "1/min"}}, served_by: "a", arrivals: smooth, {made_up})}},
        drill: [at("10:00", crash(of: "a", repaired_after: "1h"))], {rest})"#
    )
}

fn requests(outcome: &Outcome) -> (f64, f64, f64) {
    let requests = &outcome.people["all"].requests;
    (requests.intended, requests.failed + requests.shed + requests.never_sent, requests.made_up)
}

#[test]
fn what_comes_again_is_its_share_of_what_failed() {
    for share in [10, 60, 100] {
        let of = outcome(&text(&format!(r#"made_up: (share: "{share}%", after: "30m")"#), 40, ""));
        let (intended, lost, made_up) = requests(&of);
        assert_near("lost", lost, 36_000.0, 1e-9);
        assert_near("made up", made_up, f64::from(share) / 100.0 * lost, 1e-9);
        assert_near("on top", intended, 10.0 * 43_200.0 + made_up, 1e-9);
    }
    assert_eq!(requests(&outcome(&text("", 40, ""))).2, 0.0);
}

#[test]
fn it_comes_by_the_exponential_from_when_it_works() {
    let of = outcome(&text(r#"made_up: (share: "60%", after: "1h")"#, 40, ""));
    // 21 600 are owed at eleven; within the first hour all but 1/e of them come, within the second all but 1/e of the rest.
    let arrived = |text: &str| {
        let run = run(&world(text), Luck { seed: 1, replication: 0 });
        run.outcome.services["web@a"].arrived
    };
    let until = |hours: u32| {
        let text = text(r#"made_up: (share: "60%", after: "1h")"#, 40, "");
        arrived(&text.replace(r#"horizon: "12h""#, &format!(r#"horizon: "{hours}h""#)))
    };
    let left = std::f64::consts::E.recip();
    assert_near("first hour", until(4) - until(3), 36_000.0 + 21_600.0 * (1.0 - left), 1e-3);
    assert_near("second hour", until(5) - until(4), 36_000.0 + 21_600.0 * left * (1.0 - left), 1e-3);
    assert_near("all of it", requests(&of).2, 21_600.0, 2e-3);
}

#[test]
fn where_there_is_no_room_for_it_the_outage_goes_on() {
    // Two servers do twenty a second; with 36 000 owed over ten minutes sixty more come at first.
    let of = |made_up: &str| requests(&outcome(&text(made_up, 2, ""))).1;
    let (gone, slowly, at_once) =
        (of(""), of(r#"made_up: (share: "100%", after: "3h")"#), of(r#"made_up: (share: "100%", after: "10m")"#));
    assert_near("room for all", slowly, gone, 1e-6);
    assert!(at_once > 1.2 * gone, "{at_once} and {gone}");
}

#[test]
fn single_requests_are_made_up_for_too() {
    let text = text(r#"made_up: (share: "60%", after: "5m")"#, 40, "")
        .replace(r#"horizon: "12h""#, r#"horizon: "90m""#)
        .replace(
            r#"at("10:00", crash(of: "a", repaired_after: "1h"))"#,
            r#"at("08:10", crash(of: "a", repaired_after: "10m"))"#,
        );
    let single = follow(&world(&text), Luck { seed: 1, replication: 0 }, Traffic::every_request()).unwrap().outcome;
    let (intended, lost, made_up) = requests(&single);
    assert_near("lost", lost, 6_000.0, 1e-2);
    assert_near("made up", made_up, 0.6 * lost, 1e-3);
    assert_near("on top", intended, 10.0 * 5_400.0 + made_up, 1e-2);
}

/// Six thousand users whose sessions end with a server that is down for a minute, until a time.
fn lost_sessions(reconnects: &str, until: &str) -> Outcome {
    let text = format!(
        r#"Scenario(format: 1, title: "reconnects", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "{until}"),
        sites: {{"a": ()}},
        services: {{"web": (runs_at: {{"a": (servers: 400)}}, takes: fixed("100ms"))}},
        features: {{"page": (calls: [hard(to: "web")]), "log in": (calls: [hard(to: "web")])}},
        people: {{"all": (
            users: 6000, uses: {{"page": "1/h"}}, served_by: "a", arrivals: smooth,
            sessions: (lasts: "100h", log_in: "log in"{reconnects}),
        )}},
        drill: [at("09:00", crash(of: "a", repaired_after: "1m"))])"#
    );
    outcome(&text)
}

/// What they log in until then.
fn log_ins(reconnects: &str, until: &str) -> f64 {
    lost_sessions(reconnects, until).people["all"].features["log in"].requests.served
}

#[test]
fn how_many_have_no_session_is_counted() {
    let all = &lost_sessions(r#", reconnects_within: "2m""#, "70m").people["all"];
    // One in a thousand is always taken to be there.
    assert_near("all of them", all.away_max, 6_000.0, 1.1e-3);
    // A minute, and half of two.
    assert_near("for so long", all.user_minutes_away, 12_000.0, 0.02);
    assert_eq!(outcome(&text("", 40, "")).people["all"].away_max, 0.0);
}

#[test]
fn whoever_lost_a_session_comes_back_at_once_or_spread_as_is_said() {
    let usual = 6_000.0 / 360_000.0;
    for (within, seconds) in [("30s", 30), ("2m", 120)] {
        let reconnects = format!(r#", reconnects_within: "{within}""#);
        let half = log_ins(&reconnects, &format!("{}s", 3_660 + seconds / 2));
        let all = log_ins(&reconnects, "70m");
        assert_near("half of them in half of the time", half - 3_600.0 * usual, 3_000.0, 0.12);
        assert_near("all of them", all - 4_140.0 * usual, 6_000.0, 0.01);
    }
    // With the next click, of which there is one an hour: a sixth of them within ten minutes.
    assert_near("clicks", log_ins("", "71m") - 4_200.0 * usual, 1_000.0, 0.03);
}
