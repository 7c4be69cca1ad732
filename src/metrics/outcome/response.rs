//! How the design responded: failovers, procedures, maintenance, words.

use crate::world::PhaseKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// One phase of a failover.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PhaseOutcome {
    /// Which.
    pub phase: PhaseKind,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// Whether it went well.
    pub ok: bool,
}

/// One failover, from the failure on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FailoverOutcome {
    /// The group.
    pub group: String,
    /// The member that was active.
    pub from: String,
    /// The member that became active, if any did.
    pub to: Option<String>,
    /// When the active member failed, in seconds of the run.
    pub failed_at_s: f64,
    /// Civil time of that.
    pub failed_at: String,
    /// The phases that were gone through.
    pub phases: Vec<PhaseOutcome>,
    /// How it ended: `switched`, `by hand`, `failed`, `called off`, `refused`, `under way`.
    pub ended: String,
    /// What failed, if something did.
    pub failure: Option<String>,
    /// Whether it was a false alarm.
    pub false_alarm: bool,
    /// Whether it was ordered rather than a reaction.
    pub planned: bool,
    /// Seconds from the failure until the group worked again.
    pub time_to_restore_s: Option<f64>,
}

/// A group over the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupOutcome {
    /// Times that the mechanism was called upon.
    pub demands: u64,
    /// Times that it failed then.
    pub failed_on_demand: u64,
    /// False alarms.
    pub false_alarms: u64,
    /// Detections, and their mean delay in seconds.
    pub detections: u64,
    /// Mean time to detect.
    pub detect_mean_s: Option<f64>,
    /// Mean time to restore over all failures.
    pub restore_mean_s: Option<f64>,
    /// Two members took writes at once so many times.
    pub split_brains: u64,
}

/// What became of a procedure.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProcedureOutcome {
    /// What it does, in words.
    pub does: String,
    /// When what it helps was first overloaded, in seconds of the run; `None`: it was never needed.
    pub needed_at_s: Option<f64>,
    /// When it was first ordered.
    pub ordered_at_s: Option<f64>,
    /// Civil time of that.
    pub ordered_at: Option<String>,
    /// When the first of its phases was in effect.
    pub began_at_s: Option<f64>,
    /// When all of it was first in effect.
    pub done_at_s: Option<f64>,
    /// Civil time of that.
    pub done_at: Option<String>,
    /// From need to effect; below zero it came before the need.
    pub need_to_effect_s: Option<f64>,
    /// Phases that went wrong.
    pub phases_failed: u32,
    /// How it ended: `done`, `rolled back`, `taken back`, `given up`, `refused`, `refused in part`, `called off`, `under way`, `not begun`.
    pub ended: String,
}

/// Users met by a maintenance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MetOutcome {
    /// Minutes of active users while it lasted.
    pub user_minutes: f64,
    /// Of those, after the announced end.
    pub user_minutes_unannounced: f64,
    /// Minutes of active users by their local hour, 0 to 23.
    pub by_local_hour: BTreeMap<u8, f64>,
    /// The same after the announced end.
    pub unannounced_by_local_hour: BTreeMap<u8, f64>,
}

/// One maintenance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MaintenanceOutcome {
    /// The plan.
    pub plan: String,
    /// Seconds of notice that the users had; `None`: they were not told.
    pub notice_s: Option<f64>,
    /// Start, in seconds of the run.
    pub from_s: f64,
    /// Civil time of the start.
    pub from: String,
    /// Civil time of the end.
    pub to: String,
    /// How long it was announced to take.
    pub announced_s: f64,
    /// How long it took, so far where it is under way; NaN, in the JSON null, where it has not begun.
    pub actual_s: f64,
    /// How much longer than announced; NaN, in the JSON null, where it has not begun.
    pub overrun_s: f64,
    /// How it ended: `done`, `rolled back`, `not begun`, `under way`.
    pub ended: String,
    /// Users that it met.
    pub met: BTreeMap<String, MetOutcome>,
}

/// When the users heard.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CommunicationOutcome {
    /// When the first population felt something, in seconds of the run.
    pub first_felt_s: Option<f64>,
    /// When the first word reached the users after that; where it is felt during a maintenance of which they were told before,
    /// when that was.
    pub first_told_s: Option<f64>,
    /// The time between; below zero where they were told before.
    pub time_to_first_communication_s: Option<f64>,
}
