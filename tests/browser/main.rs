//! People play October in a real browser: a facilitator and four seats. Needs chromium and its driver: `.ci/browser`.
#![allow(clippy::disallowed_methods, reason = "browsers and people live by the clock on the wall")]

mod driver;
#[path = "../served/mod.rs"]
mod served;

use driver::{Browser, Window, until};
use served::{Served, folder};
use std::fs;
use std::path::{Path, PathBuf};

const OCTOBER: &str = include_str!("../../scenarios/itslearning-2016-10.ron");
/// Who sits there is asked by the test, whatever the shipped file says.
const REHEARSAL: &str = r#"    rehearsal: (
        about: "You run a learning platform from two sites.",
        from: "Mon 14:25", to: "Mon 18:00",
        injects: [(at: "Mon 14:35", from: "CEO", to: ["incident commander"], says: "What do I tell the board?")],
    ),
"#;
const HOSTILE: &str = "<img src=x onerror=\"document.title='pwned'\">";

/// October with the rehearsal of this test.
fn october(folder: &Path) -> PathBuf {
    let mut lines: Vec<&str> = OCTOBER.trim_end().lines().collect();
    if let Some(begin) = lines.iter().position(|line| line.starts_with("    rehearsal: (")) {
        let length = lines[begin..].iter().position(|line| *line == "    ),").unwrap();
        lines.drain(begin..=begin + length);
    }
    lines.pop_if(|line| *line == ")").expect("the end of the scenario");
    let file = folder.join("october.ron");
    fs::write(&file, lines.join("\n") + "\n" + REHEARSAL + ")\n").unwrap();
    file
}

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
    let served = Served::start(&october(&folder));
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
    ivy.sees("What do I tell the board?");
    reaches(&ada, "14:40:00");
    let typed = ada.find("return document.activeElement.name + ': ' + document.activeElement.value");
    assert_eq!(typed, "say: half a wor");
    ada.press("Switch over oslo/storage to oslo/array b");
    ada.press("Press again to confirm: Switch over oslo/storage");
    ada.sees("switches oslo/storage over to oslo/array b");
    let acted = served.log().into_iter().find(|entry| entry["deed"].get("switch_over").is_some()).unwrap();
    assert!(acted["at"].as_str().unwrap().contains(" 14:4"), "{acted}");
    assert_eq!((&acted["seat"], &acted["who"]), (&"operations".into(), &"Ada".into()));

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

    // Back to the failure, by a line of the story: what came after it is another branch.
    fay.press("14:31:00");
    fay.types("branch", "once more");
    fay.press("Go back");
    fay.press("Press again to confirm: Go back");
    fay.sees("once more from 14:31:00 is played now");
    ada.sees_no_more("switches oslo/storage over to oslo/array b");
    reaches(&ada, "14:31:00");

    fay.press("End the play");
    fay.press("Press again to confirm: End the play");
    for window in [&ada, &fay] {
        window.sees("Play is over.");
        window.press("Make the review");
        window.sees("Open it");
    }
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:?}");
}
