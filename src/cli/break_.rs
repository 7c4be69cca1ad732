//! `break`: what breaks a design, on all cores.

use super::args::BreakArgs;
use super::said::{Said, usage};
use super::thread_pool::ThreadPool;
use super::{exit, files, interrupt, terminal};
use firedrill::drawing::Drawing;
use firedrill::expect;
use firedrill::replay::{choice_words, shell_word};
use firedrill::report::{html, text};
use firedrill::scenario::{Choice, Source};
use firedrill::search::{Asked, Broken, Found, Search, SearchError};
use std::path::Path;

/// What is said where not everything was looked at.
const IN_PART: &str = "what was not looked at may break it, so that nothing is said";

/// Looks for what breaks a design.
pub fn break_(args: &BreakArgs) -> Said {
    let mut said = Said::default();
    let source = match files::read(&args.file) {
        Ok(source) => source,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    if let Err(error) = files::claim(&args.html) {
        said.file_error(&error);
        return said;
    }
    let (searches, others) = match searches(&source, args) {
        Ok(searches) => searches,
        Err(said) => return said,
    };
    interrupt::end_with(IN_PART);
    let mut pool = ThreadPool::new("looking", args.threads.map(usize::from));
    let mut all = Vec::new();
    for search in &searches {
        match search.run(&others, &mut pool) {
            Ok(Some(found)) => all.push(found),
            Ok(None) => {
                return Said::interrupted(IN_PART);
            }
            Err(error) => return refused(&source, error),
        }
    }
    pool.done();
    judge(&all, &mut said);
    if let Some(folder) = &args.keep {
        keep(folder, &all, &mut said);
    }
    let replay = replay(args);
    if let Some(path) = &args.html
        && let Err(error) = files::write(path, &html::render_found(&all, &drawn(&searches), Some(&replay)))
    {
        said.file_error(&error);
    }
    if args.json {
        // Plain data with text for keys: it can always be written.
        said.out = serde_json::to_string_pretty(&all).expect("what was found is plain data") + "\n";
        return said;
    }
    let look = terminal::look();
    for (i, found) in all.iter().enumerate() {
        let last = i + 1 == all.len();
        let layout = text::Layout { width: look.width, colour: look.colour, replay: last.then_some(replay.as_str()) };
        if i > 0 {
            said.out.push('\n');
        }
        said.out.push_str(&text::render_found(found, layout));
    }
    if let (Some(path), true) = (&args.html, said.err.is_empty()) {
        said.out.push_str(&format!("\nwrote {}; open it in a browser\n", shell_word(&path.display().to_string())));
    }
    said
}

fn drawn(searches: &[Search]) -> Vec<Drawing> {
    searches.iter().map(|search| Drawing::new(search.world())).collect()
}

/// What is searched: the run that is chosen, or each run that an objective speaks of; and the file under each of its strategies.
fn searches(source: &Source, args: &BreakArgs) -> Result<(Vec<Search>, Vec<Search>), Said> {
    let asked = Asked { faults: args.faults, draws: args.draws, seed: args.luck.seed, exhaustive: args.exhaustive };
    let new = |choice: &Choice| Search::new(source, choice, asked).map_err(|error| refused(source, error));
    let chosen = args.choice.choice();
    let default = new(&chosen)?;
    let Some(written) = source.read_plain().scenario else { return Ok((vec![default], Vec::new())) };
    let wanted = |name: &String| args.objective.is_empty() || args.objective.contains(name);
    if let Some(unknown) = args.objective.iter().find(|name| written.objectives.get(name).is_none()) {
        let known: Vec<String> = written.objectives.names().map(|name| format!("\"{name}\"")).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { known.join(", ") };
        return Err(usage(&format!("the file has no objective \"{unknown}\"; its objectives: {known}")));
    }
    let is_chosen = chosen.strategy.is_some() || chosen.maintenance.is_some() || chosen.variant.is_some();
    let mut searches = Vec::new();
    if is_chosen || written.objectives.is_empty() {
        let names: Vec<String> = written.objectives.names().map(str::to_owned).filter(wanted).collect();
        searches.push(default.only(&names));
    } else {
        for (run, names) in expect::objective_runs(&written) {
            let names: Vec<String> = names.into_iter().filter(wanted).collect();
            if !names.is_empty() {
                searches.push(new(&Choice { set: chosen.set.clone(), ..run })?.only(&names));
            }
        }
    }
    let mut others = Vec::new();
    if chosen.strategy.is_none() && written.strategies.len() > 1 {
        for strategy in written.strategies.names() {
            others.push(new(&Choice { strategy: Some(strategy.to_owned()), ..chosen.clone() })?);
        }
    }
    Ok((searches, others))
}

fn refused(source: &Source, error: SearchError) -> Said {
    match error {
        SearchError::Mistakes(mistakes) => {
            let mut said = Said::default();
            said.mistakes(source, &mistakes);
            said
        }
        problem => usage(&problem.to_string()),
    }
}

/// An objective that something breaks fails; one without data is neither.
fn judge(all: &[Found], said: &mut Said) {
    for broken in all.iter().flat_map(|found| &found.objectives) {
        if broken.broken_without || !broken.minimal.is_empty() {
            said.worsen(exit::EXPECTATION_FAILED);
        } else if broken.certificate.is_none() {
            said.worsen(exit::NO_DATA);
        }
    }
}

/// Writes each drill as a file that replays.
fn keep(folder: &Path, all: &[Found], said: &mut Said) {
    if let Err(error) = files::make_folder(folder) {
        said.file_error(&error);
        return;
    }
    for broken in all.iter().flat_map(|found| &found.objectives) {
        for (place, set) in broken.minimal.iter().enumerate() {
            if let Err(error) = files::write(&folder.join(file_name(broken, place)), &set.drill) {
                said.file_error(&error);
                return;
            }
        }
    }
}

/// The name of an objective as that of a file, and which of its drills it is.
fn file_name(broken: &Broken, place: usize) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = broken.objective.chars().map(plain).take(60).collect();
    format!("{}-{}.ron", name.trim_matches('-'), place + 1)
}

fn replay(args: &BreakArgs) -> String {
    let mut words = vec!["firedrill".to_owned(), "break".to_owned(), shell_word(&args.file.display().to_string())];
    words.extend(choice_words(&args.choice.choice()));
    for objective in &args.objective {
        words.extend(["--objective".to_owned(), shell_word(objective)]);
    }
    for (option, value) in [("--faults", args.faults as u64), ("--draws", args.draws), ("--seed", args.luck.seed)] {
        words.extend([option.to_owned(), value.to_string()]);
    }
    if args.exhaustive {
        words.push("--exhaustive".to_owned());
    }
    words.join(" ")
}
