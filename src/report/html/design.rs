//! The design as a picture, and what was down in it: a run's page goes through time without a script, by buttons of which one
//! is pressed.

use super::markup::Html;
use crate::drawing::{Drawing, Scene, Scenes};
use crate::observe::ServiceLevel;
use crate::report::picture;

/// Moments that a page shows; `page.css` knows as many.
pub const MOMENTS_MAX: usize = 40;
/// How to use it.
pub const NOTE: &str = "What was down when: press a moment, or go through them with the arrow keys.";
/// Designs of a study that are drawn.
pub const DESIGNS_MAX: usize = 6;

/// A design at the start of its runs.
pub fn still(html: &mut Html, drawing: &Drawing) {
    let calm = [Default::default()];
    html.within("div", &[("class", &"drawing")], |html| picture::inside(html, drawing, &calm));
}

/// A design in the moments of a run.
pub fn scrubbed(html: &mut Html, drawing: &Drawing, scenes: &Scenes) {
    let shown = &scenes.scenes[..scenes.scenes.len().min(MOMENTS_MAX)];
    if shown.len() < 2 {
        html.say("p", &[("class", &"faint")], "Nothing of it went down in this run.");
        return still(html, drawing);
    }
    let left_out = scenes.of.saturating_sub(shown.len());
    html.within("div", &[("class", &"scrub")], |html| {
        let mut day = "";
        for (index, scene) in shown.iter().enumerate() {
            let id = format!("moment{index}");
            let mut attributes: Vec<(&'static str, &dyn std::fmt::Display)> =
                vec![("type", &"radio"), ("name", &"moment"), ("id", &id)];
            if index == scenes.worst {
                attributes.push(("checked", &"checked"));
            }
            html.empty("input", &attributes);
            let (of_day, time) = scene.when.rsplit_once(' ').unwrap_or(("", &scene.when));
            let words = if of_day == day { time.to_owned() } else { scene.when.clone() };
            day = of_day;
            html.say("label", &[("for", &id), ("class", &worst_of(scene))], words);
        }
        for (index, scene) in shown.iter().enumerate() {
            html.within("div", &[("class", &format!("moment at at{index}"))], |html| {
                html.say("b", &[], &scene.when);
                html.say("p", &[], picture::told(drawing, &scene.state).join(" "));
            });
        }
        let states: Vec<_> = shown.iter().map(|scene| scene.state.clone()).collect();
        html.within("div", &[("class", &"drawing")], |html| picture::inside(html, drawing, &states));
    });
    if let Some(when) = &scenes.not_after {
        html.say("p", &[("class", &"faint")], format!("More happened than is kept: from {when} on nothing is shown."));
    }
    if left_out > 0 {
        let words = match left_out {
            1 => "One more moment is not shown: fewer people felt it, or less changed.".to_owned(),
            many => format!("{many} more moments are not shown: fewer people felt them, or less changed."),
        };
        html.say("p", &[("class", &"faint")], words);
    }
}

/// How bad it is for whom it is worst.
fn worst_of(scene: &Scene) -> &'static str {
    match scene.state.people.values().max() {
        Some(ServiceLevel::Down) => "down",
        Some(ServiceLevel::Degraded) => "degraded",
        Some(ServiceLevel::Stale) => "stale",
        _ => "fine",
    }
}

/// The designs of a study by their names, the best first: that one open, the others folded.
pub fn several(html: &mut Html, designs: &[(String, Drawing)]) {
    for (index, (label, drawing)) in designs.iter().enumerate() {
        if index == 0 {
            html.say("h3", &[], label);
            still(html, drawing);
        } else {
            html.within("details", &[], |html| {
                html.say("summary", &[], label);
                still(html, drawing);
            });
        }
    }
}
