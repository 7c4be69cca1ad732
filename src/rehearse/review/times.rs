//! The times that count: to notice, to understand, to decide, to act, to tell, to restore, to recover.

use super::ground::Ground;
use crate::metrics::{Outcome, Theme};
use crate::observe::ServiceLevel;
use crate::rehearse::deed::Deed;
use crate::rehearse::log::seconds;
use crate::rehearse::plan::action_words;
use crate::units::{Duration, Time};
use crate::world::Action;
use serde::Serialize;

/// When users were served again, and when all was as before: seconds after the fault.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Milestones {
    /// The outage was over: nobody was down any more; none where somebody still was at the end, zero where nobody ever was.
    pub restored_s: Option<f64>,
    /// Nobody felt anything of it any more.
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
    let troubles = troubles(ground);
    let after = |is_it: &dyn Fn(&Deed, Time) -> bool| {
        let entries = ground.entries.iter().filter(|entry| entry.time() >= fault && entry.refused.is_none());
        entries
            .filter(|entry| entry.seat != crate::rehearse::plan::FACILITATOR)
            .find(|entry| is_it(&entry.deed, entry.time()))
            .map(|entry| entry.time())
    };
    let since = |at: Option<Time>| at.map(|at| at.since(fault).seconds());
    let acted = after(&|deed, _| deed.has_effect());
    let decided = after(&|deed, _| matches!(deed, Deed::Decide { .. }));
    Times {
        fault_at: Some(ground.civil(fault)),
        to_show_s: since(ground.first_sign()),
        to_notice_s: since(after(&|deed, _| !matches!(deed, Deed::Sit {}))),
        to_understand_s: since(after(&|deed, at| is_right(deed, at, &troubles))),
        to_decide_s: since([decided, acted].into_iter().flatten().min()),
        to_act_s: since(acted),
        to_tell_s: since(after(&|deed, _| matches!(deed, Deed::Tell { .. }))),
        as_played: milestones(&ground.outcome, fault),
        by_runbook: milestones(by_runbook, fault),
        with_nobody: milestones(with_nobody, fault),
    }
}

/// What is the trouble, from when, and until when.
struct Trouble {
    name: String,
    from: Time,
    to: Time,
}

/// A belief in what has just passed is still right for so long.
const JUST: Duration = Duration(60_000_000_000);

/// What was really the trouble: the things that failed or were hit, for as long as they were; and their groups.
fn troubles(ground: &Ground) -> Vec<Trouble> {
    let scenario = &ground.plan.scenario;
    let names = scenario.components.names().chain(scenario.sites.names()).chain(scenario.services.names());
    let names: Vec<&str> = names.chain(scenario.people.names()).chain(scenario.stores.names()).collect();
    let mut found = Vec::new();
    for line in ground.live.lines().iter().filter(|line| line.theme == Theme::Fault) {
        let from = seconds(line.at_s);
        for name in names.iter().filter(|name| names_it(&line.text, name)) {
            found.push(Trouble { name: (*name).to_owned(), from, to: over_at(ground, name, from) });
        }
    }
    // Whoever suspects the group of what has failed is right too.
    let mut groups = Vec::new();
    for (group, written) in scenario.groups.iter() {
        for trouble in found.iter().filter(|trouble| written.members.contains(&trouble.name)) {
            groups.push(Trouble { name: group.to_owned(), ..*trouble });
        }
    }
    found.extend(groups);
    // Where users keep it up themselves, they are the trouble.
    for state in &ground.outcome.metastable {
        let from = seconds(state.from_s);
        found.extend(scenario.people.names().map(|name| Trouble { name: name.to_owned(), from, to: Time::NEVER }));
    }
    found
}

/// When a fault of something that began at a time is over, as far as the drill says so; else it lasts.
fn over_at(ground: &Ground, name: &str, from: Time) -> Time {
    let world = &ground.play.world;
    let lasts = |action: &Action| match action {
        Action::Slow(_, _, lasts) | Action::Cut(_, lasts) | Action::Gray { lasts, .. } => *lasts,
        Action::SlowServers { lasts, .. } | Action::Surge { lasts, .. } | Action::Withdraw(_, _, lasts) => *lasts,
        _ => None,
    };
    let about = |action: &Action| names_it(&action_words(world, action).replace('@', " "), name);
    let steps = world.drill.iter().filter(|(at, action)| *at == from && about(action));
    steps.filter_map(|(at, action)| Some(at.after(lasts(action)?))).max().unwrap_or(Time::NEVER)
}

/// Whether a text has a name in it, and not only a part of a longer one.
fn names_it(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '_' | '-');
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

fn is_right(deed: &Deed, at: Time, troubles: &[Trouble]) -> bool {
    let Deed::Think { text, about } = deed else { return false };
    let now = troubles.iter().filter(|trouble| trouble.from <= at && at <= trouble.to.after(JUST));
    now.map(|trouble| trouble.name.as_str()).any(|name| about == name || names_it(text, name))
}

/// Whether an alert named the trouble, so that whoever read it could know.
pub fn is_named(ground: &Ground) -> bool {
    let troubles = troubles(ground);
    let alerts = ground.live.watching.monitoring.alerts.iter().filter(|alert| !alert.is_false);
    alerts.map(|alert| &alert.says).any(|says| troubles.iter().any(|trouble| names_it(says, &trouble.name)))
}

/// The end of the first stretch of time after the fault in which somebody felt like this or worse, whoever it was.
fn end_of_first(outcome: &Outcome, fault_s: f64, level: ServiceLevel) -> f64 {
    let felt = outcome.people.values().flat_map(|people| &people.intervals);
    let mut felt: Vec<(f64, f64)> =
        felt.filter(|felt| felt.mood >= level && felt.to_s > fault_s).map(|felt| (felt.from_s, felt.to_s)).collect();
    felt.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some(&(_, mut end_s)) = felt.first() else { return fault_s };
    for (from_s, to_s) in felt {
        if from_s > end_s + 1e-6 {
            break;
        }
        end_s = end_s.max(to_s);
    }
    end_s
}

fn milestones(outcome: &Outcome, fault: Time) -> Milestones {
    let (fault_s, end_s) = (fault.seconds(), outcome.clock.horizon_s);
    let since =
        |level| Some(end_of_first(outcome, fault_s, level)).filter(|at_s| *at_s < end_s).map(|at_s| at_s - fault_s);
    Milestones { restored_s: since(ServiceLevel::Down), recovered_s: since(ServiceLevel::Stale) }
}
