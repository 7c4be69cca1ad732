//! What has to hold of a page, whatever the run.

use super::*;
use crate::report::{sample, sample_weeks};

/// Every tag of a page in order, and whether all that are opened are closed.
fn is_well_formed(page: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').ok_or("a tag is not closed")? + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap_or(tag));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
}

fn weeks() -> String {
    let (outcome, story) = sample_weeks::three_weeks();
    render(&outcome, &story, Some(&sample_weeks::explanation()), Some("firedrill run march.ron --seed 1"))
}

fn monday() -> String {
    let (outcome, story) = sample::monday_morning();
    render(&outcome, &story, None, Some("firedrill run monday.ron --seed 1"))
}

#[test]
fn a_page_is_well_formed_and_stands_alone() {
    for page in [weeks(), monday()] {
        assert_eq!(is_well_formed(&page), Ok(()));
        for word in ["http", "src=", "href=", "url(", "@import", "<script", "NaN", "inf\""] {
            assert!(!page.contains(word), "{word}");
        }
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    assert_eq!(weeks(), weeks());
}

#[test]
fn every_drawing_says_what_it_shows_and_has_its_data() {
    let page = weeks();
    let drawings = page.matches("<div class=\"drawing\">").count();
    assert_eq!(drawings, 5);
    assert_eq!(page.matches("<details class=\"data\">").count(), drawings);
    let images = page.matches("<svg ").count() - page.matches("aria-hidden=\"true\"").count();
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), images);
    // One table row for each of 504 bins, for each of three drawings.
    assert!(page.matches("<td>hour 503</td>").count() == 3);
}

#[test]
fn hostile_names_never_become_markup() {
    let hostile = "<script>alert(1)</script>\"' onload=x ]]>--></style></title>&lt;\u{1b}[31m\u{202e}\u{0}";
    let (mut outcome, mut story) = sample_weeks::three_weeks();
    let mut explanation = sample_weeks::explanation();
    let tags = |page: &str| page.matches('<').count();
    let calm = render(&outcome, &story, Some(&explanation), Some("x"));
    outcome.title.push_str(hostile);
    outcome.clock.zone.push_str(hostile);
    outcome.concurrency.regular_day.push_str(hostile);
    for day in &mut outcome.concurrency.days {
        day.label.push_str(hostile);
        day.features_ratio =
            std::mem::take(&mut day.features_ratio).into_iter().map(|(k, v)| (k + hostile, v)).collect();
    }
    outcome.people = std::mem::take(&mut outcome.people).into_iter().map(|(k, v)| (k + hostile, v)).collect();
    let hours = &mut outcome.hours;
    hours.moods = std::mem::take(&mut hours.moods).into_iter().map(|(k, v)| (k + hostile, v)).collect();
    hours.loads = std::mem::take(&mut hours.loads).into_iter().map(|(k, v)| (k + hostile, v)).collect();
    hours.bottleneck.iter_mut().flatten().for_each(|b| b.name.push_str(hostile));
    hours.at.iter_mut().for_each(|at| at.push_str(hostile));
    outcome.procedures = std::mem::take(&mut outcome.procedures).into_iter().map(|(k, v)| (k + hostile, v)).collect();
    outcome.procedures.values_mut().for_each(|m| m.does.push_str(hostile));
    outcome.provenance.strategy = Some(hostile.to_owned());
    outcome.provenance.assumptions[0].why.push_str(hostile);
    outcome.provenance.assumptions[1].path.push_str(hostile);
    story.iter_mut().for_each(|line| line.text.push_str(hostile));
    explanation.but_for.iter_mut().for_each(|thing| thing.name.push_str(hostile));
    explanation.interactions.iter_mut().for_each(|i| i.words.push_str(hostile));
    let page = render(&outcome, &story, Some(&explanation), Some(hostile));
    assert_eq!(is_well_formed(&page), Ok(()));
    assert_eq!(page.matches("<style>").count(), 1);
    assert!(!page.contains("<script") && !page.contains("\" onload") && !page.contains("-->"), "markup came through");
    assert!(!page.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'));
    // The regular day is no longer found by its name, so that its line is gone; nothing may come in.
    assert!(tags(&page) <= tags(&calm) + 8, "{} tags, {} without hostile names", tags(&page), tags(&calm));
}

#[test]
fn a_run_in_which_nothing_is_known_is_a_short_page() {
    let (mut outcome, _) = sample::monday_morning();
    outcome.people.clear();
    outcome.failovers.clear();
    outcome.maintenance.clear();
    outcome.procedures.clear();
    (outcome.hours, outcome.concurrency) = Default::default();
    outcome.services.clear();
    outcome.queues.clear();
    outcome.stores.clear();
    let page = render(&outcome, &[], None, None);
    assert_eq!(is_well_formed(&page), Ok(()));
    assert!(page.contains("Nobody was down or degraded.") && !page.contains("<svg"), "{page}");
}
