//! Warnings: what is no mistake, and mostly not meant. Each lint is a function of its own, and has a code that a file can silence.
//!
//! ```
//! use firedrill::{lint, scenario::Source};
//! let text = r#"Scenario(
//!     format: 1,
//!     title: "one site",
//!     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
//!     sites: {"a": ()},
//! )"#;
//! let warnings = lint::warnings(&Source::new("one.ron", text));
//! assert_eq!(warnings[0].code.id(), "W104", "nothing is at that site");
//! ```

mod alone;
mod circles;
mod designs;
mod looked;
mod names;
mod redundancy;
mod retries;
mod slow;
mod survivors;
mod watchers;

use crate::scenario::{Active, Code, Diagnostic, Source};
use crate::world::not_recorded;
use looked::Looked;

/// A lint gives warnings of one code.
type Lint = fn(&Looked) -> Vec<Diagnostic>;

/// Every lint that looks at the text, in the order of the codes.
const OF_TEXT: [Lint; 8] = [
    redundancy::never_failed_over,
    redundancy::one_place,
    redundancy::no_servers,
    names::unused,
    no_reason,
    partly_recorded,
    retries::multiply,
    circles::at_start,
];

/// And those that look at what it comes to with each of its strategies.
const OF_DESIGNS: [Lint; 5] = [
    alone::single_points_of_failure,
    watchers::inside,
    slow::slower_than_asked,
    survivors::cannot_carry,
    watchers::faster_than_jitter,
];

/// The warnings of a file, in its order. A file with mistakes has none: those come first.
pub fn warnings(source: &Source) -> Vec<Diagnostic> {
    looked_through(source, true)
}

/// Those that the text alone tells, without compiling any of its designs: for whoever runs it in a moment.
pub fn warnings_of_text(source: &Source) -> Vec<Diagnostic> {
    looked_through(source, false)
}

fn looked_through(source: &Source, designs: bool) -> Vec<Diagnostic> {
    let reading = source.read_plain();
    let (Some(scenario), true) = (&reading.scenario, reading.mistakes.is_empty()) else { return Vec::new() };
    let looked = Looked {
        scenario,
        data: serde_json::to_value(scenario).unwrap_or_default(),
        designs: if designs { designs::of(source, scenario) } else { Vec::new() },
    };
    let mut found: Vec<Diagnostic> = OF_TEXT.iter().flat_map(|lint| lint(&looked)).collect();
    if designs {
        found.extend(OF_DESIGNS.iter().flat_map(|lint| lint(&looked)));
    }
    let mut idle = Vec::new();
    for (i, silenced) in scenario.silence.iter().enumerate() {
        let before = found.len();
        found.retain(|warning| warning.code.id() != silenced);
        // Whether a warning is there that nobody has looked for is not known.
        if found.len() == before && designs {
            let reason = format!("there is no warning {silenced} to be silenced");
            idle.push(Diagnostic::new(Code::SilencesNothing, format!("silence.{i}"), reason, "leave it out"));
        }
    }
    found.extend(idle);
    reading.place(&mut found);
    found
}

/// Values that are marked as assumed without saying why.
fn no_reason(looked: &Looked) -> Vec<Diagnostic> {
    let bare = looked.scenario.assumptions.iter().filter(|(_, why)| why.trim().is_empty());
    let told = bare.map(|(path, _)| {
        let fix = "say why it was chosen, like // assumed: as in the last year";
        Diagnostic::new(Code::NoReason, path, "this is assumed, and nobody knows why", fix)
    });
    told.collect()
}

/// Recordings that say nothing of a part of the run: there it goes on with their first or their last share.
fn partly_recorded(looked: &Looked) -> Vec<Diagnostic> {
    let scenario = looked.scenario;
    let mut found = Vec::new();
    for (name, people) in scenario.people.iter() {
        let Active::Recorded(recording) = &people.active else { continue };
        let Some(text) = scenario.recordings.get(recording) else { continue };
        let gaps = not_recorded(scenario, text);
        if !gaps.is_empty() {
            let reason = format!(
                "\"{recording}\" says nothing of the run {}: its nearest share is taken there",
                gaps.join(" and ")
            );
            let fix =
                "record the rest, let the run begin and end with the recording, or silence this where it is meant";
            found.push(Diagnostic::new(Code::PartlyRecorded, format!("people.{name}.active"), reason, fix));
        }
    }
    found
}
