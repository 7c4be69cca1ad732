//! What compiling carries along.

use super::calendar::calendar;
use super::limits;
use super::resolve::{Names, Problems};
use crate::scenario::{self, Code, Diagnostics, Scenario};
use crate::units::Time;
use crate::world::calendar::Calendar;
use crate::world::components::Node;
use crate::world::failover::Group;
use crate::world::features::Feature;
use crate::world::ids::LinkId;
use crate::world::populations::Population;
use crate::world::routes::Routes;
use crate::world::runbook::BurnRate;
use crate::world::services::{Service, Station};
use crate::world::sites::{Link, Spread};
use std::cell::RefCell;

/// Every name of the file by kind.
pub struct KnownNames {
    pub nodes: Names,
    pub sites: Names,
    pub groups: Names,
    pub spreads: Names,
    pub crews: Names,
    pub services: Names,
    pub queues: Names,
    pub stores: Names,
    pub features: Names,
    pub people: Names,
}

/// The scenario, its names and its mistakes; and of the world, what others of its parts speak of.
///
/// What is compiled later finds what was compiled before it, and nothing of what comes after.
pub struct Compiler<'a> {
    pub scenario: &'a Scenario,
    pub problems: Problems<'a>,
    pub names: KnownNames,
    pub calendar: Calendar,
    pub horizon: Time,
    pub links: Vec<Link>,
    /// The uplink of each site.
    pub uplinks: Vec<Option<LinkId>>,
    pub routes: Routes,
    pub nodes: Vec<Node>,
    pub groups: Vec<Group>,
    pub spreads: Vec<Spread>,
    pub services: Vec<Service>,
    pub stations: Vec<Station>,
    pub features: Vec<Feature>,
    pub people: Vec<Population>,
    /// What conditions ask for, as they are compiled.
    pub burn_rates: RefCell<Vec<BurnRate>>,
}

impl<'a> Compiler<'a> {
    /// Looks at sizes and names. A scenario that is too large is not looked at any further.
    pub fn new(scenario: &'a Scenario) -> Result<Compiler<'a>, Diagnostics> {
        let problems = Problems::new(scenario);
        let p = &problems;
        if scenario.format != scenario::FORMAT {
            p.add(Code::Format, "format", format!("format {} is not known", scenario.format), "write format: 1");
        }
        limits::sizes(scenario, p);
        if p.has(Code::TooMany) {
            return Err(Diagnostics(problems.into_found()));
        }
        let names = KnownNames::of(scenario, p);
        let calendar = calendar(scenario, p);
        Ok(Compiler {
            scenario,
            problems,
            names,
            calendar,
            horizon: Time::ZERO.after(scenario.clock.horizon),
            links: Vec::new(),
            uplinks: Vec::new(),
            routes: Routes::default(),
            nodes: Vec::new(),
            groups: Vec::new(),
            spreads: Vec::new(),
            services: Vec::new(),
            stations: Vec::new(),
            features: Vec::new(),
            people: Vec::new(),
            burn_rates: RefCell::default(),
        })
    }
}

impl KnownNames {
    fn of(scenario: &Scenario, p: &Problems) -> KnownNames {
        let names = KnownNames {
            nodes: Names::of(
                &[
                    ("sites", scenario.sites.names().collect()),
                    ("components", scenario.components.names().collect()),
                    ("groups", scenario.groups.names().collect()),
                ],
                p,
            ),
            spreads: Names::section("spreads", &scenario.spreads, p),
            // Their mistakes are those of the nodes.
            sites: Names::section("sites", &scenario.sites, &Problems::new(scenario)),
            groups: Names::section("groups", &scenario.groups, &Problems::new(scenario)),
            crews: Names::section("crews", &scenario.crews, p),
            services: Names::section("services", &scenario.services, p),
            queues: Names::section("queues", &scenario.queues, p),
            stores: Names::section("stores", &scenario.stores, p),
            features: Names::section("features", &scenario.features, p),
            people: Names::section("people", &scenario.people, p),
        };
        for (section, names) in [
            ("common_cause", scenario.common_cause.names().collect::<Vec<_>>()),
            ("weeks", scenario.weeks.names().collect()),
            ("transfers", scenario.transfers.names().collect()),
            ("strategies", scenario.strategies.names().collect()),
            ("maintenance", scenario.maintenance.names().collect()),
            ("variants", scenario.variants.names().collect()),
            ("providers", scenario.providers.names().collect()),
            ("teams", scenario.teams.names().collect()),
        ] {
            Names::of(&[(section, names)], p);
        }
        names
    }
}

/// Times of the file.
impl Compiler<'_> {
    pub fn time(&self, text: &str, path: &str) -> Option<Time> {
        match self.calendar.read(text) {
            Ok(time) => Some(time),
            Err((reason, fix)) => {
                self.problems.add(Code::Time, path, reason, fix);
                None
            }
        }
    }

    /// A time within the run; before the start or after the end it would never come.
    pub fn time_in_run(&self, text: &str, path: &str) -> Option<Time> {
        let at = self.time(text, path)?;
        if at < Time::ZERO {
            self.problems.add(
                Code::NeverActs,
                path,
                format!("\"{text}\" is before the start of the run"),
                "write a later time, or start the clock earlier",
            );
        } else if at > self.horizon {
            self.problems.add(
                Code::NeverActs,
                path,
                format!("\"{text}\" is after the end of the run"),
                "write an earlier time, or make clock.horizon longer",
            );
        }
        Some(at)
    }
}
