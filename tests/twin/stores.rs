//! Stores of the twin: how much has been written, and what each replica lacks of it.

use super::model::{Due, Twin};
use super::plan::{Kind, Ns, Plan, Thing};
use firedrill::rng::{Luck, Stream};

/// A replica as the twin sees it.
pub struct Replica {
    site: usize,
    kind: Kind,
    /// Writes that it lacks; of a log that is shipped, see `base`.
    lacks: f64,
    /// It is in contact with a primary that works.
    contact: bool,
    contact_from_s: f64,
    away: bool,
    /// Commits go on without it.
    pub alone: bool,
    at_risk: Option<f64>,
    /// When batches leave.
    phase_s: f64,
    /// It was given everything up to here, in writes; and what arrived until the contact broke off.
    base: f64,
}

pub struct StoreState {
    written: f64,
    /// When it was written how much in all: bends of a line.
    bends: Vec<(f64, f64)>,
    writable: bool,
    waits_for: Option<usize>,
    pub replicas: Vec<Replica>,
    /// Sites without a replica: whether they have been the primary, and what had been written then.
    bare: Vec<(usize, bool, f64)>,
}

impl StoreState {
    pub fn new(plan: &Plan, store: usize, luck: Luck) -> StoreState {
        let of = &plan.stores[store];
        let replica = |(site, kind): &(usize, Kind)| {
            let every_s = if let Kind::Shipped(every, _) = kind { *every as f64 / 1e9 } else { 0.0 };
            let mut stream = Stream::new(luck, &format!("d{store} at s{site}"), "data loss");
            Replica {
                site: *site,
                kind: *kind,
                lacks: 0.0,
                contact: true,
                contact_from_s: f64::NEG_INFINITY,
                away: false,
                alone: false,
                at_risk: None,
                phase_s: stream.uniform() * every_s,
                base: 0.0,
            }
        };
        let bare = match of.primary {
            Thing::Group(group) => plan.groups[group]
                .members
                .iter()
                .filter_map(|member| if let Thing::Site(site) = member { Some(*site) } else { None })
                .filter(|site| of.replicas.iter().all(|(other, _)| other != site))
                .map(|site| (site, false, 0.0))
                .collect(),
            _ => Vec::new(),
        };
        StoreState {
            written: 0.0,
            bends: vec![(0.0, 0.0)],
            writable: true,
            waits_for: None,
            replicas: of.replicas.iter().map(replica).collect(),
            bare,
        }
    }

    /// What had been written at a time.
    fn written_at(&self, at_s: f64) -> f64 {
        let next = self.bends.partition_point(|(bend_s, _)| *bend_s <= at_s);
        let Some((from_s, from)) = next.checked_sub(1).map(|i| self.bends[i]) else { return 0.0 };
        match self.bends.get(next) {
            Some((to_s, to)) => from + (to - from) * (at_s - from_s) / (to_s - from_s),
            None => from,
        }
    }

    /// What a replica lacks now.
    fn lacks(&self, index: usize, now_s: f64) -> f64 {
        let replica = &self.replicas[index];
        match replica.kind {
            Kind::Shipped(every, takes) => self.written - self.shipped(replica, every, takes, now_s),
            _ => replica.lacks,
        }
    }

    /// What had been written when the last batch left that has arrived.
    fn shipped(&self, replica: &Replica, every: Ns, takes: Ns, now_s: f64) -> f64 {
        let (every_s, takes_s) = (every as f64 / 1e9, takes as f64 / 1e9);
        let sent_s = ((now_s - takes_s - replica.phase_s) / every_s).floor() * every_s + replica.phase_s;
        let came = replica.contact && sent_s >= replica.contact_from_s;
        if came { replica.base.max(self.written_at(sent_s)) } else { replica.base }
    }
}

impl Twin<'_> {
    fn primary(&self, store: usize) -> (Thing, Option<usize>) {
        let thing = match self.plan.stores[store].primary {
            Thing::Group(group) => self.plan.groups[group].members[self.groups[group].active],
            thing => thing,
        };
        (thing, self.site_of(thing))
    }

    /// Time has gone by: what could be written was.
    pub fn write_until(&mut self, when: Ns) {
        let dt_s = (when - self.now) as f64 / 1e9;
        if dt_s <= 0.0 {
            return;
        }
        for store in 0..self.stores.len() {
            let (_, primary) = self.primary(store);
            let state = &mut self.stores[store];
            let rate = if state.writable { f64::from(self.plan.stores[store].written) } else { 0.0 };
            state.written += rate * dt_s;
            state.bends.push((when as f64 / 1e9, state.written));
            for replica in state.replicas.iter_mut().filter(|replica| Some(replica.site) != primary) {
                let applies = match replica.kind {
                    _ if !replica.contact => 0.0,
                    Kind::SemiSync(applies, _) if replica.alone => applies,
                    _ => f64::INFINITY,
                };
                replica.lacks =
                    if applies.is_infinite() { 0.0 } else { (replica.lacks + (rate - applies) * dt_s).max(0.0) };
                replica.alone &= !(replica.contact && replica.lacks == 0.0);
            }
        }
    }

    /// A primary goes down: that is what its replicas lack then.
    pub fn primary_goes_down(&mut self, thing: Thing) {
        let now_s = self.now as f64 / 1e9;
        for store in 0..self.stores.len() {
            let (primary, Some(site)) = self.primary(store) else { continue };
            for index in 0..self.stores[store].replicas.len() {
                if primary == thing && self.stores[store].replicas[index].site != site {
                    let lacks = self.stores[store].lacks(index, now_s);
                    let of = self.stores[store].replicas[index].site;
                    self.stores[store].replicas[index].at_risk = Some(lacks);
                    self.tell(format!("d{store} at risk: s{of} lacks {lacks:.4}"));
                }
            }
        }
    }

    /// Who follows, and for whom commits wait.
    pub fn look_at_stores(&mut self) {
        for store in 0..self.stores.len() {
            let (_, Some(primary)) = self.primary(store) else { continue };
            let up = self.works(self.plan.stores[store].primary);
            let mut waits_for = None;
            for index in 0..self.stores[store].replicas.len() {
                self.look_at_replica(store, index, up, primary);
                let replica = &self.stores[store].replicas[index];
                let waited_for = matches!(replica.kind, Kind::Sync | Kind::SemiSync(..)) && !replica.alone;
                if up && waited_for && replica.site != primary && replica.away {
                    waits_for = waits_for.or(Some(replica.site));
                }
            }
            waits_for = waits_for.or(self.hands_over_to(store).filter(|_| up));
            let before = std::mem::replace(&mut self.stores[store].waits_for, waits_for);
            self.stores[store].writable = up && waits_for.is_none();
            match (waits_for, before) {
                _ if waits_for == before => {}
                (Some(site), _) => self.tell(format!("d{store} waits for s{site}")),
                (None, Some(site)) => {
                    let alone = self.stores[store].replicas.iter().any(|r| r.site == site && r.alone);
                    let how = if !up {
                        "nobody"
                    } else if alone {
                        "alone"
                    } else {
                        "answered"
                    };
                    self.tell(format!("d{store} waits for s{site} no more: {how}"));
                }
                (None, None) => {}
            }
        }
    }

    /// Nothing is written while a switchover waits for its target.
    fn hands_over_to(&self, store: usize) -> Option<usize> {
        let Thing::Group(group) = self.plan.stores[store].primary else { return None };
        self.target_that_catches_up(group).and_then(|target| self.site_of_member(group, target))
    }

    /// How long it takes until a member has all that the stores of its group have, if nothing more is written.
    pub fn left_to_catch_up(&self, group: usize, member: usize) -> Ns {
        let Some(site) = self.site_of_member(group, member) else { return 0 };
        let mut longest = 0;
        for (store, _) in self.stores.iter().zip(&self.plan.stores).filter(|(_, of)| of.primary == Thing::Group(group))
        {
            let there = store.replicas.iter().position(|replica| replica.site == site && replica.contact);
            let Some(index) = there else { continue };
            let lacks = store.lacks(index, self.now as f64 / 1e9);
            let wait = match store.replicas[index].kind {
                _ if lacks <= 0.0 => 0,
                Kind::SemiSync(applies, _) | Kind::Async(applies) => (lacks / applies * 1e9 + 0.5) as Ns,
                Kind::Shipped(_, takes) => takes,
                Kind::Sync => 0,
            };
            longest = longest.max(wait);
        }
        longest
    }

    fn look_at_replica(&mut self, store: usize, index: usize, up: bool, primary: usize) {
        let site = self.stores[store].replicas[index].site;
        let reaches = site == primary || self.works(Thing::Site(site)) && self.a_way(primary, site);
        let now_s = self.now as f64 / 1e9;
        let arrived = match self.stores[store].replicas[index].kind {
            Kind::Shipped(every, takes) => {
                self.stores[store].shipped(&self.stores[store].replicas[index], every, takes, now_s)
            }
            _ => 0.0,
        };
        let replica = &mut self.stores[store].replicas[index];
        if up {
            replica.at_risk = None;
        }
        let was_away = replica.away;
        if site == primary {
            (replica.alone, replica.away) = (false, false);
        } else if up {
            replica.away = !reaches;
        }
        if replica.contact && !(up && reaches) {
            replica.base = arrived;
        } else if !replica.contact && up && reaches {
            replica.contact_from_s = now_s;
        }
        replica.contact = up && reaches;
        if replica.contact && replica.kind == Kind::Sync {
            replica.lacks = 0.0;
        }
        replica.alone &= !(replica.contact && replica.lacks == 0.0);
        let (away, alone, kind) = (replica.away, replica.alone, replica.kind);
        if was_away != away {
            self.void(|due| *due == Due::Alone { store, replica: index });
            if let (Kind::SemiSync(_, waits), true, false) = (kind, away, alone) {
                self.after(waits, Due::Alone { store, replica: index });
            }
        }
    }

    /// Another member of a group is active: its stores follow it.
    pub fn promote(&mut self, group: usize, old: usize, new: usize, asked: bool, lives: bool) {
        let (Some(from), Some(to)) = (self.site_of_member(group, old), self.site_of_member(group, new)) else { return };
        if from == to {
            return;
        }
        let asked = asked && lives && self.a_way(from, to);
        let now_s = self.now as f64 / 1e9;
        for store in 0..self.stores.len() {
            if self.plan.stores[store].primary != Thing::Group(group) {
                continue;
            }
            let state = &self.stores[store];
            let mut fate = if lives { "KeptAside" } else { "Lost" };
            let lost = match state.replicas.iter().position(|replica| replica.site == to) {
                _ if asked => 0.0,
                Some(index) if !lives => state.replicas[index].at_risk.unwrap_or(0.0),
                Some(index) => state.lacks(index, now_s),
                None => {
                    let (_, has_been, written) =
                        state.bare.iter().find(|(site, ..)| *site == to).copied().unwrap_or((to, true, 0.0));
                    if !has_been && !lives {
                        fate = "Everything";
                    }
                    state.written - written
                }
            };
            if lost <= 0.0 && fate != "Everything" {
                fate = "Lost";
            }
            let state = &mut self.stores[store];
            let written = state.written;
            for replica in &mut state.replicas {
                let all = (asked && replica.contact) || replica.site == from || replica.site == to;
                replica.lacks = if all { 0.0 } else { (replica.lacks - lost).max(0.0) };
                let was_out = replica.alone && replica.site != to;
                replica.alone = if replica.site == from { !asked } else { was_out };
                (replica.contact, replica.away) = (false, false);
                (replica.at_risk, replica.base) = (None, written);
            }
            for bare in state.bare.iter_mut().filter(|(site, ..)| *site == from || *site == to) {
                (bare.1, bare.2) = (true, written);
            }
            self.void(|due| matches!(due, Due::Alone { store: of, .. } if *of == store));
            self.tell(format!("d{store} lost {lost:.4} {fate}"));
        }
    }
}
