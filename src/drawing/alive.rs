//! What still works when one thing has failed and everybody has had the time to fail over: by structure alone, without load and
//! without luck. It asks what the engine asks, in the engine's words.

use super::model::Failing;
use crate::world::{
    Call, Callee, Detect, Effect, Failover, FeatureId, Gate, Group, GroupId, LinkId, NodeId, NodeKind, Place, PopId,
    ReplicaKind, SiteId, StationId, World,
};

/// Rounds until who works and who is active agree. A group hangs on its mechanism and on those who watch it, which can hang on groups.
const ROUNDS_MAX: usize = 8;
/// What fails more often than this is down, as everywhere.
const MOST: f64 = 0.5;
/// The class of features that are nice to have.
const OPTIONAL: usize = 2;

/// What works.
pub(super) struct Alive<'w> {
    world: &'w World,
    failing: Option<Failing>,
    nodes: Vec<bool>,
    active: Vec<usize>,
    /// Groups whose active member runs and does not do its work.
    still: Vec<bool>,
    stations: Vec<bool>,
    /// Which part of the network each site is in, before and now.
    network: (Vec<usize>, Vec<usize>),
}

impl<'w> Alive<'w> {
    /// Without one thing; with everything where nothing fails.
    pub fn without(world: &'w World, failing: Option<Failing>) -> Alive<'w> {
        let whole = parts(world, |_| true);
        let now = match failing {
            Some(Failing::Link(link)) => parts(world, |other| other != link),
            _ => whole.clone(),
        };
        let mut alive = Alive {
            world,
            failing,
            nodes: vec![true; world.nodes.len()],
            active: vec![0; world.groups.len()],
            still: vec![false; world.groups.len()],
            stations: vec![false; world.stations.len()],
            network: (whole, now),
        };
        for _ in 0..ROUNDS_MAX {
            if !alive.settle() {
                break;
            }
        }
        for id in world.station_order.iter().rev() {
            alive.stations[id.at()] = alive.serves(*id);
        }
        alive
    }

    /// Whether a population gets what it asks of a feature, by its index among those that it uses.
    pub fn is_served(&self, people: PopId, feature: usize) -> bool {
        let population = &self.world.people[people.at()];
        let site = match population.served_by {
            Place::Site(site) => site,
            Place::Group(group) => {
                let active = self.active[group.at()];
                match self.world.groups[group.at()].sites[active] {
                    Some(_) if self.still[group.at()] => return false,
                    Some(site) => site,
                    None => return false,
                }
            }
            // Whoever is left takes all of them.
            Place::Spread(spread) => {
                let over = &self.world.spreads[spread.at()].over;
                return over.iter().any(|(site, _)| self.is_served_at(*site, population.uses[feature].0));
            }
        };
        self.is_served_at(site, population.uses[feature].0)
    }

    fn is_served_at(&self, site: SiteId, feature: FeatureId) -> bool {
        let cut = matches!(self.failing, Some(Failing::Link(link)) if self.world.uplinks[site.at()] == Some(link));
        !cut && self.nodes[self.world.sites[site.at()].node.at()] && {
            let calls = &self.world.features[feature.at()].calls[site.at()];
            calls.iter().all(|call| self.is_answered(call, site))
        }
    }

    /// Goes through everything from the bottom up; says whether something has changed.
    fn settle(&mut self) -> bool {
        let mut changed = false;
        for id in &self.world.node_order {
            let node = &self.world.nodes[id.at()];
            let own = self.members(*id) >= node.needs;
            let mut up = own && node.gates.iter().all(|gate| self.holds(gate, node.site));
            if let NodeKind::Group(group) = node.kind {
                let active = self.active_of(group);
                let runs = self.nodes[self.world.groups[group.at()].members[active].at()];
                let still = runs && !self.leads(group, active);
                up &= runs && !still;
                changed |= self.active[group.at()] != active || self.still[group.at()] != still;
                (self.active[group.at()], self.still[group.at()]) = (active, still);
            }
            changed |= self.nodes[id.at()] != up;
            self.nodes[id.at()] = up;
        }
        if self.world.links.iter().any(|link| link.gate.is_some()) {
            let now = parts(self.world, |link| self.carries(link));
            changed |= now != self.network.1;
            self.network.1 = now;
        }
        changed
    }

    /// Whether a link is there, with what it stands on.
    fn carries(&self, id: LinkId) -> bool {
        let works = |gate: &Gate| gate.of.iter().filter(|of| self.nodes[of.at()]).count() >= gate.needed as usize;
        self.failing != Some(Failing::Link(id)) && self.world.links[id.at()].gate.as_ref().is_none_or(works)
    }

    /// Members of a node that work.
    fn members(&self, id: NodeId) -> u64 {
        let count = self.world.nodes[id.at()].count;
        if self.failing == Some(Failing::Node(id)) { count.saturating_sub(1) } else { count }
    }

    fn holds(&self, gate: &Gate, at: Option<SiteId>) -> bool {
        let counts = |id: &&NodeId| self.nodes[id.at()] && !self.are_apart(at, self.site_of(**id));
        gate.of.iter().filter(counts).count() >= gate.needed as usize
    }

    /// Where a node is: a group is where its active member is.
    fn site_of(&self, id: NodeId) -> Option<SiteId> {
        match self.world.nodes[id.at()].kind {
            NodeKind::Group(group) => self.world.groups[group.at()].sites[self.active[group.at()]],
            _ => self.world.nodes[id.at()].site,
        }
    }

    /// Whether there was a way between two places and is none any more.
    fn are_apart(&self, a: Option<SiteId>, b: Option<SiteId>) -> bool {
        let (Some(a), Some(b)) = (a, b) else { return false };
        let (before, now) = &self.network;
        before[a.at()] == before[b.at()] && now[a.at()] != now[b.at()]
    }

    /// The member that does the work of a group when everything has come to rest.
    fn active_of(&self, id: GroupId) -> usize {
        let group = &self.world.groups[id.at()];
        let by_itself =
            group.failover.as_ref().filter(|policy| self.works(policy) && self.is_noticed(id, group, policy));
        let target = by_itself.and_then(|policy| {
            let mut others = (1..group.members.len()).filter(|member| !self.seems_down(group, *member));
            others.find(|member| self.leads_with(group, policy, *member, 0))
        });
        let works = |member: &usize| self.nodes[group.members[*member].at()];
        // What is ordered for a time is done whatever happens, and not because of it.
        let ordered = || {
            let waiting = self.world.procedures.iter().filter(|procedure| procedure.at.is_none());
            let mut to = waiting.flat_map(|procedure| &procedure.actions).filter_map(|effect| match effect {
                Effect::SwitchOver(of, member) if *of == id => Some(*member),
                _ => None,
            });
            to.find(|member| !works(&0) && works(member))
        };
        target.or_else(ordered).unwrap_or(0)
    }

    /// Whether a failover can succeed at all.
    fn works(&self, policy: &Failover) -> bool {
        let certain = |share: f64| share >= 1.0;
        let fails = certain(policy.fails_on_demand)
            || policy.before.iter().chain(&policy.verify).any(|phase| certain(phase.fails))
            || policy.mechanism.is_some_and(|mechanism| !self.nodes[mechanism.at()]);
        !fails || policy.by_hand.is_some()
    }

    /// Whether the first member is taken for down.
    fn is_noticed(&self, id: GroupId, group: &Group, policy: &Failover) -> bool {
        let dead = !self.nodes[group.members[0].at()];
        let lives = |site: &&SiteId| self.nodes[self.world.sites[site.at()].node.at()];
        match &policy.detect {
            Detect::Probe { from, quorum, .. } if !from.is_empty() => {
                let sees = |site: &&SiteId| dead || self.are_apart(Some(**site), group.sites[0]);
                from.iter().filter(lives).filter(sees).count() >= *quorum as usize
            }
            Detect::Heartbeat { .. } => {
                let cut_off = |member: usize| {
                    self.nodes[group.members[member].at()] && self.are_apart(group.sites[member], group.sites[0])
                };
                dead || (1..group.members.len()).any(cut_off)
            }
            Detect::Raft { .. } => dead || !self.leads(id, 0),
            _ => dead,
        }
    }

    /// Whether a member cannot take over: it is down, or those who watch cannot see it.
    fn seems_down(&self, group: &Group, member: usize) -> bool {
        if !self.nodes[group.members[member].at()] {
            return true;
        }
        let Some(Detect::Probe { from, quorum, .. }) = group.failover.as_ref().map(|policy| &policy.detect) else {
            return false;
        };
        let blind = from.iter().filter(|site| {
            self.nodes[self.world.sites[site.at()].node.at()] && self.are_apart(Some(**site), group.sites[member])
        });
        !from.is_empty() && blind.count() >= *quorum as usize
    }

    /// Whether a member has those behind it without whom it does nothing: of an election a majority.
    fn leads(&self, id: GroupId, member: usize) -> bool {
        let group = &self.world.groups[id.at()];
        group.failover.as_ref().is_none_or(|policy| self.leads_with(group, policy, member, member))
    }

    /// The same where another member has been active so far.
    fn leads_with(&self, group: &Group, policy: &Failover, member: usize, active: usize) -> bool {
        let Detect::Raft { followers, from, .. } = &policy.detect else { return true };
        let mut others = (0..group.members.len()).filter(|other| *other != active);
        let at = group.sites[member];
        let reached = (0..*followers as usize).filter(|i| match (from.get(*i), others.next()) {
            (Some(site), _) => self.nodes[self.world.sites[site.at()].node.at()] && !self.are_apart(at, Some(*site)),
            (None, Some(other)) if from.is_empty() => {
                self.nodes[group.members[other].at()] && !self.are_apart(at, group.sites[other])
            }
            _ => true,
        });
        let old = self.nodes[group.members[active].at()] && !self.are_apart(at, group.sites[active]);
        reached.count() + usize::from(old) > (*followers as usize).div_ceil(2)
    }

    /// Whether a station does its part: callees first.
    fn serves(&self, id: StationId) -> bool {
        let station = &self.world.stations[id.at()];
        let servers = match station.pool {
            Some(pool) => {
                let node = &self.world.nodes[pool.at()];
                if node.gates.iter().all(|gate| self.holds(gate, node.site)) { self.members(pool) } else { 0 }
            }
            None => station.servers,
        };
        servers > 0
            && station.gates.iter().all(|gate| self.holds(gate, Some(station.site)))
            && self.commits(id)
            && station.calls.iter().all(|call| self.is_answered(call, station.site))
    }

    /// Whether a call gets its answer, or can do without.
    fn is_answered(&self, call: &Call, from: SiteId) -> bool {
        if !call.hard || call.times <= MOST {
            return true;
        }
        let callee = match &call.callee {
            Callee::Station(station) => Some(*station),
            Callee::Active(group, _) if self.still[group.at()] => None,
            Callee::Active(group, by_member) => by_member[self.active[group.at()]],
        };
        callee.is_some_and(|callee| {
            let to = self.world.stations[callee.at()].site;
            self.network.1[from.at()] == self.network.1[to.at()] && self.stations[callee.at()]
        })
    }

    /// Whether nobody is waited for in vain who has to confirm what a station writes.
    fn commits(&self, id: StationId) -> bool {
        let writes = &self.world.services[self.world.stations[id.at()].service.at()].writes;
        writes.iter().filter(|(_, share)| *share > MOST).all(|(store, _)| {
            let store = &self.world.stores[store.at()];
            let (node, primary, old) = match store.primary {
                Place::Site(site) => (self.world.sites[site.at()].node, Some(site), None),
                Place::Group(group) => {
                    let (of, active) = (&self.world.groups[group.at()], self.active[group.at()]);
                    (of.node, of.sites[active], of.sites[0].filter(|_| active != 0))
                }
                // Only people are spread.
                Place::Spread(_) => return true,
            };
            let is_there = |site: SiteId| {
                self.nodes[self.world.sites[site.at()].node.at()]
                    && primary.is_some_and(|primary| self.network.1[primary.at()] == self.network.1[site.at()])
            };
            // Whoever has taken over does not wait for the one that it declared dead.
            let waits = |(site, kind): &(SiteId, ReplicaKind)| {
                *kind == ReplicaKind::Sync && Some(*site) != primary && Some(*site) != old && !is_there(*site)
            };
            !self.nodes[node.at()] || !store.replicas.iter().any(waits)
        })
    }
}

/// Features of a population that count: those that are asked for, and not merely nice to have.
pub(super) fn features_of(world: &World, people: PopId) -> impl Iterator<Item = usize> {
    let uses = world.people[people.at()].uses.iter().enumerate();
    uses.filter(|(_, (id, rate))| *rate > 0.0 && world.features[id.at()].class < OPTIONAL).map(|(index, _)| index)
}

/// Which part of the network each site is in, with a link cut.
fn parts(world: &World, carries: impl Fn(LinkId) -> bool) -> Vec<usize> {
    let mut of: Vec<usize> = (0..world.sites.len()).collect();
    fn root(of: &mut [usize], mut site: usize) -> usize {
        while of[site] != site {
            of[site] = of[of[site]];
            site = of[site];
        }
        site
    }
    for (index, link) in world.links.iter().enumerate() {
        if carries(LinkId::new(index)) {
            let (a, b) = (root(&mut of, link.ends.0.at()), root(&mut of, link.ends.1.at()));
            of[a.max(b)] = a.min(b);
        }
    }
    (0..of.len()).map(|site| root(&mut of, site)).collect()
}
