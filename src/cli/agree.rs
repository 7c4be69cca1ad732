//! `agree`: both traffic engines side by side, on all cores.

use super::args::AgreeArgs;
use super::asked::{Asked, asked};
use super::said::Said;
use super::thread_pool::ThreadPool;
use super::{exit, interrupt, run, terminal};
use firedrill::agree::PairedRuns;
use firedrill::report::text;
use firedrill::run::Run;
use firedrill::study::Hands;

/// What is said where not all runs were made.
const IN_PART: &str = "nothing is compared by a part of the runs";

/// Runs a scenario by both engines and tells where they differ.
pub fn agree(args: &AgreeArgs) -> Said {
    let said = Said::default();
    if args.run.twice || args.run.html.is_some() {
        let err = "error: agree compares two engines; --twice and --html go with run\n".to_owned();
        return Said { err, code: exit::USAGE, ..said };
    }
    let Asked { world, luck, .. } = match asked(&args.run) {
        Ok(asked) => asked,
        Err(said) => return said,
    };
    let (from, to) = match run::between(&world, args.from.as_deref(), args.to.as_deref()) {
        Ok(times) => times,
        Err(problem) => return Said { err: format!("error: {problem}\n"), code: exit::USAGE, ..said },
    };
    let pairs = PairedRuns::new(&world, luck, from, to, args.replications);
    let runs = match all(&pairs) {
        Ok(Some(runs)) => runs,
        Ok(None) => return Said::interrupted(IN_PART),
        Err(problem) => return Said { err: format!("error: {problem}\n"), code: exit::SCENARIO, ..said },
    };
    let agreement = pairs.agreement(&runs);
    if args.run.json {
        // Plain data with text for keys: it can always be written.
        let json = serde_json::to_string_pretty(&agreement).expect("an agreement is plain data");
        return Said::out(json + "\n");
    }
    let look = terminal::look();
    let layout = text::Layout { width: look.width, colour: look.colour, replay: None };
    Said::out(text::render_agreement(&agreement, layout))
}

/// The runs of all steps in their order, however many cores there are; nothing where Ctrl-C was pressed.
fn all(pairs: &PairedRuns) -> Result<Option<Vec<(Run, Run)>>, firedrill::engine::Unfollowable> {
    interrupt::end_with(IN_PART);
    let mut pool = ThreadPool::new("both engines", None);
    pool.expect(pairs.steps());
    let runs = pool.all(pairs.steps(), |step| pairs.step(step));
    pool.done();
    runs.map(|runs| runs.into_iter().collect()).transpose()
}
