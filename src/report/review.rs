//! What a review says, in words that its text, its page and its Markdown share.

use super::format;
use crate::rehearse::review::{Came, Decision, Expected, Lane, Milestones, Misled, Reply, Review, Worth};

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
        "From the beginning of play to its appointed end users lost {played} as it was played, and {down}. By the runbook as it is written it would have been {runbook}, with nobody there {nobody}."
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
    let after = |seconds: Option<f64>| match seconds {
        None => "not by the end".to_owned(),
        Some(none) if none < 1.0 => "nobody was".to_owned(),
        Some(seconds) => format::length(seconds),
    };
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

/// A decision as cells: when, who, what, what it saved, under other luck, and had it come earlier.
pub fn decision(decision: &Decision) -> [String; 6] {
    [
        decision.at.clone(),
        decision.seat.clone(),
        decision.what.clone(),
        saved(&decision.saved),
        under_other_luck(&decision.saved),
        earlier(decision),
    ]
}

/// What it would have saved earlier, and how much earlier that is.
fn earlier(decision: &Decision) -> String {
    match decision.earlier_by_s {
        none if none < 1.0 => "could not be earlier".to_owned(),
        by_s if by_s < 599.0 => format!("{} (first sign, {} earlier)", saved(&decision.earlier), format::length(by_s)),
        _ => format!("{} (10 min earlier)", saved(&decision.earlier)),
    }
}

/// The titles of those.
pub const DECISIONS: [&str; 6] =
    ["when", "seat", "what", "user-minutes", "under other luck (95%)", "earlier would have"];

/// When most of the damage could no longer be avoided.
pub fn no_return(review: &Review) -> Option<String> {
    let no_return = review.no_return.as_ref()?;
    let from_the_fault = no_return.lost_from.first().map(|(at_s, _)| *at_s);
    let sealed = match &no_return.at {
        Some(_) if no_return.sealed_s == from_the_fault => {
            "More than half of what was lost could not be avoided by anything in the file, however early.".to_owned()
        }
        Some((from, to)) => {
            format!(
                "From some moment between {from} and {to} on more than half of what was lost could no longer be avoided."
            )
        }
        None => "Until the end of play more than half of what was lost could still have been avoided.".to_owned(),
    };
    let running = match &no_return.half_gone_at {
        Some((from, to)) => {
            format!("The best reply loses half of what it saves at the first sign between {from} and {to}.")
        }
        None => {
            "The best reply saves more than half of what it saves at the first sign until the end of play.".to_owned()
        }
    };
    Some(format!("{sealed} {running}"))
}

/// What was expected as cells: when, what, what came of it.
pub fn expected(expected: &Expected) -> [String; 3] {
    let came = match &expected.came {
        Came::Done(doing) if doing.after_s < 0.0 => {
            format!("done before, at {}: {} {}", doing.at, doing.seat, doing.what)
        }
        Came::Done(doing) => format!("done after {}: {} {}", zero(doing.after_s), doing.seat, doing.what),
        Came::Late(doing) => format!("late, after {}: {} {}", zero(doing.after_s), doing.seat, doing.what),
        Came::NotDone => "not done".to_owned(),
        Came::Judge(next) if next.is_empty() => "nothing was done in the quarter of an hour after it".to_owned(),
        Came::Judge(next) => format!("yours to judge; what came next: {}", next.join("; ")),
    };
    let what = match expected.told.as_str() {
        "" => expected.expects.clone(),
        told => format!("{} ({told})", expected.expects),
    };
    [expected.at.clone(), what, came]
}

/// The titles of those.
pub const EXPECTED: [&str; 3] = ["when", "expected", "what came of it"];

/// What a reply by what could be seen was judged by.
pub fn judged_by(reply: &Reply) -> Option<String> {
    let also = match reply.suspects.as_slice() {
        [] => return None,
        [only] => only.clone(),
        [more @ .., last] => format!("{} and {last}", more.join(", ")),
    };
    Some(format!(
        "It could as well have been {also}: the reply is the best in the mean over all that it could have been."
    ))
}

/// How a decision's worth was found.
pub fn how(review: &Review) -> String {
    format!(
        "Each number is a run: the same drill without that decision, or with it ten minutes earlier, but not before anything could be seen. Under other luck: the same drill \
         and the same decisions, with what chance had still to decide then drawn anew {} times; what had happened stays. \
         The unit is the decision, not the person.",
        review.draws
    )
}

/// False alarms that led somewhere, and in a sentence how many others there were.
pub fn false_alarms(review: &Review) -> (Vec<&Misled>, Option<String>) {
    let (led, others): (Vec<&Misled>, Vec<&Misled>) = review.misled.iter().partition(|misled| !misled.then.is_empty());
    let told = match (others.len(), led.is_empty()) {
        (0, _) => None,
        (1, true) => Some("One false alarm led nowhere.".to_owned()),
        (1, false) => Some("One more led nowhere.".to_owned()),
        (count, true) => Some(format!("{count} false alarms led nowhere.")),
        (count, false) => Some(format!("{count} more led nowhere.")),
    };
    (led, told)
}
