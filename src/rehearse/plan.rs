//! What is played: a scenario, who sits where, what is told when, and the world of it in which people decide.

use crate::load::load;
use crate::metrics::automation_words;
use crate::rng::Luck;
use crate::scenario::{
    Choice, Diagnostics, Duty, Fault, Inject, Monitoring, Prepared, Rehearsal, Scenario, Source, Strategy, Wanted,
    faults,
};
use crate::units::{Duration, Time};
use crate::world::{Action, World};
use std::sync::Arc;

/// The seat that there always is.
pub const FACILITATOR: &str = "facilitator";

/// Everything that a rehearsal plays.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The scenario as it is played.
    pub scenario: Scenario,
    /// Its world, in which people decide.
    pub world: Arc<World>,
    /// The same world in which its runbook, its drill and its plan do what they say.
    pub written: Arc<World>,
    /// The luck of the run.
    pub luck: Luck,
    /// When play begins.
    pub from: Time,
    /// When it ends at the latest.
    pub to: Time,
    /// The seats, the facilitator's first.
    pub seats: Vec<SeatPlan>,
    /// The list of injects: what the drill does, and what is told, in the order of time.
    pub injects: Vec<InjectPlan>,
    /// Messages that the facilitator has ready.
    pub prepared: Vec<(String, Prepared)>,
    /// How well players see.
    pub monitoring: Monitoring,
    /// What players are told before it begins.
    pub about: String,
    /// What is to be learned.
    pub learning: Vec<String>,
    /// What the facilitator can add.
    pub menu: Vec<Fault>,
}

/// A seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatPlan {
    /// Its name.
    pub name: String,
    /// What it is there for.
    pub about: String,
    /// What it may do.
    pub duties: Vec<Duty>,
}

/// An entry of the list of injects.
#[derive(Debug, Clone, PartialEq)]
pub struct InjectPlan {
    /// What it is called.
    pub name: String,
    /// When; a step that waits for something has none.
    pub at: Option<Time>,
    /// What it does.
    pub does: InjectDoes,
    /// What players are expected to do.
    pub expects: String,
    /// By which of these that is known, and within which time.
    pub wants: Vec<Wanted>,
    /// From which seats; from any where none is named.
    pub by: Vec<String>,
    /// As above.
    pub within: Option<Duration>,
}

/// What an inject does.
#[derive(Debug, Clone, PartialEq)]
pub enum InjectDoes {
    /// A step of the drill, by its index.
    Step(usize),
    /// Somebody is told something; nobody where nothing is said.
    Tells {
        /// Who says it.
        from: String,
        /// Which seats hear it; all where none is named.
        to: Vec<String>,
        /// What.
        says: String,
    },
}

/// What the facilitator has changed while it was played.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Names of injects that do not come.
    pub suppressed: Vec<String>,
    /// Faults of the menu that come, and when.
    pub added: Vec<(String, Time)>,
}

impl Plan {
    /// What a file plays: the run that it names for that, or the one that is chosen.
    ///
    /// ```
    /// use firedrill::{rehearse::Plan, rng::Luck, scenario::{Choice, Source}};
    /// let text = r#"Scenario(
    ///     format: 1,
    ///     title: "a site that fails",
    ///     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
    ///     sites: {"a": ()},
    ///     drill: [at("+10m", crash(of: "a")), at("+20m", tell("we know"))],
    /// )"#;
    /// let plan = Plan::of(&Source::new("one.ron", text), &Choice::default(), Luck { seed: 1, replication: 0 }).unwrap();
    /// // The crash happens. Telling the users is left to whoever plays.
    /// assert_eq!(plan.injects.len(), 1);
    /// assert_eq!(plan.seats[0].name, "facilitator");
    /// ```
    ///
    /// # Errors
    ///
    /// Every mistake of the scenario.
    pub fn of(source: &Source, choice: &Choice, luck: Luck) -> Result<Plan, Diagnostics> {
        let named = source.read_plain().scenario.and_then(|scenario| scenario.rehearsal).map(|r| r.run);
        let named = named.unwrap_or_default();
        let choice = Choice {
            strategy: choice.strategy.clone().or(named.strategy),
            maintenance: choice.maintenance.clone().or(named.maintenance),
            variant: choice.variant.clone().or(named.variant),
            set: choice.set.clone(),
        };
        let (mut scenario, mut written) = load(source, &choice)?;
        if add_measures(&mut scenario) {
            written = World::compile(&scenario)?;
        }
        Ok(Plan::new(scenario, written, luck))
    }

    fn new(scenario: Scenario, written: Arc<World>, luck: Luck) -> Plan {
        let rehearsal = scenario.rehearsal.clone().unwrap_or_default();
        let time = |text: &Option<String>, without: Time| {
            // The compiler has looked at it.
            text.as_ref().and_then(|text| written.time(text).ok()).unwrap_or(without)
        };
        let (from, to) = (time(&rehearsal.from, Time::ZERO), time(&rehearsal.to, written.horizon));
        let world = Arc::new(written.for_people(from));
        Plan {
            injects: injects(&world, &rehearsal, to),
            seats: seats(&rehearsal),
            prepared: rehearsal.prepared.iter().map(|(name, said)| (name.to_owned(), said.clone())).collect(),
            monitoring: rehearsal.monitoring,
            about: if rehearsal.about.is_empty() { scenario.about.clone() } else { rehearsal.about },
            learning: rehearsal.learning,
            menu: faults(&scenario),
            scenario,
            world,
            written,
            luck,
            from,
            to,
        }
    }

    /// A seat by its name.
    pub fn seat(&self, name: &str) -> Option<&SeatPlan> {
        self.seats.iter().find(|seat| seat.name == name)
    }

    /// The world with what the facilitator has changed. Steps that were there keep their places, so that nothing that has
    /// happened already happens otherwise.
    pub fn world_with(&self, changes: &Changes) -> Arc<World> {
        if *changes == Changes::default() {
            return Arc::clone(&self.world);
        }
        let mut scenario = self.scenario.clone();
        let added = || changes.added.iter().filter_map(|(name, at)| Some((self.fault(name)?, *at)));
        added().for_each(|(fault, _)| fault.change(&mut scenario));
        let compiled = World::compile(&scenario).unwrap_or_else(|_| Arc::clone(&self.written));
        let mut world = compiled.for_people(self.from);
        for (fault, at) in added() {
            world.drill.extend(steps_of(&scenario, fault, at));
        }
        for inject in self.injects.iter().filter(|inject| changes.suppressed.contains(&inject.name)) {
            if let InjectDoes::Step(step) = inject.does {
                world.muted.insert(step);
            }
        }
        Arc::new(world)
    }

    /// The world that does what its runbook, its drill and its plan say, with what the facilitator has changed.
    pub fn written_with(&self, changes: &Changes) -> Arc<World> {
        let with = self.world_with(changes);
        let mut world = World { people_decide: None, ..(*with).clone() };
        for (procedure, written) in world.procedures.iter_mut().zip(&self.written.procedures) {
            procedure.muted = written.muted;
        }
        let left_to_people = |step: &usize| self.world.muted.contains(step) && !self.written.muted.contains(step);
        world.muted.retain(|step| !left_to_people(step));
        Arc::new(world)
    }

    /// A fault of the menu.
    pub fn fault(&self, name: &str) -> Option<&Fault> {
        self.menu.iter().find(|fault| fault.name == name)
    }
}

/// Puts what only people can do into the runbook of the strategy that is played. Says whether there is anything.
fn add_measures(scenario: &mut Scenario) -> bool {
    let Some(rehearsal) = scenario.rehearsal.clone().filter(|rehearsal| !rehearsal.measures.is_empty()) else {
        return false;
    };
    if scenario.strategies.is_empty() {
        scenario.strategies.insert("people", Strategy::default());
    }
    let first = scenario.strategies.names().next().map(str::to_owned);
    let taken = scenario.run.strategy.clone().or(first).unwrap_or_default();
    if let Some(strategy) = scenario.strategies.get_mut(&taken) {
        for (name, measure) in rehearsal.measures.iter() {
            strategy.runbook.insert(name, measure.clone());
        }
    }
    true
}

/// What a fault does at a time, compiled.
fn steps_of(scenario: &Scenario, fault: &Fault, at: Time) -> Vec<(Time, Action)> {
    let alone = Scenario {
        drill: fault.acts().map(|act| Inject::At(format!("+{}", at.since(Time::ZERO)), act.clone())).collect(),
        ..scenario.clone()
    };
    World::compile(&alone).map(|world| world.drill.clone()).unwrap_or_default()
}

fn seats(rehearsal: &Rehearsal) -> Vec<SeatPlan> {
    let seat = |name: &str, about: &str, duties: &[Duty]| SeatPlan {
        name: name.to_owned(),
        about: about.to_owned(),
        duties: duties.to_vec(),
    };
    let mut seats = vec![seat(FACILITATOR, "leads the rehearsal, and sees the truth", &[])];
    if rehearsal.seats.is_empty() {
        seats.extend([
            seat("incident commander", "leads, and decides", &[Duty::Decides]),
            seat("operations", "does what can be done", &[Duty::Operates]),
            seat("communications", "tells the users", &[Duty::Tells]),
            seat("vendor", "the hosting centre and its vendors: repairs", &[Duty::Repairs]),
            seat("observer", "watches, and notes what others do not see", &[]),
        ]);
    }
    seats.extend(rehearsal.seats.iter().map(|(name, written)| seat(name, &written.about, &written.duties)));
    seats
}

/// What the drill does and what is told, in the order of time; what waits for something comes last.
fn injects(world: &World, rehearsal: &Rehearsal, to: Time) -> Vec<InjectPlan> {
    let waits = |step: usize| world.triggers.iter().any(|(_, of)| *of == step);
    let steps = world.drill.iter().enumerate().filter(|(step, _)| !world.muted.contains(step));
    let mut injects: Vec<InjectPlan> = steps
        .map(|(step, (at, action))| InjectPlan {
            name: format!("{}. {}", step + 1, action_words(world, action)),
            at: (!waits(step)).then_some(*at),
            does: InjectDoes::Step(step),
            expects: String::new(),
            wants: Vec::new(),
            by: Vec::new(),
            within: None,
        })
        .collect();
    for (i, message) in rehearsal.injects.iter().enumerate() {
        let from = if message.from.is_empty() { FACILITATOR } else { &message.from };
        let name = if message.says.is_empty() { "expected".to_owned() } else { format!("{from} says") };
        injects.push(InjectPlan {
            name: format!("message {}. {name}", i + 1),
            at: Some(world.time(&message.at).unwrap_or(Time::ZERO)),
            does: InjectDoes::Tells { from: from.to_owned(), to: message.to.clone(), says: message.says.clone() },
            expects: message.expects.clone(),
            wants: message.wants.clone(),
            by: message.by.clone(),
            within: message.within,
        });
    }
    injects.retain(|inject| inject.at.is_none_or(|at| at <= to));
    injects.sort_by_key(|inject| inject.at.unwrap_or(Time::NEVER));
    injects
}

/// What a step of the drill does, in words.
pub fn action_words(world: &World, action: &Action) -> String {
    let lasts = |lasts: &Option<Duration>| lasts.map_or(String::new(), |lasts| format!(" for {lasts}"));
    match action {
        Action::Crash(node, after, members) => {
            let some = members.map_or(String::new(), |members| format!("{members} of "));
            format!("crash of {some}{}{}", world.name_of_node(*node), lasts(after))
        }
        Action::FailHidden(node) => format!("hidden failure of {}", world.name_of_node(*node)),
        Action::Gray { node, loses, lasts: over, .. } => {
            format!("{} loses {:.0}% of requests{}", world.name_of_node(*node), loses * 100.0, lasts(over))
        }
        Action::Slow(stations, by, over) => {
            let names: Vec<&str> = stations.iter().map(|station| world.name_of_station(*station)).collect();
            format!("{} slow, x{by}{}", names.join(", "), lasts(over))
        }
        Action::SlowServers { stations, servers, by, lasts: over, .. } => {
            let names: Vec<&str> = stations.iter().map(|station| world.name_of_station(*station)).collect();
            format!("{servers} servers of {} slow, x{by}{}", names.join(", "), lasts(over))
        }
        Action::Cut(link, over) => format!("cut of {}{}", world.name_of_link(*link), lasts(over)),
        Action::Surge { people, by, lasts: over, .. } => {
            format!("x{by} of {}{}", world.name_of_people(*people), lasts(over))
        }
        Action::FailOver(group, _) => format!("switchover of {}", world.name_of_group(*group)),
        Action::SwitchOff(of, over) => format!("{} switched off{}", automation_words(world, *of), lasts(over)),
        Action::SwitchOn(of) => format!("{} switched on", automation_words(world, *of)),
        Action::Flush(stations) => {
            let names: Vec<&str> = stations.iter().map(|s| world.name_of_station(*s)).collect();
            format!("the cache of {} emptied", names.join(", "))
        }
        Action::Destroy(store) => format!("the data of {} is deleted", world.name_of_store(*store)),
        Action::Decide(text) | Action::Tell(text) => text.clone(),
        other => format!("{other:?}"),
    }
}
