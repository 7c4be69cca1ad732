//! Backups of stores, and what is there again first when one is read.

use super::ids::{FeatureId, NodeId};
use super::services::Call;
use crate::dist::Sampler;
use crate::num;
use crate::units::{Duration, Time};

/// Backups of a store.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Their name.
    pub name: String,
    /// When the first is taken.
    pub first: Time,
    /// Again at this interval.
    pub every: Option<Duration>,
    /// Time until one is whole.
    pub takes: Duration,
    /// What keeps them.
    pub keeper: Option<NodeId>,
    /// How many are kept.
    pub keeps: usize,
    /// Probability that one cannot be read.
    pub unreadable: f64,
    /// Time until that is found out.
    pub found_after: Duration,
    /// How long it takes until everything is there again.
    pub restores: Sampler,
}

/// A part of a store that is there again before the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct StorePart {
    /// The share of everything that is there again with it and with what comes before it.
    pub until: f64,
    /// The features that can go on then.
    pub features: Vec<FeatureId>,
}

/// Which share of the requests of a service or a feature cannot do without the data of a store, and which goes without something.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Needs {
    /// The share that fails.
    pub fails: f64,
    /// The share that lacks something.
    pub lacks: f64,
}

impl Needs {
    /// A call is made as well.
    pub fn add(&mut self, call: &Call, of_services: &[Needs]) {
        let callee = of_services[call.service.at()];
        let (fails, lacks) = (so_often(callee.fails, call.times), so_often(callee.lacks, call.times));
        if call.hard {
            self.fails = either(self.fails, fails);
            self.lacks = either(self.lacks, lacks);
        } else {
            self.lacks = either(self.lacks, either(fails, lacks));
        }
    }
}

fn either(a: f64, b: f64) -> f64 {
    1.0 - (1.0 - a) * (1.0 - b)
}

/// Of those who ask so often: a fraction is the probability of asking once more.
fn so_often(share: f64, times: f64) -> f64 {
    let whole = times.floor();
    1.0 - num::pow(1.0 - share, whole) * (1.0 - (times - whole) * share)
}
