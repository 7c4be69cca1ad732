//! Compiling the response: groups and their failover, maintenance, the drill, what is expected.

use super::calendar::Calendar;
use super::compile::{Tables, listed, sorted};
use super::measures::{self, Known};
use super::nodes::{component, sampler};
use crate::num;
use crate::scenario::{self, Code, Expectation, Failback, Fallback, Pick, Scenario};
use crate::units::{Duration, Time};
use crate::world::resolve::{Names, Problems};
use crate::world::*;
use crate::world::{balancer, check};

pub fn groups(
    scenario: &Scenario,
    tables: &Tables,
    calendar: &Calendar,
    nodes: &[Node],
    p: &mut Problems,
) -> Vec<Group> {
    let strategy = scenario.run.strategy.as_ref().and_then(|name| scenario.strategies.get(name));
    let mut found = Vec::new();
    for (name, group) in sorted(&scenario.groups) {
        let members: Vec<NodeId> = group.members.iter().filter_map(|m| tables.nodes.get(m)).map(NodeId::new).collect();
        let sites = members.iter().map(|m| nodes[m.at()].site).collect();
        let strategy_name = scenario.run.strategy.as_deref().unwrap_or_default();
        let failover = strategy.and_then(|s| s.failover.get(name)).map(|f| {
            failover(f, &format!("strategies.{strategy_name}.failover.{name}"), scenario, tables, calendar, nodes, p)
        });
        found.push(Group {
            name: name.to_owned(),
            node: NodeId::new(tables.nodes.get(name).unwrap_or(0)),
            members,
            sites,
            failover,
        });
    }
    found
}

/// Checks the strategies that this run does not take, and the names that all of them use.
pub fn strategies(scenario: &Scenario, tables: &Tables, calendar: &Calendar, nodes: &[Node], p: &mut Problems) {
    let plans = Names(scenario.maintenance.names().enumerate().map(|(i, n)| (n.to_owned(), i)).collect());
    for (name, strategy) in sorted(&scenario.strategies) {
        for (group, response) in strategy.failover.iter() {
            if scenario.run.strategy.as_deref() != Some(name) || scenario.groups.get(group).is_none() {
                failover(
                    response,
                    &format!("strategies.{name}.failover.{group}"),
                    scenario,
                    tables,
                    calendar,
                    nodes,
                    p,
                );
            }
            let path = format!("strategies.{name}.failover.{group}#key");
            tables.groups.find(group, "group", path.clone(), p);
            if scenario.groups.get(group).is_some_and(|g| g.members.len() == 1) {
                p.add(
                    Code::NeverActs,
                    path,
                    format!("\"{group}\" has one member, so that there is nothing to fail over to"),
                    "add a member to the group, or leave its failover out",
                );
            }
        }
        if let Some(plan) = strategy.maintenance.as_ref().filter(|plan| *plan != "none") {
            plans.find(plan, "maintenance plan", format!("strategies.{name}.maintenance"), p);
        }
    }
    pick(scenario, &scenario.run, "run", p);
}

pub(super) fn pick(scenario: &Scenario, pick: &Pick, path: &str, p: &mut Problems) {
    let names = |all: Vec<&str>| Names(all.into_iter().enumerate().map(|(i, n)| (n.to_owned(), i)).collect());
    for (field, chosen, known) in [
        ("strategy", &pick.strategy, names(scenario.strategies.names().collect())),
        ("maintenance", &pick.maintenance, names(scenario.maintenance.names().collect())),
        ("variant", &pick.variant, names(scenario.variants.names().collect())),
    ] {
        if let Some(name) = chosen.as_ref().filter(|name| field == "strategy" || *name != "none") {
            let kind = if field == "maintenance" { "maintenance plan" } else { field };
            known.find(name, kind, format!("{path}.{field}"), p);
        }
    }
}

fn failover(
    f: &scenario::Failover,
    path: &str,
    scenario: &Scenario,
    tables: &Tables,
    calendar: &Calendar,
    nodes: &[Node],
    p: &mut Problems,
) -> Failover {
    let horizon = scenario.clock.horizon;
    let mut step = |kind: PhaseKind, phase: &Option<scenario::Phase>| {
        let phase = phase.as_ref()?;
        let takes = sampler(&phase.takes, &format!("{path}.{}.takes", kind.name()), p)?;
        Some(Step { kind, takes, fails: phase.fails.0 })
    };
    let before = [
        step(PhaseKind::Fence, &f.fence),
        step(PhaseKind::Promote, &f.promote),
        step(PhaseKind::Start, &f.start),
        step(PhaseKind::Warm, &f.warm),
    ];
    let verify = step(PhaseKind::Verify, &f.verify);
    let mechanism = f.mechanism.as_ref().and_then(|name| {
        let id = component(name, &format!("{path}.mechanism"), tables, scenario, p)?;
        if !nodes[id.at()].hidden {
            p.add(
                Code::Contradiction,
                format!("{path}.mechanism"),
                format!("a failover finds out on demand that \"{name}\" has failed, and its failures are not hidden"),
                format!("write hidden: true at \"{name}\""),
            );
        }
        Some(id)
    });
    if let scenario::Steer::Dns { ttl, ignored_by, ignored_for, asked_every } = &f.steer {
        p.range(
            format!("{path}.steer.ttl"),
            ttl.0 > 0,
            "a time to live of zero is never cached",
            "write steer: at_once",
        );
        if ignored_by.0 > 0.0 && ignored_for <= ttl {
            p.add(
                Code::Contradiction,
                format!("{path}.steer.ignored_for"),
                format!("those who ignore the TTL keep a record for {ignored_for}, no longer than the TTL of {ttl}"),
                "write how long they keep it, longer than the TTL",
            );
        }
        if asked_every.is_some_and(|a| a.0 == 0) {
            p.add(
                Code::OutOfRange,
                format!("{path}.steer.asked_every"),
                "nobody asks again after no time",
                "give an interval above zero, or leave it out",
            );
        }
    }
    let failback_after = match &f.failback {
        Failback::Never => None,
        Failback::After(wait) => {
            if *wait > horizon {
                p.add(
                    Code::NeverActs,
                    format!("{path}.failback"),
                    format!("a failback after {wait} comes later than the horizon of {horizon}"),
                    "write failback: never, or a shorter time",
                );
            }
            Some(*wait)
        }
    };
    Failover {
        detect: detect(&f.detect, &format!("{path}.detect"), horizon, tables, p),
        decide: decide(&f.decide, &format!("{path}.decide"), calendar, p),
        before: before.into_iter().flatten().collect(),
        verify,
        fences: f.fence.is_some(),
        steer: f.steer.clone(),
        fails_on_demand: f.fails_on_demand.0,
        mechanism,
        by_hand: match &f.if_it_fails {
            Fallback::Wait => None,
            Fallback::ByHand(takes) => sampler(takes, &format!("{path}.if_it_fails"), p),
        },
        failback_after,
        first_back_takes_over: f.first_back_takes_over,
    }
}

fn detect(detect: &scenario::Detect, path: &str, horizon: Duration, tables: &Tables, p: &mut Problems) -> Detect {
    match detect {
        scenario::Detect::Instant => Detect::Instant,
        scenario::Detect::Probe { every, fails, timeout, from, checkers, quorum, loss } => {
            p.range(format!("{path}.every"), every.0 > 0, "checks without a pause", "give an interval above zero");
            if *fails == 0 {
                p.add(
                    Code::NeverActs,
                    format!("{path}.fails"),
                    "after no failed check nothing is ever declared down",
                    "write at least 1",
                );
            } else if every.0.saturating_mul(i64::from(*fails)) > horizon.0 {
                p.add(
                    Code::NeverActs,
                    format!("{path}.fails"),
                    format!("{fails} failed checks {every} apart take longer than the horizon of {horizon}"),
                    "check more often, or need fewer failed checks",
                );
            }
            let sites: Vec<SiteId> = (from.iter().enumerate())
                .filter_map(|(i, site)| tables.sites.find(site, "site", format!("{path}.from.{i}"), p))
                .map(SiteId::new)
                .collect();
            if !from.is_empty() && *checkers != 1 && *checkers as usize != from.len() {
                p.add(
                    Code::Contradiction,
                    format!("{path}.checkers"),
                    format!("from: names {} sites, one for each checker, and this says {checkers}", from.len()),
                    "leave checkers: out",
                );
            }
            let checkers = if from.is_empty() { *checkers } else { from.len() as u32 };
            let field = if from.is_empty() { "checkers" } else { "from" };
            let sensible = (1..=1_000).contains(&checkers);
            p.range(
                format!("{path}.{field}"),
                sensible,
                format!("the number of checkers is from 1 to 1000, not {checkers}"),
                "write from 1 to 1000",
            );
            let quorum = quorum.unwrap_or(checkers / 2 + 1);
            if sensible && (quorum == 0 || quorum > checkers) {
                p.add(
                    Code::NeverActs,
                    format!("{path}.quorum"),
                    match quorum {
                        0 => "a quorum of no checkers says nothing of a failure".to_owned(),
                        _ => format!("{quorum} of {checkers} checkers can never agree"),
                    },
                    format!("write from 1 to {checkers}"),
                );
            }
            p.range(format!("{path}.loss"), loss.0 < 1.0, "checks that always fail check nothing", "write less");
            // Feller: the mean number of checks until so many in a row fail.
            let all = num::pow(loss.0, f64::from(*fails));
            let checks = ((1.0 - all) / (all * (1.0 - loss.0))).max(1.0);
            if loss.0 > 0.0 && loss.0 < 1.0 && horizon.seconds() / (checks * every.seconds()) > check::HAPPENINGS_MAX {
                p.add(
                    Code::TooMany,
                    format!("{path}.loss"),
                    "a loss this large raises more than 50 million false alarms over the horizon",
                    "lower it, or need more failed checks",
                );
            }
            Detect::Probe {
                every_s: every.seconds(),
                fails: *fails,
                timeout_s: timeout.seconds(),
                from: sites,
                checkers,
                quorum,
                loss: loss.0,
            }
        }
        scenario::Detect::Heartbeat { every, grace } => {
            p.range(format!("{path}.every"), every.0 > 0, "heartbeats without a pause", "give an interval above zero");
            if grace < every {
                p.add(
                    Code::Contradiction,
                    format!("{path}.grace"),
                    format!("a grace of {grace} is over before the next heartbeat comes"),
                    format!("write at least {every}"),
                );
            }
            Detect::Heartbeat(every.seconds(), grace.seconds())
        }
        scenario::Detect::PhiAccrual { threshold, mean, sd } => {
            p.range(
                format!("{path}.threshold"),
                threshold.is_finite() && (0.1..=300.0).contains(threshold),
                format!("a suspicion level of {threshold} makes no sense"),
                "write a threshold from 0.1 to 300, usually 8 to 12",
            );
            p.range(format!("{path}.mean"), mean.0 > 0, "heartbeats without a pause", "give an interval above zero");
            let threshold = threshold.clamp(0.1, 300.0);
            let after = match sd {
                // P(later than t) = 10^-phi, for exponential intervals and for normal ones.
                None => threshold * mean.seconds() * num::ln(10.0),
                Some(sd) => mean.seconds() - sd.seconds() * num::normal_quantile(num::pow(10.0, -threshold)),
            };
            Detect::After(after)
        }
        scenario::Detect::Raft { followers, timeout } => {
            p.range(format!("{path}.followers"), *followers > 0, "an election without followers", "write at least 1");
            if timeout.1 < timeout.0 {
                p.add(
                    Code::OutOfRange,
                    format!("{path}.timeout"),
                    format!("the longest timeout of {} is below the shortest of {}", timeout.1, timeout.0),
                    "write the shorter one first",
                );
            }
            Detect::Raft(*followers, timeout.0.seconds(), (timeout.1.seconds() - timeout.0.seconds()).max(0.0))
        }
        scenario::Detect::Vrrp { priority, advert } => {
            p.range(
                format!("{path}.priority"),
                (1..=254).contains(priority),
                format!("a backup's priority is from 1 to 254, not {priority}"),
                "write a priority like 100",
            );
            p.range(
                format!("{path}.advert"),
                advert.0 > 0,
                "advertisements without a pause",
                "give an interval above zero",
            );
            // RFC 3768: Master_Down_Interval = 3 * Advertisement_Interval + (256 - Priority) / 256.
            Detect::After(3.0 * advert.seconds() + (256.0 - f64::from((*priority).min(256))) / 256.0)
        }
    }
}

fn decide(decide: &scenario::Decide, path: &str, calendar: &Calendar, p: &mut Problems) -> Decide {
    match decide {
        scenario::Decide::Automatic => Decide::Automatic,
        scenario::Decide::People { takes, hours } => {
            let takes = sampler(takes, &format!("{path}.takes"), p).unwrap_or(Sampler::Fixed(0.0));
            let hours = hours
                .as_ref()
                .and_then(|h| measures::hours(h, calendar.zone.clone(), false, &format!("{path}.hours"), p));
            if hours.as_ref().is_some_and(|hours| hours.from_s >= hours.to_s) {
                p.add(
                    Code::NeverActs,
                    format!("{path}.hours"),
                    "office hours that end before they begin: nobody ever decides",
                    "write the opening hour first, on the same day",
                );
            }
            Decide::People(takes, hours)
        }
        scenario::Decide::Sometimes { people, takes } => {
            Decide::Sometimes(people.0, sampler(takes, &format!("{path}.takes"), p).unwrap_or(Sampler::Fixed(0.0)))
        }
    }
}

fn time(calendar: &Calendar, text: &str, path: &str, p: &mut Problems) -> Option<Time> {
    match calendar.read(text) {
        Ok(time) => Some(time),
        Err((reason, fix)) => {
            p.add(Code::Time, path, reason, fix);
            None
        }
    }
}

/// A time within the run; before the start or after the end it would never come.
pub(super) fn time_in_run(
    calendar: &Calendar,
    text: &str,
    horizon: Time,
    path: &str,
    p: &mut Problems,
) -> Option<Time> {
    let at = time(calendar, text, path, p)?;
    if at < Time::ZERO {
        p.add(
            Code::NeverActs,
            path,
            format!("\"{text}\" is before the start of the run"),
            "write a later time, or start the clock earlier",
        );
    } else if at > horizon {
        p.add(
            Code::NeverActs,
            path,
            format!("\"{text}\" is after the end of the run"),
            "write an earlier time, or make clock.horizon longer",
        );
    }
    Some(at)
}

/// Checks every plan and compiles the one that this run takes.
pub fn maintenance(
    scenario: &Scenario,
    tables: &Tables,
    calendar: &Calendar,
    horizon: Time,
    p: &mut Problems,
) -> Option<Maintenance> {
    let mut picked = None;
    for (name, plan) in sorted(&scenario.maintenance) {
        let compiled = plan_of(name, plan, scenario, tables, calendar, horizon, p);
        if scenario.run.maintenance.as_deref() == Some(name) {
            picked = compiled;
        }
    }
    picked
}

fn plan_of(
    name: &str,
    plan: &scenario::Maintenance,
    scenario: &Scenario,
    tables: &Tables,
    calendar: &Calendar,
    horizon: Time,
    p: &mut Problems,
) -> Option<Maintenance> {
    let path = format!("maintenance.{name}");
    let starts = time_in_run(calendar, &plan.starts, horizon, &format!("{path}.starts"), p);
    let told_at = plan.told_at.as_ref().and_then(|t| time_in_run(calendar, t, horizon, &format!("{path}.told_at"), p));
    if let (Some(told), Some(starts)) = (told_at, starts)
        && told > starts
    {
        p.add(
            Code::Contradiction,
            format!("{path}.told_at"),
            "the users would be told after it has started",
            "tell them before the start, or leave told_at out",
        );
    }
    if plan.takes_down.is_empty() && plan.replaces.is_empty() {
        p.add(
            Code::NeverActs,
            format!("{path}.takes_down"),
            "a maintenance that touches nothing",
            "name what it takes down",
        );
    }
    let takes_down = (plan.takes_down.iter().enumerate())
        .filter_map(|(i, n)| tables.nodes.find(n, "site, component or group", format!("{path}.takes_down.{i}"), p))
        .map(NodeId::new)
        .collect();
    let mut components = |names: &[String], field: &str| -> Vec<NodeId> {
        (names.iter().enumerate())
            .filter_map(|(i, n)| component(n, &format!("{path}.{field}.{i}"), tables, scenario, p))
            .collect()
    };
    let replaces = components(&plan.replaces, "replaces");
    let hazard = plan.hazard.as_ref().map(|h| components(&h.of, "hazard.of")).unwrap_or_default();
    for (i, name) in plan.hazard.iter().flat_map(|h| &h.of).enumerate() {
        if scenario.components.get(name).is_some_and(|c| c.fails.is_none()) {
            p.add(
                Code::NeverActs,
                format!("{path}.hazard.of.{i}"),
                format!("\"{name}\" never fails by itself, so that no hazard of it can be raised"),
                format!("give \"{name}\" a time to failure with fails:, or leave it out here"),
            );
        }
    }
    let improves = sorted(&plan.improves)
        .filter_map(|(group, improved)| {
            let id = tables.groups.find(group, "group", format!("{path}.improves.{group}#key"), p)?;
            Some((GroupId::new(id), improved.fails_on_demand.0))
        })
        .collect();
    if let Some(every) = plan.repeats_every {
        check::period(p, &format!("{path}.repeats_every"), every, Duration(horizon.0));
        if every.0 > 0 && every <= plan.announced {
            p.add(
                Code::Contradiction,
                format!("{path}.repeats_every"),
                "it would start again before its announced end",
                "lengthen the interval",
            );
        }
    }
    p.range(
        format!("{path}.announced"),
        plan.announced.0 > 0,
        "a promise of no time",
        "write how long it was announced to take",
    );
    let abort = match &plan.abort {
        Some(abort) => {
            sampler(&abort.rollback, &format!("{path}.abort.rollback"), p).map(|rollback| (abort.after, rollback))
        }
        None => None,
    };
    let hazard_by = plan.hazard.as_ref().map_or(1.0, |h| h.by.0);
    p.range(
        format!("{path}.hazard.by"),
        hazard_by > 0.0 && hazard_by <= 1e6,
        "a hazard is raised by a factor above zero and up to a million",
        "write a factor like \"x3\"",
    );
    Some(Maintenance {
        name: name.to_owned(),
        told_at,
        starts: starts?,
        announced: plan.announced,
        takes: sampler(&plan.takes, &format!("{path}.takes"), p)?,
        repeats_every: plan.repeats_every,
        takes_down,
        order: plan.order.clone(),
        replaces,
        improves,
        hazard,
        hazard_by,
        only_if_healthy: plan.only_if_healthy,
        abort,
    })
}

/// The steps of a drill, in order of time.
type Steps = Vec<(Time, Act)>;
/// Conditions, and the steps that wait for them.
type Triggers = Vec<(Condition, usize)>;

/// The drill, and the conditions that steps of it wait for.
pub fn drill(known: &Known, nodes: &[Node], p: &mut Problems) -> (Steps, Triggers) {
    let Known { scenario, tables, calendar, links, services, .. } = *known;
    let mut found = Vec::new();
    let mut waiting = Vec::new();
    for (i, step) in scenario.drill.iter().enumerate() {
        let path = format!("drill.{i}");
        match step {
            scenario::Inject::At(at, act) => {
                let at = time_in_run(calendar, at, known.horizon, &format!("{path}.0"), p);
                let act = act_of(act, &format!("{path}.1"), scenario, tables, links, services, nodes, p);
                if let (Some(at), Some(act)) = (at, act) {
                    found.push((at, act));
                }
            }
            scenario::Inject::When(when, act) => {
                // The drill belongs to the story, measures to the strategy that a run takes.
                let when = measures::condition(when, &format!("{path}.0"), &Names::default(), known, p);
                let act = act_of(act, &format!("{path}.1"), scenario, tables, links, services, nodes, p);
                if let (Some(when), Some(act)) = (when, act) {
                    waiting.push((when, act));
                }
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    let mut triggers = Vec::new();
    for (when, act) in waiting {
        triggers.push((when, found.len()));
        found.push((Time::NEVER, act));
    }
    (found, triggers)
}

#[expect(clippy::too_many_arguments, reason = "a drill can name anything in the world")]
fn act_of(
    act: &scenario::Act,
    path: &str,
    scenario: &Scenario,
    tables: &Tables,
    links: &[Link],
    services: &[Service],
    nodes: &[Node],
    p: &mut Problems,
) -> Option<Act> {
    let node = |of: &str, p: &mut Problems| {
        let id = tables.nodes.find(of, "site or component", format!("{path}.of"), p).map(NodeId::new)?;
        if matches!(nodes[id.at()].kind, NodeKind::Group(_)) {
            p.add(
                Code::WrongType,
                format!("{path}.of"),
                format!("\"{of}\" is a group: its members fail, not the group"),
                "name a member of it",
            );
        }
        Some(id)
    };
    Some(match act {
        scenario::Act::Crash { of, repaired_after } => {
            let id = node(of, p)?;
            Act::Crash(id, *repaired_after)
        }
        scenario::Act::FailHidden { of } => {
            let id = component(of, &format!("{path}.of"), tables, scenario, p)?;
            if !nodes[id.at()].hidden {
                p.add(
                    Code::Contradiction,
                    format!("{path}.of"),
                    format!("failures of \"{of}\" are not hidden"),
                    format!("write hidden: true at \"{of}\", or crash it"),
                );
            }
            Act::FailHidden(id)
        }
        scenario::Act::Gray { of, loses, lasts, probes_pass } => {
            Act::Gray { node: node(of, p)?, loses: loses.0, lasts: *lasts, probes_pass: *probes_pass }
        }
        scenario::Act::Slow { service, at, by, lasts, servers, checks_pass } => {
            let id = tables.services.find(service, "service", format!("{path}.service"), p)?;
            let mut stations = services.get(id)?.stations.clone();
            if let Some(at) = at {
                tables.sites.find(at, "site", format!("{path}.at"), p)?;
                let here = scenario.services.get(service).map(|s| sorted(&s.runs_at).position(|(n, _)| n == at));
                match here.flatten().and_then(|i| stations.get(i).copied()) {
                    Some(station) => stations = vec![station],
                    None => {
                        p.add(
                            Code::Contradiction,
                            format!("{path}.at"),
                            format!("\"{service}\" does not run at \"{at}\""),
                            "name a site where it runs",
                        );
                        return None;
                    }
                }
            }
            p.range(
                format!("{path}.by"),
                by.0 > 0.0 && by.0 <= 1e6,
                "a service slows down by a factor above zero and up to a million",
                "write a factor like \"x3\"",
            );
            if let Some(written) = scenario.services.get(service) {
                let what = (*servers, *checks_pass);
                balancer::slowed((service, written), at.as_deref(), what, path, p);
            }
            match (servers, checks_pass) {
                (None, false) => Act::Slow(stations, by.0, *lasts),
                _ => Act::SlowServers {
                    stations,
                    servers: servers.unwrap_or(u64::MAX),
                    by: by.0,
                    lasts: *lasts,
                    checks_pass: *checks_pass,
                },
            }
        }
        scenario::Act::Cut { between, lasts } => {
            let from = tables.sites.find(&between.0, "site", format!("{path}.between.0"), p)?;
            let to = tables.sites.find(&between.1, "site", format!("{path}.between.1"), p)?;
            let ends = (SiteId::new(from.min(to)), SiteId::new(from.max(to)));
            let Some(i) = links.iter().position(|l| (l.ends.0.min(l.ends.1), l.ends.0.max(l.ends.1)) == ends) else {
                p.add(
                    Code::UnknownName,
                    format!("{path}.between"),
                    format!("there is no link between \"{}\" and \"{}\"", between.0, between.1),
                    match links {
                        [] => "this file declares no link: declare it, or leave this out".to_owned(),
                        _ => format!("links here: {}", listed(links.iter().map(|l| l.name.as_str()))),
                    },
                );
                return None;
            };
            Act::Cut(LinkId::new(i), *lasts)
        }
        scenario::Act::Surge { of, feature, by, ramp, lasts, falls, decays } => {
            let people = tables.people.find(of, "population", format!("{path}.of"), p)?;
            let feature = match feature {
                Some(name) => {
                    let id = tables.features.find(name, "feature", format!("{path}.feature"), p)?;
                    if scenario.people.get(of).is_some_and(|people| people.uses.get(name).is_none()) {
                        p.add(
                            Code::NeverActs,
                            format!("{path}.feature"),
                            format!("\"{of}\" do not use \"{name}\""),
                            "surge a feature that they use",
                        );
                    }
                    Some(FeatureId::new(id))
                }
                None => None,
            };
            p.range(
                format!("{path}.by"),
                by.0 <= 10_000.0,
                "a surge of more than ten thousandfold",
                "write a smaller factor",
            );
            if falls.0 > 0 && decays.0 > 0 {
                p.add(
                    Code::Contradiction,
                    format!("{path}.decays"),
                    "a surge that falls evenly and decays as well",
                    "write falls: or decays:, not both",
                );
            }
            // How it ends says that it ends.
            let ends = falls.0 > 0 || decays.0 > 0;
            Act::Surge {
                people: PopId::new(people),
                feature,
                by: by.0,
                ramp: *ramp,
                lasts: lasts.or(ends.then_some(Duration::ZERO)),
                falls: *falls,
                decays: *decays,
            }
        }
        scenario::Act::FailOver { group, to } => {
            let id = tables.groups.find(group, "group", format!("{path}.group"), p)?;
            let members = scenario.groups.get(group).map(|g| g.members.as_slice()).unwrap_or_default();
            let known = Names(members.iter().enumerate().map(|(i, n)| (n.clone(), i)).collect());
            let member = known.find(to, "member", format!("{path}.to"), p)?;
            Act::FailOver(GroupId::new(id), member)
        }
        scenario::Act::Decide(what) => Act::Decide(what.clone()),
        scenario::Act::Tell(what) => Act::Tell(what.clone()),
    })
}

/// Checks what the expectations speak of.
pub fn expectations(scenario: &Scenario, tables: &Tables, calendar: &Calendar, horizon: Time, p: &mut Problems) {
    let plans = Names(scenario.maintenance.names().enumerate().map(|(i, n)| (n.to_owned(), i)).collect());
    for (i, expectation) in scenario.expect.iter().enumerate() {
        let path = format!("expect.{i}");
        match expectation {
            Expectation::Downtime(e) | Expectation::Degraded(e) | Expectation::Stale(e) => {
                tables.people.find(&e.of, "population", format!("{path}.of"), p);
                if let Some((from, to)) = &e.between {
                    let from = time(calendar, from, &format!("{path}.between.0"), p);
                    let to = time(calendar, to, &format!("{path}.between.1"), p);
                    if let (Some(from), Some(to)) = (from, to) {
                        p.range(
                            format!("{path}.between"),
                            from < to,
                            "the end of this part of the run is not after its beginning",
                            "write the earlier time first",
                        );
                    }
                }
                pick(scenario, &e.when, &format!("{path}.when"), p);
            }
            Expectation::Overrun(e) => {
                plans.find(&e.of, "maintenance plan", format!("{path}.of"), p);
                pick(scenario, &e.when, &format!("{path}.when"), p);
            }
            Expectation::RestoredAt(e) => {
                tables.people.find(&e.of, "population", format!("{path}.of"), p);
                time_in_run(calendar, &e.at, horizon, &format!("{path}.at"), p);
                pick(scenario, &e.when, &format!("{path}.when"), p);
            }
            Expectation::Value(e) => {
                if e.is.is_none() && e.at_least.is_none() && e.at_most.is_none() {
                    p.add(
                        Code::NeverActs,
                        path.clone(),
                        "an expectation without a value holds whatever happens",
                        "write is:, at_least: or at_most:",
                    );
                }
                for (field, value) in [("is", e.is), ("at_least", e.at_least), ("at_most", e.at_most)] {
                    p.range(
                        format!("{path}.{field}"),
                        value.is_none_or(f64::is_finite),
                        "not a finite number",
                        "write a finite number",
                    );
                }
                if let (Some(least), Some(most)) = (e.at_least, e.at_most)
                    && least > most
                {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.at_least"),
                        format!("no value is at least {least} and at most {most}"),
                        "swap the two bounds",
                    );
                }
                pick(scenario, &e.when, &format!("{path}.when"), p);
            }
        }
    }
}
