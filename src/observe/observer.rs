//! Who is told what happens.

use super::interval::Interval;
use super::observation::Observation;
use crate::world::World;

/// Who is told what happens.
pub trait Observer {
    /// Something happened.
    fn saw(&mut self, world: &World, seen: &Observation);
    /// A span of time passed in which nothing changed but what flowed.
    fn flowed(&mut self, world: &World, span: &Interval);
    /// A request has been answered in time. Only where requests are followed one by one.
    #[inline]
    fn answered(&mut self, world: &World, answer: &Answer) {
        let _ = (world, answer);
    }
    /// A worker of a station begins to serve a request. As above.
    #[inline]
    fn waited(&mut self, world: &World, visit: &Visit) {
        let _ = (world, visit);
    }
    /// A station has done its part for a request. As above, and only of stations that call nobody.
    #[inline]
    fn visited(&mut self, world: &World, visit: &Visit) {
        let _ = (world, visit);
    }
}

/// A request that was answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Whose: the index of the population.
    pub people: u32,
    /// Which feature: an index into the population's uses.
    pub feature: u32,
    /// When, in nanoseconds.
    pub at_ns: u64,
    /// How long after its user first sent it, in nanoseconds.
    pub took_ns: u64,
}

/// A visit of a request to a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// The station's index.
    pub station: u32,
    /// Now, in nanoseconds.
    pub at_ns: u64,
    /// How long ago it came, in nanoseconds.
    pub took_ns: u64,
}

/// Observes nothing: for benchmarks of the engine alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Observer for Nobody {
    fn saw(&mut self, _: &World, _: &Observation) {}
    fn flowed(&mut self, _: &World, _: &Interval) {}
}

/// Two observers at once.
impl<A: Observer, B: Observer> Observer for (&mut A, &mut B) {
    fn saw(&mut self, world: &World, seen: &Observation) {
        self.0.saw(world, seen);
        self.1.saw(world, seen);
    }

    fn flowed(&mut self, world: &World, span: &Interval) {
        self.0.flowed(world, span);
        self.1.flowed(world, span);
    }

    #[inline]
    fn answered(&mut self, world: &World, answer: &Answer) {
        self.0.answered(world, answer);
        self.1.answered(world, answer);
    }

    #[inline]
    fn waited(&mut self, world: &World, visit: &Visit) {
        self.0.waited(world, visit);
        self.1.waited(world, visit);
    }

    #[inline]
    fn visited(&mut self, world: &World, visit: &Visit) {
        self.0.visited(world, visit);
        self.1.visited(world, visit);
    }
}

/// Keeps every observation, for timelines and tests.
#[derive(Debug, Clone, Default)]
pub struct Trace(pub Vec<Observation>);

impl Observer for Trace {
    fn saw(&mut self, _: &World, seen: &Observation) {
        self.0.push(seen.clone());
    }

    fn flowed(&mut self, _: &World, _: &Interval) {}
}
