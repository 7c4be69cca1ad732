//! What `draw` takes.

use super::choice_args::{ChoiceArgs, SeedArgs};
use clap::Args;
use std::path::PathBuf;

/// Which design is drawn, when, and how.
#[derive(Debug, Args)]
#[command(mut_arg("strategy", |arg| arg.help("With this strategy; by default the file's choice, else its first").long_help(None)))]
#[command(mut_arg("seed", |arg| arg.help("The luck of the run of --at").long_help(None)))]
pub struct DrawArgs {
    /// The scenario; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is chosen of the file
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// As a picture, or as text for Mermaid or Graphviz
    #[arg(long = "as", value_name = "FORMAT", value_enum, default_value_t = DrawAs::Svg)]
    pub format: DrawAs,
    /// Run it, and mark what is down at this time: as in the file, like "Mon 14:45" or "+6h"
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Under which luck
    #[command(flatten)]
    pub luck: SeedArgs,
    /// Which replication under this seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replication: u64,
    /// Write it to this file; an existing file is replaced. Without it, to the standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// How a design is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DrawAs {
    /// A picture for a browser, a page or print
    Svg,
    /// A flowchart of Mermaid, for Markdown pages
    Mermaid,
    /// A graph for Graphviz
    Dot,
}
