//! A rehearsal while it is played: its log, its branches, and the run at the moment that has been reached.

use super::deed::{CameTo, Deed, Entry};
use super::live::Live;
use super::log::{Branch, ENTRIES_MAX, grow, seconds};
use super::plan::{Changes, FACILITATOR, InjectPlan, Plan, SeatPlan};
use super::rights::may;
use crate::units::{Duration, Time};

/// Characters of anything that somebody says.
pub const TEXT_MAX: usize = 1_000;
/// Characters of a name.
pub const WHO_MAX: usize = 60;
/// Alerts that an entry remembers.
const SAW_MAX: usize = 8;
/// Runs on the way that are kept, so that going back is fast.
const KEPT_MAX: usize = 48;
/// Branches of one rehearsal.
const BRANCHES_MAX: usize = 200;

/// Why something is not done. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// There is no such seat.
    #[error("there is no seat of this name")]
    NoSeat,
    /// That seat may not do it.
    #[error("that is not for this seat to do")]
    NotYours,
    /// Play has ended.
    #[error("play is over")]
    Over,
    /// It makes no sense.
    #[error("{0}")]
    Wrong(String),
    /// The log is full.
    #[error("the log is full: end the play and begin another")]
    Full,
}

/// A run on the way.
#[derive(Debug, Clone)]
struct Kept {
    at: Time,
    /// How many of the branch's acts have been done in it.
    acts: usize,
    live: Live,
}

/// A rehearsal while it is played.
#[derive(Debug, Clone)]
pub struct Session {
    plan: Plan,
    entries: Vec<Entry>,
    branches: Vec<Branch>,
    live: Live,
    /// The same run earlier, in this world.
    kept: Vec<Kept>,
    changes: Changes,
    now: Time,
    speed: Option<f64>,
    ended: bool,
}

impl Session {
    /// At the beginning of play.
    pub fn new(plan: Plan) -> Session {
        let live = Live::new(&plan, plan.world.clone());
        let branches = super::log::branches(&[]);
        let now = plan.from;
        let kept = vec![Kept { at: now, acts: 0, live: live.clone() }];
        let (entries, changes) = (Vec::new(), Changes::default());
        Session { plan, entries, branches, live, kept, changes, now, speed: None, ended: false }
    }

    /// Where a log has got to; the clock stands.
    pub fn resume(plan: Plan, entries: Vec<Entry>) -> Session {
        let mut session = Session::new(plan);
        session.branches = super::log::branches(&entries);
        session.entries = entries;
        session.ended = session.is_over();
        let reached = session.branch().reached(&session.entries).max(session.plan.from);
        session.replay(reached);
        session
    }

    /// A branch alone, as far as it got: its entries, and those of the branch that it left.
    pub(super) fn of_branch(plan: Plan, entries: Vec<Entry>) -> Session {
        let mut session = Session::new(plan);
        let all = Branch { name: String::new(), left: None, entries: (0..entries.len()).collect() };
        let reached = all.reached(&entries).max(session.plan.from);
        session.branches = vec![all];
        session.entries = entries;
        session.replay(reached);
        session
    }

    /// What is played.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// All entries of the log.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All branches.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The branch that is played.
    pub fn branch(&self) -> &Branch {
        self.branches.last().expect("there is always one")
    }

    /// The entries of the branch that is played.
    pub fn played(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.branch().entries.iter().map(|i| &self.entries[*i])
    }

    /// The run at this moment.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The moment that has been reached.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Seconds of the run in a second, while the clock runs.
    pub fn speed(&self) -> Option<f64> {
        self.speed
    }

    /// Whether play is over.
    pub fn ended(&self) -> bool {
        self.ended
    }

    fn is_over(&self) -> bool {
        self.played().next_back().is_some_and(|entry| matches!(entry.deed, Deed::End {}))
    }

    /// Lets time pass up to a moment, or to the end of play. It is not written down: see [`Deed::Reach`].
    pub fn advance(&mut self, to: Time) {
        let to = to.min(self.plan.to);
        if to <= self.now || self.ended {
            return;
        }
        self.go_to(to);
        if self.now >= self.plan.to {
            self.speed = None;
        }
    }

    /// Runs on, and keeps a run now and then.
    fn go_to(&mut self, to: Time) {
        let apart = Duration((self.plan.to.since(self.plan.from).0 / KEPT_MAX as i64).max(1));
        while let Some(next) = self.kept.last().map(|kept| kept.at.after(apart)).filter(|next| *next < to) {
            let at = next.max(self.now);
            self.live.run_until(at);
            self.now = at;
            let acts = self.live.engine.log().len();
            self.kept.push(Kept { at, acts, live: self.live.clone() });
        }
        self.live.run_until(to);
        self.now = to;
    }

    /// When the next thing happens that the facilitator would want to see, up to the end of play.
    pub fn next_thing(&self) -> Time {
        let mut fork = self.live.clone();
        let lines = fork.lines().len();
        let mut step = Duration::from_seconds(60.0);
        let mut at = self.now;
        while at < self.plan.to {
            at = at.after(step).min(self.plan.to);
            fork.run_until(at);
            if let Some(line) = fork.lines().get(lines) {
                return seconds(line.at_s).max(self.now).min(self.plan.to);
            }
            step = Duration((step.0 * 2).min(3_600_000_000_000));
        }
        self.plan.to
    }

    /// Does what somebody at a seat wants, and writes it down. What the run refuses is written down too, with the reason.
    ///
    /// # Errors
    ///
    /// What that seat may not do, or what makes no sense: nothing has changed then.
    pub fn act(&mut self, seat: &str, who: &str, clock: &str, deed: Deed) -> Result<&Entry, Denied> {
        let Some((number, at)) = self.plan.seats.iter().enumerate().find(|(_, known)| known.name == seat) else {
            return Err(Denied::NoSeat);
        };
        self.check(at, who, &deed)?;
        let deed = self.with_its_name(deed);
        let saw = self.open_alerts(seat);
        let mut entry = Entry {
            at_ns: self.now.0,
            at: self.plan.world.civil(self.now),
            clock: clock.to_owned(),
            seat: seat.to_owned(),
            who: who.to_owned(),
            deed,
            saw,
            refused: None,
            came_to: None,
        };
        if entry.deed == (Deed::End {}) {
            entry.came_to = Some(self.comes_to());
        }
        if entry.deed.acts() {
            entry.refused = self.live.act(&entry.deed, number as u32).err();
        }
        self.entries.push(entry);
        let index = self.entries.len() - 1;
        grow(&mut self.branches, &self.entries, index);
        self.follow(index);
        Ok(&self.entries[index])
    }

    /// A branch has a name that no other has.
    fn with_its_name(&self, deed: Deed) -> Deed {
        let Deed::Back { to_s, name } = deed else { return deed };
        let is_free = |name: &str| self.branches.iter().all(|branch| branch.name != name);
        let wanted = if name.trim().is_empty() { format!("branch {}", self.branches.len() + 1) } else { name };
        let others = (2..).map(|number| format!("{wanted} ({number})"));
        let name = std::iter::once(wanted.clone()).chain(others).find(|name| is_free(name)).unwrap_or(wanted);
        Deed::Back { to_s, name }
    }

    /// Whether it has just been gone back to this moment, and nothing has happened since.
    pub fn has_just_gone_back_to(&self, to: Time) -> bool {
        let acts = |entry: &&Entry| !matches!(entry.deed, Deed::Sit {} | Deed::Look { .. } | Deed::Pause {});
        let last = self.entries.iter().rev().find(acts);
        last.is_some_and(|entry| matches!(entry.deed, Deed::Back { to_s, .. } if seconds(to_s) == to))
    }

    /// What this branch comes to, if the run goes on to its end with nobody there any more.
    fn comes_to(&self) -> CameTo {
        let outcome = self.plan.play_of(self.branch(), &self.entries).felt(self.plan.luck);
        let downtime_s = outcome.people.iter().map(|(name, people)| (name.clone(), people.downtime_s)).collect();
        CameTo { digest: outcome.provenance.digest, downtime_s }
    }

    /// What a deed does to the rehearsal itself.
    fn follow(&mut self, index: usize) {
        match self.entries[index].deed.clone() {
            Deed::Run { speed } => self.speed = Some(speed),
            Deed::Pause {} => self.speed = None,
            Deed::Reach { to_s } => self.advance(seconds(to_s)),
            Deed::Back { to_s, .. } => {
                self.ended = false;
                self.speed = None;
                self.replay(seconds(to_s));
            }
            // The world is another one from here on, and what has happened in it is the same.
            Deed::Suppress { .. } | Deed::Add { .. } => self.replay(self.now),
            Deed::End {} => {
                self.speed = None;
                self.ended = true;
            }
            _ => {}
        }
    }

    /// Takes the branch that is played to a moment, from the last run before it that has been kept.
    fn replay(&mut self, to: Time) {
        let changes = self.branch().changes(&self.entries);
        let deeds: Vec<(Time, u32, Deed)> = self
            .played()
            .filter(|entry| entry.deed.acts() && entry.time() <= to)
            .map(|entry| (entry.time(), self.number_of(&entry.seat), entry.deed.clone()))
            .collect();
        // A run that was kept at this very moment may have gone through more than the branch has.
        self.kept.retain(|kept| kept.at <= to && kept.acts <= deeds.len());
        if self.kept.is_empty() || changes != self.changes {
            let live = Live::new(&self.plan, self.plan.world_with(&changes));
            self.kept = vec![Kept { at: self.plan.from, acts: 0, live }];
            self.changes = changes;
        }
        let Kept { at, acts, live } = self.kept.last().cloned().expect("one has just been made");
        (self.now, self.live) = (at, live);
        let deeds = deeds.into_iter().skip(acts);
        for (when, by, deed) in deeds {
            self.go_to(when);
            // What was refused then is refused again.
            let _ = self.live.act(&deed, by);
        }
        self.go_to(to);
    }

    fn number_of(&self, seat: &str) -> u32 {
        self.plan.seats.iter().position(|known| known.name == seat).unwrap_or(0) as u32
    }

    fn check(&self, seat: &SeatPlan, who: &str, deed: &Deed) -> Result<(), Denied> {
        if !may(seat, deed) {
            return Err(Denied::NotYours);
        }
        if self.entries.len() >= ENTRIES_MAX {
            return Err(Denied::Full);
        }
        let talks = matches!(
            deed,
            Deed::Sit {} | Deed::Say { .. } | Deed::Think { .. } | Deed::Look { .. } | Deed::Back { .. }
        );
        if self.ended && !talks {
            return Err(Denied::Over);
        }
        let wrong = |why: &str| Err(Denied::Wrong(why.to_owned()));
        if who.chars().count() > WHO_MAX {
            return wrong("a name has at most 60 characters");
        }
        match deed {
            Deed::Tell { text } | Deed::Decide { text } | Deed::Say { text, .. } | Deed::Speak { text, .. }
                if text.trim().is_empty() =>
            {
                return wrong("say something");
            }
            Deed::Think { text, about } if text.trim().is_empty() && about.is_empty() => {
                return wrong("say what you think, or what it is about");
            }
            Deed::Run { speed } if !(1.0..=3_600.0).contains(speed) => return wrong("a speed is from 1 to 3600"),
            Deed::Reach { to_s } if !to_s.is_finite() || seconds(*to_s) < self.now || seconds(*to_s) > self.plan.to => {
                return wrong("that is not between now and the end of play");
            }
            Deed::Back { to_s, .. }
                if !to_s.is_finite() || seconds(*to_s) > self.now || seconds(*to_s) < self.plan.from =>
            {
                return wrong("that is not between the beginning of play and now");
            }
            Deed::Back { .. } if self.branches.len() >= BRANCHES_MAX => return Err(Denied::Full),
            Deed::Suppress { inject } if !self.can_be_suppressed(inject) => {
                return wrong("there is no such inject, or it has come already");
            }
            Deed::Add { fault } if self.plan.fault(fault).is_none() => {
                return wrong("there is no such fault in the menu");
            }
            _ => {}
        }
        self.check_texts(deed)
    }

    fn check_texts(&self, deed: &Deed) -> Result<(), Denied> {
        let no_seats = Vec::new();
        let (texts, to) = match deed {
            Deed::Say { text, to } => (vec![text], to),
            Deed::Speak { from, to, text } => (vec![from, text], to),
            Deed::Tell { text } | Deed::Decide { text } => (vec![text], &no_seats),
            Deed::Think { text, about } => (vec![text, about], &no_seats),
            Deed::Look { at } => (vec![at], &no_seats),
            Deed::Back { name, .. } => (vec![name], &no_seats),
            Deed::Order { measure } | Deed::TakeBack { measure } => (vec![measure], &no_seats),
            Deed::SwitchOver { group, to } => (vec![group, to], &no_seats),
            Deed::CallVendor { component } | Deed::RepairForGood { component } => (vec![component], &no_seats),
            _ => return Ok(()),
        };
        if texts.iter().any(|text| text.chars().count() > TEXT_MAX) {
            return Err(Denied::Wrong(format!("a text has at most {TEXT_MAX} characters")));
        }
        if to.iter().any(|name| self.plan.seat(name).is_none()) {
            return Err(Denied::NoSeat);
        }
        Ok(())
    }

    fn can_be_suppressed(&self, name: &str) -> bool {
        let is_it = |inject: &&InjectPlan| inject.name == name;
        let inject = self.plan.injects.iter().find(is_it);
        inject.is_some_and(|inject| inject.at.is_none_or(|at| at > self.now))
    }

    /// What stands open on the alerts of a seat.
    fn open_alerts(&self, seat: &str) -> Vec<String> {
        if seat == FACILITATOR {
            return Vec::new();
        }
        let alerts = self.live.watching.monitoring.alerts.iter().rev();
        let open = alerts.filter(|alert| alert.at <= self.now && alert.over_at.is_none_or(|over| over > self.now));
        open.take(SAW_MAX).map(|alert| alert.says.clone()).collect()
    }
}
