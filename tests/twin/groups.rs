//! Groups of the twin: who watches the active member, and how another one takes over.

use super::model::{Due, Twin};
use super::plan::{Act, Detect, Failover, Ns, Thing};
use super::watch::Watch;
use firedrill::rng::{Luck, Stream};

const PHASES: [&str; 4] = ["fence", "promote", "start", "warm"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Idle,
    Detecting,
    Deciding,
    Phase(usize),
    /// Writes have stopped until the target has everything.
    CatchingUp,
    ByHand,
    Verifying,
    GivenUp,
    NobodyLeft,
}

pub struct GroupState {
    pub active: usize,
    pub stage: Stage,
    failed_at: Ns,
    target: usize,
    /// The active member lives and was asked to step down.
    ordered: bool,
    pub watch: Option<Watch>,
    seen_down: bool,
    /// Who runs, and does not do his work: his verification fails.
    unfit: Vec<bool>,
    /// Who has not heard the active member since it became active.
    deaf: Vec<bool>,
    pub detect: Stream,
}

impl GroupState {
    pub fn new(group: usize, members: usize, luck: Luck) -> GroupState {
        GroupState {
            active: 0,
            stage: Stage::Idle,
            failed_at: 0,
            target: 0,
            ordered: false,
            watch: None,
            seen_down: false,
            unfit: vec![false; members],
            deaf: vec![false; members],
            detect: Stream::new(luck, &format!("g{group}"), "detect"),
        }
    }
}

/// How a member looks to those who watch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Well,
    Gray,
    Down,
}

impl Twin<'_> {
    pub fn policy(&self, group: usize) -> Option<Failover> {
        self.plan.groups[group].failover.clone()
    }

    pub fn site_of_member(&self, group: usize, member: usize) -> Option<usize> {
        self.site_of(self.plan.groups[group].members[member])
    }

    fn member_works(&self, group: usize, member: usize) -> bool {
        self.works(self.plan.groups[group].members[member])
    }

    /// The share of its checks that a member that works does not answer, in percent.
    fn lost_percent(&self, group: usize, member: usize) -> u32 {
        let of = self.plan.groups[group].members[member];
        // None of them, some or all.
        [100, 1].into_iter().find(|least| self.loses(of, *least)).unwrap_or(0)
    }

    fn gray_percent(&self, of: Thing) -> u32 {
        let spells = self.spells.iter().filter_map(|step| match &self.plan.drill[*step].1 {
            Act::Gray { of: gray, percent, probes_pass: false, .. } if *gray == of => Some(f64::from(*percent) / 100.0),
            _ => None,
        });
        ((1.0 - spells.fold(1.0, |passes, loses| passes * (1.0 - loses))) * 100.0).ceil() as u32
    }

    /// Whether so many checks of something get lost, in it or in what it stands on.
    fn loses(&self, of: Thing, least: u32) -> bool {
        let Some(part) = self.plan.index(of).map(|index| &self.kit[index]) else { return false };
        let below = part.on.as_ref().is_some_and(|(needed, of)| {
            let there =
                of.iter().filter(|below| self.works(Thing::Part(**below)) && self.counts_from(part.at, **below));
            let (lose, pass): (Vec<usize>, Vec<usize>) =
                there.partition(|below| self.loses(Thing::Part(**below), least));
            pass.len() < *needed && pass.len() + lose.len() >= *needed
        });
        self.gray_percent(of) >= least || below || part.at.is_some_and(|site| self.loses(Thing::Site(site), least))
    }

    /// What each of those who watch sees of a member: whether signs come; `None`: that one is dead.
    pub fn sights(&self, group: usize, member: usize) -> Vec<Option<bool>> {
        let comes = self.member_works(group, member) && self.lost_percent(group, member) < 100;
        let site = self.site_of_member(group, member);
        match self.policy(group).map(|policy| policy.detect) {
            Some(Detect::Probe { from, .. }) if !from.is_empty() => {
                let sees = |from: &usize| {
                    let reaches = site.is_none_or(|site| self.a_way(*from, site));
                    self.works(Thing::Site(*from)).then_some(comes && reaches)
                };
                from.iter().map(sees).collect()
            }
            Some(Detect::Probe { checkers, .. }) => vec![Some(comes); checkers],
            Some(Detect::Heartbeat { .. } | Detect::Vrrp { .. }) => {
                let active = self.groups[group].active;
                let others = (0..self.plan.groups[group].members.len()).filter(|other| *other != active);
                let deaf = &self.groups[group].deaf;
                let hears = |other| comes && !(member == active && self.is_cut_off(group, other));
                others.map(|other| (!deaf[other]).then(|| hears(other))).collect()
            }
            _ => vec![Some(comes)],
        }
    }

    /// The target of a switchover for which writes have stopped.
    pub fn target_that_catches_up(&self, group: usize) -> Option<usize> {
        (self.groups[group].stage == Stage::CatchingUp).then_some(self.groups[group].target)
    }

    fn are_apart(&self, group: usize, a: usize, b: usize) -> bool {
        match (self.site_of_member(group, a), self.site_of_member(group, b)) {
            (Some(a), Some(b)) => a != b && self.cut_off(a, b),
            _ => false,
        }
    }

    /// A backup works, and no advertisement of the active member comes to it any more.
    fn is_cut_off(&self, group: usize, backup: usize) -> bool {
        let state = &self.groups[group];
        !state.deaf[backup] && self.member_works(group, backup) && self.are_apart(group, state.active, backup)
    }

    /// The active member runs, and does nothing: its verification fails.
    pub fn stands_still(&self, group: usize) -> bool {
        self.groups[group].unfit[self.groups[group].active]
    }

    pub fn quorum(&self, group: usize) -> usize {
        match self.policy(group).map(|policy| policy.detect) {
            Some(Detect::Probe { quorum, from, checkers, .. }) => {
                let all = if from.is_empty() { checkers } else { from.len() };
                quorum.unwrap_or(all / 2 + 1)
            }
            _ => 1,
        }
    }

    pub fn view(&self, group: usize, member: usize) -> View {
        let (state, active) = (&self.groups[group], self.groups[group].active);
        let found_out = state.unfit[member] && !(member == active && state.stage == Stage::Verifying);
        if !self.member_works(group, member) || found_out {
            return View::Down;
        }
        let missed = self.sights(group, member).iter().filter(|sees| **sees == Some(false)).count();
        match self.lost_percent(group, member) {
            100.. => View::Down,
            _ if missed >= self.quorum(group) => View::Down,
            1.. => View::Gray,
            _ => View::Well,
        }
    }

    /// Whether it is known of a member that it would not do: it is down, or seen so. Whom nobody has to watch for long is seen
    /// through at once.
    fn known_to_fail(&self, group: usize, member: usize) -> bool {
        let instant = self.policy(group).is_none_or(|policy| matches!(policy.detect, Detect::Instant));
        match self.view(group, member) {
            View::Down => true,
            View::Gray => instant,
            View::Well => false,
        }
    }

    fn next_target(&self, group: usize) -> Option<usize> {
        let active = self.groups[group].active;
        let hears = matches!(
            self.policy(group).map(|policy| policy.detect),
            Some(Detect::Heartbeat { .. } | Detect::Vrrp { .. })
        );
        // Where each backup sees for itself, one that hears an active member that works does not take over.
        let lost =
            !self.member_works(group, active) || self.stands_still(group) || self.lost_percent(group, active) > 0;
        // Who has never heard it misses nothing.
        let misses = |member: usize| !self.groups[group].deaf[member] && (lost || self.is_cut_off(group, member));
        let may = |member: usize| !hears || misses(member);
        (0..self.plan.groups[group].members.len()).find(|m| *m != active && !self.known_to_fail(group, *m) && may(*m))
    }

    // ---- Looking -----------------------------------------------------------------------------------------------------

    /// Looks at a group; says whether it has done something, so that everything has to be looked at again.
    pub fn look_at_group(&mut self, group: usize) -> bool {
        let Some(policy) = self.policy(group) else { return false };
        let active = self.groups[group].active;
        for member in 0..self.plan.groups[group].members.len() {
            self.groups[group].unfit[member] &= self.member_works(group, member);
            self.groups[group].deaf[member] &= self.are_apart(group, active, member);
        }
        let view = self.view(group, active);
        self.count_down_to_failback(group, &policy);
        match (self.groups[group].stage, view) {
            (Stage::Idle | Stage::Verifying, View::Well) => {
                self.watch(group);
                false
            }
            (Stage::Idle | Stage::Verifying, _) => {
                if self.groups[group].stage == Stage::Verifying {
                    self.tell(format!("g{group} verify cut short"));
                }
                self.has_failed(group, view);
                self.goes_to(group, Stage::Detecting);
                self.groups[group].ordered = false;
                self.watch(group);
                true
            }
            (Stage::Detecting, View::Well) => {
                self.watch(group);
                self.goes_to(group, Stage::Idle);
                true
            }
            (Stage::Detecting, _) => {
                if view == View::Down && !self.groups[group].seen_down {
                    self.has_failed(group, view);
                }
                self.watch(group);
                false
            }
            (Stage::GivenUp | Stage::NobodyLeft, View::Well) => {
                self.tell(format!("g{group} stays active"));
                self.goes_to(group, Stage::Idle);
                true
            }
            (Stage::GivenUp, _) => false,
            (Stage::NobodyLeft, _) => {
                let Some(target) = self.next_target(group) else { return false };
                self.groups[group].target = target;
                self.tell(format!("g{group} member {target} is back"));
                if policy.first_back {
                    self.activate(group, target, false)
                } else {
                    self.begin_deciding(group)
                }
                true
            }
            (Stage::Deciding | Stage::Phase(_) | Stage::CatchingUp | Stage::ByHand, _) => {
                self.look_at_what_is_under_way(group, view)
            }
        }
    }

    fn look_at_what_is_under_way(&mut self, group: usize, view: View) -> bool {
        let (active, target) = (self.groups[group].active, self.groups[group].target);
        if view == View::Well && !self.groups[group].ordered {
            self.cut_short(group);
            self.tell(format!("g{group} called off"));
            self.goes_to(group, Stage::Idle);
            return true;
        }
        if self.groups[group].ordered && !self.member_works(group, active) {
            self.has_failed(group, View::Down);
            self.groups[group].ordered = false;
            self.tell(format!("g{group} died meanwhile"));
        }
        if self.groups[group].ordered {
            let Some(reason) = self.unfit(group, target) else { return false };
            self.cut_short(group);
            self.tell(format!("g{group} switchover to {target} called off: {reason}"));
            self.groups[group].ordered = false;
            self.goes_to(group, Stage::Idle);
            return true;
        }
        let lost = if target == active { !self.member_works(group, active) } else { self.known_to_fail(group, target) };
        if lost {
            self.cut_short(group);
            self.find_another(group);
            return true;
        }
        if self.groups[group].stage == Stage::CatchingUp {
            self.cut_short(group);
            self.activate(group, target, false);
            return true;
        }
        false
    }

    fn has_failed(&mut self, group: usize, view: View) {
        self.groups[group].failed_at = self.now;
        self.groups[group].seen_down = view == View::Down;
    }

    fn goes_to(&mut self, group: usize, stage: Stage) {
        self.groups[group].stage = stage;
        self.void(|due| *due == Due::Failover(group) || *due == Due::Noticed(group));
    }

    fn cut_short(&mut self, group: usize) {
        let phase = match self.groups[group].stage {
            Stage::Deciding => "decide",
            Stage::Phase(index) => PHASES[index],
            Stage::CatchingUp => "catch up",
            _ => "by hand",
        };
        self.tell(format!("g{group} {phase} cut short"));
    }

    fn count_down_to_failback(&mut self, group: usize, policy: &Failover) {
        let Some(wait) = policy.failback else { return };
        let ready = self.refused(group, 0).is_none() && self.view(group, 0) == View::Well;
        if !ready {
            self.void(|due| *due == Due::Failback(group));
        } else if self.when(|due| *due == Due::Failback(group)).is_none() {
            self.after(wait, Due::Failback(group));
        }
    }

    // ---- What is due -------------------------------------------------------------------------------------------------

    pub fn failback(&mut self, group: usize) {
        self.order(group, 0);
    }

    /// It is noticed.
    pub fn noticed(&mut self, group: usize) {
        self.groups[group].watch = None;
        self.tell(format!("g{group} detected, failed at {}", self.groups[group].failed_at));
        self.find_another(group);
    }

    fn find_another(&mut self, group: usize) {
        match self.next_target(group) {
            Some(target) => {
                self.groups[group].target = target;
                self.begin_deciding(group);
            }
            None => {
                self.tell(format!("g{group} failover failed: no target"));
                self.goes_to(group, Stage::NobodyLeft);
            }
        }
    }

    fn begin_deciding(&mut self, group: usize) {
        self.goes_to(group, Stage::Deciding);
        let wait = self.policy(group).and_then(|policy| policy.people).unwrap_or(0);
        self.after(wait, Due::Failover(group));
    }

    pub fn failover_due(&mut self, group: usize) {
        let Some(policy) = self.policy(group) else { return };
        match self.groups[group].stage {
            Stage::Deciding => self.decided(group, &policy),
            Stage::Phase(index) => {
                if policy.phases[index].is_some_and(|phase| phase.fails) {
                    return self.fails(group, PHASES[index]);
                }
                self.tell(format!("g{group} {} done", PHASES[index]));
                self.begin_phase(group, index + 1);
            }
            Stage::ByHand => self.activate(group, self.groups[group].target, self.groups[group].ordered),
            Stage::CatchingUp => {
                self.tell(format!("g{group} catch up done"));
                self.activate(group, self.groups[group].target, true);
            }
            Stage::Verifying if self.stands_still(group) => {
                self.groups[group].target = self.groups[group].active;
                self.fails(group, "verify");
            }
            Stage::Verifying => {
                self.tell(format!("g{group} verify done"));
                self.goes_to(group, Stage::Idle);
            }
            Stage::Idle | Stage::Detecting | Stage::GivenUp | Stage::NobodyLeft => {}
        }
    }

    fn decided(&mut self, group: usize, policy: &Failover) {
        self.tell(format!("g{group} decided, by people {}", policy.people.is_some()));
        if let Some(mechanism) = policy.mechanism {
            let unnoticed = self.parts[mechanism].unnoticed() > 0;
            let broken = unnoticed || !self.up[mechanism];
            if unnoticed {
                self.find_hidden(mechanism, true);
            }
            if broken {
                return self.fails(group, "mechanism");
            }
        }
        if policy.fails_on_demand {
            return self.fails(group, "on demand");
        }
        self.begin_phase(group, 0);
    }

    fn begin_phase(&mut self, group: usize, from: usize) {
        let Some(policy) = self.policy(group) else { return };
        let next = (from..4).find_map(|index| Some((index, policy.phases[index]?)));
        match next {
            Some((index, phase)) => {
                self.goes_to(group, Stage::Phase(index));
                self.after(phase.takes, Due::Failover(group));
            }
            None => {
                let (target, ordered) = (self.groups[group].target, self.groups[group].ordered);
                let wait = if ordered { self.left_to_catch_up(group, target) } else { 0 };
                if wait > 1_000 {
                    self.goes_to(group, Stage::CatchingUp);
                    return self.after(wait, Due::Failover(group));
                }
                self.activate(group, target, ordered)
            }
        }
    }

    fn fails(&mut self, group: usize, why: &str) {
        self.tell(format!("g{group} failover failed: {why}"));
        match self.policy(group).and_then(|policy| policy.by_hand) {
            Some(takes) => {
                self.tell(format!("g{group} by hand"));
                self.goes_to(group, Stage::ByHand);
                self.after(takes, Due::Failover(group));
            }
            None if why == "verify" => self.find_another(group),
            None => self.goes_to(group, Stage::GivenUp),
        }
    }

    fn activate(&mut self, group: usize, member: usize, asked: bool) {
        let old = self.groups[group].active;
        let policy = self.policy(group);
        let lives = self.member_works(group, old);
        self.tell(format!("g{group} member {member} is active, planned {}", asked && lives));
        let still = self.stands_still(group);
        if lives && !asked && !still && policy.as_ref().is_none_or(|policy| policy.phases[0].is_none()) {
            self.tell(format!("g{group} split brain"));
        }
        self.promote(group, old, member, asked, lives);
        let verify = policy.and_then(|policy| policy.verify);
        let mended = self.groups[group].stage == Stage::ByHand;
        for other in 0..self.plan.groups[group].members.len() {
            self.groups[group].deaf[other] = other != member && self.are_apart(group, member, other);
        }
        let state = &mut self.groups[group];
        state.unfit[member] = !mended && verify.is_some_and(|verify| verify.fails);
        (state.active, state.ordered, state.watch) = (member, false, None);
        self.void(|due| *due == Due::Failback(group));
        self.goes_to(group, Stage::Idle);
        if let Some(verify) = verify {
            self.goes_to(group, Stage::Verifying);
            self.after(verify.takes, Due::Failover(group));
        }
    }

    // ---- Orders ------------------------------------------------------------------------------------------------------

    /// Why a member cannot take over.
    fn unfit(&self, group: usize, member: usize) -> Option<&'static str> {
        let active = self.groups[group].active;
        if self.known_to_fail(group, member) {
            return Some("down");
        }
        match (self.site_of_member(group, active), self.site_of_member(group, member)) {
            (Some(from), Some(to))
                if self.member_works(group, active) && !self.stands_still(group) && self.cut_off(from, to) =>
            {
                Some("out of reach")
            }
            _ => None,
        }
    }

    fn refused(&self, group: usize, member: usize) -> Option<&'static str> {
        match self.groups[group].stage {
            Stage::Deciding | Stage::Phase(_) | Stage::CatchingUp | Stage::ByHand | Stage::Verifying => {
                Some("under way")
            }
            _ if self.groups[group].active == member => Some("active already"),
            _ => self.unfit(group, member),
        }
    }

    pub fn order(&mut self, group: usize, member: usize) {
        // Somebody tries it once more.
        let again = member != self.groups[group].active && self.groups[group].unfit[member];
        self.groups[group].unfit[member] &= !again;
        if let Some(reason) = self.refused(group, member) {
            self.groups[group].unfit[member] |= again;
            return self.tell(format!("g{group} switchover to {member} refused: {reason}"));
        }
        if self.policy(group).is_none() {
            return self.activate(group, member, true);
        }
        let lives = self.member_works(group, self.groups[group].active) && !self.stands_still(group);
        if !lives && self.groups[group].stage == Stage::Idle {
            // It has failed in this moment, and nobody has looked yet.
            self.has_failed(group, View::Down);
        }
        let failed_at = if lives { self.now } else { self.groups[group].failed_at };
        self.tell(format!("g{group} switchover to {member} begins, failed at {failed_at}, planned {lives}"));
        let state = &mut self.groups[group];
        (state.target, state.ordered, state.watch) = (member, lives, None);
        self.begin_phase(group, 0);
    }
}
