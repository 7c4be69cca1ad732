//! Where everything stands: people on top, sites as columns below them, links below the sites, and whatever is nowhere in particular
//! at the bottom. The same design gets the same places.

use super::folded::{Folded, PEOPLE_MAX, cut, more};
use super::shapes::{LETTER, Lane, Lead, MARGIN, Note, Rect, Shape, Spot, WIDTH, bits};
use super::site_layout::{self, Inside};
use crate::drawing::{Crowd, Drawing, GroupDrawn, LinkDrawn, SiteDrawn, Thing};
use crate::report::format;
use crate::report::text::width;
use crate::world::SiteId;
use std::collections::BTreeMap;

/// Sites side by side.
const COLUMNS: usize = 4;
const GAP: f64 = 28.0;
const CROWD_WIDTH: f64 = 300.0;
const CROWD_HEAD: f64 = 30.0;
const PERSON: f64 = 21.0;
/// Between people and sites.
const LEAD: f64 = 52.0;
/// A link, below its sites.
const LANE: f64 = 26.0;

/// Where everything stands.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Boxes, those that hold others first.
    pub spots: Vec<Spot>,
    /// Links.
    pub lanes: Vec<Lane>,
    /// Words beside.
    pub notes: Vec<Note>,
    /// Crowds: where they are, and where they are or can be led to.
    pub leads: Vec<Lead>,
    /// Where each site is.
    pub sites: BTreeMap<SiteId, Rect>,
    /// How far down it goes so far.
    pub y: f64,
}

impl Sheet {
    /// Lays out a design below a heading.
    pub fn new(drawing: &Drawing, folded: &Folded, top: f64) -> Sheet {
        let mut sheet = Sheet { y: top, ..Sheet::default() };
        let columns = folded.sites.0.len().clamp(1, COLUMNS);
        let width = (WIDTH - 2.0 * MARGIN - GAP * (columns as f64 - 1.0)) / columns as f64;
        sheet.rows(drawing, folded, columns, width);
        sheet.elsewhere(drawing);
        sheet
    }

    /// Says something below everything that is there.
    pub fn say(&mut self, class: &'static str, words: String, height: f64) {
        self.notes.push(Note { at: (MARGIN, self.y + height - 6.0), class, words });
        self.y += height;
    }

    /// People above the sites that serve them.
    fn crowds(&mut self, mut crowds: Vec<&Crowd>, row: &[&SiteDrawn], column: f64) {
        let wanted = |crowd: &Crowd| {
            let place = row.iter().position(|drawn| Some(drawn.id) == crowd.site).unwrap_or(0) as f64;
            MARGIN + place * (column + GAP) + column / 2.0
        };
        crowds.sort_by(|a, b| wanted(a).total_cmp(&wanted(b)));
        for row in crowds.chunks(COLUMNS) {
            let count = row.len() as f64;
            let width = CROWD_WIDTH.min((WIDTH - 2.0 * MARGIN - GAP * (count - 1.0)) / count);
            let mut lefts: Vec<f64> = Vec::new();
            for crowd in row {
                let free = lefts.last().map_or(MARGIN, |before| before + width + GAP);
                lefts.push((wanted(crowd) - width / 2.0).max(free));
            }
            let mut limit = WIDTH - MARGIN;
            for left in lefts.iter_mut().rev() {
                *left = left.min(limit - width);
                limit = *left - GAP;
            }
            let tallest = row.iter().zip(lefts).map(|(crowd, left)| self.crowd(crowd, left, width)).fold(0.0, f64::max);
            self.y += tallest + 16.0;
        }
        self.y += if crowds.is_empty() { 0.0 } else { LEAD - 16.0 };
    }

    /// A crowd; gives its height.
    fn crowd(&mut self, crowd: &Crowd, x: f64, width: f64) -> f64 {
        let shown = crowd.people.len().min(PEOPLE_MAX);
        let left_out = crowd.people.len() - shown;
        let rows = shown + usize::from(left_out > 0);
        let rect = Rect { x, y: self.y, w: width, h: CROWD_HEAD + rows as f64 * PERSON + 8.0 };
        self.spots.push(Spot {
            thing: None,
            shape: Shape::Crowd,
            rect,
            title: format!("people of {}", crowd.served_by),
            detail: String::new(),
        });
        for (row, person) in crowd.people.iter().take(shown).enumerate() {
            let y = self.y + CROWD_HEAD + row as f64 * PERSON;
            self.spots.push(Spot {
                thing: Some(Thing::People(person.id)),
                shape: Shape::Person,
                rect: Rect { x: x + 8.0, y, w: width - 16.0, h: PERSON - 3.0 },
                title: person.name.clone(),
                detail: format::count(person.users),
            });
        }
        if left_out > 0 {
            let y = self.y + CROWD_HEAD + shown as f64 * PERSON + 14.0;
            let users: f64 = crowd.people.iter().skip(shown).map(|person| person.users).sum();
            let words = format!("{}: {} users", more(left_out, "group"), format::count(users));
            self.notes.push(Note { at: (x + 16.0, y), class: "p-faint", words });
        }
        let to = crowd.site.into_iter().chain(crowd.others.iter().copied());
        self.leads.extend(to.map(|site| Lead { from: rect, crowd: crowd.clone(), to: site }));
        rect.h
    }

    fn rows(&mut self, drawing: &Drawing, folded: &Folded, columns: usize, width: f64) {
        let (sites, left_out) = &folded.sites;
        for (index, row) in sites.chunks(columns).enumerate() {
            if index > 0 {
                self.y += 24.0;
            }
            let is_here = |site: SiteId| row.iter().any(|drawn| drawn.id == site);
            let above = folded.crowds.0.iter().copied();
            let above = above.filter(|crowd| crowd.site.map_or(index == 0, is_here));
            self.crowds(above.collect(), row, width);
            let groups: Vec<Vec<&GroupDrawn>> = row
                .iter()
                .map(|site| drawing.groups.iter().filter(|group| group.inside == Some(site.id)).collect())
                .collect();
            let mut insides: Vec<Inside> = Vec::new();
            for (place, (site, groups)) in row.iter().zip(&groups).enumerate() {
                let corner = (MARGIN + place as f64 * (width + GAP), self.y);
                insides.push(site_layout::site(site, groups, corner, width));
            }
            let height = insides.iter().map(|inside| inside.height).fold(0.0, f64::max);
            for (site, inside) in row.iter().zip(&mut insides) {
                inside.spots[0].rect.h = height;
                self.sites.insert(site.id, inside.spots[0].rect);
                self.spots.append(&mut inside.spots);
                self.notes.append(&mut inside.notes);
            }
            self.y += height;
            let here = |site: SiteId| row.iter().position(|drawn| drawn.id == site);
            let mut between: Vec<(usize, usize, &LinkDrawn)> = Vec::new();
            for link in &folded.links.0 {
                if let (Some(a), Some(b)) = (here(link.ends.0), here(link.ends.1)) {
                    between.push((a.min(b), a.max(b), link));
                }
            }
            self.lanes(between);
        }
        let row_of = |site: SiteId| sites.iter().position(|drawn| drawn.id == site).map(|index| index / columns);
        let across = folded.links.0.iter().filter(|link| row_of(link.ends.0) != row_of(link.ends.1));
        self.links_across(drawing, across.copied().collect());
        if *left_out > 0 {
            self.say("p-faint", more(*left_out, "site"), 24.0);
        }
        if folded.crowds.1 > 0 {
            self.say("p-faint", format!("{} of people", more(folded.crowds.1, "group")), 20.0);
        }
        if folded.links.1 > 0 {
            self.say("p-faint", more(folded.links.1, "link"), 20.0);
        }
    }

    /// Links between sites of one row, the short ones above the long ones.
    fn lanes(&mut self, mut between: Vec<(usize, usize, &LinkDrawn)>) {
        if between.is_empty() {
            return;
        }
        between.sort_by_key(|(a, b, link)| (b - a, *a, link.id));
        let mut joined: BTreeMap<SiteId, usize> = BTreeMap::new();
        let (bottom, first) = (self.y, self.lanes.len());
        self.y += 4.0;
        for (_, _, link) in between {
            self.y += LANE;
            let mut end = |site: SiteId| {
                let rect = self.sites[&site];
                let before = joined.entry(site).or_insert(0);
                // Each lane leaves a site at its own place: in the middle, right of it, left of it.
                let side = if before.is_multiple_of(2) { -1.0 } else { 1.0 };
                let offset = side * 14.0 * before.div_ceil(2) as f64;
                *before += 1;
                (rect.middle() + offset.clamp(10.0 - rect.w / 2.0, rect.w / 2.0 - 10.0), bottom)
            };
            let mut ends = [end(link.ends.0), end(link.ends.1)];
            if ends[0].0 > ends[1].0 {
                ends.swap(0, 1);
            }
            let room = ((ends[0].0 + ends[1].0) / 2.0, ends[1].0 - ends[0].0 - 20.0);
            self.lanes.push(Lane { thing: Thing::Link(link.id), ends, y: self.y, label: label_of(link), room });
        }
        self.y += 14.0;
        // Those further down come past those above them.
        for at in first..self.lanes.len() {
            let [(from, _), (to, _)] = self.lanes[at].ends;
            let below = self.lanes[at + 1..].iter().flat_map(|lane| lane.ends.map(|(x, _)| x));
            let mut past: Vec<f64> = below.filter(|x| (from..to).contains(x)).chain([from, to]).collect();
            past.sort_by(f64::total_cmp);
            let middle = self.lanes[at].room.0;
            let gaps = past.windows(2).map(|gap| ((gap[0] + gap[1]) / 2.0, gap[1] - gap[0] - 8.0));
            // In the middle where that is free; else in the widest gap, of equal ones in the first.
            let wide = width(&self.lanes[at].label) as f64 * LETTER;
            if past.iter().any(|x| (x - middle).abs() < wide / 2.0 + 4.0)
                && let Some(gap) = gaps.reduce(|a, b| if b.1 > a.1 + 0.5 { b } else { a })
            {
                self.lanes[at].room = gap;
            }
        }
    }

    /// Links between rows are said, not drawn.
    fn links_across(&mut self, drawing: &Drawing, links: Vec<&LinkDrawn>) {
        let name = |site: SiteId| drawing.sites.iter().find(|drawn| drawn.id == site).map_or("", |drawn| &drawn.name);
        for link in links {
            let words = format!("{} – {}: {}", name(link.ends.0), name(link.ends.1), label_of(link));
            self.say("p-small", words, 20.0);
        }
    }

    fn elsewhere(&mut self, drawing: &Drawing) {
        if drawing.elsewhere.is_empty() {
            return;
        }
        self.y += 16.0;
        let (parts, left_out) = cut(drawing.elsewhere.iter().collect(), super::folded::PARTS_MAX);
        let mut inside = site_layout::elsewhere(&parts, left_out, (MARGIN, self.y), WIDTH - 2.0 * MARGIN);
        self.y += inside.height;
        self.spots.append(&mut inside.spots);
        self.notes.append(&mut inside.notes);
    }
}

/// `95 ms · 10 Gbit/s`.
fn label_of(link: &LinkDrawn) -> String {
    let mut parts = Vec::new();
    if link.rtt.0 > 0 {
        parts.push(format::latency(link.rtt.seconds()));
    }
    if link.bandwidth_bps.is_finite() {
        parts.push(bits(link.bandwidth_bps));
    }
    parts.join(" · ")
}
