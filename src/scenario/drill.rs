//! The drill: what happens when; and what a run is expected to show.

use super::defaults::{is_default, is_zero};
use super::{Automation, Condition};
use crate::units::{Duration, Factor, Ratio};
use serde::{Deserialize, Serialize};

/// A step of the drill.
///
/// Its time is written `"14:31"` (on the first day), `"Tue 21:30"` (the first Tuesday from the start),
/// `"2016-10-11T21:30"`, or `"+90s"` after the start; civil times are in the clock's zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Inject {
    /// At this time, this.
    At(String, Act),
    /// When this is first seen, this.
    When(Condition, Act),
}

/// What a drill can do to the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Act {
    /// A component or site fails. It is repaired as the component says, or after the given time.
    Crash {
        /// The component or site.
        of: String,
        /// How many of its working members; all of them where nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        members: Option<u64>,
        /// Time from the crash until all that it hit are back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repaired_after: Option<Duration>,
    },
    /// A component fails unnoticed: the standby or the failover mechanism that nobody has tried.
    FailHidden {
        /// The component.
        of: String,
    },
    /// Gray: a share of the requests, and of the health checks, of a component or site fails.
    Gray {
        /// The component or site.
        of: String,
        /// The share that fails.
        loses: Ratio,
        /// How long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
        /// Whether health checks see nothing of it.
        #[serde(default, skip_serializing_if = "is_default")]
        probes_pass: bool,
    },
    /// A service takes longer.
    Slow {
        /// The service.
        service: String,
        /// Only at this site.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// How much longer.
        by: Factor,
        /// How long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
        /// Only the first so many servers of each site, behind a balancer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        servers: Option<u64>,
        /// Whether the balancer's health checks see nothing of it: a gray failure.
        #[serde(default, skip_serializing_if = "is_default")]
        checks_pass: bool,
    },
    /// A link is cut: the network is partitioned.
    Cut {
        /// The two ends.
        between: (String, String),
        /// How long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
    },
    /// The announcement of a site of a spread is withdrawn: nobody is led there any more, whatever its checks say.
    Withdraw {
        /// The spread.
        of: String,
        /// The site.
        at: String,
        /// How long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
    },
    /// More people than usual, or fewer; with a feature, as many people who do more of it.
    Surge {
        /// The population.
        of: String,
        /// Only this feature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feature: Option<String>,
        /// How many times the usual.
        by: Factor,
        /// Time to get there.
        #[serde(default, skip_serializing_if = "is_zero")]
        ramp: Duration,
        /// How long it lasts, from its start; where it falls or decays, how long it stays after the ramp.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
        /// Then it goes back evenly over this time: with a ramp, a triangle.
        #[serde(default, skip_serializing_if = "is_zero")]
        falls: Duration,
        /// Or it decays exponentially, by a factor of e in this time.
        #[serde(default, skip_serializing_if = "is_zero")]
        decays: Duration,
    },
    /// Somebody orders a switchover of a group.
    FailOver {
        /// The group.
        group: String,
        /// The member that becomes active.
        to: String,
    },
    /// Automation is switched off.
    SwitchOff {
        /// Which.
        of: Automation,
        /// For how long; without it until it is switched on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Duration>,
    },
    /// Automation is switched on again.
    SwitchOn {
        /// Which.
        of: Automation,
    },
    /// A cache is emptied.
    Flush {
        /// The service whose cache it is.
        service: String,
        /// Only at this site.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// The data of a store is deleted, and with it that of its replicas: they follow. Backups stay.
    Destroy {
        /// The store.
        of: String,
    },
    /// A decision, for the timeline.
    Decide(String),
    /// A word to the users.
    Tell(String),
}

/// What a run is expected to show. Without `strategy`, `maintenance` or `variant` it speaks of the default run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Expectation {
    /// How long a population was down.
    Downtime(HowLong),
    /// How long a population was degraded, not down.
    Degraded(HowLong),
    /// How long a population saw stale things after it was served again.
    Stale(HowLong),
    /// When a population was served again.
    RestoredAt(When),
    /// How much longer a maintenance took than announced.
    Overrun(HowLong),
    /// Any number of the outcome, by its path in `--json`.
    Value(HowMuch),
}

impl Expectation {
    /// Of which run it is expected.
    pub fn when(&self) -> &Pick {
        match self {
            Expectation::Downtime(e) | Expectation::Degraded(e) | Expectation::Stale(e) | Expectation::Overrun(e) => {
                &e.when
            }
            Expectation::RestoredAt(e) => &e.when,
            Expectation::Value(e) => &e.when,
        }
    }

    /// The same, to be changed.
    pub fn when_mut(&mut self) -> &mut Pick {
        match self {
            Expectation::Downtime(e) | Expectation::Degraded(e) | Expectation::Stale(e) | Expectation::Overrun(e) => {
                &mut e.when
            }
            Expectation::RestoredAt(e) => &mut e.when,
            Expectation::Value(e) => &mut e.when,
        }
    }
}

/// A length of time with a tolerance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HowLong {
    /// The population, or the maintenance plan.
    pub of: String,
    /// How long.
    pub is: Duration,
    /// Give or take.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub within: Duration,
    /// Only what began in this part of the run: from, to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<(String, String)>,
    /// Of which run this is expected.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Pick,
}

/// A civil time with a tolerance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The population.
    pub of: String,
    /// The time, written as in the drill.
    pub at: String,
    /// Give or take.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub within: Duration,
    /// Of which run this is expected.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Pick,
}

/// A number of the outcome with a tolerance. State `is`, or bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HowMuch {
    /// Path in the outcome: `"people.oslo.user_minutes_lost"`.
    pub of: String,
    /// The value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<f64>,
    /// Give or take, as a share of the value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub within: Ratio,
    /// At least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// At most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Of which run this is expected.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Pick,
}

/// Which run: a strategy, a maintenance plan, a variant; the default run where nothing is said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pick {
    /// The strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// The maintenance plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<String>,
    /// The variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}
