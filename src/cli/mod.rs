//! The command line: the only part that touches files, the terminal and the environment. Each command builds all of its
//! output and then writes it at once, so that an interrupt leaves nothing half said.

mod agree;
mod args;
#[cfg(feature = "parquet")]
mod columns;
mod compare;
mod cores;
pub mod exit;
mod explain;
mod files;
mod interrupt;
mod junit;
mod maintenance;
mod merge;
mod page;
mod results;
mod rows;
mod run;
mod shard;
mod terminal;
mod test;
mod twice;
mod verify;
mod work;

use args::{Cli, Command, RunArgs};
use clap::Parser;
use firedrill::replay::shell_word;
use firedrill::report::{diagnostics, text};
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Diagnostics, Source};
use firedrill::{load, world::World};
use std::error::Error;
use std::path::{Path, PathBuf};

/// The scenario that `new` writes.
const STARTER: &str = include_str!("starter.ron");

/// What a command has to say, and how it ends.
#[derive(Debug, Default)]
struct Said {
    out: String,
    err: String,
    code: u8,
}

impl Said {
    fn out(out: impl Into<String>) -> Said {
        Said { out: out.into(), ..Said::default() }
    }

    /// Of several codes the highest counts; but whatever is known to be wrong outweighs what could not be decided.
    fn worsen(&mut self, code: u8) {
        let known = |code: u8| if code == exit::UNDECIDED { exit::OK } else { code };
        let worst = known(self.code).max(known(code));
        self.code = if worst == exit::OK { self.code.max(code) } else { worst };
    }

    fn file_error(&mut self, error: &files::FileError) {
        self.err.push_str(&told(error));
        self.worsen(error.exit());
    }

    fn mistakes(&mut self, source: &Source, mistakes: &Diagnostics) {
        self.err.push_str(&diagnostics::render(source, &mistakes.0, terminal::errors_are_coloured()));
        self.worsen(exit::SCENARIO);
    }
}

/// Does what the arguments say; gives the exit code.
pub fn main() -> u8 {
    tell_of_bugs();
    let said = match Cli::parse().command {
        Command::Run { args, traffic } => run::run(&args, &traffic),
        Command::Compare(args) => compare::compare(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Verify { page, threads } => verify::verify(&page, threads.map(usize::from)),
        Command::Agree(args) => agree::agree(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Maintenance(args) => maintenance::maintenance(&args),
        Command::Check { files } => check(&files),
        Command::Test(args) => test::test(&args),
        Command::New { file } => new(file.as_deref()),
    };
    let mut code = said.code;
    if let Err(error) = terminal::print(&said.out) {
        terminal::complain(&told(&files::FileError::Write {
            path: PathBuf::from("the standard output"),
            source: error,
        }));
        code = code.max(exit::FILES);
    }
    terminal::complain(&said.err);
    code
}

/// An error and what it goes back to, on one line that nothing hostile can leave.
fn told(error: &dyn Error) -> String {
    let mut line = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text::clean(&line) + "\n"
}

/// A panic is a bug of ours; whoever meets it should know that, and what would help.
fn tell_of_bugs() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        usual(info);
        terminal::complain(
            "this is a bug of firedrill, not of the scenario: please report it with the file and the command\n",
        );
    }));
}

/// The run that arguments ask for, ready to be run.
struct Asked {
    source: Source,
    choice: Choice,
    world: World,
    luck: Luck,
}

/// Reads and compiles what arguments ask for, or says why not.
fn asked(args: &RunArgs) -> Result<Asked, Said> {
    let mut said = Said::default();
    let source = match files::read(&args.file) {
        Ok(source) => source,
        Err(error) => {
            said.file_error(&error);
            return Err(said);
        }
    };
    let choice = Choice {
        strategy: args.strategy.clone(),
        maintenance: args.maintenance.clone(),
        variant: args.variant.clone(),
        set: args.set.clone(),
    };
    match load::load(&source, &choice) {
        Ok((_, world)) => {
            let luck = Luck { seed: args.seed, replication: args.replication };
            Ok(Asked { source, choice, world, luck })
        }
        Err(mistakes) => {
            said.mistakes(&source, &mistakes);
            Err(said)
        }
    }
}

fn check(paths: &[PathBuf]) -> Said {
    let mut said = Said::default();
    for path in paths {
        match files::read(path) {
            Err(error) => said.file_error(&error),
            Ok(source) => match load::check(&source) {
                Ok(()) => said.out.push_str(&format!("{}: no mistakes\n", text::clean(&source.name))),
                Err(mistakes) => said.mistakes(&source, &mistakes),
            },
        }
    }
    said
}

fn new(file: Option<&Path>) -> Said {
    let Some(path) = file else { return Said::out(STARTER) };
    let mut said = Said::default();
    match files::write_new(path, STARTER) {
        Ok(()) => {
            let shown = shell_word(&path.display().to_string());
            said.out = format!("wrote {shown}; now try: firedrill run {shown}\n");
        }
        Err(error) => said.file_error(&error),
    }
    said
}

/// The command that makes a run again.
fn replay(args: &RunArgs, command: &str) -> String {
    let choice = Choice {
        strategy: args.strategy.clone(),
        maintenance: args.maintenance.clone(),
        variant: args.variant.clone(),
        set: args.set.clone(),
    };
    let luck = Luck { seed: args.seed, replication: args.replication };
    firedrill::replay::command(command, &args.file.display().to_string(), &choice, luck)
}
