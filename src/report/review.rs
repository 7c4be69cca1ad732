//! What a review says, in words that its text, its page and its Markdown share.

use super::format;
use crate::rehearse::review::{Decision, Lane, Milestones, Review, Worth};

/// User-minutes, with their sign where it matters.
pub fn minutes(value: f64) -> String {
    format::large(value)
}

/// What something saved, or cost.
pub fn saved(worth: &Worth) -> String {
    match worth.here {
        none if none.abs() < 0.5 => "nothing".to_owned(),
        cost if cost < 0.0 => format!("cost {}", minutes(-cost)),
        saved => format!("saved {}", minutes(saved)),
    }
}

/// How it is under other luck.
pub fn under_other_luck(worth: &Worth) -> String {
    let (low, high) = worth.interval;
    if !low.is_finite() || !high.is_finite() {
        return format::NOTHING.to_owned();
    }
    if low.abs().max(high.abs()) < 0.5 {
        return "nothing".to_owned();
    }
    let range = format!("{} to {}", signed(low), signed(high));
    if worth.is_luck() { format!("{range}: may be luck") } else { range }
}

fn signed(value: f64) -> String {
    if value < 0.0 { format!("−{}", minutes(-value)) } else { minutes(value) }
}

/// The one sentence of a review.
pub fn lede(review: &Review) -> String {
    let lost = |damage: f64| format!("{} user-minutes", minutes(damage));
    let played = lost(review.as_played.lost);
    let nobody = lost(review.with_nobody.lost);
    let runbook = lost(review.by_runbook.lost);
    let down = match review.as_played.down_s {
        none if none <= 0.0 => "nobody was down".to_owned(),
        down_s => format!("the worst hit were down for {}", format::length(down_s)),
    };
    format!(
        "As it was played users lost {played}, and {down}. By the runbook as it is written it would have been {runbook}, with nobody there {nobody}."
    )
}

/// The times that count, each with its name.
pub fn times(review: &Review) -> Vec<(&'static str, String)> {
    let times = &review.times;
    let after = |seconds: Option<f64>| seconds.map_or_else(|| "never".to_owned(), |s| format!("after {}", zero(s)));
    vec![
        ("something went wrong", times.fault_at.clone().unwrap_or_else(|| "never".to_owned())),
        ("it could be seen", after(times.to_show_s)),
        ("somebody noticed", after(times.to_notice_s)),
        ("somebody understood", after(times.to_understand_s)),
        ("it was decided", after(times.to_decide_s)),
        ("something was done", after(times.to_act_s)),
        ("users were told", after(times.to_tell_s)),
    ]
}

fn zero(seconds: f64) -> String {
    if seconds < 1.0 { "no time".to_owned() } else { format::length(seconds) }
}

/// When users were served again and when all was well, in three runs.
pub fn milestones(review: &Review) -> [(&'static str, String, String, f64); 3] {
    let after = |seconds: Option<f64>| seconds.map_or_else(|| "not in this run".to_owned(), zero);
    let row = |name: &'static str, m: &Milestones, lost: f64| (name, after(m.restored_s), after(m.recovered_s), lost);
    let times = &review.times;
    [
        row("as it was played", &times.as_played, review.as_played.lost),
        row("by the runbook as it is written", &times.by_runbook, review.by_runbook.lost),
        row("with nobody there", &times.with_nobody, review.with_nobody.lost),
    ]
}

/// What a lane is called.
pub fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Truth => "true",
        Lane::Visible => "to be seen",
        Lane::Said => "said",
        Lane::Done => "done",
        Lane::Thought => "thought",
    }
}

/// A decision as cells: when, who, what, what it saved, under other luck, ten minutes earlier.
pub fn decision(decision: &Decision) -> [String; 6] {
    [
        decision.at.clone(),
        decision.seat.clone(),
        decision.what.clone(),
        saved(&decision.saved),
        under_other_luck(&decision.saved),
        saved(&decision.earlier),
    ]
}

/// The titles of those.
pub const DECISIONS: [&str; 6] =
    ["when", "seat", "what", "user-minutes", "under other luck (95%)", "ten minutes earlier would have"];

/// When most of the damage could no longer be avoided.
pub fn no_return(review: &Review) -> Option<String> {
    let no_return = review.no_return.as_ref()?;
    let from_the_fault = no_return.lost_from.first().map(|(at_s, _)| *at_s);
    let sealed = match &no_return.at {
        Some(_) if no_return.sealed_s == from_the_fault => {
            "More than half of what was lost could not be avoided by anything in the file, however early.".to_owned()
        }
        Some(at) => format!("From {at} on more than half of what was lost could no longer be avoided."),
        None => "Until the end of play more than half of what was lost could still have been avoided.".to_owned(),
    };
    let running = match &no_return.half_gone_at {
        Some(at) => format!("A reply that begins at {at} saves only half of what it saves at the first sign."),
        None => "A reply saves more than half of what it saves at the first sign, until the end of play.".to_owned(),
    };
    Some(format!("{sealed} {running}"))
}

/// How a decision's worth was found.
pub fn how(review: &Review) -> String {
    format!(
        "Each number is a run: the same drill without that decision, or with it ten minutes earlier. Under other luck: the same drill \
         and the same decisions under {} other draws of everything that chance decides, from the start of the run. \
         The unit is the decision, not the person.",
        review.draws
    )
}
