//! Repair now, or wait on the temporary fix? And how often the fix would have to fail for the answer to turn.

use super::hands::Hands;
use super::lived::{beginning, lived, spared};
use super::windows_outcome::{Estimate, FixOutcome, NowOutcome};
use crate::dist::Sampler;
use crate::num;
use crate::rng::Luck;
use crate::units::Time;
use crate::world::{Maintenance, NodeId, World, civil_label};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Mean lives of a temporary fix between which the answer is looked for: an hour and ten years, in seconds.
pub const LIVES_S: (f64, f64) = (3_600.0, 315_360_000.0);
/// Lives that are tried first, evenly on the logarithm: the answer need not turn only once.
const GRID: u32 = 12;
/// Halvings between two of those: they leave less than half a percent.
const HALVINGS: u32 = 8;

/// The question.
pub(super) struct Question<'a> {
    pub world: &'a World,
    pub plan: &'a Maintenance,
    pub now: Time,
    pub seed: u64,
    pub replications: u64,
}

/// The shortest mean life with which no fix failed in a run, and the user-minutes that were lost in it.
type Known = (f64, f64);

impl Question<'_> {
    /// Runs both sides. Nothing where the work was given up.
    pub fn answer(&self, hands: &mut impl Hands) -> Option<NowOutcome> {
        let fixes = self.fixes();
        let as_written = self.both(hands, &[], 0.0, &mut Vec::new())?;
        let side = |pick: fn(&(f64, f64)) -> f64| Estimate::of(as_written.iter().map(pick));
        let fix = if fixes.is_empty() { None } else { Some(self.break_even(hands, &fixes)?) };
        let calendar = &self.world.calendar;
        Some(NowOutcome {
            now_s: self.now.seconds(),
            now: civil_label(calendar, self.now),
            later_s: self.plan.starts.seconds(),
            later: civil_label(calendar, self.plan.starts),
            lost_now: side(|(now, _)| *now),
            lost_later: side(|(_, later)| *later),
            costs: side(|(now, later)| now - later),
            replications: self.replications,
            run_s: self.world.horizon.since(self.world.measured_from).seconds(),
            fix,
        })
    }

    /// What is replaced and can be on a temporary fix that fails at random.
    fn fixes(&self) -> Vec<NodeId> {
        self.plan.replaces.iter().copied().filter(|id| self.life_s(*id).is_some()).collect()
    }

    fn life_s(&self, id: NodeId) -> Option<f64> {
        match self.world.nodes[id.at()].repair.as_ref()?.temporary.as_ref()?.1 {
            Sampler::Exponential(mean) => Some(mean),
            _ => None,
        }
    }

    /// What is lost when it begins now and later, run by run, with this mean life of the fixes.
    ///
    /// Lives are drawn by inversion: with a longer mean, each is longer. A run in which no fix failed is therefore the same
    /// with every longer mean, and is not run again.
    fn both(
        &self,
        hands: &mut impl Hands,
        fixes: &[NodeId],
        life_s: f64,
        known: &mut Vec<Option<Known>>,
    ) -> Option<Vec<(f64, f64)>> {
        let spared = spared(self.world, self.plan);
        let worlds = [self.now, self.plan.starts].map(|start| {
            let mut world = beginning(self.world, start, self.plan.announced);
            for id in fixes {
                let repair = world.nodes[id.at()].repair.as_mut();
                if let Some((_, fails)) = repair.and_then(|repair| repair.temporary.as_mut()) {
                    *fails = Sampler::Exponential(life_s);
                }
            }
            Arc::new(world)
        });
        let sides = 2 * self.replications as usize;
        known.resize(sides, None);
        let is_known = |known: &Option<Known>| known.is_some_and(|(life, _)| life <= life_s);
        let open: Vec<usize> = (0..sides).filter(|i| !is_known(&known[*i])).collect();
        hands.expect(open.len());
        let lived = hands.all(open.len(), |i| {
            let luck = Luck { seed: self.seed, replication: (open[i] / 2) as u64 };
            lived(&worlds[open[i] % 2], &spared, luck)
        })?;
        let mut lost: Vec<f64> = known.iter().map(|known| known.map_or(0.0, |(_, lost)| lost)).collect();
        for (i, lived) in open.into_iter().zip(lived) {
            lost[i] = lived.lost;
            if !lived.fix_failed {
                known[i] = Some((life_s, lived.lost));
            }
        }
        Some(lost.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    /// Looks for the mean life at which both sides cost the same.
    fn break_even(&self, hands: &mut impl Hands, fixes: &[NodeId]) -> Option<FixOutcome> {
        let lives: Vec<f64> = fixes.iter().filter_map(|id| self.life_s(*id)).collect();
        let assumed_s = lives.first().copied().filter(|first| lives.iter().all(|life| life == first));
        let (from, to) = (num::ln(LIVES_S.0), num::ln(LIVES_S.1));
        let mut tried: BTreeMap<u64, (f64, Estimate)> = BTreeMap::new();
        let mut known = Vec::new();
        // What now costs more at a logarithm of the mean life.
        let mut costs = |at: f64, hands: &mut _| -> Option<Estimate> {
            let life_s = num::exp(at);
            if let Some((_, costs)) = tried.get(&life_s.to_bits()) {
                return Some(*costs);
            }
            let both = self.both(hands, fixes, life_s, &mut known)?;
            let costs = Estimate::of(both.iter().map(|(now, later)| now - later));
            tried.insert(life_s.to_bits(), (life_s, costs));
            Some(costs)
        };
        let grid: Vec<f64> = (0..GRID).map(|i| from + (to - from) * f64::from(i) / f64::from(GRID - 1)).collect();
        let mut at_grid = Vec::with_capacity(grid.len());
        for at in &grid {
            at_grid.push(costs(*at, hands)?);
        }
        let mut roots = [None; 3];
        // The upper end of what now costs more crosses zero where waiting is at its best: at the shortest life.
        let ends: [fn(&Estimate) -> f64; 3] = [|costs| costs.high, |costs| costs.mean, |costs| costs.low];
        for (root, end) in roots.iter_mut().zip(ends) {
            // From a better now to a better later as the fix lives longer; the turn nearest to what the file assumes counts.
            let turns = (1..grid.len()).filter(|i| end(&at_grid[i - 1]) <= 0.0 && end(&at_grid[*i]) > 0.0);
            let near = num::ln(assumed_s.unwrap_or(LIVES_S.1));
            let Some(i) = turns.min_by(|a, b| (grid[*a] - near).abs().total_cmp(&(grid[*b] - near).abs())) else {
                continue;
            };
            let (mut low, mut high) = (grid[i - 1], grid[i]);
            for _ in 0..HALVINGS {
                let middle = low + (high - low) / 2.0;
                if end(&costs(middle, hands)?) <= 0.0 { low = middle } else { high = middle }
            }
            *root = Some(num::exp(low + (high - low) / 2.0));
        }
        let [low, mean, high] = roots;
        Some(FixOutcome {
            components: fixes.iter().map(|id| self.world.nodes[id.at()].name.clone()).collect(),
            assumed_s,
            from_s: LIVES_S.0,
            to_s: LIVES_S.1,
            turns_at_s: mean,
            turns_low_s: mean.and(low),
            turns_high_s: mean.and(high),
            tried: tried.into_values().collect(),
        })
    }
}
