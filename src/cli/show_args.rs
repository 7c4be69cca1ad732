//! What `show` takes.

use super::choice_args::ChoiceArgs;
use clap::Args;
use std::path::PathBuf;

/// What is shown.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The scenario; `-` is the standard input. With --diff of two files there is none
    #[arg(value_name = "FILE", required_unless_present = "diff")]
    pub file: Option<PathBuf>,
    /// What is chosen of the file
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// In which values two strategies or variants of the file differ; without FILE, two files
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub diff: Vec<String>,
    /// Write it to this file; an existing file is replaced. Without it, to the standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
