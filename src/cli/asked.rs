//! The run that arguments ask for.

use super::args::RunArgs;
use super::files;
use super::said::Said;
use firedrill::expect::Criterion;
use firedrill::load;
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use std::sync::Arc;

/// The run that arguments ask for, ready to be run.
pub struct Asked {
    /// The scenario as text.
    pub source: Source,
    /// What is chosen of it.
    pub choice: Choice,
    /// That, compiled.
    pub world: Arc<World>,
    /// The luck of the run.
    pub luck: Luck,
    /// What was promised in it.
    pub promises: Vec<Criterion>,
}

/// Reads and compiles what arguments ask for, or says why not.
pub fn asked(args: &RunArgs) -> Result<Asked, Said> {
    let mut said = Said::default();
    let source = match files::read(&args.file) {
        Ok(source) => source,
        Err(error) => {
            said.file_error(&error);
            return Err(said);
        }
    };
    let choice = args.choice.choice();
    match load::load(&source, &choice) {
        Ok((scenario, world)) => {
            let luck = Luck { seed: args.luck.seed, replication: args.replication };
            let promises = Criterion::all(&scenario);
            Ok(Asked { source, choice, world, luck, promises })
        }
        Err(mistakes) => {
            said.mistakes(&source, &mistakes);
            Err(said)
        }
    }
}

/// The command that makes a run again.
pub fn replay(args: &RunArgs, command: &str) -> String {
    let choice = args.choice.choice();
    let luck = Luck { seed: args.luck.seed, replication: args.replication };
    firedrill::replay::command(command, &args.file.display().to_string(), &choice, luck)
}
