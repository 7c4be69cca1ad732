//! What is said about a picture.

use crate::drawing::{Drawing, Scene, State};
use crate::observe::ServiceLevel;
use std::collections::BTreeMap;

/// Names of one kind that are listed.
const NAMES_MAX: usize = 8;

/// What stands below the title: what was chosen, and when it is.
pub fn under(drawing: &Drawing, scene: Option<&Scene>) -> String {
    let mut parts = drawing.pick.clone();
    parts.extend(scene.map(|scene| scene.when.clone()));
    if parts.is_empty() {
        parts.push("the design".to_owned());
    }
    parts.join(" · ")
}

/// What is shown, for who does not see it.
pub fn label(drawing: &Drawing) -> String {
    let sites: Vec<String> = drawing.sites.iter().map(|site| site.name.clone()).collect();
    format!("The design “{}”: sites {}", drawing.title, listed(&sites, 12))
}

/// The heading of what takes people down alone.
pub fn points_title(drawing: &Drawing) -> String {
    match &drawing.single_points {
        None => "Single points of failure were not looked for: the design is too large".to_owned(),
        Some(points) if points.is_empty() => {
            "No single point of failure: whatever fails alone, everybody is served by something else".to_owned()
        }
        Some(_) => "Single points of failure".to_owned(),
    }
}

/// `a, b, c and 3 more`.
pub fn listed(names: &[String], most: usize) -> String {
    match names.len() {
        0 => "none".to_owned(),
        count if count <= most + 1 => names.join(", "),
        count => format!("{} and {} more", names[..most].join(", "), count - most),
    }
}

/// What is down in a state, in a sentence for each kind.
pub fn told(drawing: &Drawing, state: &State) -> Vec<String> {
    let mut nodes = BTreeMap::new();
    let (mut stations, mut people) = (BTreeMap::new(), BTreeMap::new());
    for site in &drawing.sites {
        nodes.insert(site.node, site.name.clone());
        nodes.extend(site.parts.iter().map(|part| (part.node, part.name.clone())));
        stations.extend(site.services.iter().map(|service| (service.id, format!("{}@{}", service.name, site.name))));
    }
    nodes.extend(drawing.elsewhere.iter().map(|part| (part.node, part.name.clone())));
    nodes.extend(drawing.groups.iter().map(|group| (group.node, group.name.clone())));
    for crowd in &drawing.crowds {
        people.extend(crowd.people.iter().map(|person| (person.id, person.name.clone())));
    }
    let mut down: Vec<String> = state.nodes.iter().filter_map(|id| nodes.get(id).cloned()).collect();
    down.extend(state.stations.difference(&state.starting).filter_map(|id| stations.get(id).cloned()));
    let starting: Vec<String> = state.starting.iter().filter_map(|id| stations.get(id).cloned()).collect();
    let busy: Vec<String> = state.busy.iter().filter_map(|id| stations.get(id).cloned()).collect();
    let feels = |level: ServiceLevel| -> Vec<String> {
        let felt = state.people.iter().filter(|(_, felt)| **felt == level);
        felt.filter_map(|(id, _)| people.get(id).cloned()).collect()
    };
    let mut told = Vec::new();
    for (what, names) in [
        ("People down", feels(ServiceLevel::Down)),
        ("People degraded", feels(ServiceLevel::Degraded)),
        ("People who see what is stale", feels(ServiceLevel::Stale)),
        ("Down", down),
        ("Starting", starting),
        ("Overloaded", busy),
    ] {
        if !names.is_empty() {
            told.push(format!("{what}: {}.", listed(&names, NAMES_MAX)));
        }
    }
    if !state.links.is_empty() {
        told.push(format!("Links cut: {}.", state.links.len()));
    }
    if told.is_empty() {
        told.push("Everything works.".to_owned());
    }
    told
}
