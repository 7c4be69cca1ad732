//! Compiling the actions of procedures.

use super::calendar::hours;
use super::compiler::Compiler;
use super::resolve::Names;
use crate::scenario::{self, Code};
use crate::units::{Duration, Factor, Time};
use crate::world::curve::Curve;
use crate::world::hours::Hours;
use crate::world::ids::{FeatureId, GroupId, LinkId, ServiceId, SiteId};
use crate::world::populations::Population;
use crate::world::runbook::{Amount, Effect};
use crate::world::sites::{Link, Place};

impl Compiler<'_> {
    pub fn action(&self, action: &scenario::Action, path: &str) -> Option<Effect> {
        use scenario::Action as A;
        let (names, p) = (&self.names, &self.problems);
        let place = |field: &str| format!("{path}.{field}");
        match action {
            A::AddServers { service, at, by, servers } => self.add_servers((service, at), *by, *servers, path),
            A::AddNetwork { at, between, by } => {
                let by = self.factor(by.0, &place("by"));
                Some(Effect::AddNetwork(self.network(at.as_deref(), between.as_ref(), path)?, by))
            }
            A::MovePeople { of, to, share } => self.move_people(of, to, share.0, path),
            A::FreeHardware { from, to, servers } => {
                let give = self.station(&from.0, &from.1, (&place("from.0"), &place("from.1")));
                let get = self.station(&to.0, &to.1, (&place("to.0"), &place("to.1")));
                Some(Effect::FreeHardware(give?, get?, *servers))
            }
            A::Restrict { feature, of, only, weekdays, compliance } => {
                let uses = self.restricted(feature, of.as_deref(), only, *weekdays, path)?;
                Some(Effect::Restrict { uses, compliance: compliance.0 })
            }
            A::Stagger { of, over, compliance } => self.stagger(of, *over, compliance.0, path),
            A::Hotfix { service, takes, bad, worse, rolled_back_after } => {
                let id = names.services.find(service, "service", place("service"), p);
                let takes = self.factor(takes.0, &place("takes"));
                let worse = self.factor(worse.0, &place("worse"));
                Some(Effect::Hotfix {
                    service: ServiceId::new(id?),
                    takes,
                    bad: bad.0,
                    worse,
                    rolled_back_after: *rolled_back_after,
                })
            }
            A::Shed { feature, of, share, eases_over, eases_by_steps } => {
                if *eases_by_steps && eases_over.0 > 0 {
                    p.add(
                        Code::Contradiction,
                        place("eases_by_steps"),
                        "admission comes back with the clock and with the steps as well",
                        "write eases_over: or eases_by_steps:, not both",
                    );
                }
                let feature = match feature {
                    Some(name) => Some(FeatureId::new(names.features.find(name, "feature", place("feature"), p)?)),
                    None => None,
                };
                let people = match of {
                    Some(of) => Some(self.population(of, &place("of"))?),
                    None => None,
                };
                Some(Effect::Shed {
                    feature,
                    people,
                    share: share.0,
                    eases_over: *eases_over,
                    eases_by_steps: *eases_by_steps,
                })
            }
            A::Dim { service, share } => self.dim(service, share.0, path),
            A::SwitchOver { group, to } => {
                let id = names.groups.find(group, "group", place("group"), p)?;
                let members = self.scenario.groups.get(group).map(|g| g.members.as_slice()).unwrap_or_default();
                let names = Names::in_order(members.iter().map(String::as_str));
                Some(Effect::SwitchOver(GroupId::new(id), names.find(to, "member", place("to"), p)?))
            }
            A::SwitchOff { of, lasts } => Some(Effect::SwitchOff(self.automation(of, &place("of"))?, *lasts)),
            A::SwitchOn { of } => Some(Effect::SwitchOn(self.automation(of, &place("of"))?)),
            A::Flush { service, at } => Some(Effect::Flush(self.caches(service, at.as_deref(), path)?)),
            A::Restore { of, from } => {
                let (store, from) = self.backups_named(of, from.as_deref(), path)?;
                Some(Effect::Restore(store, from))
            }
            A::Tell(what) => Some(Effect::Tell(what.clone())),
            A::Decide(what) => Some(Effect::Decide(what.clone())),
        }
    }

    fn factor(&self, value: f64, path: &str) -> f64 {
        self.problems.range(
            path,
            value > 0.0 && value <= 10_000.0,
            "a factor above zero and up to ten thousand",
            "write a factor like \"x2\"",
        );
        value
    }

    fn add_servers(
        &self,
        (service, at): (&str, &str),
        by: Option<Factor>,
        servers: Option<u64>,
        path: &str,
    ) -> Option<Effect> {
        let p = &self.problems;
        let place = |field: &str| format!("{path}.{field}");
        let station = self.station(service, at, (&place("service"), &place("at")));
        if let Some(station) = station
            && self.stations[station.at()].pool.is_some()
        {
            p.add(
                Code::Contradiction,
                place("service"),
                format!("\"{service}\" at \"{at}\" has the servers that its pool has"),
                "write servers: instead of pool: for what is to grow",
            );
        }
        let amount = match (by, servers) {
            (Some(by), None) => Amount::Times(self.factor(by.0, &place("by"))),
            (None, Some(more)) => Amount::More(more),
            _ => {
                p.add(
                    Code::Contradiction,
                    path,
                    "this does not say how many, or says it twice",
                    "write by: or servers:",
                );
                return None;
            }
        };
        Some(Effect::AddServers(station?, amount))
    }

    /// The uplink of a site, or the link between two.
    fn network(&self, at: Option<&str>, between: Option<&(String, String)>, path: &str) -> Option<LinkId> {
        let (names, p) = (&self.names, &self.problems);
        let place = |field: &str| format!("{path}.{field}");
        match (at, between) {
            (Some(at), None) => self.uplink(at, &place("at")),
            (None, Some((a, b))) => {
                let from = names.sites.find(a, "site", place("between.0"), p)?;
                let to = names.sites.find(b, "site", place("between.1"), p)?;
                let ends = [SiteId::new(from.min(to)), SiteId::new(from.max(to))];
                let is_it = |l: &Link| [l.ends.0.min(l.ends.1), l.ends.0.max(l.ends.1)] == ends && from != to;
                let found = self.links.iter().position(is_it).map(LinkId::new);
                if found.is_none() {
                    let reason = format!("there is no link between \"{a}\" and \"{b}\"");
                    p.add(Code::UnknownName, place("between"), reason, "name the two ends of a link");
                }
                found
            }
            _ => {
                p.add(
                    Code::Contradiction,
                    path,
                    "this does not say which network, or says it twice",
                    "write at: or between:",
                );
                None
            }
        }
    }

    fn move_people(&self, of: &str, to: &str, share: f64, path: &str) -> Option<Effect> {
        let (names, p) = (&self.names, &self.problems);
        let place = |field: &str| format!("{path}.{field}");
        let people = self.population(of, &place("of"));
        let site = names.sites.find(to, "site", place("to"), p).map(SiteId::new);
        let people = people?;
        let (reason, fix) = match self.people[people.at()].served_by {
            Place::Site(_) => return Some(Effect::MovePeople(people, site?, share)),
            Place::Group(_) => {
                ("follow the active member of a group", "move them with switch_over, or let a site serve them")
            }
            Place::Spread(_) => ("are spread over several sites already", "let a site serve them"),
        };
        p.add(Code::Contradiction, place("of"), format!("\"{of}\" {reason}"), fix);
        Some(Effect::MovePeople(people, site?, share))
    }

    /// Populations and their uses of a feature, each with the times that are open.
    fn restricted(
        &self,
        feature: &str,
        of: Option<&str>,
        only: &(String, String),
        weekdays: bool,
        path: &str,
    ) -> Option<Vec<(usize, usize, Curve)>> {
        let (names, p) = (&self.names, &self.problems);
        let place = |field: &str| format!("{path}.{field}");
        let id = names.features.find(feature, "feature", place("feature"), p)?;
        let who = match of {
            Some(of) => Some(self.population(of, &place("of"))?),
            None => None,
        };
        let mut uses = Vec::new();
        for (i, people) in self.people.iter().enumerate().filter(|(i, _)| who.is_none_or(|w| w.at() == *i)) {
            if let Some(used) = people.uses.iter().position(|(f, _)| f.at() == id) {
                let hours = hours(only, people.zone.clone(), true, &place("only"), p)?;
                let mut open = hours.curve(&self.calendar, self.horizon);
                if weekdays {
                    open = self.with_weekends(open, people);
                }
                uses.push((i, used, open));
            }
        }
        if uses.is_empty() {
            p.add(
                Code::NeverActs,
                place("feature"),
                format!("nobody here uses \"{feature}\""),
                "name a feature that is used",
            );
        }
        Some(uses)
    }

    fn stagger(&self, of: &str, over: Duration, compliance: f64, path: &str) -> Option<Effect> {
        let p = &self.problems;
        let place = |field: &str| format!("{path}.{field}");
        let id = self.population(of, &place("of"))?;
        p.range(
            place("over"),
            over.0 > 0 && over.seconds() <= 86_400.0,
            "a spread of no time or of more than a day",
            "write a time up to 24h",
        );
        let people = &self.people[id.at()];
        let log_ins = people.log_ins.spread(over.seconds());
        let active = people.sessions.as_ref().map_or_else(|| log_ins.clone(), |s| log_ins.followed(s.mean_s));
        Some(Effect::Stagger { people: id, active, log_ins, compliance })
    }

    fn dim(&self, service: &str, share: f64, path: &str) -> Option<Effect> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let place = |field: &str| format!("{path}.{field}");
        let id = names.services.find(service, "service", place("service"), p)?;
        let is_soft = |c: &scenario::Call| matches!(c, scenario::Call::Soft(to) if to.to == service);
        let from_services = scenario.services.iter().any(|(_, s)| s.calls.iter().any(is_soft));
        let from_features = scenario.features.iter().any(|(_, f)| f.calls.iter().any(is_soft));
        if !from_services && !from_features {
            p.add(
                Code::NeverActs,
                place("service"),
                format!("no call to \"{service}\" is soft, so that none can be left out"),
                "dim what is called with soft(to: ...)",
            );
        }
        Some(Effect::Dim(ServiceId::new(id), share))
    }

    /// Weekends are open all day: the larger of the two curves.
    fn with_weekends(&self, open: Curve, people: &Population) -> Curve {
        let weekdays = Hours { zone: people.zone.clone(), from_s: 0, to_s: 0, weekends: false };
        let week = weekdays.curve(&self.calendar, self.horizon);
        let mut edges: Vec<Time> = open.points.iter().chain(&week.points).map(|p| p.0).collect();
        edges.sort_unstable();
        edges.dedup();
        let mut points: Vec<(Time, f64)> = Vec::new();
        // Time only goes on: each curve is gone along once.
        let (mut in_open, mut in_week) = (0, 0);
        for at in edges {
            let now = open.at(at, &mut in_open).0.max(1.0 - week.at(at, &mut in_week).0);
            if let Some(&(_, last)) = points.last() {
                if last == now {
                    continue;
                }
                points.push((at, last));
            }
            points.push((at, now));
        }
        Curve { points }
    }
}
