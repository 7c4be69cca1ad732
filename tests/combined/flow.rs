//! Queues that move together with what happens meanwhile: who waits how long, who gives up, who comes back.

use crate::common::{assert_near, outcome, outcome_of, world};
use firedrill::engine::Engine;
use firedrill::metrics::{Outcome, PeopleOutcome, ServiceOutcome};
use firedrill::observe::{Interval, Observation, Observer};
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};
use firedrill::world::World;
use std::sync::Arc;

/// One service, 40 requests a second at what it can do: 100 a second, unless the drill says otherwise.
fn counter(horizon: &str, feature: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "a counter", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "{horizon}"),
            sites: {{"a": ()}},
            services: {{"work": (runs_at: {{"a": (servers: 1)}}, takes: fixed("10ms"))}},
            features: {{"do": (calls: [hard(to: "work")]{feature})}},
            people: {{"all": (users: 40, uses: {{"do": "1/s"}}, served_by: "a", arrivals: smooth)}},
            drill: [{drill}])"#
    )
}

/// It stands still for the first 20 s: 800 wait then, and the last of them are served at 33.3 s.
const STANDSTILL: &str = r#"at("+0s", slow(service: "work", by: "x1000000", lasts: "20s"))"#;

fn people(outcome: &Outcome) -> &PeopleOutcome {
    outcome.people.values().next().expect("people")
}

fn station(outcome: &Outcome) -> &ServiceOutcome {
    outcome.services.values().next().expect("a service")
}

fn by_request(text: &str) -> Outcome {
    let luck = Luck { seed: 1, replication: 0 };
    follow(&world(text), luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}")).outcome
}

#[test]
fn a_wait_is_what_the_queue_did_while_one_waited() {
    let outcome = outcome(&counter("100s", "", STANDSTILL));
    let work = station(&outcome);
    // The backlog rises to 800 and is gone 13.3 s after the standstill: the integral is 13,333 request-seconds.
    assert_near("mean number waiting", work.queue_len_mean, 133.333, 1e-5);
    assert_near("mean wait", work.wait_mean_s, 13_333.333 / 4_000.0, 1e-5);
    assert_near("longest wait", work.overloads[0].wait_max_s, 20.0, 1e-5);
    assert_near("who waits at all", work.wait_probability, 1_333.333 / 4_000.0, 1e-5);
    let latency = &people(&outcome).latency.all;
    assert!((3.333..3.36).contains(&latency.mean_s.unwrap()), "{:?}", latency.mean_s);
    assert!(latency.p99_s.unwrap() <= 20.02, "{:?}", latency.p99_s);
    assert_near("served", people(&outcome).requests.served, 4_000.0, 1e-9);
}

#[test]
fn who_waits_too_long_has_failed_when_his_patience_ends_and_nobody_else_has() {
    let patient = outcome(&counter("100s", r#", timeout: "30s""#, STANDSTILL));
    // But for the five hundredth of a request that was begun meanwhile, and takes its 10,000 s.
    assert!(people(&patient).requests.failed < 0.01, "nobody waited for thirty seconds");
    assert_eq!(people(&patient).downtime_s, 0.0, "nobody waited for thirty seconds");
    let hasty = outcome(&counter("100s", r#", timeout: "10s""#, STANDSTILL));
    // Who arrives after x seconds of the standstill waits for 20 - 0.6 x of them: more than 9.99 until x is 16.68.
    let late = (20.0 - 9.99) / 0.6;
    assert_near("failed", people(&hasty).requests.failed, 40.0 * late, 1e-3);
    // The first has had enough after ten seconds, and the last who waited so long is answered at 20 + 0.4 x.
    assert_near("down", people(&hasty).downtime_s, 20.0 + 0.4 * late - 10.0, 5e-3);
    let requests = &people(&hasty).requests;
    assert_near("all are told apart", requests.served + requests.failed, 4_000.0, 1e-9);
}

#[test]
fn servers_that_come_while_a_backlog_stands_count_from_then_on() {
    // Ten times as slow for a minute: 40 - 10 a second pile up, 1,800 in all. Then the hot fix: as fast as ever.
    let outcome =
        outcome(&counter("5m", r#", timeout: "5m""#, r#"at("+0s", slow(service: "work", by: "x10", lasts: "60s"))"#));
    let work = station(&outcome);
    assert_eq!(people(&outcome).requests.failed, 0.0);
    // Backlog: up to 1,800 in 60 s, down in 30 s.
    assert_near("mean number waiting", work.queue_len_mean, 1_800.0 * 90.0 / 2.0 / 300.0, 1e-4);
    assert_near("mean wait", work.wait_mean_s, work.queue_len_mean * 300.0 / 12_000.0, 1e-6);
    // Who came at x left at 4 x while it was slow, and at 60 + (40 x - 600) / 100 afterwards: at most 45 s at x = 15.
    assert_near("longest wait", work.overloads[0].wait_max_s, 45.0, 1e-3);
}

#[test]
fn first_come_first_served_between_populations_too() {
    let text = |horizon: &str| {
        format!(
            r#"Scenario(format: 1, title: "latecomers", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "{horizon}"),
                sites: {{"a": ()}},
                services: {{"work": (runs_at: {{"a": (servers: 1)}}, takes: fixed("1s"))}},
                features: {{"do": (calls: [hard(to: "work")])}},
                people: {{
                    "first": (users: 50, uses: {{"do": "1/s"}}, served_by: "a", arrivals: smooth,
                        active: points([("0s", "100%"), ("1s", "100%"), ("1s", "0%")])),
                    "later": (users: 8, uses: {{"do": "0.1/s"}}, served_by: "a", arrivals: smooth,
                        active: points([("0s", "0%"), ("1s", "0%"), ("1s", "100%")])),
                }})"#
        )
    };
    let early = outcome(&text("30s"));
    assert_near("the first are served", early.people["first"].requests.served, 30.0, 1e-6);
    assert_eq!(early.people["later"].requests.served, 0.0);
    let late = outcome(&text("80s"));
    assert_near("all of the first", late.people["first"].requests.served, 50.0, 1e-6);
    assert_near("then the others", late.people["later"].requests.served, 30.0, 1e-3);
}

#[test]
fn the_mean_queue_is_that_of_the_backlog() {
    let busy = counter("100s", "", "").replace("users: 40", "users: 150");
    let outcome = outcome(&busy);
    let work = station(&outcome);
    assert_near("mean", work.queue_len_mean, 2_500.0, 1e-9);
    // Who is served at 100 s came at 66.7 s.
    assert_near("longest", work.overloads[0].wait_max_s, 100.0 / 3.0, 1e-6);
    assert!(work.wait_probability <= 1.0, "{}", work.wait_probability);
}

#[test]
fn a_crash_loses_who_waits_and_nobody_twice() {
    let drill = r#"at("+0s", slow(service: "work", by: "x1000000", lasts: "40s")), at("+20s", crash(of: "a", repaired_after: "5s"))"#;
    for feature in ["", r#", timeout: "10s""#, r#", timeout: "10s", retries: (attempts: 3)"#] {
        let outcome = outcome(&counter("3m", feature, drill));
        let requests = &people(&outcome).requests;
        let told = requests.served + requests.failed + requests.shed + requests.waiting + requests.never_sent;
        assert_near(feature, told, requests.intended, 1e-9);
        if feature.is_empty() {
            assert_near("who waited, and who came meanwhile", requests.failed, 40.0 * 25.0, 1e-5);
        }
    }
}

#[test]
fn retries_go_on_when_nobody_sends_anything_new() {
    // Users stop clicking at the end of the standstill. Who came in its first 8.33 s has had enough after 15 s, and tries
    // again until 23.3 s; all of that is served in time.
    let feature = r#", timeout: "15s", retries: (attempts: 2)"#;
    let text = counter("2m", feature, STANDSTILL)
        .replace("served_by", r#"active: points([("0s", "100%"), ("20s", "100%"), ("20s", "0%")]), served_by"#);
    let outcome = outcome(&text);
    let requests = &people(&outcome).requests;
    assert_near("intended", requests.intended, 800.0, 1e-9);
    assert_near("served at last", requests.served, 800.0, 1e-3);
    assert_near("attempts", station(&outcome).arrived, 800.0 + 40.0 * (20.0 - 14.99) / 0.6, 0.01);
}

#[test]
fn users_who_wait_for_answers_are_a_finite_source() {
    let text = |servers: u32, users: u32| {
        format!(
            r#"Scenario(format: 1, title: "closed", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "20000s", warm_up: "1000s"),
                sites: {{"a": ()}},
                services: {{"work": (runs_at: {{"a": (servers: {servers})}}, takes: exponential(mean: "1s"))}},
                features: {{"do": (calls: [hard(to: "work")])}},
                people: {{"all": (users: {users}, uses: {{"do": "3/min"}}, served_by: "a", waits_for_answers: true)}})"#
        )
    };
    let near = outcome(&text(1, 20));
    // M/M/1//20 by mean-value analysis.
    assert_near("throughput", station(&near).throughput_per_s, 0.841_108, 1e-5);
    assert_near("response", people(&near).latency.all.mean_s.unwrap(), 3.778_158, 1e-4);
    let calm = outcome(&text(1_000, 20));
    assert_near("a click takes its time too", people(&calm).requests.served, 19_000.0 * 20.0 / 21.0, 1e-6);
    let full = outcome(&text(1, 60));
    assert_near("no more than there is", station(&full).throughput_per_s, 1.0, 1e-6);
    assert_near("response", people(&full).latency.all.mean_s.unwrap(), 60.0 - 20.0, 1e-3);
    for (servers, users) in [(1, 20), (3, 60), (1_000, 20)] {
        let (flow, followed) = (outcome(&text(servers, users)), by_request(&text(servers, users)));
        let what = format!("{users} users, {servers} servers");
        assert_near(&what, station(&followed).throughput_per_s, station(&flow).throughput_per_s, 0.02);
    }
}

/// A hub that everybody's clicks go to, and log-ins too.
fn hub(horizon: &str, users: u32, sessions: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "a hub", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "{horizon}"),
            sites: {{"s": ()}}, components: {{"door": ()}},
            services: {{
                "hub": (runs_at: {{"s": (servers: 10)}}, takes: fixed("5ms"), starts_in: "0s"),
                "login": (runs_at: {{"s": (servers: 10)}}, takes: fixed("5ms"), stands_on: all(["door"])),
            }},
            features: {{"join": (calls: [hard(to: "login")], timeout: "10s"), "beat": (calls: [hard(to: "hub")], timeout: "10s")}},
            people: {{"all": (users: {users}, uses: {{"beat": "1/min"}}, served_by: "s", sessions: (log_in: "join", {sessions}))}},
            drill: [{drill}])"#
    )
}

#[test]
fn users_go_on_giving_up_while_nothing_works() {
    let sessions = r#"lasts: "1h", gives_up_after: "1m", comes_back: "100%", looks_again_after: "10m""#;
    let never_sent = |minutes: f64| {
        let crash = format!(r#"at("+30m", crash(of: "s", repaired_after: "{minutes}m"))"#);
        people(&outcome(&hub("3h", 10_000, sessions, &crash))).requests.never_sent
    };
    // While it lasts they leave with a mean of a minute; then they come back with one of ten.
    for minutes in [5.0, 10.0, 20.0] {
        let left = 1.0 - firedrill::num::exp(-minutes);
        let away = 10_000.0 * (minutes - left + left * 10.0);
        assert_near(&format!("{minutes} min"), never_sent(minutes), away, 0.02);
    }
}

#[test]
fn a_restart_makes_all_log_in_again() {
    let sessions = r#"lasts: "20d", gives_up_after: "1m", looks_again_after: "1m""#;
    let crash = r#"at("+10m", crash(of: "s", repaired_after: "5s"))"#;
    let outcome = outcome(&hub("30m", 450, sessions, crash));
    let by_clock = 450.0 / (20.0 * 86_400.0) * 1_800.0;
    let log_ins = people(&outcome).features["join"].requests.served;
    assert_near("all of them", log_ins - by_clock, 450.0, 0.01);
    let kept = format!("{sessions}, outlive_crashes: true");
    let outcome = crate::common::outcome(&hub("30m", 450, &kept, crash));
    let log_ins = people(&outcome).features["join"].requests.served;
    assert!(log_ins < 60.0, "who has not given up goes on: {log_ins}");
}

#[test]
fn who_cannot_log_in_has_no_session() {
    let sessions = r#"lasts: "10m", gives_up_after: "1m", looks_again_after: "5m""#;
    let outcome = outcome(&hub("4h", 500, sessions, r#"at("+1h", crash(of: "door"))"#));
    let served = people(&outcome).features["beat"].requests.served;
    // An hour of all, and what is left of the sessions that had begun.
    assert!((500.0 * 60.0..500.0 * 70.0).contains(&served), "{served}");
    assert!(people(&outcome).features["join"].requests.failed > 500.0);
}

#[test]
fn an_autoscaler_takes_no_notice_of_a_dip() {
    let text = |stable_for: &str| {
        format!(
            r#"Scenario(format: 1, title: "dips", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "60m"),
                sites: {{"s": ()}},
                services: {{"web": (runs_at: {{"s": (servers: 10)}}, takes: exponential(mean: "100ms"), queue: 100)}},
                features: {{"get": (calls: [hard(to: "web")], slow_over: "1s", timeout: "10s")}},
                people: {{"u": (users: 60, uses: {{"get": "1/s"}}, served_by: "s", active: points([
                    ("0s", "100%"), ("1200s", "100%"), ("1201s", "20%"), ("1320s", "20%"), ("1321s", "100%"),
                    ("1800s", "100%"), ("1801s", "20%"), ("1920s", "20%"), ("1921s", "100%"), ("3000s", "100%"), ("3001s", "5%")]))}},
                strategies: {{"hpa": (autoscale: {{"hpa": (service: "web", at: "s", above: "80%", below: "30%", every: "15s", by: "x2",
                    takes: "60s", cool_down: "5m", {stable_for}least: 2, most: 20)}})}})"#
        )
    };
    let steady = outcome(&text(""));
    assert_eq!(people(&steady).degraded_s + people(&steady).downtime_s, 0.0);
    let hasty = outcome(&text(r#"stable_for: "0s", "#));
    assert!(people(&hasty).degraded_s + people(&hasty).downtime_s > 60.0, "without a window each dip costs");
}

#[test]
fn a_state_that_does_not_change_is_one_observation() {
    let text = r#"Scenario(format: 1, title: "nobody serves at b", clock: (from: "2026-11-23T00:00", zone: "UTC", horizon: "2d"),
        sites: {"a": (), "b": ()}, groups: {"home": (members: ["a", "b"])},
        services: {"web": (runs_at: {"a": (servers: 4, workers: 32), "b": (servers: 0, workers: 32)}, takes: exponential(mean: "40ms"), queue: 2_000)},
        features: {"browse": (calls: [hard(to: "web")], timeout: "10s")},
        weeks: {"w": (weekdays: [("05:00", "0.1%"), ("21:00", "4%")], sunday: [("12:00", "1%")])},
        people: {"us": (users: 800_000, active: week("w"), uses: {"browse": "60/h"}, served_by: "home", keeps_trying: "50%")},
        strategies: {"s": (failover: {"home": (detect: instant)})},
        drill: [at("12:00", crash(of: "a", repaired_after: "3h"))])"#;
    let outcome = outcome_of(&world(text), 0);
    assert!(outcome.provenance.observations < 1_000, "{}", outcome.provenance.observations);
    assert_eq!(people(&outcome).intervals.len(), 1);
}

/// People at one site, and strangers at two others: what they need, do and suffer has nothing to do with them.
fn beside_strangers(feature: &str, users: u32, strangers: &str, strategy: &str, drill: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "strangers", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "6h"),
        sites: {{"a": (), "b": (), "c": ()}}, links: [(between: ("a", "b"), rtt: "2ms"), (between: ("b", "c"), rtt: "2ms")],
        components: {{"spare": (at: "b")}}, groups: {{"pair": (members: ["b", "c"])}},
        services: {{
            "web": (runs_at: {{"a": (servers: 4)}}, takes: exponential(mean: "40ms")),
            "other": (runs_at: {{"b": (servers: 4), "c": (servers: 4)}}, takes: exponential(mean: "40ms")),
        }},
        features: {{"read": (calls: [hard(to: "web")], {feature}), "look": (calls: [hard(to: "other")], slow_over: "100ms")}},
        people: {{"u": (users: {users}, active: points([("0s", "10%"), ("2h", "100%"), ("4h", "10%")]), uses: {{"read": "1/s"}}, served_by: "a"),
            {strangers}}},
        {strategy} drill: [{drill}])"#
    ))
}

#[test]
fn a_stranger_changes_nothing_not_even_by_a_second() {
    let every =
        |s: u32, act: &str| (0..21_000 / s).map(|i| format!("at(\"+{}s\", {act}), ", i * s + 13)).collect::<String>();
    let them = r#""them": (users: 80, uses: {"look": "1/s"}, served_by: "b"),"#;
    let bends: String = (0..50).map(|i| format!("(\"{}m\", \"{}%\"), ", i * 7, 20 + i * 37 % 60)).collect();
    let bent = format!(r#""them": (users: 100, active: points([{bends}]), uses: {{"look": "1/s"}}, served_by: "b"),"#);
    let led = r#""them": (users: 80, uses: {"look": "1/s"}, served_by: "pair"),"#;
    let moves = r#"strategies: {"s": (failover: {"pair": (detect: probe(every: "10s", fails: 3), steer: dns(ttl: "2m"),
        failback: after("5m"))})},"#;
    let strangers = [
        ("", "", every(97, r#"crash(of: "spare", repaired_after: "11s")"#)),
        ("", "", every(1_000, r#"crash(of: "b", repaired_after: "100s")"#)),
        (them, "", every(1_000, r#"surge(of: "them", by: "x3", ramp: "3m", lasts: "2m", decays: "1m")"#)),
        (them, "", every(200, r#"slow(service: "other", by: "x1.5", lasts: "37s")"#)),
        (&bent, "", String::new()),
        (led, moves, every(1_000, r#"crash(of: "b", repaired_after: "100s")"#)),
        ("", "", every(200, r#"cut(between: ("b", "c"), lasts: "37s")"#)),
    ];
    // A load that comes near the capacity and goes again, and one that goes over it.
    for (feature, users) in [(r#"slow_over: "200ms""#, 96), (r#"slow_over: "200ms", timeout: "2s""#, 130)] {
        let alone = beside_strangers(feature, users, "", "", "");
        let alone = &alone.people["u"];
        assert!(alone.degraded_s > 600.0, "{}", alone.degraded_s);
        for (strangers, strategy, drill) in &strangers {
            let with = beside_strangers(feature, users, strangers, strategy, drill);
            let with = &with.people["u"];
            let felt = |p: &PeopleOutcome| (p.degraded_s, p.downtime_s, p.intervals.len());
            assert_eq!(felt(with), felt(alone), "{feature} beside {strangers} {}", &drill[..drill.len().min(60)]);
            // What is summed over the spans of a moving queue is as good as that sum.
            let near = (with.user_minutes_lost - alone.user_minutes_lost).abs();
            assert!(near <= 1e-3 * (1.0 + alone.user_minutes_lost), "{near}");
        }
    }
}

// ---- What it costs ---------------------------------------------------------------------------------------------------

/// Spans of a run, and what was observed.
#[derive(Default)]
struct Steps {
    spans: u64,
    seen: u64,
}

impl Observer for Steps {
    fn saw(&mut self, _: &World, _: &Observation) {
        self.seen += 1;
    }

    fn flowed(&mut self, _: &World, _: &Interval) {
        self.spans += 1;
    }
}

fn steps(world: &Arc<World>) -> Steps {
    let mut steps = Steps::default();
    Engine::new(Arc::clone(world), Luck { seed: 1, replication: 0 }).run(&mut steps);
    steps
}

/// Two callers of one that is slow for two hours: a hundred and sixty requests wait in them, for as long as it takes to send it no more
/// than it can do.
fn held(services: &str, people: &str, drill: &str) -> Arc<World> {
    world(&format!(
        r#"Scenario(format: 1, title: "held", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
        sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "10ms")],
        services: {{{services}}},
        features: {{"get": (calls: [hard(to: "web")], timeout: "30s", slow_over: "4s"), "see": (calls: [hard(to: "web")])}},
        people: {{{people}}}, drill: [{drill}])"#
    ))
}

#[test]
fn an_overload_of_a_callee_costs_no_more_the_longer_it_lasts() {
    let slow = r#"at("+1h", slow(service: "shared", by: "x10", lasts: "2h"))"#;
    let both = r#""at a": (users: 90_000, uses: {"get": "1/min"}, served_by: "a", active: points([("0s", "70%"), ("2h", "100%"), ("4h", "70%")])),
        "at b": (users: 20_000, uses: {"get": "1/min"}, served_by: "b")"#;
    let web = |queue: &str, call: &str, shared: &str| {
        format!(
            r#""web": (runs_at: {{"a": (servers: 20, workers: 16), "b": (servers: 10, workers: 16)}}, takes: exponential(mean: "80ms"){queue},
                calls: [{call}(to: "shared")]),
            "shared": (runs_at: {{"a": (servers: {shared})}}, takes: exponential(mean: "3ms"))"#
        )
    };
    for queue in ["", ", queue: 500", ", queue: 50"] {
        for call in ["hard", "soft"] {
            for shared in ["1, workers: 16", "2, workers: 16", "16"] {
                let steps = steps(&held(&web(queue, call, shared), both, slow));
                let what = format!("{queue} {call} {shared}: {} spans, {} seen", steps.spans, steps.seen);
                assert!(steps.spans <= 4 * 250 && steps.seen <= 100, "{what}");
            }
        }
    }
    // Calls of a page one after the other, as a page makes them.
    let many = web(", queue: 500", "hard", "16").replace(r#"hard(to: "shared")"#, r#"hard(to: "shared", times: 15)"#);
    let steps = steps(&held(&many, both, slow));
    assert!(steps.spans <= 4 * 250 && steps.seen <= 100, "{} {}", steps.spans, steps.seen);
}

#[test]
fn a_handful_of_long_requests_costs_a_handful_of_steps() {
    let text = r#"Scenario(format: 1, title: "long", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "10d"),
        sites: {"a": ()},
        services: {"web": (runs_at: {"a": (servers: 4)}, takes: fixed("5min"), calls: [hard(to: "batch")]),
            "batch": (runs_at: {"a": (servers: 2)}, takes: exponential(mean: "1h"))},
        features: {"run": (calls: [hard(to: "web")])},
        weeks: {"w": (weekdays: [("00:00", "0%"), ("08:30", "60%"), ("16:00", "15%")], sunday: [("12:00", "4%")])},
        people: {"all": (users: 5, uses: {"run": "1/h"}, served_by: "a", active: week("w"))})"#;
    let steps = steps(&world(text));
    assert!(steps.spans <= 240 * 60, "{}", steps.spans);
}

#[test]
fn users_who_wait_for_answers_cost_a_step_when_their_number_has_changed() {
    for feature in ["", r#", retries: (attempts: 3, after: "1s")"#] {
        for sheds in ["", r#", sheds: by_priority(optional_up_to: "80%")"#] {
            let text = format!(
                r#"Scenario(format: 1, title: "closed", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "1h"),
                sites: {{"a": ()}},
                services: {{"web": (runs_at: {{"a": (servers: 100, workers: 16)}}, takes: exponential(mean: "100ms"){sheds})}},
                features: {{"pay": (calls: [hard(to: "web")], timeout: "10s"{feature}, priority: critical),
                    "ad": (calls: [hard(to: "web")], timeout: "10s"{feature}, priority: optional)}},
                people: {{"all": (users: 1_000_000, uses: {{"pay": "0.7/min", "ad": "0.7/min"}}, served_by: "a", waits_for_answers: true,
                    active: points([("0s", "50%"), ("30m", "100%"), ("60m", "50%")]))}})"#
            );
            let steps = steps(&world(&text));
            assert!(steps.spans <= 250, "{feature} {sheds}: {}", steps.spans);
        }
    }
}

#[test]
fn callers_that_wait_for_a_callee_keep_it_as_long_as_there_are_workers() {
    // 160 workers compute for 80 ms and wait for one that can do 100 a second: all but 8 + 1 of them wait there, 1.51 s each, and what
    // else comes waits for a worker.
    let services = r#""web": (runs_at: {"a": (servers: 10, workers: 16)}, takes: fixed("80ms"), calls: [hard(to: "shared")]),
        "shared": (runs_at: {"a": (servers: 1)}, takes: fixed("10ms"))"#;
    let people = r#""all": (users: 12_000, uses: {"get": "1/min"}, served_by: "a", arrivals: smooth, active: points([("0s", "100%"), ("1h", "100%"), ("1h", "25%")]))"#;
    let patient = people.replace("get", "see");
    let outcome = outcome_of(&held(services, &patient, ""), 0);
    let (web, shared) = (&outcome.services["web@a"], &outcome.services["shared@a"]);
    assert_near("served", shared.served, 200.0 * 3_600.0 + 50.0 * 10_800.0, 1e-3);
    // 100 too many a second for an hour, which are gone two hours later: less those who wait at the callee.
    assert_near("longest line", web.overloads[0].backlog_max, 100.0 * 3_600.0 - 151.0, 1e-3);
    // In the fourth hour nobody waits.
    assert_near("wait at the callee", shared.wait_mean_s, 1.51 * 1_080.0 / 1_260.0, 0.03);
}

#[test]
fn nothing_is_sent_over_a_link_that_is_cut() {
    // The service at a calls the one at b; from minute ten to twenty there is no way.
    let text = |call: &str| {
        format!(
            r#"Scenario(format: 1, title: "cut", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "30m"),
            sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "10ms")],
            services: {{
                "web": (runs_at: {{"a": (servers: 100)}}, takes: fixed("10ms"), calls: [{call}, soft(to: "log")]),
                "db": (runs_at: {{"b": (servers: 100)}}, takes: fixed("10ms")),
                "log": (runs_at: {{"a": (servers: 100)}}, takes: fixed("1ms"))}},
            features: {{"get": (calls: [hard(to: "web")], timeout: "5s")}},
            people: {{"all": (users: 6_000, uses: {{"get": "1/min"}}, served_by: "a", keeps_trying: "100%", arrivals: smooth)}},
            drill: [at("+10m", cut(between: ("a", "b"), lasts: "10m"))])"#
        )
    };
    let seen = |outcome: &Outcome| {
        let served = |of: &str| outcome.services[of].served;
        let requests = &people(outcome).requests;
        [served("web@a"), served("db@b"), served("log@a"), requests.failed, requests.degraded]
    };
    // Without the callee all fail; or all go without it, and each holds its worker until it gives up.
    for (call, log, failed, degraded) in [
        (r#"hard(to: "db")"#, 120_000.0, 60_000.0, 0.0),
        (r#"soft(to: "db", gives_up_after: "200ms")"#, 180_000.0, 0.0, 60_000.0),
    ] {
        let flowed = outcome(&text(call));
        for (what, outcome) in [("flow", &flowed), ("request", &by_request(&text(call)))] {
            let [_, db, logged, lost, less] = seen(outcome);
            let near = |name: &str, a: f64, b: f64| assert!((a - b).abs() < 100.0, "{what} {call} {name}: {a} {b}");
            near("db", db, 120_000.0);
            near("log", logged, log);
            near("failed", lost, failed);
            near("degraded", less, degraded);
        }
        let busy = |outcome: &Outcome| outcome.services["web@a"].utilisation;
        assert_near("busy", busy(&flowed), busy(&by_request(&text(call))), 0.02);
    }
}

/// A name service that lets by 1,000 a second stands before everything: what stands behind never sees more, however often users try.
fn behind_a_door(calls: &str, more: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "behind a door", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
        sites: {{"edge": ()}},
        services: {{
            "door": (runs_at: {{"edge": (servers: 10)}}, takes: exponential(mean: "10ms"), queue: 100),
            "house": (runs_at: {{"edge": (servers: 20)}}, takes: exponential(mean: "15ms"), queue: 100),
            {more}
        }},
        features: {{"visit": (calls: {calls}, timeout: "10s", retries: (attempts: 5, after: "5s"))}},
        people: {{"all": (users: 1_000_000, uses: {{"visit": "4/h"}}, served_by: "edge", rtt: "20ms")}},
        )"#
    ))
}

#[test]
fn whoever_fails_at_a_call_does_not_make_the_next_one() {
    // 1,111 a second come, 1,000 are let by; the house could do 1,333. All who are let by are served, whoever makes the calls and in
    // whichever order: were the house asked first, the door would turn away as many.
    let front = r#""front": (runs_at: {"edge": (servers: 2000)}, takes: fixed("1us"), calls: [hard(to: "door"), hard(to: "house")]),"#;
    for (calls, more) in [
        (r#"[hard(to: "door"), hard(to: "house")]"#, ""),
        (r#"[hard(to: "house"), hard(to: "door")]"#, ""),
        (r#"[hard(to: "front")]"#, front),
    ] {
        let outcome = behind_a_door(calls, more);
        let asked = &outcome.people["all"].requests;
        assert_near("served", asked.served, 3_600_000.0, 0.002);
    }
}

#[test]
fn whoever_leaves_a_line_goes_on_to_the_next_call_also_when_nobody_comes_any_more() {
    // 150 a second for ten minutes at what does 100, then whatever comes after: what is behind, at 110, never sees more than 100, and
    // gets everybody in the end.
    for (after, intended) in [("x1", 270_000.0), ("x0", 126_000.0)] {
        let outcome = outcome(&format!(
            r#"Scenario(format: 1, title: "two in a row", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
            sites: {{"a": ()}},
            services: {{
                "first": (runs_at: {{"a": (servers: 1)}}, takes: fixed("10ms")),
                "second": (runs_at: {{"a": (servers: 11)}}, takes: fixed("100ms")),
            }},
            features: {{"read": (calls: [hard(to: "first"), hard(to: "second")])}},
            people: {{"all": (users: 60, uses: {{"read": "1/s"}}, served_by: "a", arrivals: smooth)}},
            drill: [
                at("00:05", surge(of: "all", by: "x2.5", lasts: "10m")),
                at("00:15", surge(of: "all", by: "{after}", lasts: "40m")),
            ])"#
        ));
        let (first, second) = (&outcome.services["first@a"], &outcome.services["second@a"]);
        assert_near(&format!("first, {after}"), first.arrived, intended, 1e-9);
        assert_near(&format!("second, {after}"), second.arrived, intended, 1e-9);
        assert_eq!(second.queue_len_mean, 0.0, "{after}");
    }
}
