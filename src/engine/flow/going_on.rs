//! Going on: calls are made one after the other, and whoever fails at one that is needed does not make the next.

use super::lines::is_of;
use crate::engine::core::Engine;
use crate::engine::state::flow::{AtStation, Regime};
use crate::engine::state::paths::Path;
use crate::queueing::{made_until_refused, never_refused};
use crate::world::{Call, SiteId, StationId};

/// Of those who begin to make a list of calls, who has come so far: per request that begins, and whether that changes as they do; and a second
/// those who have begun before, and leave a line that nobody joins any more.
#[derive(Debug, Clone, Copy)]
pub(super) struct GoOn {
    pub share: f64,
    pub slope: f64,
    pub drains: f64,
}

impl GoOn {
    /// Everybody.
    pub const ALL: GoOn = GoOn { share: 1.0, slope: 1.0, drains: 0.0 };

    /// A share of everybody.
    pub fn of(share: f64) -> GoOn {
        GoOn { share, slope: share, drains: 0.0 }
    }

    /// Those of them who go on behind another call.
    pub fn and(self, next: GoOn) -> GoOn {
        GoOn {
            share: self.share * next.share,
            slope: self.slope * next.slope,
            drains: self.drains * next.share + next.drains,
        }
    }
}

impl Engine<'_> {
    /// Of those who make a call, the share that goes on to the next one. `class` is that of the requests where it is known; whoever has no
    /// worker that waits, waits in the line itself, and goes on as fast as that moves.
    pub(super) fn get_past(
        &self,
        call: &Call,
        from: SiteId,
        (class, holds): (Option<usize>, bool),
        stations: &[AtStation],
    ) -> GoOn {
        let Some((callee, _)) = self.answers(call, from) else {
            let share = if call.hard { never_refused(1.0, call.times) } else { 1.0 };
            return GoOn::of(share);
        };
        let at = &stations[callee.at()];
        let mut share = 1.0;
        if call.hard {
            share = never_refused(1.0 - self.load_lets_by(call, from, class, stations), call.times);
            share *= 1.0 - self.lost_by_calls(call, from);
        }
        let moves = at.regime == Regime::Moving && !holds && call.times > 0.0;
        let slope = if moves || at.regime == Regime::Full { 0.0 } else { share };
        // A call that is made every fifth time holds up every fifth.
        let waits = call.times.min(1.0);
        GoOn { share: if moves { share * (1.0 - waits + waits * at.moves_on) } else { share }, slope, drains: 0.0 }
    }

    /// The same for the requests of a path: its line at the callee drains also when none of them comes any more.
    pub(super) fn get_past_in_person(&self, call: &Call, path: &Path, class: usize, stations: &[AtStation]) -> GoOn {
        let goes_on = self.get_past(call, path.site, (Some(class), false), stations);
        let Some((callee, _)) = self.answers(call, path.site).filter(|_| call.times > 0.0) else { return goes_on };
        let at = &stations[callee.at()];
        if !at.queues() || at.joined {
            return goes_on;
        }
        let of = self.state.flow.first_use[path.people] + path.feature;
        let (mut mine, mut all) = (0.0, 0.0);
        for (_, member) in self.state.flow.stations[callee.at()].line.members() {
            all += member.count;
            mine += if is_of(member.key, of, path.site) { member.count } else { 0.0 };
        }
        let share = if all > 0.0 { mine / all } else { 0.0 };
        GoOn { drains: at.capacity * share * goes_on.share / call.times, ..goes_on }
    }

    /// How often a call is made of the times that it is meant to be, where the first that fails is the last.
    pub(super) fn made(&self, call: &Call, from: SiteId, class: Option<usize>, stations: &[AtStation]) -> f64 {
        if call.times <= 1.0 {
            return 1.0;
        }
        let lost = match self.answers(call, from).filter(|_| self.state.flow.loses && call.client.is_none()) {
            Some((callee, _)) => self.lost_share(call, from, callee).0,
            None => 0.0,
        };
        let fails = 1.0 - self.load_lets_by(call, from, class, stations) * (1.0 - lost);
        made_until_refused(fails, call.times) / call.times
    }

    /// Of attempts at a call that do not get lost, the share that the load of those who are called lets by.
    fn load_lets_by(&self, call: &Call, from: SiteId, class: Option<usize>, stations: &[AtStation]) -> f64 {
        let Some((callee, _)) = self.answers(call, from) else { return 0.0 };
        let at = &stations[callee.at()];
        let block = class.map_or(at.block, |class| at.class_block[class]);
        match self.tried_now(call, from, stations) {
            Some(tried) => tried.succeeds,
            None => (1.0 - block) * at.passes,
        }
    }

    /// What stations further down let by of what a station takes on; how fast its own line moves, of what comes. Says how much that has
    /// moved.
    pub(super) fn let_by(&self, id: StationId, stations: &mut [AtStation]) -> f64 {
        let station = &self.world.stations[id.at()];
        let mut passes = 1.0;
        for call in station.calls.iter().filter(|call| call.hard && self.answers(call, station.site).is_some()) {
            passes *= never_refused(1.0 - self.load_lets_by(call, station.site, None, stations), call.times);
        }
        passes = 1.0 - self.missed(id) * (1.0 - passes);
        let at = &mut stations[id.at()];
        let moves_on = if at.queues() && at.inflow > 0.0 { at.capacity / at.inflow } else { 1.0 };
        let moved = (passes - at.passes).abs().max((moves_on - at.moves_on).abs() / (1.0 + moves_on));
        (at.passes, at.moves_on, at.joined) = (passes, moves_on, at.inflow > 0.0);
        moved
    }
}
