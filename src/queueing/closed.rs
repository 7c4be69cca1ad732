//! A station for users who wait for their answers: a finite source.

use super::impatient::wait_in_stages;
use super::multi_server::Steady;

/// States that weigh less than this against the likeliest do not count.
const NEGLIGIBLE: f64 = 1e-16;
/// No more states than this are told apart: beyond, nobody could be waiting and thinking at once.
const STATES_MAX: usize = 2_000_000;

/// Parallel workers and one queue for a number of users, each of whom thinks before he asks again.
///
/// M/M/c//N, the machine repair problem (Gross & Harris, Fundamentals of Queueing Theory, section 2.7): exact for exponential service and
/// thinking; for one station and one kind of user it is what mean-value analysis gives (Reiser & Lavenberg, Journal of the ACM 27,
/// 1980). Who thinks may as well be elsewhere: of a longer thinking time only the mean counts. Requests of others who do not wait
/// for answers take their share of every worker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FiniteSource {
    /// Users; a part of one asks so much less often.
    pub users: f64,
    /// Mean time between an answer and the next request, in seconds.
    pub think_s: f64,
    /// Parallel workers.
    pub servers: u64,
    /// Mean service time in seconds.
    pub service_s: f64,
    /// Share of the workers that others take, below 1.
    pub taken: f64,
    /// Waiting places; `None` for an unbounded queue.
    pub waiting_max: Option<u64>,
}

impl FiniteSource {
    /// Everything that its steady state depends on, as bits.
    pub fn key(&self) -> [u64; 6] {
        [
            // Told apart from what else is kept in the same place.
            self.servers | 1 << 63,
            self.users.to_bits(),
            self.think_s.to_bits(),
            self.service_s.to_bits(),
            self.taken.to_bits(),
            self.waiting_max.unwrap_or(u64::MAX),
        ]
    }

    /// The steady state: waits as a request finds them that is not turned away.
    pub fn steady(&self) -> Steady {
        let service_s = self.service_s / (1.0 - self.taken);
        let c = self.servers as f64;
        let think_s = self.think_s.max(1e-9);
        if self.users <= 0.0 || self.servers == 0 || service_s <= 0.0 {
            return Steady::without_wait(0.0, 0.0, 0.0);
        }
        let asks = |n: f64| (self.users - n).max(0.0) / think_s;
        let leaves = |n: f64| n.min(c) / service_s;
        let places = self.waiting_max.map_or(f64::INFINITY, |places| c + places as f64);
        let most = self.users.ceil().min(places);
        // The likeliest number at the station: as many ask as leave.
        let balanced = (self.users * service_s / (think_s + service_s)).min(c);
        let likeliest = if balanced < c { balanced } else { self.users - c * think_s / service_s };
        let likeliest = likeliest.clamp(0.0, most).floor();
        let mut below = Vec::new();
        let (mut n, mut weight) = (likeliest, 1.0);
        while n > 0.0 && weight > NEGLIGIBLE && below.len() < STATES_MAX {
            weight *= leaves(n) / asks(n - 1.0);
            n -= 1.0;
            below.push(weight);
        }
        let first = n;
        let mut weights: Vec<f64> = below.into_iter().rev().collect();
        weights.push(1.0);
        (n, weight) = (likeliest, 1.0);
        while n < most && weight > NEGLIGIBLE && weights.len() < STATES_MAX {
            weight *= asks(n) / leaves(n + 1.0);
            n += 1.0;
            weights.push(weight);
        }
        self.of_states(first, &weights, service_s, places)
    }

    fn of_states(&self, first: f64, weights: &[f64], service_s: f64, places: f64) -> Steady {
        let c = self.servers as f64;
        let (mut sum, mut busy, mut waiting, mut asked, mut turned_away) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let mut finds = Vec::new();
        for (i, weight) in weights.iter().enumerate() {
            let n = first + i as f64;
            sum += weight;
            busy += weight * n.min(c);
            waiting += weight * (n - c).max(0.0);
            // Who asks finds the others: the more are here, the fewer can ask.
            let asks = weight * (self.users - n).max(0.0);
            asked += asks;
            if n >= places {
                turned_away += asks;
            } else if n >= c {
                finds.push(asks);
            }
        }
        let throughput = busy / sum / service_s;
        let admitted = asked - turned_away;
        let wait_probability = if admitted > 0.0 { finds.iter().sum::<f64>() / admitted } else { 0.0 };
        let wait_mean_s = if throughput > 0.0 { waiting / sum / throughput } else { 0.0 };
        // The service itself takes no longer because of others: what they take is waited for.
        let longer_s = service_s - self.service_s;
        Steady {
            utilisation: busy / sum / c * (1.0 - self.taken) + self.taken,
            block: if asked > 0.0 { turned_away / asked } else { 0.0 },
            given_up: 0.0,
            throughput,
            wait_probability,
            wait_mean_s: wait_mean_s + longer_s,
            queue_len_mean: waiting / sum + throughput * longer_s,
            in_system_mean: (waiting + busy) / sum,
            wait: wait_in_stages(&finds, wait_probability, wait_mean_s + longer_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: FiniteSource =
        FiniteSource { users: 20.0, think_s: 20.0, servers: 1, service_s: 1.0, taken: 0.0, waiting_max: None };

    /// Mean-value analysis of one station and thinking, step by step.
    fn mean_values(users: u32, think_s: f64, service_s: f64) -> (f64, f64) {
        let (mut queue, mut rate, mut response_s) = (0.0, 0.0, 0.0);
        for n in 1..=users {
            response_s = service_s * (1.0 + queue);
            rate = f64::from(n) / (think_s + response_s);
            queue = rate * response_s;
        }
        (rate, response_s)
    }

    #[test]
    fn one_worker_is_as_mean_value_analysis_says() {
        for users in [1, 2, 5, 20, 21, 40, 400] {
            let steady = FiniteSource { users: f64::from(users), ..ALONE }.steady();
            let (rate, response_s) = mean_values(users, 20.0, 1.0);
            assert!((steady.throughput / rate - 1.0).abs() < 1e-10, "{users}: {} {rate}", steady.throughput);
            assert!((steady.wait_mean_s + 1.0 - response_s).abs() < 1e-7 * response_s, "{users}");
        }
    }

    #[test]
    fn two_workers_and_three_users_by_hand() {
        // States 0 to 3 weigh 1, 3a, 3a^2, 3a^3/2 with a = 1/2.
        let steady = FiniteSource { users: 3.0, think_s: 2.0, servers: 2, ..ALONE }.steady();
        let sum = 1.0 + 1.5 + 0.75 + 0.1875;
        assert!((steady.throughput - (1.5 + 2.0 * 0.9375) / sum).abs() < 1e-12);
        assert!((steady.queue_len_mean - 0.1875 / sum).abs() < 1e-12);
    }

    #[test]
    fn very_many_users_are_held_back_by_what_there_is() {
        let many = FiniteSource { users: 1e6, think_s: 60.0, servers: 1_000, service_s: 0.1, ..ALONE };
        let steady = many.steady();
        assert!((steady.throughput / 10_000.0 - 1.0).abs() < 1e-9);
        assert!((steady.wait_mean_s - (100.0 - 60.0 - 0.1)).abs() < 1e-3);
        let calm = FiniteSource { servers: 10_000, ..many }.steady();
        assert!(calm.wait_mean_s < 1e-9);
    }

    #[test]
    fn who_finds_no_place_is_turned_away() {
        // Erlang's loss formula for a finite source (Engset): one worker, no place to wait.
        let steady = FiniteSource { users: 2.0, think_s: 1.0, waiting_max: Some(0), ..ALONE }.steady();
        assert!((steady.block - 0.5).abs() < 1e-12);
    }
}
