//! What an asynchronous replica has not got when its primary fails.

use crate::num;

/// A streaming replica: writes queue for one apply process, first come first served, as in M/M/1.
///
/// Kleinrock, Queueing Systems, volume 1, section 3.2; the age of the oldest write that is not applied, by the
/// distributional form of Little's law (Keilson & Servi, Operations Research Letters 7, 1988).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ApplyQueue {
    write_per_s: f64,
    apply_per_s: f64,
}

impl ApplyQueue {
    /// A replica that keeps up. `None` if it does not: writes at or above the apply rate pile up without end, which is
    /// a matter for a [`FluidQueue`](super::FluidQueue) and its [`Age`](super::Age).
    pub fn new(write_per_s: f64, apply_per_s: f64) -> Option<ApplyQueue> {
        let keeps_up = write_per_s >= 0.0 && (write_per_s < apply_per_s || write_per_s == 0.0);
        keeps_up.then_some(ApplyQueue { write_per_s, apply_per_s })
    }

    /// The fraction of time the apply process is busy.
    fn rho(&self) -> f64 {
        if self.write_per_s > 0.0 { self.write_per_s / self.apply_per_s } else { 0.0 }
    }

    /// The mean number of writes lost by a failure at a random moment: `rho / (1 - rho)`.
    pub fn lost_mean(&self) -> f64 {
        if self.write_per_s > 0.0 { self.write_per_s / (self.apply_per_s - self.write_per_s) } else { 0.0 }
    }

    /// The probability that a failure at a random moment loses nothing.
    pub fn lost_none_probability(&self) -> f64 {
        1.0 - self.rho()
    }

    /// The smallest number of lost writes that is not exceeded with probability `p`: feed it one uniform to draw from
    /// the geometric distribution `P(N >= n) = rho^n`.
    pub fn lost_quantile(&self, p: f64) -> u64 {
        let (rho, over) = (self.rho(), 1.0 - p.clamp(0.0, 1.0 - f64::EPSILON / 2.0));
        if over >= rho {
            return 0;
        }
        // P(N > n) = rho^(n + 1) <= over. Rounding noise must not turn an exact n into n + 1.
        let n = num::ln(over) / num::ln(rho) - 1.0;
        (n * (1.0 - 1e-14)).ceil().max(0.0) as u64
    }

    /// The mean age in seconds of the oldest write that is not applied, 0 where there is none.
    pub fn lag_mean_s(&self) -> f64 {
        if self.write_per_s > 0.0 { self.rho() / (self.apply_per_s - self.write_per_s) } else { 0.0 }
    }

    /// The lag in seconds that is not exceeded with probability `p`: 0 with probability `1 - rho`, else exponential at
    /// the rate by which applying outpaces writing.
    pub fn lag_quantile_s(&self, p: f64) -> f64 {
        let over = 1.0 - p.clamp(0.0, 1.0 - f64::EPSILON / 2.0);
        if over >= self.rho() {
            return 0.0;
        }
        num::ln(self.rho() / over) / (self.apply_per_s - self.write_per_s)
    }
}

/// Log shipping: every so often what was written since is sent, and counts once it has arrived whole.
///
/// A failure at a random phase of the period loses everything since the start of the last batch that arrived: the
/// transfer time plus a uniform part of the period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogShipping {
    /// The period in seconds.
    pub every_s: f64,
    /// How long a batch takes to arrive, in seconds.
    pub transfer_s: f64,
}

impl LogShipping {
    /// The mean loss window in seconds.
    pub fn window_mean_s(&self) -> f64 {
        self.every_s / 2.0 + self.transfer_s
    }

    /// The loss window in seconds that is not exceeded with probability `p`; at 1 the longest.
    pub fn window_quantile_s(&self, p: f64) -> f64 {
        self.every_s * p.clamp(0.0, 1.0) + self.transfer_s
    }

    /// The longest loss window in seconds.
    pub fn window_max_s(&self) -> f64 {
        self.every_s + self.transfer_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streaming_replica_at_80_percent() {
        let replica = ApplyQueue::new(80.0, 100.0).unwrap();
        assert!((replica.lost_mean() - 4.0).abs() < 1e-12);
        assert!((replica.lost_none_probability() - 0.2).abs() < 1e-15);
        assert!((replica.lag_mean_s() - 0.04).abs() < 1e-15);
        assert!((replica.lag_quantile_s(0.99) - 0.219_101_331_733_694_06).abs() < 1e-13);
        assert_eq!(replica.lost_quantile(0.99), 20);
        assert_eq!((replica.lost_quantile(0.2), replica.lost_quantile(0.2001), replica.lost_quantile(0.0)), (0, 1, 0));
        let n = 100_000;
        let mean = (0..n).map(|i| replica.lost_quantile((f64::from(i) + 0.5) / f64::from(n)) as f64).sum::<f64>();
        assert!((mean / f64::from(n) - 4.0).abs() < 1e-3);
    }

    #[test]
    fn a_replica_that_cannot_keep_up_has_no_steady_state() {
        assert!(ApplyQueue::new(100.0, 100.0).is_none() && ApplyQueue::new(f64::NAN, 1.0).is_none());
        let idle = ApplyQueue::new(0.0, 0.0).unwrap();
        assert_eq!(
            (idle.lost_mean(), idle.lag_mean_s(), idle.lag_quantile_s(1.0), idle.lost_quantile(1.0)),
            (0.0, 0.0, 0.0, 0)
        );
    }

    #[test]
    fn shipping_every_five_minutes() {
        let shipping = LogShipping { every_s: 300.0, transfer_s: 20.0 };
        assert_eq!(
            (shipping.window_mean_s(), shipping.window_quantile_s(0.99), shipping.window_max_s()),
            (170.0, 317.0, 320.0)
        );
    }
}
