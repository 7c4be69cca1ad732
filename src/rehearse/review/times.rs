//! The times that count: to notice, to understand, to decide, to act, to tell, to restore, to recover.

use super::Ground;
use crate::metrics::Outcome;
use crate::observe::ServiceLevel;
use crate::rehearse::deed::Deed;
use crate::units::Time;
use serde::Serialize;
use std::collections::BTreeSet;

/// When users were served again, and when all was as before: seconds after the fault.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Milestones {
    /// Nobody was down any more; none where somebody still was at the end of the run, zero where nobody ever was.
    pub restored_s: Option<f64>,
    /// Nobody felt anything any more.
    pub recovered_s: Option<f64>,
}

/// The times that count, in seconds after something first went wrong; none where it never came to that.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Times {
    /// When something first went wrong, as a civil time; none: nothing did.
    pub fault_at: Option<String>,
    /// Until it could be seen: an alert, or a user who complains.
    pub to_show_s: Option<f64>,
    /// Until somebody did or said anything.
    pub to_notice_s: Option<f64>,
    /// Until somebody thought the right thing.
    pub to_understand_s: Option<f64>,
    /// Until a decision was taken, or something was done without one.
    pub to_decide_s: Option<f64>,
    /// Until something was done.
    pub to_act_s: Option<f64>,
    /// Until the users were told.
    pub to_tell_s: Option<f64>,
    /// As it was played.
    pub as_played: Milestones,
    /// By the runbook as it is written.
    pub by_runbook: Milestones,
    /// With nobody there.
    pub with_nobody: Milestones,
}

/// The times of a rehearsal.
pub fn times(ground: &Ground, by_runbook: &Outcome, with_nobody: &Outcome) -> Times {
    let Some(fault) = ground.first_fault() else {
        let none = Milestones::default();
        return Times {
            fault_at: None,
            to_show_s: None,
            to_notice_s: None,
            to_understand_s: None,
            to_decide_s: None,
            to_act_s: None,
            to_tell_s: None,
            as_played: none,
            by_runbook: none,
            with_nobody: none,
        };
    };
    let right = right_suspects(ground);
    let after = |is_it: &dyn Fn(&Deed) -> bool| {
        let entries = ground.entries.iter().filter(|entry| entry.time() >= fault && entry.refused.is_none());
        entries
            .filter(|entry| entry.seat != super::FACILITATOR)
            .find(|entry| is_it(&entry.deed))
            .map(|entry| entry.time())
    };
    let since = |at: Option<Time>| at.map(|at| at.since(fault).seconds());
    let acted = after(&|deed| deed.has_effect());
    let decided = after(&|deed| matches!(deed, Deed::Decide { .. }));
    Times {
        fault_at: Some(ground.civil(fault)),
        to_show_s: since(ground.first_sign()),
        to_notice_s: since(after(&|deed| !matches!(deed, Deed::Sit {}))),
        to_understand_s: since(after(&|deed| is_right(deed, &right))),
        to_decide_s: since([decided, acted].into_iter().flatten().min()),
        to_act_s: since(acted),
        to_tell_s: since(after(&|deed| matches!(deed, Deed::Tell { .. }))),
        as_played: milestones(&ground.outcome, fault),
        by_runbook: milestones(by_runbook, fault),
        with_nobody: milestones(with_nobody, fault),
    }
}

/// What was really the trouble: the things that failed or were hit.
fn right_suspects(ground: &Ground) -> BTreeSet<String> {
    let scenario = &ground.plan.scenario;
    let names = scenario.components.names().chain(scenario.sites.names()).chain(scenario.services.names());
    let names: Vec<&str> = names.chain(scenario.people.names()).chain(scenario.stores.names()).collect();
    let faults = ground.live.lines().iter().filter(|line| line.theme == crate::metrics::Theme::Fault);
    let hit = |name: &&str| faults.clone().any(|line| names_it(&line.text, name));
    let mut right: BTreeSet<String> = names.iter().filter(|name| hit(name)).map(|name| (*name).to_owned()).collect();
    // Whoever suspects the group of what has failed is right too.
    let members = |name: &str| scenario.groups.get(name).map_or(&[][..], |group| &group.members);
    let groups = scenario.groups.names().filter(|group| members(group).iter().any(|member| right.contains(member)));
    let groups: Vec<String> = groups.map(str::to_owned).collect();
    right.extend(groups);
    right
}

/// Whether a text has a name in it, and not only a part of a longer one.
fn names_it(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '_' | '-');
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

fn is_right(deed: &Deed, right: &BTreeSet<String>) -> bool {
    let Deed::Think { text, about } = deed else { return false };
    right.contains(about) || right.iter().any(|name| names_it(text, name))
}

fn milestones(outcome: &Outcome, fault: Time) -> Milestones {
    let fault_s = fault.seconds();
    let end_s = outcome.clock.horizon_s;
    let last = |from: ServiceLevel| {
        let intervals = outcome.people.values().flat_map(|people| &people.intervals);
        let felt = intervals.filter(|felt| felt.mood >= from && felt.to_s > fault_s).map(|felt| felt.to_s);
        felt.fold(fault_s, f64::max)
    };
    let since = |at_s: f64| (at_s < end_s).then_some(at_s - fault_s);
    Milestones { restored_s: since(last(ServiceLevel::Down)), recovered_s: since(last(ServiceLevel::Stale)) }
}
