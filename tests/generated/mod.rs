//! Small random scenarios that compile: sites, links, components, a group that fails over, services, people, a drill.
//!
//! A [`Plan`] is numbers only, so that it shrinks well; [`Plan::text`] writes it as a scenario. Names are given by the
//! caller, so that one plan can be written under other names.

use proptest::prelude::*;
use proptest::{collection, option, sample};

/// How the luck of a plan comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chance {
    /// Everything that the format knows.
    Any,
    /// Nothing is drawn: every time is fixed and nothing fails but by the drill.
    None,
    /// Numbers that make no sense in a real design.
    Absurd,
}

/// The names of a scenario's entities, from a letter for their kind and a number.
pub type Names<'a> = &'a dyn Fn(char, usize) -> String;

/// Names that sort as their kinds and numbers do: `S0`, `S1`, `V0`.
pub fn plain(kind: char, index: usize) -> String {
    format!("{kind}{index}")
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub horizon_min: u64,
    pub warm_up: bool,
    pub sites: Vec<bool>,
    pub links: Vec<Link>,
    pub components: Vec<Component>,
    pub crew: Option<(u32, Option<String>)>,
    pub failover: Option<Failover>,
    pub services: Vec<Service>,
    pub queue: Option<(usize, u64, u64, u64)>,
    pub store: Option<(usize, u64, String)>,
    pub features: Vec<Feature>,
    pub people: Vec<People>,
    pub drill: Vec<Step>,
    pub maintenance: Option<Maintenance>,
}

#[derive(Debug, Clone)]
pub struct Link {
    pub rtt_ms: u64,
    pub bandwidth: Option<&'static str>,
    pub loss: &'static str,
    pub jitter_ms: u64,
}

#[derive(Debug, Clone)]
pub struct Component {
    pub at: Option<usize>,
    pub count: u64,
    pub spare: u64,
    pub gate: Option<(u8, usize, usize)>,
    pub fails: Option<String>,
    pub takes: Option<String>,
    pub with_crew: bool,
    pub temporary: bool,
    pub stock: bool,
    pub hidden: bool,
    pub stationary: bool,
}

#[derive(Debug, Clone)]
pub struct Failover {
    pub detect: String,
    pub decide: String,
    pub phases: Vec<(String, &'static str)>,
    pub steer: String,
    pub on_demand: &'static str,
    pub by_hand: Option<String>,
    pub failback_min: Option<u64>,
    pub first_back: bool,
}

#[derive(Debug, Clone)]
pub struct Service {
    /// One bit per site; at least one is taken.
    pub sites: u8,
    pub servers: u64,
    pub workers: u32,
    pub takes: String,
    pub queue: Option<u64>,
    pub holds: bool,
    pub calls: Vec<(bool, usize, &'static str)>,
    pub stands_on: Option<usize>,
    pub starts_s: u64,
    pub warms: bool,
    pub feeds: bool,
    pub writes: bool,
    /// What only single requests feel.
    pub each: &'static str,
}

#[derive(Debug, Clone)]
pub struct Feature {
    pub service: usize,
    pub also: Option<usize>,
    pub timeout_s: Option<u64>,
    pub slow_over_ms: Option<u64>,
    pub size: &'static str,
    pub fresh: bool,
    pub reads: bool,
    /// What only single requests feel.
    pub each: &'static str,
}

#[derive(Debug, Clone)]
pub struct People {
    pub users: u64,
    pub active: u8,
    pub shares: Vec<u32>,
    pub rates: Vec<&'static str>,
    pub served_by: usize,
    pub keeps_trying: u32,
    pub smooth: bool,
    pub rtt_ms: u64,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub kind: u8,
    pub of: usize,
    pub by: &'static str,
    pub share: u32,
    pub lasts_min: Option<u64>,
    pub jitter_s: u64,
}

#[derive(Debug, Clone)]
pub struct Maintenance {
    pub of: usize,
    pub rolling: u8,
    pub takes: String,
    pub told: bool,
    pub abort: bool,
    pub only_if_healthy: bool,
}

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

/// `name: (fields), ` of a map.
fn entries(list: impl IntoIterator<Item = (String, String)>) -> String {
    list.into_iter().map(|(name, body)| format!("\"{name}\": {body},\n")).collect()
}

impl Plan {
    /// The scenario of this plan under these names.
    pub fn text(&self, names: Names) -> String {
        self.text_with(names, "", "", "")
    }

    /// The same with more sites, links and components in it.
    pub fn text_with(&self, names: Names, sites: &str, links: &str, components: &str) -> String {
        let warm_up = if self.warm_up { ", warm_up: \"1h\"" } else { "" };
        format!(
            "Scenario(format: 1, title: \"generated\",\n\
             clock: (from: \"2024-03-04T06:00\", zone: \"Europe/Oslo\", horizon: \"{}min\"{warm_up}),\n\
             sites: {{{}{sites}}},\nlinks: [{}{links}],\ncomponents: {{{}{components}}},\ncrews: {{{}}},\n\
             groups: {{{}}},\nservices: {{{}}},\nqueues: {{{}}},\nstores: {{{}}},\nfeatures: {{{}}},\n\
             weeks: {{{}}},\npeople: {{{}}},\nstrategies: {{{}}},\nmaintenance: {{{}}},\ndrill: [{}])",
            self.horizon_min,
            entries((0..self.sites.len()).map(|i| (names('S', i), "()".to_owned()))),
            self.link_text(names),
            entries(self.components.iter().enumerate().map(|(i, c)| (names('C', i), self.component_text(i, c, names)))),
            entries(self.crew.iter().map(|(at_once, arrives)| {
                let arrives = arrives.as_ref().map_or(String::new(), |a| format!(", arrives: {a}"));
                (names('W', 0), format!("(at_once: {at_once}{arrives})"))
            })),
            entries(self.has_group().then(|| {
                (names('G', 0), format!("(members: [\"{}\", \"{}\"])", names('S', 0), names('S', 1)))
            })),
            entries(self.services.iter().enumerate().map(|(i, s)| (names('V', i), self.service_text(i, s, names)))),
            entries(self.queue.iter().map(|(at, workers, takes_ms, fresh_min)| {
                (
                    names('Q', 0),
                    format!(
                        "(at: \"{}\", workers: {workers}, takes: fixed(\"{takes_ms}ms\"), fresh_within: \"{fresh_min}min\", \
                         also_fed: \"1/s\")",
                        self.place(*at, names)
                    ),
                )
            })),
            entries(self.store.iter().map(|(at, written, replica)| {
                let replicas = entries((usize::from(*at != 4 || !self.has_group())..self.sites.len()).map(|i| (names('S', i), replica.clone())));
                let primary = if *at == 4 { self.place(*at, names) } else { names('S', 0) };
                (names('D', 0), format!("(primary: \"{primary}\", replicas: {{{replicas}}}, also_written: \"{written}/s\")"))
            })),
            entries(self.features.iter().enumerate().map(|(i, f)| (names('F', i), self.feature_text(f, names)))),
            entries([(
                names('K', 0),
                "(weekdays: [(\"00:00\", \"2%\"), (\"08:00\", \"60%\"), (\"15:00\", \"20%\")], sunday: [(\"12:00\", \"5%\")])"
                    .to_owned(),
            )]),
            entries(self.people.iter().enumerate().map(|(i, p)| (names('P', i), self.people_text(p, names)))),
            entries(self.strategy_text(names)),
            entries(self.maintenance.iter().map(|m| (names('M', 0), self.maintenance_text(m, names)))),
            self.drill.iter().enumerate().map(|(i, step)| self.step_text(i, step, names)).collect::<String>(),
        )
    }

    pub fn has_group(&self) -> bool {
        self.sites.len() > 1
    }

    /// A site, or the group where there is one.
    fn place(&self, index: usize, names: Names) -> String {
        if index == 4 && self.has_group() { names('G', 0) } else { names('S', index % self.sites.len()) }
    }

    fn link_text(&self, names: Names) -> String {
        let mut text = String::new();
        let pairs = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)];
        for (i, ((a, b), link)) in pairs.into_iter().zip(&self.links).enumerate() {
            let wanted = b == a + 1 || self.sites.get(b).is_some_and(|more| *more);
            if a < self.sites.len() && b < self.sites.len() && wanted {
                let bandwidth = link.bandwidth.map_or(String::new(), |b| format!(", bandwidth: \"{b}\""));
                let (a, b) = (names('S', a), names('S', b));
                let rtt_ms = link.rtt_ms << i;
                let jitter_ms = link.jitter_ms;
                text += &format!(
                    "(between: (\"{a}\", \"{b}\"), rtt: \"{rtt_ms}ms\", jitter: \"{jitter_ms}ms\"{bandwidth}, \
                     loss: \"{}\"),\n",
                    link.loss
                );
            }
        }
        text
    }

    fn component_text(&self, index: usize, c: &Component, names: Names) -> String {
        let mut text = format!("(count: {}, needs: {}", c.count, c.count.saturating_sub(c.spare).max(1));
        if let Some(at) = c.at {
            text += &format!(", at: \"{}\"", names('S', at % self.sites.len()));
        }
        if let (Some((kind, a, b)), true) = (c.gate, index > 0) {
            let (a, b) = (a % index, b % index);
            let list = if a == b {
                format!("[\"{}\"]", names('C', a))
            } else {
                format!("[\"{}\", \"{}\"]", names('C', a), names('C', b))
            };
            text += &match kind {
                0 => format!(", stands_on: all({list})"),
                1 => format!(", stands_on: any({list})"),
                _ => format!(", stands_on: k_of_n(1, {list})"),
            };
        }
        if let Some(fails) = &c.fails {
            text += &format!(", fails: {fails}");
            text += if c.stationary { ", starts: stationary" } else { "" };
        }
        if let Some(takes) = &c.takes {
            text += &format!(", repair: (takes: {takes}");
            if let (Some(_), true) = (&self.crew, c.with_crew) {
                text += &format!(", crew: \"{}\"", names('W', 0));
            }
            if c.stock {
                text += ", spares: (stock: 1, restock: fixed(\"5h\"))";
            }
            if c.temporary {
                text += ", temporary: (takes: fixed(\"10min\"), fails: exponential(mean: \"9h\"))";
            }
            text.push(')');
        }
        text += if c.hidden { ", hidden: true, tested_every: \"1h\"" } else { "" };
        text.push(')');
        text
    }

    fn service_text(&self, index: usize, s: &Service, names: Names) -> String {
        let mut placements = String::new();
        for site in self.sites_of(s) {
            placements += &format!("\"{}\": (servers: {}, workers: {}),", names('S', site), s.servers, s.workers);
        }
        let mut text = format!("(runs_at: {{{placements}}}, takes: {}, holds: {}{}", s.takes, s.holds, s.each);
        if let Some(queue) = s.queue {
            text += &format!(", queue: {queue}");
        }
        let later = index + 1..self.services.len();
        if !later.is_empty() && !s.calls.is_empty() {
            let calls: String = s
                .calls
                .iter()
                .map(|(hard, to, times)| {
                    let kind = if *hard { "hard" } else { "soft" };
                    let to = later.start + to % later.len();
                    format!("{kind}(to: \"{}\", times: {times}, gives_up_after: \"1s\"),", names('V', to))
                })
                .collect();
            text += &format!(", calls: [{calls}]");
        }
        if let (Some(on), false) = (s.stands_on, self.components.is_empty()) {
            text += &format!(", stands_on: all([\"{}\"])", names('C', on % self.components.len()));
        }
        if s.starts_s > 0 {
            text += &format!(", starts_in: \"{}s\"", s.starts_s);
        }
        text += if s.warms { ", warms: (takes: \"10min\", slower: \"x3\")" } else { "" };
        if s.feeds && self.queue.is_some() {
            text += &format!(", feeds: {{\"{}\": 0.5}}", names('Q', 0));
        }
        if s.writes && self.store.is_some() {
            text += &format!(", writes: {{\"{}\": 1}}", names('D', 0));
        }
        text.push(')');
        text
    }

    fn sites_of(&self, s: &Service) -> Vec<usize> {
        let chosen: Vec<usize> = (0..self.sites.len()).filter(|i| s.sites >> i & 1 == 1).collect();
        if chosen.is_empty() { vec![0] } else { chosen }
    }

    fn feature_text(&self, f: &Feature, names: Names) -> String {
        let call = |i: usize| format!("hard(to: \"{}\"),", names('V', i % self.services.len()));
        let calls = call(f.service) + &f.also.map_or(String::new(), call);
        let mut text = format!("(calls: [{calls}], size: \"{}\"{}", f.size, f.each);
        if let Some(timeout_s) = f.timeout_s {
            text += &format!(", timeout: \"{timeout_s}s\"");
        }
        if let Some(slow_over_ms) = f.slow_over_ms {
            text += &format!(", slow_over: \"{slow_over_ms}ms\"");
        }
        if f.fresh && self.queue.is_some() {
            text += &format!(", fresh: [\"{}\"]", names('Q', 0));
        }
        if f.reads && self.store.is_some() && self.sites.len() > 1 {
            text += &format!(", reads: {{\"{}\": \"5s\"}}", names('D', 0));
        }
        text.push(')');
        text
    }

    fn people_text(&self, p: &People, names: Names) -> String {
        let active = match p.active {
            0 => "always".to_owned(),
            1 => format!("week(\"{}\")", names('K', 0)),
            2 => {
                let points: String =
                    p.shares.iter().enumerate().map(|(i, s)| format!("(\"{}min\", \"{s}%\"),", i * 97)).collect();
                format!("points([{points}])")
            }
            _ => "sinusoid(mean: \"40%\", swing: \"80%\", peak: \"12:00\", step: \"30min\")".to_owned(),
        };
        let uses = entries(
            p.rates
                .iter()
                .take(self.features.len())
                .enumerate()
                .map(|(i, rate)| (names('F', i), format!("\"{rate}\""))),
        );
        format!(
            "(users: {}, zone: \"Europe/Oslo\", active: {active}, uses: {{{uses}}}, served_by: \"{}\", \
             keeps_trying: \"{}%\", arrivals: {}, rtt: \"{}ms\")",
            p.users,
            self.place(p.served_by, names),
            p.keeps_trying,
            if p.smooth { "smooth" } else { "poisson" },
            p.rtt_ms
        )
    }

    fn strategy_text(&self, names: Names) -> Option<(String, String)> {
        let f = self.failover.as_ref().filter(|_| self.has_group())?;
        let mut text = format!("detect: {}, decide: {}, steer: {}", f.detect, f.decide, f.steer);
        for ((takes, fails), phase) in f.phases.iter().zip(["fence", "promote", "start", "warm", "verify"]) {
            text += &format!(", {phase}: (takes: {takes}, fails: \"{fails}\")");
        }
        text += &format!(", fails_on_demand: \"{}\"", f.on_demand);
        if let Some(by_hand) = &f.by_hand {
            text += &format!(", if_it_fails: by_hand({by_hand})");
        }
        if let Some(failback_min) = f.failback_min {
            text += &format!(", failback: after(\"{failback_min}min\")");
        }
        text += &format!(", first_back_takes_over: {}", f.first_back);
        Some((names('Y', 0), format!("(failover: {{\"{}\": ({text})}})", names('G', 0))))
    }

    fn maintenance_text(&self, m: &Maintenance, names: Names) -> String {
        let order = ["all_at_once", "rolling", "all_at_once"][m.rolling as usize % 3];
        let told = if m.told { "told_at: \"+10min\", " } else { "" };
        let abort = if m.abort { ", abort: (after: \"2h\", rollback: fixed(\"20min\"))" } else { "" };
        format!(
            "({told}starts: \"+{}s\", announced: \"1h\", takes: {}, takes_down: [\"{}\"], order: {order}, \
             only_if_healthy: {}{abort})",
            self.horizon_min * 20 + 7,
            m.takes,
            self.breakable(m.of, names),
            m.only_if_healthy
        )
    }

    /// A component or a site.
    fn breakable(&self, index: usize, names: Names) -> String {
        let index = index % (self.components.len() + self.sites.len());
        match index.checked_sub(self.components.len()) {
            Some(site) => names('S', site),
            None => names('C', index),
        }
    }

    fn step_text(&self, index: usize, step: &Step, names: Names) -> String {
        // Every step has a second of its own.
        let part_s = self.horizon_min * 60 / (self.drill.len() as u64 + 1);
        let at_s = part_s * index as u64 + (part_s * step.jitter_s) / 61 + 1;
        let lasts = step.lasts_min.map_or(String::new(), |m| format!(", lasts: \"{m}min\""));
        let of = self.breakable(step.of, names);
        let act = match step.kind {
            0 | 1 => {
                let after = step.lasts_min.map_or(String::new(), |m| format!(", repaired_after: \"{m}min\""));
                format!("crash(of: \"{of}\"{after})")
            }
            2 => format!("gray(of: \"{of}\", loses: \"{}%\"{lasts})", step.share),
            3 => {
                format!("slow(service: \"{}\", by: \"{}\"{lasts})", names('V', step.of % self.services.len()), step.by)
            }
            4 if self.has_group() => {
                format!("cut(between: (\"{}\", \"{}\"){lasts})", names('S', 0), names('S', 1))
            }
            5 => {
                let people = names('P', step.of % self.people.len());
                format!("surge(of: \"{people}\", by: \"{}\", ramp: \"7min\"{lasts})", step.by)
            }
            6 if self.has_group() && self.failover.is_some() => {
                format!("fail_over(group: \"{}\", to: \"{}\")", names('G', 0), names('S', 1))
            }
            7 => "decide(\"something\")".to_owned(),
            _ => "tell(\"something\")".to_owned(),
        };
        format!("at(\"+{at_s}s\", {act}),\n")
    }
}
