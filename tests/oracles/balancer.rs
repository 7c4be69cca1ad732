//! Balancers: each server has a queue of its own, and health checks decide who is in rotation. By requests followed one by one.

use crate::common::{assert_mean, mean_and_error, world};
use firedrill::metrics::{Outcome, ServiceOutcome};
use firedrill::observe::Digest;
use firedrill::rng::Luck;
use firedrill::run::{Run, Traffic, follow};
use std::sync::Arc;

fn run_of(text: &str, replication: u64) -> Run {
    let luck = Luck { seed: 1, replication };
    follow(&world(text), luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}"))
}

fn followed(text: &str, replication: u64) -> Outcome {
    run_of(text, replication).outcome
}

fn replications(text: &str, count: u64) -> Vec<Outcome> {
    (0..count).map(|replication| followed(text, replication)).collect()
}

/// A service at one site with `per_s` requests a second, and a drill.
fn site(horizon_s: u64, per_s: f64, service: &str, feature: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "balancer",
            clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "{horizon_s}s", warm_up: "{}s"),
            sites: {{"a": ()}},
            components: {{"pool": (at: "a", count: 8, needs: 1, repair: (takes: fixed("1m")))}},
            services: {{"web": (runs_at: {{"a": {service})}},
            features: {{"do": (calls: [hard(to: "web")]{feature})}},
            people: {{"all": (users: 1000, uses: {{"do": "{}/h"}}, served_by: "a")}},
            drill: [{drill}])"#,
        horizon_s / 10,
        per_s * 3.6
    )
}

fn web(outcome: &Outcome) -> &ServiceOutcome {
    &outcome.services["web@a"]
}

/// What users lost of what they got an answer to, or none.
fn lost(outcome: &Outcome) -> f64 {
    let requests = &outcome.people["all"].requests;
    1.0 - requests.served / requests.intended
}

/// Ten servers at 80%, behind a balancer or not.
fn ten(balancer: &str) -> String {
    let service = format!(r#"(servers: 10)}}, takes: exponential(mean: "100ms"){balancer}"#);
    site(6_000, 80.0, &service, "", "")
}

#[test]
fn a_random_split_makes_ten_queues_of_their_own() {
    let outcomes = replications(&ten(", balancer: (picks: random)"), 40);
    let check = |what: &str, expected: f64, of: &dyn Fn(&ServiceOutcome) -> f64| {
        let values: Vec<f64> = outcomes.iter().map(|outcome| of(web(outcome))).collect();
        assert_mean(what, &values, expected, 0.01);
    };
    // M/M/1 with 8 requests a second at a server that does 10: rho/(mu - lambda).
    check("wait", 0.4, &|w| w.wait_mean_s);
    check("probability of waiting", 0.8, &|w| w.wait_probability);
    check("utilisation", 0.8, &|w| w.utilisation);
    check("sojourn", 0.5, &|w| w.sojourn_mean_s);
    check("p99 sojourn", std::f64::consts::LN_10, &|w| w.sojourn_p99_s.unwrap());
    check("waiting", 32.0, &|w| w.queue_len_mean);
}

#[test]
fn two_choices_are_much_better_than_one_and_the_least_busy_almost_as_good_as_one_queue() {
    let wait = |balancer: &str| {
        let waits: Vec<f64> = replications(&ten(balancer), 8).iter().map(|o| web(o).wait_mean_s).collect();
        mean_and_error(&waits).0
    };
    let shared = wait("");
    let least_busy = wait(", balancer: (picks: least_busy)");
    let two_choices = wait(", balancer: (picks: two_choices)");
    let round_robin = wait(", balancer: ()");
    let random = wait(", balancer: (picks: random)");
    // Erlang C for ten servers at 80%.
    assert!((shared / 0.020_46 - 1.0).abs() < 0.03, "{shared}");
    assert!(shared < least_busy && least_busy < 2.0 * shared, "{least_busy}");
    // In the limit of many servers: the sum of rho^(2^i - 2) is 1.95 services (Mitzenmacher 2001).
    assert!(least_busy < two_choices && two_choices < 0.3 * random, "{two_choices}");
    assert!(two_choices < round_robin && round_robin < random, "{round_robin}");
}

/// Ten servers, one of which becomes a hundred times as slow after five minutes.
fn gray(checks_pass: bool) -> String {
    let service = r#"(servers: 10, workers: 4)}, takes: exponential(mean: "20ms"), queue: 100,
        balancer: (checks: (every: "5s", timeout: "50ms"))"#;
    let drill = format!(
        r#"at("+300s", slow(service: "web", by: "x100", servers: 1, checks_pass: {checks_pass}, lasts: "600s"))"#
    );
    site(1_200, 400.0, service, r#", timeout: "1s""#, &drill)
}

#[test]
fn a_gray_server_fools_its_health_checks_and_hurts_its_share() {
    let Run { outcome, story, .. } = run_of(&gray(true), 0);
    assert_eq!((web(&outcome).ejections, web(&outcome).panic_s), (0, 0.0));
    // A tenth of the requests for 600 of 1080 seconds that are measured; of those, few are answered within a second.
    let share = lost(&outcome);
    assert!((0.9..1.02).contains(&(share / (0.1 * 600.0 / 1_080.0))), "{share}");
    let told = story.iter().any(|line| line.text.contains("server 1 of web@a takes x100 as long"));
    assert!(told, "{story:#?}");
}

#[test]
fn a_slow_server_that_fails_its_health_checks_is_ejected() {
    let Run { outcome, story, .. } = run_of(&gray(false), 0);
    assert_eq!((web(&outcome).ejections, web(&outcome).in_rotation_min), (1, Some(9)));
    // Three checks, up to 15 seconds and a timeout, and what is left in its queue.
    assert!(lost(&outcome) < 0.1 * 20.0 / 1_080.0, "{}", lost(&outcome));
    let line = |what: &str| story.iter().find(|line| line.text.contains(what)).map(|line| line.at_s);
    let ejected = line("server 1 of web@a is ejected").expect("an ejection");
    assert!((310.0..316.0).contains(&ejected), "{ejected}");
    let returned = line("server 1 of web@a passes health checks again").expect("a return");
    assert!((905.0..911.0).contains(&returned), "{returned}");
}

/// Eight servers at 95%, one of which is slow for a minute.
fn crowded(panic_below: &str) -> String {
    let service = format!(
        r#"(servers: 8, workers: 4)}}, takes: exponential(mean: "100ms"), queue: 60,
        balancer: (picks: least_busy, checks: (every: "2s", timeout: "500ms", panic_below: "{panic_below}"))"#
    );
    let drill = r#"at("+300s", slow(service: "web", by: "x1000", servers: 1, lasts: "60s"))"#;
    site(1_200, 304.0, &service, r#", timeout: "2s""#, drill)
}

#[test]
fn one_ejection_makes_the_rest_fail_and_panic_mode_stops_that() {
    let Run { outcome: cascade, story, .. } = run_of(&crowded("0%"), 0);
    let panics = followed(&crowded("50%"), 0);
    assert_eq!(web(&cascade).in_rotation_min, Some(0));
    assert_eq!(web(&cascade).panic_s, 0.0);
    assert!(web(&panics).panic_s > 0.0);
    assert!(lost(&panics) < 0.5 * lost(&cascade), "{} and {}", lost(&panics), lost(&cascade));
    let ejected = story.iter().filter(|line| line.text.contains("is ejected"));
    let because: Vec<&str> = ejected.map(|line| story[line.because.expect("a reason")].text.as_str()).collect();
    assert!(because[0].contains("takes x1000 as long"), "{because:#?}");
    assert!(because[1].contains("is ejected"), "{because:#?}");
}

/// Servers that fail and come back while everything else happens too.
fn stormy(service: &str, feature: &str) -> String {
    let service = format!(
        r#"(pool: "pool", workers: 2)}}, takes: lognormal(mean: "100ms", cv: 1.5), {service}
        balancer: (picks: two_choices, checks: (every: "3s", timeout: "400ms", fails: 2))"#
    );
    let drill = r#"at("+100s", crash(of: "pool", repaired_after: "20s")),
        at("+200s", slow(service: "web", by: "x20", servers: 3, lasts: "50s")),
        at("+300s", slow(service: "web", by: "x3", servers: 5, lasts: "50s", checks_pass: true)),
        at("+400s", surge(of: "all", by: "x2", lasts: "60s")), at("+590s", surge(of: "all", by: "x0", lasts: "80s"))"#;
    site(660, 140.0, &service, feature, drill)
        .replacen(
            r#"repair: (takes: fixed("1m"))"#,
            r#"fails: exponential(mean: "200s"), repair: (takes: fixed("20s"))"#,
            1,
        )
        .replacen(r#"warm_up: "66s""#, r#"warm_up: "0s""#, 1)
}

#[test]
fn whatever_becomes_of_servers_no_request_is_lost_count_of() {
    let timeout = r#", timeout: "2s""#;
    let cancels = r#", timeout: "1s", cancels: true, retries: (attempts: 3, after: "100ms")"#;
    let hedges = r#", timeout: "2s", cancels: true, hedge: (after: "300ms")"#;
    let services = [
        "queue: 20,",
        "in_flight_max: 15, discipline: lifo,",
        "discipline: processor_sharing, in_flight_max: 40,",
        "queue: 30, sheds: by_priority(optional_up_to: \"80%\"),",
        "discipline: codel(target: \"50ms\", interval: \"500ms\"), rate_limit: (rate: \"150/s\", burst: 50),",
    ];
    for service in services {
        for feature in [timeout, cancels, hedges] {
            let outcome = followed(&stormy(service, feature), 3);
            let (web, users) = (web(&outcome), &outcome.people["all"].requests);
            assert!(
                web.ejections > 0 && users.served > 10_000.0,
                "{service} {feature}: {} {}",
                web.ejections,
                users.served
            );
            // Nobody sends anything in the last minute, so that nobody is left.
            if feature == timeout {
                assert_eq!(web.arrived, web.served + web.lost, "{service} {feature}");
            }
            let ended = users.served + users.failed + users.shed + users.never_sent;
            assert_eq!(users.intended, ended, "{service} {feature}");
            assert_eq!(web.backlog, 0.0, "{service} {feature}");
        }
    }
}

#[test]
fn the_same_run_is_the_same_again() {
    let world = world(&stormy("queue: 20,", r#", timeout: "2s""#));
    let digest = |replication: u64| {
        let mut digest = Digest::default();
        let luck = Luck { seed: 9, replication };
        let window = (firedrill::units::Time::ZERO, world.horizon);
        let mut engine = firedrill::engine::Engine::following(Arc::clone(&world), luck, window.0, window.1).unwrap();
        engine.run(&mut digest);
        digest.hex()
    };
    assert_eq!(digest(0), digest(0));
    assert_ne!(digest(0), digest(1));
}

#[test]
fn a_request_in_too_many_balancers_cannot_be_followed() {
    let name = |level: usize| format!("s{level}");
    let service = |level: usize| {
        let calls = if level < 5 { format!(", calls: [hard(to: \"{}\")]", name(level + 1)) } else { String::new() };
        format!(r#""{}": (runs_at: {{"a": (servers: 2)}}, takes: fixed("1ms"), balancer: (){calls})"#, name(level))
    };
    let text = |first: usize| {
        format!(
            r#"Scenario(format: 1, title: "levels", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "10s"),
            sites: {{"a": ()}}, services: {{{}}}, features: {{"do": (calls: [hard(to: "{}")])}},
            people: {{"all": (users: 100, uses: {{"do": "1/s"}}, served_by: "a")}})"#,
            (first..=5).map(service).collect::<Vec<_>>().join(", "),
            name(first)
        )
    };
    let luck = Luck { seed: 1, replication: 0 };
    let refused = follow(&world(&text(1)), luck, Traffic::every_request()).map(|_| ()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "calls of \"do\" go through 5 services with a balancer, each called by the one before: more than 4 cannot be followed one by one"
    );
    let outcome = followed(&text(2), 0);
    assert!(outcome.people["all"].requests.served > 900.0);
}
