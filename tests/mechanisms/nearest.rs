//! Spreads that lead to the nearest site, or to those that can do most.

use crate::common::{assert_near, outcome, world};
use firedrill::rng::Luck;
use firedrill::run::{Run, Traffic, follow, run};

/// Three sites in a row, 10 ms and 30 ms apart, and people near each.
fn text(spread: &str, servers: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "nearest", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "2h"),
        sites: {{"a": (), "b": (), "c": ()}},
        links: [(between: ("a", "b"), rtt: "10ms"), (between: ("b", "c"), rtt: "30ms"), (between: ("a", "c"), rtt: "100ms")],
        spreads: {{"all": (over: {{"a": 1, "b": 1, "c": 1}}, {spread})}},
        services: {{"web": (runs_at: {{{servers}}}, takes: fixed("1ms"))}},
        features: {{"read": (calls: [hard(to: "web")])}},
        people: {{
            "near a": (users: 600, uses: {{"read": "1/min"}}, served_by: "all", near: "a", rtt: "4ms", arrivals: smooth),
            "near b": (users: 600, uses: {{"read": "1/min"}}, served_by: "all", near: "b", rtt: "4ms", arrivals: smooth),
            "near c": (users: 600, uses: {{"read": "1/min"}}, served_by: "all", near: "c", rtt: "4ms", arrivals: smooth),
        }},
        drill: [{drill}])"#
    )
}

const SERVERS: &str = r#""a": (servers: 4), "b": (servers: 4), "c": (servers: 4)"#;

fn run_of(text: &str) -> Run {
    run(&world(text), Luck { seed: 1, replication: 0 })
}

fn arrived(run: &Run, at: &str) -> f64 {
    run.outcome.services[&format!("web@{at}")].arrived
}

#[test]
fn each_goes_to_its_nearest_and_on_to_its_next_nearest() {
    let quiet = run_of(&text("by: nearest", SERVERS, ""));
    for at in ["a", "b", "c"] {
        assert_near(at, arrived(&quiet, at), 72_000.0, 1e-9);
    }
    assert_near("at home", quiet.outcome.people["near a"].latency.all.mean_s.unwrap(), 0.005, 1e-3);
    // b is lost for an hour: a is 10 ms from those near b, c is 30 ms; nobody else moves.
    let lost = run_of(&text("by: nearest", SERVERS, r#"at("09:00", crash(of: "b"))"#));
    assert_near("a", arrived(&lost, "a"), 72_000.0 + 36_000.0, 1e-9);
    assert_near("c", arrived(&lost, "c"), 72_000.0, 1e-9);
    assert_near("nobody fails", lost.outcome.people["near b"].requests.failed, 0.0, 1e-9);
    assert_near("the way counts", lost.outcome.people["near b"].latency.all.mean_s.unwrap(), 0.005 + 0.010 / 2.0, 1e-3);
    assert_eq!(lost.outcome.people["near b"].steering.len(), 1);
    assert_eq!(lost.outcome.people["near a"].steering.len(), 0);
}

#[test]
fn a_cut_link_makes_another_site_the_nearest() {
    // Without b and the link between a and b, those near b have only c.
    let drill = r#"at("08:00", cut(between: ("a", "b"))), at("09:00", crash(of: "b"))"#;
    let run = run_of(&text("by: nearest", SERVERS, drill));
    assert_near("c", arrived(&run, "c"), 72_000.0 + 36_000.0, 1e-9);
    assert_near("a", arrived(&run, "a"), 72_000.0, 1e-9);
}

#[test]
fn while_routes_converge_those_who_have_not_moved_fail() {
    let run = run_of(&text(r#"by: nearest, steer: ramp("90s")"#, SERVERS, r#"at("09:00", crash(of: "b"))"#));
    // Ten a second, half of them for a minute and a half.
    assert_near("near b", run.outcome.people["near b"].requests.failed, 450.0, 1e-6);
    assert_near("near a", run.outcome.people["near a"].requests.failed, 0.0, 1e-9);
}

#[test]
fn the_least_loaded_site_gets_what_it_can_do() {
    let servers = r#""a": (servers: 1), "b": (servers: 2), "c": (servers: 5)"#;
    let run = run_of(&text("by: least_loaded", servers, ""));
    for (at, share) in [("a", 0.125), ("b", 0.25), ("c", 0.625)] {
        assert_near(at, arrived(&run, at), 216_000.0 * share, 1e-9);
    }
    let less = run_of(&text("by: least_loaded", servers, r#"at("09:00", slow(service: "web", at: "c", by: "x2.5"))"#));
    // c does as much as b from then on: a fifth, and two fifths each.
    assert_near("a", arrived(&less, "a"), 108_000.0 * (0.125 + 0.2), 1e-9);
    assert_near("c", arrived(&less, "c"), 108_000.0 * (0.625 + 0.4), 1e-9);
}

#[test]
fn single_requests_go_the_same_ways() {
    let text =
        text("by: nearest", SERVERS, r#"at("08:10", crash(of: "b"))"#).replace(r#"horizon: "2h""#, r#"horizon: "20m""#);
    let single = follow(&world(&text), Luck { seed: 1, replication: 0 }, Traffic::every_request()).unwrap().outcome;
    let flow = outcome(&text);
    for at in ["web@a", "web@b", "web@c"] {
        assert_near(at, single.services[at].arrived, flow.services[at].arrived, 1e-2);
    }
    let mean = |outcome: &firedrill::metrics::Outcome| outcome.people["near b"].latency.all.mean_s.unwrap();
    assert_near("latency", mean(&single), mean(&flow), 1e-2);
}

#[test]
fn a_site_that_is_withdrawn_gets_nobody_and_serves_whoever_still_comes() {
    let withdrawn = |at: &str| format!(r#"at("09:00", withdraw(of: "all", at: "{at}", lasts: "30m"))"#);
    let run = run_of(&text(r#"by: nearest, steer: ramp("60s")"#, SERVERS, &withdrawn("b")));
    // Half an hour without those near b, of whom half come for a minute each time.
    assert_near("b", arrived(&run, "b"), 72_000.0 - 18_000.0, 1e-9);
    assert_near("a", arrived(&run, "a"), 72_000.0 + 18_000.0, 1e-9);
    assert_near("nobody fails", run.outcome.people["near b"].requests.failed, 0.0, 1e-9);
    let all = ["a", "b", "c"].map(withdrawn).join(", ");
    let nobody = run_of(&text("by: nearest", SERVERS, &all));
    for people in ["near a", "near b", "near c"] {
        assert_near(people, nobody.outcome.people[people].requests.failed, 18_000.0, 1e-9);
    }
}

#[test]
fn the_loss_of_cells_hits_those_who_have_no_other() {
    let text = |dealt: u32, lost: &[&str]| {
        let drill: Vec<String> =
            lost.iter().map(|site| format!(r#"at("09:00", crash(of: "{site}", repaired_after: "30m"))"#)).collect();
        format!(
            r#"Scenario(format: 1, title: "cells", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "2h"),
            sites: {{"a": (), "b": (), "c": (), "d": ()}},
            spreads: {{"cells": (over: {{"a": 1, "b": 1, "c": 1, "d": 1}}, by: cells({dealt}))}},
            services: {{"web": (
                runs_at: {{"a": (servers: 4), "b": (servers: 4), "c": (servers: 4), "d": (servers: 4)}}, takes: fixed("1ms"),
            )}},
            features: {{"read": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 7200, uses: {{"read": "1/min"}}, served_by: "cells", arrivals: smooth)}},
            drill: [{}])"#,
            drill.join(", ")
        )
    };
    // 120 a second for half an hour, of which fails: C(lost, dealt) / C(4, dealt).
    let half_an_hour = 120.0 * 1_800.0;
    for (dealt, lost, share) in [
        (1, &["a"][..], 0.25),
        (1, &["a", "b"], 0.5),
        (2, &["a"], 0.0),
        (2, &["a", "b"], 1.0 / 6.0),
        (2, &["a", "b", "c"], 0.5),
        (4, &["a", "b", "c"], 0.0),
    ] {
        let run = run_of(&text(dealt, lost));
        let failed = run.outcome.people["all"].requests.failed;
        assert_near(&format!("{dealt} dealt, {lost:?} lost"), failed, share * half_an_hour, 1e-6);
    }
}
