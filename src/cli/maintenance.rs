//! `maintenance`: a plan at every hour of a week, on all cores.

use super::args::MaintenanceArgs;
use super::said::{Said, refused};
use super::thread_pool::ThreadPool;
use super::{files, interrupt, terminal};
use firedrill::drawing::Drawing;
use firedrill::load;
use firedrill::replay::{choice_words, shell_word};
use firedrill::report::{html, text};
use firedrill::scenario::Source;
use firedrill::study::{Windows, WindowsAsked, WindowsOutcome};

/// What is said where not all runs were made.
const IN_PART: &str = "nothing can be said of the week before every start was run";

/// Tells when to begin a maintenance.
pub fn maintenance(args: &MaintenanceArgs) -> Said {
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
    let asked = WindowsAsked {
        every: args.every,
        from: args.from.clone(),
        now: args.now.clone(),
        seed: args.luck.seed,
        replications: args.replications,
    };
    let windows = match Windows::new(&source, &args.choice.choice(), asked) {
        Ok(windows) => windows,
        Err(error) => return refused(error),
    };
    interrupt::end_with(IN_PART);
    let mut pool = ThreadPool::new("runs", args.threads.map(usize::from));
    let outcome = windows.answer(&mut pool);
    pool.done();
    let Some(outcome) = outcome else {
        return Said::interrupted(IN_PART);
    };
    let replay = replay(args);
    if let Some(path) = &args.html
        && let Err(error) = files::write(path, &page(&source, args, &outcome, &replay))
    {
        said.file_error(&error);
    }
    if args.json {
        // Plain data with text for keys: it can always be written.
        said.out = serde_json::to_string_pretty(&outcome).expect("windows are plain data") + "\n";
        return said;
    }
    let look = terminal::look();
    let layout = text::Layout { width: look.width, colour: look.colour, replay: Some(&replay) };
    said.out = text::render_windows(&outcome, layout);
    if let (Some(path), true) = (&args.html, said.err.is_empty()) {
        said.out.push_str(&format!("\nwrote {}; open it in a browser\n", shell_word(&path.display().to_string())));
    }
    said
}

fn page(source: &Source, args: &MaintenanceArgs, outcome: &WindowsOutcome, replay: &str) -> String {
    // It has been read before; a file with mistakes does not come here.
    let drawing = load::load(source, &args.choice.choice()).ok().map(|(_, world)| Drawing::new(&world));
    html::render_windows(outcome, drawing.as_ref(), Some(replay))
}

/// The command that makes all of it again.
fn replay(args: &MaintenanceArgs) -> String {
    let mut words = vec!["firedrill".to_owned(), "maintenance".to_owned()];
    words.push(shell_word(&args.file.display().to_string()));
    words.extend(choice_words(&args.choice.choice()));
    let mut option = |name: &str, value: Option<String>| {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), shell_word(&value)]));
    };
    option("--from", args.from.clone());
    option("--every", (args.every.seconds() != 3_600.0).then(|| args.every.to_string()));
    option("--now", args.now.clone());
    option("--replications", Some(args.replications.to_string()));
    option("--seed", Some(args.luck.seed.to_string()));
    words.join(" ")
}
