//! `explain`: the run again without each cause and each measure, on all cores.

use super::args::RunArgs;
use super::{Asked, Said, asked, exit, files, replay, shell_word, terminal};
use firedrill::explain::{Explanation, Plan, Thing, Worth};
use firedrill::report::{html, text};
use firedrill::rng::Luck;
use firedrill::run::run;
use firedrill::world::World;
use serde::Serialize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Explains a run.
pub fn explain(args: &RunArgs) -> Said {
    let mut said = Said::default();
    if args.twice {
        return Said {
            err: "error: --twice compares two runs; use it with run\n".to_owned(),
            code: exit::USAGE,
            ..said
        };
    }
    let Asked { world, luck, .. } = match asked(args) {
        Ok(asked) => asked,
        Err(said) => return said,
    };
    let explanation = explained(&world, luck);
    let told = run(&world, luck);
    let replay = replay(args, "explain");
    if let Some(path) = &args.html
        && let Err(error) =
            files::write(path, &html::render(&told.outcome, &told.story, Some(&explanation), Some(&replay)))
    {
        said.file_error(&error);
    }
    if args.json {
        #[derive(Serialize)]
        struct Explained<'a> {
            provenance: &'a firedrill::metrics::Provenance,
            explanation: &'a Explanation,
        }
        let all = Explained { provenance: &told.outcome.provenance, explanation: &explanation };
        let json = serde_json::to_string_pretty(&all);
        // Plain data with text for keys: it can always be written.
        said.out = json.expect("an explanation is plain data") + "\n";
        return said;
    }
    let look = terminal::look();
    let layout = text::Layout { width: look.width, colour: look.colour, replay: Some(&replay) };
    said.out = text::render_explanation(&told.outcome, &explanation, layout);
    if let (Some(path), true) = (&args.html, said.err.is_empty()) {
        said.out.push_str(&format!("\nwrote {}; open it in a browser\n", shell_word(&path.display().to_string())));
    }
    said
}

fn explained(world: &World, luck: Luck) -> Explanation {
    let plan = Plan::new(world, luck);
    let singles = plan.singles();
    let progress = terminal::Progress::new("explaining", singles.len());
    let single_worths = all(&plan, &singles, &progress);
    let pairs = plan.pairs(&single_worths);
    progress.more(pairs.len());
    let left_out: Vec<Vec<Thing>> = pairs.iter().map(|pair| plan.pair(*pair)).collect();
    let pair_worths = all(&plan, &left_out, &progress);
    progress.done();
    plan.explain(&single_worths, &pairs, &pair_worths)
}

/// Runs all of them on all cores; the results come in the order of the question, whoever was first.
fn all(plan: &Plan, left_out: &[Vec<Thing>], progress: &terminal::Progress) -> Vec<Worth> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(left_out.len().max(1));
    if threads <= 1 {
        // Not every platform has threads.
        let one = |set: &Vec<Thing>| {
            let worth = plan.run(set);
            progress.step();
            worth
        };
        return left_out.iter().map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(set) = left_out.get(index) else { break };
                    // Nobody listens any more only when everything is over.
                    let _ = send.send((index, plan.run(set)));
                }
            });
        }
        drop(send);
        let mut worths = vec![Worth::default(); left_out.len()];
        for (index, worth) in receive {
            worths[index] = worth;
            progress.step();
        }
        worths
    })
}
