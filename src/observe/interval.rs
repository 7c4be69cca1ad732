//! What flowed while nothing else changed.

use crate::queueing::{Latency, Wait};
use crate::units::Time;
use crate::world::StationId;
use std::sync::Arc;

/// A stretch of time between two changes, with everything that flowed in it.
#[derive(Debug, Clone, Default)]
pub struct Interval {
    /// Its start.
    pub from: Time,
    /// Its end.
    pub to: Time,
    /// Every request was followed: they end later than they begin, maybe in another span.
    pub followed: bool,
    /// What each population did with each of its features.
    pub uses: Vec<Vec<Use>>,
    /// Seconds lived by active users, by population.
    pub active_user_s: Vec<f64>,
    /// Active users at its start and at its end, by population.
    pub active_users: Vec<(f64, f64)>,
    /// Those of them who had no session at its start and at its end, by population.
    pub away_users: Vec<(f64, f64)>,
    /// What each station did.
    pub stations: Vec<Work>,
    /// Servers of each station beyond those of the design, or fewer, where somebody counts them in money.
    pub further_servers: Vec<i64>,
    /// Waiting times of stations that had arrivals.
    pub waits: Vec<StationWait>,
    /// Latencies of the requests that were served.
    pub latencies: Vec<LatencyPart>,
    /// Items waiting in each background queue at the end.
    pub queue_backlogs: Vec<f64>,
    /// Age of the oldest of them, in seconds.
    pub queue_ages_s: Vec<f64>,
    /// The most that the last of a stretch of arrivals had waited when it was done.
    pub queue_oldest_s: Vec<f64>,
    /// Items done by each queue.
    pub queue_done: Vec<f64>,
    /// Items that arrived in each queue.
    pub queue_arrived: Vec<f64>,
    /// By store and replica: writes not yet applied at the end, and their lag in seconds.
    pub replicas: Vec<Vec<(f64, f64)>>,
    /// Writes per second of each store, at the middle of the span.
    pub writes_per_s: Vec<f64>,
    /// Bits per second of each transfer.
    pub transfers_bps: Vec<f64>,
    /// Bits per second on each link.
    pub links_bps: Vec<f64>,
    /// The most of that at any moment.
    pub links_peak_bps: Vec<f64>,
    /// Bits per second that requests and transfers would send over each link if it had no limit.
    pub links_offered_bps: Vec<f64>,
    /// The capacity of each link in bits per second.
    pub links_most_bps: Vec<f64>,
}

impl Interval {
    /// Begins again with nothing, in the memory that there is.
    pub(crate) fn clear(&mut self, from: Time, to: Time) {
        (self.from, self.to, self.followed) = (from, to, false);
        self.uses.iter_mut().for_each(Vec::clear);
        self.active_user_s.clear();
        self.active_users.clear();
        self.away_users.clear();
        self.stations.clear();
        self.further_servers.clear();
        self.waits.clear();
        self.latencies.clear();
        self.queue_backlogs.clear();
        self.queue_ages_s.clear();
        self.queue_oldest_s.clear();
        self.queue_done.clear();
        self.queue_arrived.clear();
        self.replicas.clear();
        self.writes_per_s.clear();
        self.transfers_bps.clear();
        self.links_bps.clear();
        self.links_peak_bps.clear();
        self.links_offered_bps.clear();
        self.links_most_bps.clear();
    }
}

/// The waiting time at a station during a span.
#[derive(Debug, Clone)]
pub struct StationWait {
    /// Which station.
    pub station: StationId,
    /// Its distribution.
    pub wait: Wait,
    /// Mean time that a worker is held, in seconds.
    pub held_s: f64,
    /// Its squared coefficient of variation.
    pub held_scv: f64,
    /// Requests admitted.
    pub weight: f64,
}

/// A part of the requests that were served in a span, with one latency distribution.
#[derive(Debug, Clone)]
pub struct LatencyPart {
    /// The population, as an index.
    pub people: usize,
    /// The feature, as an index into the population's uses.
    pub feature: usize,
    /// The distribution.
    pub latency: Arc<Latency>,
    /// Added to each latency, in seconds: the wait in a queue that fills or drains.
    pub shift_s: f64,
    /// How many requests.
    pub weight: f64,
}

/// What one population did with one feature during a span, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Use {
    /// Requests that users meant to make.
    pub intended: f64,
    /// Answered in time.
    pub served: f64,
    /// Answered in time, but without something.
    pub degraded: f64,
    /// Failed: refused, lost, or too late.
    pub failed: f64,
    /// Turned away by a full queue.
    pub shed: f64,
    /// Never sent, because nothing worked.
    pub never_sent: f64,
    /// Of those who meant to, the ones who make up for what could not be done before.
    pub made_up: f64,
    /// How many more than before are under way for so long that they count as failed. Where they come to an end all the same,
    /// they are fewer again.
    pub overdue: f64,
}

/// What one station did during a span, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Arrived.
    pub arrived: f64,
    /// Left, served.
    pub served: f64,
    /// Turned away, given up, called off, or lost in a crash.
    pub lost: f64,
    /// Of those, given up while waiting.
    pub given_up: f64,
    /// How many waited, over time, in request-seconds.
    pub waiting_s: f64,
    /// Waiting at the end of the span beyond the steady queue.
    pub backlog: f64,
    /// The largest backlog in the span.
    pub backlog_max: f64,
    /// Sum of the waits of those who left the queue, in seconds.
    pub wait_s: f64,
    /// The longest of those waits, or so far of those who still wait, in seconds.
    pub wait_max_s: f64,
    /// Those who left the queue and had waited in it.
    pub delayed: f64,
    /// Worker-seconds that all who arrived would take.
    pub asked_s: f64,
    /// Worker-seconds in use.
    pub busy_s: f64,
    /// Worker-seconds there were.
    pub workers_s: f64,
    /// Seconds with the load above the capacity.
    pub overloaded_s: f64,
}
