//! The head of a page: which run this is, what it came to in a few sentences, and the numbers that one asks for first.

use super::markup::Html;
use crate::metrics::{Outcome, OutcomeInterval, PeopleOutcome};
use crate::observe::ServiceLevel;
use crate::report::clock::Clock;
use crate::report::format;
use crate::report::stretches::{days_differ, kind_words, worst};

/// Title, which run, when, sentences and key numbers.
pub fn head(html: &mut Html, outcome: &Outcome, clock: &Clock) {
    html.say("h1", &[], &outcome.title);
    html.within("p", &[("class", &"which")], |html| {
        let p = &outcome.provenance;
        let named = [("strategy", &p.strategy), ("maintenance", &p.maintenance), ("variant", &p.variant)];
        for (label, value) in named {
            if let Some(value) = value {
                html.say("span", &[], format!("{label} {value}"));
            }
        }
        let (from, to) = (clock.at(0.0), clock.at(clock.horizon_s));
        let until = if from.year() == to.year() { "%a %d %b %H:%M" } else { "%a %d %b %Y %H:%M" };
        let span = format!("{} to {}", from.strftime("%a %d %b %Y %H:%M"), to.strftime(until));
        html.say("span", &[], span);
        html.say("span", &[], format::length(clock.horizon_s));
        html.say("span", &[], &outcome.clock.zone);
        let replication = if p.replication != 0 { format!(", replication {}", p.replication) } else { String::new() };
        html.say("span", &[], format!("seed {}{replication}", p.seed));
    });
    html.say("p", &[("class", &"lede")], held(&sentences(outcome, clock).join(" ")));
    html.within("ul", &[("class", &"figures")], |html| {
        for (number, class, words) in figures(outcome) {
            html.within("li", &[], |html| {
                html.say("b", &[("class", &class)], number);
                html.say("span", &[], words);
            });
        }
    });
}

/// Populations that felt something of a kind, when it began, and the longest that any of them did.
fn hurt(
    outcome: &Outcome,
    mood: ServiceLevel,
    seconds: fn(&PeopleOutcome) -> f64,
) -> Option<(Vec<&str>, &OutcomeInterval, f64)> {
    let found: Vec<_> = outcome.people.iter().filter(|(_, p)| seconds(p) > 0.0).collect();
    let intervals = found.iter().flat_map(|(_, p)| &p.intervals).filter(|i| i.mood == mood);
    let first = intervals.min_by(|a, b| a.from_s.total_cmp(&b.from_s))?;
    let longest = found.iter().map(|(_, p)| seconds(p)).fold(0.0, f64::max);
    Some((found.iter().map(|(name, _)| name.as_str()).collect(), first, longest))
}

/// Who, out of all: by name where they are few.
fn who(names: &[&str], all: usize) -> String {
    match names {
        names if names.len() == all && all > 2 => format!("all {all} populations"),
        [one] => (*one).to_owned(),
        [a, b] => format!("{a} and {b}"),
        names => format!("{} of {all} populations", names.len()),
    }
}

/// The first letter as it stands at the start of a sentence, where it is one of ours.
fn sentence(text: String) -> String {
    match text.strip_prefix("all ") {
        Some(rest) => format!("All {rest}"),
        None => text,
    }
}

/// A text in which no line ends between a number and its unit.
fn held(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let after_number = out.ends_with(|c: char| c.is_ascii_digit());
        let is_unit = letters.peek().is_some_and(|next| next.is_alphabetic());
        out.push(if letter == ' ' && after_number && is_unit { '\u{a0}' } else { letter });
    }
    out
}

/// What users lived through, why, and when they heard.
fn sentences(outcome: &Outcome, clock: &Clock) -> Vec<String> {
    let all = outcome.people.len();
    let mut told = Vec::new();
    let down = hurt(outcome, ServiceLevel::Down, |p| p.downtime_s);
    let degraded = hurt(outcome, ServiceLevel::Degraded, |p| p.degraded_s);
    for (found, what) in [(&down, "down"), (&degraded, "degraded")] {
        let Some((names, first, longest)) = found else { continue };
        let why = if first.why.is_empty() { String::new() } else { format!(" ({})", first.why) };
        let up_to = if names.len() == 1 { "" } else { "up to " };
        told.push(sentence(format!(
            "{} were {what} for {up_to}{}, first on {}{why}.",
            who(names, all),
            format::length(*longest),
            clock.when(first.from_s)
        )));
    }
    if told.is_empty() {
        told.push("Nobody was down or degraded.".to_owned());
    }
    let said = &outcome.communication;
    match (said.first_felt_s, said.time_to_first_communication_s) {
        (Some(_), Some(after)) if after > 0.0 => {
            told.push(format!("Users first heard after {}.", format::length(after)))
        }
        (Some(_), Some(after)) if after < 0.0 => {
            told.push(format!("Users were told {} before.", format::length(-after)))
        }
        (Some(_), None) => told.push("Nobody told the users.".to_owned()),
        _ => {}
    }
    let concurrency = &outcome.concurrency;
    if days_differ(outcome) && concurrency.regular_peak > 0.0 && concurrency.peak > concurrency.regular_peak * 1.05 {
        told.push(format!(
            "At most {} users were there at once, {} of {}.",
            format::large(concurrency.peak),
            format::ratio(concurrency.peak / concurrency.regular_peak),
            concurrency.regular_day
        ));
    }
    let (narrowest, _) = worst(&outcome.hours, 1);
    if let Some(n) = narrowest.first() {
        told.push(format!(
            "The narrowest was {} ({}), with {} of its capacity asked of it, {}.",
            n.name,
            kind_words(n.kind),
            format::percent(n.utilisation),
            clock.span(n.from_s, n.to_s)
        ));
    }
    told
}

/// The numbers that one asks for first: what, how it is set, and what it is.
fn figures(outcome: &Outcome) -> Vec<(String, &'static str, String)> {
    let mut found = Vec::new();
    let longest = |seconds: fn(&PeopleOutcome) -> f64| outcome.people.values().map(seconds).fold(0.0, f64::max);
    let sum = |minutes: fn(&PeopleOutcome) -> f64| outcome.people.values().map(minutes).sum::<f64>();
    let class = |value: f64, class: &'static str| if value > 0.0 { class } else { "" };
    let (down, degraded) = (longest(|p| p.downtime_s), longest(|p| p.degraded_s));
    found.push((format::length(down), class(down, "bad"), "down, whom it hit worst".to_owned()));
    found.push((format::length(degraded), class(degraded, "poor"), "degraded, whom it hit worst".to_owned()));
    let (lost, poor) = (sum(|p| p.user_minutes_lost), sum(|p| p.user_minutes_degraded));
    found.push((format::large(lost.round()), class(lost, "bad"), "user-minutes lost".to_owned()));
    found.push((format::large(poor.round()), class(poor, "poor"), "user-minutes degraded".to_owned()));
    let concurrency = &outcome.concurrency;
    // A run that is shorter than a day has no regular one, but users.
    let peak = outcome.hours.active_users_max.iter().copied().fold(concurrency.peak, f64::max);
    if peak > 0.0 {
        let ratio = peak / concurrency.regular_peak.max(f64::MIN_POSITIVE);
        let against = if concurrency.regular_peak > 0.0 && (ratio - 1.0).abs() >= 0.05 {
            format!(", {} of {}", format::ratio(ratio), concurrency.regular_day)
        } else {
            String::new()
        };
        found.push((format::large(peak), "", format!("users at once, at most{against}")));
    }
    let slowest = outcome.hours.p95_s.iter().flatten().copied().fold(0.0, f64::max);
    if slowest > 0.0 {
        found.push((format::latency(slowest), "", "95th percentile, at its worst".to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_with_their_units() {
        assert_eq!(held("for 1 d 2 h, of 12 all"), "for 1\u{a0}d 2\u{a0}h, of 12\u{a0}all");
    }

    #[test]
    fn a_few_are_called_by_their_names() {
        assert_eq!(who(&["a"], 3), "a");
        assert_eq!(who(&["a", "b"], 3), "a and b");
        assert_eq!(who(&["a", "b", "c"], 5), "3 of 5 populations");
        assert_eq!(sentence(who(&["a", "b", "c"], 3)), "All 3 populations");
    }
}
