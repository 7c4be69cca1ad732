//! `compare`: designs against each other, over many replications under the same luck.

use super::args::{CompareArgs, StudyArgs};
use super::results::Results;
use super::said::{Said, refused, usage};
use super::shrink::Failure;
use super::work::{Watcher, Work};
use super::{exit, files, interrupt, rows, shrink, terminal};
use firedrill::expect::Unit;
use firedrill::replay::{choice_words, shell_word};
use firedrill::report::text;
use firedrill::report::verdict::first::Told;
use firedrill::rng::Luck;
use firedrill::scenario::Source;
use firedrill::study::{Axis, Comparison, End, Judgement, ObjectiveOutcome, Protocol, Settle, Study, Wanted, vary};
use firedrill::units::Duration;
use std::path::Path;

/// Replications where nothing is said: enough for a first answer, and as many as a study that stops by itself may take.
const REPLICATIONS: u64 = 1_000;
const REPLICATIONS_UNTIL_SETTLED: u64 = 10_000;
const YEAR_S: f64 = 31_536_000.0;

/// Compares designs.
pub fn compare(args: &CompareArgs) -> Said {
    let study = match study(args) {
        Ok(study) => study,
        Err(said) => return said,
    };
    if args.rare {
        return super::rare::rare(&study, args, &replay(args));
    }
    let mut said = worked(&study, &args.how, Some(&replay(args)));
    if said.seen_rarely && !args.how.json {
        said.out.push_str(&format!("\nTo estimate what was hardly seen\n\n  {}\n", rarely(args)));
    }
    said
}

/// The command that estimates what hardly any run shows.
fn rarely(args: &CompareArgs) -> String {
    let mut words = designs_words(args);
    words.extend(["--rare".to_owned(), "--seed".to_owned(), args.how.luck.seed.to_string()]);
    words.join(" ")
}

/// Works through a study and tells what came of it.
pub fn worked(study: &Study, how: &StudyArgs, replay: Option<&str>) -> Said {
    let shard = match super::shard::chosen(how.shard.as_deref()) {
        Ok(shard) => shard,
        Err(problem) => return usage(&problem),
    };
    if shard.is_some() && how.results.is_none() {
        return usage("--shard needs --results: what a shard makes is merged from there");
    }
    let mut said = Said::default();
    if let Err(error) = files::claim(how.html.iter().chain(&how.rows)) {
        said.file_error(&error);
        return said;
    }
    let results = match how.results.as_deref().map(|folder| Results::open(folder, shard)).transpose() {
        Ok(results) => results,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    if let Some(results) = &results
        && let Err(error) = results.write(&protocol_file(&study.protocol), &protocol_text(&study.protocol))
    {
        said.file_error(&error);
        return said;
    }
    // Whoever merges says it again as it was typed.
    if let (Some(results), Some(replay)) = (&results, replay)
        && let Err(error) = results.write(&replay_file(&study.protocol), &format!("{replay}\n"))
    {
        said.file_error(&error);
        return said;
    }
    let mut writer: Box<dyn Watcher> = Box::new(());
    if let Some(path) = &how.rows {
        match rows::Rows::create(path, study) {
            Ok(rows) => writer = Box::new(rows),
            Err(error) => {
                said.file_error(&error);
                return said;
            }
        }
    }
    let time = how.time.map(|time| std::time::Duration::from_secs_f64(time.seconds()));
    let work = Work { study, threads: how.threads.map(usize::from), time, results: results.as_ref(), shard };
    let (tally, ended) = match work.run(&mut *writer) {
        Ok(worked) => worked,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    if ended == End::Interrupted {
        said.worsen(exit::INTERRUPTED);
    }
    if let Some((m, n)) = shard {
        if ended != End::Replications {
            said.err.push_str("the shard is not done; run the same command again to go on\n");
        } else {
            said.out = format!("shard {} of {n} is done: see firedrill merge\n", m + 1);
        }
        return said;
    }
    if ended == End::Interrupted && tally.replications() == 0 {
        return Said::interrupted("not even the first replications of each design were made");
    }
    if let Err(error) = writer.finish() {
        said.file_error(&error);
    }
    let comparison = tally.comparison(ended);
    said.seen_rarely = !comparison.rare_failures.is_empty();
    let shown = Shown { page: how.html.as_deref(), json: how.json, all: how.all };
    tell(&mut said, study, &comparison, shown, results.as_ref(), replay);
    if let Some(folder) = how.shrink.as_ref().filter(|_| ended != End::Interrupted) {
        let failures = failures(study, &comparison);
        let runs: Vec<_> = failures.into_iter().filter_map(|failure| failed_run(study, failure)).collect();
        shrink::write_all(&mut said, folder, &runs, how.threads.map(usize::from));
    }
    said
}

/// Objectives that fail: of which design, in which replication first, and which.
fn failures<'a>(study: &Study, comparison: &'a Comparison) -> Vec<(usize, u64, &'a ObjectiveOutcome)> {
    let mut found = Vec::new();
    for design in &comparison.designs {
        // They are told in the order of their ranks.
        let index = study.designs.iter().position(|known| known.label == design.label);
        for objective in design.objectives.iter().filter(|objective| objective.judgement == Judgement::Fail) {
            found.extend(index.zip(objective.first_missed).map(|(index, missed)| (index, missed, objective)));
        }
    }
    found
}

fn failed_run(
    study: &Study,
    (design, replication, objective): (usize, u64, &ObjectiveOutcome),
) -> Option<(Source, Failure)> {
    let wanted = study.protocol.designs.get(design)?;
    let source = study.protocol.sources.get(wanted.source)?.source();
    let luck = Luck { seed: study.protocol.seed, replication };
    let mut choice = wanted.choice();
    choice.set.extend(objective.under.set());
    Some((source, Failure { choice, luck, objective: Some(objective.name.clone()) }))
}

/// How a study is told.
pub struct Shown<'a> {
    /// A page that is written, too.
    pub page: Option<&'a Path>,
    /// As JSON.
    pub json: bool,
    /// With all of what is long.
    pub all: bool,
}

/// Writes and prints what a study says.
pub fn tell(
    said: &mut Said,
    study: &Study,
    comparison: &Comparison,
    Shown { page, json: as_json, all }: Shown,
    results: Option<&Results>,
    replay: Option<&str>,
) {
    // Plain data with text for keys: it can always be written.
    let json = serde_json::to_string_pretty(&Told::new(comparison)).expect("a comparison is plain data") + "\n";
    let is_whole = matches!(comparison.ended, End::Settled | End::Replications);
    if let Some(results) = results
        && is_whole
        && let Err(error) = results.write(&format!("{}.comparison.json", study.protocol.hash()), &json)
    {
        said.file_error(&error);
    }
    if let Some(path) = page {
        match super::page::study_page(study, comparison, replay) {
            Some(text) => files::write(path, &text).unwrap_or_else(|error| said.file_error(&error)),
            None => {
                said.err.push_str(&interrupt::told("the page is not written"));
                said.worsen(exit::INTERRUPTED);
            }
        }
    }
    if as_json {
        said.out.push_str(&json);
        return;
    }
    let look = terminal::look();
    let layout = text::Layout { width: look.width, colour: look.colour, replay };
    let lists = if all { text::Lists::Whole } else { text::Lists::Folded };
    said.out.push_str(&text::render_comparison(comparison, layout, lists));
    if let (Some(path), true) = (page, said.err.is_empty()) {
        said.out.push_str(&format!("\nwrote {}; open it in a browser\n", shell_word(&path.display().to_string())));
    }
    let failures = failures(study, comparison);
    if !failures.is_empty() {
        said.out.push_str("\nTo make a file of what fails\n\n");
        let lines = failures.iter().map(|(design, missed, objective)| {
            study.protocol.shrink(*design, *missed, &objective.name, objective.under)
        });
        lines.for_each(|line| said.out.push_str(&format!("  {line}\n")));
    }
}

/// The name under which a protocol is kept beside its batches.
pub fn protocol_file(protocol: &Protocol) -> String {
    format!("{}.plan.json", protocol.hash())
}

/// The name under which it is kept how a study was asked for.
pub fn replay_file(protocol: &Protocol) -> String {
    format!("{}.replay.txt", protocol.hash())
}

/// A protocol as it is kept.
pub fn protocol_text(protocol: &Protocol) -> String {
    serde_json::to_string_pretty(protocol).expect("a protocol is plain data") + "\n"
}

fn study(args: &CompareArgs) -> Result<Study, Said> {
    let mut sources: Vec<Source> = Vec::new();
    for path in &args.files {
        match files::read(path) {
            Ok(source) => sources.push(source),
            Err(error) => {
                let mut said = Said::default();
                said.file_error(&error);
                return Err(said);
            }
        }
    }
    let how = &args.how;
    let until_settled = how.indifference.is_some();
    let by_default = if until_settled { REPLICATIONS_UNTIL_SETTLED } else { REPLICATIONS };
    let mut protocol = Protocol::new(how.luck.seed, how.replications.unwrap_or(by_default));
    protocol.confidence = how.confidence;
    protocol.by.clone_from(&how.by);
    protocol.paths.clone_from(&how.metric);
    protocol.settle = if how.settle == super::args::SettleWhat::Best { Settle::Best } else { Settle::Order };
    for source in &sources {
        protocol.add_source(source);
    }
    protocol.designs = designs(args, &sources)?;
    let mut study = Study::new(protocol).map_err(refused)?;
    if let Some(text) = &how.indifference {
        let least = firedrill::study::FIRST_STAGE * firedrill::study::BATCH;
        if study.protocol.replications < least {
            let problem = format!(
                "with --indifference at least {least} replications are needed: how much designs differ is first estimated from so many"
            );
            return Err(usage(&problem));
        }
        let unit = study.metrics[study.by].unit;
        study.protocol.indifference = Some(indifference(text, unit, study.run_s()).map_err(|problem| usage(&problem))?);
    }
    Ok(study)
}

/// The designs that the files and the options make.
fn designs(args: &CompareArgs, sources: &[Source]) -> Result<Vec<Wanted>, Said> {
    let chosen = args.choice.choice();
    let axes: Vec<Axis> =
        args.vary.iter().map(|(path, values)| Axis { path: path.clone(), values: values.clone() }).collect();
    let mut designs: Vec<Wanted> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let plain = source.read_plain();
        let Some(scenario) = &plain.scenario else {
            let mut said = Said::default();
            said.mistakes(source, &firedrill::scenario::Diagnostics(plain.mistakes));
            return Err(said);
        };
        let prefix = if sources.len() > 1 { source.name.as_str() } else { "" };
        designs.extend(vary(scenario, index, prefix, &chosen, &axes).map_err(|error| usage(&error.to_string()))?);
    }
    if let [only] = &designs[..]
        && args.how.replications.is_none()
        && !args.rare
    {
        return Err(usage(&format!(
            "there is only one design, \"{}\", and nothing to compare it with; name more files, or --vary strategy, \
             --vary maintenance, --vary variant or --vary PATH=A,B",
            only.label
        )));
    }
    Ok(designs)
}

/// A difference that would not matter: `10 min`, `10 min/year`, `5000/year`, `2%`.
fn indifference(text: &str, unit: Unit, run_s: f64) -> Result<f64, String> {
    let problem = |example: &str| {
        format!(
            "\"{}\" is not a difference in what ranks; write one like {example}, or {example}/year",
            text::clean(text)
        )
    };
    let (amount, yearly) = match text.rsplit_once('/') {
        Some((amount, "year" | "y" | "yr")) => (amount, true),
        Some(_) => return Err(problem("\"10 min\"")),
        None => (text, false),
    };
    let amount: String = amount.chars().filter(|c| !c.is_whitespace()).collect();
    let amount = match unit {
        Unit::Seconds | Unit::Latency => amount.parse::<Duration>().map_err(|_| problem("\"10 min\""))?.seconds(),
        Unit::Share => {
            let share = amount.strip_suffix('%').and_then(|percent| percent.parse::<f64>().ok());
            share.ok_or_else(|| problem("0.1%"))? / 100.0
        }
        _ => amount.replace('_', "").parse::<f64>().map_err(|_| problem("5000"))?,
    };
    if !(amount > 0.0 && amount.is_finite()) {
        return Err(problem("\"10 min\""));
    }
    // What is per year is as much less for a run as the run is shorter.
    Ok(if yearly && unit != Unit::Share { amount * run_s / YEAR_S } else { amount })
}

/// The command that makes the study again.
/// Which designs are compared, as it is typed.
fn designs_words(args: &CompareArgs) -> Vec<String> {
    let mut words = vec!["firedrill".to_owned(), "compare".to_owned()];
    words.extend(args.files.iter().map(|file| shell_word(&file.display().to_string())));
    let choice = args.choice.choice();
    words.extend(choice_words(&choice));
    for (path, values) in &args.vary {
        let axis = if values.is_empty() { path.clone() } else { format!("{path}={}", values.join(",")) };
        words.extend(["--vary".to_owned(), shell_word(&axis)]);
    }
    words
}

fn replay(args: &CompareArgs) -> String {
    let mut words = designs_words(args);
    if args.rare {
        words.push("--rare".to_owned());
    }
    let how = &args.how;
    let mut option = |name: &str, value: Option<String>| {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), shell_word(&value)]));
    };
    option("--by", how.by.clone());
    for metric in &how.metric {
        option("--metric", Some(metric.clone()));
    }
    option("--replications", how.replications.map(|n| n.to_string()));
    option("--indifference", how.indifference.clone());
    option("--confidence", (how.confidence != 0.95).then(|| how.confidence.to_string()));
    option("--settle", (how.settle == super::args::SettleWhat::Best).then(|| "best".to_owned()));
    option("--seed", Some(how.luck.seed.to_string()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_per_run_or_per_year() {
        let of = |text: &str, unit| indifference(text, unit, YEAR_S / 2.0);
        assert_eq!(of("10 min", Unit::Seconds), Ok(600.0));
        assert_eq!(of("10 min/year", Unit::Seconds), Ok(300.0));
        assert_eq!(of("5_000/y", Unit::UserMinutes), Ok(2_500.0));
        assert_eq!(of("2%", Unit::Share), Ok(0.02));
        for (wrong, unit) in
            [("10", Unit::Seconds), ("0s", Unit::Seconds), ("10 min/week", Unit::Seconds), ("x", Unit::Plain)]
        {
            assert!(of(wrong, unit).is_err(), "{wrong}");
        }
    }
}
