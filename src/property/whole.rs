//! Whole scenarios by chance: sites, links, storage with its crew, a group that fails over, a chain of services, a store, people.

use super::changes::below;
use crate::dist::Dist;
use crate::rng::Stream;
use crate::scenario::{
    Call, Component, Crew, Detect, Failover, Feature, Gate, Group, Link, Phase, Placement, Population, Repair, Replica,
    Scenario, Service, Steer, Store, Strategy,
};
use crate::units::{Duration, Rate, Ratio};

const SITES: [&str; 3] = ["oslo", "bergen", "trondheim"];
const SERVICES: [&str; 3] = ["web", "core", "search"];
const HOUR_S: u64 = 3_600;
const YEAR_S: f64 = 365.0 * 86_400.0;

/// A scenario as numbers, so that it gets smaller well.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    sites: u64,
    services: u64,
    servers: u64,
    users: u64,
    hours: u64,
    /// Members of the storage of each site, and how many of them are needed; zero: no storage.
    storage: (u64, u64),
    crew: bool,
    /// How a failure is noticed.
    detect: u64,
    promote_s: u64,
    ttl_s: u64,
    /// How the store is kept at the other sites; zero: there is none.
    store: u64,
    linked: bool,
}

impl Sketch {
    pub fn draw(stream: &mut Stream) -> Sketch {
        let mut between = |least: u64, most: u64| least + below(stream, most - least + 1);
        let members = between(0, 3);
        Sketch {
            sites: between(1, 3),
            services: between(1, 3),
            servers: between(1, 8),
            users: between(1, 20) * 50,
            hours: between(1, 48),
            storage: (members, between(1, members.max(1))),
            crew: between(0, 1) == 1,
            detect: between(0, 2),
            promote_s: between(0, 300),
            ttl_s: between(0, 300),
            store: between(0, 4),
            linked: between(0, 1) == 1,
        }
    }

    /// The same with less in it.
    pub fn simpler(&self) -> Vec<Sketch> {
        let mut found = Vec::new();
        let mut with = |change: &dyn Fn(&mut Sketch)| {
            let mut simpler = self.clone();
            change(&mut simpler);
            if simpler != *self {
                found.push(simpler);
            }
        };
        with(&|sketch| sketch.store = 0);
        with(&|sketch| sketch.storage = (0, 1));
        with(&|sketch| sketch.crew = false);
        with(&|sketch| sketch.linked = false);
        with(&|sketch| sketch.services = 1);
        with(&|sketch| sketch.sites = 1);
        with(&|sketch| sketch.sites = sketch.sites.min(2));
        with(&|sketch| (sketch.promote_s, sketch.ttl_s) = (0, 0));
        with(&|sketch| sketch.detect = 0);
        with(&|sketch| sketch.storage = (sketch.storage.0.min(1), 1));
        for (least, of) in [(1, 0), (50, 1), (1, 2)] {
            let field = |sketch: &mut Sketch, value: u64| match of {
                0 => sketch.servers = value,
                1 => sketch.users = value,
                _ => sketch.hours = value,
            };
            let now = [self.servers, self.users, self.hours][of];
            with(&|sketch| field(sketch, least));
            with(&|sketch| field(sketch, (now / 2).max(least)));
        }
        found
    }

    /// Written as a scenario.
    pub fn scenario(&self) -> Scenario {
        let length = |seconds: u64| Duration::from_seconds(seconds as f64);
        let mut scenario =
            Scenario::new("A scenario by chance", "2024-03-04T08:00", "Europe/Oslo", length(self.hours * HOUR_S));
        let sites = &SITES[..self.sites as usize];
        for site in sites {
            scenario.sites.insert(*site, Default::default());
        }
        if self.linked {
            for pair in sites.windows(2) {
                let between = (pair[0].to_owned(), pair[1].to_owned());
                scenario.links.push(Link { between, rtt: Duration::from_seconds(0.008), ..Link::default() });
            }
        }
        self.storage(&mut scenario, sites);
        scenario.groups.insert("home", Group::of(sites.iter().copied()));
        self.services(&mut scenario, sites);
        scenario.features.insert("page", Feature::calling([Call::hard(SERVICES[0])]));
        let uses = Population::new(self.users, "home").using("page", Rate(1.0 / 60.0));
        scenario.people.insert("users", uses);
        let mut failover = Failover::by(match self.detect {
            0 => Detect::Instant,
            1 => Detect::Heartbeat { every: length(1), grace: length(10) },
            _ => Detect::Heartbeat { every: length(10), grace: length(60) },
        });
        if self.promote_s > 0 {
            failover.promote = Some(Phase { takes: Dist::Fixed(length(self.promote_s)), fails: Default::default() });
        }
        if self.ttl_s > 0 {
            failover.steer = Steer::Ramp(length(self.ttl_s));
        }
        let mut standby = Strategy::default();
        standby.failover.insert("home", failover);
        scenario.strategies.insert("standby", standby);
        scenario
    }

    fn storage(&self, scenario: &mut Scenario, sites: &[&str]) {
        let (members, needed) = self.storage;
        if self.crew && members > 0 {
            scenario.crews.insert("crew", Crew { at_once: 1, ..Crew::default() });
        }
        for site in sites.iter().filter(|_| members > 0) {
            let repair = Repair {
                takes: Dist::Exponential { mean: Duration::from_seconds(2.0 * HOUR_S as f64) },
                crew: self.crew.then(|| "crew".to_owned()),
                vendor: None,
                vendor_promises: None,
                spares: None,
                temporary: None,
                repair_fails: Ratio(0.0),
            };
            let component = Component {
                at: Some((*site).to_owned()),
                count: Some(members),
                needs: Some(needed),
                fails: Some(Dist::Exponential { mean: Duration::from_seconds(YEAR_S) }),
                repair: Some(repair),
                ..Component::default()
            };
            scenario.components.insert(storage_at(site), component);
        }
    }

    fn services(&self, scenario: &mut Scenario, sites: &[&str]) {
        let services = &SERVICES[..self.services as usize];
        for (at, name) in services.iter().enumerate() {
            let mut service = Service::new(Dist::Exponential { mean: Duration::from_seconds(0.05) });
            for site in sites {
                let mut placement = Placement::servers(self.servers);
                if self.storage.0 > 0 && at + 1 == services.len() {
                    placement.stands_on = Some(Gate::All(vec![storage_at(site)]));
                }
                service.runs_at.insert(*site, placement);
            }
            service.calls.extend(services.get(at + 1).map(|next| Call::hard(*next)));
            if self.store > 0 && at + 1 == services.len() {
                service.writes.insert("content", 0.2);
            }
            scenario.services.insert(*name, service);
        }
        if self.store > 0 {
            let kept = || match self.store {
                1 => Replica::Sync,
                2 => Replica::SemiSync { applies: Rate(1_000.0), waits: Duration::from_seconds(10.0) },
                3 => Replica::Async { applies: Rate(1_000.0) },
                _ => Replica::Shipped { every: Duration::from_seconds(60.0), takes: Duration::from_seconds(5.0) },
            };
            let mut store = Store { primary: "home".to_owned(), ..Store::default() };
            for site in sites.iter().skip(1) {
                store.replicas.insert(*site, kept());
            }
            scenario.stores.insert("content", store);
        }
    }
}

fn storage_at(site: &str) -> String {
    format!("storage at {site}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Luck;
    use crate::world::World;

    #[test]
    fn every_plan_is_a_scenario_without_mistakes_and_so_is_whatever_is_simpler() {
        for seed in 0..300 {
            let sketch = Sketch::draw(&mut Stream::new(Luck { seed, replication: 0 }, "plan", "test"));
            for sketch in sketch.simpler().iter().chain([&sketch]) {
                let compiled = World::compile(&sketch.scenario());
                assert!(compiled.is_ok(), "{sketch:?}: {}", compiled.unwrap_err());
            }
        }
    }

    #[test]
    fn making_it_simpler_comes_to_an_end() {
        let mut sketch = Sketch::draw(&mut Stream::new(Luck { seed: 3, replication: 0 }, "plan", "test"));
        let mut steps = 0;
        while let Some(simpler) = sketch.simpler().first() {
            sketch = simpler.clone();
            steps += 1;
            assert!(steps < 100, "{sketch:?}");
        }
        assert_eq!((sketch.sites, sketch.services, sketch.servers, sketch.users, sketch.hours), (1, 1, 1, 50, 1));
    }
}
