//! A scenario as plain data: what the twin reads, and as text what the engine reads.
#![allow(dead_code, reason = "the laws and the twin each use their own part")]

use std::fmt::Write;

/// Nanoseconds.
pub type Ns = i64;

/// A law of times: of each kind that matters one.
#[derive(Debug, Clone)]
pub enum Law {
    Fixed(Ns),
    /// One of these, equally likely.
    Empirical(Vec<Ns>),
    /// Memoryless.
    Exponential(Ns),
}

#[derive(Debug, Clone)]
pub struct Repair {
    pub takes: Law,
    pub crew: Option<usize>,
    pub vendor: Option<Law>,
    pub spares: Option<(u32, Law)>,
    pub temporary: Option<(Law, Law)>,
}

/// A component.
#[derive(Debug, Clone)]
pub struct Part {
    pub at: Option<usize>,
    pub count: usize,
    pub needs: usize,
    /// How many of which earlier components have to work.
    pub on: Option<(usize, Vec<usize>)>,
    pub fails: Option<Law>,
    pub repair: Option<Repair>,
    pub hidden: bool,
    pub tested: Option<Ns>,
    pub last_tested: Ns,
}

#[derive(Debug, Clone)]
pub struct Shock {
    pub of: Vec<usize>,
    pub every: Law,
}

/// What can be hit: a component or a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Part(usize),
    Site(usize),
    Group(usize),
}

#[derive(Debug, Clone)]
pub struct Maintenance {
    pub told: Option<Ns>,
    pub starts: Ns,
    pub announced: Ns,
    pub takes: Ns,
    pub repeats: Option<Ns>,
    pub takes_down: Vec<Thing>,
    pub rolling: bool,
    pub replaces: Vec<usize>,
    /// Components that fail sooner meanwhile, and how much.
    pub hazard: Option<(Vec<usize>, u32)>,
    pub only_if_healthy: bool,
    pub abort: Option<(Ns, Ns)>,
}

#[derive(Debug, Clone)]
pub enum Act {
    Crash { of: Thing, members: Option<usize>, after: Option<Ns> },
    FailHidden(usize),
    Gray { of: Thing, percent: u32, lasts: Option<Ns>, probes_pass: bool },
    Cut { link: usize, lasts: Option<Ns> },
    Order { group: usize, to: usize },
}

#[derive(Debug, Clone)]
pub enum Detect {
    Instant,
    Probe {
        every: Ns,
        fails: u32,
        timeout: Ns,
        in_turn: bool,
        from: Vec<usize>,
        checkers: usize,
        quorum: Option<usize>,
    },
    Heartbeat {
        every: Ns,
        grace: Ns,
    },
    Vrrp {
        priority: u32,
        advert: Ns,
    },
}

/// A phase: how long it takes, and whether it fails.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    pub takes: Ns,
    pub fails: bool,
}

#[derive(Debug, Clone)]
pub struct Failover {
    pub detect: Detect,
    /// People decide, after this time.
    pub people: Option<Ns>,
    /// Fence, promote, start, warm.
    pub phases: [Option<Phase>; 4],
    pub verify: Option<Phase>,
    pub fails_on_demand: bool,
    pub mechanism: Option<usize>,
    pub by_hand: Option<Ns>,
    pub failback: Option<Ns>,
    pub first_back: bool,
}

#[derive(Debug, Clone)]
pub struct Group {
    pub members: Vec<Thing>,
    pub failover: Option<Failover>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Sync,
    /// Writes per second when it catches up; how long it is waited for.
    SemiSync(f64, Ns),
    Async(f64),
    /// Between two batches, and how long one takes.
    Shipped(Ns, Ns),
}

#[derive(Debug, Clone)]
pub struct Store {
    pub primary: Thing,
    pub replicas: Vec<(usize, Kind)>,
    /// Writes per second.
    pub written: u32,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub horizon: Ns,
    pub sites: usize,
    /// Between which sites.
    pub links: Vec<(usize, usize, u32)>,
    pub parts: Vec<Part>,
    /// How many hands each crew has, and how long they take to come.
    pub crews: Vec<(u32, Option<Law>)>,
    pub shocks: Vec<Shock>,
    pub groups: Vec<Group>,
    pub stores: Vec<Store>,
    pub maintenance: Option<Maintenance>,
    pub drill: Vec<(Ns, Act)>,
}

/// Nanoseconds as a file writes them.
pub fn time(ns: Ns) -> String {
    let (s, us) = (ns / 1_000_000_000, ns / 1_000 % 1_000_000);
    match (s, us) {
        (_, 0) => format!("\"{s}s\""),
        (0, _) => format!("\"{us}us\""),
        _ => format!("\"{s}s{us}us\""),
    }
}

fn at(ns: Ns) -> String {
    time(ns).replacen('"', "\"+", 1)
}

impl Law {
    fn text(&self) -> String {
        match self {
            Law::Fixed(ns) => format!("fixed({})", time(*ns)),
            Law::Empirical(values) => {
                format!("empirical([{}])", values.iter().map(|v| time(*v) + ", ").collect::<String>())
            }
            Law::Exponential(mean) => format!("exponential(mean: {})", time(*mean)),
        }
    }

    /// Whether it is all the same how old something is.
    pub fn is_memoryless(&self) -> bool {
        matches!(self, Law::Exponential(_))
    }
}

impl Thing {
    pub fn name(self) -> String {
        match self {
            Thing::Part(i) => format!("p{i}"),
            Thing::Site(i) => format!("s{i}"),
            Thing::Group(i) => format!("g{i}"),
        }
    }
}

fn quoted(names: impl IntoIterator<Item = Thing>) -> String {
    names.into_iter().map(|thing| format!("\"{}\", ", thing.name())).collect()
}

impl Part {
    /// What a site is, seen as a component.
    pub fn site() -> Part {
        let (at, on, fails, repair, tested) = (None, None, None, None, None);
        Part { at, count: 1, needs: 1, on, fails, repair, hidden: false, tested, last_tested: 0 }
    }

    fn text(&self) -> String {
        let mut text = format!("count: {}, needs: {}", self.count, self.needs);
        if let Some(site) = self.at {
            let _ = write!(text, ", at: \"s{site}\"");
        }
        if let Some((needed, of)) = &self.on {
            let _ = write!(text, ", stands_on: k_of_n({needed}, [{}])", quoted(of.iter().map(|i| Thing::Part(*i))));
        }
        if let Some(fails) = &self.fails {
            let _ = write!(text, ", fails: {}", fails.text());
        }
        if let Some(repair) = &self.repair {
            let _ = write!(text, ", repair: (takes: {}", repair.takes.text());
            if let Some(crew) = repair.crew {
                let _ = write!(text, ", crew: \"c{crew}\"");
            }
            if let Some(vendor) = &repair.vendor {
                let _ = write!(text, ", vendor: {}", vendor.text());
            }
            if let Some((stock, restock)) = &repair.spares {
                let _ = write!(text, ", spares: (stock: {stock}, restock: {})", restock.text());
            }
            if let Some((takes, fails)) = &repair.temporary {
                let _ = write!(text, ", temporary: (takes: {}, fails: {})", takes.text(), fails.text());
            }
            text.push(')');
        }
        if self.hidden {
            text += ", hidden: true";
            if let Some(every) = self.tested {
                let _ = write!(text, ", tested_every: {}", time(every));
            }
            if self.last_tested > 0 {
                let _ = write!(text, ", last_tested: {}", time(self.last_tested));
            }
        }
        text
    }
}

impl Maintenance {
    fn text(&self) -> String {
        let mut text = format!(
            "starts: {}, announced: {}, takes: fixed({}), takes_down: [{}], order: {}, replaces: [{}], only_if_healthy: {}",
            at(self.starts),
            time(self.announced),
            time(self.takes),
            quoted(self.takes_down.iter().copied()),
            if self.rolling { "rolling" } else { "all_at_once" },
            quoted(self.replaces.iter().map(|i| Thing::Part(*i))),
            self.only_if_healthy,
        );
        if let Some(told) = self.told {
            let _ = write!(text, ", told_at: {}", at(told));
        }
        if let Some(every) = self.repeats {
            let _ = write!(text, ", repeats_every: {}", time(every));
        }
        if let Some((of, by)) = &self.hazard {
            let _ = write!(text, ", hazard: (of: [{}], by: \"x{by}\")", quoted(of.iter().map(|i| Thing::Part(*i))));
        }
        if let Some((after, rollback)) = self.abort {
            let _ = write!(text, ", abort: (after: {}, rollback: fixed({}))", time(after), time(rollback));
        }
        text
    }
}

impl Act {
    fn text(&self) -> String {
        let lasts = |lasts: &Option<Ns>| lasts.map_or(String::new(), |ns| format!(", lasts: {}", time(ns)));
        match self {
            Act::Crash { of, members, after } => {
                let members = members.map_or(String::new(), |n| format!(", members: {n}"));
                let after = after.map_or(String::new(), |ns| format!(", repaired_after: {}", time(ns)));
                format!("crash(of: \"{}\"{members}{after})", of.name())
            }
            Act::FailHidden(part) => format!("fail_hidden(of: \"p{part}\")"),
            Act::Gray { of, percent, lasts: ns, probes_pass } => {
                let passes = if *probes_pass { ", probes_pass: true" } else { "" };
                format!("gray(of: \"{}\", loses: \"{percent}%\"{}{passes})", of.name(), lasts(ns))
            }
            Act::Cut { link, lasts: ns } => format!("cut(between: LINK{link}{})", lasts(ns)),
            Act::Order { group, to } => format!("fail_over(group: \"g{group}\", to: MEMBER{group}.{to})"),
        }
    }
}

impl Detect {
    fn text(&self) -> String {
        match self {
            Detect::Instant => "instant".to_owned(),
            Detect::Probe { every, fails, timeout, in_turn, from, checkers, quorum } => {
                let mut text = format!("probe(every: {}, fails: {fails}, timeout: {}", time(*every), time(*timeout));
                if *in_turn {
                    text += ", in_turn: true";
                }
                if from.is_empty() {
                    let _ = write!(text, ", checkers: {checkers}");
                } else {
                    let _ = write!(text, ", from: [{}]", quoted(from.iter().map(|i| Thing::Site(*i))));
                }
                if let Some(quorum) = quorum {
                    let _ = write!(text, ", quorum: {quorum}");
                }
                text + ")"
            }
            Detect::Heartbeat { every, grace } => {
                format!("heartbeat(every: {}, grace: {})", time(*every), time(*grace))
            }
            Detect::Vrrp { priority, advert } => format!("vrrp(priority: {priority}, advert: {})", time(*advert)),
        }
    }
}

impl Failover {
    fn text(&self) -> String {
        let mut text = format!("detect: {}", self.detect.text());
        if let Some(takes) = self.people {
            let _ = write!(text, ", decide: people(takes: fixed({}))", time(takes));
        }
        let phases = self.phases.iter().chain([&self.verify]).zip(["fence", "promote", "start", "warm", "verify"]);
        for (phase, name) in phases.filter_map(|(phase, name)| Some((phase.as_ref()?, name))) {
            let fails = if phase.fails { "100%" } else { "0%" };
            let _ = write!(text, ", {name}: (takes: fixed({}), fails: \"{fails}\")", time(phase.takes));
        }
        if self.fails_on_demand {
            text += ", fails_on_demand: \"100%\"";
        }
        if let Some(mechanism) = self.mechanism {
            let _ = write!(text, ", mechanism: \"p{mechanism}\"");
        }
        if let Some(takes) = self.by_hand {
            let _ = write!(text, ", if_it_fails: by_hand(fixed({}))", time(takes));
        }
        if let Some(after) = self.failback {
            let _ = write!(text, ", failback: after({})", time(after));
        }
        let _ = write!(text, ", first_back_takes_over: {}", self.first_back);
        text
    }
}

impl Store {
    fn text(&self) -> String {
        let kind = |kind: &Kind| match kind {
            Kind::Sync => "sync".to_owned(),
            Kind::SemiSync(applies, waits) => format!("semi_sync(applies: \"{applies}/s\", waits: {})", time(*waits)),
            Kind::Async(applies) => format!("async(applies: \"{applies}/s\")"),
            Kind::Shipped(every, takes) => format!("shipped(every: {}, takes: {})", time(*every), time(*takes)),
        };
        let replicas: String = self.replicas.iter().map(|(site, k)| format!("\"s{site}\": {}, ", kind(k))).collect();
        format!("primary: \"{}\", replicas: {{{replicas}}}, also_written: \"{}/s\"", self.primary.name(), self.written)
    }
}

impl Plan {
    /// Components by their numbers, then sites, then groups.
    pub fn thing(&self, index: usize) -> Thing {
        match index.checked_sub(self.parts.len()) {
            None => Thing::Part(index),
            Some(site) if site < self.sites => Thing::Site(site),
            Some(after) => Thing::Group(after - self.sites),
        }
    }

    /// The number of a component or a site; none of a group.
    pub fn index(&self, thing: Thing) -> Option<usize> {
        match thing {
            Thing::Part(part) => Some(part),
            Thing::Site(site) => Some(self.parts.len() + site),
            Thing::Group(_) => None,
        }
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut text = format!(
            "Scenario(format: 1, title: \"twin\", clock: (from: \"2024-03-04T00:00\", zone: \"UTC\", horizon: {}),\nsites: {{",
            time(self.horizon)
        );
        (0..self.sites).for_each(|i| _ = write!(text, "\"s{i}\": (), "));
        text += "},\nlinks: [";
        self.links.iter().for_each(|(a, b, ms)| _ = write!(text, "(between: (\"s{a}\", \"s{b}\"), rtt: \"{ms}ms\"), "));
        text += "],\ncrews: {";
        for (i, (at_once, arrives)) in self.crews.iter().enumerate() {
            let arrives = arrives.as_ref().map_or(String::new(), |law| format!(", arrives: {}", law.text()));
            let _ = write!(text, "\"c{i}\": (at_once: {at_once}{arrives}), ");
        }
        text += "},\ncomponents: {\n";
        self.parts.iter().enumerate().for_each(|(i, part)| _ = writeln!(text, "  \"p{i}\": ({}),", part.text()));
        text += "},\ncommon_cause: {";
        for (i, shock) in self.shocks.iter().enumerate() {
            let of = quoted(shock.of.iter().map(|i| Thing::Part(*i)));
            let _ = write!(text, "\"k{i}\": (of: [{of}], every: {}), ", shock.every.text());
        }
        text += "},\ngroups: {";
        for (i, group) in self.groups.iter().enumerate() {
            let _ = write!(text, "\"g{i}\": (members: [{}]), ", quoted(group.members.iter().copied()));
        }
        text += "},\nstores: {";
        self.stores.iter().enumerate().for_each(|(i, store)| _ = writeln!(text, "  \"d{i}\": ({}),", store.text()));
        text += "},\n";
        if self.groups.iter().any(|group| group.failover.is_some()) {
            text += "strategies: {\"y\": (failover: {";
            for (i, group) in self.groups.iter().enumerate() {
                group.failover.iter().for_each(|failover| _ = writeln!(text, "  \"g{i}\": ({}),", failover.text()));
            }
            text += "})},\n";
        }
        if let Some(maintenance) = &self.maintenance {
            let _ = writeln!(text, "maintenance: {{\"m\": ({})}},", maintenance.text());
        }
        text += "drill: [\n";
        for (when, act) in &self.drill {
            let mut act = act.text();
            for (i, (a, b, _)) in self.links.iter().enumerate() {
                act = act.replace(&format!("LINK{i}"), &format!("(\"s{a}\", \"s{b}\")"));
            }
            for (i, group) in self.groups.iter().enumerate() {
                for (m, member) in group.members.iter().enumerate() {
                    act = act.replace(&format!("MEMBER{i}.{m}"), &format!("\"{}\"", member.name()));
                }
            }
            let _ = writeln!(text, "  at({}, {act}),", at(*when));
        }
        text + "])"
    }
}
