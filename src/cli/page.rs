//! The page of a study: what it says, with the stories of its worst runs and everything that is needed to make it again.

use firedrill::report::html;
use firedrill::rng::Luck;
use firedrill::run::run;
use firedrill::study::{Comparison, Study};

/// Stories of worst runs that a page tells.
const STORIES_MAX: usize = 6;

/// The page of a study.
pub fn study_page(study: &Study, comparison: &Comparison, replay: Option<&str>) -> String {
    let worst = comparison.designs.iter().take(STORIES_MAX).filter_map(|design| {
        let worst = design.worst.first()?;
        let luck = Luck { seed: study.protocol.seed, replication: worst.replication };
        Some((design.index, run(&study.designs[design.index].world, luck)))
    });
    let stories: Vec<_> = worst.collect();
    html::render_comparison(comparison, &study.protocol, &stories, replay)
}
