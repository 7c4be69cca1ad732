//! Exact answers, through the front door: a scenario that states the model, run, compared.

use crate::common::{assert_mean, assert_near, campaign, outcome, outcome_of, world};

/// A scenario of one site with these parts.
fn one_site(horizon: &str, warm_up: &str, parts: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon}", warm_up: "{warm_up}"),
            sites: {{"here": ()}}, {parts})"#
    )
}

/// A station with a constant load.
fn station(users: u32, takes: &str, servers: u32, queue: &str) -> String {
    let parts = format!(
        r#"services: {{"work": (runs_at: {{"here": (servers: {servers})}}, takes: {takes}, {queue})}},
           features: {{"do": (calls: [hard(to: "work")])}},
           people: {{"all": (users: {users}, uses: {{"do": "1/s"}}, served_by: "here")}}"#
    );
    one_site("10d", "1d", &parts)
}

#[test]
fn o02_a_shared_queue_waits_as_erlang_said() {
    let outcome = outcome(&station(85, r#"exponential(mean: "100ms")"#, 10, ""));
    let service = &outcome.services["work@here"];
    assert_near("rho", service.utilisation, 0.85, 1e-9);
    assert_near("erlang C", service.wait_probability, 0.529_861_305_115_903_3, 1e-9);
    assert_near("Wq", service.wait_mean_s, 0.035_324_087_007_726_89, 1e-9);
    assert_near("W", service.sojourn_mean_s, 0.135_324_087_007_726_9, 1e-9);
    assert_near("Lq", service.queue_len_mean, 3.002_547_395_656_785_4, 1e-9);
    assert_near("L", service.in_system_mean, 11.502_547_395_656_785, 1e-9);
    assert_near("wait p95", service.wait_p95_s, 0.157_372_818_560_737_45, 1e-6);
    assert_near("wait p99", service.wait_p99_s, 0.264_668_679_389_677_5, 1e-6);
    assert_near("sojourn p50", service.sojourn_p50_s.unwrap(), 0.105_358_821_841_970_5, 1e-6);
    assert_near("sojourn p95", service.sojourn_p95_s.unwrap(), 0.363_084_367_774_462_46, 1e-6);
    assert_near("sojourn p99", service.sojourn_p99_s.unwrap(), 0.529_053_555_561_070_3, 1e-6);
    assert_near("sojourn p99.9", service.sojourn_p999_s.unwrap(), 0.761_885_941_161_963_1, 1e-6);
    // Users read the same latency from a histogram of three significant digits over composed points.
    let latency = &outcome.people["all"].latency.all;
    assert_near("latency p50", latency.p50_s.unwrap(), 0.105_358_821_841_970_5, 0.02);
    assert_near("latency p95", latency.p95_s.unwrap(), 0.363_084_367_774_462_46, 0.02);
    assert_near("latency p99", latency.p99_s.unwrap(), 0.529_053_555_561_070_3, 0.02);
}

#[test]
fn o03_a_bounded_queue_sheds_what_it_cannot_hold() {
    let outcome = outcome(&station(5, r#"exponential(mean: "1s")"#, 4, "queue: 6"));
    let service = &outcome.services["work@here"];
    assert_near("block", service.block_probability, 0.230_024_325_429_411_84, 1e-9);
    assert_near("throughput", service.throughput_per_s, 3.849_878_372_852_941, 1e-9);
    assert_near("utilisation", service.utilisation, 0.962_469_593_213_235_2, 1e-9);
    assert_near("L", service.in_system_mean, 7.356_111_562_454_414, 1e-9);
    assert_near("Lq", service.queue_len_mean, 3.506_233_189_601_473, 1e-9);
    assert_near("Wq", service.wait_mean_s, 0.910_738_690_948_096, 1e-9);
    assert_near("W", service.sojourn_mean_s, 1.910_738_690_948_096, 1e-9);
    assert_near("P(wait)", service.wait_probability, 0.881_715_276_310_249_3, 1e-9);
    assert_near("wait p95", service.wait_p95_s, 2.175_570_894_425_326_7, 1e-6);
    assert_near("wait p99", service.wait_p99_s, 2.846_855_157_241_649_6, 1e-6);
    let requests = &outcome.people["all"].requests;
    assert_near("shed share", requests.shed / requests.intended, 0.230_024_325_429_411_84, 1e-9);
}

/// Availability of a gate over `n` like units, and how often and how long it was closed, over 250 years.
fn k_of_n(n: u32, k: u32, crews: u32) -> (f64, f64, f64) {
    let units: Vec<String> = (1..=n).map(|i| format!("\"unit {i}\"")).collect();
    let components: String = units
        .iter()
        .map(|u| {
            format!(
                r#"{u}: (fails: exponential(mean: "1000h"), repair: (takes: exponential(mean: "24h"), crew: "crew")),"#
            )
        })
        .collect();
    let parts = format!(
        r#"crews: {{"crew": (at_once: {crews})}},
           components: {{{components} "system": (stands_on: k_of_n({k}, [{}]))}}"#,
        units.join(", ")
    );
    let world = world(&one_site("250y", "1y", &parts));
    let years = 249.0;
    let (mut down_s, mut outages) = (0.0, 0.0);
    let replications = 40;
    for replication in 0..replications {
        let system = &outcome_of(&world, replication).components["system"];
        down_s += system.downtime_s;
        outages += system.outages as f64;
    }
    let all_years = years * replications as f64;
    (down_s / 60.0 / all_years, outages / all_years, down_s / 3_600.0 / outages)
}

/// Downtime per year, outages per year and mean outage within `relative`, which the caller takes from the number of
/// outages: four standard errors.
#[track_caller]
fn assert_k_of_n(n: u32, k: u32, crews: u32, down_min: f64, per_year: f64, mean_h: f64, relative: f64) {
    let (down, outages, mean) = k_of_n(n, k, crews);
    assert_near("downtime in minutes per year", down, down_min, relative * 1.5);
    assert_near("outages per year", outages, per_year, relative);
    assert_near("mean outage in hours", mean, mean_h, relative);
}

#[test]
fn o09_two_of_three_with_one_crew() {
    assert_k_of_n(3, 2, 1, 1_729.429_675, 1.172_844_56, 24.576, 0.04);
}

#[test]
fn o09_three_of_five_with_one_crew() {
    assert_k_of_n(5, 3, 1, 403.908_171, 0.267_350_95, 25.179_648, 0.08);
}

#[test]
fn o09_three_of_five_with_five_crews() {
    assert_k_of_n(5, 3, 5, 65.312_232, 0.134_446_05, 8.096_460_8, 0.11);
}

#[test]
fn o09_three_of_four_with_two_crews() {
    assert_k_of_n(4, 3, 2, 1_692.155_095, 2.294_486_91, 12.291_456, 0.03);
}

#[test]
fn o10_active_and_standby_with_imperfect_failover() {
    let unit = r#"(at: "here", fails: exponential(mean: "1000h"),
                   repair: (takes: exponential(mean: "8h"), crew: "crew"))"#;
    let parts = |fails: &str| {
        format!(
            r#"crews: {{"crew": (at_once: 1)}},
               components: {{"a": {unit}, "b": {unit}}},
               groups: {{"pair": (members: ["a", "b"])}},
               strategies: {{"only": (failover: {{"pair": (
                   detect: instant,
                   promote: (takes: exponential(mean: "60s")),
                   fails_on_demand: "{fails}",
                   if_it_fails: by_hand(exponential(mean: "30m")),
                   first_back_takes_over: true,
               )}})}}"#
        )
    };
    let (replications, wide) = campaign((60, 2.0), (240, 1.0));
    for (fails, expected_min) in [("5%", 86.546_775_791_779_05), ("0%", 74.811_876_604_803_64), ("10%", 98.281_674_978)]
    {
        let world = world(&one_site("250y", "1y", &parts(fails)));
        let (mut minutes, mut outages) = (Vec::new(), Vec::new());
        for replication in 0..replications {
            let outcome = outcome_of(&world, replication);
            minutes.push(outcome.components["pair"].downtime_s / 60.0 / 249.0);
            outages.push(outcome.components["pair"].outages as f64 / 249.0);
        }
        assert_mean("downtime per year", &minutes, expected_min, 0.03 * wide);
        assert_mean("outages per year", &outages, 8.758_557_553_736_804, 0.01 * wide);
    }
}

#[test]
fn o11_a_common_cause_defeats_the_second_site() {
    let (replications, wide) = campaign((500, 2.0), (2_000, 1.0));
    for (beta, expected) in [("0%", 8.324_897e-7), ("5%", 2.360_162_259e-5), ("20%", 9.191_525_41e-5)] {
        let fails = r#"fails: exponential(mean: "8760h"), repair: (takes: exponential(mean: "8h"))"#;
        let parts = format!(
            r#"components: {{"a": ({fails}), "b": ({fails}), "either": (stands_on: any(["a", "b"]))}},
               common_cause: {{"shared": (of: ["a", "b"], beta: "{beta}")}}"#
        );
        let world = world(&one_site("250y", "1y", &parts));
        let down: Vec<f64> =
            (0..replications).map(|r| 1.0 - outcome_of(&world, r).components["either"].availability).collect();
        assert_mean(&format!("unavailability at beta {beta}"), &down, expected, 0.12 * wide);
    }
}

#[test]
fn o15_a_latent_failure_waits_for_its_test() {
    let mechanism =
        |every: &str| format!(r#"(hidden: true, fails: exponential(mean: "8760h"), tested_every: "{every}")"#);
    let down = |every: &str, replications: u64| -> (Vec<f64>, Vec<f64>) {
        let m = mechanism(every);
        let parts = format!(r#"components: {{"one": {m}, "two": {m}, "both": (stands_on: any(["one", "two"]))}}"#);
        let world = world(&one_site("200y", "0s", &parts));
        (0..replications)
            .map(|r| {
                let outcome = outcome_of(&world, r);
                (1.0 - outcome.components["one"].availability, 1.0 - outcome.components["both"].availability)
            })
            .unzip()
    };
    let (single, double) = down("730h", 60);
    assert_mean("PFDavg of one", &single, 0.040_532_975_551_879_51, 0.02);
    assert_mean("PFDavg of one of two, tested together", &double, 0.002_175_601_760_074_252_8, 0.1);
    assert_mean("PFDavg tested weekly", &down("168h", 80).0, 0.009_528_034_069_269_387, 0.02);
    assert_mean("PFDavg tested yearly", &down("8760h", 60).0, 0.367_879_441_171_442_33, 0.02);
}

/// A failover that is called upon at a random moment of a test interval, with a latent fault and a failure on demand.
#[test]
fn o15_a_failover_fails_as_often_as_both_its_causes_say() {
    let parts = r#"components: {
            "mechanism": (hidden: true, fails: exponential(mean: "8760h"), tested_every: "730h"),
            "a": (at: "here", fails: exponential(mean: "87600h"), repair: (takes: fixed("1h"))),
            "b": (at: "here"),
        },
        groups: {"pair": (members: ["a", "b"])},
        strategies: {"only": (failover: {"pair": (
            detect: instant, promote: (takes: fixed("2m")), fails_on_demand: "1%", mechanism: "mechanism",
            failback: after("0s"),
        )})}"#;
    let world = world(&one_site("250y", "0s", parts));
    let (mut demands, mut failed) = (0.0, 0.0);
    for replication in 0..400 {
        let group = &outcome_of(&world, replication).groups["pair"];
        demands += group.demands as f64;
        failed += group.failed_on_demand as f64;
    }
    let expected = 0.050_127_645_796_360_754_f64;
    let share = failed / demands;
    let error = (expected * (1.0 - expected) / demands).sqrt();
    assert!(demands > 9_000.0, "only {demands} demands");
    assert!(((share - expected) / error).abs() <= 4.0, "{share} of {demands}, expected {expected} +- {error}");
}

/// Seconds from a crash at noon until it is noticed, over replications.
fn detection(detect: &str, act: &str, replications: u64) -> Vec<f64> {
    let parts = format!(
        r#"components: {{"a": (at: "here"), "b": (at: "here")}},
           groups: {{"pair": (members: ["a", "b"])}},
           strategies: {{"only": (failover: {{"pair": (detect: {detect})}})}},
           drill: [at("12:00", {act})]"#
    );
    let world = world(&one_site("1d", "0s", &parts));
    (0..replications).filter_map(|r| outcome_of(&world, r).groups["pair"].detect_mean_s).collect()
}

#[test]
fn o16_a_failure_is_noticed_after_the_checks_that_it_takes() {
    let crash = r#"crash(of: "a")"#;
    let delays = detection(r#"probe(every: "30s", fails: 3)"#, crash, 4_000);
    assert_eq!(delays.len(), 4_000);
    assert_mean("mean", &delays, 75.0, 0.01);
    assert!(delays.iter().all(|d| (60.0..=90.0).contains(d)));
    let (mean, error) = crate::common::mean_and_error(&delays);
    assert_near("standard deviation", error * 4_000f64.sqrt(), 8.660_254_037_844_387, 0.04);
    let mut sorted = delays.clone();
    sorted.sort_by(f64::total_cmp);
    assert_near("p95", sorted[3_800], 88.5, 0.005);
    assert!(mean > 74.0);
    let cases = [
        (r#"probe(every: "30s", fails: 2, timeout: "5s")"#, 50.0),
        (r#"heartbeat(every: "10s", grace: "40s")"#, 35.0),
        (r#"heartbeat(every: "10s", grace: "50s")"#, 45.0),
        (r#"probe(every: "30s", fails: 3, checkers: 8, quorum: 5)"#, 76.666_666_666_666_67),
        (r#"raft(followers: 4, timeout: ("150ms", "300ms"))"#, 0.180),
        (r#"raft(followers: 2, timeout: ("150ms", "300ms"))"#, 0.200),
        // From the last advertisement or heartbeat, which came up to an interval before the failure.
        (r#"vrrp(priority: 100, advert: "1s")"#, 3.609_375 - 0.5),
        (r#"phi_accrual(threshold: 8, mean: "1s")"#, 18.420_680_743_952_367 - 0.5),
        (r#"phi_accrual(threshold: 12, mean: "1s")"#, 27.631_021_115_928_55 - 0.5),
        (r#"phi_accrual(threshold: 8, mean: "1s", sd: "100ms")"#, 1.561_200_124_417_479 - 0.5),
    ];
    for (detect, expected) in cases {
        assert_mean(detect, &detection(detect, crash, 2_000), expected, 0.02);
    }
}

#[test]
fn o16_a_gray_failure_is_noticed_when_enough_checks_fail_in_a_row() {
    let gray = r#"gray(of: "a", loses: "50%")"#;
    let delays = detection(r#"probe(every: "10s", fails: 3)"#, gray, 4_000);
    assert_mean("half of the checks lost", &delays, 135.0, 0.03);
}

#[test]
fn o16_lossy_checks_raise_false_alarms() {
    // 1% of the checks lost, three in a row: every 1,010,100 checks. 20%: every 155.
    for (loss, every, years, checks) in [("1%", "10s", "50y", 1_010_100.0), ("20%", "1h", "10y", 155.0)] {
        let parts = format!(
            r#"components: {{"a": (at: "here"), "b": (at: "here")}},
               groups: {{"pair": (members: ["a", "b"])}},
               strategies: {{"only": (failover: {{"pair": (
                   detect: probe(every: "{every}", fails: 3, loss: "{loss}"))}})}}"#
        );
        let world = world(&one_site(years, "0s", &parts));
        let alarms: f64 = (0..40).map(|r| outcome_of(&world, r).groups["pair"].false_alarms as f64).sum();
        let seconds: f64 = 40.0 * world.horizon.seconds();
        let interval: f64 = if every == "1h" { 3_600.0 } else { 10.0 };
        let expected = seconds / interval / checks;
        assert!(((alarms - expected) / expected.sqrt()).abs() <= 4.0, "{alarms} alarms, expected {expected}");
    }
}
