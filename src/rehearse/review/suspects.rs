//! What it could have been, by what could be seen at the first sign: faults of the menu that look alike then.
//!
//! Each fault of the menu is tried alone, without the drill, from the moment at which something first went wrong. It looks alike when
//! its first sign is the same: the same alerts, and complaints of the same people. Nobody knows when it began: so it is moved
//! to where that sign comes when it came.

use super::ground::Ground;
use crate::rehearse::live::Live;
use crate::rehearse::monitoring::Alert;
use crate::rehearse::plan::Changes;
use crate::rehearse::play::Play;
use crate::scenario::Fault;
use crate::study::Hands;
use crate::units::{Duration, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Faults of the menu that are tried.
const TRIED_MAX: usize = 120;
/// Things that it could have been, beside what it was: the likeliest.
const SUSPECTS_MAX: usize = 5;
/// A fault is given so long to show, or twice as long as it took.
const SHOWS_WITHIN: Duration = Duration(1_800_000_000_000);

/// Something that it could have been.
pub struct Suspect {
    /// The fault of the menu.
    pub name: String,
    /// The run with nothing but that.
    pub play: Play,
}

/// The likeliest faults of the menu that look at their first sign as this did.
pub fn suspects<H: Hands>(ground: &Ground, changes: &Changes, hands: &mut H) -> Option<Vec<Suspect>> {
    let plan = ground.plan;
    let (Some(fault), Some(sign)) = (ground.first_fault(), ground.first_sign()) else { return Some(Vec::new()) };
    let seen = seen_by(&ground.live, fault, sign);
    let latest = fault.after(Duration(sign.since(fault).0.saturating_mul(2)).max(SHOWS_WITHIN)).min(plan.to);
    let is_known = |fault: &Fault| changes.added.iter().any(|(name, _)| *name == fault.name);
    let menu = plan.menu.iter().filter(|fault| fault.is_acts() && !is_known(fault));
    let tried: Vec<&Fault> = menu.take(TRIED_MAX).collect();
    hands.expect(tried.len());
    let when = hands.all(tried.len(), |i| {
        let live = shown_until(ground, &tried[i].name, fault, latest);
        let first = first_sign(&live, fault)?;
        let begins = Time(fault.0 + sign.0 - first.0);
        (seen_by(&live, fault, first) == seen && begins >= plan.from).then_some(begins)
    })?;
    let mut found: Vec<(&Fault, Time)> =
        tried.into_iter().zip(when).filter_map(|(fault, begins)| Some((fault, begins?))).collect();
    // Those that say how often they come first, and of these the likeliest; then in the order of the menu.
    found.sort_by(|(a, _), (b, _)| {
        let often = |fault: &Fault| fault.per_year.unwrap_or(-1.0);
        often(b).total_cmp(&often(a))
    });
    found.truncate(SUSPECTS_MAX);
    let suspect = |(fault, begins): (&Fault, Time)| Suspect {
        name: fault.name.clone(),
        play: alone(ground, &fault.name, begins).between(plan.from, plan.to),
    };
    Some(found.into_iter().map(suspect).collect())
}

/// Nothing but this fault at that time, with nobody there.
fn alone(ground: &Ground, name: &str, at: Time) -> Play {
    let plan = ground.plan;
    let changes = Changes { suppressed: Vec::new(), added: vec![(name.to_owned(), at)] };
    let mut world = (*plan.world_with(&changes)).clone();
    world.muted.extend(0..plan.world.drill.len());
    Play { world: Arc::new(world), done: Vec::new() }
}

/// What players would have seen of that, up to its first sign.
fn shown_until(ground: &Ground, name: &str, fault: Time, latest: Time) -> Live {
    let mut live = Live::new(ground.plan, alone(ground, name, fault).world);
    let step = ground.plan.monitoring.every;
    let mut at = fault;
    live.run_until(at);
    while at < latest && first_sign(&live, fault).is_none_or(|sign| sign > at) {
        at = at.after(step).min(latest);
        live.run_until(at);
    }
    live
}

fn first_sign(live: &Live, fault: Time) -> Option<Time> {
    let monitoring = &live.watching.monitoring;
    let alerts = monitoring.alerts.iter().filter(|alert| !alert.is_false && alert.at >= fault).map(|alert| alert.at);
    alerts.chain(monitoring.complaints.iter().map(|complaint| complaint.at).filter(|at| *at >= fault)).min()
}

/// What was to be seen of a fault by then.
fn seen_by(live: &Live, fault: Time, by: Time) -> BTreeSet<String> {
    let monitoring = &live.watching.monitoring;
    let alerts = monitoring.alerts.iter().filter(|alert| !alert.is_false && alert.at >= fault && alert.at <= by);
    let complaints = monitoring.complaints.iter().filter(|complaint| complaint.at >= fault && complaint.at <= by);
    alerts.map(what_it_says).chain(complaints.map(|complaint| complaint.people.clone())).collect()
}

/// What an alert is about, and, where requests fail, whether it is some, most or all of them.
fn what_it_says(alert: &Alert) -> String {
    let of = alert.about.strip_suffix("errors").unwrap_or_default();
    let share = alert.says.strip_prefix(of).and_then(|says| says.split('%').next()?.parse::<f64>().ok());
    let many = match share {
        Some(share) if !of.is_empty() && share > 90.0 => "all",
        Some(share) if !of.is_empty() && share > 30.0 => "most",
        _ => "some",
    };
    format!("{} {many}", alert.about)
}
