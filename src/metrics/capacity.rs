//! What the systems did: services, queues, stores, links, transfers.

use super::outcome::*;
use super::restores::Restores;
use crate::observe::{Fate, Interval, Observation, Occurrence, StationWait, Visit, Work};
use crate::queueing::{ApplyQueue, LatencyCounts, LatencyHistogram, Sojourn, Wait};
use crate::units::Time;
use crate::world::{FeatureId, Place, ReplicaKind, SiteId, StationId, Store, World, civil_label};
use std::collections::BTreeMap;

/// Different waiting-time distributions kept per station; beyond it the nearest in mean are joined.
const WAITS_MAX: usize = 64;
/// Overloads, backlogs and losses kept per entity.
const KEPT_MAX: usize = 10_000;

/// What single requests send over a link in a shorter time, in seconds, says nothing of its load.
const PEAK_S: f64 = 0.5;

#[derive(Debug, Clone)]
struct StationSums {
    outcome: ServiceOutcome,
    busy_s: f64,
    workers_s: f64,
    wait_s: f64,
    waiting_s: f64,
    /// Those who are there, neither served nor lost.
    here: f64,
    delayed: f64,
    held_s: f64,
    exponential: bool,
    /// Distribution of the wait, mean hold, and how many requests had it.
    waits: Vec<(Wait, f64, f64)>,
    /// Waits and sojourns of requests that were followed.
    waited: LatencyCounts,
    stayed: LatencyCounts,
    over: Option<OverloadOutcome>,
    up_since: Option<Time>,
    panics_since: Option<Time>,
}

#[derive(Debug, Clone, Default)]
struct QueueSums {
    outcome: QueueOutcome,
    behind: Option<BacklogOutcome>,
    stopped: bool,
    stale: bool,
}

#[derive(Debug, Clone, Default)]
struct StoreSums {
    outcome: StoreOutcome,
    replicas: Vec<(ReplicaOutcome, bool)>,
    written_s: f64,
    waits_since: Option<Time>,
}

/// What the systems did, as it is being measured.
#[derive(Debug, Clone)]
pub struct CapacityMetrics {
    stations: Vec<StationSums>,
    queues: Vec<QueueSums>,
    stores: Vec<StoreSums>,
    restores: Restores,
    links: Vec<(LinkOutcome, f64)>,
    transfers: Vec<(TransferOutcome, f64)>,
    /// Entries of lists that are not kept, by the list.
    left_out: BTreeMap<String, u64>,
}

impl CapacityMetrics {
    pub fn new(world: &World) -> CapacityMetrics {
        let station = StationSums {
            outcome: ServiceOutcome::default(),
            busy_s: 0.0,
            workers_s: 0.0,
            wait_s: 0.0,
            waiting_s: 0.0,
            here: 0.0,
            delayed: 0.0,
            held_s: 0.0,
            exponential: true,
            waits: Vec::new(),
            waited: LatencyCounts::default(),
            stayed: LatencyCounts::default(),
            over: None,
            up_since: Some(world.measured_from),
            panics_since: None,
        };
        let transfer = TransferOutcome { mean_bps: 0.0, min_bps: f64::INFINITY };
        CapacityMetrics {
            left_out: BTreeMap::new(),
            stations: vec![station; world.stations.len()],
            queues: vec![QueueSums::default(); world.queues.len()],
            stores: world
                .stores
                .iter()
                .map(|s| StoreSums { replicas: vec![Default::default(); s.replicas.len()], ..StoreSums::default() })
                .collect(),
            restores: Restores::new(world),
            links: vec![Default::default(); world.links.len()],
            transfers: vec![(transfer, 0.0); world.transfers.len()],
        }
    }

    pub fn saw(&mut self, world: &World, seen: &Observation) {
        let at_s = seen.at.seconds();
        match &seen.what {
            Occurrence::StationDown(id) => {
                let sums = &mut self.stations[id.at()];
                if let Some(since) = sums.up_since.take() {
                    sums.outcome.serving_s += seen.at.since(since).seconds();
                }
            }
            Occurrence::StationUp(id) => self.stations[id.at()].up_since = Some(seen.at.max(world.measured_from)),
            Occurrence::Ejected { station, in_rotation, .. }
            | Occurrence::Outlier { station, in_rotation, out: true, .. }
                if seen.at >= world.measured_from =>
            {
                let outcome = &mut self.stations[station.at()].outcome;
                outcome.ejections += 1;
                outcome.in_rotation_min = Some(outcome.in_rotation_min.map_or(*in_rotation, |n| n.min(*in_rotation)));
            }
            Occurrence::Panic(id, true) => self.stations[id.at()].panics_since = Some(seen.at.max(world.measured_from)),
            Occurrence::Panic(id, false) => self.close_panic(*id, seen.at),
            Occurrence::Overloaded(id) => {
                self.stations[id.at()].over =
                    Some(OverloadOutcome { from_s: at_s, load_over_until_s: at_s, ..OverloadOutcome::default() });
            }
            Occurrence::Drained(id) => self.close_overload(*id, Some(at_s)),
            Occurrence::QueueStopped(id) => {
                self.queues[id.at()].stopped = true;
                self.queue_behind(id.at(), at_s);
            }
            Occurrence::QueueStale(id) => {
                self.queues[id.at()].stale = true;
                self.queue_behind(id.at(), at_s);
            }
            Occurrence::QueueServes(id) => {
                let sums = &mut self.queues[id.at()];
                sums.stopped = false;
                if let Some(behind) = &mut sums.behind {
                    behind.restored_at_s = Some(at_s);
                    behind.time_to_restored_s = Some(at_s - behind.from_s);
                }
                self.queue_recovers(id.at(), at_s);
            }
            Occurrence::QueueFresh(id) => {
                self.queues[id.at()].stale = false;
                self.queue_recovers(id.at(), at_s);
            }
            Occurrence::AtRisk { store, replica, window_s, writes, .. } => {
                let index = world.stores[store.at()].replicas.iter().position(|r| r.0 == *replica);
                if let Some(index) = index {
                    let kept = &mut self.stores[store.at()].replicas[index].0.at_risk;
                    if kept.len() < KEPT_MAX {
                        kept.push(loss(world, seen.at, *window_s, *writes, Fate::AtRisk, &[]));
                    } else {
                        let list = format!("stores.{}.replicas.at_risk", world.stores[store.at()].name);
                        *self.left_out.entry(list).or_default() += 1;
                    }
                }
            }
            Occurrence::DataLost { store, window_s, writes, fate, features } => {
                let outcome = &mut self.stores[store.at()].outcome;
                outcome.data_loss_window_max_s = outcome.data_loss_window_max_s.max(*window_s);
                match fate {
                    Fate::KeptAside => outcome.writes_kept_aside += writes,
                    Fate::AtRisk | Fate::Lost | Fate::Everything | Fate::NotBack => outcome.writes_lost += writes,
                }
                if outcome.losses.len() < KEPT_MAX {
                    outcome.losses.push(loss(world, seen.at, *window_s, *writes, *fate, features));
                } else {
                    let list = format!("stores.{}.losses", world.stores[store.at()].name);
                    *self.left_out.entry(list).or_default() += 1;
                }
            }
            Occurrence::WritesWait { store, .. } => self.stores[store.at()].wait(seen.at, world.measured_from),
            Occurrence::WritesGoOn { store, .. } => self.stores[store.at()].go_on(seen.at),
            what => self.restores.saw(world, seen.at, what),
        }
    }

    #[inline]
    pub fn waited(&mut self, visit: &Visit) {
        self.stations[visit.station as usize].waited.record(visit.took_ns);
    }

    #[inline]
    pub fn visited(&mut self, visit: &Visit) {
        self.stations[visit.station as usize].stayed.record(visit.took_ns);
    }

    fn close_panic(&mut self, id: StationId, at: Time) {
        let sums = &mut self.stations[id.at()];
        if let Some(since) = sums.panics_since.take() {
            sums.outcome.panic_s += at.max(since).since(since).seconds();
        }
    }

    fn close_overload(&mut self, id: StationId, drained_at_s: Option<f64>) {
        let sums = &mut self.stations[id.at()];
        if let Some(mut over) = sums.over.take() {
            over.drained_at_s = drained_at_s;
            if sums.outcome.overloads.len() < KEPT_MAX {
                sums.outcome.overloads.push(over);
            } else {
                *self.left_out.entry("services: overloads".to_owned()).or_default() += 1;
            }
        }
    }

    fn queue_behind(&mut self, queue: usize, at_s: f64) {
        let behind = &mut self.queues[queue].behind;
        if behind.is_none() {
            *behind = Some(BacklogOutcome { from_s: at_s, ..BacklogOutcome::default() });
        }
    }

    /// A queue has recovered when it is neither stopped nor stale.
    fn queue_recovers(&mut self, queue: usize, at_s: f64) {
        let sums = &mut self.queues[queue];
        if sums.stopped || sums.stale {
            return;
        }
        if let Some(mut behind) = sums.behind.take() {
            behind.recovered_at_s = Some(at_s);
            behind.time_to_recovered_s = Some(at_s - behind.from_s);
            if sums.outcome.backlogs.len() < KEPT_MAX {
                sums.outcome.backlogs.push(behind);
            } else {
                *self.left_out.entry("queues: backlogs".to_owned()).or_default() += 1;
            }
        }
    }

    /// What was done before anything is measured: who is there then is carried over.
    pub fn warmed_up(&mut self, span: &Interval) {
        for (sums, work) in self.stations.iter_mut().zip(&span.stations) {
            sums.pass(work);
            sums.outcome.carried_over = sums.here;
        }
    }

    pub fn flowed(&mut self, span: &Interval) {
        self.stations_flowed(span);
        self.waits_flowed(span);
        self.queues_flowed(span);
        self.stores_flowed(span);
        self.links_flowed(span);
    }

    /// What came to stations, and what they did.
    fn stations_flowed(&mut self, span: &Interval) {
        let to_s = span.to.seconds();
        for (sums, work) in self.stations.iter_mut().zip(&span.stations) {
            let outcome = &mut sums.outcome;
            let backlog_before = outcome.backlog;
            outcome.arrived += work.arrived;
            outcome.served += work.served;
            outcome.lost += work.lost;
            outcome.given_up += work.given_up;
            outcome.backlog = work.backlog;
            sums.busy_s += work.busy_s;
            sums.workers_s += work.workers_s;
            sums.wait_s += work.wait_s;
            sums.waiting_s += work.waiting_s;
            sums.pass(work);
            sums.delayed += work.delayed;
            if let Some(over) = &mut sums.over {
                over.requests_delayed += work.delayed;
                over.delay_total_s += work.waiting_s;
                over.shed += work.lost;
                if work.overloaded_s > 0.0 {
                    over.load_over_until_s = to_s;
                }
                if work.backlog_max > over.backlog_max {
                    over.backlog_max = work.backlog_max;
                    let grew = work.backlog >= backlog_before;
                    over.backlog_max_at_s = if grew { to_s } else { span.from.seconds() };
                }
                over.wait_max_s = over.wait_max_s.max(work.wait_max_s);
            }
        }
    }

    /// How long requests waited, as distributions: of too many the nearest are joined.
    fn waits_flowed(&mut self, span: &Interval) {
        for wait in &span.waits {
            let sums = &mut self.stations[wait.station.at()];
            sums.held_s += wait.held_s * wait.weight;
            sums.exponential &= (wait.held_scv - 1.0).abs() < 1e-12;
            let room = sums.waits.len() < WAITS_MAX;
            match sums.waits.iter_mut().find(|(w, held_s, _)| *w == wait.wait && *held_s == wait.held_s) {
                Some((_, _, weight)) => *weight += wait.weight,
                None if room => {
                    sums.waits.push((wait.wait.clone(), wait.held_s, wait.weight));
                }
                None => join_a_wait(&mut sums.waits, wait),
            }
        }
    }

    /// What came to queues, and how far behind they are.
    fn queues_flowed(&mut self, span: &Interval) {
        let dt_s = span.to.since(span.from).seconds();
        let to_s = span.to.seconds();
        for (i, sums) in self.queues.iter_mut().enumerate() {
            let (backlog, age_s) = (span.queue_backlogs[i], span.queue_ages_s[i]);
            let outcome = &mut sums.outcome;
            outcome.arrived += span.queue_arrived[i];
            outcome.done += span.queue_done[i];
            outcome.backlog = backlog;
            let oldest_s = age_s.max(span.queue_oldest_s[i]);
            outcome.age_max_s = outcome.age_max_s.max(oldest_s);
            if backlog > outcome.backlog_max {
                outcome.backlog_max = backlog;
                outcome.backlog_max_at_s = to_s;
            }
            if sums.stale {
                outcome.stale_s += dt_s;
            }
            if let Some(behind) = &mut sums.behind {
                behind.backlog_max = behind.backlog_max.max(backlog);
                behind.age_max_s = behind.age_max_s.max(oldest_s);
            }
        }
    }

    /// What was written, and what replicas lack of it.
    fn stores_flowed(&mut self, span: &Interval) {
        let dt_s = span.to.since(span.from).seconds();
        let to_s = span.to.seconds();
        for (i, sums) in self.stores.iter_mut().enumerate() {
            sums.outcome.writes += span.writes_per_s[i] * dt_s;
            if span.writes_per_s[i] > 0.0 {
                sums.written_s += dt_s;
            }
            for ((replica, behind), (backlog, lag_s)) in sums.replicas.iter_mut().zip(&span.replicas[i]) {
                replica.backlog_max = replica.backlog_max.max(*backlog);
                if *lag_s > replica.lag_max_s {
                    replica.lag_max_s = *lag_s;
                    replica.lag_max_at_s = to_s;
                }
                if *behind && *backlog == 0.0 {
                    replica.caught_up_at_s = Some(to_s);
                }
                *behind = *backlog > 0.0;
            }
        }
    }

    /// What links and transfers carried.
    fn links_flowed(&mut self, span: &Interval) {
        let dt_s = span.to.since(span.from).seconds();
        for (i, (link, sum)) in self.links.iter_mut().enumerate() {
            let (bps, most_bps) = (span.links_bps[i], span.links_most_bps[i]);
            *sum += bps * dt_s;
            // Single requests cross in a moment: only over a while are they a load.
            let peak_bps = match span.followed {
                false => span.links_peak_bps[i],
                true if dt_s < PEAK_S => continue,
                true => bps,
            };
            link.max_bps = link.max_bps.max(peak_bps);
            if most_bps.is_finite() {
                let share = if most_bps > 0.0 { peak_bps / most_bps } else { 0.0 };
                link.utilisation_max = Some(link.utilisation_max.unwrap_or(0.0).max(share));
                link.full_s += if bps >= most_bps * (1.0 - 1e-9) { dt_s } else { 0.0 };
            }
        }
        for ((transfer, sum), bps) in self.transfers.iter_mut().zip(&span.transfers_bps) {
            *sum += bps * dt_s;
            transfer.min_bps = transfer.min_bps.min(*bps);
        }
    }

    pub fn finish(&mut self, world: &World, outcome: &mut Outcome) {
        for (list, left_out) in std::mem::take(&mut self.left_out) {
            outcome.cut_short.push(CutShort::new(list, KEPT_MAX, left_out));
        }
        let length_s = world.horizon.since(world.measured_from).seconds();
        for i in 0..self.stations.len() {
            self.close_overload(StationId::new(i), None);
            self.close_panic(StationId::new(i), world.horizon);
            let sums = &mut self.stations[i];
            if let Some(since) = sums.up_since.take() {
                sums.outcome.serving_s += world.horizon.since(since).seconds();
            }
            outcome.services.insert(world.stations[i].name.clone(), finished(sums, length_s));
        }
        for (queue, sums) in world.queues.iter().zip(&mut self.queues) {
            if let Some(behind) = sums.behind.take() {
                sums.outcome.backlogs.push(behind);
            }
            outcome.queues.insert(queue.name.clone(), std::mem::take(&mut sums.outcome));
        }
        let mut gone = std::mem::take(&mut self.restores).into_outcomes(world, &mut self.left_out);
        for (store, sums) in world.stores.iter().zip(&mut self.stores) {
            sums.go_on(world.horizon);
            let mut done = std::mem::take(&mut sums.outcome);
            (done.gone_s, done.restores) = gone.next().unwrap_or_default();
            let rate = if sums.written_s > 0.0 { done.writes / sums.written_s } else { 0.0 };
            for ((site, kind), (replica, _)) in store.replicas.iter().zip(&mut sums.replicas) {
                let mut replica = std::mem::take(replica);
                if let ReplicaKind::Async(applies) = kind
                    && let Some(queue) = ApplyQueue::new(rate, *applies)
                {
                    // What is on the line, in whole writes, comes on top of what waits to be applied.
                    let half_s = half_a_round_trip_s(world, store, *site);
                    let under_way = (rate * half_s * (1.0 + 1e-9)).floor();
                    let line_s = if under_way > 0.0 { half_s } else { 0.0 };
                    replica.lost_mean = Some(queue.lost_mean() + under_way);
                    replica.lost_none_probability =
                        Some(if under_way > 0.0 { 0.0 } else { queue.lost_none_probability() });
                    replica.lost_p99 = Some(queue.lost_quantile(0.99) as f64 + under_way);
                    replica.lag_mean_s = Some(queue.lag_mean_s() + line_s);
                    replica.lag_p99_s = Some(queue.lag_quantile_s(0.99) + line_s);
                }
                done.replicas.insert(world.sites[site.at()].name.clone(), replica);
            }
            outcome.stores.insert(store.name.clone(), done);
        }
        for (link, (mut measured, sum)) in world.links.iter().zip(std::mem::take(&mut self.links)) {
            measured.mean_bps = sum / length_s;
            outcome.links.insert(link.name.clone(), measured);
        }
        for (transfer, (mut measured, sum)) in world.transfers.iter().zip(std::mem::take(&mut self.transfers)) {
            measured.mean_bps = sum / length_s;
            measured.min_bps = if measured.min_bps.is_finite() { measured.min_bps } else { 0.0 };
            outcome.transfers.insert(transfer.name.clone(), measured);
        }
    }
}

/// From where a store's primary is at the start to a replica, while nothing is cut.
fn half_a_round_trip_s(world: &World, store: &Store, replica: SiteId) -> f64 {
    let primary = match store.primary {
        Place::Site(site) => Some(site),
        Place::Group(group) => world.groups[group.at()].sites[0],
        Place::Spread(_) => None,
    };
    let route = primary.and_then(|primary| world.routes.between(primary, replica));
    route.map_or(0.0, |route| route.rtt_s / 2.0)
}

fn loss(world: &World, at: Time, window_s: f64, writes: f64, fate: Fate, features: &[(FeatureId, f64)]) -> LossOutcome {
    let of = |(id, share): &(FeatureId, f64)| (world.features[id.at()].name.clone(), share * writes);
    let features = if writes > 0.0 { features.iter().map(of).collect() } else { BTreeMap::new() };
    LossOutcome { at_s: at.seconds(), at: civil_label(&world.calendar, at), window_s, writes, fate, features }
}

impl StationSums {
    /// Requests come and go: how many are there afterwards. What is left by rounding is nobody.
    fn pass(&mut self, work: &Work) {
        let left = self.here + work.arrived - work.served - work.lost;
        self.here = if left.abs() <= 1e-9 * (self.here + work.arrived) { 0.0 } else { left };
    }
}

impl StoreSums {
    /// Commits wait for somebody from now on, or for somebody else.
    fn wait(&mut self, at: Time, measured_from: Time) {
        self.go_on(at);
        self.waits_since = Some(at.max(measured_from));
    }

    fn go_on(&mut self, at: Time) {
        if let Some(since) = self.waits_since.take() {
            self.outcome.waited_s += at.since(since).seconds().max(0.0);
        }
    }
}

fn finished(sums: &mut StationSums, length_s: f64) -> ServiceOutcome {
    let mut outcome = std::mem::take(&mut sums.outcome);
    let (mut waited, mut stayed) = (LatencyHistogram::new(), LatencyHistogram::new());
    sums.waited.fold_into(&mut waited);
    sums.stayed.fold_into(&mut stayed);
    let followed = waited.count();
    let flowed: f64 = sums.waits.iter().map(|w| w.2).sum();
    let admitted = flowed + followed;
    outcome.still_there = sums.here;
    let per = |sum: f64, n: f64| if n > 0.0 { sum / n } else { 0.0 };
    // Who was there when measuring began can be lost as well.
    outcome.block_probability = per(outcome.lost, outcome.arrived).min(1.0);
    outcome.throughput_per_s = per(outcome.served, length_s);
    outcome.utilisation = per(sums.busy_s, sums.workers_s);
    // Who gives up has waited too.
    outcome.wait_probability = per(sums.delayed, admitted + outcome.given_up);
    outcome.wait_mean_s = per(sums.wait_s, admitted + outcome.given_up);
    // Of single requests the workers' time is known, which is all that they were held.
    let held_s = if followed > 0.0 { per(sums.busy_s, outcome.served) } else { per(sums.held_s, admitted) };
    outcome.sojourn_mean_s = outcome.wait_mean_s + held_s;
    if let Some(stayed_s) = stayed.mean_s().filter(|_| flowed == 0.0) {
        outcome.sojourn_mean_s = stayed_s;
    }
    outcome.queue_len_mean = per(sums.waiting_s, length_s);
    outcome.in_system_mean = outcome.queue_len_mean + per(sums.busy_s, length_s);
    if admitted > 0.0 {
        let ccdf = |t: f64| {
            let flowed = sums.waits.iter().map(|(wait, _, n)| n / admitted * wait.ccdf(t)).sum::<f64>();
            flowed + followed / admitted * waited.ccdf(t)
        };
        outcome.wait_p50_s = quantile(0.50, ccdf);
        outcome.wait_p95_s = quantile(0.95, ccdf);
        outcome.wait_p99_s = quantile(0.99, ccdf);
        if followed > 0.0 && flowed == 0.0 {
            // Beyond the resolution of a histogram there is nothing to look for.
            outcome.wait_p50_s = waited.percentile(0.50).filter(|s| *s > 2e-6).unwrap_or(0.0);
            outcome.wait_p95_s = waited.percentile(0.95).filter(|s| *s > 2e-6).unwrap_or(0.0);
            outcome.wait_p99_s = waited.percentile(0.99).filter(|s| *s > 2e-6).unwrap_or(0.0);
            outcome.sojourn_p50_s = stayed.percentile(0.50);
            outcome.sojourn_p95_s = stayed.percentile(0.95);
            outcome.sojourn_p99_s = stayed.percentile(0.99);
            outcome.sojourn_p999_s = stayed.percentile(0.999);
        } else if sums.exponential && followed == 0.0 {
            let parts: Vec<(Sojourn, f64)> = sums
                .waits
                .iter()
                .map(|(wait, held_s, n)| (Sojourn { wait: wait.clone(), service_s: *held_s }, n / admitted))
                .collect();
            let ccdf = |t: f64| parts.iter().map(|(sojourn, share)| share * sojourn.ccdf(t)).sum::<f64>();
            outcome.sojourn_p50_s = Some(quantile(0.50, ccdf));
            outcome.sojourn_p95_s = Some(quantile(0.95, ccdf));
            outcome.sojourn_p99_s = Some(quantile(0.99, ccdf));
            outcome.sojourn_p999_s = Some(quantile(0.999, ccdf));
        }
    }
    outcome
}

/// The smallest `t` with `ccdf(t) <= 1 - p`, by bisection.
fn quantile(p: f64, ccdf: impl Fn(f64) -> f64) -> f64 {
    let over = 1.0 - p;
    if ccdf(0.0) <= over {
        return 0.0;
    }
    let mut high = 1e-6;
    while ccdf(high) > over && high < 1e12 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..100 {
        // Each step can cost a numerical integral per span: no further than anybody can tell.
        if high - low <= 1e-12 * high {
            break;
        }
        let middle = (low + high) / 2.0;
        if ccdf(middle) > over {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Waits that differ by less than this are one where there are too many of them.
const ALIKE: f64 = 0.02;

/// Another wait where there is no room for it: it joins one that is like it, or the two that are most alike become one.
fn join_a_wait(waits: &mut Vec<(Wait, f64, f64)>, wait: &StationWait) {
    let mean = wait.wait.mean();
    let distance = |of: &(Wait, f64, f64)| (of.0.mean() - mean).abs();
    let nearest = (0..waits.len()).min_by(|a, b| distance(&waits[*a]).total_cmp(&distance(&waits[*b])));
    let Some(nearest) = nearest else { return };
    if distance(&waits[nearest]) <= ALIKE * mean {
        waits[nearest].2 += wait.weight;
        return;
    }
    waits.sort_by(|a, b| a.0.mean().total_cmp(&b.0.mean()));
    let gap = |i: usize| (waits[i + 1].0.mean() - waits[i].0.mean()) / waits[i + 1].0.mean().max(1e-300);
    let Some(closest) = (0..waits.len() - 1).min_by(|a, b| gap(*a).total_cmp(&gap(*b))) else { return };
    let (_, _, weight) = waits.remove(closest);
    waits[closest].2 += weight;
    waits.push((wait.wait.clone(), wait.held_s, wait.weight));
}
