//! Exact answers about steering, data, surges, links and maintenance, through the front door.

use crate::common::{assert_mean, assert_near, campaign, outcome, outcome_of, world};

/// Two sites a and b of which a is lost at 02:00, behind DNS.
fn dns(steer: &str, users: u32) -> String {
    format!(
        r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "4h"),
            sites: {{"a": (), "b": ()}},
            groups: {{"home": (members: ["a", "b"])}},
            services: {{"work": (runs_at: {{"a": (servers: 1), "b": (servers: 1)}}, takes: fixed("0s"))}},
            features: {{"do": (calls: [hard(to: "work")])}},
            people: {{"all": (users: {users}, uses: {{"do": "1/s"}}, served_by: "home", arrivals: smooth)}},
            strategies: {{"only": (failover: {{"home": (detect: instant, steer: {steer})}})}},
            drill: [at("02:00", crash(of: "a"))])"#
    )
}

#[test]
fn o17_users_follow_dns_as_their_records_run_out() {
    let text = dns(r#"dns(ttl: "60s", ignored_by: "8.74%", ignored_for: "10m")"#, 1_000);
    let outcome = outcome(&text);
    let people = &outcome.people["all"];
    // Measured by what users lost, not by what the curve promises.
    assert_near("lost user-seconds", people.user_minutes_lost * 60.0, 53_598.0, 1e-9);
    let steering = &people.steering[0];
    assert_near("mean", steering.mean_s, 53.598, 1e-9);
    assert_near("95% moved", steering.p95_s, 256.750_572_082_379_85, 1e-9);
    assert_near("99% moved", steering.p99_s, 531.350_114_416_476, 1e-9);
    let left = |s: f64| steering.left.iter().find(|l| l.0 == s).unwrap().1;
    assert_near("left at 30 s", left(30.0), 0.539_33, 1e-9);
    assert_near("left at 60 s", left(60.0), 0.078_66, 1e-9);
    assert_near("left at 300 s", left(300.0), 0.043_7, 1e-9);
    // While more than half of the requests go to the dead site it is down; that is over when 50% have moved.
    let half_s = (1.0 - 0.5) / ((1.0 - 0.0874) / 60.0 + 0.0874 / 600.0);
    assert_near("down", people.downtime_s, half_s, 1e-6);
    let compliant = crate::common::outcome(&dns(r#"dns(ttl: "60s")"#, 1_000));
    assert_near("compliant mean", compliant.people["all"].steering[0].mean_s, 30.0, 1e-9);
}

#[test]
fn o17_resolvers_that_are_asked_rarely_hold_stale_records_less_often() {
    let outcome = outcome(&dns(r#"dns(ttl: "60s", asked_every: "120s")"#, 1_000));
    // A third of the resolvers hold a record; over the first TTL a sixth of the requests goes astray.
    let stale = outcome.people["all"].requests.failed / (1_000.0 * 60.0);
    assert_near("stale share of the first TTL", stale, 0.166_666_666_666_666_66, 1e-9);
}

#[test]
fn o18_the_downtime_budget_of_a_failover() {
    let text = |failover: &str| {
        format!(
            r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "250y"),
            sites: {{"a": (stands_on: all(["a hall"])), "b": ()}},
            components: {{"a hall": (fails: exponential(mean: "4380h"), repair: (takes: fixed("4h")))}},
            groups: {{"home": (members: ["a", "b"])}},
            services: {{"work": (runs_at: {{"a": (servers: 1), "b": (servers: 1)}}, takes: fixed("0s"))}},
            features: {{"do": (calls: [hard(to: "work")])}},
            people: {{"all": (users: 1000, uses: {{"do": "1/min"}}, served_by: "home", arrivals: smooth)}},
            strategies: {{"only": (failover: {{{failover}}})}})"#
        )
    };
    let failover = r#""home": (
        detect: probe(every: "30s", fails: 3),
        decide: sometimes(people: "10%", takes: uniform("300s", "1500s")),
        promote: (takes: fixed("60s")),
        steer: dns(ttl: "60s", ignored_by: "8.74%", ignored_for: "10m"),
        fails_on_demand: "5%", failback: after("0s"))"#;
    let with = world(&text(failover));
    let (mut minutes, mut failures) = (Vec::new(), Vec::new());
    for replication in 0..80 {
        let outcome = outcome_of(&with, replication);
        minutes.push(outcome.people["all"].user_minutes_lost / 1_000.0 / 250.0);
        failures.push(outcome.components["a hall"].failures as f64 / 250.0);
    }
    assert_mean("failures per year", &failures, 1.998_175_182_481_751_7, 0.02);
    assert_mean("user downtime per year in minutes", &minutes, 32.792_322_673_357_66, 0.05);
    let without = world(&text(""));
    let minutes: Vec<f64> =
        (0..20).map(|r| outcome_of(&without, r).people["all"].user_minutes_lost / 1_000.0 / 250.0).collect();
    assert_mean("without failover", &minutes, 479.562_043_795_620_4, 0.03);
}

/// A store with its primary at a and a replica at b; a is lost and b promoted.
fn store(replica: &str, people: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "2h"),
            sites: {{"a": (), "b": ()}},
            links: [(between: ("a", "b"), rtt: "10ms")],
            groups: {{"home": (members: ["a", "b"])}},
            services: {{"work": (runs_at: {{"a": (servers: 1)}}, takes: fixed("0s"), writes: {{"data": 1}})}},
            features: {{"do": (calls: [soft(to: "work")])}},
            people: {{{people}}},
            stores: {{"data": (primary: "home", replicas: {{"b": {replica}}})}},
            strategies: {{"only": (failover: {{"home": (detect: instant)}})}},
            drill: [{drill}])"#
    )
}

#[test]
fn o19_an_asynchronous_replica_at_rest_lacks_a_geometric_number_of_writes() {
    let people = r#""all": (users: 80, uses: {"do": "1/s"}, served_by: "a")"#;
    let world = world(&store(r#"async(applies: "100/s")"#, people, r#"at("01:00", crash(of: "a"))"#));
    let rested = outcome_of(&world, 0);
    let replica = &rested.stores["data"].replicas["b"];
    assert_near("mean", replica.lost_mean.unwrap(), 4.0, 1e-6);
    assert_near("none", replica.lost_none_probability.unwrap(), 0.2, 1e-6);
    assert_near("lag", replica.lag_mean_s.unwrap(), 0.04, 1e-6);
    assert_near("lag p99", replica.lag_p99_s.unwrap(), 0.219_101_233_738_693_66, 1e-6);
    assert_eq!(replica.lost_p99, Some(20.0));
    // And drawn, at the moment of the failure.
    let outcomes: Vec<_> = (0..4_000).map(|r| outcome_of(&world, r)).collect();
    let writes: Vec<f64> = outcomes.iter().map(|o| o.stores["data"].writes_lost).collect();
    let window: Vec<f64> = outcomes.iter().map(|o| o.stores["data"].data_loss_window_max_s).collect();
    assert_mean("writes lost", &writes, 4.0, 0.05);
    assert_mean("window", &window, 0.04, 0.06);
    let none: Vec<f64> = writes.iter().map(|w| f64::from(u8::from(*w == 0.0))).collect();
    assert_mean("nothing lost", &none, 0.2, 0.1);
}

#[test]
fn o19_log_shipping_loses_since_the_last_batch() {
    let people = r#""all": (users: 80, uses: {"do": "1/s"}, served_by: "a")"#;
    let shipped = r#"shipped(every: "300s", takes: "20s")"#;
    let world = world(&store(shipped, people, r#"at("01:00", crash(of: "a"))"#));
    let mut windows: Vec<f64> =
        (0..4_000).map(|r| outcome_of(&world, r).stores["data"].data_loss_window_max_s).collect();
    assert_mean("mean", &windows, 170.0, 0.02);
    windows.sort_by(f64::total_cmp);
    assert_near("p99", windows[3_960], 317.0, 0.005);
    assert!(windows[3_999] <= 320.0 && windows[0] >= 20.0);
}

#[test]
fn o19_a_burst_of_writes_leaves_the_replica_behind() {
    // 150 writes per second for 10 minutes, then 60; the replica applies 100.
    let burst = r#""all": (users: 150, uses: {"do": "1/s"}, served_by: "a", arrivals: smooth,
        active: points([("0s", "100%"), ("600s", "100%"), ("600s", "40%")]))"#;
    let replica = r#"async(applies: "100/s")"#;
    let lost = outcome(&store(replica, burst, r#"at("+600s", crash(of: "a"))"#));
    assert_near("writes lost", lost.stores["data"].writes_lost, 30_000.0, 1e-6);
    assert_near("window in source time", lost.stores["data"].data_loss_window_max_s, 200.0, 1e-6);
    let survived = outcome(&store(replica, burst, ""));
    let replica = &survived.stores["data"].replicas["b"];
    assert_near("backlog", replica.backlog_max, 30_000.0, 1e-6);
    assert_near("lag", replica.lag_max_s, 200.0, 1e-6);
    assert_near("caught up", replica.caught_up_at_s.unwrap(), 1_350.0, 1e-6);
}

#[test]
fn o23_a_triangular_surge_outlasts_itself() {
    let text = r#"Scenario(format: 1, title: "oracle",
        clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "1h"),
        sites: {"here": ()},
        services: {"work": (runs_at: {"here": (servers: 1)}, takes: fixed("10ms"))},
        features: {"do": (calls: [hard(to: "work")], slow_over: "30.01s")},
        people: {"all": (users: 160, uses: {"do": "1/s"}, served_by: "here", arrivals: smooth,
            active: points([("0s", "50%"), ("300s", "100%"), ("600s", "50%")]))})"#;
    let outcome = outcome(text);
    let overload = &outcome.services["work@here"].overloads[0];
    assert_near("start", overload.from_s, 75.0, 1e-6);
    assert_near("load falls back", overload.load_over_until_s, 525.0, 1e-6);
    assert_near("backlog", overload.backlog_max, 13_500.0, 1e-6);
    assert_near("when", overload.backlog_max_at_s, 525.0, 1e-6);
    assert_near("wait", overload.wait_max_s, 135.0, 1e-6);
    assert_near("drained", overload.drained_at_s.unwrap(), 1_237.5, 1e-6);
    assert_near("total delay", overload.delay_total_s, 8_095_312.5, 1e-6);
    assert_near("delayed", overload.requests_delayed, 116_250.0, 1e-6);
    // Virtual wait above 30 s is what users feel as slow: the service takes another 10 ms.
    let people = &outcome.people["all"];
    assert_near("slow", people.degraded_s, 862.499_999_999_998_6, 1e-6);
    assert_near("slow requests", people.requests.degraded, 86_249.999_999_999_88, 1e-4);
    assert_near("served", people.requests.served, people.requests.intended, 1e-9);
}

/// Six transfers over four links in a star.
fn transfers(weight: f64) -> std::collections::BTreeMap<String, f64> {
    let text = format!(
        r#"Scenario(format: 1, title: "oracle",
        clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "1h"),
        sites: {{"a": (), "b": (), "c": (), "d": (), "e": ()}},
        links: [
            (between: ("a", "b"), rtt: "1ms", bandwidth: "10Gbps"),
            (between: ("b", "c"), rtt: "1ms", bandwidth: "6Gbps"),
            (between: ("c", "d"), rtt: "1ms", bandwidth: "8Gbps"),
            (between: ("c", "e"), rtt: "1ms", bandwidth: "20Gbps"),
        ],
        transfers: {{
            "f1": (from: "a", to: "b", demand: "99Gbps"),
            "f2": (from: "a", to: "c", demand: "99Gbps", weight: {weight}),
            "f3": (from: "b", to: "d", demand: "99Gbps"),
            "f4": (from: "c", to: "d", demand: "2Gbps"),
            "f5": (from: "b", to: "e", demand: "99Gbps"),
            "f6": (from: "c", to: "e", demand: "99Gbps"),
        }})"#
    );
    outcome(&text).transfers.into_iter().map(|(name, t)| (name, t.mean_bps / 1e9)).collect()
}

#[test]
fn o24_transfers_share_links_max_min_fairly() {
    let plain = transfers(1.0);
    for (flow, expected) in [("f1", 8.0), ("f2", 2.0), ("f3", 2.0), ("f4", 2.0), ("f5", 2.0), ("f6", 18.0)] {
        assert_near(flow, plain[flow], expected, 1e-9);
    }
    let weighted = transfers(2.0);
    for (flow, expected) in [("f1", 7.0), ("f2", 3.0), ("f3", 1.5), ("f4", 2.0), ("f5", 1.5), ("f6", 18.5)] {
        assert_near(flow, weighted[flow], expected, 1e-9);
    }
}

#[test]
fn o25_young_components_fail_early() {
    let text = |repair: &str, starts: &str, horizon: &str, count: u32| {
        format!(
            r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon}"),
            components: {{"disks": (count: {count}, starts: {starts},
                fails: weibull(shape: 0.7, mean: "1000h"), repair: (takes: {repair}))}})"#
        )
    };
    let failures = |starts: &str, units: u32| -> Vec<f64> {
        let world = world(&text(r#"fixed("0s")"#, starts, "8760h", units));
        (0..100).map(|r| outcome_of(&world, r).components["disks"].failures as f64 / f64::from(units)).collect()
    };
    assert_mean("first year from new", &failures("new", 1_000), 9.324_571_835_507_783, 0.003);
    assert_mean("first year of a long life", &failures("stationary", 50), 8.76, 0.02);
    let first_day = world(&text(r#"fixed("1000h")"#, "new", "24h", 10_000));
    let shares: Vec<f64> =
        (0..20).map(|r| outcome_of(&first_day, r).components["disks"].failures as f64 / 10_000.0).collect();
    assert_mean("first day", &shares, 0.083_009_423_463_430_83, 0.02);
    let one = world(&text(r#"lognormal(mean: "6h", cv: 1.5)"#, "stationary", "250y", 1));
    let available: Vec<f64> = (0..60).map(|r| outcome_of(&one, r).components["disks"].availability).collect();
    assert_mean("availability", &available, 0.994_035_785_288_270_4, 0.001);
}

#[test]
fn o26_maintenance_overruns_what_was_announced() {
    let text = r#"Scenario(format: 1, title: "oracle",
        clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "200d"),
        sites: {"a": ()},
        maintenance: {"monthly": (starts: "01:00", announced: "120m", repeats_every: "15d",
            takes: lognormal(median: "102m", sigma: 0.5), takes_down: ["a"])})"#;
    let world = world(text);
    let (mut over, mut minutes, mut ratio, mut twice, mut any) = (vec![], vec![], vec![], vec![], vec![]);
    for replication in 0..1_500 {
        let outcome = outcome_of(&world, replication);
        let year = &outcome.maintenance[..12];
        for m in year {
            over.push(f64::from(u8::from(m.overrun_s > 0.0)));
            twice.push(f64::from(u8::from(m.actual_s > 2.0 * m.announced_s)));
            minutes.push(m.overrun_s / 60.0);
            ratio.push(m.actual_s / m.announced_s);
        }
        any.push(f64::from(u8::from(year.iter().any(|m| m.overrun_s > 0.0))));
    }
    assert_mean("P(overrun)", &over, 0.372_576_209_340_124_36, 0.03);
    assert_mean("P(twice as long)", &twice, 0.043_509_900_839_864_19, 0.08);
    assert_mean("mean ratio", &ratio, 0.963_176_185_106_802_4, 0.01);
    assert_mean("mean overrun in minutes", &minutes, 21.107_994_134_528_166, 0.05);
    assert_mean("P(any in 12)", &any, 0.996_278_382_055_712_6, 0.01);
    ratio.sort_by(f64::total_cmp);
    assert_near("p90", ratio[ratio.len() * 9 / 10], 1.613_259_801_198_528, 0.03);
    assert_near("p95", ratio[ratio.len() * 95 / 100], 1.934_614_117_284_110_7, 0.03);
}

/// A daily sinusoid around 100 users, one request per second each, and a capacity.
fn sinusoid(horizon: &str, capacity: u32, queue: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "oracle",
        clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon}"),
        sites: {{"here": ()}},
        services: {{"work": (runs_at: {{"here": (servers: {capacity})}}, takes: fixed("1s"), {queue})}},
        features: {{"do": (calls: [hard(to: "work")])}},
        people: {{"all": (users: 160, uses: {{"do": "1/s"}}, served_by: "here", arrivals: smooth,
            active: sinusoid(mean: "62.5%", swing: "60%", peak: "12:00", step: "10s"))}},
        drill: [{drill}])"#
    )
}

#[test]
fn o27_a_day_has_hours_above_the_capacity_of_the_survivor() {
    for (capacity, hours, excess) in [(130, 8.0, 156.956_804_703_690_27), (100, 12.0, 458.366_236_104_658_5)] {
        let outcome = outcome(&sinusoid("1d", capacity, "queue: 0", ""));
        let people = &outcome.people["all"];
        assert_near("excess", people.requests.shed / 3_600.0, excess, 1e-6);
        let over = &outcome.services["work@here"].overloads[0];
        assert_near("hours", (over.load_over_until_s - over.from_s) / 3_600.0, hours, 1e-3);
    }
    let outcome = outcome(&sinusoid("2d", 105, "", ""));
    let over = &outcome.services["work@here"].overloads[0];
    assert_near("backlog", over.backlog_max / 3_600.0, 399.958_708_495_923_2, 1e-6);
    assert_near("when", over.backlog_max_at_s / 3_600.0 - 12.0, 5.681_320_543_520_056, 1e-6);
    assert_near("cleared", over.drained_at_s.unwrap() / 3_600.0 - 12.0, 14.275_595_752_137_404, 1e-6);
}

#[test]
fn o27_an_hour_weighs_what_its_users_weigh() {
    let lost = |from: &str| {
        let drill = format!(r#"at("{from}", crash(of: "here", repaired_after: "1h"))"#);
        outcome(&sinusoid("30d", 1_000, "", &drill))
    };
    let peak = lost("11:30");
    let trough = lost("2023-01-02T23:30");
    let hours = |o: &firedrill::metrics::Outcome| o.people["all"].user_minutes_lost / 60.0 / 100.0;
    assert_near("weight at the peak", hours(&peak), 1.598_287_994_409_782, 1e-6);
    assert_near("weight at the trough", hours(&trough), 0.401_712_005_590_217_9, 1e-6);
    for (outcome, requests) in [(&peak, 0.997_780_155_563_320_1), (&trough, 0.999_442_066_658_902_5)] {
        assert_near("time", outcome.people["all"].time_availability, 0.998_611_111_111_111_1, 1e-9);
        assert_near("requests", outcome.people["all"].request_availability, requests, 1e-6);
    }
}

#[test]
fn o31_two_sites_never_beat_one_for_a_majority() {
    let unavailability = |layout: &[u32], needed: u32, replications: u64| -> Vec<f64> {
        let mut components = String::new();
        let mut nodes = Vec::new();
        for (site, count) in layout.iter().enumerate() {
            components += &format!(
                r#""site {site}": (fails: exponential(mean: "1999h"), repair: (takes: exponential(mean: "1h"))),"#
            );
            for node in 0..*count {
                components += &format!(
                    r#""node {site}/{node}": (stands_on: all(["site {site}"]),
                        fails: exponential(mean: "999h"), repair: (takes: exponential(mean: "1h"))),"#
                );
                nodes.push(format!("\"node {site}/{node}\""));
            }
        }
        let text = format!(
            r#"Scenario(format: 1, title: "oracle",
            clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "250y"),
            components: {{{components} "quorum": (stands_on: k_of_n({needed}, [{}]))}})"#,
            nodes.join(", ")
        );
        let world = world(&text);
        (0..replications).map(|r| 1.0 - outcome_of(&world, r).components["quorum"].availability).collect()
    };
    let (common, rare, wide) = campaign((10, 30, 2.0), (40, 120, 1.0));
    assert_mean("[5]", &unavailability(&[5], 3, common), 1.0 - 0.999_499_990_019_986_5, 0.05 * wide);
    assert_mean("[3, 2]", &unavailability(&[3, 2], 3, common), 1.0 - 0.999_498_492_273_726_8, 0.05 * wide);
    assert_mean("[2, 2, 1]", &unavailability(&[2, 2, 1], 3, rare), 1.0 - 0.999_996_243_282_209_5, 0.2 * wide);
    assert_mean("[1, 1, 1]", &unavailability(&[1, 1, 1], 2, rare), 1.0 - 0.999_993_261_242_502_5, 0.2 * wide);
}
