//! What is gray, and what stands on it: a request gets lost where a crash would have brought down what it needs.

use crate::common::{assert_near, outcome, world};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

const HOUR: f64 = 3_600.0;

/// Ten requests a second for four hours to a service whose site, pool and link stand on this and that; half of what comes through the
/// gray part gets lost for an hour.
fn text(standing: &str, of: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "gray", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "4h"), {standing},
        people: {{"all": (users: 600, uses: {{"read": "1/min"}}, served_by: "a")}},
        features: {{"read": (calls: [hard(to: "web")])}}, strategies: {{"s": ()}},
        drill: [at("01:00", gray(of: "{of}", loses: "50%", lasts: "1h"))])"#
    )
}

/// The share of an hour's requests that got lost.
fn lost(standing: &str, of: &str) -> f64 {
    outcome(&text(standing, of)).people["all"].requests.failed / (10.0 * HOUR)
}

const WEB: &str = r#"services: {"web": (runs_at: {"a": (servers: 100)}, takes: fixed("10ms"))}"#;

#[test]
fn what_stands_on_something_gray_loses_as_much() {
    let site = format!(r#"sites: {{"a": (stands_on: all(["feed"]))}}, components: {{"feed": ()}}, {WEB}"#);
    assert_near("a site", lost(&site, "feed"), 0.5, 1e-9);
    assert_near("the site itself", lost(&site, "a"), 0.5, 1e-9);
    // As deep as it may be, and once: not for each way that leads up from it.
    let deep = r#"sites: {"a": ()}, components: {"disk": (), "left": (stands_on: all(["disk"])), "right": (stands_on: all(["disk"])),
        "array": (at: "a", stands_on: all(["left", "right"]))},
        services: {"web": (runs_at: {"a": (servers: 100, stands_on: all(["array", "left"]))}, takes: fixed("10ms"))}"#;
    assert_near("a component", lost(deep, "disk"), 0.5, 1e-9);
    let pool = r#"sites: {"a": ()}, components: {"rack": (), "machines": (at: "a", count: 100, stands_on: all(["rack"]))},
        services: {"web": (runs_at: {"a": (pool: "machines")}, takes: fixed("10ms"))}"#;
    assert_near("a pool", lost(pool, "rack"), 0.5, 1e-9);
    let link = r#"sites: {"a": (), "b": ()}, components: {"fibre": ()},
        links: [(between: ("a", "b"), rtt: "1ms", stands_on: all(["fibre"]))],
        services: {"web": (runs_at: {"b": (servers: 100)}, takes: fixed("10ms"))}"#;
    assert_near("a link", lost(link, "fibre"), 0.5, 1e-9);
    // Who comes from another site has to get in.
    assert_near("a site that is called", lost(link, "b"), 0.5, 1e-9);
}

#[test]
fn what_can_do_without_one_makes_up_for_a_gray_one() {
    let of_two = |gate: &str| {
        format!(r#"sites: {{"a": (stands_on: {gate})}}, components: {{"feed a": (), "feed b": ()}}, {WEB}"#)
    };
    assert_eq!(lost(&of_two(r#"any(["feed a", "feed b"])"#), "feed a"), 0.0);
    assert_near("all", lost(&of_two(r#"all(["feed a", "feed b"])"#), "feed a"), 0.5, 1e-9);
    // Both gray: a request gets lost where both lose it.
    let both = text(&of_two(r#"any(["feed a", "feed b"])"#), "feed a")
        .replace("drill: [", r#"drill: [at("01:00", gray(of: "feed b", loses: "40%", lasts: "1h")), "#);
    assert_near("both", outcome(&both).people["all"].requests.failed / (10.0 * HOUR), 0.2, 1e-9);
    // With the other one down nobody makes up for it.
    let alone = text(&of_two(r#"any(["feed a", "feed b"])"#), "feed a")
        .replace("drill: [", r#"drill: [at("00:30", crash(of: "feed b")), "#);
    assert_near("alone", outcome(&alone).people["all"].requests.failed / (10.0 * HOUR), 0.5, 1e-9);
}

#[test]
fn of_a_group_its_active_member_counts() {
    let group = |first: &str| {
        let second = if first == "x" { "y" } else { "x" };
        format!(
            r#"sites: {{"a": ()}}, components: {{"x": (), "y": ()}}, groups: {{"pair": (members: ["{first}", "{second}"])}},
            services: {{"web": (runs_at: {{"a": (servers: 100, stands_on: all(["pair"]))}}, takes: fixed("10ms"))}}"#
        )
    };
    assert_near("active", lost(&group("x"), "x"), 0.5, 1e-9);
    assert_eq!(lost(&group("y"), "x"), 0.0);
}

#[test]
fn health_checks_lose_what_a_site_stands_on_loses() {
    let standing = r#"sites: {"a": (stands_on: all(["feed"])), "b": ()}, components: {"feed": ()}, groups: {"home": (members: ["a", "b"])},
        services: {"web": (runs_at: {"a": (servers: 100), "b": (servers: 100)}, takes: fixed("10ms"))}"#;
    let fails_over = |more: &str| {
        let text = text(standing, "feed")
            .replace(r#"served_by: "a""#, r#"served_by: "home""#)
            .replace(r#""s": ()"#, r#""s": (failover: {"home": (detect: probe(every: "10s", fails: 2))})"#)
            .replace(r#"lasts: "1h""#, &format!(r#"lasts: "1h"{more}"#));
        let seen: Outcome = outcome(&text);
        seen.failovers.iter().filter(|failover| failover.ended == "switched").count()
    };
    // Two checks in a row are lost within minutes; those that pass see nothing of it.
    assert_eq!((fails_over(""), fails_over(", probes_pass: true")), (1, 0));
}

#[test]
fn single_requests_get_lost_in_the_same_places() {
    for (standing, of) in [
        (format!(r#"sites: {{"a": (stands_on: all(["feed"]))}}, components: {{"feed": ()}}, {WEB}"#), "feed"),
        (
            r#"sites: {"a": (), "b": ()}, components: {"fibre": ()},
            links: [(between: ("a", "b"), rtt: "1ms", stands_on: all(["fibre"]))],
            services: {"web": (runs_at: {"b": (servers: 100)}, takes: fixed("10ms"))}"#
                .to_owned(),
            "fibre",
        ),
    ] {
        let world = world(&text(&standing, of));
        let luck = Luck { seed: 1, replication: 0 };
        let seen = follow(&world, luck, Traffic::every_request()).expect("few requests").outcome;
        // Of 36,000 requests half, give or take 4 standard deviations of 95.
        let failed = seen.people["all"].requests.failed;
        assert!((failed - 18_000.0).abs() < 400.0, "{of}: {failed}");
    }
}
