//! The twin: a clock, a list of what is due in order, and what everything is. Nothing is remembered that could be looked up.

use super::groups::{GroupState, Stage};
use super::plan::{Act, Ns, Part, Plan, Thing};
use super::repair::{Crew, Job, PartState};
use super::stores::StoreState;
use firedrill::rng::{Luck, Stream};

/// More events than this in one run are none that the plan meant.
const EVENTS_MAX: usize = 1_000_000;

/// What is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    /// A step of the drill.
    Step(usize),
    /// The first of the memoryless members of a part that live by a law fails: its own, or that of a temporary fix.
    PoolFails {
        part: usize,
        on_fix: bool,
    },
    /// A member has lived its life.
    LifeEnds {
        part: usize,
        member: usize,
    },
    Shock(usize),
    VendorComes(usize),
    Repaired(usize),
    Restocked(usize),
    Test(usize),
    MaintenanceTold,
    MaintenanceBegins,
    MaintenanceOverruns,
    MaintenanceNext,
    MaintenanceGivenUp,
    MaintenanceEnds,
    /// A condition of the drill, by its step, is over.
    Ends(usize),
    /// A check of an active member, or a heartbeat.
    Sign {
        group: usize,
        checker: usize,
    },
    /// A failure is noticed.
    Noticed(usize),
    /// What a group is at is done.
    Failover(usize),
    Failback(usize),
    /// A replica has been waited for for long enough.
    Alone {
        store: usize,
        replica: usize,
    },
}

/// What belongs to failovers comes after all else that happens at once.
const FAILOVERS: u8 = 6;

impl Due {
    /// What happens first, of what happens at once: faults, repairs, tests, maintenance.
    fn rank(&self) -> u8 {
        match self {
            // A sign that is sent in the moment of a change tells how it was before.
            Due::Sign { .. } => 0,
            Due::Step(_) => 1,
            Due::PoolFails { .. } | Due::LifeEnds { .. } | Due::Shock(_) => 2,
            Due::VendorComes(_) | Due::Repaired(_) | Due::Restocked(_) | Due::Ends(_) => 3,
            Due::Test(_) => 4,
            Due::MaintenanceTold
            | Due::MaintenanceBegins
            | Due::MaintenanceOverruns
            | Due::MaintenanceNext
            | Due::MaintenanceGivenUp
            | Due::MaintenanceEnds => 5,
            Due::Noticed(_) | Due::Failover(_) | Due::Failback(_) | Due::Alone { .. } => FAILOVERS,
        }
    }
}

/// The maintenance, as far as it is.
#[derive(Debug, Default)]
pub struct Work {
    pub under_way: bool,
    pub given_up: bool,
    pub turn: usize,
    /// What it holds down.
    pub holds: Vec<Thing>,
}

pub struct Twin<'a> {
    pub plan: &'a Plan,
    pub now: Ns,
    due: Vec<(Ns, u8, u64, Due)>,
    sequence: u64,
    /// Components, then sites: a site is like a component with one member.
    pub kit: Vec<Part>,
    pub parts: Vec<PartState>,
    pub crews: Vec<Crew>,
    pub jobs: Vec<Job>,
    shocks: Vec<Stream>,
    pub work: Work,
    pub groups: Vec<GroupState>,
    pub stores: Vec<StoreState>,
    /// How often each link is cut.
    cut: Vec<u32>,
    /// Steps of the drill that make something gray now.
    pub spells: Vec<usize>,
    /// Components, sites, groups.
    pub up: Vec<bool>,
    pub told: Vec<(Ns, String)>,
}

impl<'a> Twin<'a> {
    pub fn new(plan: &'a Plan, luck: Luck) -> Twin<'a> {
        let kit: Vec<Part> = plan.parts.iter().cloned().chain((0..plan.sites).map(|_| Part::site())).collect();
        let mut twin = Twin {
            plan,
            now: 0,
            due: Vec::new(),
            sequence: 0,
            parts: kit.iter().enumerate().map(|(i, part)| PartState::new(part, &plan.thing(i).name(), luck)).collect(),
            groups: plan.groups.iter().enumerate().map(|(i, of)| GroupState::new(i, of.members.len(), luck)).collect(),
            stores: (0..plan.stores.len()).map(|store| StoreState::new(plan, store, luck)).collect(),
            cut: vec![0; plan.links.len()],
            spells: Vec::new(),
            up: vec![true; kit.len() + plan.groups.len()],
            kit,
            crews: plan.crews.iter().map(|_| Crew::default()).collect(),
            jobs: Vec::new(),
            shocks: (0..plan.shocks.len()).map(|i| Stream::new(luck, &format!("k{i}"), "shock")).collect(),
            work: Work::default(),
            told: Vec::new(),
        };
        for (i, (at, _)) in plan.drill.iter().enumerate() {
            twin.at(*at, Due::Step(i));
        }
        (0..twin.kit.len()).for_each(|part| twin.start_part(part));
        (0..plan.shocks.len()).for_each(|shock| twin.next_shock(shock));
        twin.look();
        twin.told.clear();
        twin.look_at_stores();
        if let Some(maintenance) = &plan.maintenance {
            if let Some(told) = maintenance.told {
                twin.at(told, Due::MaintenanceTold);
            }
            twin.at(maintenance.starts, Due::MaintenanceBegins);
        }
        twin
    }

    /// Something is due then.
    pub fn at(&mut self, when: Ns, due: Due) {
        self.sequence += 1;
        let entry = (when, due.rank(), self.sequence, due);
        let place = self.due.partition_point(|other| (other.0, other.1, other.2) < (entry.0, entry.1, entry.2));
        self.due.insert(place, entry);
    }

    pub fn after(&mut self, wait: Ns, due: Due) {
        self.at(self.now.saturating_add(wait), due);
    }

    /// It will not happen.
    pub fn void(&mut self, is: impl Fn(&Due) -> bool) {
        self.due.retain(|(_, _, _, due)| !is(due));
    }

    /// When something is due.
    pub fn when(&self, is: impl Fn(&Due) -> bool) -> Option<Ns> {
        self.due.iter().find(|(_, _, _, due)| is(due)).map(|(when, ..)| *when)
    }

    pub fn tell(&mut self, what: String) {
        self.told.push((self.now, what));
    }

    pub fn run(&mut self) {
        for _ in 0..EVENTS_MAX {
            if self.due.first().is_none_or(|(when, ..)| *when > self.plan.horizon) {
                return;
            }
            let (when, _, _, due) = self.due.remove(0);
            self.write_until(when);
            self.now = when;
            self.happens(due);
            self.look();
            if self.due.first().is_none_or(|(next, ..)| *next != when) {
                self.look_at_stores();
            }
        }
        panic!("more than {EVENTS_MAX} events");
    }

    fn happens(&mut self, due: Due) {
        match due {
            Due::Step(step) => self.step(step),
            Due::PoolFails { part, on_fix } => self.one_of_pool_fails(part, on_fix),
            Due::LifeEnds { part, member } => self.member_fails(part, member),
            Due::Shock(shock) => self.shock(shock),
            Due::VendorComes(job) => self.vendor_comes(job),
            Due::Repaired(job) => self.repaired(job),
            Due::Restocked(part) => self.restocked(part),
            Due::Test(part) => self.test(part),
            Due::MaintenanceTold => self.tell("maintenance told".to_owned()),
            Due::MaintenanceBegins => self.maintenance_begins(),
            Due::MaintenanceOverruns => self.tell("maintenance overruns".to_owned()),
            Due::MaintenanceNext => self.maintenance_goes_on(),
            Due::MaintenanceGivenUp => self.maintenance_is_given_up(),
            Due::MaintenanceEnds => self.maintenance_ends(),
            Due::Ends(step) => self.is_over(step),
            Due::Sign { group, checker } => self.sign(group, checker),
            Due::Noticed(group) => self.noticed(group),
            Due::Failover(group) => self.failover_due(group),
            Due::Failback(group) => self.failback(group),
            Due::Alone { store, replica } => self.stores[store].replicas[replica].alone = true,
        }
    }

    fn step(&mut self, step: usize) {
        match self.plan.drill[step].1.clone() {
            Act::Crash { of, members, after } => self.crash(of, members, after),
            Act::FailHidden(part) => self.fail_hidden(part),
            Act::Gray { of, percent, lasts, .. } => {
                self.tell(format!("{} is gray {percent}", of.name()));
                self.spells.push(step);
                self.lasts(step, lasts);
            }
            Act::Cut { link, lasts } => {
                self.tell(format!("link {} cut true", self.link_name(link)));
                self.cut[link] += 1;
                self.lasts(step, lasts);
            }
            Act::Order { group, to } => self.order(group, to),
        }
    }

    fn link_name(&self, link: usize) -> String {
        let (a, b, _) = self.plan.links[link];
        format!("s{a}–s{b}")
    }

    fn lasts(&mut self, step: usize, lasts: Option<Ns>) {
        if let Some(lasts) = lasts {
            self.after(lasts, Due::Ends(step));
        }
    }

    fn is_over(&mut self, step: usize) {
        match &self.plan.drill[step].1 {
            Act::Gray { of, .. } => {
                self.spells.retain(|other| *other != step);
                self.tell(format!("{} is gray 0", of.name()));
            }
            Act::Cut { link, .. } => {
                self.cut[*link] -= 1;
                self.tell(format!("link {} cut false", self.link_name(*link)));
            }
            _ => {}
        }
    }

    fn shock(&mut self, shock: usize) {
        for part in self.plan.shocks[shock].of.clone() {
            self.all_fail(part, &format!("shock {shock}"));
        }
        self.next_shock(shock);
    }

    fn next_shock(&mut self, shock: usize) {
        let wait = self.plan.shocks[shock].every.draw(&mut self.shocks[shock]);
        self.after(wait, Due::Shock(shock));
    }

    // ---- What works ---------------------------------------------------------------------------------------------------

    fn held(&self, thing: Thing) -> bool {
        self.work.holds.contains(&thing)
    }

    pub fn works(&self, thing: Thing) -> bool {
        let Some(index) = self.plan.index(thing) else {
            let Thing::Group(group) = thing else { return false };
            return self.works(self.plan.groups[group].members[self.groups[group].active]) && !self.stands_still(group);
        };
        let part = &self.kit[index];
        self.parts[index].working() >= part.needs
            && !self.held(thing)
            && part.at.is_none_or(|site| self.works(Thing::Site(site)))
            && part.on.as_ref().is_none_or(|(needed, of)| self.stands(*needed, of, part.at))
    }

    /// Whether enough of what something stands on works. What stands at a site counts only what it reaches; what stands
    /// nowhere stands as long as some side has enough.
    fn stands(&self, needed: usize, of: &[usize], at: Option<usize>) -> bool {
        let from = |at: Option<usize>| {
            let counts = |below: &&usize| self.works(Thing::Part(**below)) && self.counts_from(at, **below);
            of.iter().filter(counts).count() >= needed
        };
        let sides: Vec<usize> = of.iter().filter_map(|below| self.kit[*below].at).collect();
        if at.is_none() && self.something_is_cut() && !sides.is_empty() {
            return sides.into_iter().any(|side| from(Some(side)));
        }
        from(at)
    }

    pub fn counts_from(&self, from: Option<usize>, part: usize) -> bool {
        let Some(from) = from.filter(|_| self.something_is_cut()) else { return true };
        match (self.kit[part].at, &self.kit[part].on) {
            (Some(to), _) => !self.cut_off(from, to),
            (None, Some((needed, of))) => self.stands(*needed, of, Some(from)),
            (None, None) => true,
        }
    }

    fn something_is_cut(&self) -> bool {
        self.cut.iter().any(|cuts| *cuts > 0)
    }

    pub fn site_of(&self, thing: Thing) -> Option<usize> {
        match thing {
            Thing::Part(part) => self.kit[part].at,
            Thing::Site(site) => Some(site),
            Thing::Group(_) => None,
        }
    }

    /// Whether there is a way between two sites, over links that hold.
    pub fn a_way(&self, from: usize, to: usize) -> bool {
        self.way(from, to, |link| self.cut[link] == 0)
    }

    /// Whether there was a way, and is none now.
    pub fn cut_off(&self, from: usize, to: usize) -> bool {
        !self.a_way(from, to) && self.way(from, to, |_| true)
    }

    fn way(&self, from: usize, to: usize, holds: impl Fn(usize) -> bool) -> bool {
        let mut reached = vec![from];
        let mut next = 0;
        while next < reached.len() {
            let here = reached[next];
            for (link, (a, b, _)) in self.plan.links.iter().enumerate().filter(|(link, _)| holds(*link)) {
                let there = if *a == here {
                    *b
                } else if *b == here {
                    *a
                } else {
                    continue;
                };
                debug_assert!(link < self.cut.len());
                if !reached.contains(&there) {
                    reached.push(there);
                }
            }
            next += 1;
        }
        reached.contains(&to)
    }

    /// Tells what works again and what does so no more, and looks at the groups, until nothing moves.
    fn look(&mut self) {
        for _ in 0..100 {
            for index in 0..self.up.len() {
                let thing = self.plan.thing(index);
                let up = self.works(thing);
                if std::mem::replace(&mut self.up[index], up) != up {
                    self.tell(format!("{} is {}", thing.name(), if up { "up" } else { "down" }));
                    if !up {
                        self.primary_goes_down(thing);
                    }
                }
            }
            let mut moved = false;
            for group in 0..self.groups.len() {
                // Those who watch look when all that happens at once has happened.
                let more = self.due.first().is_some_and(|(when, rank, ..)| *when == self.now && *rank < FAILOVERS);
                if !(more && matches!(self.groups[group].stage, Stage::Idle | Stage::Verifying | Stage::Detecting)) {
                    moved |= self.look_at_group(group);
                }
            }
            if !moved {
                return;
            }
        }
        panic!("it does not settle at {}", self.now);
    }
}
