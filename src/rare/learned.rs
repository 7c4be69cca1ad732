//! What is made to fail: learned from runs in which the top event came.
//!
//! Cross-entropy (Rubinstein & Kroese, The Cross-Entropy Method, 2004, section 2.5) says to choose what fails next as often as it
//! failed next on the way to the top event, each run by its weight. A share of the choice stays with what would fail anyway, and a
//! share goes to everything alike, so that nothing that can matter is left out (balanced failure biasing: Shahabuddin, Management
//! Science 40, 1994).

use crate::engine::Clock;
use crate::world::World;

/// Shares of the choice: what would fail anyway, everything alike; the rest is learned.
const ANYWAY: f64 = 0.2;
const ALIKE: f64 = 0.3;

/// How often each thing failed next on the way to the top event, by what had failed before.
#[derive(Debug, Clone)]
pub(super) struct Learned {
    kinds: usize,
    /// By what failed before, and last where nothing had.
    next: Vec<Vec<f64>>,
}

impl Learned {
    pub fn new(world: &World) -> Learned {
        let kinds = world.nodes.len() + world.shocks.len();
        Learned { kinds, next: vec![Vec::new(); kinds + 1] }
    }

    /// Something led to the top event: this failed, one after the other.
    pub fn learn(&mut self, path: &[usize], weight: f64) {
        let mut before = self.kinds;
        for what in path {
            let row = &mut self.next[before];
            row.resize(self.kinds, 0.0);
            row[*what] += weight;
            before = *what;
        }
    }

    /// How often each clock is to be chosen after this has failed; adds up to one. Clocks without odds are never chosen.
    pub fn choices(&self, before: Option<usize>, clocks: &[Clock]) -> Vec<f64> {
        let mut odds = vec![0.0; self.kinds];
        for clock in clocks {
            odds[clock.what] += clock.odds;
        }
        let total: f64 = odds.iter().sum();
        let there = odds.iter().filter(|odds| **odds > 0.0).count() as f64;
        let row = &self.next[before.unwrap_or(self.kinds)];
        let known = |what: usize| if odds[what] > 0.0 { row.get(what).copied().unwrap_or(0.0) } else { 0.0 };
        let learned: f64 = (0..self.kinds).map(known).sum();
        let rest = 1.0 - ANYWAY - ALIKE;
        let of_kind = |what: usize| {
            let anyway = odds[what] / total;
            let alike = 1.0 / there;
            match learned > 0.0 {
                true => ANYWAY * anyway + ALIKE * alike + rest * known(what) / learned,
                false => (ANYWAY * anyway + ALIKE * alike) / (ANYWAY + ALIKE),
            }
        };
        clocks
            .iter()
            .map(|clock| if clock.odds > 0.0 { of_kind(clock.what) * clock.odds / odds[clock.what] } else { 0.0 })
            .collect()
    }
}
