//! `break`: what breaks a design, on all cores.

use super::args::{BreakArgs, MergeArgs};
use super::files::FileError;
use super::results::Results;
use super::said::{Said, usage};
use super::searched::{PLAN, SearchPlan, Shelf};
use super::shard::chosen;
use super::thread_pool::ThreadPool;
use super::{exit, files, interrupt, results, terminal};
use firedrill::drawing::Drawing;
use firedrill::expect;
use firedrill::replay::{choice_words, shell_word};
use firedrill::report::{html, text};
use firedrill::scenario::{Choice, Source};
use firedrill::search::{Asked, Broken, Forgets, Found, Keeper, Search, SearchError, Shard};
use std::path::{Path, PathBuf};

/// What is said where not everything was looked at.
const IN_PART: &str = "what was not looked at may break it, so that nothing is said";

/// Looks for what breaks a design.
pub fn break_(args: &BreakArgs) -> Said {
    let mut said = Said::default();
    let shard = match chosen(args.shard.as_deref()) {
        Ok(shard) => shard,
        Err(problem) => return usage(&problem),
    };
    if shard.is_some() && args.results.is_none() {
        return usage("--shard needs --results: what a shard makes is merged from there");
    }
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
    let asked = Asked { faults: args.faults, draws: args.draws, seed: args.luck.seed, exhaustive: args.exhaustive };
    let plan = SearchPlan::new(&source, &args.choice.choice(), &args.objective, asked);
    let results = args.results.as_deref().map(|folder| Results::open(folder, shard)).transpose();
    let results = match results.and_then(|results| {
        results.iter().try_for_each(|results| plan.keep(results))?;
        Ok(results)
    }) {
        Ok(results) => results,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    let replay = replay(&args.file.display().to_string(), &plan);
    let shown = Shown { keep: args.keep.as_deref(), json: args.json, html: args.html.as_ref(), replay: &replay };
    let threads = args.threads.map(usize::from);
    match &results {
        None => found(&plan, &mut Forgets, threads, &shown),
        Some(results) => {
            let mut shelf = Shelf { results, others: &[], makes: true, error: None };
            let said = match shard {
                None => found(&plan, &mut shelf, threads, &shown),
                Some((which, of)) => part(&plan, Shard { which, of }, &mut shelf, threads),
            };
            shelf_said(shelf, said)
        }
    }
}

/// What shards made, put together to what the whole search finds.
pub fn merge(args: &MergeArgs) -> Result<Said, FileError> {
    if args.rows.is_some() {
        return Ok(usage("a search has no rows: leave --rows out"));
    }
    files::claim(args.html.as_ref())?;
    let mut plan: Option<SearchPlan> = None;
    for folder in &args.folders {
        for path in results::ending_with(folder, PLAN)? {
            let damaged = |why: String| FileError::Damaged { path: path.clone(), why };
            let text = files::read_text(&path)?;
            let read: SearchPlan = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
            if plan.as_ref().is_some_and(|known| *known != read) {
                let path = path.display();
                return Ok(usage(&format!("{path} is of another search than those before it; merge one at a time")));
            }
            plan = Some(read);
        }
    }
    let Some(plan) = plan else { return Ok(usage("there is no search in these folders")) };
    let into = Results::open(&args.into, None)?;
    plan.keep(&into)?;
    let mut shelf = Shelf { results: &into, others: &args.folders, makes: false, error: None };
    let replay = replay(&plan.source().name, &plan);
    let shown = Shown { keep: None, json: args.json, html: args.html.as_ref(), replay: &replay };
    let said = found(&plan, &mut shelf, None, &shown);
    Ok(shelf_said(shelf, said))
}

/// Whether folders hold a search, and not a study.
pub fn is_of_search(folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| results::ending_with(folder, PLAN).is_ok_and(|plans| !plans.is_empty()))
}

/// What went wrong with the folder comes before everything.
fn shelf_said(shelf: Shelf, said: Said) -> Said {
    let Some(error) = shelf.error else { return said };
    let mut said = Said::default();
    said.file_error(&error);
    said
}

/// How what was found is shown.
struct Shown<'a> {
    keep: Option<&'a Path>,
    json: bool,
    html: Option<&'a PathBuf>,
    replay: &'a str,
}

/// Runs a shard.
fn part(plan: &SearchPlan, shard: Shard, keeper: &mut dyn Keeper, threads: Option<usize>) -> Said {
    let source = plan.source();
    let (searches, _) = match searches(&source, plan) {
        Ok(searches) => searches,
        Err(said) => return said,
    };
    interrupt::end_with("the shard is not done; run the same command again to go on");
    let mut pool = ThreadPool::new("looking", threads);
    for search in &searches {
        match search.run_shard(shard, keeper, &mut pool) {
            Ok(true) => {}
            Ok(false) => return Said::interrupted("the shard is not done; run the same command again to go on"),
            Err(error) => return refused(&source, error),
        }
    }
    pool.done();
    Said::out(format!("shard {} of {} is done: see firedrill merge\n", shard.which + 1, shard.of))
}

/// Searches, and shows what was found.
fn found(plan: &SearchPlan, keeper: &mut dyn Keeper, threads: Option<usize>, shown: &Shown) -> Said {
    let (mut said, source) = (Said::default(), plan.source());
    let (searches, others) = match searches(&source, plan) {
        Ok(searches) => searches,
        Err(said) => return said,
    };
    interrupt::end_with(IN_PART);
    let mut pool = ThreadPool::new("looking", threads);
    let mut all = Vec::new();
    for search in &searches {
        match search.run_kept(&others, keeper, &mut pool) {
            Ok(Some(found)) => all.push(found),
            Ok(None) => {
                return Said::interrupted(IN_PART);
            }
            Err(error) => return refused(&source, error),
        }
    }
    pool.done();
    judge(&all, &mut said);
    if let Some(folder) = shown.keep {
        keep(folder, &all, &mut said);
    }
    if let Some(path) = shown.html
        && let Err(error) = files::write(path, &html::render_found(&all, &drawn(&searches), Some(shown.replay)))
    {
        said.file_error(&error);
    }
    if shown.json {
        // Plain data with text for keys: it can always be written.
        said.out = serde_json::to_string_pretty(&all).expect("what was found is plain data") + "\n";
        return said;
    }
    let look = terminal::look();
    for (i, found) in all.iter().enumerate() {
        let last = i + 1 == all.len();
        let layout = text::Layout { width: look.width, colour: look.colour, replay: last.then_some(shown.replay) };
        if i > 0 {
            said.out.push('\n');
        }
        said.out.push_str(&text::render_found(found, layout));
    }
    if let (Some(path), true) = (shown.html, said.err.is_empty()) {
        said.out.push_str(&format!("\nwrote {}; open it in a browser\n", shell_word(&path.display().to_string())));
    }
    said
}

fn drawn(searches: &[Search]) -> Vec<Drawing> {
    searches.iter().map(|search| Drawing::new(search.world())).collect()
}

/// What is searched: the run that is chosen, or each run that an objective speaks of; and the file under each of its strategies.
fn searches(source: &Source, plan: &SearchPlan) -> Result<(Vec<Search>, Vec<Search>), Said> {
    let asked = plan.asked();
    let new = |choice: &Choice| Search::new(source, choice, asked).map_err(|error| refused(source, error));
    let chosen = plan.choice();
    let default = new(&chosen)?;
    let Some(written) = source.read_plain().scenario else { return Ok((vec![default], Vec::new())) };
    let wanted = |name: &String| plan.objective.is_empty() || plan.objective.contains(name);
    if let Some(unknown) = plan.objective.iter().find(|name| written.objectives.get(name).is_none()) {
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

fn replay(file: &str, plan: &SearchPlan) -> String {
    let mut words = vec!["firedrill".to_owned(), "break".to_owned(), shell_word(file)];
    words.extend(choice_words(&plan.choice()));
    for objective in &plan.objective {
        words.extend(["--objective".to_owned(), shell_word(objective)]);
    }
    let asked = plan.asked();
    for (option, value) in [("--faults", asked.faults as u64), ("--draws", asked.draws), ("--seed", asked.seed)] {
        words.extend([option.to_owned(), value.to_string()]);
    }
    if asked.exhaustive {
        words.push("--exhaustive".to_owned());
    }
    words.join(" ")
}
