//! Those who watch, and what they watch.

use super::designs::{Design, across_sites, needs, rounded};
use super::looked::Looked;
use crate::num;
use crate::scenario::{Code, Diagnostic};
use crate::units::Duration;
use crate::world::{Detect, Effect, Failover, Group, ServiceId, SiteId, World};

/// False alarms that come more rarely than this are not worth a word.
const ALARM_EVERY_S: f64 = 7.0 * 86_400.0;

/// Checkers, voters, mechanisms and control planes that fail with what they are to notice or to replace.
pub fn inside(looked: &Looked) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (design, strategy) in named(looked) {
        let world = &design.world;
        for (id, first) in across_sites(world) {
            let group = &world.groups[id.at()];
            let Some(policy) = &group.failover else { continue };
            let path = format!("strategies.{strategy}.failover.{}", group.name);
            let site = &world.sites[first.at()].name;
            if let Some(reason) = blind(world, group, policy, first) {
                let fix = "let most of those who watch be at other sites";
                found.push(Diagnostic::new(Code::Inside, format!("{path}.detect"), reason, fix));
            }
            let mechanism = policy.mechanism.filter(|mechanism| needs(world, *mechanism, world.sites[first.at()].node));
            if let Some(mechanism) = mechanism {
                let name = world.name_of_node(mechanism);
                let reason = format!("\"{name}\" is to fail \"{}\" over, and fails with \"{site}\" itself", group.name);
                let fix = "let the mechanism stand somewhere else";
                found.push(Diagnostic::new(Code::Inside, format!("{path}.mechanism"), reason, fix));
            }
            for procedure in &world.procedures {
                let moves =
                    procedure.actions.iter().any(|effect| matches!(effect, Effect::SwitchOver(of, _) if *of == id));
                let only_there = |service: &&ServiceId| {
                    let stations = &world.services[service.at()].stations;
                    !stations.is_empty() && stations.iter().all(|station| world.stations[station.at()].site == first)
                };
                if let (true, Some(service)) = (moves, procedure.needs.iter().find(only_there)) {
                    let service = &world.services[service.at()].name;
                    let reason = format!(
                        "moving \"{}\" away from \"{site}\" needs \"{service}\", which is only there",
                        group.name
                    );
                    let fix = "let what people work with run at another site too";
                    let path = format!("strategies.{strategy}.runbook.{}.needs", procedure.name);
                    found.push(Diagnostic::new(Code::Inside, path, reason, fix));
                }
            }
        }
    }
    found
}

/// Why nobody is left to notice, or to vote, when the site of the first member fails.
fn blind(world: &World, group: &Group, policy: &Failover, first: SiteId) -> Option<String> {
    let site = &world.sites[first.at()].name;
    match &policy.detect {
        Detect::Probe { from, quorum, .. } if !from.is_empty() => {
            let left = from.iter().filter(|at| **at != first).count();
            (left < *quorum as usize).then(|| {
                format!(
                    "\"{site}\" takes {} of the {} checkers of \"{}\" with it when it fails, and {quorum} have to agree",
                    from.len() - left,
                    from.len(),
                    group.name
                )
            })
        }
        Detect::Raft { followers, from, .. } => {
            let others = group.sites.iter().skip(1).copied();
            let at: Vec<Option<SiteId>> =
                if from.is_empty() { others.collect() } else { from.iter().map(|site| Some(*site)).collect() };
            let left = *followers as usize - at.iter().filter(|at| **at == Some(first)).count();
            let majority = (*followers as usize).div_ceil(2) + 1;
            (left < majority).then(|| {
                let voters = followers + 1;
                format!(
                    "\"{site}\" takes {} of the {voters} voters of \"{}\" with it when it fails, and {majority} have to agree",
                    voters as usize - left,
                    group.name
                )
            })
        }
        _ => None,
    }
}

/// Detection that waits less long than the network makes it wait now and then: it takes a healthy member for down.
pub fn faster_than_jitter(looked: &Looked) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (design, strategy) in named(looked) {
        let world = &design.world;
        for group in &world.groups {
            let Some(policy) = &group.failover else { continue };
            let Some((every_s, reason)) = false_alarms(world, group, &policy.detect) else { continue };
            if every_s < ALARM_EVERY_S {
                let often =
                    if every_s > 1.0 { format!("about every {}", rounded(every_s)) } else { "all the time".to_owned() };
                let reason = format!("{reason}: a healthy member of \"{}\" is taken for down {often}", group.name);
                let fix = "wait longer, or for more signs in a row";
                let path = format!("strategies.{strategy}.failover.{}.detect", group.name);
                found.push(Diagnostic::new(Code::FasterThanJitter, path, reason, fix));
            }
        }
    }
    found
}

/// How often those who watch are misled by what the network does to their signs, and what it does.
fn false_alarms(world: &World, group: &Group, detect: &Detect) -> Option<(f64, String)> {
    let member = group.sites.first().copied().flatten()?;
    let way = |from: SiteId| world.routes.between(from, member).filter(|_| from != member);
    match detect {
        Detect::Probe { every, fails, timeout, from, quorum, .. } if timeout.0 > 0 && !from.is_empty() => {
            // The quorum is reached by those who are misled most often.
            let mut late: Vec<(f64, f64)> = from
                .iter()
                .map(|at| way(*at).map_or((0.0, 0.0), |route| (late(world, &route.links, *timeout, 2.0), route.rtt_s)))
                .collect();
            late.sort_by(|a, b| b.0.total_cmp(&a.0));
            let all = late.iter().take(*quorum as usize).map(|(p, _)| num::pow(*p, f64::from(*fails))).product::<f64>();
            let rtt_s = late.first()?.1;
            let reason = format!("a check waits {timeout} for an answer that takes {} on average", rounded(rtt_s));
            (all > 0.0).then(|| (every.seconds() / all, reason))
        }
        Detect::Heartbeat { every, grace } => {
            let others = group.sites.iter().skip(1).flatten();
            let slack = Duration(grace.0.saturating_sub(every.0));
            let p = others
                .filter_map(|at| way(*at))
                .map(|route| jitter_alone(world, &route.links, slack))
                .fold(0.0, f64::max);
            let reason = format!("heartbeats may be {slack} late, and the network makes some of them later");
            (p > 0.0).then(|| (every.seconds() / p, reason))
        }
        Detect::Raft { timeout, heartbeat: Some(every), .. } => {
            let others = group.sites.iter().skip(1).flatten();
            let slack = Duration(timeout.0.0.saturating_sub(every.0));
            let p = others
                .filter_map(|at| way(*at))
                .map(|route| jitter_alone(world, &route.links, slack))
                .fold(0.0, f64::max);
            let reason =
                format!("the leader's heartbeats may be {slack} late, and the network makes some of them later");
            (p > 0.0).then(|| (every.seconds() / p, reason))
        }
        _ => None,
    }
}

/// How often a sign is later than this: the way of the links, there and back, and an exponential extra delay on each of them.
fn late(world: &World, links: &[crate::world::LinkId], within: Duration, ways: f64) -> f64 {
    let of = |link: &crate::world::LinkId| &world.links[link.at()];
    let rtt: f64 = links.iter().map(|link| of(link).rtt.seconds()).sum();
    let delays: Vec<f64> = links.iter().map(|link| of(link).jitter.seconds()).filter(|mean| *mean > 0.0).collect();
    tail(&delays, ways, within.seconds() - rtt * ways / 2.0)
}

/// The same without the way itself: signs that come regularly are all as late.
fn jitter_alone(world: &World, links: &[crate::world::LinkId], within: Duration) -> f64 {
    let delays: Vec<f64> =
        links.iter().map(|link| world.links[link.at()].jitter.seconds()).filter(|mean| *mean > 0.0).collect();
    tail(&delays, 1.0, within.seconds())
}

/// The probability that a sum of exponential delays is above a time: as many stages of their mean.
fn tail(delays: &[f64], ways: f64, above_s: f64) -> f64 {
    if above_s < 0.0 {
        return 1.0;
    }
    let stages = delays.len() as f64 * ways;
    let sum: f64 = delays.iter().sum::<f64>() * ways;
    if sum <= 0.0 {
        return 0.0;
    }
    let x = above_s * stages / sum;
    let mut term = num::exp(-x);
    let mut p = 0.0;
    for k in 0..stages as u32 {
        p += term;
        term *= x / f64::from(k + 1);
    }
    p.min(1.0)
}

/// The designs of strategies, with their names.
fn named<'l>(looked: &'l Looked) -> impl Iterator<Item = (&'l Design, &'l str)> {
    looked.designs.iter().filter_map(|design| design.strategy.as_deref().map(|strategy| (design, strategy)))
}
