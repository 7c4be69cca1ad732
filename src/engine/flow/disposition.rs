//! Disposition: what becomes of the requests of a path.

use super::approximations::{FELT_WAIT, three_digits};
use crate::engine::core::Engine;
use crate::engine::state::disposition::{Disposition, Feeling};
use crate::engine::state::flow::{AtStation, Open};
use crate::engine::state::paths::Path;
use crate::observe::Why;
use crate::queueing::{Latency, Wait, attempts_of, never_refused};
use crate::world::{LinkId, StationId};
use std::sync::Arc;

/// What fails more rarely than this changes no latency.
const NEVER: f64 = 1e-9;
/// Longer than anybody waits, in seconds.
const FOR_EVER_S: f64 = 1e9;

impl Engine<'_> {
    /// The latency of a path at the waits that hold now, without the network and moving queues; and the sum of those.
    pub(super) fn latency_now(&self, index: usize, open: &Open, waits_s: &[f64]) -> (Arc<Latency>, f64) {
        let path = &self.state.flow.paths[index];
        let class = self.world.features[self.world.people[path.people].uses[path.feature].0.at()].class;
        let mut shift_s = path.fixed_s;
        let mut quiet = true;
        let mut known = Vec::new();
        if self.world.has_call_clients {
            shift_s += self.entry_comes_to(path, 0, &open.stations).untimed_s;
            known = self.known_failures(path, class, &open.stations);
            quiet &= known.iter().all(|known| *known < NEVER);
        }
        for ((id, times, _), guarded) in path.visits.iter().zip(&path.guarded) {
            let at = &open.stations[id.at()];
            if at.queues() {
                // Whose callers give up is left to their timeouts.
                shift_s += if *guarded { 0.0 } else { times.max(1.0) * waits_s[id.at()] };
                quiet &= !*guarded;
            } else {
                quiet &= at.wait_of(class).probability() < FELT_WAIT;
            }
            quiet &= at.slower == 1.0;
        }
        // What is always done is done by those who are served; a call by a policy that is turned away is known to fail.
        let refused = |visit: usize| {
            let (id, times, hard) = path.visits[visit];
            let refused = open.stations[id.at()].class_block[class];
            let tells = !path.guarded[visit] && refused > NEVER && (!hard || times.fract() > 0.0);
            if tells { three_digits(refused) } else { 0.0 }
        };
        quiet &= (0..path.visits.len()).all(|visit| refused(visit) == 0.0);
        if quiet {
            return (Arc::clone(&path.quiet), shift_s);
        }
        let latency = self.latency_by_visit(
            path,
            |visit| {
                let at = &open.stations[path.visits[visit].0.at()];
                if path.guarded[visit] && at.storm {
                    return (Wait::Fixed(FOR_EVER_S), at.slower);
                }
                if path.guarded[visit] && at.queues() {
                    return (Wait::Fixed(three_digits(waits_s[path.visits[visit].0.at()])), at.slower);
                }
                let wait = at.wait_of(class);
                let felt = !at.queues() && wait.probability() >= FELT_WAIT;
                (if felt { wait.clone() } else { Wait::Never }, at.slower)
            },
            refused,
            &known,
        );
        (latency, shift_s)
    }

    /// Of the requests of a path: admitted everywhere where that is needed, and in time.
    pub(super) fn disposition(&self, index: usize, open: &Open, waits_s: &[f64]) -> Disposition {
        let (latency, moving_s) = self.latency_now(index, open, waits_s);
        let path = &self.state.flow.paths[index];
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        if let Some(why) = path.dead {
            return Disposition {
                dead: true,
                arrives: 0.0,
                admitted: 0.0,
                in_time: 0.0,
                why,
                latency,
                moving_s,
                calls_s: 0.0,
                soft: 0.0,
                answered: 1.0,
                patient: 1.0,
            };
        }
        let mut arrives = path.passes * open.through_links[index];
        let mut calls_s = 0.0;
        let (mut admitted, mut soft, mut patient) = (1.0, 1.0 - path.dimmed, 1.0);
        let mut why = path.loss.or(path.dimmed_for).unwrap_or(Why::Nothing);
        let mut worst = 1e-9;
        if open.let_in[index] < 1.0 {
            worst = 1.0 - open.let_in[index];
            why = Why::Shed;
        }
        for (id, times, hard) in &path.visits {
            let block = open.stations[id.at()].class_block[feature.class];
            let gives_up = open.stations[id.at()].gives_up_there;
            if gives_up > 0.0 && *hard {
                patient *= never_refused(gives_up, *times);
                if gives_up > worst {
                    worst = gives_up;
                    why = Why::Overload(*id);
                }
            }
            if block > 0.0 {
                let passes = never_refused(block, *times);
                if *hard {
                    admitted *= passes;
                } else {
                    soft *= passes;
                }
                if block > worst {
                    worst = block;
                    why = Why::Overload(*id);
                }
            }
        }
        if self.world.has_call_clients {
            let entry = self.entry_comes_to(path, feature.class, &open.stations);
            // What fails because it comes too late further down gets lost; what retries save has been admitted.
            (arrives, admitted) = (arrives * (entry.succeeds / admitted).min(1.0), admitted.max(entry.succeeds));
            soft = (1.0 - path.dimmed) * entry.complete;
            calls_s = entry.untimed_s;
            if entry.guarded.is_some() && 1.0 - entry.succeeds * entry.complete > worst {
                why = self.longest_wait(path, open, waits_s).map_or(Why::Slow, Why::Overload);
            }
        }
        soft *= open.through_soft_links[index];
        if open.through_links[index].min(open.through_soft_links[index]) < 1.0 - worst {
            why = self.fullest_link(path, open).map_or(why, Why::Link);
        }
        let answered = self.answered(path, open);
        let in_time = feature.timeout_s.map_or(1.0, |timeout_s| {
            let late = latency.ccdf(timeout_s - moving_s);
            // As long as nobody loses patience in a line, only those fail who leave it.
            1.0 - if moving_s < timeout_s { late * answered } else { late }
        });
        if in_time < 0.99 {
            why = self.longest_wait(path, open, waits_s).map_or(why, Why::Overload);
        }
        Disposition {
            dead: false,
            arrives,
            admitted,
            in_time,
            why,
            latency,
            moving_s,
            calls_s,
            soft,
            answered,
            patient,
        }
    }

    /// Of the requests of a path that cannot succeed, those that get as far as a line.
    pub(super) fn as_far_as(
        &self,
        line: Option<StationId>,
        index: usize,
        open: &Open,
        disposition: &Disposition,
    ) -> Disposition {
        let path = &self.state.flow.paths[index];
        let class = self.world.features[self.world.people[path.people].uses[path.feature].0.at()].class;
        let needed = path.visits.iter().filter(|(.., hard)| *hard);
        let admitted = needed.map(|(id, times, _)| never_refused(open.stations[id.at()].class_block[class], *times));
        Disposition {
            arrives: open.through_links[index] * line.map_or(path.begins, |station| path.reaches(station)),
            admitted: admitted.product(),
            ..disposition.clone()
        }
    }

    /// The latency of a path without a queue anywhere, and the share of its requests that would be in time.
    pub(in crate::engine) fn without_queues(&self, path: &Path) -> (Arc<Latency>, f64) {
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        let as_usual = path.visits.iter().all(|visit| self.slower(visit.0) == 1.0);
        let quiet = match as_usual {
            true => Arc::clone(&path.quiet),
            false => self.latency(path, |id| (Wait::Never, self.slower(id))),
        };
        let in_time = feature.timeout_s.map_or(1.0, |timeout_s| 1.0 - quiet.ccdf(timeout_s - path.fixed_s));
        (quiet, in_time)
    }

    /// The same of single requests: what everybody can see, as it is in the flow, and what was felt of the last ones.
    pub(super) fn disposition_seen(&self, index: usize, felt: &Feeling) -> Disposition {
        let path = &self.state.flow.paths[index];
        let feature = &self.world.features[self.world.people[path.people].uses[path.feature].0.at()];
        let nothing = || Arc::clone(&self.state.flow.nothing);
        if let Some(why) = path.dead {
            let latency = nothing();
            return Disposition {
                dead: true,
                arrives: 0.0,
                admitted: 0.0,
                in_time: 0.0,
                why,
                latency,
                moving_s: 0.0,
                calls_s: 0.0,
                soft: 0.0,
                answered: 1.0,
                patient: 1.0,
            };
        }
        // What was felt has what is too late even without queues in it.
        let (quiet, in_time) = self.without_queues(path);
        let at_last = |attempt: f64| match feature.retries {
            Some(retries) => (attempt * attempts_of(1.0 - attempt, retries.attempts, retries.budget)).min(1.0),
            None => attempt,
        };
        let foreseen = at_last(path.passes * in_time);
        let in_time = at_last(in_time);
        let felt_lost = if in_time > 0.0 { (1.0 - (1.0 - felt.lost) / in_time).max(0.0) } else { 0.0 };
        let p95_s = felt.p95_s.unwrap_or_else(|| path.fixed_s + quiet.quantile(0.95));
        let narrow = self.requests.as_ref().and_then(|requests| {
            let waits = path.visits.iter().map(|(id, _, _)| (requests.trouble(id.at()), *id));
            waits.filter(|(trouble, _)| *trouble > 0.0).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        });
        let why = match narrow {
            Some((_, id)) if felt_lost >= 1.0 - foreseen => Why::Overload(id),
            _ => path.loss.or(path.dimmed_for).unwrap_or(Why::Slow),
        };
        Disposition {
            dead: false,
            arrives: foreseen,
            admitted: 1.0 - felt_lost,
            in_time: 1.0,
            why,
            latency: nothing(),
            moving_s: p95_s,
            calls_s: 0.0,
            soft: (1.0 - path.dimmed) * (1.0 - felt.degraded),
            answered: 1.0,
            patient: 1.0,
        }
    }

    /// Answers for each request of a path that comes: fewer than one where a line grows.
    fn answered(&self, path: &Path, open: &Open) -> f64 {
        let of = |at: &AtStation| if at.inflow > at.capacity { at.capacity / at.inflow } else { 1.0 };
        let queues = path.in_person().map(|v| &open.stations[v.0.at()]).filter(|at| at.queues());
        queues.map(of).fold(1.0, f64::min)
    }

    pub(super) fn longest_wait(&self, path: &Path, open: &Open, waits_s: &[f64]) -> Option<StationId> {
        path.visits
            .iter()
            .map(|(id, times, _)| {
                let at = &open.stations[id.at()];
                let wait_s = if at.queues() { waits_s[id.at()] } else { at.wait_mean_s };
                (wait_s * times, *id)
            })
            .filter(|(wait_s, _)| *wait_s > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|(_, id)| id)
    }

    pub(super) fn fullest_link(&self, path: &Path, open: &Open) -> Option<LinkId> {
        let fill = |link: usize| open.links_offered_bps[link] / self.link_bps(LinkId::new(link));
        let links = self.links_of(path).map(|(link, _)| link);
        links.max_by(|a, b| fill(*a).total_cmp(&fill(*b)).then(b.cmp(a))).map(LinkId::new)
    }
}
