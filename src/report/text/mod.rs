//! A run as text for a terminal: what users lived through first, then how it came about, then the numbers.
//!
//! Plain data in, text out. Every name is cleaned before it is written, colour is never the only sign of anything, and
//! sections without content are left out.

mod agree;
mod charts;
mod compare;
mod differences;
mod explain;
mod line;
mod money;
mod numbers;
mod origin;
mod page;
mod rare;
mod response;
mod review;
mod sign;
mod strip;
mod table;
mod timeline;
mod verdict;
mod weakness;
mod weeks;
mod windows;

use crate::metrics::{Outcome, StoryLine};
use crate::report::clock::Clock;
use page::Page;

pub use agree::render_agreement;
pub(crate) use charts::{ended, need_to_effect};
pub use compare::{Lists, render_comparison};
pub use differences::render_differences;
pub use explain::render_explanation;
pub(crate) use line::cut;
pub use line::{clean, width};
pub use page::Layout;
pub use rare::render_rare;
pub use review::render_review;
pub use weakness::render_found;
pub use windows::render_windows;

/// Writes the report of one run.
pub fn render(outcome: &Outcome, story: &[StoryLine], layout: Layout) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    let clock = Clock::new(outcome);
    origin::head(&mut page, outcome, &clock);
    strip::write(&mut page, outcome, story, &clock);
    origin::cut_short(&mut page, outcome, &["people.", "maintenance"]);
    charts::days(&mut page, outcome);
    charts::narrow(&mut page, outcome, &clock);
    timeline::write(&mut page, story, &clock);
    origin::cut_short(&mut page, outcome, &["timeline"]);
    charts::procedures(&mut page, outcome, &clock);
    numbers::people(&mut page, outcome);
    response::communication(&mut page, outcome, &clock);
    response::failovers(&mut page, outcome, &clock);
    origin::cut_short(&mut page, outcome, &["failovers"]);
    numbers::queues(&mut page, outcome, &clock);
    origin::cut_short(&mut page, outcome, &["queues"]);
    numbers::stores(&mut page, outcome, &clock);
    origin::cut_short(&mut page, outcome, &["stores"]);
    response::maintenance(&mut page, outcome);
    origin::cut_short(&mut page, outcome, &["maintenance"]);
    numbers::overloads(&mut page, outcome, &clock);
    origin::cut_short(&mut page, outcome, &["services"]);
    response::metastable(&mut page, outcome, &clock);
    origin::cut_short(&mut page, outcome, &["metastable"]);
    money::write(&mut page, outcome);
    origin::warnings(&mut page, outcome);
    origin::assumptions(&mut page, outcome);
    origin::provenance(&mut page, outcome, layout.replay);
    page.out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, sample_weeks};

    fn fitting(width: usize, (outcome, story): (Outcome, Vec<StoryLine>)) -> String {
        let replay = Some("firedrill run monday.ron --seed 1");
        let out = render(&outcome, &story, Layout { width, colour: false, replay });
        for line in out.lines() {
            assert!(line::width(line) <= width, "wider than {width}: {line}");
        }
        out
    }

    fn rendered(width: usize) -> String {
        fitting(width, sample::monday_morning())
    }

    #[test]
    fn three_weeks_at_100_columns() {
        insta::assert_snapshot!(fitting(100, sample_weeks::three_weeks()));
    }

    #[test]
    fn three_weeks_fit_in_80_columns() {
        let out = fitting(80, sample_weeks::three_weeks());
        assert!(out.contains("the worst of each 4 h; │ midnight"), "{out}");
    }

    #[test]
    fn a_run_at_80_columns() {
        insta::assert_snapshot!(rendered(80));
    }

    #[test]
    fn a_run_at_100_columns() {
        insta::assert_snapshot!(rendered(100));
    }

    #[test]
    fn plain_text_has_no_escapes_and_colour_says_nothing_else() {
        let (outcome, story) = sample::monday_morning();
        let colour = render(&outcome, &story, Layout { width: 100, colour: true, replay: None });
        let plain = render(&outcome, &story, Layout { width: 100, colour: false, replay: None });
        assert!(colour.contains('\u{1b}') && !plain.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&colour).to_string(), plain);
    }

    #[test]
    fn hostile_names_do_not_reach_the_terminal() {
        let (mut outcome, mut story) = sample::monday_morning();
        let hostile = "\u{1b}]0;x\u{7}\u{202e}\r\n\u{9b}31m";
        outcome.title.push_str(hostile);
        outcome.clock.zone.push_str(hostile);
        let people = outcome.people.remove("oslo schools").unwrap();
        outcome.people.insert(hostile.to_owned(), people);
        outcome.failovers[0].group.push_str(hostile);
        outcome.failovers[0].failure = Some(hostile.to_owned());
        outcome.maintenance[0].plan.push_str(hostile);
        outcome.provenance.assumptions[0].why.push_str(hostile);
        outcome.provenance.strategy = Some(hostile.to_owned());
        story.iter_mut().for_each(|line| line.text.push_str(hostile));
        let out = render(&outcome, &story, Layout { width: 80, colour: false, replay: Some(hostile) });
        assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out}");
        assert!(!out.contains('\u{202e}'));
    }

    #[test]
    fn nothing_happened_is_a_short_report() {
        let (mut outcome, _) = sample::monday_morning();
        outcome.people.clear();
        outcome.failovers.clear();
        outcome.queues.clear();
        outcome.stores.clear();
        outcome.maintenance.clear();
        outcome.services.clear();
        outcome.communication = Default::default();
        outcome.provenance.assumptions.clear();
        insta::assert_snapshot!(render(&outcome, &[], Layout { width: 80, colour: false, replay: None }));
    }
}
