//! Compiling sites, components and groups into one graph of what stands on what.

use super::compiler::Compiler;
use super::limits::{self, sampler};
use super::order::order;
use super::resolve::{Names, listed, sorted};
use crate::dist::{Dist, Sampler};
use crate::scenario::{self, Age, Code, Component};
use crate::units::Duration;
use crate::world::components::{Gate, Node, NodeKind, Repair, Reserve, Shock};
use crate::world::ids::{CrewId, GroupId, NodeId, SiteId};
use std::collections::BTreeSet;

impl Compiler<'_> {
    /// A gate with its names resolved.
    pub fn gate(&self, gate: &scenario::Gate, path: &str) -> Gate {
        let p = &self.problems;
        let (variant, names, needed) = match gate {
            scenario::Gate::All(names) => ("", names, names.len() as u32),
            scenario::Gate::Any(names) => ("", names, 1),
            scenario::Gate::KOfN(k, names) => (".1", names, *k),
        };
        if names.is_empty() {
            p.add(Code::OutOfRange, path, "a gate over nothing", "name what has to work");
        } else if needed == 0 {
            p.add(Code::NeverActs, path, "a gate that needs none of its members always holds", "need at least 1");
        } else if needed as usize > names.len() {
            p.add(
                Code::OutOfRange,
                path,
                format!("{needed} of {} members can never work", names.len()),
                format!("need from 1 to {}", names.len()),
            );
        }
        let mut of = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let place = format!("{path}{variant}.{i}");
            if names[..i].contains(name) {
                p.add(
                    Code::DuplicateName,
                    place.clone(),
                    format!("\"{name}\" is named twice in one gate"),
                    "name it once",
                );
            }
            if let Some(id) = self.names.nodes.find(name, "site, component or group", place, p) {
                of.push(NodeId::new(id));
            }
        }
        of.sort_unstable();
        Gate { needed, of }
    }

    /// The node of a component: sites and groups have no members that fail.
    pub fn component(&self, name: &str, path: &str) -> Option<NodeId> {
        let (scenario, p) = (self.scenario, &self.problems);
        let what = match (scenario.sites.get(name), scenario.groups.get(name)) {
            (Some(_), _) => "site",
            (_, Some(_)) => "group",
            _ => {
                let names = Names::in_order(scenario.components.names());
                names.find(name, "component", path, p)?;
                return self.names.nodes.get(name).map(NodeId::new);
            }
        };
        p.add(
            Code::WrongType,
            path,
            format!("\"{name}\" is a {what}, and a component belongs here"),
            "name a component, like one that the site stands on",
        );
        None
    }

    pub fn compile_nodes(&self) -> Vec<Node> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let mut nodes: Vec<Node> = names.nodes.0.keys().map(|name| blank(name)).collect();
        for (name, site) in sorted(&scenario.sites) {
            let path = format!("sites.{name}");
            let id = SiteId::new(names.sites.get(name).unwrap_or(0));
            let node = &mut nodes[names.nodes.get(name).unwrap_or(0)];
            node.kind = NodeKind::Site(id);
            node.site = Some(id);
            if let Some(stands_on) = &site.stands_on {
                node.gates.push(self.gate(stands_on, &format!("{path}.stands_on")));
            }
            node.reserve = self.reserve(&path, site.stands_on.is_some(), &site.holds_for, site.recharges_in, node);
            if let Some((latitude, longitude)) = site.at {
                p.range(
                    format!("{path}.at"),
                    (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude),
                    format!("({latitude}, {longitude}) is not on Earth"),
                    "write latitude (-90 to 90) and longitude (-180 to 180)",
                );
            }
        }
        for (name, component) in sorted(&scenario.components) {
            let built = self.component_node(name, component);
            nodes[names.nodes.get(name).unwrap_or(0)] = built;
        }
        for (name, group) in sorted(&scenario.groups) {
            let node = &mut nodes[names.nodes.get(name).unwrap_or(0)];
            node.kind = NodeKind::Group(GroupId::new(names.groups.get(name).unwrap_or(0)));
            let path = format!("groups.{name}.members");
            if group.members.is_empty() {
                p.add(Code::OutOfRange, &path, "a group without members", "name its members");
            }
            for (i, member) in group.members.iter().enumerate() {
                if group.members[..i].contains(member) {
                    p.add(
                        Code::DuplicateName,
                        format!("{path}.{i}"),
                        format!("\"{member}\" is named twice"),
                        "name it once",
                    );
                }
            }
        }
        nodes
    }

    fn component_node(&self, name: &str, component: &scenario::Component) -> Node {
        let (horizon, names, p) = (self.scenario.clock.horizon, &self.names, &self.problems);
        let path = format!("components.{name}");
        let mut node = blank(name);
        node.count = component.count.unwrap_or(1);
        node.needs = component.needs.unwrap_or(node.count);
        node.told = node.count <= 64;
        p.range(format!("{path}.count"), node.count > 0, "a component of no members", "write at least 1");
        p.range(
            format!("{path}.needs"),
            // Without members, that is the mistake.
            node.count == 0 || (1..=node.count).contains(&node.needs),
            match node.needs {
                0 => "a component that needs none of its members never fails".to_owned(),
                needs => format!("{needs} of {} members can never work", node.count),
            },
            format!("need from 1 to {}", node.count),
        );
        if let Some(site) = &component.at
            && let Some(id) = names.sites.find(site, "site", format!("{path}.at"), p)
        {
            node.site = Some(SiteId::new(id));
            node.gates.push(Gate { needed: 1, of: vec![NodeId::new(names.nodes.get(site).unwrap_or(0))] });
        }
        if let Some(stands_on) = &component.stands_on {
            node.gates.push(self.gate(stands_on, &format!("{path}.stands_on")));
        }
        let Component { stands_on, holds_for, recharges_in, .. } = component;
        node.reserve = self.reserve(&path, stands_on.is_some(), holds_for, *recharges_in, &node);
        if let Some(fails) = &component.fails
            && limits::positive_dist(p, &format!("{path}.fails"), fails)
        {
            let expected = horizon.seconds() / fails.mean_s() * node.count as f64;
            if expected > limits::HAPPENINGS_MAX {
                p.add(
                    Code::TooMany,
                    format!("{path}.fails"),
                    format!("about {expected:.0} failures over the horizon are more than 50 million"),
                    "lower the count, lengthen the time to failure or shorten the horizon",
                );
            }
            node.fails = Some(fails.sampler());
        }
        node.stationary_start = component.starts == Age::Stationary;
        node.hidden = component.hidden;
        node.last_tested = component.last_tested;
        node.repair = component.repair.as_ref().and_then(|r| self.repair(r, &path));
        if let Some(every) = component.tested_every {
            limits::period(p, &format!("{path}.tested_every"), every, horizon);
            node.tested_every = Some(every);
            if !component.hidden {
                p.add(
                    Code::NeverActs,
                    format!("{path}.tested_every"),
                    "a proof test finds hidden failures, and this component's failures are not hidden",
                    "write hidden: true, or leave the test out",
                );
            } else if every > horizon {
                p.add(
                    Code::NeverActs,
                    format!("{path}.tested_every"),
                    format!("the first test would come after {every}, beyond the horizon of {horizon}"),
                    "test more often, or make the horizon longer",
                );
            }
        }
        if component.last_tested.0 > 0 && (component.fails.is_none() || !component.hidden) {
            p.add(
                Code::NeverActs,
                format!("{path}.last_tested"),
                "only a hidden failure with a time to failure can have happened before the start",
                "write hidden: true and fails:, or leave it out",
            );
        }
        node
    }

    /// What a node lives on while the last of its gates, that of `stands_on`, is open.
    fn reserve(
        &self,
        path: &str,
        stands_on: bool,
        holds_for: &Option<Dist>,
        recharges_in: Duration,
        node: &Node,
    ) -> Option<Reserve> {
        let p = &self.problems;
        let Some(dist) = holds_for else {
            if recharges_in.0 > 0 {
                p.add(
                    Code::NeverActs,
                    format!("{path}.recharges_in"),
                    "nothing is used up that could recharge",
                    "write holds_for: too, or leave it out",
                );
            }
            return None;
        };
        let holds_for = sampler(dist, &format!("{path}.holds_for"), p);
        if !stands_on {
            p.add(
                Code::NeverActs,
                format!("{path}.holds_for"),
                "it stands on nothing that it could do without for a time",
                "write what it stands_on, or leave it out",
            );
            return None;
        }
        Some(Reserve { gate: node.gates.len().checked_sub(1)?, holds_for: holds_for?, recharges_in })
    }

    fn repair(&self, repair: &scenario::Repair, path: &str) -> Option<Repair> {
        let (names, p) = (&self.names, &self.problems);
        let path = format!("{path}.repair");
        // Each part is looked at whatever is wrong with the others; a world with a mistake is not used.
        let takes = sampler(&repair.takes, &format!("{path}.takes"), p);
        let crew = repair.crew.as_ref().and_then(|name| names.crews.find(name, "crew", format!("{path}.crew"), p));
        let vendor = repair.vendor.as_ref().and_then(|dist| sampler(dist, &format!("{path}.vendor"), p));
        let spares = repair
            .spares
            .as_ref()
            .and_then(|spares| Some((spares.stock, sampler(&spares.restock, &format!("{path}.spares.restock"), p)?)));
        let temporary = repair.temporary.as_ref().and_then(|fix| {
            let takes = sampler(&fix.takes, &format!("{path}.temporary.takes"), p);
            let fails = limits::positive_dist(p, &format!("{path}.temporary.fails"), &fix.fails);
            takes.filter(|_| fails).map(|takes| (takes, fix.fails.sampler()))
        });
        let vendor_promises = repair.vendor_promises;
        if vendor_promises.is_some() && repair.vendor.is_none() {
            p.add(
                Code::NeverActs,
                format!("{path}.vendor_promises"),
                "nobody waits for a vendor here",
                "write vendor: with the time that it takes to come, or leave it out",
            );
        }
        let fails = repair.repair_fails.0;
        let why = "a repair that never succeeds";
        p.range(format!("{path}.repair_fails"), fails < 1.0, why, "write less than 100%, or leave the repair out");
        Some(Repair { takes: takes?, crew: crew.map(CrewId::new), vendor, vendor_promises, spares, temporary, fails })
    }

    /// Topological order of what stands on what; a cycle is reported with all its members.
    pub fn order_nodes(&self) -> Vec<NodeId> {
        let (scenario, nodes, p) = (self.scenario, &self.nodes, &self.problems);
        let index = |name: &str| nodes.binary_search_by(|n| n.name.as_str().cmp(name)).ok();
        let mut edges = Vec::new();
        for (i, node) in nodes.iter().enumerate() {
            for gate in &node.gates {
                edges.extend(gate.of.iter().map(|id| (id.at(), i)));
            }
        }
        for (name, group) in scenario.groups.iter() {
            for (i, member) in group.members.iter().enumerate() {
                match (index(name), index(member)) {
                    (Some(group), Some(member)) => edges.push((member, group)),
                    (Some(_), None) => {
                        let names = Names(nodes.iter().enumerate().map(|(i, n)| (n.name.clone(), i)).collect());
                        p.unknown(format!("groups.{name}.members.{i}"), "site or component", member, &names);
                    }
                    _ => {}
                }
            }
        }
        match order(nodes.len(), edges.into_iter()) {
            Ok(order) => order.into_iter().map(NodeId::new).collect(),
            Err(circles) => {
                for members in circles {
                    let first = &nodes[members[0]];
                    let section = match first.kind {
                        NodeKind::Site(_) => "sites",
                        NodeKind::Component => "components",
                        NodeKind::Group(_) => "groups",
                    };
                    let names = listed(members.iter().map(|&i| nodes[i].name.as_str()));
                    let reason = match members.as_slice() {
                        [_] => format!("{names} stands on itself"),
                        _ => format!("these stand on each other in a circle: {names}"),
                    };
                    p.add(
                        Code::Cycle,
                        format!("{section}.{}#key", first.name),
                        reason,
                        "break the circle: something has to stand on its own",
                    );
                }
                Vec::new()
            }
        }
    }

    /// What the nodes are to stations and groups.
    pub fn finish_nodes(&mut self) {
        // A pool gives what servers it has: it works while one of them does, unless the file says otherwise.
        for pool in self.stations.iter().filter_map(|s| s.pool) {
            let node = &mut self.nodes[pool.at()];
            if self.scenario.components.get(&node.name).is_some_and(|c| c.needs.is_none()) {
                node.needs = 1;
            }
        }
        for group in &self.groups {
            for member in &group.members {
                self.nodes[member.at()].watched_by.push(group.node);
            }
        }
    }

    /// Shocks; a beta factor takes its part of the failure rates of the nodes.
    pub fn compile_shocks(&mut self) -> Vec<Shock> {
        let scenario = self.scenario;
        let mut shocks = Vec::new();
        for (name, cause) in sorted(&scenario.common_cause) {
            let path = format!("common_cause.{name}");
            let mut of = Vec::new();
            for (i, member) in cause.of.iter().enumerate() {
                of.extend(self.component(member, &format!("{path}.of.{i}")));
            }
            // In the order of the file: that is the order in which repairs wait for a crew.
            let mut seen = BTreeSet::new();
            of.retain(|id| seen.insert(*id));
            if cause.of.iter().collect::<BTreeSet<_>>().len() < 2 {
                self.problems.add(
                    Code::NeverActs,
                    format!("{path}.of"),
                    "a common cause of fewer than two components",
                    "name at least two",
                );
            }
            match (cause.beta, &cause.every) {
                (Some(beta), None) => {
                    if let Some(every) = self.beta_factor(&path, beta.0, &of) {
                        shocks.push(Shock { name: name.to_owned(), of, every });
                    }
                }
                (None, Some(every)) => {
                    if limits::positive_dist(&self.problems, &format!("{path}.every"), every) {
                        shocks.push(Shock { name: name.to_owned(), of, every: every.sampler() });
                    }
                }
                _ => self.problems.add(
                    Code::Contradiction,
                    format!("{path}#key"),
                    "a common cause has either a beta factor or its own rate",
                    "write one of beta: or every:",
                ),
            }
        }
        shocks
    }

    /// Splits each member's failure rate into its own part and the shared shock (Fleming 1975).
    fn beta_factor(&mut self, path: &str, beta: f64, of: &[NodeId]) -> Option<Sampler> {
        let (nodes, p) = (&mut self.nodes, &self.problems);
        let mut means = Vec::new();
        for id in of {
            match &nodes[id.at()].fails {
                Some(Sampler::Exponential(mean)) => means.push(*mean),
                _ => {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.beta"),
                        format!(
                            "a beta factor splits an exponential failure rate, and \"{}\" has none",
                            nodes[id.at()].name
                        ),
                        "give every member fails: exponential(mean: ...), or state the shocks with every:",
                    );
                    return None;
                }
            }
        }
        let mean = *means.first()?;
        if means.iter().any(|m| *m != mean) {
            p.add(
                Code::Contradiction,
                format!("{path}.beta"),
                "a beta factor needs members of one and the same mean time to failure",
                "give them the same mean, or state the shocks with every:",
            );
            return None;
        }
        for id in of {
            nodes[id.at()].fails = (beta < 1.0).then(|| Sampler::Exponential(mean / (1.0 - beta)));
        }
        (beta > 0.0).then(|| Sampler::Exponential(mean / beta))
    }
}

fn blank(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        kind: NodeKind::Component,
        site: None,
        count: 1,
        needs: 1,
        gates: Vec::new(),
        reserve: None,
        watched_by: Vec::new(),
        fails: None,
        stationary_start: false,
        repair: None,
        hidden: false,
        tested_every: None,
        last_tested: Duration::ZERO,
        told: true,
    }
}

/// Who has to look again when a node changes.
pub fn watch(nodes: &mut [Node]) {
    for i in 0..nodes.len() {
        let below: Vec<NodeId> = nodes[i].gates.iter().flat_map(|g| g.of.clone()).collect();
        for id in below {
            nodes[id.at()].watched_by.push(NodeId::new(i));
        }
    }
    for node in nodes {
        node.watched_by.sort_unstable();
        node.watched_by.dedup();
    }
}
