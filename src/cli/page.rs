//! The page of a study: what it says, with the stories of its worst runs and everything that is needed to make it again.

use super::interrupt;
use firedrill::drawing::Drawing;
use firedrill::report::html;
use firedrill::rng::Luck;
use firedrill::run::run_unless;
use firedrill::study::{Comparison, End, Study};

/// Stories of worst runs that a page tells.
const STORIES_MAX: usize = 6;

/// The page of a study; nothing where somebody has ended it meanwhile. A study that was ended by hand tells no stories: nobody
/// waits for more runs.
pub fn study_page(study: &Study, comparison: &Comparison, replay: Option<&str>) -> Option<String> {
    let stories = if comparison.ended == End::Interrupted { 0 } else { STORIES_MAX };
    let worst = comparison.designs.iter().take(stories).filter_map(|design| {
        let worst = design.worst.first()?;
        let luck = Luck { seed: study.protocol.seed, replication: worst.replication };
        let told = run_unless(interrupt::asked, &study.designs[design.index].world, luck);
        Some(told.map(|told| (design.index, told)))
    });
    let stories: Vec<_> = worst.collect::<Option<_>>()?;
    let drawn = |design: &firedrill::study::DesignOutcome| {
        (design.label.clone(), Drawing::new(&study.designs[design.index].world))
    };
    let designs: Vec<_> = comparison.designs.iter().take(html::DESIGNS_MAX).map(drawn).collect();
    Some(html::render_comparison_with_designs(comparison, &study.protocol, &stories, &designs, replay))
}
