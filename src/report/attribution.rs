//! What causes and procedures were worth, in words: the same for the terminal and for a page.

use super::format;
use crate::explain::{Explanation, Impact, Interaction};

/// Whether something changed nothing that anybody would notice.
pub fn is_nothing(worth: &Impact) -> bool {
    /// A minute of one user.
    const USER_MINUTES: f64 = 1.0;
    const LATENCY_S: f64 = 0.001;
    const TIME_S: f64 = 1.0;
    worth.user_minutes().abs() < USER_MINUTES && worth.p95_peak_s.abs() < LATENCY_S && worth.degraded_s.abs() < TIME_S
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
    match seconds {
        0.0 => format::NOTHING.to_owned(),
        s if s > 0.0 => format!("+{}", words(s)),
        s => format!("-{}", words(-s)),
    }
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
    fn the_sign_of_a_worth_is_said() {
        assert_eq!(cost_or_saved(12e6), "cost 12 M");
        assert_eq!(cost_or_saved(-3.14e6), "saved 3.1 M");
        assert_eq!(cost_or_saved(0.0), "no difference");
        assert_eq!(change(2.1, format::latency), "+2.1 s");
        assert_eq!(change(-21_600.0, format::length), "-6 h");
        assert_eq!(change(0.0, format::length), "–");
    }
}
