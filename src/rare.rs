//! Rare events: how often something happens that is seen in one run of a million.
//!
//! Every run is lived as it comes until something fails. From there a fork goes its own way, in which the next failure is made to
//! come before the repair more often than it would, and counts for as much less: docs/explanation/rare-events.md has the theory and
//! its sources. The estimate is unbiased whatever is made to fail; how well it is chosen says only how many runs it takes.
//!
//! ```
//! use firedrill::{load::load, rare::{Asked, Top, estimate}, scenario::{Choice, Source}, study::Alone};
//! let text = r#"Scenario(
//!     format: 1,
//!     title: "three of which one is enough",
//!     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1y"),
//!     components: {
//!         "disks": (count: 3, needs: 1, fails: exponential(mean: "1000h"), repair: (takes: exponential(mean: "1h"))),
//!     },
//! )"#;
//! let (_, world) = load(&Source::new("disks.ron", text), &Choice::default()).unwrap();
//! let top = Top::new(&world, "disks", Default::default()).unwrap();
//! let found = estimate(&world, top, Asked { relative: 0.2, ..Asked::default() }, &mut Alone);
//! // A birth and death process: 3 λ · 2 λ/(μ + 2 λ) · ..., about 3 λ³/μ² an hour.
//! assert!(found.low < 2.6e-5 && 2.6e-5 < found.high, "{found:?}");
//! ```

mod compared;
mod forced;
mod learned;
mod lived;
mod tally;
mod top;

pub use compared::{Compared, Rarely, Rated, compare};
pub use tally::{Bound, Estimate};
pub use top::{Top, tops};

use crate::rng::Luck;
use crate::study::Hands;
use crate::world::World;
use learned::Learned;
use lived::{Lived, live};
use std::sync::Arc;
use tally::Tally;

/// Runs in a unit of work.
const BATCH: u64 = 50;
/// Units that are asked for together: in between the work can be given up.
const TOGETHER: usize = 8;
/// Runs from which it is learned what to let fail.
const PILOT: u64 = 1_000;
/// Runs after which it is first looked whether it is enough.
const FIRST: u64 = 2_000;

/// What is asked of an estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// The seed.
    pub seed: u64,
    /// The confidence of its interval.
    pub confidence: f64,
    /// It is enough when half of the interval is at most so much of the estimate.
    pub relative: f64,
    /// Runs at most, beside those from which is learned.
    pub runs: u64,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked { seed: 1, confidence: 0.95, relative: 0.1, runs: 1_000_000 }
    }
}

/// How often the top event of a world comes.
pub fn estimate(world: &Arc<World>, top: Top, asked: Asked, hands: &mut impl Hands) -> Estimate {
    let nothing = Learned::new(world);
    let mut learned = nothing.clone();
    // Runs from which is learned have seeds of their own: what was learned must not know the runs that count.
    let pilot = Luck { seed: asked.seed ^ u64::MAX, replication: 0 };
    let mut learn = |lived: &Lived| lived.paths.iter().for_each(|(path, weight)| learned.learn(path, *weight));
    let mut is_whole = live_all((world, top), pilot, PILOT.min(asked.runs), &nothing, hands, &mut learn);
    let mut tally = Tally::new(world, asked.confidence);
    let mut until = FIRST.min(asked.runs);
    while is_whole {
        let luck = Luck { seed: asked.seed, replication: tally.runs() };
        let more = until - tally.runs();
        is_whole = live_all((world, top), luck, more, &learned, hands, &mut |lived| tally.add(lived));
        if tally.is_enough(asked.relative) || until >= asked.runs {
            break;
        }
        until = (2 * until).min(asked.runs);
    }
    tally.estimate(asked.relative, !is_whole)
}

/// Lives so many runs, and takes them in in their order. Says whether it was not given up before.
fn live_all(
    (world, top): (&Arc<World>, Top),
    from: Luck,
    runs: u64,
    learned: &Learned,
    hands: &mut impl Hands,
    take: &mut impl FnMut(&Lived),
) -> bool {
    let units: Vec<u64> = (0..runs.div_ceil(BATCH)).collect();
    hands.expect(units.len());
    for together in units.chunks(TOGETHER) {
        let lived = hands.all(together.len(), |unit| {
            let first = from.replication + together[unit] * BATCH;
            let last = (first + BATCH).min(from.replication + runs);
            let lucks = (first..last).map(|replication| Luck { replication, ..from });
            lucks.map(|luck| live(world, top, luck, learned)).collect::<Vec<Lived>>()
        });
        let Some(lived) = lived else { return false };
        lived.iter().flatten().for_each(&mut *take);
    }
    true
}
