//! The twin: a clock, a list of what is due in order, and what everything is. Nothing is remembered that could be looked up.

use super::plan::{Act, Ns, Part, Plan, Thing};
use super::repair::{Crew, Job, PartState};
use firedrill::rng::{Luck, Stream};

/// More events than this in one run are none that the plan meant.
const EVENTS_MAX: usize = 200_000;

/// What is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    /// A step of the drill.
    Step(usize),
    /// The first of the memoryless members of a part that live by a law fails: its own, or that of a temporary fix.
    PoolFails { part: usize, on_fix: bool },
    /// A member has lived its life.
    LifeEnds { part: usize, member: usize },
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
}

impl Due {
    /// What happens first, of what happens at once: faults, repairs, tests, maintenance.
    fn rank(&self) -> u8 {
        match self {
            Due::Step(_) => 0,
            Due::PoolFails { .. } | Due::LifeEnds { .. } | Due::Shock(_) => 1,
            Due::VendorComes(_) | Due::Repaired(_) | Due::Restocked(_) => 2,
            Due::Test(_) => 3,
            Due::MaintenanceTold
            | Due::MaintenanceBegins
            | Due::MaintenanceOverruns
            | Due::MaintenanceNext
            | Due::MaintenanceGivenUp
            | Due::MaintenanceEnds => 4,
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
    pub luck: Luck,
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
    up: Vec<bool>,
    pub told: Vec<(Ns, String)>,
}

impl<'a> Twin<'a> {
    pub fn new(plan: &'a Plan, luck: Luck) -> Twin<'a> {
        let kit: Vec<Part> = plan.parts.iter().cloned().chain((0..plan.sites).map(|_| Part::site())).collect();
        let mut twin = Twin {
            plan,
            luck,
            now: 0,
            due: Vec::new(),
            sequence: 0,
            parts: kit.iter().enumerate().map(|(i, part)| PartState::new(part, &plan.thing(i).name(), luck)).collect(),
            up: vec![true; kit.len()],
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
            self.now = when;
            self.happens(due);
            self.look();
        }
        panic!("more than {EVENTS_MAX} events");
    }

    fn happens(&mut self, due: Due) {
        match due {
            Due::Step(step) => self.step(&self.plan.drill[step].1.clone()),
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
        }
    }

    fn step(&mut self, act: &Act) {
        match act {
            Act::Crash { of, members, after } => self.crash(*of, *members, *after),
            Act::FailHidden(part) => self.fail_hidden(*part),
            Act::Gray { .. } | Act::Cut { .. } | Act::Order { .. } => {}
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
        let Some(index) = self.plan.index(thing) else { return true };
        let part = &self.kit[index];
        let below_works = |(needed, of): &(usize, Vec<usize>)| {
            of.iter().filter(|below| self.works(Thing::Part(**below))).count() >= *needed
        };
        self.parts[index].working() >= part.needs
            && !self.held(thing)
            && part.at.is_none_or(|site| self.works(Thing::Site(site)))
            && part.on.as_ref().is_none_or(below_works)
    }

    /// Tells what works again and what does so no more.
    fn look(&mut self) {
        for index in 0..self.kit.len() {
            let thing = self.plan.thing(index);
            let up = self.works(thing);
            if std::mem::replace(&mut self.up[index], up) != up {
                self.tell(format!("{} is {}", thing.name(), if up { "up" } else { "down" }));
            }
        }
    }
}
