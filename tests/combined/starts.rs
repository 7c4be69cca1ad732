//! Services that stop and start: what is ridden out, what stays cold, and what a maintenance starts before it is over.

use crate::common::{assert_near, outcome};
use firedrill::metrics::Outcome;

/// A service that stands on an array at one site, at which a drill happens and perhaps a maintenance.
fn array(service: &str, rest: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "starts", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "8h"),
        sites: {{"oslo": (), "bergen": ()}}, components: {{"array": (at: "oslo"), "box": (at: "bergen")}},
        services: {{"web": (runs_at: {{"oslo": (servers: 8)}}, takes: exponential(mean: "50ms"), stands_on: all(["array"]), {service})}},
        features: {{"lessons": (calls: [hard(to: "web")], slow_over: "400ms")}},
        people: {{"schools": (users: 1_000, uses: {{"lessons": "2/min"}}, served_by: "oslo")}},
        strategies: {{"s": ()}}, {rest})"#
    ))
}

fn down_s(service: &str, rest: &str) -> f64 {
    array(service, rest).people["schools"].downtime_s
}

fn crashes(of: &[(&str, &str)]) -> String {
    let crash = |(at, lasts): &(&str, &str)| format!(r#"at("{at}", crash(of: "array", repaired_after: "{lasts}"))"#);
    format!("drill: [{}]", of.iter().map(crash).collect::<Vec<_>>().join(", "))
}

#[test]
fn a_service_that_starts_has_nothing_to_ride_out() {
    let service = r#"starts_in: "30m", rides_out: "2m""#;
    // Down for five minutes, and half an hour to start; a minute alone is ridden out.
    assert_eq!(down_s(service, &crashes(&[("09:00", "5m")])), 2_100.0);
    assert_eq!(down_s(service, &crashes(&[("09:00", "1m")])), 60.0);
    // A minute more while it starts: it begins anew at 09:11, and serves at 09:41.
    assert_eq!(down_s(service, &crashes(&[("09:00", "5m"), ("09:10", "1m")])), 2_460.0);
    // Once it serves again, a minute is ridden out again.
    assert_eq!(down_s(service, &crashes(&[("09:00", "5m"), ("10:00", "1m")])), 2_160.0);
}

#[test]
fn what_is_ridden_out_warms_nobody() {
    let service = r#"rides_out: "2m", warms: (takes: "2h", slower: "x10")"#;
    let (cold, blip) =
        (array(service, &crashes(&[("09:00", "5m")])), array(service, &crashes(&[("09:00", "5m"), ("09:10", "10s")])));
    let degraded_s = |seen: &Outcome| seen.people["schools"].degraded_s;
    assert!(degraded_s(&cold) > 6_000.0, "{}", degraded_s(&cold));
    // On its own clock, but for the ten seconds; it is told in sixteenths of the two hours.
    assert_near("degraded", degraded_s(&blip), degraded_s(&cold), 450.0 / 6_800.0);
}

#[test]
fn a_maintenance_starts_what_it_has_stopped_and_nothing_else() {
    let service = r#"starts_in: "30m""#;
    let work = |of: &str, takes: &str, drill: &str| {
        let work = format!(
            r#"maintenance: {{"m": (starts: "09:00", announced: "2h", takes: fixed("{takes}"), takes_down: ["{of}"])}}"#
        );
        down_s(service, &format!("{work}, {drill}"))
    };
    // Starting belongs to the work.
    assert_eq!(work("oslo", "1h", ""), 3_600.0);
    // Another site is worked on meanwhile: 5 min down, and half an hour to start.
    assert_eq!(work("box", "2h", &crashes(&[("09:30", "5m")])), 2_100.0);
    // What breaks meanwhile and is back after the work is over: at 13:30, and half an hour to start.
    assert_eq!(work("oslo", "1h", &crashes(&[("09:30", "4h")])), 5.0 * 3_600.0);
    // What is back ten minutes before the end leaves it that much; what is back long before, nothing to do.
    assert_eq!(work("oslo", "1h", &crashes(&[("09:30", "20m")])), 3_600.0 + 1_200.0);
    assert_eq!(work("oslo", "1h", &crashes(&[("09:10", "10m")])), 3_600.0);
}
