//! Exact answers about people under load: patience, retries, closed loads, sessions; through the front door.

use crate::common::{assert_near, outcome};

/// Users who send `per_s` requests per second to a service of this kind.
fn station(horizon: &str, per_s: f64, service: &str, feature: &str, people: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon}"),
            sites: {{"a": ()}},
            services: {{"work": (runs_at: {{"a": {service},
            features: {{"do": (calls: [hard(to: "work")]{feature})}},
            people: {{"all": (users: 1000, uses: {{"do": "{}/h"}}, served_by: "a"{people})}},
            drill: [{drill}])"#,
        per_s * 3.6
    )
}

#[test]
fn o05_impatient_users_keep_an_overloaded_queue_short() {
    let exact = [
        (100, 0.033_030_152_528_288_5, 0.596_703_138_019_575_9, 6.606_030_505_657_701, 96.696_984_747_171_14),
        (90, 0.103_364_481_358_679_22, 0.937_676_960_749_518, 20.672_896_271_735_844, 89.663_551_864_132_07),
        (80, 0.200_055_139_070_549_6, 0.998_559_546_966_415_5, 40.011_027_814_109_916, 79.994_486_092_945_04),
    ];
    for (servers, given_up, waits, waiting, served) in exact {
        let service = format!(r#"(servers: {servers})}}, takes: exponential(mean: "1s"))}}"#);
        // From empty it takes a few patiences to get there.
        let text = station("10h", 100.0, &service, "", r#", patience: "2s""#, "");
        let outcome = outcome(&text.replace(r#"horizon: "10h""#, r#"horizon: "10h", warm_up: "1h""#));
        let work = &outcome.services["work@a"];
        assert_near("given up", work.given_up / work.arrived, given_up, 1e-9);
        assert_near("lost", work.block_probability, given_up, 1e-9);
        assert_near("wait", work.wait_probability, waits, 1e-9);
        assert_near("waiting", work.queue_len_mean, waiting, 1e-9);
        assert_near("mean wait of all", work.wait_mean_s, waiting / 100.0, 1e-9);
        assert_near("served per second", work.throughput_per_s, served, 1e-9);
        assert_near("busy", work.utilisation, served / f64::from(servers), 1e-9);
    }
}

#[test]
fn o20_retries_of_what_is_refused_multiply_the_load_and_help_nobody() {
    let service = r#"(servers: 100)}, takes: fixed("1s"), queue: 0)}"#;
    let retries = ", retries: (attempts: 3)";
    let text = station("1h", 120.0, service, retries, ", arrivals: smooth", "");
    let outcome = outcome(&text);
    let work = &outcome.services["work@a"];
    assert_near("refused", work.block_probability, 0.550_321_208_149_104_5, 1e-9);
    assert_near("attempts per second", work.arrived / 3_600.0, 222.380_956_834_535_34, 1e-9);
    assert_near("users served", outcome.people["all"].request_availability, 0.833_333_333_333_333_3, 1e-9);
    // Without retries as many are served.
    let plain = crate::common::outcome(&text.replace(retries, ""));
    assert_near("users served without", plain.people["all"].request_availability, 0.833_333_333_333_333_3, 1e-9);
}

#[test]
fn o20_attempts_for_each_request_and_what_a_budget_leaves_of_them() {
    // Attempts are counted at a door, before what they are for gets lost.
    let amplified = |loses: &str, retries: &str| {
        let text = format!(
            r#"Scenario(format: 1, title: "attempts", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
            sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "1ms")],
            services: {{
                "door": (runs_at: {{"a": (servers: 100000)}}, takes: fixed("1ms"), calls: [hard(to: "work")]),
                "work": (runs_at: {{"b": (servers: 100000)}}, takes: fixed("1ms")),
            }},
            features: {{"do": (calls: [hard(to: "door")]{retries})}},
            people: {{"all": (users: 100, uses: {{"do": "1/s"}}, served_by: "a", arrivals: smooth)}},
            drill: [at("00:00", gray(of: "b", loses: "{loses}", probes_pass: true))])"#
        );
        let outcome = outcome(&text);
        let (people, door) = (&outcome.people["all"], &outcome.services["door@a"]);
        (door.arrived / people.requests.intended, people.request_availability)
    };
    let (attempts, success) = amplified("30%", ", retries: (attempts: 4)");
    assert_near("p = 0.3, n = 4", attempts, 1.417, 1e-9);
    assert_near("success", success, 0.991_9, 1e-9);
    assert_near("p = 0.5, n = 3", amplified("50%", ", retries: (attempts: 3)").0, 1.75, 1e-9);
    assert_near("p = 1, n = 3", amplified("100%", ", retries: (attempts: 3)").0, 3.0, 1e-9);
    assert_near("a tenth", amplified("100%", r#", retries: (attempts: 3, budget: "10%")"#).0, 1.1, 1e-9);
    assert_near("a fifth", amplified("100%", r#", retries: (attempts: 3, budget: "20%")"#).0, 1.2, 1e-9);
}

/// 280 requests per second on a server of 300, which stands still for the first ten seconds.
fn storm(horizon: &str, retries: &str, shed: bool) -> String {
    let service = r#"(servers: 1)}, takes: fixed("3333333ns"))}"#;
    let feature = format!(r#", timeout: "1s"{retries}"#);
    let shed = if shed { r#", at("+60s", surge(of: "all", by: "x0.357142857142857"))"# } else { "" };
    let drill = format!(r#"at("+0s", slow(service: "work", by: "x1000000", lasts: "10s")){shed}"#);
    station(horizon, 280.0, service, &feature, ", arrivals: smooth", &drill)
}

#[test]
fn o22_a_retry_storm_outlives_its_trigger() {
    let retries = ", retries: (attempts: 2)";
    let backlog = |horizon: &str| outcome(&storm(horizon, retries, false)).services["work@a"].backlog;
    assert_near("queue when the server works again", backlog("10s"), 5_320.0, 1e-5);
    assert_near("queue fifty seconds later", backlog("60s"), 18_320.0, 1e-5);
    // It never recovers by itself: each request is sent twice, 560 per second on a server of 300.
    let outcome = outcome(&storm("2h", retries, false));
    let work = &outcome.services["work@a"];
    assert!((work.arrived / 7_200.0 - 560.0).abs() < 0.2, "{} per second", work.arrived / 7_200.0);
    assert!(outcome.people["all"].request_availability < 0.001);
}

#[test]
fn o22_shedding_load_ends_the_storm() {
    let outcome = outcome(&storm("10min", ", retries: (attempts: 2)", true));
    let all = &outcome.people["all"];
    // The service time of 3.3 ms is a part of the latency: the queue has to be a request shorter than the oracle's.
    // Who is the first to succeed is sent at 242 s; that it works again is felt when the answer comes, at the end of the second.
    assert_near("first success", all.intervals[0].to_s - 1.0, 242.0, 1e-4);
    assert_near("longest queue", outcome.services["work@a"].overloads[0].backlog_max, 18_400.0, 1e-5);
}

#[test]
fn o22_without_retries_it_drains() {
    let outcome = outcome(&storm("10min", "", false));
    let overload = &outcome.services["work@a"].overloads[0];
    assert_near("recovered", overload.drained_at_s.unwrap(), 150.0, 1e-4);
    assert_near("longest queue", overload.backlog_max, 2_800.0, 1e-5);
}

#[test]
fn o39_who_is_there_lags_who_logs_in() {
    let text = |sessions: &str| {
        format!(
            r#"Scenario(format: 1, title: "oracle",
                clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "4d"),
                sites: {{"a": ()}},
                services: {{"work": (runs_at: {{"a": (servers: 1000)}}, takes: fixed("1ms"))}},
                features: {{"do": (calls: [hard(to: "work")])}},
                people: {{"all": (users: 1000, uses: {{"do": "1/min"}}, served_by: "a",
                    active: sinusoid(mean: "40%", swing: "50%", peak: "12:00", step: "1min"){sessions})}})"#
        )
    };
    let of_day_s = |label: &str| {
        let clock: Vec<f64> = label[label.len() - 8..].split(':').map(|part| part.parse().unwrap()).collect();
        clock[0] * 3_600.0 + clock[1] * 60.0 + clock[2]
    };
    let without = outcome(&text(""));
    assert_near("peak without sessions", of_day_s(&without.concurrency.peak_at), 43_200.0, 2e-3);
    for hours in [1.0, 3.0] {
        let with = outcome(&text(&format!(r#", sessions: (lasts: "{hours}h")"#)));
        let w = 2.0 * std::f64::consts::PI / 86_400.0;
        let ratio = w * hours * 3_600.0;
        // atan(w/mu) / w later, and smaller by 1 / sqrt(1 + (w/mu)^2).
        let lag_s = firedrill::num::atan2(ratio, 1.0) / w;
        let peak_s = of_day_s(&with.concurrency.peak_at);
        assert!((peak_s - 43_200.0 - lag_s).abs() < 600.0, "{hours} h: {peak_s} and {lag_s}");
        let swing = 0.5 / firedrill::num::sqrt(1.0 + ratio * ratio);
        assert_near("users at the peak", with.concurrency.peak, 400.0 * (1.0 + swing), 5e-3);
    }
}

#[test]
fn users_who_wait_for_answers_never_ask_for_more_than_there_is() {
    // A closed load of N users who think for Z on one server: X = min(N / (Z + R), C) (Denning & Buzen 1978).
    let closed = |users: u32, waits: &str| {
        outcome(&format!(
            r#"Scenario(format: 1, title: "closed",
                clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "2h"),
                sites: {{"a": ()}},
                services: {{"work": (runs_at: {{"a": (servers: 1)}}, takes: exponential(mean: "100ms"))}},
                features: {{"do": (calls: [hard(to: "work")])}},
                people: {{"all": (users: {users}, uses: {{"do": "6/min"}}, served_by: "a"{waits})}})"#
        ))
    };
    let busy = closed(200, ", waits_for_answers: true");
    assert_near("throughput", busy.services["work@a"].throughput_per_s, 10.0, 2e-3);
    // R = N/C - Z.
    assert_near("response", busy.people["all"].latency.all.p50_s.unwrap(), 10.0, 2e-2);
    assert_eq!(busy.services["work@a"].backlog, 0.0);
    let open = closed(200, "");
    assert!(
        open.services["work@a"].backlog > 70_000.0,
        "an open load does not wait: {}",
        open.services["work@a"].backlog
    );
    // With little load it hardly matters.
    let quiet = closed(20, ", waits_for_answers: true");
    assert_near("throughput", quiet.services["work@a"].throughput_per_s, 20.0 / 10.125, 2e-2);
}
