//! One service level over time: what a population, or one of its features, felt when, and why.

use super::outcome::*;
use super::story::{Story, why_words};
use crate::observe::{ObservationId, ServiceLevel, Why};
use crate::units::Time;
use crate::world::{World, civil_label};

/// Intervals kept per population and feature.
pub(super) const INTERVALS_MAX: usize = 10_000;

/// One mood over time.
#[derive(Debug, Clone)]
pub(super) struct Feeling {
    pub(super) mood: ServiceLevel,
    why: Why,
    since: Time,
    cause: Option<ObservationId>,
    past: Vec<(ServiceLevel, Why, Time, Time, Option<ObservationId>)>,
    pub(super) seconds: [f64; 4],
    /// Intervals that are not kept.
    left_out: u64,
    /// Since when it is down.
    down_since: Option<Time>,
    pub(super) longest_down_s: f64,
}

impl Feeling {
    pub(super) fn new() -> Feeling {
        let (mood, why) = (ServiceLevel::Fine, Why::Nothing);
        Feeling {
            mood,
            why,
            since: Time::ZERO,
            cause: None,
            past: Vec::new(),
            seconds: [0.0; 4],
            left_out: 0,
            down_since: None,
            longest_down_s: 0.0,
        }
    }

    pub(super) fn change(&mut self, at: Time, mood: ServiceLevel, why: Why, cause: Option<ObservationId>, from: Time) {
        let since = self.since.max(from);
        if at > since {
            self.seconds[self.mood as usize] += at.since(since).seconds();
            if self.mood != ServiceLevel::Fine {
                // One mood with a new reason goes on; its first reason stays.
                let room = self.past.len() < INTERVALS_MAX;
                match self.past.last_mut() {
                    Some(last) if last.0 == self.mood && last.3 == since => last.3 = at,
                    _ if room => {
                        self.past.push((self.mood, self.why, since, at, self.cause));
                    }
                    _ => self.left_out += 1,
                }
            }
            if self.mood == ServiceLevel::Down {
                let down_since = *self.down_since.get_or_insert(since);
                self.longest_down_s = self.longest_down_s.max(at.since(down_since).seconds());
            } else {
                self.down_since = None;
            }
        }
        (self.mood, self.why, self.since, self.cause) = (mood, why, at, cause);
    }

    /// The run is over: what is felt then stays.
    pub(super) fn ends(&mut self, at: Time, from: Time) {
        self.change(at, self.mood, self.why, None, from);
    }

    pub(super) fn tell_cut_short(&self, whose: String, outcome: &mut Outcome) {
        if self.left_out > 0 {
            outcome.cut_short.push(CutShort::new(format!("{whose}.intervals"), self.past.len(), self.left_out));
        }
    }

    /// What was felt when, without a reason.
    pub(super) fn moods(&self) -> Vec<OutcomeInterval> {
        let interval =
            |&(mood, _, from, to, _): &(ServiceLevel, Why, Time, Time, Option<ObservationId>)| OutcomeInterval {
                mood,
                from_s: from.seconds(),
                to_s: to.seconds(),
                from: String::new(),
                to: String::new(),
                why: String::new(),
                because: Vec::new(),
            };
        self.past.iter().map(interval).collect()
    }

    pub(super) fn intervals(&self, world: &World, story: &Story) -> Vec<OutcomeInterval> {
        self.past
            .iter()
            .map(|(mood, why, from, to, cause)| OutcomeInterval {
                mood: *mood,
                from_s: from.seconds(),
                to_s: to.seconds(),
                from: civil_label(&world.calendar, *from),
                to: civil_label(&world.calendar, *to),
                why: why_words(world, *why),
                because: story.because(*cause),
            })
            .collect()
    }
}
