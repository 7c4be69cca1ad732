//! Invariants of what flows, asserted at the end of every span.

use super::lines::use_of;
use crate::engine::core::Engine;
use crate::engine::state::flow::Open;
use crate::observe::Interval;

/// Rounding of sums over a span.
const ROUNDING: f64 = 1e-6;
/// What a load that changes may be above the middle of a span, by which the steady state goes, before the span ends.
const SLOPES: f64 = 0.06;

impl Engine<'_> {
    pub(super) fn flow_invariants(&mut self, open: &Open, span: &Interval) {
        self.nobody_does_more_than_he_can(open, span);
        self.no_request_is_nowhere(span);
    }

    /// What was sent and is neither answered nor lost waits in a line, or to be tried again; and nothing is there twice.
    fn no_request_is_nowhere(&mut self, span: &Interval) {
        let waiting = self.requests_under_way();
        let flow = &mut self.state.flow;
        let known = std::mem::replace(&mut flow.ledger.requests, waiting);
        if span.followed || known.is_empty() {
            return;
        }
        for (of, (before, now)) in known.iter().zip(&flow.ledger.requests).enumerate() {
            let (people, feature) = flow.use_at(of);
            let total = &span.uses[people][feature];
            let over = total.served + total.failed + total.shed + total.never_sent;
            let off = before + total.intended - over - now;
            let name = &self.world.people[people].name;
            assert!(
                off.abs() <= ROUNDING * (1.0 + total.intended + before),
                "{name}: {off} requests are nowhere, or less than nothing: {before} waited, {now} do, {total:?}"
            );
        }
    }

    /// What flowed is given to single requests, or comes back from them: the account begins anew.
    pub(in crate::engine) fn ledger_begins_anew(&mut self) {
        self.state.flow.ledger.requests = self.requests_under_way();
        self.state.flow.ledger.visits.clear();
    }

    /// Requests of each use that are not over, or that nobody has counted yet: whoever was followed and was served when that ended.
    fn requests_under_way(&self) -> Vec<f64> {
        let flow = &self.state.flow;
        let later =
            |of: usize| flow.delayed_retries[of].left(self.now) + flow.owed[of].iter().sum::<f64>() + flow.landed[of];
        let mut waiting: Vec<f64> = (0..flow.crashed.len()).map(later).collect();
        for (_, member) in flow.stations.iter().flat_map(|station| station.line.members()) {
            waiting[use_of(member.key)] += member.live;
        }
        waiting
    }

    /// A station serves what comes and what had waited there, as much of it as it can.
    fn nobody_does_more_than_he_can(&mut self, open: &Open, span: &Interval) {
        let waits = self.state.flow.stations.iter().map(|station| station.fluid.backlog).collect();
        let known = std::mem::replace(&mut self.state.flow.ledger.visits, waits);
        if span.followed || known.is_empty() {
            return;
        }
        for (i, (work, at)) in span.stations.iter().zip(&open.stations).enumerate() {
            let name = &self.world.services[self.world.stations[i].service.at()].name;
            let (before, now) = (known[i], self.state.flow.ledger.visits[i]);
            let off = before + work.arrived - work.served - work.lost - now;
            assert!(
                off.abs() <= ROUNDING * (1.0 + work.arrived + before),
                "{name}: {off} visits are nowhere, or twice: {before} waited, {now} do, {work:?}"
            );
            let can = at.capacity * span.to.since(span.from).seconds() * (1.0 + SLOPES);
            assert!(work.served <= can + before + ROUNDING, "{name}: more than it can do: {work:?} {at:?}");
        }
    }
}
