//! What misled: false alarms, what nobody looked at, and words that did not hold.

use super::ground::Ground;
use crate::observe::ServiceLevel;
use crate::rehearse::deed::Deed;
use crate::rehearse::monitoring::name_of;
use crate::units::{Duration, Time};
use serde::Serialize;
use std::collections::BTreeSet;

/// How soon after a false alarm something is taken for due to it.
const SOON: Duration = Duration(600_000_000_000);
/// Words that say that all is well.
const ALL_IS_WELL: [&str; 9] =
    ["restored", "resolved", "is back", "are back", "works again", "work again", "fixed", "back to normal", "is over"];

/// Words with which a time is when it will work, and not when more is told.
const ALL_WILL_BE_WELL: [&str; 7] = ["back", "restored", "resolved", "fixed", "work", "available", "over by"];
/// Words that come so much later than they were promised still hold.
const NEARLY: Duration = Duration(300_000_000_000);

/// An alert that was false.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Misled {
    /// When.
    pub at: String,
    /// What it said.
    pub says: String,
    /// What was done or thought within ten minutes of somebody looking at it.
    pub then: Vec<String>,
}

/// Words to the users that did not hold, or came late.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Promise {
    /// When they were told.
    pub at: String,
    /// What.
    pub text: String,
    /// What was wrong with it.
    pub but: String,
}

/// False alarms, and what followed for those who looked.
pub fn misled(ground: &Ground) -> Vec<Misled> {
    let to = ground.to;
    let alarms = ground.live.watching.monitoring.alerts.iter().filter(|alert| alert.is_false && alert.at <= to);
    alarms
        .map(|alert| {
            let looked = ground.entries.iter().find(|entry| {
                entry.time() >= alert.at && matches!(&entry.deed, Deed::Look { at } if *at == alert.about)
            });
            let after = |from: Time| {
                let soon = ground.entries.iter().filter(move |e| e.time() >= from && e.time() <= from.after(SOON));
                soon.filter(|entry| entry.deed.acts() || matches!(entry.deed, Deed::Think { .. }))
                    .map(|entry| format!("{} {}", ground.whose(entry), entry.deed.words()))
                    .collect()
            };
            let then = looked.map_or_else(Vec::new, |entry| after(entry.time()));
            Misled { at: ground.civil(alert.at), says: alert.says.clone(), then }
        })
        .collect()
}

/// Dashboards on which something was to be seen, and that nobody opened.
pub fn never_looked_at(ground: &Ground) -> Vec<String> {
    let looked: BTreeSet<&str> = ground
        .entries
        .iter()
        .filter_map(|entry| match &entry.deed {
            Deed::Look { at } => Some(at.as_str()),
            _ => None,
        })
        .collect();
    let monitoring = &ground.live.watching.monitoring;
    let told = |about: &str| monitoring.alerts.iter().any(|alert| !alert.is_false && alert.about == about);
    let names = monitoring.series.iter().map(|series| format!("{}: {}", series.of, name_of(series.measures)));
    names.filter(|name| told(name) && !looked.contains(name.as_str())).collect()
}

/// Words to the users that did not hold.
pub fn promises(ground: &Ground) -> Vec<Promise> {
    let mut found = Vec::new();
    for entry in &ground.entries {
        let Deed::Tell { text } = &entry.deed else { continue };
        let at = entry.time();
        let mut but = |but: String| found.push(Promise { at: ground.civil(at), text: text.clone(), but });
        let lower = text.to_lowercase();
        if let Some((who, until)) =
            down_at(ground, at).filter(|_| ALL_IS_WELL.iter().any(|words| lower.contains(words)))
        {
            but(format!("{who} were down until {until}"));
        }
        let Some(by) = promised(ground, text, at) else { continue };
        if ALL_WILL_BE_WELL.iter().any(|words| lower.contains(words)) {
            if let Some((who, until)) = down_at(ground, by) {
                but(format!("at {} {who} were still down, until {until}", ground.civil(by)));
            }
        } else if by <= ground.to && !is_told(ground, at, by) {
            but(format!("by {} nothing more was told", ground.civil(by)));
        }
    }
    found
}

/// Whether users are told something after a time and by another, or nearly.
fn is_told(ground: &Ground, after: Time, by: Time) -> bool {
    let tells = ground.entries.iter().filter(|entry| matches!(entry.deed, Deed::Tell { .. }));
    tells.into_iter().any(|entry| entry.time() > after && entry.time() <= by.after(NEARLY))
}

/// Somebody who is down at a time, and until when.
fn down_at(ground: &Ground, at: Time) -> Option<(String, String)> {
    let at_s = at.seconds();
    ground.outcome.people.iter().find_map(|(name, people)| {
        let down = people
            .intervals
            .iter()
            .find(|felt| felt.mood == ServiceLevel::Down && felt.from_s <= at_s && at_s < felt.to_s)?;
        Some((name.clone(), down.to.clone()))
    })
}

/// A time of day that a text names, the next one of it after the text was told.
pub(super) fn promised(ground: &Ground, text: &str, told: Time) -> Option<Time> {
    let is_time = |word: &str| {
        let (hours, minutes) = word.split_once(':')?;
        let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24 && minutes < 60 && word.len() <= 5).then_some((hours, minutes))
    };
    let words = text.split(|c: char| !c.is_ascii_digit() && c != ':');
    let (hours, minutes) = words.filter_map(is_time).next()?;
    let zone = &ground.plan.world.calendar.zone;
    let civil = ground.plan.world.calendar.zoned(told, zone).datetime();
    let promised = civil.with().hour(hours as i8).minute(minutes as i8).second(0).subsec_nanosecond(0).build().ok()?;
    let promised = match promised < civil {
        true => promised.checked_add(jiff::Span::new().days(1)).ok()?,
        false => promised,
    };
    let zoned = zone.to_ambiguous_zoned_datetime(promised).compatible().ok()?;
    let at = ground.plan.world.calendar.time_of(zoned.timestamp());
    (at <= ground.plan.world.horizon()).then_some(at)
}
