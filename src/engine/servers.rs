//! Single servers behind a balancer that the drill has made slow.

use super::core::Engine;
use crate::observe::ObservationId;
use crate::world::{Action, StationId};

/// The first servers of a station are slow.
#[derive(Debug, Clone, Copy)]
pub(super) struct SlowServers {
    /// How many.
    pub servers: u64,
    /// How much longer they take.
    pub by: f64,
    /// Health checks see nothing of it.
    pub checks_pass: bool,
    /// What has been told of it.
    pub why: ObservationId,
}

impl Engine<'_> {
    /// Which of the first servers of a station are slow now.
    pub(super) fn slow_servers(&self, id: StationId) -> impl Iterator<Item = SlowServers> {
        self.state.disturbances.iter().filter(|passing| passing.active).filter_map(move |passing| {
            let why = passing.why;
            match self.action(passing.step) {
                Action::SlowServers { stations, servers, by, checks_pass, .. } if stations.contains(&id) => {
                    Some(SlowServers { servers: *servers, by: *by, checks_pass: *checks_pass, why })
                }
                _ => None,
            }
        })
    }

    /// How much slower all servers of a station are together: one queue in front of them gets so much less done.
    pub(super) fn slower_together(&self, id: StationId) -> f64 {
        let all = self.servers(id) as f64;
        let mut slow: Vec<SlowServers> = self.slow_servers(id).collect();
        if slow.is_empty() || all == 0.0 {
            return 1.0;
        }
        // Each slows the first servers, so that from the longest on they lie within each other.
        slow.sort_by_key(|slow| std::cmp::Reverse(slow.servers));
        let (mut speed, mut by, mut rest) = (0.0, 1.0, all);
        for slow in slow {
            let first = (slow.servers as f64).min(all);
            speed += (rest - first) / by;
            (rest, by) = (first, by * slow.by);
        }
        all / (speed + rest / by)
    }
}
