//! The design for Graphviz.

use super::site_layout::{moves, role};
use crate::drawing::{Drawing, Failing, Scene, SiteDrawn, State, Thing};
use crate::observe::ServiceLevel;
use crate::report::format;
use crate::report::text::clean;
use crate::world::NodeId;

/// Writes a design as a directed graph of Graphviz: at the start of a run, or at a moment of it.
pub fn render_dot(drawing: &Drawing, scene: Option<&Scene>) -> String {
    let mut dot = Dot { out: String::new(), drawing, state: scene.map(|scene| &scene.state) };
    dot.line(0, "digraph design {");
    let title = format!("{}\n{}", drawing.title, super::words::under(drawing, scene));
    dot.line(1, &format!("graph [label={}, labelloc=t, fontname=\"sans-serif\", compound=true];", quoted(&title)));
    dot.line(1, "node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];");
    dot.line(1, "edge [fontname=\"sans-serif\", fontsize=10];");
    dot.people();
    for site in &drawing.sites {
        dot.site(site);
    }
    for part in &drawing.elsewhere {
        dot.box_of(1, Thing::Node(part.node), &part.name, "shape=box, style=solid");
    }
    for group in drawing.groups.iter() {
        let label = format!("{}\n{}", group.name, moves(group.moves));
        dot.box_of(1, Thing::Node(group.node), &label, "shape=hexagon, style=solid");
    }
    dot.edges();
    dot.line(0, "}");
    dot.out
}

struct Dot<'a> {
    out: String,
    drawing: &'a Drawing,
    state: Option<&'a State>,
}

impl Dot<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        self.out.push_str(&"  ".repeat(depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn people(&mut self) {
        let drawing = self.drawing;
        for person in drawing.crowds.iter().flat_map(|crowd| &crowd.people) {
            let label = format!("{}\n{} users", person.name, format::count(person.users));
            self.box_of(1, Thing::People(person.id), &label, "shape=ellipse, style=solid");
        }
    }

    fn site(&mut self, site: &SiteDrawn) {
        self.line(1, &format!("subgraph cluster_{} {{", site.id.0));
        let marks = self.marks(Thing::Node(site.node), &site.name);
        self.line(2, &format!("label={};{}", quoted(&marks.0), marks.1.replace(", ", "; ")));
        // Edges to the site itself end here.
        self.line(2, &format!("{} [shape=point, style=invis];", id(Thing::Node(site.node))));
        for service in &site.services {
            let label = format!("{}\n{} × {}", service.name, format::count(service.servers as f64), service.workers);
            self.box_of(2, Thing::Station(service.id), &label, "style=rounded");
        }
        for part in &site.parts {
            self.box_of(2, Thing::Node(part.node), &part.name, "style=solid");
        }
        for store in &site.stores {
            let label = format!("{}\n{}", store.name, role(store.role));
            self.box_of(2, Thing::Store(store.id, site.id), &label, "shape=cylinder, style=solid");
        }
        for queue in &site.queues {
            self.box_of(2, Thing::Queue(queue.id), &queue.name, "shape=cds, style=solid");
        }
        self.line(1, "}");
    }

    fn box_of(&mut self, depth: usize, thing: Thing, label: &str, look: &str) {
        let (label, marks) = self.marks(thing, label);
        self.line(depth, &format!("{} [label={}, {look}{marks}];", id(thing), quoted(&label)));
    }

    /// A label with what is to be known of a thing, and how that looks.
    fn marks(&self, thing: Thing, label: &str) -> (String, String) {
        let (mut label, mut look) = (label.to_owned(), String::new());
        if is_single(self.drawing, thing) {
            label = format!("◆ {label}");
            look.push_str(", color=\"#b3261e\", penwidth=3");
        }
        if let Some(word) = self.state.and_then(|state| word_of(state, thing)) {
            label = format!("{label}\n({word})");
            look.push_str(", fontcolor=\"#b3261e\"");
        }
        (label, look)
    }

    fn edges(&mut self) {
        let drawing = self.drawing;
        let at_start = State::default();
        for crowd in &drawing.crowds {
            let to = |site: crate::world::SiteId| {
                drawing.sites.iter().find(|drawn| drawn.id == site).map(|drawn| Thing::Node(drawn.node))
            };
            for person in &crowd.people {
                for site in crowd.site.iter().chain(&crowd.others).copied() {
                    let is_led = crowd.is_led(self.state.unwrap_or(&at_start), &drawing.groups, site).is_some();
                    let look = if is_led { "" } else { ", style=dashed" };
                    let Some(node) = to(site) else { continue };
                    let (from, to) = (id(Thing::People(person.id)), id(node));
                    self.line(1, &format!("{from} -> {to} [lhead=cluster_{}{look}];", site.0));
                }
            }
        }
        for call in &drawing.calls {
            let look = if call.hard { "" } else { " [style=dashed]" };
            let (from, to) = (id(Thing::Station(call.from)), id(Thing::Station(call.to)));
            self.line(1, &format!("{from} -> {to}{look};"));
        }
        for (thing, node) in &drawing.stands_on {
            self.line(1, &format!("{} -> {} [style=dotted];", id(*thing), id(Thing::Node(*node))));
        }
        for group in &drawing.groups {
            for (index, (node, _)) in group.members.iter().enumerate() {
                let active = self.state.and_then(|state| state.active.get(&group.id).copied()).unwrap_or(0);
                let look = if active == index { "label=active" } else { "style=dashed" };
                let edge = (id(Thing::Node(group.node)), id(Thing::Node(*node)));
                self.line(1, &format!("{} -> {} [{look}];", edge.0, edge.1));
            }
        }
        for link in &drawing.links {
            let look = if is_single(drawing, Thing::Link(link.id)) { ", color=\"#b3261e\", penwidth=3" } else { "" };
            let ends = (node_of(drawing, link.ends.0), node_of(drawing, link.ends.1));
            let (Some(a), Some(b)) = ends else { continue };
            let rtt = quoted(&format::latency(link.rtt.seconds()));
            self.line(1, &format!("{} -> {} [dir=none, label={rtt}{look}];", id(Thing::Node(a)), id(Thing::Node(b))));
        }
    }
}

/// The node of a site.
pub(super) fn node_of(drawing: &Drawing, site: crate::world::SiteId) -> Option<NodeId> {
    drawing.sites.iter().find(|drawn| drawn.id == site).map(|drawn| drawn.node)
}

/// What a thing is called in a graph: never its own name, which may be anything.
pub(super) fn id(thing: Thing) -> String {
    match thing {
        Thing::Node(id) => format!("node{}", id.0),
        Thing::Station(id) => format!("service{}", id.0),
        Thing::Store(id, site) => format!("store{}at{}", id.0, site.0),
        Thing::Queue(id) => format!("queue{}", id.0),
        Thing::People(id) => format!("people{}", id.0),
        Thing::Link(id) => format!("link{}", id.0),
    }
}

/// Whether people are down when this fails alone.
pub(super) fn is_single(drawing: &Drawing, thing: Thing) -> bool {
    drawing.single_points.iter().flatten().any(|point| match point.failing {
        Failing::Node(id) => thing == Thing::Node(id),
        Failing::Link(id) => thing == Thing::Link(id),
    })
}

/// How something is at a moment, where it is not well.
pub(super) fn word_of(state: &State, thing: Thing) -> Option<&'static str> {
    let down = |is: bool| is.then_some("down");
    match thing {
        Thing::Node(id) => down(state.nodes.contains(&id)),
        Thing::Station(id) if state.starting.contains(&id) => Some("starting"),
        Thing::Station(id) if state.stations.contains(&id) => Some("down"),
        Thing::Station(id) => state.busy.contains(&id).then_some("overloaded"),
        Thing::Queue(id) => down(state.queues.contains(&id)),
        Thing::Link(id) => state.links.contains(&id).then_some("cut"),
        Thing::Store(..) => None,
        Thing::People(id) => match state.people.get(&id)? {
            ServiceLevel::Down => Some("down"),
            ServiceLevel::Degraded => Some("degraded"),
            ServiceLevel::Stale => Some("stale"),
            _ => None,
        },
    }
}

/// A label in quotes: nothing in it is a command of Graphviz or an entity.
fn quoted(label: &str) -> String {
    let lines: Vec<String> = label.lines().map(clean).collect();
    let escaped = lines.iter().map(|line| line.replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\""));
    format!("\"{}\"", escaped.collect::<Vec<_>>().join("\\n"))
}
