//! The command line: the only part that touches files, the terminal and the environment. Each command builds all of its
//! output and then writes it at once, so that an interrupt leaves nothing half said.

mod agree;
mod args;
mod asked;
mod break_;
mod cases;
mod choice_args;
mod compare;
mod costs;
mod determinism_check;
mod draw;
mod draw_args;
pub mod exit;
mod explain;
mod files;
mod incidents;
mod interrupt;
mod junit;
mod maintenance;
mod manual;
mod merge;
mod page;
#[cfg(feature = "parquet")]
mod parquet;
mod paths;
mod rare;
mod rehearsal_args;
#[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
mod rehearse;
mod rehearsed;
mod results;
mod review;
mod rows;
mod run;
mod said;
mod searched;
mod shard;
mod show;
mod show_args;
mod shrink;
mod templates;
mod terminal;
mod test;
mod thread_pool;
mod under_any;
mod verify;
mod work;

use args::{Cli, Command};
use clap::Parser;
use firedrill::lint;
use firedrill::load;
use firedrill::replay::shell_word;
use firedrill::report::{diagnostics, text};
use firedrill::scenario::Diagnostics;
use said::{Said, told};
use std::path::{Path, PathBuf};

/// The scenario that `new` writes.
const STARTER: &str = include_str!("starter.ron");

/// Does what the arguments say; gives the exit code.
pub fn main() -> u8 {
    tell_of_bugs();
    // Until a command knows better: what has not been said yet is not said.
    interrupt::end_with("");
    let said = match Cli::parse().command {
        Command::Run { args, traffic: _, log: Some(log) } => rehearsed::run(&args, &log),
        Command::Run { args, traffic, log: None } => run::run(&args, &traffic),
        Command::Compare(args) => compare::compare(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Verify { page, threads } => verify::verify(&page, threads.map(usize::from)),
        Command::Agree(args) => agree::agree(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Maintenance(args) => maintenance::maintenance(&args),
        Command::Break(args) => break_::break_(&args),
        Command::Draw(args) => draw::draw(&args),
        Command::Show(args) => show::show(&args),
        Command::Check { files } => check(&files),
        Command::Test(args) => test::test(&args),
        Command::Shrink(args) => shrink::shrink(&args),
        #[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
        Command::Rehearse(args) => rehearse::rehearse(&args),
        Command::Review(args) => review::review(&args),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { command } => manual::page(command.as_deref()),
        Command::New { list: true, .. } => Said::out(templates::listed()),
        Command::New { file, template: Some(name), .. } => match templates::named(&name) {
            Ok(template) => new(file.as_deref(), template.text),
            Err(problem) => said::usage(&problem),
        },
        Command::New { file, from: Some(name), .. } => match incidents::text_of(&name) {
            Ok(text) => new(file.as_deref(), text),
            Err(said) => said,
        },
        Command::New { file, .. } => new(file.as_deref(), STARTER),
    };
    // What somebody who ended it waits for is said to its end.
    if interrupt::asked() {
        interrupt::listen();
    } else {
        interrupt::end_with("");
    }
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

fn check(paths: &[PathBuf]) -> Said {
    let mut said = Said::default();
    for path in paths {
        match files::read(path) {
            Err(error) => said.file_error(&error),
            Ok(source) => match load::check(&source).and_then(|()| match paths::lost(&source) {
                lost if lost.is_empty() => Ok(()),
                lost => Err(Diagnostics(lost)),
            }) {
                Ok(()) => {
                    let warnings = lint::warnings(&source);
                    let but = match warnings.len() {
                        0 => String::new(),
                        1 => ", 1 warning".to_owned(),
                        count => format!(", {count} warnings"),
                    };
                    let (colour, width) = (terminal::errors_are_coloured(), terminal::errors_width());
                    said.err.push_str(&diagnostics::render_in(&source, &warnings, colour, width));
                    said.out.push_str(&format!("{}: no mistakes{but}\n", text::clean(&source.name)));
                }
                Err(mistakes) => said.mistakes(&source, &mistakes),
            },
        }
    }
    said
}

fn new(file: Option<&Path>, text: &str) -> Said {
    let Some(path) = file else { return Said::out(text) };
    let mut said = Said::default();
    match files::write_new(path, text) {
        Ok(()) => {
            let shown = shell_word(&path.display().to_string());
            said.out = format!("wrote {shown}; now try: firedrill run {shown}\n");
        }
        Err(error) => said.file_error(&error),
    }
    said
}
