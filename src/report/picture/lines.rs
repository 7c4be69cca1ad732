//! Lines between what has its place: who is led where, who calls whom, what stands on what, what is copied where.

use super::layout::Sheet;
use super::marks::Marks;
use super::parts::{path, text};
use super::shapes::{Rect, Shape};
use crate::drawing::{Drawing, Role, State, Thing};
use crate::report::html::markup::{Html, n};
use crate::world::NodeId;
use std::collections::BTreeMap;

/// Sites further below than this are in another row.
const NEAR: f64 = 300.0;

/// Room that a share needs.
const SHARE: (f64, f64) = (36.0, 14.0);

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
    let mut said: Vec<(f64, f64)> = Vec::new();
    for lead in &sheet.leads {
        let Some(to) = sheet.sites.get(&lead.to) else { continue };
        // Lines over other rows of sites would only confuse.
        if to.y - lead.from.bottom() > NEAR || to.y < lead.from.bottom() {
            continue;
        }
        let (from, to) = ((lead.from.middle(), lead.from.bottom()), (to.middle(), to.y));
        let is_there = |state: &State| marks.is_led(state, lead);
        kinds.leads_elsewhere |= marks.is_anywhere(|state| !is_there(state));
        marks.seen(html, is_there, |html| down(html, from, to, "p-lead", true));
        marks.seen(html, |state| !is_there(state), |html| down(html, from, to, "p-lead p-dashed", false));
        // Its share, in the middle of the way, unless another stands there.
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0 + 4.0);
        if said.iter().all(|at: &(f64, f64)| (at.0 - middle.0).abs() > SHARE.0 || (at.1 - middle.1).abs() > SHARE.1) {
            let shares = marks.shares(lead);
            said.extend((!shares.is_empty()).then_some(middle));
            for share in shares {
                let is_so = |state: &State| marks.share(state, lead).as_ref() == Some(&share);
                marks.seen(html, is_so, |html| text(html, middle, "p-small p-middle p-halo", &share));
            }
        }
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

/// From one box to another: down within a site, around everything to another.
fn joined(html: &mut Html, from: Rect, to: Rect, class: &str, sheet: &Sheet) {
    let site_of = |of: Rect| {
        let holds = |site: &&Rect| (site.x..site.right()).contains(&of.x) && (site.y..site.bottom()).contains(&of.y);
        sheet.sites.values().find(holds).copied()
    };
    let elsewhere = sheet.spots.iter().find(|spot| spot.shape == Shape::Elsewhere).map(|spot| spot.rect);
    let out_of = site_of(from);
    if let (Some(a), Some(b)) = (out_of, site_of(to))
        && a != b
    {
        around(html, (from, a), (to, b), class);
    } else if let (Some(site), Some(elsewhere)) = (out_of, elsewhere.filter(|below| to.y > below.y)) {
        below(html, (from, site), (to, elsewhere), class);
    } else if from.bottom() <= to.y {
        down(html, (from.middle(), from.bottom()), (to.middle(), to.y), class, class.contains("p-call"));
    } else if to.bottom() <= from.y {
        down(html, (to.middle(), to.bottom()), (from.middle(), from.y), class, false);
    } else {
        let (left, right) = if from.x < to.x { (from, to) } else { (to, from) };
        let (y1, y2) = (left.y + left.h / 2.0, right.y + right.h / 2.0);
        path(html, &format!("M{} {}L{} {}", n(left.right()), n(y1), n(right.x), n(y2)), class);
    }
}

/// From something in a site to something in another: down into the gap below what it leaves, through the room between sites,
/// into the gap above where it goes. So it passes nothing that stands in between.
fn around(html: &mut Html, (from, out_of): (Rect, Rect), (to, into): (Rect, Rect), class: &str) {
    let is_call = class.contains("p-call");
    let way = if into.x >= out_of.x { 1.0 } else { -1.0 };
    // Lines to different places do not run on top of each other.
    let apart = ((to.x + to.y) / 13.0).rem_euclid(3.0).floor() * 3.0;
    let beside = |site: Rect, side: f64| if side > 0.0 { site.right() + 8.0 + apart } else { site.x - 8.0 - apart };
    let (leaves_at, enters_at) =
        (beside(out_of, way), if into.x == out_of.x { beside(into, way) } else { beside(into, -way) });
    let (x1, x2) = (from.middle() + way * 12.0, to.middle() - way * 12.0);
    let (leaves, enters) = (from.bottom() + 5.0, to.y - if is_call { 11.0 } else { 3.0 + apart / 2.0 });
    let end = if is_call { to.y - 7.0 } else { to.y };
    let is_beside = out_of.y == into.y && (leaves_at - enters_at).abs() < 20.0;
    let mut points = vec![(x1, from.bottom()), (x1, leaves), (leaves_at, leaves)];
    if is_beside {
        points.push((leaves_at, enters));
    } else {
        // Above the row of sites into which it goes there is room for it.
        let above = into.y - 10.0 - apart;
        points.extend([(leaves_at, above), (enters_at, above), (enters_at, enters)]);
    }
    points.extend([(x2, enters), (x2, end)]);
    path(html, &rounded(&points), class);
    if is_call {
        arrow(html, &format!("M{} {}l-4 -8h8Z", n(x2), n(to.y)));
    }
}

/// From something in a site to what is in none: past the sites, and down.
fn below(html: &mut Html, (from, site): (Rect, Rect), (to, elsewhere): (Rect, Rect), class: &str) {
    let way = if to.middle() >= from.middle() { 1.0 } else { -1.0 };
    let gutter = if way > 0.0 { site.right() + 8.0 } else { site.x - 8.0 };
    let (x1, leaves, above) = (from.middle() + way * 20.0, from.bottom() + 8.0, elsewhere.y - 8.0);
    let x2 = to.middle() - way * 8.0;
    let points = [(x1, from.bottom()), (x1, leaves), (gutter, leaves), (gutter, above), (x2, above), (x2, to.y)];
    path(html, &rounded(&points), class);
}

/// A way over points, its corners rounded.
fn rounded(points: &[(f64, f64)]) -> String {
    let mut d = format!("M{} {}", n(points[0].0), n(points[0].1));
    for corner in points.windows(3) {
        let [(ax, ay), (bx, by), (cx, cy)] = corner else { continue };
        let (before, after) = ((bx - ax).abs() + (by - ay).abs(), (cx - bx).abs() + (cy - by).abs());
        let radius = (before.min(after) / 2.0).min(5.0);
        let (dx1, dy1) = (sign(bx - ax) * radius, sign(by - ay) * radius);
        let (dx2, dy2) = (sign(cx - bx) * radius, sign(cy - by) * radius);
        d.push_str(&format!("L{} {}", n(bx - dx1), n(by - dy1)));
        d.push_str(&format!("Q{} {} {} {}", n(*bx), n(*by), n(bx + dx2), n(by + dy2)));
    }
    if let Some((x, y)) = points.last() {
        d.push_str(&format!("L{} {}", n(*x), n(*y)));
    }
    d
}

fn sign(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        0.0
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
