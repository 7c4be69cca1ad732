//! A review as Markdown, in the parts of an after-action report and improvement plan.

use super::review as words;
use super::text::clean;
use crate::rehearse::review::{Reply, Review};
use std::fmt::Write as _;

/// Writes a review, with the command that makes it again.
pub fn render_review(review: &Review, replay: Option<&str>) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# After-action report: {}\n", safe(&review.title));
    let _ = writeln!(
        out,
        "Played from {} to {}, branch “{}”.\n",
        safe(&review.played.0),
        safe(&review.played.1),
        safe(&review.branch)
    );
    let _ = writeln!(out, "{}\n", safe(&words::lede(review)));
    list(&mut out, "What was to be learned", &review.learning);
    out.push_str("## The times that count\n\n| | |\n|---|---|\n");
    for (name, time) in words::times(review) {
        let _ = writeln!(out, "| {name} | {} |", safe(&time));
    }
    out.push_str("\n| | down for | worse off for | user-minutes lost |\n|---|---:|---:|---:|\n");
    for (name, restored, recovered, lost) in words::milestones(review) {
        let _ = writeln!(out, "| {name} | {} | {} | {} |", safe(&restored), safe(&recovered), words::minutes(lost));
    }
    expected(&mut out, review);
    decisions(&mut out, review);
    out.push_str("\n## The best reply\n\n");
    if let Some(sentence) = words::no_return(review) {
        let _ = writeln!(out, "{}\n", safe(&sentence));
    }
    reply(&mut out, "By what could be seen", &review.best_reply);
    reply(&mut out, "With hindsight", &review.with_hindsight);
    misled(&mut out, review);
    list(&mut out, "Questions for the hot wash", &review.talk.questions);
    list(&mut out, "Strengths", &review.talk.strengths);
    list(&mut out, "Areas for improvement", &review.talk.to_improve);
    out.push_str("## Improvement plan\n\n| corrective action | owner | by when |\n|---|---|---|\n");
    for action in &review.talk.corrective_actions {
        let _ = writeln!(out, "| {} | | |", safe(action));
    }
    out.push_str("| | | |\n\n");
    list(&mut out, "The drill of next time", review.talk.next.as_slice());
    story(&mut out, review);
    if let Some(command) = replay {
        let _ = writeln!(
            out,
            "## To get this again\n\n```sh\n{}\n```\n\nDigest {}.",
            clean(command).replace('`', ""),
            safe(&review.digest)
        );
    }
    out
}

/// Text that is no markup: whatever means something to Markdown or to HTML is escaped.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn list(out: &mut String, title: &str, sentences: &[String]) {
    if sentences.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {title}\n");
    for sentence in sentences {
        let _ = writeln!(out, "- {}", safe(sentence));
    }
    out.push('\n');
}

fn expected(out: &mut String, review: &Review) {
    if review.expected.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## What was expected\n\n| {} |\n|---|---|---|", words::EXPECTED.join(" | "));
    for expected in &review.expected {
        let cells: Vec<String> = words::expected(expected).iter().map(|cell| safe(cell)).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

fn decisions(out: &mut String, review: &Review) {
    out.push_str("\n## What each decision was worth\n\n");
    if review.decisions.is_empty() {
        out.push_str("Nothing was done that could change what users lived through.\n");
        return;
    }
    let _ = writeln!(out, "| {} |\n|---|---|---|---:|---:|---:|", words::DECISIONS.join(" | "));
    for decision in &review.decisions {
        let cells: Vec<String> = words::decision(decision).iter().map(|cell| safe(cell)).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    let _ = writeln!(out, "\n{}", safe(&words::how(review)));
}

fn reply(out: &mut String, title: &str, reply: &Reply) {
    let (with, without) = (words::minutes(reply.lost), words::minutes(reply.lost_without));
    let _ = writeln!(out, "**{title}**, from {}: {with} user-minutes lost instead of {without}.\n", safe(&reply.at));
    for (i, step) in reply.steps.iter().enumerate() {
        let _ = writeln!(out, "{}. {}", i + 1, safe(&step.what));
    }
    if reply.steps.is_empty() {
        out.push_str("Nothing of what the file offers would have helped.\n");
    }
    if let Some(sentence) = words::judged_by(reply) {
        let _ = writeln!(out, "\n{}", safe(&sentence));
    }
    out.push('\n');
}

fn misled(out: &mut String, review: &Review) {
    let (led, others) = words::false_alarms(review);
    let told = led.into_iter().map(|m| format!("{}: false alarm, {}; then: {}", m.at, m.says, m.then.join("; ")));
    let mut found: Vec<String> = told.chain(others).collect();
    found.extend(review.promises.iter().map(|p| format!("{}: users were told “{}”, but {}", p.at, p.text, p.but)));
    found.extend(review.never_looked_at.iter().map(|name| format!("nobody looked at {name}")));
    list(out, "What misled", &found);
}

fn story(out: &mut String, review: &Review) {
    out.push_str("## The story\n\n| when | | who | what |\n|---|---|---|---|\n");
    for moment in &review.story {
        let lane = words::lane(moment.lane);
        let note = if moment.is_false && moment.who == "alert" { " (false)" } else { "" };
        let _ =
            writeln!(out, "| {} | {lane} | {} | {}{note} |", safe(&moment.at), safe(&moment.who), safe(&moment.text));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_players_type_is_text() {
        let hostile = "<img src=x onerror=1> | [a](javascript:1)\n# `x` *y*";
        let safe = super::safe(hostile);
        assert!(!safe.contains('<') && !safe.contains('\n'), "{safe}");
        assert!(safe.contains("\\|") && safe.contains("\\[a\\]") && safe.contains("\\`x\\`"), "{safe}");
    }
}
