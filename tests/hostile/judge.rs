//! What is done with a mutant: everything that a person could do with a file, briefly.

use firedrill::drawing::Drawing;
use firedrill::expect;
use firedrill::lint;
use firedrill::load;
use firedrill::metrics::{Outcome, StoryLine};
use firedrill::report::{diagnostics, html, picture, text};
use firedrill::rng::Luck;
use firedrill::run::{Run, Running, Traffic};
use firedrill::scenario::{Choice, Scenario, Source};
use firedrill::units::{Duration, Time};
use firedrill::world::World;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// How long a valid mutant is run in each engine.
const RUN_MAX: std::time::Duration = std::time::Duration::from_millis(60);

/// What a mutant came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It has mistakes, and they were told.
    Refused,
    /// It was run.
    Run,
}

/// Checks a text and tells its mistakes and its warnings; runs it where it is valid, and tells what came of it. A panic is a
/// failure, and so is what this returns.
pub fn judge(written: &str) -> Result<Came, String> {
    let source = Source::new("mutant.ron", written);
    let checked = load::check(&source);
    let warnings = lint::warnings(&source);
    diagnostics::render(&source, &warnings, true);
    if let Err(mistakes) = checked {
        if mistakes.0.is_empty() {
            return Err("refused without a mistake".to_owned());
        }
        let told = diagnostics::render(&source, &mistakes.0, false);
        return hostile(&told).map_or(Ok(Came::Refused), |c| Err(format!("the mistakes show {c:?}")));
    }
    let (scenario, world) = match load::load(&source, &Choice::default()) {
        Ok(loaded) => loaded,
        Err(mistakes) => return Err(format!("checked, and then refused: {mistakes}")),
    };
    let luck = Luck { seed: 1, replication: 0 };
    for traffic in [Traffic::Flow, Traffic::every_request()] {
        // What cannot be followed is refused, and that is told.
        let Ok(running) = Running::new(Arc::clone(&world), luck, traffic) else { continue };
        // So is what turns out on the way to be too much at once.
        let Some(run) = briefly(running, &world) else { continue };
        tell(&scenario, &world, &run, written)?;
    }
    Ok(Came::Run)
}

/// A run as far as it comes in a moment, in steps that grow as long as they are quick; nothing where it is refused on the way.
#[expect(clippy::disallowed_methods, reason = "a campaign has only so much time for each mutant")]
fn briefly(mut running: Running, world: &World) -> Option<Run> {
    let began = Instant::now();
    let (mut at, mut step) = (Time::ZERO, Duration(1_000));
    while at < world.horizon && began.elapsed() < RUN_MAX {
        let before = Instant::now();
        at = at.after(step).min(world.horizon);
        if !running.run_unless(|| began.elapsed() > RUN_MAX, at) {
            break;
        }
        let is_quick = before.elapsed() < RUN_MAX / 20;
        step = if is_quick { Duration(step.0.saturating_mul(4)) } else { Duration((step.0 / 4).max(1)) };
    }
    running.refused().is_none().then(|| running.finish())
}

/// Tells a run in every way, and holds what is said against what cannot be.
fn tell(scenario: &Scenario, world: &World, run: &Run, written: &str) -> Result<(), String> {
    #[derive(Serialize)]
    struct WithStory<'a> {
        #[serde(flatten)]
        outcome: &'a Outcome,
        story: &'a [StoryLine],
    }
    let (outcome, story) = (&run.outcome, &run.story[..]);
    serde_json::to_string_pretty(&WithStory { outcome, story }).map_err(|error| error.to_string())?;
    let layout = text::Layout { width: 100, colour: false, replay: Some("firedrill run mutant.ron") };
    let told = text::render(outcome, story, layout);
    let (drawing, scenes) = (Drawing::new(world), run.moments.scenes(world, html::MOMENTS_MAX));
    let page = html::render_with_design(outcome, story, None, (&drawing, &scenes), Some("firedrill run mutant.ron"));
    let pictures = [
        picture::render_svg(&drawing, scenes.scenes.last()),
        picture::render_mermaid(&drawing, scenes.scenes.last()),
        picture::render_dot(&drawing, scenes.scenes.last()),
    ];
    expect::judge(scenario, world, outcome);
    if let Some(c) = hostile(&told) {
        return Err(format!("the text shows {c:?}"));
    }
    for drawn in &pictures {
        if let Some(c) = hostile(drawn) {
            return Err(format!("a picture shows {c:?}"));
        }
    }
    // Who writes of NaN himself may read of it.
    for (what, shown) in [("text", &told), ("page", &page), ("picture", &pictures[0])] {
        if !written.contains("NaN") && shown.contains("NaN") {
            return Err(format!("the {what} says NaN"));
        }
    }
    for (name, people) in &outcome.people {
        // Of whom nothing has come to an end yet nobody knows how available it was: that is no number, and is said.
        let asked = &people.requests;
        if asked.served + asked.failed + asked.shed + asked.never_sent == 0.0 {
            continue;
        }
        for share in [people.time_availability, people.request_availability] {
            if !(-1e-9..=1.0 + 1e-9).contains(&share) {
                return Err(format!("\"{name}\" is available {share} of the time: {asked:?}"));
            }
        }
    }
    Ok(())
}

/// A character that a terminal would obey.
fn hostile(shown: &str) -> Option<char> {
    shown.chars().find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c))
}
