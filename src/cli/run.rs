//! `run`: one run, told.

use super::args::{RunArgs, TrafficArgs, TrafficEngine};
use super::asked::{Asked, asked, replay};
use super::said::Said;
use super::{costs, determinism_check, exit, files, interrupt, terminal};
use firedrill::drawing::Drawing;
use firedrill::expect::penalise;
use firedrill::load;
use firedrill::metrics::{Outcome, StoryLine};
use firedrill::replay::shell_word;
use firedrill::report::{html, text};
use firedrill::rng::Luck;
use firedrill::run::{Cost, Run, Running, Traffic};
use firedrill::scenario::{Choice, Source};
use firedrill::units::{self, Time};
use firedrill::world::World;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is said where one of two runs was ended.
const HALF_COMPARED: &str = "a part of a run is not compared";

/// Runs a scenario and tells what its users lived through.
pub fn run(args: &RunArgs, how: &TrafficArgs) -> Said {
    let mut said = Said::default();
    let Asked { source, choice, world, luck, promises } = match asked(args) {
        Ok(asked) => asked,
        Err(said) => return said,
    };
    if let Err(error) = files::claim(&args.html) {
        said.file_error(&error);
        return said;
    }
    let traffic = match traffic(&world, how) {
        Ok(traffic) => traffic,
        Err(problem) => return Said { err: format!("error: {problem}\n"), code: exit::USAGE, ..said },
    };
    costs::tell(&Cost::of(&world, traffic), if args.twice { 2.0 } else { 1.0 });
    let mut first = match with_progress(&world, luck, traffic) {
        Ok(run) => run,
        Err(problem) => return Said { err: format!("error: {problem}\n"), code: exit::SCENARIO, ..said },
    };
    said.warnings(&source);
    if args.twice && first.outcome.partial.is_none() {
        let compared = compare(&source, &choice, &world, luck, traffic, &first.outcome);
        return Said { err: said.err + &compared.err, ..compared };
    }
    if args.twice {
        let ended = Said::interrupted(HALF_COMPARED);
        return Said { err: said.err + &ended.err, ..ended };
    }
    penalise(&promises, &mut first.outcome);
    if first.outcome.partial.is_some() {
        said.worsen(exit::INTERRUPTED);
    }
    let replay = replay(args, "run") + &options(how);
    show(args, &world, &first, &replay, said)
}

/// Tells a run in the way that is asked for.
pub fn show(args: &RunArgs, world: &World, first: &Run, replay: &str, mut said: Said) -> Said {
    let mut written = args.html.as_ref();
    if let Some(path) = &args.html
        && let Err(error) = files::write(path, &page(world, first, replay))
    {
        said.file_error(&error);
        written = None;
    }
    if args.json {
        #[derive(Serialize)]
        struct WithStory<'a> {
            #[serde(flatten)]
            outcome: &'a Outcome,
            story: &'a [StoryLine],
        }
        let json = serde_json::to_string_pretty(&WithStory { outcome: &first.outcome, story: &first.story });
        // Plain data with text for keys: it can always be written.
        said.out = json.expect("an outcome is plain data") + "\n";
        return said;
    }
    let look = terminal::look();
    let layout = text::Layout { width: look.width, colour: look.colour, replay: Some(replay) };
    said.out = text::render(&first.outcome, &first.story, layout);
    if let Some(path) = written {
        said.out.push_str(&format!("\nwrote {}; open it in a browser\n", shell_word(&path.display().to_string())));
    }
    said
}

fn page(world: &World, run: &Run, replay: &str) -> String {
    let scenes = run.moments.scenes(world, html::MOMENTS_MAX);
    html::render_with_design(&run.outcome, &run.story, None, (&Drawing::new(world), &scenes), Some(replay))
}

/// What is asked for, with the times as the file would have them.
fn traffic(world: &World, how: &TrafficArgs) -> Result<Traffic, String> {
    match how.traffic {
        TrafficEngine::Flow if how.from.is_some() || how.to.is_some() => {
            Err("--from and --to say which requests are followed: add --traffic request".to_owned())
        }
        TrafficEngine::Flow => Ok(Traffic::Flow),
        TrafficEngine::Request => {
            let (from, to) = between(world, how.from.as_deref(), how.to.as_deref())?;
            Ok(Traffic::Request { from, to })
        }
    }
}

/// Two times, written as in a file.
pub fn between(world: &World, from: Option<&str>, to: Option<&str>) -> Result<(Time, Time), String> {
    let read = |option: &str, text: Option<&str>, without: Time| match text {
        Some(text) => {
            world.calendar.read(text).map_err(|(reason, fix)| text::clean(&format!("{option} {text}: {reason}; {fix}")))
        }
        None => Ok(without),
    };
    let (from, to) = (read("--from", from, Time::ZERO)?, read("--to", to, world.horizon)?);
    if from >= to || from >= world.horizon || to <= Time::ZERO {
        return Err("there is nothing between --from and --to in this run".to_owned());
    }
    Ok((from.max(Time::ZERO), to.min(world.horizon)))
}

fn options(how: &TrafficArgs) -> String {
    let mut words = String::new();
    if how.traffic == TrafficEngine::Request {
        words.push_str(" --traffic request");
    }
    for (option, time) in [("--from", &how.from), ("--to", &how.to)] {
        if let Some(time) = time {
            words.push_str(&format!(" {option} {}", shell_word(time)));
        }
    }
    words
}

/// Steps in which a run is run while somebody may be watching.
const STEPS: f64 = 2_000.0;
/// A step that takes longer is followed by shorter ones: in between it is asked whether the run is to end.
const STEP_MAX: Duration = Duration::from_millis(100);

/// A run, with its progress where it takes more than a moment; Ctrl-C ends it where it is.
pub fn with_progress(world: &Arc<World>, luck: Luck, traffic: Traffic) -> Result<Run, firedrill::engine::Unfollowable> {
    let mut running = Running::new(Arc::clone(world), luck, traffic)?;
    interrupt::listen();
    let (from, to) = match traffic {
        Traffic::Request { from, to } => (from, to.min(world.horizon)),
        _ => (Time::ZERO, Time::ZERO),
    };
    if running.run_unless(interrupt::asked, from) && (from >= to || follow(&mut running, world, from, to)) {
        running.run_unless(interrupt::asked, world.horizon);
    }
    match running.refused() {
        Some(refused) => Err(refused.clone()),
        None => Ok(running.finish()),
    }
}

/// Follows requests from one time to another, in steps. Says whether it has got there.
fn follow(running: &mut Running, world: &World, from: Time, to: Time) -> bool {
    let bar = terminal::Progress::of_time(to.since(from).seconds());
    #[expect(clippy::disallowed_methods, reason = "for whoever watches: nothing that is simulated sees it")]
    let began = Instant::now();
    let longest = (to.since(from).seconds() / STEPS).max(1e-9);
    let (mut at, mut step, mut before) = (from, longest, Duration::ZERO);
    while at < to {
        at = at.after(units::Duration::from_seconds(step).max(units::Duration(1))).min(to);
        if !running.run_unless(interrupt::asked, at) || running.refused().is_some() {
            break;
        }
        let taken = began.elapsed();
        step = if taken - before > STEP_MAX { step / 2.0 } else { (step * 1.5).min(longest) };
        before = taken;
        let per_s = running.events() as f64 / taken.as_secs_f64().max(1e-9);
        bar.reach(at.since(from).seconds(), &told_of(world, at, per_s));
    }
    bar.done();
    at >= to && !interrupt::asked()
}

fn told_of(world: &World, at: Time, events_per_s: f64) -> String {
    format!("{}  {:.1} million events/s", firedrill::world::civil_label(&world.calendar, at), events_per_s / 1e6)
}

/// Runs again from the text on, and compares.
fn compare(
    source: &Source,
    choice: &Choice,
    world: &Arc<World>,
    luck: Luck,
    traffic: Traffic,
    first: &Outcome,
) -> Said {
    let again = match load::load(source, choice) {
        Ok((_, world)) => world,
        Err(mistakes) => {
            let mut said = Said { code: exit::NOT_DETERMINISTIC, ..Said::default() };
            said.err.push_str("the scenario was read without mistakes, and then not\n");
            said.mistakes(source, &mistakes);
            return said;
        }
    };
    let second = match with_progress(&again, luck, traffic) {
        Ok(run) if run.outcome.partial.is_some() => return Said::interrupted(HALF_COMPARED),
        Ok(run) => run.outcome,
        Err(problem) => return Said { err: format!("error: {problem}\n"), code: exit::SCENARIO, ..Said::default() },
    };
    let (a, b) = (&first.provenance, &second.provenance);
    if (&a.digest, a.observations) == (&b.digest, b.observations) {
        return Said::out(format!("twice the same: digest {} over {} observations\n", a.digest, a.observations));
    }
    interrupt::end_with("the two runs are not the same, and where they part was still looked for");
    let difference = determinism_check::difference(world, &again, luck, traffic);
    let err = format!("not deterministic: digests {} and {}\n{difference}", a.digest, b.digest);
    Said { err, code: exit::NOT_DETERMINISTIC, ..Said::default() }
}
