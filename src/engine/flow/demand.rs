//! Demand: what everybody means to send, and what the doors and the links let through.

use super::approximations::integral;
use crate::engine::core::Engine;
use crate::engine::state::flow::Open;
use crate::engine::state::paths::Path;
use crate::engine::state::runbook::Restriction;
use crate::num;
use crate::queueing::{Flow, max_min};
use crate::units::{Duration, Time};
use crate::world::{Curve, Effect, LinkId, SiteId};

/// A surge that ramps or falls is a staircase of so many steps; one that decays, of a quarter as many for each factor of e.
const STEPS: f64 = 32.0;
/// While a link is full and its load changes, the span ends when that has moved by this share of its capacity.
const LINK_STEP: f64 = 0.02;

impl Engine<'_> {
    /// Requests per second of every path, the next bend of each population's profile, surge or move, and the next of anything
    /// else.
    pub(super) fn demand(&mut self, open: &mut Open, until: &mut Time, bends: &mut Vec<Time>) {
        for people in 0..self.world.people.len() {
            let mut bend = Time::NEVER;
            let active = self.active(people, &mut bend);
            open.people.push(active);
            bends.push(bend);
        }
        self.look_at_abandonment(&open.people, until);
        self.look_at_restrictions(open, until);
        open.impatient = self.impatient(until);
        let mut path = 0;
        for (people, until) in bends.iter_mut().enumerate() {
            let population = &self.world.people[people];
            let active = open.people[people];
            let (shares, next) = self.state.steering[people].shares(self.now);
            if let Some(next) = next {
                *until = (*until).min(next);
                // Two straight lines make a parabola: while both move, go on in small steps.
                if active.1 != 0.0 {
                    *until = (*until).min(self.now.after(Duration::from_seconds(30.0)));
                }
            }
            let there = self.there(people, active.0);
            let log_ins = self.log_ins(people, until);
            for (feature, (id, per_user)) in population.uses.iter().enumerate() {
                let surge = self.surge(people, Some(id.at()), until);
                let (mut rate, mut slope) = (active.0 * per_user * surge, active.1 * per_user * surge);
                let mut sent = there;
                if population.sessions.as_ref().is_some_and(|s| s.log_in == Some(feature)) {
                    // Who is away does not log in; who comes back does, on top of what was meant.
                    let returns = self.state.away[people].returns;
                    let meant = rate + log_ins.0 * surge + returns;
                    sent = if meant > 0.0 { (rate * there + log_ins.0 * surge + returns) / meant } else { 1.0 };
                    (rate, slope) = (meant, slope + log_ins.1 * surge);
                }
                let (put_off, made_up) = self.put_off(people, feature);
                if put_off > 0.0 {
                    open.put_off.push((people, feature, rate * put_off, slope * put_off));
                }
                rate = rate * (1.0 - put_off) + made_up + self.making_up(people, feature, until);
                slope *= 1.0 - put_off;
                let let_in = self.let_in(people, id.at(), until);
                let of = self.state.flow.first_use[people] + feature;
                let (mut delayed_retries, next) = self.state.flow.delayed_retries[of].at(self.now);
                *until = (*until).min(next);
                if let Some((rates, kept)) = open.impatient.get_mut(&of) {
                    // No more of them than the budget allows.
                    let budget = self.world.features[id.at()].retries.map_or(0.0, |retries| retries.budget);
                    let wanted: f64 = rates.iter().sum();
                    let allowed = if budget.is_finite() { budget * rate * sent * let_in } else { f64::INFINITY };
                    if wanted > allowed {
                        *kept = allowed / wanted;
                        rates.iter_mut().for_each(|rate| *rate *= *kept);
                    }
                    delayed_retries.resize(delayed_retries.len().max(rates.len()), 0.0);
                    delayed_retries.iter_mut().zip(rates.iter()).for_each(|(sum, rate)| *sum += rate);
                }
                for share in shares.iter() {
                    debug_assert!(self.state.flow.paths[path].feature == feature);
                    open.rates.push((rate * share.now, slope * share.now + rate * share.slope));
                    open.sent.push(sent);
                    open.let_in.push(let_in);
                    open.delayed_retries.push(delayed_retries.iter().map(|rate| rate * share.now).collect());
                    path += 1;
                }
            }
        }
    }

    /// Users of a population who should be active, and the slope of that.
    pub(in crate::engine) fn active(&mut self, people: usize, until: &mut Time) -> (f64, f64) {
        let population = &self.world.people[people];
        let (mut share, mut slope, next) = population.active.at(self.now, &mut self.state.flow.cursors[people]);
        *until = (*until).min(next);
        if let Some((measure, action)) = self.state.staggers[people]
            && let Effect::Stagger { active, compliance, .. } = &self.world.procedures[measure].actions[action]
        {
            let (spread, its_slope, next) = active.at(self.now, &mut self.state.stagger_cursors[people].0);
            *until = (*until).min(next);
            share += compliance * (spread - share);
            slope += compliance * (its_slope - slope);
        }
        // A surge of a whole population is more people; one of a feature, the same people doing more.
        let users = population.users * self.surge(people, None, until);
        (users * share, users * slope)
    }

    /// Log-ins per second of a population, and their slope.
    pub(in crate::engine) fn log_ins(&mut self, people: usize, until: &mut Time) -> (f64, f64) {
        let population = &self.world.people[people];
        let Some(sessions) = population.sessions.as_ref().filter(|s| s.log_in.is_some()) else { return (0.0, 0.0) };
        let (mut share, mut slope, next) = population.log_ins.at(self.now, &mut self.state.flow.log_in_cursors[people]);
        *until = (*until).min(next);
        if let Some((measure, action)) = self.state.staggers[people]
            && let Effect::Stagger { log_ins, compliance, .. } = &self.world.procedures[measure].actions[action]
        {
            let (spread, its_slope, next) = log_ins.at(self.now, &mut self.state.stagger_cursors[people].1);
            *until = (*until).min(next);
            share += compliance * (spread - share);
            slope += compliance * (its_slope - slope);
        }
        let per_share = population.users / sessions.mean_s * self.surge(people, None, until);
        (share * per_share, slope * per_share)
    }

    /// How many times as many people, or as much of a feature, in small steps while it ramps, falls or decays.
    fn surge(&self, people: usize, feature: Option<usize>, until: &mut Time) -> f64 {
        let mut factor = 1.0;
        for surge in self.state.surges.iter().filter(|s| s.people == people && s.feature == feature) {
            let mut staircase = |from: Time, length: Duration, steps: f64| {
                let done = (self.now.since(from).seconds() / length.seconds() * steps).floor();
                let next = from.after(Duration::from_seconds(length.seconds() * (done + 1.0) / steps));
                *until = (*until).min(next.max(Time(self.now.0 + 1)));
                (done + 0.5) / steps
            };
            let rise =
                if self.now.since(surge.from) < surge.ramp { staircase(surge.from, surge.ramp, STEPS) } else { 1.0 };
            let fallen = if self.now < surge.falls_from {
                *until = (*until).min(surge.falls_from.max(Time(self.now.0 + 1)));
                0.0
            } else if surge.falls.0 > 0 {
                staircase(surge.falls_from, surge.falls, STEPS).min(1.0)
            } else if surge.decays.0 > 0 {
                1.0 - num::exp(-staircase(surge.falls_from, surge.decays, STEPS / 4.0))
            } else {
                0.0
            };
            factor *= 1.0 + (surge.by - 1.0) * rise * (1.0 - fallen);
        }
        factor
    }

    /// Share of the requests that is not turned away at the door.
    fn let_in(&self, people: usize, feature: usize, until: &mut Time) -> f64 {
        let mut let_in = 1.0;
        for shedding in &self.state.sheddings {
            let action = &self.world.procedures[shedding.procedure].actions[shedding.action];
            let Effect::Shed { feature: of, people: who, share, eases_over, .. } = action else { continue };
            if of.is_some_and(|of| of.at() != feature) || who.is_some_and(|who| who.at() != people) {
                continue;
            }
            let mut turned = *share * (1.0 - shedding.eased);
            if eases_over.0 > 0 {
                let done = (self.now.since(shedding.from).seconds() / eases_over.seconds() * STEPS).floor();
                if done < STEPS {
                    let next_s = eases_over.seconds() * (done + 1.0) / STEPS;
                    let next = shedding.from.after(Duration::from_seconds(next_s));
                    *until = (*until).min(next.max(Time(self.now.0 + 1)));
                }
                turned *= (1.0 - (done + 0.5) / STEPS).max(0.0);
            }
            let_in *= 1.0 - turned;
        }
        let_in
    }

    /// Restrictions open and close: what was put off while they were closed is made up for evenly while they are open.
    fn look_at_restrictions(&mut self, open: &Open, until: &mut Time) {
        for i in 0..self.state.restrictions.len() {
            let restriction = &mut self.state.restrictions[i];
            let action = &self.world.procedures[restriction.procedure].actions[restriction.action];
            let Effect::Restrict { uses, .. } = action else { continue };
            let (people, _, hours) = &uses[restriction.index];
            let (is_open, _, next) = hours.at(self.now, &mut restriction.cursor);
            *until = (*until).min(next);
            let is_open = is_open > 0.5 || restriction.over;
            if is_open && !restriction.open {
                // Until it closes again, or for as long as a session, where it was lifted.
                let left_s = if restriction.over { 3_600.0 } else { open_for(hours, self.now).seconds() };
                restriction.release = restriction.put_off / left_s.max(1.0);
            } else if !is_open {
                restriction.release = 0.0;
            }
            restriction.open = is_open;
            if restriction.release > 0.0 {
                let gone = self.now.after(Duration::from_seconds(restriction.put_off / restriction.release));
                *until = (*until).min(gone.max(Time(self.now.0 + 1)));
            }
            debug_assert!(*people < open.people.len());
        }
    }

    /// The share of a use that is put off now, and the requests per second that are made up for.
    fn put_off(&self, people: usize, feature: usize) -> (f64, f64) {
        let (mut kept, mut made_up) = (1.0, 0.0);
        for restriction in &self.state.restrictions {
            let action = &self.world.procedures[restriction.procedure].actions[restriction.action];
            let Effect::Restrict { uses, compliance } = action else { continue };
            if (uses[restriction.index].0, uses[restriction.index].1) == (people, feature) {
                if restriction.open {
                    made_up += restriction.release;
                } else {
                    kept *= 1.0 - compliance;
                }
            }
        }
        (1.0 - kept, made_up)
    }

    /// Lets the time of a span pass for what has been put off.
    pub(super) fn pass_restrictions(&mut self, open: &Open, dt_s: f64) {
        for restriction in self.state.restrictions.iter_mut().filter(|r| r.open) {
            restriction.put_off = (restriction.put_off - restriction.release * dt_s).max(0.0);
            if restriction.put_off < 1e-9 {
                (restriction.put_off, restriction.release) = (0.0, 0.0);
            }
        }
        for &(people, feature, rate, slope) in &open.put_off {
            let amount = integral(rate, slope, dt_s);
            let compliance = |restriction: &Restriction| {
                let action = &self.world.procedures[restriction.procedure].actions[restriction.action];
                let Effect::Restrict { uses, compliance } = action else { return 0.0 };
                let is_it = (uses[restriction.index].0, uses[restriction.index].1) == (people, feature);
                if is_it && !restriction.open { *compliance } else { 0.0 }
            };
            // Several restrictions of one use share what they keep away.
            let all: f64 = self.state.restrictions.iter().map(compliance).sum();
            if all > 0.0 {
                let shares: Vec<f64> = self.state.restrictions.iter().map(|r| compliance(r) / all).collect();
                self.state.restrictions.iter_mut().zip(shares).for_each(|(r, share)| r.put_off += amount * share);
            }
        }
    }

    /// When a link fills up or is free again, and small steps while it is full.
    pub(super) fn bound_by_links(&self, open: &Open, until: &mut Time) {
        let world = self.world;
        if world.links.iter().all(|l| l.bandwidth_bps.is_infinite()) {
            return;
        }
        let mut asked = vec![(0.0, 0.0); world.links.len()];
        for transfer in &world.transfers {
            for link in self.links_between(transfer.ends.0, transfer.ends.1).unwrap_or_default() {
                asked[link.at()].0 += transfer.demand_bps;
            }
        }
        for (i, path) in self.state.flow.paths.iter().enumerate() {
            let bits = world.features[world.people[path.people].uses[path.feature].0.at()].bits;
            for (link, times) in self.links_of(path) {
                asked[link].0 += open.rates[i].0 * times * bits;
                asked[link].1 += open.rates[i].1 * times * bits;
            }
        }
        for (i, (bps, slope)) in asked.into_iter().enumerate() {
            let most = self.link_bps(LinkId::new(i));
            if slope == 0.0 || !most.is_finite() {
                continue;
            }
            let crossing_s = (most - bps) / slope;
            let mut at_most = |seconds: f64| {
                let nanos = (seconds * 1e9).ceil().min(9e18) as i64;
                *until = (*until).min(Time(self.now.0.saturating_add(nanos.max(1))));
            };
            // What is as good as full is full: rounding would never let the rest of the way come to an end.
            let is_there = (most - bps).abs() <= 1e-9 * most;
            if crossing_s > 0.0 && !is_there {
                at_most(crossing_s);
            }
            if bps >= most || is_there {
                at_most((LINK_STEP * most / slope.abs()).max(1.0));
            }
        }
    }

    /// The links that requests of a path cross, with crossings per request: those between sites, and the uplink.
    pub(super) fn links_of(&self, path: &Path) -> impl Iterator<Item = (usize, f64)> {
        let uplink = self.world.uplinks[path.site.at()].map(|uplink| (uplink.at(), 1.0));
        let crossed = path.crossings.iter().flat_map(|&(from, to, times, _)| {
            self.links_between(from, to).unwrap_or_default().iter().map(move |link| (link.at(), times))
        });
        uplink.into_iter().chain(crossed)
    }

    /// Shares the links between requests and transfers, max-min fairly.
    pub(super) fn share_links(&self, open: &mut Open, until: Time) {
        // Rates change in a straight line: in the middle they are what they are on average.
        open.links_at_s = until.since(self.now).seconds() / 2.0;
        open.links_most_bps.extend((0..self.world.links.len()).map(|l| self.link_bps(LinkId::new(l))));
        self.share_links_again(open);
    }

    /// The same with as many attempts as are made by now: each crosses the links anew, whatever became of those before.
    pub(super) fn share_links_again(&self, open: &mut Open) {
        let world = self.world;
        if world.transfers.is_empty() && world.links.iter().all(|l| l.bandwidth_bps.is_infinite()) {
            return;
        }
        let half_s = open.links_at_s;
        for bps in [&mut open.links_bps, &mut open.links_slopes_bps, &mut open.links_offered_bps] {
            bps.fill(0.0);
        }
        open.through_links.fill(1.0);
        open.through_soft_links.fill(1.0);
        open.transfers_bps.clear();
        // Links that never saturate are left out by giving them more than anyone asks.
        let capacities: Vec<f64> =
            (0..world.links.len()).map(|l| self.link_bps(LinkId::new(l)).min(f64::MAX / 4.0)).collect();
        let mut flows = Vec::new();
        let mut of_path = Vec::new();
        for transfer in &world.transfers {
            let links = self.links_between(transfer.ends.0, transfer.ends.1);
            let demand = if links.is_some() { transfer.demand_bps } else { 0.0 };
            flows.push(Flow { links: numbers(links.unwrap_or_default()), demand, weight: transfer.weight });
        }
        for (i, path) in self.state.flow.paths.iter().enumerate() {
            let bits = world.features[world.people[path.people].uses[path.feature].0.at()].bits;
            let sent = if path.dead.is_some() { world.people[path.people].keeps_trying } else { 1.0 };
            let made = open.sent[i] * open.let_in[i] * sent * open.attempts[i];
            let slope = open.rates[i].1 * made;
            let rate = (open.rates[i].0 + open.rates[i].1 * half_s).max(0.0) * made;
            let rate = rate + open.delayed_retries[i].iter().sum::<f64>();
            let mut cross = |links: &[LinkId], times: f64, hard: bool| {
                let demand = rate * times * bits;
                if demand > 0.0 {
                    of_path.push((i, flows.len(), hard));
                    for link in links {
                        open.links_slopes_bps[link.at()] += slope * times * bits;
                    }
                    flows.push(Flow { links: numbers(links), demand, weight: 1.0 });
                }
            };
            if let Some(uplink) = world.uplinks[path.site.at()] {
                cross(&[uplink], 1.0, true);
            }
            for &(from, to, times, hard) in &path.crossings {
                cross(self.links_between(from, to).unwrap_or_default(), times, hard);
            }
        }
        // Many users make many small flows: together they weigh as much as they ask for, a population on average as much as
        // a transfer.
        let asked: f64 = flows[world.transfers.len()..].iter().map(|flow| flow.demand).sum();
        let mean = asked / of_path.len().max(1) as f64;
        flows[world.transfers.len()..].iter_mut().for_each(|flow| flow.weight = flow.demand / mean);
        let yields: Vec<bool> = world.transfers.iter().map(|transfer| transfer.yields).collect();
        let rates = share_by_class(&capacities, &flows, &yields);
        for (flow, rate) in flows.iter().zip(&rates) {
            for link in &flow.links {
                open.links_bps[*link as usize] += rate;
                open.links_offered_bps[*link as usize] += flow.demand;
            }
        }
        for (path, flow, hard) in of_path {
            // What does not fit of a call that is soft, requests go without.
            let through = if hard { &mut open.through_links } else { &mut open.through_soft_links };
            through[path] *= (rates[flow] / flows[flow].demand).min(1.0);
        }
        open.transfers_bps.extend_from_slice(&rates[..world.transfers.len()]);
    }

    pub(in crate::engine) fn links_between(&self, from: SiteId, to: SiteId) -> Option<&[LinkId]> {
        self.state.routes.between(from, to).map(|route| route.links.as_slice())
    }
}

/// Those that yield, the first ones of a list, share what the others leave.
fn share_by_class(capacities: &[f64], flows: &[Flow], yields: &[bool]) -> Vec<f64> {
    if !yields.contains(&true) {
        return max_min(capacities, flows);
    }
    let of_class = |yielding: bool, left: &[f64]| {
        let asks = |(i, flow): (usize, &Flow)| {
            let is_in = yields.get(i).copied().unwrap_or(false) == yielding;
            Flow { demand: if is_in { flow.demand } else { 0.0 }, ..flow.clone() }
        };
        max_min(left, &flows.iter().enumerate().map(asks).collect::<Vec<_>>())
    };
    let first = of_class(false, capacities);
    let mut left = capacities.to_vec();
    for (flow, rate) in flows.iter().zip(&first) {
        for link in &flow.links {
            left[*link as usize] = (left[*link as usize] - rate).max(0.0);
        }
    }
    first.iter().zip(of_class(true, &left)).map(|(first, last)| first + last).collect()
}

fn numbers(links: &[LinkId]) -> Vec<u32> {
    links.iter().map(|link| link.0).collect()
}

/// For how long hours go on that have opened now: those that go past midnight are two lines of a profile. Those of which the run does not see the
/// end are taken to be as long as the longest before.
fn open_for(hours: &Curve, now: Time) -> Duration {
    let mut longest = Duration::ZERO;
    let (mut cursor, mut time, mut opened) = (0, Time::ZERO, None);
    loop {
        let (value, _, next) = hours.at(time, &mut cursor);
        match (value > 0.5, opened) {
            (true, None) => opened = Some(time),
            (false, Some(since)) if since >= now => return time.since(since),
            (false, Some(since)) => (longest, opened) = (longest.max(time.since(since)), None),
            _ => {}
        }
        if next == Time::NEVER {
            return opened.map_or(longest, |since| longest.max(time.since(since)));
        }
        time = next;
    }
}
