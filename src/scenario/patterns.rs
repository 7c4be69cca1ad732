//! Known ways to be ready for the loss of a site, by their names: each stands for a failover that one could have written.
//!
//! Where the patterns come from, and why these numbers: `docs/reference/patterns.md`.

use super::{Decide, Detect, Failback, Failover, Fallback, Pattern, PatternOf, Phase, Scenario, Steer};
use crate::dist::Dist;
use crate::units::{Duration, Ratio};

const fn seconds(seconds: i64) -> Duration {
    Duration(seconds * 1_000_000_000)
}

const fn minutes(minutes: i64) -> Duration {
    seconds(60 * minutes)
}

impl Scenario {
    /// Writes out the pattern of each strategy that is `like` one: its failover for the group that the pattern names, or for every group of
    /// several members, unless the strategy says itself how that group fails over.
    pub(crate) fn expand_patterns(&mut self) {
        let several = self.groups.iter().filter(|(_, group)| group.members.len() > 1);
        let several: Vec<String> = several.map(|(name, _)| name.to_owned()).collect();
        for (_, strategy) in &mut self.strategies.0 {
            let Some(pattern) = &strategy.like else { continue };
            let failover = pattern.failover();
            // A name that no group bears is a mistake of the pattern, told at its place.
            let meant = |name: &&String| pattern.of().group.as_ref().is_none_or(|group| group == *name);
            for group in several.iter().filter(meant) {
                if strategy.failover.get(group).is_none() {
                    strategy.failover.insert(group.clone(), failover.clone());
                }
            }
        }
    }
}

impl Pattern {
    /// What it is of.
    pub fn of(&self) -> &PatternOf {
        match self {
            Pattern::BackupAndRestore(of)
            | Pattern::PilotLight(of)
            | Pattern::WarmStandby(of)
            | Pattern::HotStandby(of)
            | Pattern::ActiveActive(of) => of,
        }
    }

    /// The failover that one could have written.
    pub fn failover(&self) -> Failover {
        let people = |mean, cv| Decide::People { takes: lognormal(mean, cv), hours: None };
        match self {
            Pattern::BackupAndRestore(_) => Failover {
                decide: people(minutes(30), 0.5),
                start: phase(lognormal(minutes(240), 0.4)),
                verify: phase(Dist::Fixed(minutes(15))),
                ..failover(probe(60, 3, 10), dns(minutes(5)))
            },
            Pattern::PilotLight(_) => Failover {
                decide: people(minutes(10), 0.5),
                promote: phase(Dist::Fixed(minutes(2))),
                start: phase(lognormal(minutes(12), 0.3)),
                ..failover(probe(30, 3, 5), dns(minutes(1)))
            },
            Pattern::WarmStandby(_) => {
                Failover { promote: phase(Dist::Fixed(minutes(1))), ..failover(probe(30, 3, 5), dns(minutes(1))) }
            }
            Pattern::HotStandby(_) => {
                Failover { promote: phase(Dist::Fixed(seconds(15))), ..failover(probe(10, 3, 5), dns(minutes(1))) }
            }
            Pattern::ActiveActive(_) => failover(probe(5, 2, 2), Steer::AtOnce),
        }
    }
}

fn lognormal(mean: Duration, cv: f64) -> Dist {
    Dist::Lognormal { mean: Some(mean), median: None, cv: Some(cv), sigma: None }
}

fn phase(takes: Dist) -> Option<Phase> {
    Some(Phase { takes, fails: Ratio::default() })
}

fn probe(every: i64, fails: u32, timeout: i64) -> Detect {
    Detect::Probe {
        every: seconds(every),
        fails,
        timeout: seconds(timeout),
        from: Vec::new(),
        checkers: 1,
        quorum: None,
        loss: Ratio::default(),
        in_turn: false,
        deep: Vec::new(),
    }
}

/// Of public resolvers some keep a record for half an hour, whatever it says.
fn dns(ttl: Duration) -> Steer {
    Steer::Dns { ttl, ignored_by: Ratio(0.05), ignored_for: minutes(30), asked_every: None }
}

fn failover(detect: Detect, steer: Steer) -> Failover {
    Failover {
        detect,
        decide: Decide::default(),
        fence: None,
        promote: None,
        start: None,
        warm: None,
        steer,
        verify: None,
        fails_on_demand: Ratio::default(),
        mechanism: None,
        if_it_fails: Fallback::default(),
        failback: Failback::default(),
        first_back_takes_over: false,
    }
}
