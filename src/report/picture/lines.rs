//! Lines between what has its place: who is led where, who calls whom, what stands on what, what is copied where.

use super::layout::{Rect, Sheet};
use super::marks::Marks;
use super::parts::path;
use crate::drawing::{Drawing, Role, State, Thing};
use crate::report::html::markup::{Html, n};
use crate::world::NodeId;
use std::collections::BTreeMap;

/// Which kinds of lines there are in a picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kinds {
    /// Calls without which the caller fails.
    pub hard: bool,
    /// Calls that can be missing.
    pub soft: bool,
    /// Something stands on something.
    pub stands: bool,
    /// Something is copied.
    pub copies: bool,
    /// People can be led elsewhere.
    pub leads_elsewhere: bool,
}

/// Draws all lines, below whatever they join.
pub fn lines(html: &mut Html, drawing: &Drawing, sheet: &Sheet, marks: &Marks) -> Kinds {
    let places: BTreeMap<Thing, Rect> = sheet.spots.iter().filter_map(|spot| Some((spot.thing?, spot.rect))).collect();
    let mut kinds = Kinds::default();
    for lead in &sheet.leads {
        let Some(to) = sheet.sites.get(&lead.to) else { continue };
        let (from, to) = ((lead.from.middle(), lead.from.bottom()), (to.middle(), to.y));
        let is_there = |state: &State| marks.is_led(state, lead);
        kinds.leads_elsewhere |= !lead.first;
        marks.seen(html, is_there, |html| down(html, from, to, "p-lead", true));
        marks.seen(html, |state| !is_there(state), |html| down(html, from, to, "p-lead p-dashed", false));
    }
    for (thing, node) in &drawing.stands_on {
        if let (Some(from), Some(to)) = (places.get(thing), place_of(drawing, &places, *node)) {
            kinds.stands = true;
            joined(html, *from, to, "p-stands", sheet);
        }
    }
    for (from, to) in copies(drawing) {
        if let (Some(from), Some(to)) = (places.get(&from), places.get(&to)) {
            kinds.copies = true;
            joined(html, *from, *to, "p-copies", sheet);
        }
    }
    for call in &drawing.calls {
        if let (Some(from), Some(to)) = (places.get(&Thing::Station(call.from)), places.get(&Thing::Station(call.to))) {
            kinds.hard |= call.hard;
            kinds.soft |= !call.hard;
            joined(html, *from, *to, if call.hard { "p-call" } else { "p-call p-dashed" }, sheet);
        }
    }
    kinds
}

/// Where a node is drawn; of a group in several places nowhere.
fn place_of(drawing: &Drawing, places: &BTreeMap<Thing, Rect>, node: NodeId) -> Option<Rect> {
    let is_elsewhere = drawing.groups.iter().any(|group| group.node == node && group.inside.is_none());
    places.get(&Thing::Node(node)).copied().filter(|_| !is_elsewhere)
}

/// Each store: from its primary to its copies.
fn copies(drawing: &Drawing) -> Vec<(Thing, Thing)> {
    let all = || drawing.sites.iter().flat_map(|site| site.stores.iter().map(|store| (site.id, store)));
    let primaries = all().filter(|(_, store)| store.role == Role::Primary);
    primaries
        .flat_map(|(at, primary)| {
            let copies = all().filter(move |(_, store)| store.id == primary.id && store.role != Role::Primary);
            copies.map(move |(site, copy)| (Thing::Store(primary.id, at), Thing::Store(copy.id, site)))
        })
        .collect()
}

/// From one box to another: down within a site, sideways to another.
fn joined(html: &mut Html, from: Rect, to: Rect, class: &str, sheet: &Sheet) {
    let site_of = |of: Rect| {
        sheet
            .sites
            .values()
            .find(|site| (site.x..site.right()).contains(&of.x) && (site.y..site.bottom()).contains(&of.y))
    };
    let (a, b) = (site_of(from), site_of(to));
    let side_by_side = matches!((a, b), (Some(a), Some(b)) if a != b && a.y == b.y);
    if let (true, Some(site)) = (side_by_side, a) {
        around(html, from, to, *site, class);
    } else if from.bottom() <= to.y {
        down(html, (from.middle(), from.bottom()), (to.middle(), to.y), class, class.contains("p-call"));
    } else if to.bottom() <= from.y {
        down(html, (to.middle(), to.bottom()), (from.middle(), from.y), class, false);
    } else {
        let (left, right) = if from.x < to.x { (from, to) } else { (to, from) };
        let y = from.y + from.h / 2.0;
        path(html, &format!("M{} {}L{} {}", n(left.right()), n(y), n(right.x), n(to.y + to.h / 2.0)), class);
    }
}

/// From a site to one beside it: down into the gap below what it leaves, through the room between sites, into the gap above
/// where it goes. So it passes nothing that stands in between.
fn around(html: &mut Html, from: Rect, to: Rect, site: Rect, class: &str) {
    let is_call = class.contains("p-call");
    let way = if to.x > from.x { 1.0 } else { -1.0 };
    // Lines to different places do not run on top of each other.
    let apart = ((to.x + to.y) / 13.0).rem_euclid(3.0).floor() * 3.0;
    let gutter = if way > 0.0 { site.right() + 8.0 } else { site.x - 8.0 } + way * apart;
    let (x1, x2) = (from.middle() + way * 12.0, to.middle() - way * 12.0);
    let (leaves, enters) = (from.bottom() + 5.0, to.y - if is_call { 11.0 } else { 3.0 + apart / 2.0 });
    let end = if is_call { to.y - 7.0 } else { to.y };
    let turn = 4.0_f64.min((enters - leaves).abs() / 2.0);
    let vertical = if enters > leaves { turn } else { -turn };
    let corner = |x: f64, y: f64, dx: f64, dy: f64| format!("Q{} {} {} {}", n(x), n(y), n(x + dx), n(y + dy));
    let d = [
        format!("M{} {}V{}", n(x1), n(from.bottom()), n(leaves - 4.0)),
        corner(x1, leaves, way * 4.0, 0.0),
        format!("H{}", n(gutter - way * turn)),
        corner(gutter, leaves, 0.0, vertical),
        format!("V{}", n(enters - vertical)),
        corner(gutter, enters, way * turn, 0.0),
        format!("H{}", n(x2 - way * 4.0)),
        corner(x2, enters, 0.0, end - enters),
    ];
    path(html, &d.concat(), class);
    if is_call {
        arrow(html, &format!("M{} {}l-4 -8h8Z", n(x2), n(to.y)));
    }
}

/// From the lower edge of something to the upper edge of something below.
fn down(html: &mut Html, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str, with_arrow: bool) {
    let end = if with_arrow { y2 - 7.0 } else { y2 };
    let bend = ((end - y1) / 2.0).max(10.0);
    curve(html, class, (x1, y1), (x1, y1 + bend), (x2, end - bend), (x2, end));
    if with_arrow {
        arrow(html, &format!("M{} {}l-4 -8h8Z", n(x2), n(y2)));
    }
}

fn curve(html: &mut Html, class: &str, a: (f64, f64), b: (f64, f64), c: (f64, f64), d: (f64, f64)) {
    let at = |(x, y): (f64, f64)| format!("{} {}", n(x), n(y));
    path(html, &format!("M{}C{} {} {}", at(a), at(b), at(c), at(d)), class);
}

fn arrow(html: &mut Html, d: &str) {
    path(html, d, "p-arrow");
}
