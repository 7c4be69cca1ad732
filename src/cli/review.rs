//! `review`: what a rehearsal was worth.

use super::rehearsal_args::ReviewArgs;
use super::said::{Said, usage};
use super::thread_pool::ThreadPool;
use super::{exit, files, interrupt, terminal};
use firedrill::drawing::Drawing;
use firedrill::rehearse::review::{Asked, DRAWS_MAX, Review, review as look_back};
use firedrill::rehearse::{Entry, Header, Log, Plan, branches, last_played};
use firedrill::replay::shell_word;
use firedrill::report::html::{EmbeddedReview, Opening};
use firedrill::report::{html, markdown, text};
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};
use std::path::Path;

/// What was played: with which plan, its log, and which branch of it.
type Played<'a> = (&'a Plan, &'a [Entry], usize);

/// Looks back at a rehearsal.
pub fn review(args: &ReviewArgs) -> Said {
    let (source, log) = match read(&args.file, &args.log) {
        Ok(read) => read,
        Err(said) => return said,
    };
    let plan = match plan_of(&source, &log.header) {
        Ok(plan) => plan,
        Err(said) => return said,
    };
    let warnings = changed_since(&log, &plan, &args.log);
    let all = branches(&log.entries);
    let branch = match &args.branch {
        None => last_played(&all, &log.entries),
        Some(name) => match all.iter().position(|branch| branch.name == *name) {
            Some(branch) => branch,
            None => {
                let known: Vec<&str> = all.iter().map(|branch| branch.name.as_str()).collect();
                return usage(&format!("there is no branch \"{name}\" in this log: there are {}", known.join(", ")));
            }
        },
    };
    if args.draws > DRAWS_MAX {
        return usage(&format!("--draws is at most {DRAWS_MAX}"));
    }
    interrupt::listen();
    let mut pool = ThreadPool::new("looking back", args.threads.map(usize::from));
    let asked = Asked { branch, draws: args.draws, without_names: args.without_names };
    let Some(made) = look_back(&plan, &log.entries, &asked, &mut pool) else {
        let err = "ended by Ctrl-C: half a review would say what is not so\n".to_owned();
        return Said { err, code: exit::INTERRUPTED, ..Said::default() };
    };
    pool.done();
    let mut said = said(args, &source, &log, &made, (&plan, &log.entries, branch));
    said.err.insert_str(0, &warnings);
    said
}

/// The command that makes a review again.
fn replay(args: &ReviewArgs, branch: &str) -> String {
    let (file, log) = (args.file.display().to_string(), args.log.display().to_string());
    let mut command = format!("firedrill review {} --log {}", shell_word(&file), shell_word(&log));
    if args.branch.is_some() {
        command.push_str(&format!(" --branch {}", shell_word(branch)));
    }
    if args.without_names {
        command.push_str(" --without-names");
    }
    format!("{command} --draws {}", args.draws)
}

fn said(args: &ReviewArgs, source: &Source, log: &Log, review: &Review, played: Played) -> Said {
    let mut said = Said::default();
    let replay = replay(args, &review.branch);
    let mut written = None;
    if let Some(path) = &args.html {
        let embedded = embedded(source, log, review, args.without_names, Some(replay.clone()));
        match files::write(path, &page(review, &embedded, played)) {
            Ok(()) => written = Some(path),
            Err(error) => said.file_error(&error),
        }
    }
    if args.markdown {
        said.out = markdown::render_review(review, Some(&replay));
        return said;
    }
    if args.json {
        // Plain data with text for keys: it can always be written.
        said.out = serde_json::to_string_pretty(review).expect("a review is plain data") + "\n";
        return said;
    }
    let look = terminal::look();
    said.out =
        text::render_review(review, text::Layout { width: look.width, colour: look.colour, replay: Some(&replay) });
    if let Some(path) = written {
        said.out.push_str(&format!("\nwrote {}; open it in a browser\n", shell_word(&path.display().to_string())));
    }
    said
}

/// The page of a review of a branch of a log.
fn page(review: &Review, embedded: &EmbeddedReview, (plan, entries, branch): Played) -> String {
    let file = embedded.name.clone();
    let served = embedded.served;
    let opens = move |at_s: f64| match served {
        true => Opening::Link(format!("/?at={at_s:.0}")),
        false => {
            Opening::Command(format!("firedrill rehearse {} --log LOG.jsonl --back +{at_s:.0}s", shell_word(&file)))
        }
    };
    let play = plan.play_of(&branches(entries)[branch], entries);
    let played = branches(entries)[branch].entries.iter().map(|&i| entries[i].time()).max();
    let to = played.map_or(plan.to, |to| to.min(plan.to)).max(plan.from);
    let scenes = play.run(plan.luck).moments.scenes_between(&play.world, (plan.from, to), html::MOMENTS_MAX);
    html::render_review_with_design(review, embedded, (&Drawing::new(&play.world), &scenes), Some(&opens))
}

fn embedded(
    source: &Source,
    log: &Log,
    review: &Review,
    without_names: bool,
    replay: Option<String>,
) -> EmbeddedReview {
    EmbeddedReview {
        name: source.name.clone(),
        scenario: source.text.clone(),
        recordings: source.recordings.clone(),
        log: text_of(log, without_names),
        branch: review.branch.clone(),
        draws: review.draws,
        without_names,
        replay,
        served: false,
    }
}

/// A log as text; without the names of players, where they are to be left out.
fn text_of(log: &Log, without_names: bool) -> String {
    let json = |line: serde_json::Result<String>| line.expect("plain data") + "\n";
    let entry = |entry: &Entry| {
        let mut entry = entry.clone();
        if without_names {
            entry.who.clear();
        }
        json(serde_json::to_string(&entry))
    };
    json(serde_json::to_string(&log.header)) + &log.entries.iter().map(entry).collect::<String>()
}

/// Makes a page's review again, and holds it against the page. `None`: there is none in it.
pub fn verify(page_text: &str, name: &str, threads: Option<usize>) -> Option<Said> {
    let embedded = html::extract_review(page_text)?;
    let source = Source { recordings: embedded.recordings.clone(), ..Source::new(&embedded.name, &embedded.scenario) };
    let Ok(log) = Log::read(&embedded.log) else { return Some(usage(&format!("the log in {name} cannot be read"))) };
    let plan = match plan_of(&source, &log.header) {
        Ok(plan) => plan,
        Err(said) => return Some(said),
    };
    let branch = branches(&log.entries).iter().position(|branch| branch.name == embedded.branch).unwrap_or(0);
    interrupt::listen();
    let mut pool = ThreadPool::new("looking back", threads);
    let asked = Asked { branch, draws: embedded.draws.min(DRAWS_MAX), without_names: embedded.without_names };
    let Some(review) = look_back(&plan, &log.entries, &asked, &mut pool) else {
        let err = "ended by Ctrl-C; nothing is verified\n".to_owned();
        return Some(Said { err, code: exit::INTERRUPTED, ..Said::default() });
    };
    pool.done();
    if page(&review, &embedded, (&plan, &log.entries, branch)) != page_text {
        let out = format!(
            "{name} is not confirmed: its log gives another page; somebody changed it, or another version made it\n"
        );
        return Some(Said { out, code: exit::NOT_DETERMINISTIC, ..Said::default() });
    }
    Some(Said::out(format!("{name} is confirmed: digest {} of the run that its log makes\n", review.digest)))
}

/// Makes the page of a review from the entries of a log; nothing where the program is being ended.
#[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
pub type Maker = Box<dyn Fn(&[Entry]) -> Option<String> + Send + Sync>;

/// The same for browsers that ask for it.
#[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
pub fn maker(source: Source, plan: Plan, header: Header, draws: u64) -> Maker {
    Box::new(move |entries| {
        let all = branches(entries);
        let asked = Asked { branch: all.len() - 1, draws, without_names: false };
        let mut pool = ThreadPool::new("looking back", None);
        let review = look_back(&plan, entries, &asked, &mut pool)?;
        let log = Log { header: header.clone(), entries: entries.to_vec(), whole: 0, is_cut_off: false };
        let embedded = EmbeddedReview { served: true, ..embedded(&source, &log, &review, false, None) };
        Some(page(&review, &embedded, (&plan, entries, all.len() - 1)))
    })
}

fn read(file: &Path, log: &Path) -> Result<(Source, Log), Said> {
    let mut said = Said::default();
    match files::read(file) {
        Ok(source) => Ok((source, read_log(log)?)),
        Err(error) => {
            said.file_error(&error);
            Err(said)
        }
    }
}

/// What a log was played with.
pub fn plan_of(source: &Source, header: &Header) -> Result<Plan, Said> {
    let title = source.read_plain().scenario.map(|scenario| scenario.title);
    if title.as_ref().is_some_and(|title| *title != header.title) {
        let (log, name) = (text::clean(&header.title), text::clean(&source.name));
        let err = format!("error: the log is that of another rehearsal, \"{log}\", and not of {name}\n");
        return Err(Said { err, code: exit::SCENARIO, ..Said::default() });
    }
    let choice = Choice {
        strategy: header.strategy.clone(),
        maintenance: header.maintenance.clone().or_else(|| Some("none".to_owned())),
        variant: header.variant.clone(),
        set: header.set.clone(),
    };
    let luck = Luck { seed: header.seed, replication: header.replication };
    Plan::of(source, &choice, luck).map_err(|mistakes| {
        let mut said = Said::default();
        said.mistakes(source, &mistakes);
        said
    })
}

/// Reads a log, or says what is wrong with it.
pub fn read_log(path: &Path) -> Result<Log, Said> {
    let text = files::read_text(path).map_err(|error| {
        let mut said = Said::default();
        said.file_error(&error);
        said
    })?;
    Log::read(&text).map_err(|error| Said {
        err: format!("error: {} is no log of a rehearsal: {}\n", path.display(), text::clean(&error.to_string())),
        code: exit::SCENARIO,
        ..Said::default()
    })
}

/// A log belongs to what it was played with: whoever goes on with it needs the very same.
#[cfg(all(feature = "rehearse", not(target_family = "wasm")))]
pub fn check_header(log: &Log, plan: &Plan, path: &Path) -> Result<(), Said> {
    let header = Header::of(plan, &log.header.set);
    if log.header == header {
        return Ok(());
    }
    let why = match () {
        () if log.header.scenario_hash != header.scenario_hash => "the scenario is another, or was changed since",
        () if log.header.seed != header.seed => "its luck is another: give the same --seed",
        () => "another strategy, plan or variant was played: choose the same",
    };
    Err(Said {
        err: format!(
            "error: {} is the log of another rehearsal: {why}; or name another log with --log\n",
            path.display()
        ),
        code: exit::SCENARIO,
        ..Said::default()
    })
}

/// What is to be known where a log is played again in a file that has changed since: a line for each.
pub fn changed_since(log: &Log, plan: &Plan, path: &Path) -> String {
    let path = text::clean(&path.display().to_string());
    let mut out = String::new();
    if log.is_cut_off {
        out.push_str(&format!("warning: {path}: its last line has no end, and is left out\n"));
    }
    if log.header.scenario_hash != plan.written.scenario_hash {
        out.push_str(&format!("warning: {path}: the scenario has changed since this was played\n"));
    }
    for (at, what, why) in plan.unknown_in(&log.entries) {
        let (what, why) = (text::clean(&what), text::clean(&why));
        out.push_str(&format!("warning: {path}: {at} {what}: left out, because {why}\n"));
    }
    out
}
