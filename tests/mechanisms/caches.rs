//! Caches that fill: what is behind a cache that has lost everything, in both traffic engines.

use crate::common::{assert_near, outcome_of, world};
use firedrill::metrics::Outcome;
use firedrill::num;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

/// A hundred requests a second to a page in front of a database, with a cache of this kind in between.
fn page(cache: &str, rate: u32, horizon: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "a page and its cache", clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"here": ()}}, components: {{"disks": (at: "here")}},
        services: {{
            "page": (runs_at: {{"here": (servers: 50)}}, takes: fixed("2ms"), calls: [hard(to: "database")]{cache}),
            "database": (runs_at: {{"here": (servers: 100, stands_on: all(["disks"]))}}, takes: fixed("20ms")),
        }},
        features: {{"read": (calls: [hard(to: "page")])}},
        people: {{"readers": (users: {rate}, uses: {{"read": "1/s"}}, served_by: "here")}},
        drill: [{drill}])"#
    )
}

fn both(text: &str) -> [Outcome; 2] {
    let world = world(text);
    let followed = follow(&world, Luck { seed: 1, replication: 0 }, Traffic::every_request()).unwrap().outcome;
    [outcome_of(&world, 0), followed]
}

fn asked(outcome: &Outcome) -> f64 {
    outcome.services["database@here"].arrived
}

#[test]
fn keys_that_are_wanted_alike_come_in_one_by_one() {
    // Of K keys, each wanted alike, K (1 - e^(-n/K)) have been asked for after n requests: all else is found.
    let text = page(r#", cache: (keys: 20000, zipf: 0, holds: 20000)"#, 100, "10m", "");
    let missed = 20_000.0 * (1.0 - num::exp(-60_000.0 / 20_000.0));
    let [flow, followed] = both(&text);
    assert_near("in the flow", asked(&flow), missed, 0.005);
    assert_near("by requests", asked(&followed), missed, 0.02);
}

#[test]
fn a_cache_with_room_for_a_part_settles_where_che_says() {
    for (zipf, holds) in [(0.0, 5_000), (0.8, 1_000), (1.0, 2_000)] {
        let text = page(&format!(", cache: (keys: 20000, zipf: {zipf}, holds: {holds})"), 200, "30m", "");
        let [flow, followed] = both(&text);
        assert_near(&format!("zipf {zipf}, {holds}"), asked(&flow), asked(&followed), 0.02);
    }
}

#[test]
fn a_cache_that_is_emptied_fills_again() {
    let cache = ", cache: (keys: 20000, zipf: 0, holds: 20000)";
    let full = page(cache, 100, "20m", "");
    let flushed = page(cache, 100, "20m", r#"at("+10m", flush(service: "page"))"#);
    let once = |s: f64| 20_000.0 * (1.0 - num::exp(-100.0 * s / 20_000.0));
    let [flow, followed] = both(&flushed);
    assert_near("twice", asked(&flow), 2.0 * once(600.0), 0.005);
    assert_near("twice", asked(&followed), 2.0 * once(600.0), 0.02);
    assert_near("once", asked(&outcome_of(&world(&full), 0)), once(1_200.0), 0.005);
    // In a measure it is the same.
    let by_hand = format!(
        r#"{}, strategies: {{"a": (runbook: {{"empty it": (at: "+10m", does: [flush(service: "page", at: "here")])}})}})"#,
        full.trim_end().strip_suffix(')').unwrap().trim_end_matches(',')
    );
    assert_near("by hand", asked(&outcome_of(&world(&by_hand), 0)), 2.0 * once(600.0), 0.005);
}

#[test]
fn what_is_found_is_served_while_what_stands_behind_is_down() {
    // After ten minutes 1 - e^-3 of the keys are there; the database is away for one.
    let crash = r#"at("+10m", crash(of: "disks", repaired_after: "1m"))"#;
    let [flow, followed] = both(&page(", cache: (keys: 20000, zipf: 0, holds: 20000)", 100, "15m", crash));
    let failed = 6_000.0 * num::exp(-3.0);
    assert_near("in the flow", flow.people["readers"].requests.failed, failed, 0.1);
    assert_near("by requests", followed.people["readers"].requests.failed, failed, 0.2);
    assert_eq!(flow.people["readers"].downtime_s, 0.0);
}

#[test]
fn a_larger_cache_never_asks_for_more() {
    let mut before = f64::INFINITY;
    for holds in [1, 10, 100, 1_000, 10_000, 20_000] {
        let text = page(&format!(", cache: (keys: 20000, zipf: 0.9, holds: {holds})"), 100, "20m", "");
        let behind = asked(&outcome_of(&world(&text), 0));
        assert!(behind <= before * (1.0 + 1e-9), "{holds}: {behind} after {before}");
        before = behind;
    }
    let none = asked(&outcome_of(&world(&page("", 100, "20m", "")), 0));
    assert_near("no cache", none, 120_000.0, 1e-9);
    assert!(before < none / 4.0);
}
