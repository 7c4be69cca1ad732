//! What takes people down alone, although something was to take over.

use super::designs::{is_redundant, under};
use super::looked::Looked;
use crate::drawing::{Failing, single_points};
use crate::scenario::{Code, Diagnostic, Scenario};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that takes people down.
#[derive(Default)]
struct Found<'l> {
    people: BTreeSet<String>,
    strategies: Vec<&'l str>,
}

/// Single points of failure of people who are served by a group that fails over, or by a spread: whoever is served by one site has said
/// that he can do without.
pub fn single_points_of_failure(looked: &Looked) -> Vec<Diagnostic> {
    let mut found: BTreeMap<(String, String), Found> = BTreeMap::new();
    for design in &looked.designs {
        let world = &design.world;
        for point in single_points(world).into_iter().flatten() {
            let redundant = |id: &&crate::world::PopId| is_redundant(world, world.people[id.at()].served_by);
            let hit: Vec<String> =
                point.hits.iter().filter(redundant).map(|id| world.name_of_people(*id).to_owned()).collect();
            if hit.is_empty() {
                continue;
            }
            let path = match point.failing {
                Failing::Node(_) => path_of_node(looked.scenario, &point.name),
                Failing::Link(_) => path_of_link(looked.scenario, &point.name),
            };
            let of = found.entry((path, point.name)).or_default();
            of.people.extend(hit);
            of.strategies.extend(design.strategy.as_deref());
        }
    }
    let told = found.into_iter().map(|((path, name), of)| {
        let people: Vec<&str> = of.people.iter().map(String::as_str).collect();
        let whom = match people.as_slice() {
            [one] => format!("\"{one}\""),
            [first, rest @ ..] => format!("\"{first}\" and {} more", rest.len()),
            [] => String::new(),
        };
        let when = under(&of.strategies, looked.designs.len());
        let reason = format!("when \"{name}\" fails, {whom} cannot be served, whatever fails over{when}");
        let fix = "give it a second one, let them do without it, or silence this where it is meant; firedrill draw shows it in red";
        Diagnostic::new(Code::SinglePoint, path, reason, fix)
    });
    told.collect()
}

fn path_of_node(scenario: &Scenario, name: &str) -> String {
    let section = if scenario.sites.get(name).is_some() { "sites" } else { "components" };
    format!("{section}.{name}#key")
}

/// A link by its name in reports; the uplink of a site is the site's.
fn path_of_link(scenario: &Scenario, name: &str) -> String {
    let is_it = |(a, b): &(String, String)| *name == format!("{a}–{b}") || *name == format!("{b}–{a}");
    match scenario.links.iter().position(|link| is_it(&link.between)) {
        Some(index) => format!("links.{index}"),
        None => format!("sites.{}.uplink", name.trim_end_matches(" uplink")),
    }
}
