//! Where a run comes from: what it assumes, and how to get it again.

use super::markup::Html;
use crate::metrics::Outcome;
use crate::report::format;
use crate::world::Assumption;

/// Values that no source states, by the reason.
pub fn assumptions(html: &mut Html, assumptions: &[Assumption]) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for assumption in assumptions {
        match reasons.iter_mut().find(|(why, _)| *why == assumption.why) {
            Some((_, paths)) => paths.push(&assumption.path),
            None => reasons.push((&assumption.why, vec![&assumption.path])),
        }
    }
    html.within("ul", &[("class", &"assumed")], |html| {
        for (why, paths) in reasons {
            html.within("li", &[], |html| {
                html.say("div", &[], why);
                html.within("div", &[("class", &"faint")], |html| html.say("code", &[], paths.join(" · ")));
            });
        }
    });
}

/// Where the run is not all of it, or single requests were followed.
pub fn traffic(html: &mut Html, outcome: &Outcome) {
    if let Some(partial) = &outcome.partial {
        let told = format!("Partial: the run was ended at {}; nothing is known of what comes after.", partial.reached);
        html.within("p", &[], |html| html.say("strong", &[], told));
    }
    if let (Some(from), Some(to)) = (&outcome.traffic.from, &outcome.traffic.to) {
        let events = format::large(outcome.traffic.events as f64);
        let told = format!("Every request followed from {from} to {to}: {events} events.");
        html.say("p", &[("class", &"faint")], told);
    }
}

/// Says of lists that begin with these paths that they are cut short.
pub fn cut_short(html: &mut Html, outcome: &Outcome, paths: &[&str]) {
    for told in paths.iter().flat_map(|path| format::cut_short(outcome, path)) {
        html.say("p", &[("class", &"faint")], told);
    }
}

/// What the numbers leave out.
pub fn warnings(html: &mut Html, outcome: &Outcome) {
    if !outcome.warnings.is_empty() {
        html.within("ul", &[], |html| outcome.warnings.iter().for_each(|warning| html.say("li", &[], warning)));
    }
}

/// What proves that a run is this run, and the command that makes it again.
pub fn provenance(html: &mut Html, outcome: &Outcome, replay: Option<&str>) {
    let provenance = &outcome.provenance;
    let observations = format::count(provenance.observations as f64);
    html.within("dl", &[], |html| {
        for (label, value) in [
            ("scenario", Some(provenance.scenario_hash.clone())),
            ("digest", Some(format!("{} over {observations} observations", provenance.digest))),
            (
                "made by",
                Some(format!("firedrill {}, time zones {}", provenance.firedrill_version, provenance.tz_database)),
            ),
            ("replay", replay.map(str::to_owned)),
        ] {
            let Some(value) = value else { continue };
            html.say("dt", &[], label);
            html.within("dd", &[], |html| html.say("code", &[], value));
        }
    });
}
