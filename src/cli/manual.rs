//! What shells and manuals know of the command line: both are made of its arguments.

use super::args::Cli;
use super::said::{Said, usage};
use clap::CommandFactory;
use clap_complete::Shell;

/// What a shell completes.
pub fn completions(shell: Shell) -> Said {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "firedrill", &mut script);
    Said::out(String::from_utf8_lossy(&script))
}

/// The manual page of firedrill, or of one of its commands.
pub fn page(of: Option<&str>) -> Said {
    let mut all = Cli::command();
    all.build();
    let (command, title) = match of {
        None => (all, "firedrill".to_owned()),
        Some(name) => match all.find_subcommand(name) {
            // Its page is called firedrill-run, as those of git are.
            Some(found) => (found.clone(), format!("firedrill-{name}")),
            None => {
                let names: Vec<&str> = all.get_subcommands().map(clap::Command::get_name).collect();
                return usage(&format!("there is no command \"{name}\"; there are {}", names.join(", ")));
            }
        },
    };
    let mut page = Vec::new();
    match clap_mangen::Man::new(command).title(title).render(&mut page) {
        Ok(()) => Said::out(String::from_utf8_lossy(&page)),
        Err(error) => usage(&error.to_string()),
    }
}
