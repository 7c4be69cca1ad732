//! Compiling redundant groups, and how they fail over.

use super::compiler::Compiler;
use super::limits::sampler;
use super::resolve::sorted;
use crate::scenario::{self, Code, Failback, Fallback};
use crate::world::failover::{Failover, Group, Phase, PhaseKind};
use crate::world::ids::NodeId;

impl Compiler<'_> {
    pub fn compile_groups(&self) -> Vec<Group> {
        let (scenario, nodes) = (self.scenario, &self.nodes);
        let strategy = scenario.run.strategy.as_ref().and_then(|name| scenario.strategies.get(name));
        let mut found = Vec::new();
        for (name, group) in sorted(&scenario.groups) {
            let members: Vec<NodeId> =
                group.members.iter().filter_map(|m| self.names.nodes.get(m)).map(NodeId::new).collect();
            let sites = members.iter().map(|m| nodes[m.at()].site).collect();
            let strategy_name = scenario.run.strategy.as_deref().unwrap_or_default();
            let failover = strategy
                .and_then(|s| s.failover.get(name))
                .map(|f| self.failover(f, &format!("strategies.{strategy_name}.failover.{name}")));
            found.push(Group {
                name: name.to_owned(),
                node: NodeId::new(self.names.nodes.get(name).unwrap_or(0)),
                members,
                sites,
                failover,
                deep: Vec::new(),
            });
        }
        found
    }

    pub fn failover(&self, f: &scenario::Failover, path: &str) -> Failover {
        let p = &self.problems;
        let horizon = self.scenario.clock.horizon;
        let compiled = |kind: PhaseKind, phase: &Option<scenario::Phase>| {
            let phase = phase.as_ref()?;
            let takes = sampler(&phase.takes, &format!("{path}.{}.takes", kind.name()), p)?;
            Some(Phase { kind, takes, fails: phase.fails.0 })
        };
        let before = [
            compiled(PhaseKind::Fence, &f.fence),
            compiled(PhaseKind::Promote, &f.promote),
            compiled(PhaseKind::Start, &f.start),
            compiled(PhaseKind::Warm, &f.warm),
        ];
        let verify = compiled(PhaseKind::Verify, &f.verify);
        let mechanism = f.mechanism.as_ref().and_then(|name| {
            let id = self.component(name, &format!("{path}.mechanism"))?;
            if !self.nodes[id.at()].hidden {
                p.add(
                    Code::Contradiction,
                    format!("{path}.mechanism"),
                    format!(
                        "a failover finds out on demand that \"{name}\" has failed, and its failures are not hidden"
                    ),
                    format!("write hidden: true at \"{name}\""),
                );
            }
            Some(id)
        });
        self.check_steering(&f.steer, path);
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
            detect: self.detect(&f.detect, &format!("{path}.detect")),
            decide: self.decide(&f.decide, &format!("{path}.decide")),
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

    pub fn check_steering(&self, steer: &scenario::Steer, path: &str) {
        let p = &self.problems;
        if let scenario::Steer::Dns { ttl, ignored_by, ignored_for, asked_every } = steer {
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
                    format!(
                        "those who ignore the TTL keep a record for {ignored_for}, no longer than the TTL of {ttl}"
                    ),
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
    }
}
