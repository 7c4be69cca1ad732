//! What could not be done is made up for: users come again with a share of it, each after a time that is exponential from when it
//! works.

use super::core::Engine;
use crate::num;
use crate::observe::Interval;
use crate::units::{Duration, Time};

/// What is left falls by a factor of e in so many steps.
const STEPS: f64 = 32.0;
/// So little is left that it comes all at once.
const REST: f64 = 1e-3;
/// Who sees it work less, or more, than before looks again soon.
const MOVES: f64 = 0.1;

impl Engine<'_> {
    /// Requests per second of a use that come again, and until when that is about right: they are those of a whole step, whose sum is
    /// exact.
    pub(super) fn making_up(&mut self, people: usize, feature: usize, until: &mut Time) -> f64 {
        let Some((_, after_s)) = self.world.people[people].made_up else { return 0.0 };
        let of = self.state.flow.first_use[people] + feature;
        let failing = self.state.flow.failing_uses[of];
        let made_up = &mut self.state.made_up[of];
        (made_up.per_s, made_up.failing) = (0.0, failing);
        let step_s = after_s / STEPS;
        let works = (1.0 - failing).max(0.0);
        if works > 0.0 && made_up.owed > 0.0 {
            let all = made_up.owed < REST && failing <= 0.0;
            let share = if all { 1.0 } else { 1.0 - num::exp(-works / STEPS) };
            made_up.per_s = made_up.owed * share / step_s;
        }
        if works > 0.0 && (made_up.owed > 0.0 || failing > 0.0) {
            *until = (*until).min(self.now.after(Duration::from_seconds(step_s)));
        }
        made_up.per_s
    }

    /// The same once it is known how everybody feels from now on.
    pub(super) fn look_at_what_is_made_up(&self, until: &mut Time) {
        for (made_up, failing) in self.state.made_up.iter().zip(&self.state.flow.failing_uses) {
            if made_up.owed > 0.0 && (made_up.failing - failing).abs() > MOVES {
                *until = (*until).min(self.now.after(Duration::from_seconds(1.0)));
            }
        }
    }

    /// What came again in a span, and what is owed after it.
    pub(super) fn account_made_up(&mut self, dt_s: f64, span: &mut Interval) {
        for (people, population) in self.world.people.iter().enumerate() {
            let Some((share, _)) = population.made_up else { continue };
            let first = self.state.flow.first_use[people];
            for (made_up, used) in self.state.made_up[first..].iter_mut().zip(&mut span.uses[people]) {
                used.made_up = (made_up.per_s * dt_s).min(made_up.owed);
                let left = made_up.owed - used.made_up;
                let lost = used.failed + used.shed + used.never_sent;
                // What is left by rounding is nothing.
                made_up.owed = if left < 1e-9 { 0.0 } else { left } + share * lost;
            }
        }
    }
}
