//! Abandonment: users who give up while nothing works, and come back to a storm of log-ins.

use super::core::Engine;
use super::state::abandonment::Away;
use crate::units::{Duration, Time};

/// So few are away, or fail, that nobody would notice.
const FEW: f64 = 1e-3;

/// What a span may change, as a share of those who are there.
const STEP: f64 = 0.02;

impl Engine<'_> {
    /// Lets the time of a span pass for those who are away.
    pub(super) fn pass_away(&mut self, dt_s: f64) {
        for away in &mut self.state.away {
            away.waiting = (away.waiting + away.waiting_slope * dt_s).max(0.0);
            away.gone = (away.gone + away.gone_slope * dt_s).max(0.0);
        }
    }

    /// How users leave and come back from now on, and until when that is about right.
    ///
    /// With `f` the share of requests that fail: who is there leaves at the rate `f / gives_up`; of those a share looks again
    /// after a while, finds it working with probability `1 - f`, and logs in; the others' sessions are over as they would have
    /// been anyway.
    pub(super) fn look_at_abandonment(&mut self, active: &[(f64, f64)], until: &mut Time) {
        for (i, people) in self.world.people.iter().enumerate() {
            let Some(sessions) = &people.sessions else { continue };
            let failing = self.state.flow.failing[i];
            let away = &mut self.state.away[i];
            let users = active[i].0.max(0.0);
            // A profile that falls takes those who are away along.
            let most = users * 0.999;
            let both = away.waiting + away.gone;
            if both > most && both > 0.0 {
                away.waiting *= most / both;
                away.gone *= most / both;
            }
            let there = users - away.waiting - away.gone;
            let leaves = if sessions.gives_up_s.is_finite() { there * failing / sessions.gives_up_s } else { 0.0 };
            let quiet = away.waiting + away.gone < FEW * users && failing < FEW;
            if quiet {
                *away = Away::default();
                continue;
            }
            away.returns = away.waiting * (1.0 - failing) / sessions.looks_again_s;
            away.waiting_slope = leaves * sessions.comes_back - away.returns;
            away.gone_slope = leaves * (1.0 - sessions.comes_back) - away.gone / sessions.mean_s;
            let fastest = away.waiting_slope.abs().max(away.gone_slope.abs());
            if fastest > 0.0 {
                let step_s = (STEP * users / fastest).max(1.0).min(sessions.looks_again_s.max(10.0));
                *until = (*until).min(self.now.after(Duration::from_seconds(step_s)));
            }
        }
    }

    /// Share of a population's users who are there, of those who should be.
    pub(super) fn there(&self, people: usize, active: f64) -> f64 {
        let away = &self.state.away[people];
        if active > 0.0 { (1.0 - (away.waiting + away.gone) / active).clamp(0.0, 1.0) } else { 1.0 }
    }
}
