//! The faults that follow from what a scenario has.

use super::super::{Act, Automation, Component, Scenario};
use super::fault::{Does, Fault, FaultKind};
use super::repair_time::repair_time_s;
use crate::dist::Dist;
use crate::units::{Duration, Factor, Ratio};

const YEAR_S: f64 = 365.25 * 86_400.0;
/// A pool of at least so many can lose half of them.
const HALVED_MIN: u64 = 4;

/// What may go wrong in a scenario, under the strategy and with the plan that its `run` picks: the same faults in the same
/// order for the same file.
///
/// ```
/// use firedrill::scenario::{Scenario, faults};
/// let mut school = Scenario::new("A school", "2024-03-04T08:00", "Europe/Oslo", "4h".parse().unwrap());
/// school.sites.insert("oslo", Default::default());
/// assert_eq!(faults(&school)[0].name, "crash of oslo");
/// ```
pub fn faults(scenario: &Scenario) -> Vec<Fault> {
    let mut menu = Derived { scenario, found: Vec::new() };
    menu.sites();
    menu.components();
    menu.common_causes();
    menu.links();
    menu.services();
    menu.response();
    menu.people();
    menu.added();
    menu.chosen()
}

/// Whether a pattern, in which `*` stands for any text, is that of a name.
pub fn pattern_fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

struct Derived<'s> {
    scenario: &'s Scenario,
    found: Vec<Fault>,
}

impl Derived<'_> {
    fn add(&mut self, name: String, kind: FaultKind, hits: &str, does: Does) -> &mut Fault {
        let (does, hits) = (vec![does], vec![hits.to_owned()]);
        self.found.push(Fault { name, kind, does, hits, per_year: None, probability: None, lasts: None });
        self.found.last_mut().expect("it was put there")
    }

    /// Some fault that is a step of a drill and lasts as long as the menu says.
    fn lasting(&mut self, name: String, kind: FaultKind, hits: &str, act: Act) -> &mut Fault {
        let lasts = self.scenario.menu.lasts();
        let fault = self.add(name, kind, hits, Does::Act(act));
        fault.lasts = Some(lasts);
        fault
    }

    fn sites(&mut self) {
        let lasts = self.scenario.menu.lasts();
        for site in self.scenario.sites.names() {
            let act = Act::Crash { of: site.to_owned(), members: None, repaired_after: Some(lasts) };
            self.lasting(format!("crash of {site}"), FaultKind::Crash, site, act);
            self.gray(site);
        }
    }

    fn gray(&mut self, name: &str) {
        let (loses, lasts) = (self.scenario.menu.gray.unwrap_or(Ratio(0.3)), Some(self.scenario.menu.lasts()));
        let act = Act::Gray { of: name.to_owned(), loses, lasts, probes_pass: true };
        self.lasting(format!("{name} is gray"), FaultKind::Gray, name, act);
    }

    fn components(&mut self) {
        for (name, component) in self.scenario.components.iter() {
            if component.hidden {
                let act = Act::FailHidden { of: name.to_owned() };
                let fault = self.add(format!("{name} has failed unnoticed"), FaultKind::Failover, name, Does::Act(act));
                fault.probability = hidden_share(component);
                continue;
            }
            let count = component.count.unwrap_or(1);
            let whole = (None, format!("crash of {name}"));
            let one = (count > 1).then(|| (Some(1), format!("crash of one of {name}")));
            let half = (count >= HALVED_MIN).then(|| (Some(count / 2), format!("crash of half of {name}")));
            for (members, title) in [Some(whole), one, half].into_iter().flatten() {
                self.crash(name, component, members, title);
            }
            self.gray(name);
        }
    }

    fn crash(&mut self, name: &str, component: &Component, members: Option<u64>, title: String) {
        let (count, lasts) = (component.count.unwrap_or(1), self.scenario.menu.lasts());
        // What says nothing of its repair would stay down for ever.
        let repaired_after = component.repair.is_none().then_some(lasts);
        let act = Act::Crash { of: name.to_owned(), members, repaired_after };
        let crew = component.repair.as_ref().and_then(|repair| self.scenario.crews.get(repair.crew.as_ref()?));
        let repaired_s = component.repair.as_ref().map(|repair| repair_time_s(repair, crew));
        let fault = self.add(title, FaultKind::Crash, name, Does::Act(act));
        fault.lasts = repaired_after.or(repaired_s.map(Duration::from_seconds));
        // A law of single members: all at once is not among what it says.
        if members == Some(1) || count == 1 {
            fault.per_year = component.fails.as_ref().and_then(|fails| each_year(fails, count as f64));
        }
    }

    fn common_causes(&mut self) {
        for (name, cause) in self.scenario.common_cause.iter() {
            let rate = |of: &String| {
                let component = self.scenario.components.get(of)?;
                each_year(component.fails.as_ref()?, 1.0)
            };
            let shared = cause.beta.and_then(|beta| Some(cause.of.first().and_then(rate)? * beta.0));
            let lasts = self.scenario.menu.lasts();
            let crash = |of: &String| {
                let repaired = self.scenario.components.get(of).is_some_and(|component| component.repair.is_some());
                let repaired_after = (!repaired).then_some(lasts);
                Does::Act(Act::Crash { of: of.clone(), members: None, repaired_after })
            };
            self.found.push(Fault {
                name: name.to_owned(),
                kind: FaultKind::CommonCause,
                does: cause.of.iter().map(crash).collect(),
                hits: cause.of.clone(),
                per_year: cause.every.as_ref().and_then(|every| each_year(every, 1.0)).or(shared),
                probability: None,
                lasts: None,
            });
        }
    }

    fn links(&mut self) {
        let lasts = Some(self.scenario.menu.lasts());
        for link in &self.scenario.links {
            let (from, to) = &link.between;
            let act = Act::Cut { between: link.between.clone(), lasts };
            let fault = self.lasting(format!("cut between {from} and {to}"), FaultKind::Cut, from, act);
            fault.hits.push(to.clone());
        }
    }

    fn services(&mut self) {
        let (by, lasts) = (self.scenario.menu.slow.unwrap_or(Factor(10.0)), Some(self.scenario.menu.lasts()));
        for (service, written) in self.scenario.services.iter() {
            let sites: Vec<&str> = written.runs_at.names().collect();
            for site in &sites {
                let at = (sites.len() > 1).then(|| (*site).to_owned());
                let title = at.as_ref().map_or(format!("{service} is slow"), |at| format!("{service} is slow at {at}"));
                let service = service.to_owned();
                let hits = service.clone();
                let act = Act::Slow { service, at, by, lasts, servers: None, checks_pass: false };
                self.lasting(title, FaultKind::Slow, &hits, act);
            }
        }
    }

    fn response(&mut self) {
        let (scenario, pick) = (self.scenario, &self.scenario.run);
        let strategy = pick.strategy.as_ref().and_then(|name| scenario.strategies.get(name));
        for (group, failover) in strategy.into_iter().flat_map(|strategy| strategy.failover.iter()) {
            // What never works is the design, and no fault.
            let chance = failover.fails_on_demand.0;
            if chance < 1.0 {
                let does = Does::FailsOnDemand { group: group.to_owned() };
                let fault = self.add(format!("failover of {group} does not work"), FaultKind::Failover, group, does);
                fault.probability = (chance > 0.0).then_some(chance);
            }
        }
        let by = scenario.menu.lasts();
        for crew in scenario.crews.names() {
            let does = Does::CrewAway { crew: crew.to_owned(), by };
            self.add(format!("{crew} is away"), FaultKind::Crew, crew, does);
        }
        let by = scenario.menu.overruns.unwrap_or(Factor(2.0));
        if let Some(plan) = pick.maintenance.as_ref().filter(|plan| scenario.maintenance.get(plan).is_some()) {
            let does = Does::Overruns { plan: plan.clone(), by };
            self.add(format!("{plan} overruns"), FaultKind::Overrun, plan, does);
        }
    }

    fn people(&mut self) {
        let by = self.scenario.menu.surge.unwrap_or(Factor(3.0));
        let lasts = Some(self.scenario.menu.lasts());
        for people in self.scenario.people.names() {
            let (ramp, none) = (Duration::from_seconds(900.0), Duration::ZERO);
            let of = people.to_owned();
            let act = Act::Surge { of, feature: None, by, ramp, lasts, falls: none, decays: none };
            self.lasting(format!("surge of {people}"), FaultKind::Surge, people, act);
        }
    }

    fn added(&mut self) {
        for (name, added) in self.scenario.menu.adds.iter() {
            let hits = added.acts.iter().flat_map(hit_by).collect();
            let does = added.acts.iter().cloned().map(Does::Act).collect();
            let (kind, per_year) = (FaultKind::Added, added.per_year);
            self.found.push(Fault {
                name: name.to_owned(),
                kind,
                does,
                hits,
                per_year,
                probability: None,
                lasts: None,
            });
        }
    }

    /// What the file leaves in, with the frequencies that it gives.
    fn chosen(mut self) -> Vec<Fault> {
        let menu = &self.scenario.menu;
        for fault in &mut self.found {
            let stated = menu.per_year.iter().find(|(pattern, _)| pattern_fits(pattern, &fault.name));
            fault.per_year = stated.map(|(_, per_year)| *per_year).or(fault.per_year);
        }
        let left_out = |fault: &Fault| {
            menu.leaves_out.iter().any(|pattern| pattern_fits(pattern, &fault.name))
                || menu.at_least_per_year.is_some_and(|least| fault.per_year.is_some_and(|often| often < least))
        };
        self.found.retain(|fault| !left_out(fault));
        self.found
    }
}

/// How often so many of something fail in a year, in the long run and as long as most of them work.
fn each_year(fails: &Dist, count: f64) -> Option<f64> {
    let mean_s = fails.mean_s();
    (mean_s > 0.0 && mean_s.is_finite()).then(|| count * YEAR_S / mean_s)
}

/// The share of time in which something has failed unnoticed that is tested every so often; without tests, that it has failed
/// since it was last known to work. Both for failures without a memory and much rarer than tests.
fn hidden_share(component: &Component) -> Option<f64> {
    let mean_s = component.fails.as_ref().map(Dist::mean_s).filter(|mean| *mean > 0.0)?;
    let away_s = match component.tested_every {
        Some(every) => every.seconds() / 2.0,
        None => component.last_tested.seconds(),
    };
    Some((away_s / mean_s).min(1.0)).filter(|share| *share > 0.0)
}

fn hit_by(act: &Act) -> Vec<String> {
    match act {
        Act::Crash { of, .. } | Act::FailHidden { of } | Act::Gray { of, .. } | Act::Surge { of, .. } => {
            vec![of.clone()]
        }
        Act::Slow { service, .. } | Act::Flush { service, .. } => vec![service.clone()],
        Act::Cut { between: (from, to), .. } => vec![from.clone(), to.clone()],
        Act::Withdraw { of, at, .. } => vec![of.clone(), at.clone()],
        Act::FailOver { group, .. } => vec![group.clone()],
        Act::SwitchOff { of, .. } | Act::SwitchOn { of } => match of {
            Automation::Failover(name)
            | Automation::Autoscale(name)
            | Automation::Measure(name)
            | Automation::Maintenance(name)
            | Automation::Checks(name) => vec![name.clone()],
        },
        Act::Destroy { of } => vec![of.clone()],
        Act::Decide(_) | Act::Tell(_) => Vec::new(),
    }
}
