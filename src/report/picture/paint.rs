//! Draws a design where the layout has put it.

use super::folded::{Folded, cut, more};
use super::layout::Sheet;
use super::lines::{Kinds, lines};
use super::marks::{Marks, radius};
use super::parts::{bars, cut_text, cylinder, diamond, hatch, path, rect, somebody, text};
use super::shapes::{LETTER, Lane, MARGIN, Rect, Shape, Spot, WIDTH};
use super::site_layout::moves;
use super::words;
use crate::drawing::{Drawing, GroupDrawn, State};
use crate::report::html::markup::{Html, n};
use crate::report::text::width;

/// Colours and type of a picture: its classes are its own, so that a page can hold it.
pub const STYLE: &str = include_str!("picture.css");
/// Single points that are told.
const POINTS_MAX: usize = 12;
const ROW: f64 = 26.0;
/// About how wide a letter of a site's name is.
const NAME_LETTER: f64 = 9.2;

/// What stands above a picture that stands alone.
pub struct Heading<'a> {
    /// In large letters.
    pub title: &'a str,
    /// Below.
    pub under: String,
}

/// Draws a design in some states.
pub fn paint(html: &mut Html, drawing: &Drawing, states: &[State], heading: Option<&Heading>) {
    let folded = Folded::new(drawing);
    let marks = Marks::new(drawing, states);
    let mut sheet = Sheet::new(drawing, &folded, if heading.is_some() { 78.0 } else { 12.0 });
    let mut inside = Html::default();
    if let Some(heading) = heading {
        cut_text(&mut inside, (MARGIN, 34.0), "p-title", heading.title, (WIDTH - 2.0 * MARGIN) * LETTER / 12.6);
        cut_text(&mut inside, (MARGIN, 56.0), "p-small", &heading.under, WIDTH - 2.0 * MARGIN);
    }
    sheet.spots.iter().filter(|spot| holds(spot.shape)).for_each(|spot| boxed(&mut inside, spot, &marks));
    let kinds = lines(&mut inside, drawing, &sheet, &marks);
    sheet.spots.iter().filter(|spot| !holds(spot.shape)).for_each(|spot| boxed(&mut inside, spot, &marks));
    sheet.lanes.iter().for_each(|lane| draw_lane(&mut inside, lane, &marks));
    groups(&mut inside, &mut sheet, &folded, &marks);
    points(&mut sheet, &mut inside, drawing, &marks);
    legend(&mut inside, &mut sheet, kinds, &marks);
    for note in &sheet.notes {
        text(&mut inside, note.at, note.class, &note.words);
    }
    let height = sheet.y + 14.0;
    let size = (n(WIDTH), n(height));
    let view = format!("0 0 {} {}", size.0, size.1);
    let label = words::label(drawing);
    let mut attributes: Vec<(&'static str, &dyn std::fmt::Display)> =
        vec![("class", &"plan"), ("viewBox", &view), ("role", &"img"), ("aria-label", &label)];
    if heading.is_some() {
        attributes.insert(0, ("xmlns", &"http://www.w3.org/2000/svg"));
        attributes.extend([("width", &size.0 as &dyn std::fmt::Display), ("height", &size.1)]);
    }
    html.within("svg", &attributes, |html| {
        html.say("title", &[], &label);
        if heading.is_some() {
            html.style(STYLE);
            rect(html, Rect { x: 0.0, y: 0.0, w: WIDTH, h: height }, 0.0, "p-paper");
        }
        html.append(inside);
    });
}

/// Whether other things stand in it: lines go over it.
fn holds(shape: Shape) -> bool {
    matches!(shape, Shape::Site | Shape::Frame | Shape::Crowd | Shape::Elsewhere)
}

/// A box with its name, and its marks.
fn boxed(html: &mut Html, spot: &Spot, marks: &Marks) {
    let of = spot.rect;
    let single = marks.is_single(spot.thing);
    let with = |class: &str| if single { format!("{class} p-single") } else { class.to_owned() };
    match spot.shape {
        Shape::Site | Shape::Elsewhere => rect(html, of, radius(spot.shape), &with("p-site")),
        Shape::Frame => rect(html, of, radius(spot.shape), &with("p-frame")),
        Shape::Crowd => rect(html, of, radius(spot.shape), "p-crowd"),
        Shape::Service => rect(html, of, radius(spot.shape), &with("p-chip")),
        Shape::Part | Shape::Queue => rect(html, of, radius(spot.shape), &with("p-chip p-part")),
        Shape::Store => cylinder(html, of, &with("p-chip p-store")),
        Shape::Person => {}
    }
    if spot.shape == Shape::Queue {
        bars(html, of);
    }
    // Below its name, which stays readable.
    marks.below(html, spot);
    let left = of.x + if matches!(spot.shape, Shape::Site | Shape::Elsewhere) { 14.0 } else { 10.0 };
    let left = if single { left + 15.0 } else { left };
    match spot.shape {
        Shape::Site | Shape::Elsewhere => {
            let room = of.right() - left - 12.0;
            cut_text(html, (left, of.y + 24.0), "p-name", &spot.title, room * 0.55 * LETTER / NAME_LETTER);
            let named = (width(&spot.title) as f64 * NAME_LETTER).min(room * 0.55);
            let single_uplink = marks.has_single_uplink(spot);
            let detail = format!("{}{}", if single_uplink { "◆ " } else { "" }, spot.detail);
            let class = if single_uplink { "p-small p-end p-bad" } else { "p-small p-end" };
            cut_text(html, (of.right() - 14.0, of.y + 24.0), class, &detail, room - named - 14.0);
        }
        Shape::Frame => {
            cut_text(html, (left, of.y + 17.0), "p-strong", &spot.title, (of.w - 20.0) * 0.5);
            cut_text(html, (of.right() - 10.0, of.y + 17.0), "p-detail p-end", &spot.detail, (of.w - 20.0) * 0.5);
        }
        Shape::Crowd => {
            somebody(html, (of.x + 18.0, of.y + 17.0));
            cut_text(html, (of.x + 32.0, of.y + 21.0), "p-strong", &spot.title, of.w - 44.0);
        }
        Shape::Person => {
            cut_text(html, (of.x + 8.0, of.y + 13.5), "p-text p-on-crowd", &spot.title, marks.room_of(spot));
            text(html, (of.right() - 8.0, of.y + 13.5), "p-small p-end p-on-crowd", &spot.detail);
        }
        _ => {
            let right = if spot.shape == Shape::Queue { 26.0 } else { 8.0 };
            let down = if spot.shape == Shape::Store { 2.5 } else { 0.0 };
            cut_text(html, (left, of.y + 17.0 + down), "p-text p-on-chip", &spot.title, of.right() - left - right);
            cut_text(
                html,
                (of.x + 10.0, of.y + 32.0 + down / 2.0),
                "p-detail p-on-chip",
                &spot.detail,
                of.w - right - 10.0,
            );
        }
    }
    if single {
        let y = of.y + if matches!(spot.shape, Shape::Site | Shape::Elsewhere) { 19.0 } else { 13.0 };
        diamond(html, (left - 10.0, y));
    }
    marks.above(html, spot);
}

fn draw_lane(html: &mut Html, lane: &Lane, marks: &Marks) {
    let [(x1, top), (x2, _)] = lane.ends;
    let class = if marks.is_single(Some(lane.thing)) { "p-link p-single" } else { "p-link" };
    path(html, &format!("M{} {}V{}H{}V{}", n(x1), n(top), n(lane.y), n(x2), n(top)), class);
    if !lane.label.is_empty() {
        cut_text(html, (lane.room.0, lane.y - 5.0), "p-small p-middle p-halo", &lane.label, lane.room.1);
    }
    marks.on_lane(html, lane);
}

/// Groups that are in several places: who is active, who stands by, and who moves them.
fn groups(html: &mut Html, sheet: &mut Sheet, folded: &Folded, marks: &Marks) {
    let (groups, left_out) = &folded.groups;
    if groups.is_empty() {
        return;
    }
    sheet.y += 14.0;
    sheet.say("p-strong", "Redundant groups".to_owned(), 24.0);
    for group in groups {
        let y = sheet.y;
        cut_text(html, (MARGIN, y + 16.0), "p-text", &group.name, 200.0);
        text(html, (WIDTH - MARGIN, y + 16.0), "p-small p-end", moves(group.moves));
        members(html, group, y, marks);
        sheet.y += ROW;
    }
    if *left_out > 0 {
        sheet.say("p-faint", more(*left_out, "group"), 20.0);
    }
}

fn members(html: &mut Html, group: &GroupDrawn, y: f64, marks: &Marks) {
    let mut x = MARGIN + 212.0;
    let limit = WIDTH - MARGIN - 160.0;
    for (index, (node, name)) in group.members.iter().enumerate() {
        let shown = crate::report::text::cut(name, 22);
        let wide = width(&shown) as f64 * LETTER + 34.0;
        if x + wide > limit - 60.0 && index + 1 < group.members.len() || x + wide > limit {
            text(html, (x, y + 16.0), "p-faint", &format!("and {} more", group.members.len() - index));
            return;
        }
        let of = Rect { x, y: y + 1.0, w: wide, h: ROW - 4.0 };
        rect(html, of, of.h / 2.0, "p-pill");
        marks.member(html, of, *node);
        marks.dot(html, (x + 9.0, y + 16.0), group, index);
        cut_text(html, (x + 24.0, y + 16.0), "p-text p-on-site", name, width(&shown) as f64 * LETTER + 1.0);
        x += wide + 10.0;
    }
}

/// What takes people down alone, and whom.
fn points(sheet: &mut Sheet, html: &mut Html, drawing: &Drawing, marks: &Marks) {
    if drawing.crowds.is_empty() {
        return;
    }
    sheet.y += 14.0;
    sheet.say("p-strong", words::points_title(drawing), 24.0);
    let Some(points) = &drawing.single_points else { return };
    let (points, left_out) = cut(points.iter().collect::<Vec<_>>(), POINTS_MAX);
    debug_assert_eq!(points.is_empty(), !marks.any_single());
    for point in points {
        let y = sheet.y;
        diamond(html, (MARGIN + 7.0, y + 9.0));
        cut_text(html, (MARGIN + 22.0, y + 13.5), "p-text", &point.name, 190.0);
        let whom = format!("hits {}", words::listed(&point.hit_names, 6));
        cut_text(html, (MARGIN + 212.0, y + 13.5), "p-small", &whom, WIDTH - 2.0 * MARGIN - 212.0);
        sheet.y += 20.0;
    }
    if left_out > 0 {
        sheet.say("p-faint", more(left_out, "single point"), 20.0);
    }
}

/// What the marks mean: those that there are.
fn legend(html: &mut Html, sheet: &mut Sheet, kinds: Kinds, marks: &Marks) {
    sheet.y += 18.0;
    let y = sheet.y;
    path(html, &format!("M{} {}H{}", n(MARGIN), n(y), n(WIDTH - MARGIN)), "p-rule");
    let line = |class: &'static str| {
        move |html: &mut Html, x: f64, y: f64| path(html, &format!("M{} {}h26", n(x), n(y)), class)
    };
    type Draw = Box<dyn Fn(&mut Html, f64, f64)>;
    let entries: [(bool, Draw, &str); 7] = [
        (marks.any_single(), Box::new(|html, x, y| diamond(html, (x + 13.0, y))), "fails alone: people are down"),
        (kinds.hard, Box::new(line("p-call")), "calls, cannot do without"),
        (kinds.soft, Box::new(line("p-call p-dashed")), "calls, can do without"),
        (kinds.stands, Box::new(line("p-stands")), "stands on"),
        (kinds.copies, Box::new(line("p-copies")), "is copied to"),
        (kinds.leads_elsewhere, Box::new(line("p-lead p-dashed")), "people can be led there"),
        (
            marks.any_down(),
            Box::new(|html, x, y| {
                let of = Rect { x, y: y - 7.0, w: 26.0, h: 14.0 };
                hatch(html, of, "p-hatch");
                rect(html, of, 3.0, "p-down");
            }),
            "down",
        ),
    ];
    let (mut x, mut y) = (MARGIN, y + 20.0);
    for (_, draw, words) in entries.iter().filter(|entry| entry.0) {
        let wide = 32.0 + words.chars().count() as f64 * 6.2 + 20.0;
        if x + wide > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + 20.0);
        }
        draw(html, x, y);
        text(html, (x + 32.0, y + 4.0), "p-small", words);
        x += wide;
    }
    sheet.y = y + 8.0;
}
