//! Failovers that are slower than what is asked of them.

use super::designs::rounded;
use super::looked::Looked;
use crate::scenario::{Code, Diagnostic, Objective};
use crate::world::{Decide, Detect, Failover, Place, Tail, World};

/// Of those who are led elsewhere, the share that still goes to what is dead when the rest counts as served: down is who is served less
/// than half.
const LEFT: f64 = 0.5;

/// Objectives on the longest outage that no failover can reach, because each takes longer on average: to notice, to decide, through
/// its phases, and until half of the users have followed.
pub fn slower_than_asked(looked: &Looked) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, objective) in looked.scenario.objectives.iter() {
        let Objective::Restored(asked) = objective else { continue };
        let judged = |strategy: Option<&str>| asked.when.strategy.as_deref().is_none_or(|of| strategy == Some(of));
        let designs = looked.designs.iter().filter(|design| judged(design.strategy.as_deref()));
        let takes = designs.filter_map(|design| {
            slowest(&design.world, &asked.of).map(|steps| (steps, design.strategy.as_deref().unwrap_or("")))
        });
        let Some((steps, strategy)) = takes.min_by(|a, b| a.0.total_s().total_cmp(&b.0.total_s())) else { continue };
        let within_s = asked.within.seconds();
        if steps.total_s() > within_s {
            let reason = format!(
                "{} takes {} to fail over even under \"{strategy}\", on average: {}",
                asked.of,
                rounded(steps.total_s()),
                steps.told()
            );
            let fix = format!("make it quicker than {}, or ask for less", asked.within);
            found.push(Diagnostic::new(Code::SlowerThanAsked, format!("objectives.{name}"), reason, fix));
        }
    }
    found
}

/// What a failover takes, on average.
struct Steps {
    detect_s: f64,
    decide_s: f64,
    phases_s: f64,
    steer_s: f64,
}

impl Steps {
    fn total_s(&self) -> f64 {
        self.detect_s + self.decide_s + self.phases_s + self.steer_s
    }

    fn told(&self) -> String {
        let parts = [
            ("to notice", self.detect_s),
            ("to decide", self.decide_s),
            ("in its phases", self.phases_s),
            ("until half have followed", self.steer_s),
        ];
        let told = parts.into_iter().filter(|(_, s)| *s > 0.0).map(|(what, s)| format!("{} {what}", rounded(s)));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// The slowest failover of those whom an objective is about; the worst counts there, too.
fn slowest(world: &World, of: &str) -> Option<Steps> {
    let groups = world.people.iter().filter_map(|people| {
        let Place::Group(group) = people.served_by else { return None };
        let group = &world.groups[group.at()];
        (people.name == of || group.name == of).then_some(group)
    });
    let policies = groups.filter_map(|group| group.failover.as_ref().filter(|_| group.members.len() > 1));
    policies.map(steps).max_by(|a, b| a.total_s().total_cmp(&b.total_s()))
}

fn steps(policy: &Failover) -> Steps {
    let decide_s = match &policy.decide {
        Decide::Automatic => 0.0,
        Decide::People(takes, _) => takes.mean_s(),
        Decide::Sometimes(share, takes) => share * takes.mean_s(),
    };
    Steps {
        detect_s: detected_s(&policy.detect),
        decide_s,
        phases_s: policy.before.iter().map(|phase| phase.takes.mean_s()).sum(),
        steer_s: Tail::new(&policy.steer).until_left_s(LEFT),
    }
}

/// The mean time until a dead member is noticed: checkers are at random phases, so that the k-th of n sees its first failure after
/// k/(n+1) of an interval; the last heartbeat is half an interval old; the first of n uniform timeouts comes after 1/(n+1) of their range.
fn detected_s(detect: &Detect) -> f64 {
    match detect {
        Detect::Instant => 0.0,
        Detect::Probe { every, fails, timeout, in_turn, from, checkers, quorum, .. } => {
            let of = if from.is_empty() { f64::from(*checkers) } else { from.len() as f64 };
            let first = every.seconds() * f64::from(*quorum) / (of + 1.0);
            let next = every.seconds() + if *in_turn { timeout.seconds() } else { 0.0 };
            first + f64::from(fails.saturating_sub(1)) * next + timeout.seconds()
        }
        Detect::Heartbeat { every, grace } => (grace.seconds() - every.seconds() / 2.0).max(0.0),
        Detect::Raft { followers, timeout, heartbeat, votes, .. } => {
            let range = timeout.1.seconds() - timeout.0.seconds();
            let since = heartbeat.map_or(0.0, |every| every.seconds() / 2.0);
            timeout.0.seconds() + range / (f64::from(*followers) + 1.0) - since + votes.seconds()
        }
    }
}
