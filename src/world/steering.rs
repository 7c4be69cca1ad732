//! Steering curves: how fast users follow.

use crate::scenario::Steer;
use crate::units::Duration;

/// How the share of those who have not moved yet falls.
#[derive(Debug, Clone, PartialEq)]
pub enum Tail {
    /// All move at once.
    AtOnce,
    /// Evenly over a time.
    Ramp(Duration),
    /// Of all, the share `cached` held a record; of those, the share `ignoring` keeps it longer. Residual lifetimes of
    /// records are uniform (equilibrium renewal theory), so that the shares fall in straight lines.
    Dns {
        /// Shares that hold a record: of those who honour the TTL, of those who do not.
        cached: (f64, f64),
        /// Time to live.
        ttl: Duration,
        /// Share that keeps it longer.
        ignoring: f64,
        /// How long those keep it.
        kept: Duration,
    },
}

impl Tail {
    /// The curve of a kind of steering.
    pub fn new(steer: &Steer) -> Tail {
        match steer {
            Steer::AtOnce => Tail::AtOnce,
            Steer::Ramp(over) if over.0 > 0 => Tail::Ramp(*over),
            Steer::Ramp(_) => Tail::AtOnce,
            Steer::Dns { ttl, ignored_by, ignored_for, asked_every } => {
                // A resolver asked every 1/q on average holds a record for a share TTL / (TTL + 1/q) of the time.
                let held = |kept: &Duration| match asked_every {
                    None => 1.0,
                    Some(every) => kept.seconds() / (kept.seconds() + every.seconds()),
                };
                Tail::Dns {
                    cached: (held(ttl), held(ignored_for)),
                    ttl: *ttl,
                    ignoring: ignored_by.0,
                    kept: *ignored_for,
                }
            }
        }
    }

    /// The share not yet moved this long after the start, its slope per second, and when the slope changes next.
    pub fn left(&self, since: Duration) -> (f64, f64, Option<Duration>) {
        let line = |share: f64, over: Duration| {
            if since >= over || share <= 0.0 {
                (0.0, 0.0, None)
            } else {
                let slope = -share / over.seconds();
                (share + slope * since.seconds(), slope, Some(over))
            }
        };
        match self {
            Tail::AtOnce => (0.0, 0.0, None),
            Tail::Ramp(over) => line(1.0, *over),
            Tail::Dns { cached, ttl, ignoring, kept } => {
                let good = line((1.0 - ignoring) * cached.0, *ttl);
                let bad = line(ignoring * cached.1, *kept);
                let next = match (good.2, bad.2) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                (good.0 + bad.0, good.1 + bad.1, next)
            }
        }
    }

    /// Mean time until a request is led to the new site: the integral of the share left.
    pub fn mean_s(&self) -> f64 {
        match self {
            Tail::AtOnce => 0.0,
            Tail::Ramp(over) => over.seconds() / 2.0,
            Tail::Dns { cached, ttl, ignoring, kept } => {
                ((1.0 - ignoring) * cached.0 * ttl.seconds() + ignoring * cached.1 * kept.seconds()) / 2.0
            }
        }
    }

    /// Seconds until at most this share is left.
    pub fn until_left_s(&self, share: f64) -> f64 {
        let mut since = Duration::ZERO;
        loop {
            let (left, slope, next) = self.left(since);
            if left <= share || slope >= 0.0 {
                return since.seconds();
            }
            let reached = since.seconds() + (left - share) / -slope;
            match next {
                Some(next) if next.seconds() < reached => since = next,
                _ => return reached,
            }
        }
    }
}
