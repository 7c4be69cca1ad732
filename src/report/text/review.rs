//! A review on the terminal.

use super::line::{Ink, Line, wrap};
use super::page::{Layout, Page};
use super::table::Table;
use crate::rehearse::review::{Reply, Review};
use crate::report::review as words;

/// Columns that keep what was done.
const WHAT_MAX: usize = 44;

/// Writes a review.
pub fn render_review(review: &Review, layout: Layout) -> String {
    let mut page = Page::new(layout.width, layout.colour);
    for line in wrap(&review.title, page.width) {
        page.line(Line::new().with(Ink::Strong, line));
    }
    let which = format!("{}: {} to {}", review.branch, review.played.0, review.played.1);
    page.line(Line::new().with(Ink::Faint, which));
    page.blank();
    sentences(&mut page, &words::lede(review), Ink::Plain);
    page.section("The times that count");
    for (name, time) in words::times(review) {
        let mut line = Line::new().with(Ink::Faint, format!("  {name}"));
        line.pad(26);
        page.line(line.with(Ink::Plain, time));
    }
    page.blank();
    let mut table = Table::new(&["", ">down for", ">worse off for", ">user-minutes lost"]);
    for (name, restored, recovered, lost) in words::milestones(review) {
        table.row(vec![
            (Ink::Plain, name.to_owned()),
            (Ink::Plain, restored),
            (Ink::Plain, recovered),
            (Ink::Bad, words::minutes(lost)),
        ]);
    }
    table.write(&mut page);
    let expected = |one: &crate::rehearse::review::Expected| {
        let [at, what, came] = words::expected(one);
        format!("{at}: {what}: {came}")
    };
    list(&mut page, "What was expected", &review.expected.iter().map(expected).collect::<Vec<String>>());
    decisions(&mut page, review);
    replies(&mut page, review);
    list(&mut page, "What misled", &misled(review));
    list(&mut page, "Three questions", &review.talk.questions);
    list(&mut page, "What went well", &review.talk.strengths);
    list(&mut page, "To work on", &review.talk.to_improve);
    if let Some(next) = &review.talk.next {
        list(&mut page, "Next time", std::slice::from_ref(next));
    }
    if let Some(command) = layout.replay {
        page.section("To get this again");
        page.line(Line::new().with(Ink::Faint, "  replay  ").with(Ink::Strong, command));
        page.line(Line::new().with(Ink::Faint, format!("  digest  {}", review.digest)));
    }
    page.out
}

fn sentences(page: &mut Page, text: &str, ink: Ink) {
    for line in wrap(text, page.width.saturating_sub(2)) {
        page.line(Line::new().with(Ink::Plain, "  ").with(ink, line));
    }
}

fn list(page: &mut Page, title: &str, sentences: &[String]) {
    if sentences.is_empty() {
        return;
    }
    page.section(title);
    for sentence in sentences {
        for (i, line) in wrap(sentence, page.width.saturating_sub(4)).into_iter().enumerate() {
            page.line(Line::new().with(Ink::Faint, if i == 0 { "  · " } else { "    " }).with(Ink::Plain, line));
        }
    }
}

fn decisions(page: &mut Page, review: &Review) {
    page.section("What each decision was worth");
    if review.decisions.is_empty() {
        sentences(page, "Nothing was done that could change what users lived through.", Ink::Plain);
        return;
    }
    let mut table = Table::new(&["what", "when", "seat", ">user-minutes", ">under other luck", ">earlier"]);
    table = table.keeping_names(WHAT_MAX);
    for decision in &review.decisions {
        let [at, seat, what, saved, luck, _] = words::decision(decision);
        let ink = if decision.saved.here < 0.0 { Ink::Bad } else { Ink::Good };
        table.row(vec![
            (Ink::Plain, what),
            (Ink::Faint, at),
            (Ink::Faint, seat),
            (ink, saved),
            (Ink::Faint, luck),
            (Ink::Plain, words::saved(&decision.earlier)),
        ]);
    }
    table.write(page);
    sentences(page, &words::how(review), Ink::Faint);
}

fn replies(page: &mut Page, review: &Review) {
    page.section("The best reply");
    if let Some(sentence) = words::no_return(review) {
        sentences(page, &sentence, Ink::Plain);
    }
    reply(page, "By what could be seen, from the first sign on", &review.best_reply);
    reply(page, "With hindsight", &review.with_hindsight);
}

fn reply(page: &mut Page, title: &str, reply: &Reply) {
    let from = format!(
        "{title} ({}): {} user-minutes instead of {}",
        reply.at,
        words::minutes(reply.lost),
        words::minutes(reply.lost_without)
    );
    sentences(page, &from, Ink::Strong);
    if reply.steps.is_empty() {
        sentences(page, "  nothing of what the file offers would have helped", Ink::Faint);
    }
    for (i, step) in reply.steps.iter().enumerate() {
        sentences(page, &format!("  {}. {}", i + 1, step.what), Ink::Plain);
    }
    if let Some(sentence) = words::judged_by(reply) {
        sentences(page, &sentence, Ink::Faint);
    }
}

/// What misled, as sentences.
fn misled(review: &Review) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (led, others) = words::false_alarms(review);
    for misled in led {
        found.push(format!("{}: false alarm, {}; then: {}", misled.at, misled.says, misled.then.join("; ")));
    }
    found.extend(others);
    found.extend(review.promises.iter().map(|p| format!("{}: users were told “{}”, but {}", p.at, p.text, p.but)));
    if !review.never_looked_at.is_empty() {
        found.push(format!("nobody looked at {}", review.never_looked_at.join(", ")));
    }
    found
}
