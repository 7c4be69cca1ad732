//! The design for Mermaid: a flowchart, as Markdown pages show it.

use super::dot::{id, is_single, node_of, word_of};
use super::site_layout::{moves, role};
use crate::drawing::{Drawing, Scene, SiteDrawn, State, Thing};
use crate::report::format;
use crate::report::text::clean;

/// Writes a design as a flowchart of Mermaid: at the start of a run, or at a moment of it.
pub fn render_mermaid(drawing: &Drawing, scene: Option<&Scene>) -> String {
    let mut chart = Chart { out: String::new(), drawing, state: scene.map(|scene| &scene.state), marked: Vec::new() };
    chart.line(0, "flowchart TB");
    let title = format!("{} – {}", drawing.title, super::words::under(drawing, scene));
    chart.line(1, &format!("title[{}]:::title", quoted(&title)));
    for person in drawing.crowds.iter().flat_map(|crowd| &crowd.people) {
        let label = format!("{}\n{} users", person.name, format::count(person.users));
        chart.box_of(1, Thing::People(person.id), &label, ("([", "])"));
    }
    for site in &drawing.sites {
        chart.site(site);
    }
    for part in &drawing.elsewhere {
        chart.box_of(1, Thing::Node(part.node), &part.name, ("[", "]"));
    }
    for group in &drawing.groups {
        let label = format!("{}\n{}", group.name, moves(group.moves));
        chart.box_of(1, Thing::Node(group.node), &label, ("{{", "}}"));
    }
    chart.edges();
    chart.line(1, "classDef title fill:none,stroke:none,font-weight:bold");
    chart.line(1, "classDef single stroke:#b3261e,stroke-width:3px");
    chart.line(1, "classDef down fill:#f6d5d2,stroke:#b3261e,color:#7a1711,stroke-dasharray:4 3");
    for (name, class) in std::mem::take(&mut chart.marked) {
        chart.line(1, &format!("class {name} {class}"));
    }
    chart.out
}

struct Chart<'a> {
    out: String,
    drawing: &'a Drawing,
    state: Option<&'a State>,
    /// What is single, and what is down.
    marked: Vec<(String, &'static str)>,
}

impl Chart<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        self.out.push_str(&"  ".repeat(depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn site(&mut self, site: &SiteDrawn) {
        let label = self.marks(Thing::Node(site.node), &site.name);
        self.line(1, &format!("subgraph {}[{}]", id(Thing::Node(site.node)), quoted(&label)));
        // A subgraph with nothing in it is no place for an edge to end.
        if site.services.is_empty() && site.parts.is_empty() && site.stores.is_empty() && site.queues.is_empty() {
            self.line(2, &format!("nothing{}[\"nothing runs here\"]", site.id.0));
        }
        for service in &site.services {
            let label = format!("{}\n{} × {}", service.name, format::count(service.servers as f64), service.workers);
            self.box_of(2, Thing::Station(service.id), &label, ("(", ")"));
        }
        for part in &site.parts {
            self.box_of(2, Thing::Node(part.node), &part.name, ("[", "]"));
        }
        for store in &site.stores {
            let label = format!("{}\n{}", store.name, role(store.role));
            self.box_of(2, Thing::Store(store.id, site.id), &label, ("[(", ")]"));
        }
        for queue in &site.queues {
            self.box_of(2, Thing::Queue(queue.id), &queue.name, ("[[", "]]"));
        }
        self.line(1, "end");
    }

    fn box_of(&mut self, depth: usize, thing: Thing, label: &str, (open, close): (&str, &str)) {
        let label = self.marks(thing, label);
        self.line(depth, &format!("{}{open}{}{close}", id(thing), quoted(&label)));
    }

    /// A label with what is to be known of a thing.
    fn marks(&mut self, thing: Thing, label: &str) -> String {
        let mut label = label.to_owned();
        if is_single(self.drawing, thing) {
            label = format!("◆ {label}");
            self.marked.push((id(thing), "single"));
        }
        if let Some(word) = self.state.and_then(|state| word_of(state, thing)) {
            label = format!("{label}\n({word})");
            self.marked.push((id(thing), "down"));
        }
        label
    }

    fn edges(&mut self) {
        let drawing = self.drawing;
        let at_start = State::default();
        for crowd in &drawing.crowds {
            for person in &crowd.people {
                let from = id(Thing::People(person.id));
                for site in crowd.site.iter().chain(&crowd.others).copied() {
                    let Some(node) = node_of(drawing, site) else { continue };
                    let is_led = crowd.is_led(self.state.unwrap_or(&at_start), &drawing.groups, site).is_some();
                    let arrow = if is_led { "==>" } else { "-.->" };
                    self.line(1, &format!("{from} {arrow} {}", id(Thing::Node(node))));
                }
            }
        }
        for call in &drawing.calls {
            let arrow = if call.hard { "-->" } else { "-.->" };
            self.line(1, &format!("{} {arrow} {}", id(Thing::Station(call.from)), id(Thing::Station(call.to))));
        }
        for (thing, node) in &drawing.stands_on {
            self.line(1, &format!("{} -.- {}", id(*thing), id(Thing::Node(*node))));
        }
        for group in &drawing.groups {
            let active = self.state.and_then(|state| state.active.get(&group.id).copied()).unwrap_or(0);
            for (index, (node, _)) in group.members.iter().enumerate() {
                let arrow = if active == index { "-->|active|" } else { "-.->" };
                self.line(1, &format!("{} {arrow} {}", id(Thing::Node(group.node)), id(Thing::Node(*node))));
            }
        }
        for link in &drawing.links {
            let ends = (node_of(drawing, link.ends.0), node_of(drawing, link.ends.1));
            let (Some(a), Some(b)) = ends else { continue };
            let mark = if is_single(drawing, Thing::Link(link.id)) { "◆ " } else { "" };
            let label = quoted(&format!("{mark}{}", format::latency(link.rtt.seconds())));
            self.line(1, &format!("{} ---|{label}| {}", id(Thing::Node(a)), id(Thing::Node(b))));
        }
    }
}

/// A label in quotes: nothing in it is markup, Markdown or an entity.
fn quoted(label: &str) -> String {
    let mut escaped = String::new();
    for (index, line) in label.lines().enumerate() {
        if index > 0 {
            escaped.push_str("<br/>");
        }
        for c in clean(line).chars() {
            match c {
                '"' => escaped.push_str("#quot;"),
                '#' | '&' | '<' | '>' | '`' | '*' | '_' | '~' | '\\' | '$' | '[' | ']' | '{' | '}' => {
                    escaped.push_str(&format!("#{};", c as u32));
                }
                c => escaped.push(c),
            }
        }
    }
    format!("\"{escaped}\"")
}
