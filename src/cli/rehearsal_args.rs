//! What rehearsals and reviews take.

#[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
use super::choice_args::{ChoiceArgs, SeedArgs};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What is played, and where.
#[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// The scenario
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is chosen of the file
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Under which luck
    #[command(flatten)]
    pub luck: SeedArgs,
    /// Where everything is written down; what is there already goes on. By default FILE.rehearsal.jsonl in this folder
    #[arg(long, value_name = "LOG.jsonl")]
    pub log: Option<PathBuf>,
    /// Go back to this time first: play goes on from there as a branch of its own
    #[arg(long, value_name = "TIME")]
    pub back: Option<String>,
    /// Where browsers ask: this machine alone, unless another address of it is named
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4747")]
    pub listen: std::net::SocketAddr,
    /// Under how many other draws of luck the review looks at each decision
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub draws: u64,
    /// Another name of this machine that browsers may use; may be given more than once
    #[arg(long, value_name = "NAME", value_parser = host_name)]
    pub host: Vec<String>,
}

/// Which rehearsal is looked back at, and how.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// The scenario
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The log of the rehearsal
    #[arg(long, value_name = "LOG.jsonl")]
    pub log: PathBuf,
    /// Which branch; by default the one that was played last
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// Under how many other draws of luck each decision is looked at
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub draws: u64,
    /// Also write it as a page for a browser; an existing file is replaced
    #[arg(long, value_name = "OUT.html")]
    pub html: Option<PathBuf>,
    /// Print it as Markdown, for an after-action report
    #[arg(long)]
    pub markdown: bool,
    /// Print it as JSON (docs/reference/json.md)
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Leave out the names of players
    #[arg(long)]
    pub without_names: bool,
    /// Threads; by default one for each core. The result is the same
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// A name or an address, as it stands in the bar of a browser.
#[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
fn host_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    match !text.is_empty() && text.len() <= 253 && text.chars().all(fits) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("write a name like school.local, or an address".to_owned()),
    }
}
