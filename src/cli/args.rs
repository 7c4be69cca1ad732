//! The command line as it is typed.

use super::choice_args::{ChoiceArgs, SeedArgs, quoted};
use super::draw_args::DrawArgs;
#[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
use super::rehearsal_args::RehearseArgs;
use super::rehearsal_args::ReviewArgs;
use super::show_args::ShowArgs;
use clap::builder::Resettable;
use clap::{Arg, Args, Parser, Subcommand};
use firedrill::study::split_values;
use firedrill::units::Duration;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What is said below `--help`.
const EXAMPLES: &str = "\
Compare designs:
  firedrill new school.ron                                a scenario to start from
  firedrill new --from github-2018-10 ours.ron            a public incident to start from
  firedrill new --list                                    templates: shop, school, bank and more
  firedrill run school.ron                                what the users live through
  firedrill compare school.ron                            its strategies, over a thousand runs each
  firedrill compare school.ron --vary services.web.queue=100,500   one value against another
  firedrill draw school.ron -o school.svg                 the design as a picture
  firedrill show school.ron --diff standby \"by hand\"      in which values two designs differ
  firedrill explain school.ron                            what each cause and each measure was worth
  firedrill break school.ron                              the fewest faults that break an objective
  firedrill maintenance upgrade.ron                       when to begin planned work, what to promise
  firedrill run school.ron --html school.html             the same as a page with charts
  firedrill run school.ron --traffic request --from +1h --to +70min   ten minutes, request by request
  firedrill agree school.ron --from +1h --to +70min       both engines side by side
  firedrill run school.ron --strategy \"by hand\"           another response
  firedrill run school.ron --set services.web.queue=100   with one value changed

Test in CI:
  firedrill check scenarios/*.ron                         mistakes, with their place and their fix
  firedrill test scenarios                                every expectation, every objective
  firedrill run school.ron --twice                        proof that a run can be repeated
  firedrill shrink school.ron --replication 45            the smallest file that fails like it
  firedrill completions bash > firedrill.bash             what a shell completes; zsh and fish, too

Rehearse:
  firedrill rehearse school.ron                           people play it in their browsers
  firedrill review school.ron --log school.rehearsal.jsonl   what each decision was worth
  firedrill run school.ron --seed 7                       another piece of luck
  firedrill run school.ron --json                         all numbers and the whole story, for a tool

Exit codes: 0 all well, 1 an expectation or an objective failed, 2 wrong usage, 3 the scenario has
mistakes, 4 cannot read or write, 5 not deterministic, 6 an objective is undecided, 101 a bug of
firedrill, 130 ended by Ctrl-C.";

/// Judges failover designs by what their users live through.
///
/// A scenario file says which sites, services and people there are, what breaks, and how the design responds. A run
/// tells who was down when, and why; the same file and the same seed tell the same, to the last bit.
#[derive(Debug, Parser)]
#[command(name = "firedrill", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario and tell what its users lived through
    Run {
        /// Which run
        #[command(flatten)]
        args: RunArgs,
        /// How its traffic is worked out
        #[command(flatten)]
        traffic: TrafficArgs,
        /// Do what people did in a rehearsal, as its log says
        #[arg(long, value_name = "LOG.jsonl", conflicts_with_all = ["strategy", "maintenance", "variant", "set", "seed", "replication", "traffic", "twice"])]
        log: Option<PathBuf>,
    },
    /// Compare designs over many replications, and rank them
    Compare(CompareArgs),
    /// Put together what the shards of a study made
    Merge(MergeArgs),
    /// Make the study of a page again, and confirm what it says
    Verify {
        /// A page that compare or merge wrote
        #[arg(value_name = "REPORT.html")]
        page: PathBuf,
        /// Threads; by default one for each core
        #[arg(long, value_name = "N")]
        threads: Option<NonZeroUsize>,
    },
    /// Run a scenario by both traffic engines and put what they say side by side
    #[command(mut_arg("html", |arg| arg.hide(true)), mut_arg("twice", |arg| arg.hide(true)))]
    Agree(AgreeArgs),
    /// Run a scenario again without each cause and each measure, and tell what each was worth
    #[command(mut_arg("twice", |arg| arg.hide(true)))]
    Explain(RunArgs),
    /// Try a maintenance plan at every hour of a week: when to begin, what to promise, whether to wait
    Maintenance(MaintenanceArgs),
    /// Look for what breaks a design: the fewest and likeliest faults, at any hour
    Break(BreakArgs),
    /// Draw a design: sites, services, calls, people, and what takes people down when it fails alone
    Draw(DrawArgs),
    /// Print a design with everything written out, or in which values two differ
    Show(ShowArgs),
    /// Look for mistakes in scenarios without running them
    Check {
        /// Scenario files; `-` is the standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Run scenarios and hold them against what they expect, and against their objectives
    Test(TestArgs),
    /// Make the smallest scenario that fails as a run does, whatever the seed
    Shrink(ShrinkArgs),
    /// Play a scenario with people, in their browsers
    #[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
    Rehearse(RehearseArgs),
    /// Tell what a rehearsal was worth: what was seen, said and done, and what each decision did
    Review(ReviewArgs),
    /// Print what a shell completes of this: source it, or put it where the shell looks
    Completions {
        /// Which shell
        #[arg(value_name = "SHELL", value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print a manual page: of firedrill, or of a command
    Man {
        /// Of which command
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
    /// Write a scenario to start from
    New {
        /// Where to; an existing file is left alone. Without it, to the standard output
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Which kind of system: four designs, their costs and what they are to reach; --list shows all of them
        #[arg(long, value_name = "NAME")]
        template: Option<String>,
        /// Show the templates
        #[arg(long, conflicts_with_all = ["template", "file"])]
        list: bool,
        /// Start from an incident of the library; without a name, all of them are listed
        #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["template", "list"])]
        from: Option<String>,
    },
}

/// The same option with what it says in another command.
fn said(arg: Arg, help: &'static str) -> Arg {
    arg.help(help).long_help(Resettable::Reset)
}

/// Which run, and how it is shown.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The scenario; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is chosen of the file
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Under which luck
    #[command(flatten)]
    pub luck: SeedArgs,
    /// Which replication under this seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replication: u64,
    /// Print all numbers and the whole story as JSON (docs/reference/json.md)
    #[arg(long)]
    pub json: bool,
    /// Also write a page with charts for a browser; an existing file is replaced
    #[arg(long, value_name = "OUT.html", conflicts_with = "twice")]
    pub html: Option<PathBuf>,
    /// Run twice and compare; where the runs differ, show the first difference
    #[arg(long, conflicts_with = "json")]
    pub twice: bool,
}

/// Which designs are compared.
#[derive(Debug, Args)]
#[command(mut_arg("strategy", |arg| said(arg, "The same strategy for all")))]
#[command(mut_arg("maintenance", |arg| said(arg, "The same maintenance plan for all")))]
#[command(mut_arg("variant", |arg| said(arg, "The same variant for all")))]
#[command(mut_arg("set", |arg| said(arg, "Change a value of the file for all; may be given more than once")))]
pub struct CompareArgs {
    /// Scenarios; `-` is the standard input. Every strategy of a file is a design, unless something else is varied
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Vary this: `strategy`, `maintenance`, `variant` (all of the file, or those that are named), or a value of the file
    ///
    /// `--vary maintenance`, `--vary strategy=a,b`, `--vary services.web.queue=100,500`. More than one are combined.
    #[arg(long, value_name = "PATH[=A,B]", value_parser = axis)]
    pub vary: Vec<(String, Vec<String>)>,
    /// How often each population goes down, also where hardly any run shows it: failures are made to come, and weighed
    ///
    /// Without people it is each component or group on which nothing else stands. --replications and --time are for each of them.
    #[arg(long, conflicts_with_all = ["by", "metric", "indifference", "results", "shard", "rows", "shrink"])]
    pub rare: bool,
    /// What is chosen of the file
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// How many, how sure, and where to
    #[command(flatten)]
    pub how: StudyArgs,
}

/// How a study is made, and what becomes of it.
#[derive(Debug, Args)]
#[command(mut_arg("seed", |arg| said(arg, "The luck of all replications")))]
pub struct StudyArgs {
    /// What ranks: a metric by its name, like "user-minutes lost"; by default downtime
    #[arg(long, value_name = "METRIC")]
    pub by: Option<String>,
    /// Also measure this: a number of the outcome by its path in --json; may be given more than once
    // The name it had before goes on working.
    #[arg(long, value_name = "PATH", alias = "measure")]
    pub metric: Vec<String>,
    /// Replications of each design, at most: 1000, or 10000 with --indifference
    #[arg(long, value_name = "N")]
    pub replications: Option<u64>,
    /// Stop when the order is settled but for differences that would not matter: "10 min" a run, or "10 min/year"
    #[arg(long, value_name = "DIFFERENCE")]
    pub indifference: Option<String>,
    /// What is settled then
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = SettleWhat::Order)]
    pub settle: SettleWhat,
    /// How sure
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub confidence: f64,
    /// Stop after this time, like 10min
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub time: Option<Duration>,
    /// Under which luck
    #[command(flatten)]
    pub luck: SeedArgs,
    /// Threads; by default one for each core. The result is the same
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Keep every batch of replications in this folder, and take what is there already
    #[arg(long, value_name = "FOLDER")]
    pub results: Option<PathBuf>,
    /// Only a part of the work, kept in --results: 2/8, or `auto` under Slurm, `auto/8` under Kubernetes
    #[arg(long, value_name = "M/N", conflicts_with_all = ["html", "rows", "json"])]
    pub shard: Option<String>,
    /// Also write every replication as a row: a name that ends with .jsonl or .csv
    #[arg(long, value_name = "FILE")]
    pub rows: Option<PathBuf>,
    /// Also write the smallest file of every objective that fails into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "shard")]
    pub shrink: Option<PathBuf>,
    /// List all of what is folded or cut short: where designs stand the other way round, and by what
    #[arg(long)]
    pub all: bool,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
    /// Also write a page for a browser; an existing file is replaced
    #[arg(long, value_name = "OUT.html")]
    pub html: Option<PathBuf>,
}

/// What is tested, and how thoroughly.
#[derive(Debug, Args)]
#[command(mut_arg("seed", |arg| said(arg, "The luck of the runs")))]
pub struct TestArgs {
    /// Scenario files, or folders that are searched for `.ron`
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Under which luck
    #[command(flatten)]
    pub luck: SeedArgs,
    /// Replications over which objectives are judged
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub replications: u64,
    /// How sure a judgement has to be
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub confidence: f64,
    /// Also play this log of a rehearsal again, and hold it against what it came to; may be given more than once
    #[arg(long, value_name = "LOG.jsonl")]
    pub log: Vec<PathBuf>,
    /// Also write what was tested as JUnit XML; an existing file is replaced
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Also write the smallest file of every objective that fails into this folder
    #[arg(long, value_name = "FOLDER")]
    pub shrink: Option<PathBuf>,
    /// Only a part of the files: 2/8, or `auto` under Slurm, `auto/8` under Kubernetes
    #[arg(long, value_name = "M/N")]
    pub shard: Option<String>,
    /// Threads; by default one for each core. The result is the same
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// Which failure is made smaller.
#[derive(Debug, Args)]
pub struct ShrinkArgs {
    /// The scenario; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is chosen of the file
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Under which luck
    #[command(flatten)]
    pub luck: SeedArgs,
    /// Which replication under this seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replication: u64,
    /// What fails: an objective, or an expectation by its place, like expect.0; by default the first that does
    #[arg(long, value_name = "NAME")]
    pub objective: Option<String>,
    /// Write it to this file; an existing file is replaced. Without it, to the standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Threads; by default one for each core. The result is the same
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// What is merged, and what becomes of it.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Folders with the results of shards
    #[arg(required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// The folder with all of it
    #[arg(long, value_name = "FOLDER")]
    pub into: PathBuf,
    /// Also write every replication as a row: a name that ends with .jsonl or .csv
    #[arg(long, value_name = "FILE")]
    pub rows: Option<PathBuf>,
    /// List all of what is folded or cut short
    #[arg(long)]
    pub all: bool,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
    /// Also write a page for a browser; an existing file is replaced
    #[arg(long, value_name = "OUT.html")]
    pub html: Option<PathBuf>,
}

/// Which maintenance, and what is asked of it.
#[derive(Debug, Args)]
#[command(mut_arg("maintenance", |arg| said(arg, "Which maintenance plan")))]
#[command(mut_arg("set", |arg| said(arg, "Change a value of the file; may be given more than once")))]
#[command(mut_arg("seed", |arg| said(arg, "The luck of all replications")))]
pub struct MaintenanceArgs {
    /// The scenario; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is chosen of the file
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// The earliest start: as in the file, like "Tue 13:00"; by default when the users are told, else the start of the run
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The time between two starts
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "1h")]
    pub every: Duration,
    /// Also ask whether to begin at this time instead of at the plan's own start, and what that hangs on
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Replications of each start; four times as many of --now
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    pub replications: u64,
    /// Under which luck
    #[command(flatten)]
    pub luck: SeedArgs,
    /// Threads; by default one for each core. The result is the same
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Print everything as JSON (docs/reference/json.md)
    #[arg(long)]
    pub json: bool,
    /// Also write a page for a browser; an existing file is replaced
    #[arg(long, value_name = "OUT.html")]
    pub html: Option<PathBuf>,
}

/// What is looked through.
#[derive(Debug, Args)]
#[command(mut_arg("strategy", |arg| said(arg, "Under this strategy only; by default each objective under its own, and all side by side")))]
#[command(mut_arg("set", |arg| said(arg, "Change a value of the file; may be given more than once")))]
#[command(mut_arg("seed", |arg| said(arg, "The luck of all draws")))]
pub struct BreakArgs {
    /// The scenario; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is chosen of the file
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Only this objective; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub objective: Vec<String>,
    /// How many faults at once, at most
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = faults)]
    pub faults: usize,
    /// Draws of luck for each: how long repairs take, when health checks come
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub draws: u64,
    /// Under which luck
    #[command(flatten)]
    pub luck: SeedArgs,
    /// Leave nothing out: every hour, and sets whose faults have nothing in common
    #[arg(long)]
    pub exhaustive: bool,
    /// Write each drill that was found as a scenario into this folder
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// Keep what was run in this folder, and take what is there already
    #[arg(long, value_name = "FOLDER")]
    pub results: Option<PathBuf>,
    /// Only a part of the largest sets, kept in --results: 2/8, or `auto` under Slurm, `auto/8` under Kubernetes
    #[arg(long, value_name = "M/N", conflicts_with_all = ["html", "json", "keep"])]
    pub shard: Option<String>,
    /// Threads; by default one for each core. The result is the same
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
    /// Also write a page for a browser: the design with its weak points; an existing file is replaced
    #[arg(long, value_name = "OUT.html")]
    pub html: Option<PathBuf>,
}

fn faults(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(faults) if (1..=firedrill::search::FAULTS_MAX).contains(&faults) => Ok(faults),
        _ => Err(format!("write 1 to {}", firedrill::search::FAULTS_MAX)),
    }
}

/// What is to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SettleWhat {
    /// The order of all designs
    Order,
    /// Which one is the best
    Best,
}

/// How traffic is worked out.
#[derive(Debug, Args)]
pub struct TrafficArgs {
    /// Work traffic out as rates and queues, or follow every request
    #[arg(long, value_name = "ENGINE", value_enum, default_value_t = TrafficEngine::Flow)]
    pub traffic: TrafficEngine,
    /// Follow requests from this time on: as in the file, like "Mon 14:26" or "+6h"
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// And up to this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
}

/// A traffic engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TrafficEngine {
    /// Rates, fluid queues, latency from queueing theory
    Flow,
    /// Every request one by one
    Request,
}

/// What is compared, and for how long.
#[derive(Debug, Args)]
pub struct AgreeArgs {
    /// Which run
    #[command(flatten)]
    pub run: RunArgs,
    /// From this time on: as in the file; by default from the start
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Up to this time; by default to the end
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Replications of the request engine, for the intervals
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..=10_000))]
    pub replications: u64,
}

fn axis(text: &str) -> Result<(String, Vec<String>), String> {
    let (path, values) = text.split_once('=').unwrap_or((text, ""));
    if path.trim().is_empty() {
        return Err("write what is varied, like strategy or services.web.queue=100,500".to_owned());
    }
    Ok((path.trim().to_owned(), split_values(values).iter().map(|value| quoted(value)).collect()))
}

fn length(text: &str) -> Result<Duration, String> {
    text.parse().map_err(|error: firedrill::units::UnitError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::choice_args::path_and_value;
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn values_may_leave_out_quotes_where_nothing_else_is_meant() {
        let set = |text: &str| path_and_value(text).map(|(path, value)| format!("{path} {value}"));
        assert_eq!(set("clock.horizon=2d").as_deref(), Ok(r#"clock.horizon "2d""#));
        assert_eq!(set("a.b=fixed(\"5ms\")").as_deref(), Ok(r#"a.b fixed("5ms")"#));
        assert_eq!(set("a=4_200").as_deref(), Ok("a 4_200"));
        assert_eq!(set("a=true").as_deref(), Ok("a true"));
        assert_eq!(set("a=30%").as_deref(), Ok(r#"a "30%""#));
        assert_eq!(set("a = automatic").as_deref(), Ok("a automatic"));
        assert!(set("a").is_err() && set("=1").is_err() && set("a=").is_err());
    }
}
