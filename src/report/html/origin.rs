//! Where a run comes from: what it assumes, and how to get it again.

use super::markup::Html;
use crate::metrics::Outcome;
use crate::report::words;

/// Values that no source states, by the reason.
pub fn assumptions(html: &mut Html, outcome: &Outcome) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for assumption in &outcome.provenance.assumptions {
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

/// What proves that a run is this run, and the command that makes it again.
pub fn provenance(html: &mut Html, outcome: &Outcome, replay: Option<&str>) {
    let provenance = &outcome.provenance;
    let observations = words::count(provenance.observations as f64);
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
