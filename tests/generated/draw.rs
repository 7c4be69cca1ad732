//! How a plan is drawn.

use super::{Chance, Component, Failover, Feature, Link, Maintenance, People, Plan, Service, Step};
use proptest::prelude::*;
use proptest::{collection, option, sample};

fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    sample::select(values)
}

/// What a service may say that the flow engine leaves out.
const OF_SERVICES: [&str; 7] = [
    "",
    ", discipline: lifo",
    ", discipline: priority",
    ", discipline: codel(target: \"20ms\")",
    ", at_once: true",
    ", in_flight_max: 50",
    ", rate_limit: (rate: \"20/s\", burst: 10)",
];

/// What a feature may say that the flow engine leaves out.
const OF_FEATURES: [&str; 6] = [
    "",
    ", at_once: true",
    ", cancels: true",
    ", hedge: (after: \"300ms\")",
    ", breaker: (fails: \"50%\", of_at_least: 20, over: \"10s\", opens_for: \"5s\")",
    ", throttle: ()",
];

/// Durations between two numbers of minutes.
fn minutes(chance: Chance, from: u64, to: u64) -> BoxedStrategy<String> {
    let fixed = (from..=to).prop_map(|m| format!("fixed(\"{m}min\")"));
    if chance == Chance::None {
        return fixed.boxed();
    }
    prop_oneof![
        2 => fixed,
        1 => (from..=to).prop_map(|m| format!("exponential(mean: \"{}min\")", m.max(1))),
        1 => (from..=to).prop_map(|m| format!("lognormal(median: \"{}min\", sigma: 0.7)", m.max(1))),
        1 => (from..=to).prop_map(|m| format!("weibull(shape: 0.8, mean: \"{}min\")", m.max(1))),
        1 => (from..=to).prop_map(move |m| format!("uniform(\"{from}min\", \"{}min\")", m.max(from + 1))),
    ]
    .boxed()
}

fn link() -> impl Strategy<Value = Link> {
    // Powers of two: no two ways are equally long, so that no order of names decides between them.
    let bandwidth = option::weighted(0.3, one_of(&["10Mbps", "1Gbps", "100kbps"]));
    let loss = prop_oneof![4 => Just("0%"), 1 => one_of(&["0.5%", "20%"])];
    let jitter_ms = prop_oneof![4 => Just(0_u64), 1 => 1..50_u64];
    (bandwidth, loss, jitter_ms).prop_map(|(bandwidth, loss, jitter_ms)| Link { rtt_ms: 1, bandwidth, loss, jitter_ms })
}

fn component(chance: Chance) -> impl Strategy<Value = Component> {
    let fails: BoxedStrategy<Option<String>> = match chance {
        Chance::None => Just(None).boxed(),
        _ => option::weighted(0.6, minutes(chance, 60, 6_000)).boxed(),
    };
    let gate = option::weighted(0.5, (0..3_u8, 0..4_usize, 0..4_usize));
    let numbers = (option::of(0..4_usize), 1..6_u64, 0..3_u64);
    let flags = (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    let takes = option::weighted(0.8, minutes(chance, 1, 300));
    (numbers, gate, fails, takes, flags, any::<bool>()).prop_map(
        move |((at, count, spare), gate, fails, takes, (with_crew, hidden, temporary, stock), stationary)| Component {
            at,
            count,
            spare,
            gate,
            fails,
            takes,
            with_crew,
            temporary: temporary && chance != Chance::None,
            stock,
            hidden: hidden && chance != Chance::None,
            stationary,
        },
    )
}

fn failover(chance: Chance) -> impl Strategy<Value = Failover> {
    let detect = if chance == Chance::None {
        Just("instant".to_owned()).boxed()
    } else {
        prop_oneof![
            2 => Just("instant".to_owned()),
            3 => (5..120_u64, 1..4_u32).prop_map(|(s, n)| format!("probe(every: \"{s}s\", fails: {n})")),
            1 => (2..9_u64).prop_map(|s| format!("heartbeat(every: \"{s}s\", grace: \"{}s\")", 3 * s)),
            1 => Just("phi_accrual(threshold: 8, mean: \"1s\", sd: \"100ms\")".to_owned()),
            1 => Just("raft(followers: 4, timeout: (\"150ms\", \"300ms\"))".to_owned()),
            1 => Just("vrrp(priority: 100, advert: \"1s\")".to_owned()),
        ]
        .boxed()
    };
    let decide = if chance == Chance::None {
        prop_oneof![
            Just("automatic".to_owned()),
            minutes(chance, 1, 60).prop_map(|takes| format!("people(takes: {takes}, hours: (\"08:00\", \"17:00\"))")),
        ]
        .boxed()
    } else {
        prop_oneof![
            2 => Just("automatic".to_owned()),
            1 => minutes(chance, 1, 60).prop_map(|takes| format!("people(takes: {takes}, hours: (\"08:00\", \"17:00\"))")),
            1 => minutes(chance, 1, 60).prop_map(|takes| format!("sometimes(people: \"40%\", takes: {takes})")),
        ]
        .boxed()
    };
    let fails = if chance == Chance::None { one_of(&["0%"]) } else { one_of(&["0%", "0%", "10%", "100%"]) };
    let on_demand = if chance == Chance::None { one_of(&["0%"]) } else { one_of(&["0%", "0%", "20%", "100%"]) };
    let steer = prop_oneof![
        Just("at_once".to_owned()),
        (1..30_u64).prop_map(|m| format!("ramp(\"{m}min\")")),
        (1..10_u64).prop_map(|m| format!("dns(ttl: \"{m}min\")")),
        (1..10_u64).prop_map(|m| format!(
            "dns(ttl: \"{m}min\", ignored_by: \"5%\", ignored_for: \"1h\", asked_every: \"1h\")"
        )),
    ];
    (
        detect,
        decide,
        collection::vec((minutes(chance, 0, 20), fails), 0..=5),
        steer,
        on_demand,
        option::of(minutes(chance, 10, 120)),
        option::of(1..120_u64),
        any::<bool>(),
    )
        .prop_map(|(detect, decide, phases, steer, on_demand, by_hand, failback_min, first_back)| Failover {
            detect,
            decide,
            phases,
            steer,
            on_demand,
            by_hand,
            failback_min,
            first_back,
        })
}

fn service(chance: Chance) -> impl Strategy<Value = Service> {
    let servers =
        if chance == Chance::Absurd { sample::select(vec![0_u64, 1, 1_000_000]).boxed() } else { (1..40_u64).boxed() };
    let takes = prop_oneof![
        (1..400_u64).prop_map(|ms| format!("fixed(\"{ms}ms\")")),
        (1..400_u64).prop_map(|ms| format!("exponential(mean: \"{ms}ms\")")),
        (1..400_u64).prop_map(|ms| format!("lognormal(mean: \"{ms}ms\", cv: 1.2)")),
    ];
    let takes = if chance == Chance::Absurd {
        prop_oneof![takes, Just("fixed(\"1ns\")".to_owned()), Just("fixed(\"3h\")".to_owned())].boxed()
    } else {
        takes.boxed()
    };
    let queue = option::of(prop_oneof![Just(0_u64), 1..50_u64, Just(20_000_u64)]);
    let calls = collection::vec((any::<bool>(), 0..4_usize, one_of(&["1", "2", "0.5"])), 0..3);
    (
        (1..16_u8, servers, 1..5_u32, takes),
        queue,
        calls,
        option::weighted(0.4, 0..4_usize),
        prop_oneof![3 => Just(0_u64), 1 => 1..600_u64],
        (any::<bool>(), prop::bool::weighted(0.2), any::<bool>(), any::<bool>(), one_of(&OF_SERVICES)),
    )
        .prop_map(
            |(
                (sites, servers, workers, takes),
                queue,
                calls,
                stands_on,
                starts_s,
                (holds, warms, feeds, writes, each),
            )| {
                Service {
                    sites,
                    servers,
                    workers,
                    takes,
                    queue,
                    holds,
                    calls,
                    stands_on,
                    starts_s,
                    warms,
                    feeds,
                    writes,
                    each,
                }
            },
        )
}

fn feature() -> impl Strategy<Value = Feature> {
    (
        (0..4_usize, option::weighted(0.3, 0..4_usize)),
        option::of(1..30_u64),
        option::of(50..5_000_u64),
        one_of(&["0B", "30kB", "2MB"]),
        (any::<bool>(), prop::bool::weighted(0.3), one_of(&OF_FEATURES)),
    )
        .prop_map(|((service, also), timeout_s, slow_over_ms, size, (fresh, reads, each))| Feature {
            service,
            also,
            timeout_s,
            slow_over_ms,
            size,
            fresh,
            reads,
            each,
        })
}

fn people(chance: Chance) -> impl Strategy<Value = People> {
    let users = if chance == Chance::Absurd {
        sample::select(vec![0_u64, 1, 4_000_000_000]).boxed()
    } else {
        (1..3_000_u64).boxed()
    };
    let rates = if chance == Chance::Absurd {
        one_of(&["0/s", "1e-9/d", "1000000/s"])
    } else {
        one_of(&["6/h", "1/min", "4/min"])
    };
    (
        users,
        0..4_u8,
        collection::vec(0..=100_u32, 2..5),
        collection::vec(rates, 2),
        0..5_usize,
        prop_oneof![Just(100_u32), 0..100_u32],
        any::<bool>(),
        0..100_u64,
    )
        .prop_map(|(users, active, shares, rates, served_by, keeps_trying, smooth, rtt_ms)| People {
            users,
            active,
            shares,
            rates,
            served_by,
            keeps_trying,
            smooth,
            rtt_ms,
        })
}

fn step(chance: Chance) -> impl Strategy<Value = Step> {
    let by = if chance == Chance::Absurd {
        one_of(&["x0.001", "x1000000", "x1"])
    } else {
        one_of(&["x0.5", "x1.3", "x3", "x10"])
    };
    (0..9_u8, 0..8_usize, by, 1..=100_u32, option::weighted(0.8, 1..300_u64), 0..60_u64)
        .prop_map(|(kind, of, by, share, lasts_min, jitter_s)| Step { kind, of, by, share, lasts_min, jitter_s })
}

fn maintenance(chance: Chance) -> impl Strategy<Value = Maintenance> {
    (0..8_usize, 0..3_u8, minutes(chance, 10, 200), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(of, rolling, takes, told, abort, only_if_healthy)| Maintenance {
            of,
            rolling,
            takes,
            told,
            abort,
            only_if_healthy,
        },
    )
}

/// Any small scenario with this much chance in it.
pub fn plans(chance: Chance) -> impl Strategy<Value = Plan> {
    let places = (
        120..600_u64,
        prop::bool::weighted(0.2),
        collection::vec(any::<bool>(), 1..=4),
        collection::vec(link(), 6),
        collection::vec(component(chance), 0..=4),
        option::of((1..3_u32, option::of(minutes(chance, 1, 60)))),
    );
    let response = (
        option::weighted(0.7, failover(chance)),
        option::weighted(0.3, maintenance(chance)),
        collection::vec(step(chance), 0..5),
    );
    // What a replica lacks when its primary fails is drawn.
    let replica = if chance == Chance::None {
        Just("sync".to_owned()).boxed()
    } else {
        prop_oneof![
            Just("sync".to_owned()),
            (1..50_u64).prop_map(|n| format!("async(applies: \"{n}/s\")")),
            (1..50_u64).prop_map(|n| format!("semi_sync(applies: \"{n}/s\")")),
        ]
        .boxed()
    };
    let data =
        (option::of((0..5_usize, 1..20_u64, 10..2_000_u64, 1..60_u64)), option::of((0..5_usize, 0..20_u64, replica)));
    let demand = (
        collection::vec(service(chance), 1..=4),
        collection::vec(feature(), 1..=3),
        collection::vec(people(chance), 1..=3),
    );
    (places, response, data, demand).prop_map(
        |(
            (horizon_min, warm_up, sites, links, components, crew),
            (failover, maintenance, drill),
            (queue, store),
            (services, features, people),
        )| Plan {
            horizon_min,
            warm_up,
            sites,
            links,
            components,
            crew,
            failover,
            services,
            queue,
            store,
            features,
            people,
            drill,
            maintenance,
        },
    )
}
