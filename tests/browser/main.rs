//! People play October in a real browser: a facilitator and four seats. Needs chromium and its driver: `.ci/browser`.
#![allow(clippy::disallowed_methods, reason = "browsers and people live by the clock on the wall")]

mod driver;
#[path = "../served/mod.rs"]
mod served;

use driver::{Browser, Window, until};
use served::{Served, folder};
use std::fs;
use std::time::Duration;

const OCTOBER: &str = include_str!("../../scenarios/itslearning-2016-10.ron");
/// A review is ready a minute after the end at the latest.
const REVIEW_WITHIN: Duration = Duration::from_secs(60);
const HOSTILE: &str = "<img src=x onerror=\"document.title='pwned'\">";

fn sit<'b>(browser: &'b Browser, served: &Served, seat: &str, who: &str) -> Window<'b> {
    let window = browser.open(&format!("http://{}/#{}", served.host, served.token(seat)));
    window.sees(&format!("You sit at: {seat}"));
    window.types("who", who);
    window.press("Sit down");
    window.sees("Dashboards");
    window
}

/// The clock of a page has got there.
fn reaches(window: &Window, clock: &str) {
    until(clock, || {
        let now = window.find("return document.querySelector('.now').textContent");
        (now.as_str()? >= clock).then_some(())
    });
}

/// Goes to a button by keyboard alone, and presses it.
fn by_keyboard(window: &Window, name: &str) {
    let focused = "return document.activeElement.getAttribute('aria-label') ?? ''";
    let found = (0..200).any(|_| {
        window.keys("\u{e004}");
        window.find(focused).as_str().is_some_and(|label| label.starts_with(name))
    });
    assert!(found, "no key leads to {name}");
    window.keys("\u{e007}");
}

/// Nothing that somebody typed has become more than text.
fn no_markup_runs(window: &Window) {
    let title = window.find("return document.title");
    assert!(title.as_str().unwrap().ends_with("firedrill rehearsal"), "{title}");
    assert_eq!(window.find("return document.querySelectorAll('main img, main script, main iframe').length"), 0);
    // Whatever can be pressed or filled in has a name that can be read out.
    let nameless = "return [...document.querySelectorAll('button, input, select, textarea, a')].filter((node) => \
        !node.textContent.trim() && !node.getAttribute('aria-label') && !node.labels?.length).map((n) => n.outerHTML)";
    assert_eq!(window.find(nameless), serde_json::json!([]));
}

#[test]
#[ignore = "needs chromium: .ci/browser"]
fn october_is_played_by_five() {
    let folder = folder("browser");
    let file = folder.join("october.ron");
    fs::write(&file, OCTOBER).unwrap();
    let served = Served::start(&file);
    let browser = Browser::start(&folder.join("profile"));
    let [fay, ivy, ada, cy, obi] = [
        ("facilitator", "Fay"),
        ("incident commander", "Ivy"),
        ("operations", "Ada"),
        ("communications", "Cy"),
        ("observer", HOSTILE),
    ]
    .map(|(seat, who)| sit(&browser, &served, seat, who));
    fay.press("Run at 60 ");

    // Something fails at 14:31. What can be seen of it comes later.
    ada.sees("of requests fail");
    ada.press("oslo students");
    until("a drawing", || {
        let drawn = ada.find("return document.querySelector('.chart .curve')?.getAttribute('d')");
        (drawn.as_str()?.len() > 10).then_some(())
    });
    // Whoever types keeps the focus and the words while the screen changes.
    ada.types("say", "half a wor");
    reaches(&ada, "14:40:00");
    let typed = ada.find("return document.activeElement.name + ': ' + document.activeElement.value");
    assert_eq!(typed, "say: half a wor");
    ada.press("Order take over by hand");
    ada.press("Press again to confirm: Order take over by hand");
    ada.sees("orders: take over by hand");
    let acted = served.log().into_iter().find(|entry| entry["deed"].get("order").is_some()).unwrap();
    assert!(acted["at"].as_str().unwrap().contains(" 14:4"), "{acted}");
    assert_eq!((&acted["seat"], &acted["who"]), (&"operations".into(), &"Ada".into()));

    cy.sees("Is it us or is it you?");
    cy.types("tell", "We are working on it.");
    cy.press("Tell the users");
    ivy.sees("We are working on it.");
    obi.types("say", HOSTILE);
    obi.press("Say");
    for window in [&fay, &ivy, &ada, &cy, &obi] {
        window.sees(&format!("observer ({HOSTILE})"));
        no_markup_runs(window);
    }

    // A page that is loaded anew is where it was, and does not ask who somebody is.
    ivy.types("think", "the storage in Oslo");
    ivy.press("Note it");
    ivy.sees("thinks: the storage in Oslo");
    ivy.reload();
    ivy.sees("thinks: the storage in Oslo");
    ivy.sees("We are working on it.");

    by_keyboard(&fay, "Run at 300 ");
    reaches(&ivy, "16:00:00");
    fay.press("Pause the clock");
    fay.sees("stands");
    ada.sees("in effect");
    ivy.sees("When will it be back?");

    // Back to the failure, by a line of the story: what came after it is another branch.
    fay.press("14:31:00");
    fay.types("branch", "once more");
    fay.press("Go back");
    fay.press("Press again to confirm: Go back");
    fay.sees("once more from 14:31:00 is played now");
    ada.sees_no_more("orders: take over by hand");
    ada.sees("14:31:00");

    fay.press("End the play");
    fay.press("Press again to confirm: End the play");
    for window in [&ivy, &obi, &fay, &ada] {
        window.sees("Play is over.");
        no_markup_runs(window);
    }
    ada.press("Make the review");
    ada.sees_within(REVIEW_WITHIN, "Open it");
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
}
