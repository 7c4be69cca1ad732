//! `draw`: the design as a picture, as it is at the start or at a moment of a run.

use super::draw_args::{DrawArgs, DrawAs};
use super::said::{Said, usage};
use super::{files, interrupt};
use firedrill::drawing::{Drawing, Scene, State};
use firedrill::engine::Engine;
use firedrill::load;
use firedrill::replay::shell_word;
use firedrill::report::picture;
use firedrill::rng::Luck;
use firedrill::units::Time;
use firedrill::world::World;
use std::path::Path;
use std::sync::Arc;

/// What is said where the run did not get to the moment.
const IN_PART: &str = "nothing is drawn before the run has got there";

/// Draws a design.
pub fn draw(args: &DrawArgs) -> Said {
    let mut said = Said::default();
    let source = match files::read(&args.file) {
        Ok(source) => source,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    let out = args.out.as_ref().filter(|path| path.as_path() != Path::new("-"));
    if let Err(error) = files::claim(out) {
        said.file_error(&error);
        return said;
    }
    let world = match load::load(&source, &args.choice.choice()) {
        Ok((_, world)) => world,
        Err(mistakes) => {
            said.mistakes(&source, &mistakes);
            return said;
        }
    };
    interrupt::end_with(IN_PART);
    let scene = match args.at.as_deref().map(|at| time(&world, at)).transpose() {
        Ok(None) => None,
        Ok(Some(at)) => match scene(&world, Luck { seed: args.luck.seed, replication: args.replication }, at) {
            Some(scene) => Some(scene),
            None => return Said::interrupted(IN_PART),
        },
        Err(problem) => return usage(&problem),
    };
    let drawing = Drawing::new(&world);
    let text = match args.format {
        DrawAs::Svg => picture::render_svg(&drawing, scene.as_ref()),
        DrawAs::Mermaid => picture::render_mermaid(&drawing, scene.as_ref()),
        DrawAs::Dot => picture::render_dot(&drawing, scene.as_ref()),
    };
    match out {
        None => said.out = text,
        Some(path) => match files::write(path, &text) {
            Ok(()) => said.out = format!("wrote {}\n", shell_word(&path.display().to_string())),
            Err(error) => said.file_error(&error),
        },
    }
    said
}

/// A time of the run, as it is typed.
fn time(world: &World, at: &str) -> Result<Time, String> {
    let time = world.time(at).map_err(|problem| format!("--at {at}: {problem}"))?;
    if time < Time::ZERO || time > world.horizon() {
        let (from, to) = (world.civil(Time::ZERO), world.civil(world.horizon()));
        return Err(format!("--at {at} is not in the run, which goes from {from} to {to}"));
    }
    Ok(time)
}

/// What is down at a moment of a run; nothing where somebody has ended it.
fn scene(world: &Arc<World>, luck: Luck, at: Time) -> Option<Scene> {
    let mut state = State::default();
    let mut engine = Engine::new(Arc::clone(world), luck);
    // What happens at that very time belongs to it.
    let until = at.after(firedrill::units::Duration(1)).min(world.horizon());
    engine.run_unless(interrupt::asked, until, &mut state).then(|| Scene { at, when: world.civil(at), state })
}
