//! Burn rates: how fast an error budget is used up, as monitoring works it out from time to time.

use super::core::Engine;
use crate::observe::Interval;
use crate::units::Time;
use crate::world::{BURN_RATES_EVERY, PopId};

/// What is less than this of all that ends is rounding.
const ROUNDING: f64 = 1e-12;

impl Engine<'_> {
    /// What ended in a span.
    pub(super) fn account_burn_rates(&mut self, span: &Interval) {
        for (rate, state) in self.world.burn_rates.iter().zip(&mut self.state.burn_rates) {
            let uses = &span.uses[rate.people.at()];
            let failed: f64 = uses.iter().map(|used| used.failed + used.shed).sum();
            let served: f64 = uses.iter().map(|used| used.served).sum();
            state.ended(span.to, served + failed, failed);
        }
    }

    /// Works out every burn rate that is due, and says when to look again.
    pub(super) fn look_at_burn_rates(&mut self, until: &mut Time) {
        let every = BURN_RATES_EVERY.0;
        let is_due = self.now.0 % every == 0;
        let next = Time((self.now.0 / every + 1) * every);
        for (index, rate) in self.world.burn_rates.iter().enumerate() {
            let may_fail = self.requests.is_some() || self.may_fail(rate.people);
            let state = &mut self.state.burn_rates[index];
            let share = state.share(rate.over);
            if is_due {
                state.burns = share > rate.budget * rate.above;
            }
            // While nothing fails, and nothing has failed for so long, it stays as it is.
            if may_fail || share > ROUNDING || state.burns {
                *until = (*until).min(next);
            }
        }
    }

    /// Whether some of what a population sends now is not served at once.
    fn may_fail(&self, people: PopId) -> bool {
        let flow = &self.state.flow;
        let Some(open) = &flow.open else { return true };
        let mut mine = (0..flow.paths.len()).filter(|index| flow.paths[*index].people == people.at());
        mine.any(|index| {
            let of = &open.dispositions[index];
            of.dead || of.arrives * of.admitted * of.in_time * of.patient * open.let_in[index] < 1.0 - ROUNDING
        })
    }
}
