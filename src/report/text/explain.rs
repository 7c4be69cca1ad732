//! What each cause and each procedure was worth, as a retrospective: what the run came to, what it would have been, who and
//! what that was due to.

use super::charts::bar;
use super::line::{Ink, Line, wrap};
use super::origin;
use super::page::{Layout, Page};
use super::table::Table;
use crate::explain::{ButFor, Explanation, Role};
use crate::metrics::Outcome;
use crate::report::attribution;
use crate::report::clock::Clock;
use crate::report::format::{self, NOTHING};

/// Columns of a bar that is full.
const BAR_WIDTH: usize = 12;

/// Writes an explanation of a run.
pub fn render_explanation(outcome: &Outcome, explanation: &Explanation, layout: Layout) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    origin::head(&mut page, outcome, &Clock::new(outcome));
    explanation_sections(&mut page, explanation);
    origin::provenance(&mut page, outcome, layout.replay);
    page.out
}

/// The sections of an explanation.
fn explanation_sections(page: &mut Page, explanation: &Explanation) {
    page.section("What it came to, and what it would have come to");
    for sentence in attribution::summary(explanation) {
        for part in wrap(&sentence, page.width - 2) {
            page.line(Line::new().with(Ink::Plain, format!("  {part}")));
        }
    }
    let most = attribution::most(explanation);
    for (role, title, column) in
        [(Role::Cause, "What it was due to", "cause"), (Role::Response, "What the measures were worth", "measure")]
    {
        let things: Vec<&ButFor> = explanation.but_for.iter().filter(|b| b.role == role).collect();
        if !things.is_empty() {
            page.section(title);
            table(page, &things, column, most, explanation.currency.as_deref());
        }
        if let (Role::Cause, Some(why)) = (role, attribution::saving_causes(explanation)) {
            for part in wrap(&why, page.width - 2) {
                page.line(Line::new().with(Ink::Faint, format!("  {part}")));
            }
        }
    }
    let told: Vec<String> = explanation.interactions.iter().map(attribution::interaction).collect();
    if !told.is_empty() {
        page.section("What belongs together");
        for sentence in told {
            for (index, part) in wrap(&sentence, page.width - 4).into_iter().enumerate() {
                let mark = if index == 0 { "  · " } else { "    " };
                page.line(Line::new().with(Ink::Faint, mark).with(Ink::Plain, part));
            }
        }
    }
    page.blank();
    for part in wrap(&attribution::how(explanation), page.width - 2) {
        page.line(Line::new().with(Ink::Faint, format!("  {part}")));
    }
}

/// Causes or procedures by worth; those that changed nothing on one line.
fn table(page: &mut Page, things: &[&ButFor], column: &str, most: f64, currency: Option<&str>) {
    let (something, nothing): (Vec<&&ButFor>, Vec<&&ButFor>) =
        things.iter().partition(|b| !attribution::is_nothing(&b.impact));
    let mut titles = vec![column, "does", "user-minutes", "", ">p95 at|its peak", ">time degraded|or down"];
    titles.extend(currency.map(|_| ">in money"));
    let mut table = Table::new(&titles);
    for thing in something {
        let minutes = thing.impact.user_minutes();
        let ink = if minutes > 0.0 { Ink::Bad } else { Ink::Good };
        let share = if most > 0.0 { minutes.abs() / most } else { 0.0 };
        let does = if thing.does.is_empty() { NOTHING.to_owned() } else { thing.does.clone() };
        let mut row = vec![
            (Ink::Strong, thing.name.clone()),
            (Ink::Plain, does),
            (ink, attribution::cost_or_saved(minutes)),
            (ink, bar(share, BAR_WIDTH)),
            change(thing.impact.p95_peak_s, format::latency),
            change(thing.impact.degraded_s, format::length),
        ];
        row.extend(currency.map(|currency| {
            let money = thing.impact.money;
            let ink = if money.is_some_and(|money| money > 0.0) { Ink::Bad } else { Ink::Good };
            (ink, attribution::in_money(money, currency))
        }));
        table.row(row);
    }
    if !table.is_empty() {
        table.write(page);
    }
    if !nothing.is_empty() {
        let names: Vec<&str> = nothing.iter().map(|b| b.name.as_str()).collect();
        for part in wrap(&format!("Worth nothing in this run: {}.", names.join(", ")), page.width - 2) {
            page.line(Line::new().with(Ink::Faint, format!("  {part}")));
        }
    }
}

fn change(seconds: f64, words: fn(f64) -> String) -> (Ink, String) {
    (if seconds == 0.0 { Ink::Faint } else { Ink::Plain }, attribution::change(seconds, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Impact;
    use crate::report::{sample, sample_weeks};

    fn rendered(width: usize) -> String {
        let (outcome, _) = sample_weeks::three_weeks();
        let replay = Some("firedrill explain march.ron --seed 1");
        let layout = Layout { width, colour: false, replay };
        let out = render_explanation(&outcome, &sample_weeks::explanation(), layout);
        for line in out.lines() {
            assert!(super::super::width(line) <= width, "wider than {width}: {line}");
        }
        out
    }

    #[test]
    fn an_explanation_at_100_columns() {
        insta::assert_snapshot!(rendered(100));
    }

    #[test]
    fn an_explanation_at_80_columns() {
        insta::assert_snapshot!(rendered(80));
    }

    #[test]
    fn a_run_in_which_nothing_was_worth_anything_is_short() {
        let (outcome, _) = sample::monday_morning();
        let nothing = Impact::default();
        let explanation = Explanation {
            run: nothing,
            without_causes: nothing,
            without_responses: nothing,
            but_for: Vec::new(),
            interactions: Vec::new(),
            currency: None,
            runs: 1,
        };
        let out = render_explanation(&outcome, &explanation, Layout { width: 80, colour: false, replay: None });
        assert!(out.contains("Nobody was hurt"), "{out}");
        assert!(!out.contains("What it was due to") && !out.contains("NaN"), "{out}");
    }

    #[test]
    fn hostile_names_of_causes_do_not_reach_the_terminal() {
        let (outcome, _) = sample::monday_morning();
        let mut explanation = sample_weeks::explanation();
        for thing in &mut explanation.but_for {
            thing.name.push_str("\u{1b}[31m\u{202e}\n");
            thing.does.push_str("\u{9b}31m");
        }
        explanation.interactions[0].words.push('\u{1b}');
        let out = render_explanation(&outcome, &explanation, Layout { width: 80, colour: false, replay: None });
        assert!(!out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{out}");
    }
}
