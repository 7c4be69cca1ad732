//! What causes and procedures were worth, in words: the same for the terminal and for a page.

use super::format;
use crate::explain::{ButFor, Explanation, Impact, Interaction, Role};

/// Whether something changed nothing that anybody would notice.
pub fn is_nothing(worth: &Impact) -> bool {
    /// A minute of one user.
    const USER_MINUTES: f64 = 1.0;
    const LATENCY_S: f64 = 0.001;
    const TIME_S: f64 = 1.0;
    const MONEY: f64 = 0.01;
    worth.user_minutes().abs() < USER_MINUTES
        && worth.p95_peak_s.abs() < LATENCY_S
        && worth.degraded_s.abs() < TIME_S
        && worth.money.is_none_or(|money| money.abs() < MONEY)
}

/// The same in money: `cost 120 EUR`, `saved 3,000 EUR`.
pub fn in_money(money: Option<f64>, currency: &str) -> String {
    match money {
        Some(m) if m >= 0.005 => format!("cost {} {currency}", format::large(m)),
        Some(m) if m <= -0.005 => format!("saved {} {currency}", format::large(-m)),
        _ => format::NOTHING.to_owned(),
    }
}

/// `cost 12 M` or `saved 3.1 M`: what the sign means is said.
pub fn cost_or_saved(user_minutes: f64) -> String {
    match user_minutes {
        m if m >= 0.5 => format!("cost {}", format::large(m)),
        m if m <= -0.5 => format!("saved {}", format::large(-m)),
        _ => "no difference".to_owned(),
    }
}

/// A change with its sign: `+2.1 s`, `-6 h`; one that is none has no sign.
pub fn change(seconds: f64, words: fn(f64) -> String) -> String {
    let size = words(seconds.abs());
    // What is told as nothing has no sign.
    if size.chars().filter(char::is_ascii_digit).all(|digit| digit == '0') {
        return format::NOTHING.to_owned();
    }
    if seconds > 0.0 { format!("+{size}") } else { format!("-{size}") }
}

/// The most user-minutes that any one thing cost or saved: what a full bar stands for.
pub fn most(explanation: &Explanation) -> f64 {
    explanation.but_for.iter().map(|b| b.impact.user_minutes().abs()).fold(0.0, f64::max)
}

fn shares(worth: &Impact) -> String {
    match (worth.user_minutes_lost, worth.user_minutes_degraded) {
        (lost, degraded) if lost > 0.0 && degraded > 0.0 => {
            format!(" ({} not served, {} served worse)", format::large(lost), format::large(degraded))
        }
        (lost, _) if lost > 0.0 => " (not served)".to_owned(),
        _ => " (served worse)".to_owned(),
    }
}

/// What the run came to, and what it would have come to without procedures and without causes: a sentence or two each.
pub fn summary(explanation: &Explanation) -> Vec<String> {
    let (run, calm, bare) = (&explanation.run, &explanation.without_causes, &explanation.without_responses);
    let minutes = run.user_minutes();
    let mut told = Vec::new();
    told.push(match minutes {
        m if m <= 0.0 => "Nobody was hurt: no user was turned away, lost or served worse.".to_owned(),
        m => format!(
            "The run came to {} user-minutes{}, over {} in which some users were degraded or down. The slowest p95 was {}.",
            format::large(m),
            shares(run),
            format::length(run.degraded_s),
            format::latency(run.p95_peak_s)
        ),
    });
    let without = bare.user_minutes();
    let saved = without - minutes;
    if saved.abs() < 0.5 {
        told.push("Without any measure it would have come to the same.".to_owned());
    } else {
        let share = format::percent(saved.abs() / without.max(minutes));
        let verdict = match saved > 0.0 {
            true => format!("together the measures saved {}, or {share} of that", format::large(saved)),
            false => {
                format!("together the measures made it worse by {}, or {share} of what it was", format::large(-saved))
            }
        };
        told.push(format!(
            "Without any measure it would have been {} user-minutes over {}, with a p95 of up to {}: {verdict}.",
            format::large(without),
            format::length(bare.degraded_s),
            format::latency(bare.p95_peak_s)
        ));
    }
    if let (Some(currency), Some(money), Some(bare)) = (&explanation.currency, run.money, bare.money) {
        let verdict = match bare - money {
            saved if saved >= 0.005 => format!("the measures were worth {} {currency}", format::large(saved)),
            saved if saved <= -0.005 => format!("the measures cost {} {currency}", format::large(-saved)),
            _ => "as much".to_owned(),
        };
        told.push(format!(
            "In money it came to {} {currency}, spent and lost; without any measure to {} {currency}: {verdict}.",
            format::large(money),
            format::large(bare)
        ));
    }
    let own = calm.user_minutes();
    told.push(match own {
        m if m < 0.5 => "Had nothing happened, nobody would have been hurt: all of it is due to the causes.".to_owned(),
        m => format!(
            "Had nothing happened, {} user-minutes would have been left: that much is the design's own.",
            format::large(m)
        ),
    });
    told
}

/// An interaction in sentences, with what both are worth together and apart.
pub fn interaction(interaction: &Interaction) -> String {
    let (together, apart) = (interaction.together.user_minutes(), interaction.apart.user_minutes());
    let (a, b) = &interaction.of;
    let words = match interaction.words.trim().trim_end_matches('.') {
        "" => format!("{a} and {b} do not simply add up"),
        words => words.to_owned(),
    };
    let minutes = |m: f64| match cost_or_saved(m) {
        none if m.abs() < 0.5 => format!("make {none}"),
        some => format!("{some} user-minutes"),
    };
    let numbers = match (minutes(together), minutes(apart)) {
        (both, each) if both == each => format!("Together they {both}, about as much as one by one"),
        (both, each) => format!("Together they {both}; one by one they {each}"),
    };
    format!("{words}. {numbers}.")
}

/// How a cause can have saved something, where one did.
pub fn saving_causes(explanation: &Explanation) -> Option<String> {
    let saved = |of: &&ButFor| of.role == Role::Cause && of.impact.user_minutes() <= -0.5;
    let names: Vec<&str> = explanation.but_for.iter().filter(saved).map(|of| of.name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    Some(format!(
        "A fault can save, as {} did here: what it set off was in place before the rest came (users led elsewhere, a failover or a \
         measure already taken, a restart that would have come later), or what it took down could not be overloaded or lose more.",
        names.join(" and ")
    ))
}

/// How this was found out.
pub fn how(explanation: &Explanation) -> String {
    let runs = match explanation.runs {
        1 => "one run".to_owned(),
        n => format!("{n} runs"),
    };
    format!(
        "Each value is the run with the thing less the run without it, with the same luck, all else as it was ({runs}). \
         Such values need not add up: what two things do together is theirs together."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_fault_saved_is_not_left_as_a_riddle() {
        let mut explanation = crate::report::sample_weeks::explanation();
        assert_eq!(saving_causes(&explanation), None, "measures are there to save");
        let cause = explanation.but_for.iter_mut().find(|of| of.role == Role::Cause).unwrap();
        cause.impact.user_minutes_lost = -1e9;
        let name = cause.name.clone();
        assert!(saving_causes(&explanation).unwrap().contains(&format!("as {name} did here")));
    }

    #[test]
    fn the_sign_of_a_worth_is_said() {
        assert_eq!(cost_or_saved(12e6), "cost 12 M");
        assert_eq!(cost_or_saved(-3.14e6), "saved 3.1 M");
        assert_eq!(cost_or_saved(0.0), "no difference");
        assert_eq!(change(2.1, format::latency), "+2.1 s");
        assert_eq!(change(-21_600.0, format::length), "-6 h");
        assert_eq!([0.0, -1e-9, 1e-9].map(|s| change(s, format::latency)), ["–"; 3]);
    }
}
