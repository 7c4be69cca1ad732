//! One run, and what becomes of each failure in it.
//!
//! The run itself is lived as it comes. Whenever something fails while nothing was out of order, a disturbance begins, which ends
//! when all that has failed is back and nothing is felt any more. A fork lives the disturbance in the place of the run, with
//! failures made more frequent, and says what it came to, by its weight; the run goes on to the end of the disturbance, for which
//! it does not count. What an event adds within disturbances and between them adds up to what it adds in a run.

use super::forced::draw;
use super::learned::Learned;
use super::top::{Seen, Top, Watch};
use crate::engine::Engine;
use crate::rng::{Luck, Stream};
use crate::units::{Duration, Time};
use crate::world::World;
use std::sync::Arc;

/// The share of runs in which something is made to fail at all, where that is rare.
pub(super) const FAILS: f64 = 0.5;

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Lived {
    /// How often the top event came and how long it lasted, by weight: unbiased.
    pub seen: Seen,
    /// Whether the top event came in the run itself.
    pub came: bool,
    /// What failed on the way to the top event, with weights.
    pub paths: Vec<(Vec<usize>, f64)>,
}

impl Lived {
    /// The top event came so often on a way.
    fn counts(&mut self, seen: Seen, path: Vec<usize>, weight: f64) {
        self.seen.add(seen, weight);
        if seen.times > 0.0 {
            self.paths.push((path, weight * seen.times));
        }
    }
}

/// A run on its way, and what is seen of it.
#[derive(Clone)]
struct Life {
    engine: Engine,
    watch: Watch,
}

impl Life {
    fn run_until(&mut self, until: Time) {
        self.engine.run_until(until, &mut self.watch);
    }

    /// Handles the next event and all that are due with it. Says whether there was one.
    fn step(&mut self) -> bool {
        let next = self.engine.next_at();
        next.into_iter().for_each(|at| self.run_until(at));
        next.is_some() && !self.engine.is_finished()
    }

    fn seen(&self) -> Seen {
        self.watch.seen(self.engine.now())
    }
}

/// Lives a run.
pub(super) fn live(world: &Arc<World>, top: Top, luck: Luck, learned: &Learned) -> Lived {
    let mut stream = Stream::new(luck, "", "rare events");
    let mut life = Life { engine: Engine::new(Arc::clone(world), luck), watch: Watch::new(world, top) };
    let mut lived = Lived::default();
    life.run_until(Time::ZERO);
    let mut weight = 1.0;
    if !life.engine.is_disturbed() {
        let window = world.horizon().since(life.engine.now());
        weight = draw(&mut life.engine, window, FAILS, learned, None, &mut stream).weight;
    }
    let mut before = Seen::default();
    let mut begins = life.engine.is_disturbed();
    loop {
        // As long as nothing is out of order.
        while !begins && life.step() {
            begins = life.watch.has_failed() && life.engine.is_disturbed();
        }
        lived.counts(life.seen().since(before), life.watch.path.clone(), weight);
        if life.engine.is_finished() {
            break;
        }
        let (seen, path) = disturbance(life.clone(), learned, &mut stream);
        lived.counts(seen, path, weight);
        while life.engine.is_disturbed() && life.step() {}
        if life.engine.is_finished() {
            break;
        }
        life.watch.forget();
        before = life.seen();
        begins = false;
    }
    lived.came = life.seen().times > 0.0;
    lived
}

/// Lives a disturbance from its beginning to its end, and gives what it adds, by weight, and what has failed in it.
///
/// What comes counts by the weight that the fork has then: what is drawn later has one in the mean, and would only blur it.
fn disturbance(mut life: Life, learned: &Learned, stream: &mut Stream) -> (Seen, Vec<usize>) {
    let (mut seen, mut before) = (Seen::default(), life.seen());
    let (mut weight, mut windows, mut failures) = (1.0, 0_u32, 0);
    while life.engine.is_disturbed() && !life.engine.is_finished() {
        let window = life.engine.next_known_change().since(life.engine.now());
        if life.watch.is_down() || !life.engine.is_out_of_order() || window == Duration::ZERO {
            if !life.step() {
                break;
            }
            continue;
        }
        seen.add(life.seen().since(before), weight);
        before = life.seen();
        // The first window after a failure is the likeliest to have another; the more there are, the less each is to blur.
        if failures < life.watch.path.len() {
            (failures, windows) = (life.watch.path.len(), 0);
        }
        windows += 1;
        let share = FAILS / f64::from(windows);
        let until = life.engine.now().after(window);
        let last = life.watch.path.last().copied();
        let drawn = draw(&mut life.engine, window, share, learned, last, stream);
        weight *= drawn.weight;
        let until = until.min(drawn.first);
        // Its end is looked for after every event, as in the run.
        while life.engine.is_disturbed() && life.engine.next_at().is_some_and(|at| at <= until) && life.step() {}
    }
    seen.add(life.seen().since(before), weight);
    (seen, life.watch.path)
}
