//! Alerts on how fast an error budget burns.

use crate::common::outcome;
use firedrill::metrics::Outcome;

/// One site that loses a share of the requests for a while, and a measure for when something is seen.
fn site(loses: &str, lasts: &str, when: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "t", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "8h"), sites: {{"a": ()}},
        services: {{"web": (runs_at: {{"a": (servers: 100)}}, takes: fixed("10ms"))}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{"all": (users: 600, uses: {{"read": "1/min"}}, served_by: "a", arrivals: smooth)}},
        strategies: {{"s": (runbook: {{"page": (when: {when}, does: [decide("look")])}})}},
        drill: [at("02:00", gray(of: "a", loses: "{loses}", lasts: "{lasts}"))])"#
    )
}

/// When somebody was called, in minutes after two.
fn called_min(outcome: &Outcome) -> Option<f64> {
    outcome.procedures["page"].ordered_at_s.map(|at_s| (at_s - 7_200.0) / 60.0)
}

const HOUR: &str = r#"burns(of: "all", budget: "0.1%", above: "x14.4", over: "1h")"#;

#[test]
fn it_is_seen_when_the_window_has_so_many_of_them() {
    // Above 1.44% of an hour's requests: so long for so many, and then the next full minute.
    for (loses, minutes) in [("10%", 8.64_f64), ("2%", 43.2), ("50%", 1.728), ("100%", 0.864)] {
        let called = called_min(&outcome(&site(loses, "3h", HOUR)));
        assert_eq!(called, Some(minutes.ceil()), "{loses}");
    }
    // Too few, or not for long enough.
    assert_eq!(called_min(&outcome(&site("1.4%", "3h", HOUR))), None);
    assert_eq!(called_min(&outcome(&site("10%", "8m", HOUR))), None);
}

#[test]
fn a_short_window_beside_a_long_one_forgets_what_is_over() {
    let short = r#"burns(of: "all", budget: "0.1%", above: "x14.4", over: "5m")"#;
    // All are lost for four minutes: the long window has that for an hour, the short one for five minutes.
    let over = format!(r#"all([{HOUR}, not({short})])"#);
    assert_eq!(called_min(&outcome(&site("100%", "4m", &over))), Some(9.0));
    let again = format!(r#"all([{short}, not({HOUR})])"#);
    // Five minutes have 1.44% before an hour has them.
    assert_eq!(called_min(&outcome(&site("10%", "3h", &again))), Some(1.0));
}

#[test]
fn both_engines_count_what_ended() {
    let text = site("10%", "3h", HOUR);
    let world = crate::common::world(&text);
    let traffic = firedrill::run::Traffic::Request { from: firedrill::units::Time::ZERO, to: world.horizon() };
    let luck = firedrill::rng::Luck { seed: 1, replication: 0 };
    let run = firedrill::run::follow(&world, luck, traffic).expect("it fits");
    let called = called_min(&run.outcome).expect("it is seen");
    assert!((called - 9.0).abs() <= 2.0, "{called}");
}
