//! The response: strategies, failover phases, maintenance, variants.

use super::defaults::{is_default, is_zero};
use super::{Autoscale, Dependency, Named, Procedure};
use crate::dist::Dist;
use crate::units::{Duration, Factor, Rate, Ratio};
use ron::value::RawValue;
use serde::{Deserialize, Serialize};

/// How the design responds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Strategy {
    /// What it is, in a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// A known pattern that stands in for what is not said of `failover`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like: Option<Pattern>,
    /// How each group fails over; a group that is not named here does not.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub failover: Named<Failover>,
    /// Measures that are taken by people, by name.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub runbook: Named<Procedure>,
    /// Automation that follows the load, by name.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub autoscale: Named<Autoscale>,
    /// The maintenance plan that goes with it, unless the run picks another; `"none"` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<String>,
    /// What it costs beside what stands in the file: contracts, tools, drills; `"25/h"`, in the scenario's `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costs: Option<Rate>,
    /// Values of the file that this strategy changes, by their path.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub set: Named<Written>,
}

/// A known way to be ready for the loss of a site. Each stands for a [`Failover`], with the values of `docs/reference/patterns.md`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pattern {
    /// There are backups elsewhere: people decide, everything is built and restored, and looked at.
    BackupAndRestore(PatternOf),
    /// The data is elsewhere and up to date: people decide, and the rest is started.
    PilotLight(PatternOf),
    /// All of it runs elsewhere, smaller: automation promotes it.
    WarmStandby(PatternOf),
    /// All of it runs elsewhere as large: it is promoted within seconds.
    HotStandby(PatternOf),
    /// Every place serves: users are led away from the one that fails, and nothing has to be promoted.
    ActiveActive(PatternOf),
}

/// What a pattern is of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatternOf {
    /// The group; every group of several members where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A value as a file writes it, in RON: it is read where it is put.
///
/// ```
/// use firedrill::scenario::Written;
/// assert_eq!(Written::new(r#""2%""#).unwrap().text(), r#""2%""#);
/// assert!(Written::new("(1, 2").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Written(Box<RawValue>);

impl Written {
    /// The value of this text.
    ///
    /// # Errors
    ///
    /// A text that is not one value of RON; the error says where.
    pub fn new(ron: &str) -> Result<Written, String> {
        RawValue::from_boxed_ron(ron.into()).map(Written).map_err(|error| error.to_string())
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.0.get_ron()
    }

    /// Without what surrounds it.
    pub(super) fn trim(&mut self) {
        self.0 = self.0.trim().to_owned();
    }
}

/// Another reading of the story.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variant {
    /// What it is, in a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Values of the file that are different, by their path.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub set: Named<Written>,
}

/// How a group fails over: detect, decide, fence, promote, start, warm, steer, verify, each with its own clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failover {
    /// How the failure of the active member is noticed.
    pub detect: Detect,
    /// Who decides.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decide: Decide,
    /// Make sure that the old member no longer writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Phase>,
    /// Make the new member the primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote: Option<Phase>,
    /// Start what has to run there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Phase>,
    /// Warm it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm: Option<Phase>,
    /// Lead the users there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub steer: Steer,
    /// Make sure that it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Phase>,
    /// Probability that the mechanism fails when it is called upon.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fails_on_demand: Ratio,
    /// The component that does it: if it has failed unnoticed, the failover fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mechanism: Option<String>,
    /// What happens when the failover fails.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_it_fails: Fallback,
    /// Whether the first member becomes active again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failback: Failback,
    /// Whether, when all members were down, the first to work again takes over at once.
    #[serde(default, skip_serializing_if = "is_default")]
    pub first_back_takes_over: bool,
}

/// One phase of a failover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// How long it takes.
    pub takes: Dist,
    /// Probability that it fails.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fails: Ratio,
}

/// How a failure is noticed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Detect {
    /// At once: for models that leave detection out.
    Instant,
    /// Health checks at a random phase: down after `fails` failed ones in a row.
    Probe {
        /// Time between two checks of one checker.
        every: Duration,
        /// Failed checks in a row.
        fails: u32,
        /// How long a check waits for its answer.
        #[serde(default, skip_serializing_if = "is_zero")]
        timeout: Duration,
        /// Sites from which it is checked; a checker that cannot reach the member sees it down. Without them one checker
        /// reaches everything.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<String>,
        /// How many checkers there are, where no sites are named.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        checkers: u32,
        /// How many checkers must agree; by default a majority.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quorum: Option<u32>,
        /// Share of checks of a healthy member that fail: the source of false alarms.
        #[serde(default, skip_serializing_if = "is_default")]
        loss: Ratio,
        /// The next check is sent `every` after the end of the last, and not at fixed times.
        #[serde(default, skip_serializing_if = "is_default")]
        in_turn: bool,
        /// What else has to work for a check to pass.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        deep: Vec<Dependency>,
    },
    /// Heartbeats at a random phase: down when none came for `grace`.
    Heartbeat {
        /// Time between two heartbeats.
        every: Duration,
        /// How long without one.
        grace: Duration,
    },
    /// Phi-accrual (Hayashibara et al. 2004), from the last heartbeat: exponential intervals, or normal with a `sd`.
    PhiAccrual {
        /// The suspicion level: minus the decimal logarithm of the probability of a mistake.
        threshold: f64,
        /// Mean interval between heartbeats.
        mean: Duration,
        /// Standard deviation of a normal interval.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sd: Option<Duration>,
    },
    /// A Raft election: the followers' random timeouts since the last heartbeat, until the votes are not split.
    Raft {
        /// How many followers wait.
        followers: u32,
        /// Shortest and longest election timeout.
        timeout: (Duration, Duration),
        /// Interval of the leader's heartbeats; without it the leader fails right after one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heartbeat: Option<Duration>,
        /// Time to gather the votes; without it votes are never split.
        #[serde(default, skip_serializing_if = "is_zero")]
        votes: Duration,
        /// Sites of the followers, one for each. Without them they are the other members of the group.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<String>,
    },
    /// VRRP: three advertisements and the skew of the backup's priority, from the last advertisement.
    Vrrp {
        /// The backup's priority, 1 to 254.
        priority: u32,
        /// Advertisement interval.
        advert: Duration,
        /// Version 2 or 3 of the protocol: in version 3 the skew goes with the interval.
        #[serde(default = "two", skip_serializing_if = "is_two")]
        version: u32,
    },
}

fn two() -> u32 {
    2
}

fn is_two(value: &u32) -> bool {
    *value == 2
}

fn one() -> u32 {
    1
}

fn is_one(value: &u32) -> bool {
    *value == 1
}

/// Who decides to fail over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Decide {
    /// Nobody has to.
    #[default]
    Automatic,
    /// People, after this time.
    People {
        /// Time to gather, to understand and to decide.
        takes: Dist,
        /// Civil hours of the weekdays in which somebody can decide: `("08:00", "17:00")`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<(String, String)>,
    },
    /// Automatic, but in this share of cases people are needed.
    Sometimes {
        /// How often people are needed.
        people: Ratio,
        /// The time that they take then.
        takes: Dist,
    },
}

/// What leads users to the new member.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Steer {
    /// All at once.
    #[default]
    AtOnce,
    /// Evenly over a time: a balancer that ramps.
    Ramp(Duration),
    /// DNS: cached records run out.
    Dns {
        /// Time to live of the record.
        ttl: Duration,
        /// Share of users whose resolvers keep a record longer.
        #[serde(default, skip_serializing_if = "is_default")]
        ignored_by: Ratio,
        /// How long those keep it.
        #[serde(default, skip_serializing_if = "is_zero")]
        ignored_for: Duration,
        /// Mean time between look-ups of one resolver; without it every resolver always holds a record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_every: Option<Duration>,
    },
}

/// What happens when a failover fails.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fallback {
    /// The active member has to be repaired.
    #[default]
    Wait,
    /// People do it by hand.
    ByHand(Dist),
}

/// Whether the preferred member becomes active again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Failback {
    /// No.
    #[default]
    Never,
    /// When it has worked for this long.
    After(Duration),
}

/// A planned takedown. What it stops is started again within it: its end is the moment in which users are served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// What it is, in a line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// When the users are told; by default they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<String>,
    /// When it starts.
    pub starts: String,
    /// The promise: how long it was announced to take.
    pub announced: Duration,
    /// How long it takes.
    pub takes: Dist,
    /// Again at this interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats_every: Option<Duration>,
    /// Dates, or `first..last`, on which it is not to be under way: `firedrill maintenance` tries no start there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub avoid: Vec<String>,
    /// Of starts that cost as much, one on a working day comes first: whoever carries it out would rather be at work.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_working_days: bool,
    /// Components, sites or groups that are down meanwhile.
    pub takes_down: Vec<String>,
    /// How they are taken down.
    #[serde(default, skip_serializing_if = "is_default")]
    pub order: Order,
    /// Components that are as new afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
    /// Groups whose failover is better afterwards.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub improves: Named<Improved>,
    /// While hands are in the machine, the failure rates of what stays up are this much higher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard: Option<Hazard>,
    /// Not started if something of the takedown list is down already at the start.
    #[serde(default, skip_serializing_if = "is_default")]
    pub only_if_healthy: bool,
    /// When it is not done by then, it is rolled back instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort: Option<Abort>,
}

/// How a maintenance takes things down.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Order {
    /// All at once.
    #[default]
    AllAtOnce,
    /// One after the other, each for an equal share of the time.
    Rolling,
    /// Groups first switch over to another member; then all at once.
    Drained,
}

/// The reliability of a failover after maintenance: tested and certified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Improved {
    /// The new probability of failing on demand.
    pub fails_on_demand: Ratio,
}

/// A raised hazard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hazard {
    /// The components whose exponential failure rate is higher.
    pub of: Vec<String>,
    /// How much higher.
    pub by: Factor,
}

/// When and how a maintenance is given up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abort {
    /// The time after which it is given up.
    pub after: Duration,
    /// How long it takes to put everything back.
    pub rollback: Dist,
}
