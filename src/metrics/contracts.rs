//! Contracts: what vendors have promised, against what they did.

use super::outcome::{ContractOutcome, Outcome};
use crate::observe::{Observation, Occurrence};
use crate::units::{Duration, Time};
use crate::world::World;
use std::collections::VecDeque;

/// Contracts as they are being measured, by node.
#[derive(Debug, Clone)]
pub struct ContractMetrics(Vec<Option<Kept>>);

#[derive(Debug, Clone)]
struct Kept {
    promised: Duration,
    /// Calls that nobody has answered yet, in their order.
    open: VecDeque<Time>,
    outcome: ContractOutcome,
}

impl ContractMetrics {
    pub fn new(world: &World) -> ContractMetrics {
        let of = |node: &crate::world::Node| {
            let promised = node.repair.as_ref()?.vendor_promises?;
            let outcome = ContractOutcome { promised_s: promised.seconds(), ..ContractOutcome::default() };
            Some(Kept { promised, open: VecDeque::new(), outcome })
        };
        ContractMetrics(world.nodes.iter().map(of).collect())
    }

    pub fn saw(&mut self, seen: &Observation) {
        match &seen.what {
            Occurrence::VendorCalled(node) => {
                if let Some(kept) = &mut self.0[node.at()] {
                    kept.outcome.calls += 1;
                    kept.open.push_back(seen.at);
                }
            }
            Occurrence::VendorCame { node, waited } => {
                if let Some(kept) = &mut self.0[node.at()] {
                    let called = Time(seen.at.0 - waited.0);
                    kept.open.iter().position(|at| *at == called).map(|at| kept.open.remove(at));
                    kept.came(*waited);
                }
            }
            // Who has new parts needs nobody any more.
            Occurrence::Replaced(node) => {
                if let Some(kept) = &mut self.0[node.at()] {
                    kept.outcome.calls -= kept.open.len() as u64;
                    kept.open.clear();
                }
            }
            _ => {}
        }
    }

    pub fn finish(&mut self, world: &World, outcome: &mut Outcome) {
        for (node, kept) in world.nodes.iter().zip(&mut self.0) {
            let Some(mut kept) = kept.take() else { continue };
            // Who has not come by the end is late as soon as his time is over.
            for called in std::mem::take(&mut kept.open) {
                let waited = world.horizon.since(called);
                match waited > kept.promised {
                    true => kept.came(waited),
                    false => kept.outcome.under_way += 1,
                }
            }
            outcome.contracts.insert(node.name.clone(), kept.outcome);
        }
    }
}

impl Kept {
    fn came(&mut self, waited: Duration) {
        let late = Duration(waited.0 - self.promised.0);
        if late.0 <= 0 {
            self.outcome.met += 1;
        } else {
            self.outcome.missed += 1;
            self.outcome.late_s += late.seconds();
            self.outcome.late_max_s = self.outcome.late_max_s.max(late.seconds());
        }
    }
}
