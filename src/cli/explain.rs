//! `explain`: the run again without each cause and each measure, on all cores.

use super::args::RunArgs;
use super::asked::{Asked, asked, replay};
use super::said::Said;
use super::thread_pool::ThreadPool;
use super::{costs, exit, files, interrupt, terminal};
use firedrill::drawing::Drawing;
use firedrill::explain::{Counterfactuals, Explanation, Thing};
use firedrill::replay::shell_word;
use firedrill::report::{html, text};
use firedrill::rng::Luck;
use firedrill::run::{Cost, Run, Traffic, run};
use firedrill::study::Hands;
use firedrill::world::World;
use serde::Serialize;
use std::sync::Arc;

/// What is said where not all runs were made.
const IN_PART: &str = "nothing can be explained by a part of the runs";

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
    if let Err(error) = files::claim(&args.html) {
        said.file_error(&error);
        return said;
    }
    interrupt::end_with(IN_PART);
    let Some(explanation) = explained(&world, luck) else {
        return Said::interrupted(IN_PART);
    };
    let told = run(&world, luck);
    let replay = replay(args, "explain");
    if let Some(path) = &args.html
        && let Err(error) = files::write(path, &page(&world, &told, &explanation, &replay))
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

fn page(world: &World, told: &Run, explanation: &Explanation, replay: &str) -> String {
    let design = (&Drawing::new(world), &told.moments.scenes(world, html::MOMENTS_MAX));
    html::render_with_design(&told.outcome, &told.story, Some(explanation), design, Some(replay))
}

fn explained(world: &Arc<World>, luck: Luck) -> Option<Explanation> {
    let counterfactuals = Counterfactuals::new(world, luck);
    let mut pool = ThreadPool::new("explaining", None);
    // Those without a step of the drill begin where that would have come.
    let runs = counterfactuals.singles().len() as f64 / 2.0;
    costs::tell(&Cost::of(world, Traffic::Flow), runs.max(1.0));
    let mut all = |left_out: &[Vec<Thing>]| {
        pool.expect(left_out.len());
        pool.all(left_out.len(), |index| counterfactuals.run(&left_out[index]))
    };
    let single_impacts = all(&counterfactuals.singles())?;
    let pairs = counterfactuals.pairs(&single_impacts);
    let left_out: Vec<Vec<Thing>> = pairs.iter().map(|pair| counterfactuals.pair(*pair)).collect();
    let pair_impacts = all(&left_out)?;
    pool.done();
    Some(counterfactuals.explain(&single_impacts, &pairs, &pair_impacts))
}
