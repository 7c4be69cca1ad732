//! A rehearsal: how people play a scenario, who sits where, and what they are told.

use super::defaults::{is_default, is_zero};
use super::{Named, Pick, Procedure};
use crate::units::{Duration, Ratio};
use serde::{Deserialize, Serialize};

/// How people play the scenario. What a drill does to the system happens; what it says that people did is left to them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rehearsal {
    /// What the players are told before it begins.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// What is to be learned: for the facilitator, and for the talk afterwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning: Vec<String>,
    /// When play begins; by default with the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When play ends at the latest, and with it what a review counts; by default with the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Which strategy, plan and variant are played; by default those of the file.
    #[serde(skip_serializing_if = "is_default")]
    pub run: Pick,
    /// Seats beside the facilitator's, by name; by default an incident commander, operations, communications, the vendor and an
    /// observer.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub seats: Named<Seat>,
    /// What people can do beside the runbook of the strategy: measures that somebody at a seat orders.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub measures: Named<Procedure>,
    /// What somebody is told at some time, and what they are expected to do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub injects: Vec<Message>,
    /// Messages that the facilitator has ready, by name.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub prepared: Named<Prepared>,
    /// How well the players can see.
    #[serde(skip_serializing_if = "is_default")]
    pub monitoring: Monitoring,
}

/// A seat of a rehearsal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seat {
    /// What it is there for, in a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// What it may do beside watching, talking and thinking.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duties: Vec<Duty>,
}

/// What a seat may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Duty {
    /// Takes decisions that are written down, and plans maintenance.
    Decides,
    /// Orders measures and switchovers.
    Operates,
    /// Tells the users.
    Tells,
    /// Calls the vendor, and says how something is repaired.
    Repairs,
}

/// Something that is said to players at a time of the run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Message {
    /// When: a time as in the drill.
    pub at: String,
    /// Who says it: `"CEO"`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// Which seats hear it; all where nothing is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// What is said. Without it nobody is told anything: the facilitator is reminded of what is expected.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub says: String,
    /// What the players are expected to do: for the facilitator only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub expects: String,
    /// By which of these a review knows that it was done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wants: Vec<Wanted>,
    /// From which seats; from any where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// Within which time; by default before play ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

/// Something that somebody is expected to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Wanted {
    /// A measure is ordered.
    Order(String),
    /// A measure is taken back.
    TakeBack(String),
    /// A group is switched over.
    SwitchOver(String),
    /// The users are told something.
    Tell,
    /// A decision is written down.
    Decide,
    /// Something is said to other seats.
    Say,
    /// Somebody notes that it may be this: a name of the file.
    Think(String),
    /// Somebody looks at a dashboard of this: a population, a station, a queue, a store.
    Look(String),
    /// The vendor of a component is called.
    CallVendor(String),
    /// A component is repaired for good.
    RepairForGood(String),
    /// The maintenance is announced.
    AnnounceMaintenance,
    /// The maintenance is called off.
    CallOffMaintenance,
}

/// A message that the facilitator has ready.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prepared {
    /// Who says it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// What is said.
    pub says: String,
}

/// How well players can see: what is measured, how late, and how often wrongly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Monitoring {
    /// How often everything is measured.
    pub every: Duration,
    /// How long after its end a measurement is seen.
    #[serde(skip_serializing_if = "is_zero")]
    pub late: Duration,
    /// The share of measurements that get lost.
    #[serde(skip_serializing_if = "is_default")]
    pub gaps: Ratio,
    /// How many false alarms there are in a day, in the mean.
    pub false_alarms_per_day: f64,
}

impl Default for Monitoring {
    fn default() -> Self {
        Monitoring {
            every: Duration::from_seconds(60.0),
            late: Duration::from_seconds(30.0),
            gaps: Ratio(0.02),
            false_alarms_per_day: 4.0,
        }
    }
}
