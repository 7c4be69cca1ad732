//! Exact answers, by requests that are followed one by one: through the front door, by replications.

use crate::common::{assert_mean, campaign, mean_and_error, world};
use firedrill::metrics::{Outcome, ServiceOutcome};
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

/// The outcomes of replications of a scenario in which every request is followed.
fn replications(text: &str, count: u64) -> Vec<Outcome> {
    let world = world(text);
    (0..count)
        .map(|replication| {
            let luck = Luck { seed: 1, replication };
            follow(&world, luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}")).outcome
        })
        .collect()
}

/// One station of a site with `per_s` Poisson arrivals a second, measured after a tenth of the time.
fn station(horizon_s: u64, per_s: f64, service: &str, feature: &str, people: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon_s}s", warm_up: "{}s"),
            sites: {{"a": ()}},
            services: {{"work": (runs_at: {{"a": {service},
            features: {{"do": (calls: [hard(to: "work")]{feature})}},
            people: {{"all": (users: 1000, uses: {{"do": "{}/h"}}, served_by: "a"{people})}})"#,
        horizon_s / 10,
        per_s * 3.6
    )
}

/// Asserts the mean of a measure over replications: |z| at most 4, and a half-width below one percent.
#[track_caller]
fn check(outcomes: &[Outcome], what: &str, expected: f64, of: impl Fn(&ServiceOutcome) -> f64) {
    check_to(0.01, outcomes, what, expected, of);
}

/// The same with a half-width below `width`.
#[track_caller]
fn check_to(width: f64, outcomes: &[Outcome], what: &str, expected: f64, of: impl Fn(&ServiceOutcome) -> f64) {
    let values: Vec<f64> = outcomes.iter().map(|outcome| of(&outcome.services["work@a"])).collect();
    assert_mean(what, &values, expected, width);
}

#[test]
fn o01_one_server() {
    let service = r#"(servers: 1)}, takes: exponential(mean: "100ms"))}"#;
    let outcomes = replications(&station(60_000, 8.0, service, "", ""), 40);
    check(&outcomes, "utilisation", 0.8, |w| w.utilisation);
    check(&outcomes, "probability of waiting", 0.8, |w| w.wait_probability);
    check(&outcomes, "wait", 0.4, |w| w.wait_mean_s);
    check(&outcomes, "sojourn", 0.5, |w| w.sojourn_mean_s);
    check(&outcomes, "waiting", 3.2, |w| w.queue_len_mean);
    check(&outcomes, "in the system", 4.0, |w| w.in_system_mean);
    check(&outcomes, "median sojourn", 0.346_573_590_279_972_64, |w| w.sojourn_p50_s.unwrap());
    check(&outcomes, "p95 sojourn", 1.497_866_136_776_995_4, |w| w.sojourn_p95_s.unwrap());
    check(&outcomes, "p99 sojourn", std::f64::consts::LN_10, |w| w.sojourn_p99_s.unwrap());
    check(&outcomes, "p95 wait", 1.386_294_361_119_890_6, |w| w.wait_p95_s);
    check(&outcomes, "p99 wait", 2.191_013_317_336_940_6, |w| w.wait_p99_s);
}

#[test]
fn o02_ten_servers_with_one_queue() {
    let service = r#"(servers: 10)}, takes: exponential(mean: "100ms"))}"#;
    let outcomes = replications(&station(14_000, 85.0, service, "", ""), 40);
    check(&outcomes, "utilisation", 0.85, |w| w.utilisation);
    check(&outcomes, "probability of waiting", 0.529_861_305_115_903_3, |w| w.wait_probability);
    check(&outcomes, "wait", 0.035_324_087_007_726_89, |w| w.wait_mean_s);
    check(&outcomes, "sojourn", 0.135_324_087_007_726_9, |w| w.sojourn_mean_s);
    check(&outcomes, "waiting", 3.002_547_395_656_785_4, |w| w.queue_len_mean);
    check(&outcomes, "in the system", 11.502_547_395_656_785, |w| w.in_system_mean);
    check(&outcomes, "p95 wait", 0.157_372_818_560_737_45, |w| w.wait_p95_s);
    check(&outcomes, "p99 wait", 0.264_668_679_389_677_5, |w| w.wait_p99_s);
    check(&outcomes, "median sojourn", 0.105_358_821_841_970_5, |w| w.sojourn_p50_s.unwrap());
    check(&outcomes, "p95 sojourn", 0.363_084_367_774_462_46, |w| w.sojourn_p95_s.unwrap());
    check(&outcomes, "p99 sojourn", 0.529_053_555_561_070_3, |w| w.sojourn_p99_s.unwrap());
    check(&outcomes, "p99.9 sojourn", 0.761_865_941_161_996_3, |w| w.sojourn_p999_s.unwrap());
}

#[test]
fn o03_a_bounded_queue_under_overload() {
    let service = r#"(servers: 4)}, takes: exponential(mean: "1s"), queue: 6)}"#;
    let outcomes = replications(&station(40_000, 5.0, service, "", ""), 40);
    check(&outcomes, "blocked", 0.230_024_325_429_411_84, |w| w.block_probability);
    check(&outcomes, "throughput", 3.849_878_372_852_941, |w| w.throughput_per_s);
    check(&outcomes, "utilisation", 0.962_469_593_213_235_2, |w| w.utilisation);
    check(&outcomes, "in the system", 7.356_111_562_454_414, |w| w.in_system_mean);
    check(&outcomes, "waiting", 3.506_233_189_601_473, |w| w.queue_len_mean);
    check(&outcomes, "wait", 0.910_738_690_948_096, |w| w.wait_mean_s);
    check(&outcomes, "sojourn", 1.910_738_690_948_096, |w| w.sojourn_mean_s);
    check(&outcomes, "probability of waiting", 0.881_715_276_310_249_3, |w| w.wait_probability);
    check(&outcomes, "p95 wait", 2.175_570_894_425_326_7, |w| w.wait_p95_s);
    check(&outcomes, "p99 wait", 2.846_855_157_241_649_6, |w| w.wait_p99_s);
}

#[test]
fn o05_impatient_users() {
    let exact = [
        (100, 0.033_030_152_528_288_5, 0.596_703_138_019_575_9, 6.606_030_505_657_701, 96.696_984_747_171_14),
        (90, 0.103_364_481_358_679_22, 0.937_676_960_749_518, 20.672_896_271_735_844, 89.663_551_864_132_07),
        (80, 0.200_055_139_070_549_6, 0.998_559_546_966_415_5, 40.011_027_814_109_916, 79.994_486_092_945_04),
    ];
    let (horizon_s, width) = campaign((2_000, 0.02), (8_000, 0.01));
    for (servers, given_up, waits, waiting, served) in exact {
        let service = format!(r#"(servers: {servers})}}, takes: exponential(mean: "1s"))}}"#);
        let outcomes = replications(&station(horizon_s, 100.0, &service, "", r#", patience: "2s""#), 30);
        check_to(width, &outcomes, "given up", given_up, |w| w.given_up / w.arrived);
        check_to(width, &outcomes, "probability of waiting", waits, |w| w.wait_probability);
        check_to(width, &outcomes, "waiting", waiting, |w| w.queue_len_mean);
        check_to(width, &outcomes, "wait of all", waiting / 100.0, |w| w.wait_mean_s);
        check_to(width, &outcomes, "throughput", served, |w| w.throughput_per_s);
        check_to(width, &outcomes, "utilisation", served / f64::from(servers), |w| w.utilisation);
    }
}

#[test]
fn o06_variability_of_the_service_time() {
    let cases = [
        (r#"fixed("1s")"#, 1.166_666_666_666_666_5, 60_000),
        (r#"erlang(mean: "1s", stages: 2)"#, 1.75, 90_000),
        (r#"exponential(mean: "1s")"#, 2.333_333_333_333_333, 120_000),
        (r#"lognormal(mean: "1s", cv: 2)"#, 5.833_333_333_333_332, 2_200_000),
    ];
    let (part, width) = campaign((4, 0.02), (1, 0.01));
    for (takes, wait_s, horizon_s) in cases {
        let service = format!(r#"(servers: 1)}}, takes: {takes})}}"#);
        let outcomes = replications(&station(horizon_s / part, 0.7, &service, "", ""), 40);
        check_to(width, &outcomes, takes, wait_s, |w| w.wait_mean_s);
    }
}

#[test]
fn o20_retries_of_what_is_refused() {
    // Drop at the door, at the scale of a fluid; retries come so late that they find another world.
    let service = r#"(servers: 1000)}, takes: fixed("1s"), queue: 0)}"#;
    let text = station(900, 1_200.0, service, ", retries: (attempts: 3, after: \"10s\")", "");
    let outcomes = replications(&text, 1);
    let users = &outcomes[0].people["all"].requests;
    let served = users.served / (users.served + users.shed);
    assert!((served / 0.833_333 - 1.0).abs() < 0.02, "{served}");
}

#[test]
fn o20_attempts_for_each_request_and_budgets() {
    let amplified = |loses: &str, retries: &str| {
        let service = r#"(servers: 1000)}, takes: fixed("1ms"))}"#;
        let text = station(2_000, 200.0, service, retries, "").replacen(
            "people:",
            &format!(r#"drill: [at("00:00", gray(of: "a", loses: "{loses}", probes_pass: true))], people:"#),
            1,
        );
        replications(&text, campaign(10, 30))
    };
    // What is lost on the way never arrives: attempts are counted by what users got.
    let success = |outcomes: &[Outcome]| -> Vec<f64> {
        outcomes.iter().map(|o| o.people["all"].requests.served / o.people["all"].requests.intended).collect()
    };
    assert_mean("success, p = 0.3, n = 4", &success(&amplified("30%", ", retries: (attempts: 4)")), 0.991_9, 0.01);
    assert_mean("success, p = 0.5, n = 3", &success(&amplified("50%", ", retries: (attempts: 3)")), 0.875, 0.01);
    // Of all that arrives at a server that refuses everything.
    let refused = |retries: &str| -> Vec<f64> {
        let service = r#"(servers: 1)}, takes: fixed("1ms"), in_flight_max: 1, rate_limit: (rate: "1/h", burst: 1))}"#;
        let outcomes = replications(&station(2_000, 200.0, service, retries, ""), campaign(10, 30));
        outcomes.iter().map(|o| o.services["work@a"].arrived / o.people["all"].requests.intended).collect()
    };
    // Every one of them, but for those that are still under way.
    assert!(refused(", retries: (attempts: 3)").iter().all(|attempts| (attempts - 3.0).abs() < 1e-3));
    assert_mean("a tenth", &refused(r#", retries: (attempts: 3, budget: "10%")"#), 1.1, 0.01);
    assert_mean("a fifth", &refused(r#", retries: (attempts: 3, budget: "20%")"#), 1.2, 0.01);
}

/// 280 requests per second on a server of 300, which stands still for the first ten seconds; a hundred times as large.
fn storm(horizon: &str, retries: &str, shed: bool) -> Outcome {
    let shed = if shed { r#", at("+60s", surge(of: "all", by: "x0.357142857142857"))"# } else { "" };
    let text = format!(
        r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon}"),
            sites: {{"a": ()}},
            services: {{"work": (runs_at: {{"a": (servers: 1)}}, takes: fixed("33333ns"))}},
            features: {{"do": (calls: [hard(to: "work")], timeout: "1s"{retries})}},
            people: {{"all": (users: 1000, uses: {{"do": "28/s"}}, served_by: "a")}},
            drill: [at("+0s", slow(service: "work", by: "x1000000", lasts: "10s")){shed}])"#
    );
    replications(&text, 1).remove(0)
}

#[test]
fn o22_a_retry_storm_outlives_its_trigger() {
    let near = |what: &str, seen: f64, expected: f64| {
        assert!((seen / expected - 1.0).abs() < 0.01, "{what}: {seen}, expected {expected}");
    };
    let retries = ", retries: (attempts: 2)";
    near("queue at the end of the outage", storm("10s", retries, false).services["work@a"].backlog, 532_000.0);
    near("queue at 60 s", storm("60s", retries, false).services["work@a"].backlog, 1_832_000.0);
    let shed = storm("300s", retries, true);
    near("first success", shed.people["all"].intervals[0].to_s, 242.0);
    let drained = storm("200s", "", false);
    near("drained without retries", drained.services["work@a"].overloads[0].drained_at_s.unwrap(), 150.0);
}

#[test]
fn o16_detection_takes_what_its_checks_take() {
    let text = r#"Scenario(format: 1, title: "oracle",
        clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "15min"),
        sites: {"here": ()},
        components: {"a": (at: "here"), "b": (at: "here")},
        groups: {"pair": (members: ["a", "b"])},
        services: {"work": (runs_at: {"here": (servers: 1)}, takes: fixed("1ms"), stands_on: all(["pair"]))},
        features: {"do": (calls: [hard(to: "work")])},
        people: {"all": (users: 10, uses: {"do": "1/s"}, served_by: "here")},
        strategies: {"only": (failover: {"pair": (detect: probe(every: "30s", fails: 3))})},
        drill: [at("+5min", crash(of: "a"))])"#;
    let outcomes = replications(text, 1_000);
    let delays: Vec<f64> = outcomes.iter().filter_map(|o| o.groups["pair"].detect_mean_s).collect();
    assert_mean("detection", &delays, 75.0, 0.01);
    // What users lost is what was sent meanwhile: ten requests a second for as long as it took.
    let lost: Vec<f64> = outcomes.iter().map(|o| o.people["all"].requests.failed / 10.0).collect();
    assert_mean("seconds of requests lost", &lost, 75.0, 0.01);
}

#[test]
fn o17_users_follow_dns() {
    let text = |steer: &str| {
        format!(
            r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "15min"),
            sites: {{"a": (), "b": ()}},
            groups: {{"home": (members: ["a", "b"])}},
            services: {{"work": (runs_at: {{"a": (servers: 1000), "b": (servers: 1000)}}, takes: fixed("1ms"))}},
            features: {{"do": (calls: [hard(to: "work")])}},
            people: {{"all": (users: 1000, uses: {{"do": "1/s"}}, served_by: "home")}},
            strategies: {{"only": (failover: {{"home": (detect: instant, steer: {steer})}})}},
            drill: [at("+1min", crash(of: "a"))])"#
        )
    };
    let (count, width) = campaign((10, 0.02), (40, 0.01));
    let failed = |steer: &str| -> Vec<f64> {
        replications(&text(steer), count).iter().map(|o| o.people["all"].requests.failed).collect()
    };
    let violators = r#"dns(ttl: "60s", ignored_by: "8.74%", ignored_for: "10m")"#;
    assert_mean("lost user-seconds of a thousand", &failed(violators), 53_598.0, width);
    assert_mean("all honour the TTL", &failed(r#"dns(ttl: "60s")"#), 30_000.0, width);
    let asked = failed(r#"dns(ttl: "60s", asked_every: "120s")"#);
    assert_mean("stale in the first TTL", &asked, 60_000.0 / 6.0, width);
}

#[test]
fn o19_writes_that_had_not_arrived() {
    let text = r#"Scenario(format: 1, title: "oracle",
        clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "61s"),
        sites: {"a": (), "b": ()},
        links: [(between: ("a", "b"), rtt: "10ms")],
        groups: {"home": (members: ["a", "b"])},
        services: {"work": (runs_at: {"a": (servers: 100)}, takes: fixed("0s"), writes: {"data": 1})},
        features: {"do": (calls: [soft(to: "work")])},
        people: {"all": (users: 80, uses: {"do": "1/s"}, served_by: "a")},
        stores: {"data": (primary: "home", replicas: {"b": async(applies: "100/s")})},
        strategies: {"only": (failover: {"home": (detect: instant)})},
        drill: [at("+60s", crash(of: "a"))])"#;
    // The half-width of one percent needs 50,000 failures: 5,000 are within three.
    let outcomes = replications(text, 5_000);
    let of = |name: &str, expected: f64, values: Vec<f64>| {
        let (mean, error) = mean_and_error(&values);
        assert!(((mean - expected) / error).abs() <= 4.0, "{name}: {mean} +- {error}, expected {expected}");
        assert!(1.96 * error < 0.06 * expected, "{name}: {error}");
    };
    let writes: Vec<f64> = outcomes.iter().map(|o| o.stores["data"].writes_lost).collect();
    of("nothing lost", 0.2, writes.iter().map(|w| f64::from(u8::from(*w == 0.0))).collect());
    of("writes lost", 4.0, writes);
    of("window", 0.04, outcomes.iter().map(|o| o.stores["data"].data_loss_window_max_s).collect());
}
