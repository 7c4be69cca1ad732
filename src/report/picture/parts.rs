//! The shapes of which a picture is made.

use super::shapes::{LETTER, Rect};
use crate::report::html::markup::{Html, n};
use crate::report::text::cut;

/// How far apart the strokes of a hatch are.
const HATCH: f64 = 9.0;

/// Text at a place.
pub fn text(html: &mut Html, (x, y): (f64, f64), class: &str, words: &str) {
    html.say("text", &[("x", &n(x)), ("y", &n(y)), ("class", &class)], words);
}

/// Text that has so much room; the whole of it is said where it was cut.
pub fn cut_text(html: &mut Html, (x, y): (f64, f64), class: &str, words: &str, room: f64) {
    let columns = (room / LETTER).floor().max(2.0) as usize;
    let shown = cut(words, columns);
    html.within("text", &[("x", &n(x)), ("y", &n(y)), ("class", &class)], |html| {
        if shown.ends_with('…') {
            html.say("title", &[], words);
        }
        html.text(shown);
    });
}

/// A rectangle with rounded corners.
pub fn rect(html: &mut Html, of: Rect, radius: f64, class: &str) {
    let (x, y, w, h, rx) = (n(of.x), n(of.y), n(of.w), n(of.h), n(radius));
    html.empty("rect", &[("x", &x), ("y", &y), ("width", &w), ("height", &h), ("rx", &rx), ("class", &class)]);
}

/// A path.
pub fn path(html: &mut Html, d: &str, class: &str) {
    html.empty("path", &[("d", &d), ("class", &class)]);
}

/// A cylinder.
pub fn cylinder(html: &mut Html, of: Rect, class: &str) {
    let (rx, ry) = (of.w / 2.0, 5.0);
    let (x, right) = (n(of.x), n(of.right()));
    let (top, bottom) = (n(of.y + ry), n(of.bottom() - ry));
    let (rx, ry) = (n(rx), n(ry));
    let body = format!("M{x} {top}A{rx} {ry} 0 0 1 {right} {top}V{bottom}A{rx} {ry} 0 0 1 {x} {bottom}Z");
    path(html, &body, class);
    path(html, &format!("M{x} {top}A{rx} {ry} 0 0 0 {right} {top}"), "p-rim");
}

/// Three bars at the right of a box: something waits there.
pub fn bars(html: &mut Html, of: Rect) {
    let marks: Vec<String> = (0..3)
        .map(|i| format!("M{} {}V{}", n(of.right() - 8.0 - 5.0 * f64::from(i)), n(of.y + 8.0), n(of.bottom() - 8.0)))
        .collect();
    path(html, &marks.join(""), "p-rim");
}

/// Strokes all over a rectangle: it is seen without colour too.
pub fn hatch(html: &mut Html, of: Rect, class: &str) {
    let mut d = String::new();
    let mut c = HATCH / 2.0;
    while c < of.w + of.h {
        let (from, to) = ((c - of.h).max(0.0), c.min(of.w));
        // Where x + y is c: from its lower left end to its upper right end.
        d.push_str(&format!("M{} {}L{} {}", n(of.x + from), n(of.y + c - from), n(of.x + to), n(of.y + c - to)));
        c += HATCH;
    }
    path(html, &d, class);
}

/// A word in a little box, its right edge at a place.
pub fn tag(html: &mut Html, (right, y): (f64, f64), class: &str, word: &str) {
    let width = word.chars().count() as f64 * 6.0 + 12.0;
    rect(html, Rect { x: right - width, y, w: width, h: 15.0 }, 3.0, class);
    text(html, (right - width / 2.0, y + 11.0), "p-on-tag", word);
}

/// A diamond: the mark of a single point of failure.
pub fn diamond(html: &mut Html, (x, y): (f64, f64)) {
    path(html, &format!("M{} {}l5.5 5.5l-5.5 5.5l-5.5 -5.5Z", n(x), n(y - 5.5)), "p-mark");
}

/// Somebody: a head and shoulders.
pub fn somebody(html: &mut Html, (x, y): (f64, f64)) {
    let (cx, cy) = (n(x), n(y - 4.0));
    html.empty("circle", &[("cx", &cx), ("cy", &cy), ("r", &"3.6"), ("class", &"p-somebody")]);
    path(html, &format!("M{} {}a6.5 6.5 0 0 1 13 0Z", n(x - 6.5), n(y + 7.0)), "p-somebody");
}
