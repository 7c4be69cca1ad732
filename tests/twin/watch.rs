//! Those who watch an active member, sign by sign.

use super::groups::{Stage, View};
use super::model::{Due, Twin};
use super::plan::{Detect, Ns};

/// One of those who watch.
pub struct Checker {
    /// Whether the signs come that it waits for; `None`: it is dead.
    sees: Option<bool>,
    next: Ns,
    /// Signs missed in a row.
    missed: u32,
    /// When the last sign came.
    last: Ns,
    /// Since when it takes the member for down, or from when on if nothing changes.
    marks: Option<Ns>,
}

/// From the first sign that something is wrong.
pub struct Watch {
    checkers: Vec<Checker>,
    well_since: Option<Ns>,
}

impl Detect {
    /// Time between two signs, and how much later the next one is after one that is missed.
    fn rhythm(&self) -> Option<(Ns, Ns)> {
        match self {
            Detect::Instant => None,
            Detect::Probe { every, timeout, in_turn, .. } => Some((*every, if *in_turn { *timeout } else { 0 })),
            Detect::Heartbeat { every, .. } | Detect::Vrrp { advert: every, .. } => Some((*every, 0)),
        }
    }

    /// When it is known, at a sign that is missed.
    fn marks(&self, checker: &Checker, now: Ns) -> Option<Ns> {
        match self {
            Detect::Instant => Some(now),
            Detect::Probe { fails, timeout, .. } => (checker.missed >= *fails).then_some(now + timeout),
            Detect::Heartbeat { .. } | Detect::Vrrp { .. } => Some(checker.last + self.grace()),
        }
    }

    fn grace(&self) -> Ns {
        match self {
            Detect::Heartbeat { grace, .. } => *grace,
            // The skew is a part of a second.
            Detect::Vrrp { priority, advert } => 3 * advert + (256 - i64::from(*priority)) * 1_000_000_000 / 256,
            _ => 0,
        }
    }
}

impl Twin<'_> {
    /// Those who watch look again; says when the failure will be noticed.
    pub fn watch(&mut self, group: usize) {
        let Some(policy) = self.policy(group) else { return };
        let active = self.groups[group].active;
        let Some((every, later)) = policy.detect.rhythm() else {
            let noticed = (self.view(group, active) != View::Well).then_some(self.now);
            return self.will_be_noticed(group, noticed);
        };
        let sights = self.sights(group, active);
        let well = sights.iter().all(|sees| *sees == Some(true));
        let now = self.now;
        let state = &mut self.groups[group];
        // Once all has been well for long enough that everybody has seen it, it is as if nothing had been.
        if state.watch.as_ref().is_some_and(|watch| watch.well_since.is_some_and(|since| now - since > every + later)) {
            state.watch = None;
            self.void(|due| matches!(due, Due::Sign { group: of, .. } if *of == group));
        }
        if self.groups[group].watch.is_none() {
            if well {
                return self.will_be_noticed(group, None);
            }
            self.void(|due| matches!(due, Due::Sign { group: of, .. } if *of == group));
            let mut checkers = Vec::new();
            // All who listen to heartbeats hear the same.
            let one = matches!(policy.detect, Detect::Heartbeat { .. } | Detect::Vrrp { .. });
            let mut phase = 0;
            for index in 0..sights.len() {
                if index == 0 || !one {
                    phase = (self.groups[group].detect.uniform() * every as f64 + 0.5) as Ns;
                }
                let next = now + phase;
                checkers.push(Checker { sees: Some(true), next, missed: 0, last: next - every, marks: None });
                self.at(next, Due::Sign { group, checker: index });
            }
            self.groups[group].watch = Some(Watch { checkers, well_since: None });
        }
        let grace = policy.detect.grace();
        let watch = self.groups[group].watch.as_mut().expect("it watches");
        watch.well_since = if well { watch.well_since.or(Some(now)) } else { None };
        for (checker, sees) in watch.checkers.iter_mut().zip(&sights) {
            if sees.is_none() {
                (checker.missed, checker.marks) = (0, None);
            }
            checker.sees = *sees;
            // A heartbeat that is late is late since the last that came.
            if grace > 0 && *sees == Some(false) {
                checker.marks = Some(checker.last + grace);
            }
        }
        self.count_votes(group);
    }

    fn count_votes(&mut self, group: usize) {
        let quorum = self.quorum(group);
        let Some(watch) = &self.groups[group].watch else { return };
        let mut marks: Vec<Ns> =
            watch.checkers.iter().filter(|c| c.sees == Some(false)).filter_map(|checker| checker.marks).collect();
        marks.sort_unstable();
        let noticed = marks.get(quorum - 1).map(|at| (*at).max(self.now));
        self.will_be_noticed(group, noticed);
    }

    fn will_be_noticed(&mut self, group: usize, when: Option<Ns>) {
        let when = when.filter(|_| self.groups[group].stage == Stage::Detecting);
        if self.when(|due| *due == Due::Noticed(group)) != when {
            self.void(|due| *due == Due::Noticed(group));
            if let Some(when) = when {
                self.at(when, Due::Noticed(group));
            }
        }
    }

    /// A sign is due: it comes, or it is missed.
    pub fn sign(&mut self, group: usize, checker: usize) {
        let (Some(policy), now) = (self.policy(group), self.now) else { return };
        let Some((every, later)) = policy.detect.rhythm() else { return };
        let Some(watch) = self.groups[group].watch.as_mut() else { return };
        if watch.well_since.is_some_and(|since| now - since > every + later) {
            return;
        }
        let one = &mut watch.checkers[checker];
        let missed = one.sees == Some(false);
        if missed {
            one.missed += 1;
            if one.marks.is_none() {
                one.marks = policy.detect.marks(one, now);
            }
        } else {
            // Whoever does not listen yet begins to at the last that he would have heard.
            (one.missed, one.marks, one.last) = (0, None, now);
        }
        one.next = now + every + if missed { later } else { 0 };
        let next = one.next;
        self.at(next, Due::Sign { group, checker });
        self.count_votes(group);
    }
}
