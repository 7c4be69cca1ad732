//! What is in a site: services by how deep they are called, then the groups and components that they stand on, then data.

use super::folded::{PARTS_MAX, SERVICES_MAX, cut, more};
use super::shapes::{Note, Rect, Shape, Spot, bits};
use crate::drawing::{GroupDrawn, Moves, Part, Role, SiteDrawn, Thing};
use crate::report::format;

const PAD: f64 = 14.0;
const HEAD: f64 = 38.0;
const CHIP: f64 = 40.0;
/// A chip is at least so wide, where there is room for two.
const CHIP_WIDTH: f64 = 128.0;
const CHIP_WIDTH_MAX: f64 = 230.0;
const BETWEEN: f64 = 12.0;
/// Between levels: room for arrows.
const LEVEL: f64 = 28.0;
const FRAME_HEAD: f64 = 22.0;

/// A site laid out: its own box first.
pub struct Inside {
    pub spots: Vec<Spot>,
    pub notes: Vec<Note>,
    pub height: f64,
}

/// Lays out a site.
pub fn site(site: &SiteDrawn, groups: &[&GroupDrawn], (x, y): (f64, f64), width: f64) -> Inside {
    let uplink = site.uplink.map(|(_, per_s)| format!("uplink {}", bits(per_s)));
    let detail: Vec<String> = uplink.into_iter().chain(site.provider.clone()).collect();
    let outer = Spot {
        thing: Some(Thing::Node(site.node)),
        shape: Shape::Site,
        rect: Rect { x, y, w: width, h: 0.0 },
        title: site.name.clone(),
        detail: detail.join(" · "),
    };
    let mut column = Column { spots: vec![outer], notes: Vec::new(), x: x + PAD, y: y + HEAD, w: width - 2.0 * PAD };
    column.services(site);
    column.groups(site, groups);
    column.parts(site, groups);
    column.data(site);
    if column.spots.len() == 1 {
        column.notes.push(Note {
            at: (x + PAD, column.y + 12.0),
            class: "p-faint",
            words: "nothing runs here".to_owned(),
        });
        column.y += 20.0;
    }
    let height = column.y + PAD - 4.0 - y;
    Inside { spots: column.spots, notes: column.notes, height }
}

/// Lays out what is in no site.
pub fn elsewhere(parts: &[&Part], left_out: usize, (x, y): (f64, f64), width: f64) -> Inside {
    let outer = Spot {
        thing: None,
        shape: Shape::Elsewhere,
        rect: Rect { x, y, w: width, h: 0.0 },
        title: "in no site".to_owned(),
        detail: String::new(),
    };
    let mut column =
        Column { spots: vec![outer], notes: Vec::new(), x: x + PAD, y: y + HEAD - 6.0, w: width - 2.0 * PAD };
    column.chips(parts.iter().map(|part| part_chip(part)).collect());
    column.left_out(left_out, "component");
    let height = column.y + PAD - 4.0 - y;
    column.spots[0].rect.h = height;
    Inside { spots: column.spots, notes: column.notes, height }
}

/// A chip before it has a place: what, shape, title, detail.
type Chip = (Thing, Shape, String, String);

struct Column {
    spots: Vec<Spot>,
    notes: Vec<Note>,
    x: f64,
    y: f64,
    w: f64,
}

impl Column {
    fn services(&mut self, site: &SiteDrawn) {
        let (services, left_out) = cut(site.services.iter().collect(), SERVICES_MAX);
        for (index, level) in services.chunk_by(|a, b| a.depth == b.depth).enumerate() {
            if index > 0 {
                self.y += LEVEL - BETWEEN;
            }
            let chip = |service: &&crate::drawing::ServiceDrawn| {
                let detail = match (service.servers, service.workers) {
                    (0, _) => "no servers".to_owned(),
                    (servers, 1) => format::count(servers as f64),
                    (servers, workers) => format!("{} × {workers}", format::count(servers as f64)),
                };
                (Thing::Station(service.id), Shape::Service, service.name.clone(), detail)
            };
            self.chips(level.iter().map(chip).collect());
        }
        self.left_out(left_out, "service");
    }

    /// Groups whose members are all here, each in a frame.
    fn groups(&mut self, site: &SiteDrawn, groups: &[&GroupDrawn]) {
        for group in groups {
            self.space();
            let (top, frame) = (self.y, self.spots.len());
            self.spots.push(Spot {
                thing: Some(Thing::Node(group.node)),
                shape: Shape::Frame,
                rect: Rect { x: self.x, y: top, w: self.w, h: 0.0 },
                title: group.name.clone(),
                detail: moves(group.moves).to_owned(),
            });
            self.y += FRAME_HEAD + 6.0;
            (self.x, self.w) = (self.x + 10.0, self.w - 20.0);
            let members =
                group.members.iter().filter_map(|(node, _)| site.parts.iter().find(|part| part.node == *node));
            let (members, left_out) = cut(members.collect::<Vec<_>>(), PARTS_MAX);
            // Who is active is marked, not written.
            let chip = |part: &&Part| (Thing::Node(part.node), Shape::Part, part.name.clone(), String::new());
            self.chips(members.iter().map(chip).collect());
            self.left_out(left_out, "member");
            (self.x, self.w) = (self.x - 10.0, self.w + 20.0);
            self.spots[frame].rect.h = self.y - top;
            self.y += BETWEEN;
        }
    }

    fn parts(&mut self, site: &SiteDrawn, groups: &[&GroupDrawn]) {
        let in_group =
            |part: &Part| groups.iter().any(|group| group.members.iter().any(|(node, _)| *node == part.node));
        let alone = site.parts.iter().filter(|part| !in_group(part)).collect();
        let (parts, left_out) = cut(alone, PARTS_MAX);
        if !parts.is_empty() {
            self.space();
        }
        self.chips(parts.into_iter().map(part_chip).collect());
        self.left_out(left_out, "component");
    }

    fn data(&mut self, site: &SiteDrawn) {
        let stores = site
            .stores
            .iter()
            .map(|store| (Thing::Store(store.id, site.id), Shape::Store, store.name.clone(), String::new()));
        let queues = site
            .queues
            .iter()
            .map(|queue| (Thing::Queue(queue.id), Shape::Queue, queue.name.clone(), "queue".to_owned()));
        let (chips, left_out) = cut(queues.chain(stores).collect::<Vec<_>>(), PARTS_MAX);
        if !chips.is_empty() {
            self.space();
        }
        self.chips(chips);
        self.left_out(left_out, "store or queue");
    }

    /// A little room before something of another kind.
    fn space(&mut self) {
        if self.spots.len() > 1 {
            self.y += LEVEL - BETWEEN - 6.0;
        }
    }

    /// Chips side by side, in as many rows as it takes; each row in the middle.
    fn chips(&mut self, chips: Vec<Chip>) {
        if chips.is_empty() {
            return;
        }
        let fitting = ((self.w + BETWEEN) / (CHIP_WIDTH + BETWEEN)).floor().max(1.0);
        let per_row = (fitting as usize).min(chips.len());
        let width = (self.w - BETWEEN * (per_row as f64 - 1.0)) / per_row as f64;
        let width = width.min(CHIP_WIDTH_MAX);
        let mut chips = chips.into_iter().peekable();
        while chips.peek().is_some() {
            let row: Vec<Chip> = chips.by_ref().take(per_row).collect();
            let count = row.len() as f64;
            let left = self.x + (self.w - count * width - (count - 1.0) * BETWEEN) / 2.0;
            for (index, (thing, shape, title, detail)) in row.into_iter().enumerate() {
                let rect = Rect { x: left + index as f64 * (width + BETWEEN), y: self.y, w: width, h: CHIP };
                self.spots.push(Spot { thing: Some(thing), shape, rect, title, detail });
            }
            self.y += CHIP + BETWEEN;
        }
    }

    fn left_out(&mut self, left_out: usize, noun: &str) {
        if left_out > 0 {
            self.notes.push(Note { at: (self.x, self.y + 8.0), class: "p-faint", words: more(left_out, noun) });
            self.y += 18.0;
        }
    }
}

fn part_chip(part: &Part) -> Chip {
    let detail = match (part.count, part.needs) {
        (1, _) => "component".to_owned(),
        (count, needs) => format!("{}, {} needed", format::count(count as f64), format::count(needs as f64)),
    };
    (Thing::Node(part.node), Shape::Part, part.name.clone(), detail)
}

/// What is said of a store at a site.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Primary => "primary",
        Role::Sync => "copy, in step",
        Role::SemiSync => "copy, mostly in step",
        Role::Async => "copy, follows",
        Role::Shipped => "copy, in parcels",
    }
}

/// Who moves a group, in words.
pub fn moves(moves: Moves) -> &'static str {
    match moves {
        Moves::Nobody => "nothing fails it over",
        Moves::InVain => "its failover never works",
        Moves::Automatic => "fails over by itself",
        Moves::People => "people fail it over",
    }
}
