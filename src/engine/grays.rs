//! Gray parts: what stands on one loses requests as it would be down by a crash of it.
//!
//! A request meets each gray part at most once, and gets lost where what it needs would not work without those that lose it. So of
//! an `all` every part counts, of a group its active member, and what can do without one of its parts makes up for it.

use super::core::Engine;
use super::state::grays::{Grays, Lost};
use crate::world::{Action, Gate, LinkId, NodeId, NodeKind, Routes, SiteId, StationId};
use std::collections::{BTreeMap, BTreeSet};

/// Of so many gray parts all sets are looked at; of more, each of the others loses what it loses to all that stands on it.
const TOGETHER_MAX: usize = 8;

/// The gray parts, and what each loses of the requests and of the checks.
type Sources = Vec<(NodeId, [f64; 2])>;

impl Engine<'_> {
    /// Whether any part of the run is gray now.
    fn any_gray(&self) -> bool {
        self.state.disturbances.iter().any(|c| c.active && matches!(self.action(c.step), Action::Gray { .. }))
    }

    /// What of the requests gets lost in a node, and by what.
    pub(super) fn gray_of(&self, node: NodeId) -> Option<(f64, NodeId)> {
        self.state.grays.nodes.get(&node).map(|lost| (lost.requests, lost.why)).filter(|(share, _)| *share > 0.0)
    }

    /// What of the calls from a site gets lost at a station by what it stands on: who calls from another site has to get into its
    /// own first.
    pub(super) fn gray_at(&self, id: StationId, from: SiteId) -> impl Iterator<Item = (f64, NodeId)> {
        let site = self.world.stations[id.at()].site;
        let way_in = self.gray_of(self.world.sites[site.at()].node).filter(|_| from != site);
        let own = self.state.grays.stations.get(&id).map(|lost| (lost.requests, lost.why));
        way_in.into_iter().chain(own.filter(|(share, _)| *share > 0.0))
    }

    /// The share of health checks that a node loses.
    pub(super) fn gray_checks(&self, node: NodeId) -> f64 {
        self.state.grays.nodes.get(&node).map_or(0.0, |lost| lost.checks)
    }

    /// Works out again what gets lost where. Whatever sees a difference looks again.
    pub(super) fn settle_grays(&mut self) {
        if self.state.grays == Grays::default() && !self.any_gray() {
            return;
        }
        let grays = self.grays();
        if grays == self.state.grays {
            return;
        }
        let links = grays.links != self.state.grays.links;
        self.state.grays = grays;
        if links {
            self.find_routes();
        }
        self.look_at_every_group();
        self.paths_dirty = true;
        self.flow_dirty = true;
    }

    /// The ways between sites over the links that are there, with what each loses.
    pub(super) fn find_routes(&mut self) {
        let (cut, grays) = (&self.state.links_cut, &self.state.grays.links);
        let passes = |link: LinkId| 1.0 - grays.get(&link).map_or(0.0, |lost| lost.requests);
        self.state.routes =
            Routes::passing(self.world.sites.len(), &self.world.links, |link| cut[link.at()] == 0, passes);
    }

    fn gray_parts(&self) -> Sources {
        let mut passes: BTreeMap<NodeId, [f64; 2]> = BTreeMap::new();
        for passing in self.state.disturbances.iter().filter(|c| c.active) {
            if let Action::Gray { node, loses, probes_pass, .. } = self.action(passing.step) {
                let [requests, checks] = passes.entry(self.state.active_node(self.world, *node)).or_insert([1.0; 2]);
                *requests *= 1.0 - loses;
                *checks *= if *probes_pass { 1.0 } else { 1.0 - loses };
            }
        }
        let mut parts: Sources =
            passes.into_iter().map(|(node, [requests, checks])| (node, [1.0 - requests, 1.0 - checks])).collect();
        parts.sort_by(|(_, a), (_, b)| b[0].total_cmp(&a[0]));
        parts
    }

    fn grays(&self) -> Grays {
        let sources = self.gray_parts();
        let above = self.above(&sources);
        let sets = 1_usize << sources.len().min(TOGETHER_MAX);
        // For each set of parts that lose a request, who loses it.
        let losers: Vec<BTreeSet<NodeId>> = (0..sets).map(|set| self.losers(set, &sources, &above)).collect();
        let mut grays = Grays::default();
        for ((_, id), parts) in &above {
            if let Some(lost) = lost(&sources, parts, |set| Some(losers[set].contains(id))) {
                grays.nodes.insert(*id, lost);
            }
        }
        let parts_of = |nodes: &mut dyn Iterator<Item = &NodeId>| -> BTreeSet<usize> {
            nodes.filter_map(|id| above.get(&(self.world.node_rank[id.at()], *id))).flatten().copied().collect()
        };
        let stations = above.keys().flat_map(|(_, id)| &self.world.stations_on[id.at()]).collect::<BTreeSet<_>>();
        for id in stations {
            let station = &self.world.stations[id.at()];
            let site = self.world.sites[station.site.at()].node;
            let parts = parts_of(&mut station.gates.iter().flat_map(|gate| &gate.of).chain(&station.pool));
            let loses = |set: usize| {
                let lost = &losers[set];
                // Who has not got into the site has been lost before.
                (!lost.contains(&site)).then(|| {
                    station.gates.iter().any(|gate| self.gate_loses(gate, Some(station.site), lost))
                        || station.pool.is_some_and(|pool| lost.contains(&pool))
                })
            };
            if let Some(lost) = lost(&sources, &parts, loses) {
                grays.stations.insert(*id, lost);
            }
        }
        for (i, link) in self.world.links.iter().enumerate() {
            let Some(gate) = &link.gate else { continue };
            let parts = parts_of(&mut gate.of.iter());
            if let Some(lost) = lost(&sources, &parts, |set| Some(self.gate_loses(gate, None, &losers[set]))) {
                grays.links.insert(LinkId::new(i), lost);
            }
        }
        grays
    }

    /// What stands on gray parts, from the bottom up, and on which.
    fn above(&self, sources: &Sources) -> BTreeMap<(u32, NodeId), BTreeSet<usize>> {
        let key = |id: NodeId| (self.world.node_rank[id.at()], id);
        let mut above: BTreeMap<(u32, NodeId), BTreeSet<usize>> = BTreeMap::new();
        let mut open = BTreeSet::new();
        for (nth, (id, _)) in sources.iter().enumerate() {
            above.entry(key(*id)).or_default().insert(nth);
            open.insert(key(*id));
        }
        while let Some(next) = open.pop_first() {
            let parts = above[&next].clone();
            for id in &self.world.nodes[next.1.at()].watched_by {
                above.entry(key(*id)).or_default().extend(&parts);
                open.insert(key(*id));
            }
        }
        above
    }

    /// Who loses a request that a set of the gray parts loses.
    fn losers(
        &self,
        set: usize,
        sources: &Sources,
        above: &BTreeMap<(u32, NodeId), BTreeSet<usize>>,
    ) -> BTreeSet<NodeId> {
        let mut losers = BTreeSet::new();
        let gray = |id: NodeId| sources.iter().take(TOGETHER_MAX).position(|(source, _)| *source == id);
        for (_, id) in above.keys() {
            let node = &self.world.nodes[id.at()];
            let own = gray(*id).is_some_and(|nth| set & (1 << nth) != 0);
            let below = match node.kind {
                NodeKind::Group(_) => losers.contains(&self.state.active_node(self.world, *id)),
                _ => node.gates.iter().any(|gate| self.gate_loses(gate, node.site, &losers)),
            };
            if own || below {
                losers.insert(*id);
            }
        }
        losers
    }

    /// Whether too few are left of a gate without those that lose a request. Of one that is open nobody stands on anything.
    fn gate_loses(&self, gate: &Gate, at: Option<SiteId>, losers: &BTreeSet<NodeId>) -> bool {
        let there = gate.of.iter().filter(|id| self.state.nodes[id.at()].up && !self.out_of_reach(at, **id));
        let (lose, pass): (Vec<&NodeId>, Vec<&NodeId>) = there.partition(|id| losers.contains(id));
        let needed = gate.needed as usize;
        pass.len() < needed && lose.len() + pass.len() >= needed
    }
}

/// What gets lost of what meets these parts, given for each set of them whether it is lost by that; `None`: it does not get there.
fn lost(sources: &Sources, parts: &BTreeSet<usize>, loses: impl Fn(usize) -> Option<bool>) -> Option<Lost> {
    let (together, apart): (Vec<usize>, Vec<usize>) = parts.iter().partition(|nth| **nth < TOGETHER_MAX);
    let mut shares = [0.0; 2];
    let mut comes = [0.0; 2];
    for some in 0..1_usize << together.len() {
        let is_hit = |nth: usize| some & (1 << nth) != 0;
        let set = together.iter().enumerate().filter(|(nth, _)| is_hit(*nth)).map(|(_, part)| 1 << part).sum();
        let Some(lost) = loses(set) else { continue };
        for (of, (share, comes)) in shares.iter_mut().zip(&mut comes).enumerate() {
            let odds = |(nth, part): (usize, &usize)| {
                let p = sources[*part].1[of];
                if is_hit(nth) { p } else { 1.0 - p }
            };
            let odds: f64 = together.iter().enumerate().map(odds).product();
            *comes += odds;
            *share += if lost { odds } else { 0.0 };
        }
    }
    for (of, (share, comes)) in shares.iter_mut().zip(comes).enumerate() {
        // All sets together are everything.
        let given = if comes > 0.0 && (comes - 1.0).abs() > 1e-12 { *share / comes } else { *share };
        *share = apart.iter().fold(given, |share, part| 1.0 - (1.0 - share) * (1.0 - sources[*part].1[of]));
    }
    let [requests, checks] = shares;
    // What loses it alone is what it is due to, or else the first.
    let alone = together.iter().find(|part| loses(1 << **part) == Some(true));
    let why = sources[*alone.or(parts.first())?].0;
    (requests > 0.0 || checks > 0.0).then_some(Lost { requests, checks, why })
}
