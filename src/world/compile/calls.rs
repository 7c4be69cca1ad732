//! Compiling calls: which station a call means, and what comes of calls that make calls.

use super::clients;
use super::compiler::Compiler;
use super::limits;
use super::order::order;
use super::resolve::{Names, listed};
use crate::scenario::presets::{self, Written};
use crate::scenario::{self, Code};
use crate::world::ids::{GroupId, ServiceId, SiteId, StationId};
use crate::world::services::{Call, CallClient, Callee};
use std::sync::Arc;

impl Compiler<'_> {
    /// Calls from a site, of a station or a feature.
    pub fn calls(&self, calls: &[scenario::Call], path: &str, from: SiteId) -> Vec<Call> {
        let p = &self.problems;
        let mut found = Vec::new();
        for (i, call) in calls.iter().enumerate() {
            let (hard, to) = match call {
                scenario::Call::Hard(to) => (true, to),
                scenario::Call::Soft(to) => (false, to),
            };
            let path = format!("{path}.{i}");
            p.range(
                format!("{path}.times"),
                to.times.is_finite() && to.times > 0.0 && to.times <= 10_000.0,
                format!("{} calls per request make no sense", to.times),
                "write a number above 0 and up to 10000",
            );
            let Some(id) = self.names.services.find(&to.to, "service", format!("{path}.to"), p) else { continue };
            let service = ServiceId::new(id);
            if let Some(callee) = self.callee(to, service, &path, from) {
                let client = self.call_client(to, &path);
                let gives_up_s = to.gives_up_after.seconds();
                found.push(Call { service, callee, hard, times: to.times, gives_up_s, client });
            }
        }
        found
    }

    /// How the caller behaves, where the call says anything of that.
    fn call_client(&self, to: &scenario::CallTo, path: &str) -> Option<Arc<CallClient>> {
        let p = &self.problems;
        let written = presets::of_call(to);
        clients::check(&written, path, p);
        if let Some(connections) = to.connections {
            p.range(
                format!("{path}.connections.most"),
                (1..=limits::CONNECTIONS_MAX).contains(&connections.most),
                format!("{} connections", connections.most),
                "write from 1 to 10 million",
            );
        }
        let says_nothing = written == Written::default() && to.connections.is_none();
        if says_nothing {
            if to.passes_deadline {
                p.add(
                    Code::NeverActs,
                    format!("{path}.passes_deadline"),
                    "a call that is made once has nothing that a deadline could keep it from",
                    "write retries: or a timeout: too, or leave it out",
                );
            }
            return None;
        }
        Some(Arc::new(CallClient {
            client: clients::compile(&written),
            timeout_s: written.timeout.map(|timeout| timeout.seconds()),
            retries: clients::means(&written),
            connections: to.connections.map(|connections| (connections.most, connections.waits)),
            passes_deadline: to.passes_deadline,
        }))
    }

    fn callee(&self, to: &scenario::CallTo, service: ServiceId, path: &str, from: SiteId) -> Option<Callee> {
        let (names, stations, p) = (&self.names, &self.stations, &self.problems);
        let placed = &self.services.get(service.at())?.stations;
        let at_site = |site: SiteId| placed.iter().copied().find(|s| stations[s.at()].site == site);
        let site_name = |site: SiteId| names.sites.name(site.at());
        match &to.at {
            None => {
                if let Some(here) = at_site(from) {
                    return Some(Callee::Station(here));
                }
                let nearest = placed
                    .iter()
                    .filter_map(|s| Some((self.routes.between(from, stations[s.at()].site)?.rtt_s, *s)))
                    .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                if nearest.is_none() && !placed.is_empty() {
                    self.no_route(&format!("{path}.to"), site_name(from), site_name(stations[placed[0].at()].site));
                }
                nearest.map(|(_, s)| Callee::Station(s))
            }
            Some(at) => {
                if let Some(group) = names.groups.get(at) {
                    let group = GroupId::new(group);
                    let by_member: Vec<Option<StationId>> =
                        self.groups.get(group.at())?.sites.iter().map(|s| s.and_then(at_site)).collect();
                    if by_member.iter().all(Option::is_none) {
                        p.add(
                            Code::Contradiction,
                            format!("{path}.at"),
                            format!("\"{}\" runs at no member of \"{at}\"", to.to),
                            "let it run at a member's site",
                        );
                        return None;
                    }
                    return Some(Callee::Active(group, by_member));
                }
                let places = self.scenario.sites.names().chain(self.scenario.groups.names());
                Names::in_order(places).find(at, "site or group", format!("{path}.at"), p)?;
                let site = SiteId::new(names.sites.get(at)?);
                if !self.routes.joins(from, site) {
                    self.no_route(&format!("{path}.at"), site_name(from), at);
                    return None;
                }
                if at_site(site).is_none() {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.at"),
                        format!("\"{}\" does not run at \"{at}\"", to.to),
                        format!("add \"{at}\" to its runs_at, or call it elsewhere"),
                    );
                }
                at_site(site).map(Callee::Station)
            }
        }
    }

    /// Callers before callees; a circle of calls is reported with its members.
    pub fn order_stations(&self) -> Vec<StationId> {
        let (services, stations, p) = (&self.services, &self.stations, &self.problems);
        let mut edges = Vec::new();
        for station in stations {
            edges.extend(station.calls.iter().map(|c| (station.service.at(), c.service.at())));
        }
        match order(services.len(), edges.into_iter()) {
            Ok(order) => {
                // Paths are followed call by call: a ladder of services that each call the next twice doubles at every rung.
                let mut steps = vec![1.0f64; services.len()];
                for &service in order.iter().rev() {
                    let calls = services[service].stations.first().map_or(&[][..], |s| &stations[s.at()].calls);
                    steps[service] += calls.iter().map(|c| steps[c.service.at()]).sum::<f64>();
                    if steps[service] > limits::CALL_STEPS_MAX {
                        p.add(
                            Code::TooMany,
                            format!("services.{}.calls", services[service].name),
                            "one request makes more than 10000 different calls from here on",
                            "use times: for repeated calls, and call each service from few places",
                        );
                        break;
                    }
                }
                order.into_iter().flat_map(|s| services[s].stations.clone()).collect()
            }
            Err(circles) => {
                for members in circles {
                    let names = listed(members.iter().map(|&i| services[i].name.as_str()));
                    let reason = match members.as_slice() {
                        [_] => format!("{names} calls itself"),
                        _ => format!("these call each other in a circle: {names}"),
                    };
                    p.add(
                        Code::Cycle,
                        format!("services.{}.calls", services[members[0]].name),
                        reason,
                        "break the circle: a request has to end somewhere",
                    );
                }
                Vec::new()
            }
        }
    }

    /// Checks how many calls of one request are under way at the same time: where calls are made at once, and those make
    /// theirs at once, they multiply.
    pub fn check_calls_at_once(&self, order: &[StationId]) {
        let (services, stations, p) = (&self.services, &self.stations, &self.problems);
        let mut under_way = vec![1.0f64; services.len()];
        let of = |calls: &[Call], at_once: bool, under_way: &[f64]| {
            let each = calls.iter().map(|c| if at_once { c.times.ceil() } else { 1.0 } * under_way[c.service.at()]);
            if at_once { each.sum::<f64>().max(1.0) } else { each.fold(1.0, f64::max) }
        };
        let mut found = Vec::new();
        for id in order.iter().rev() {
            let station = &stations[id.at()];
            let service = &services[station.service.at()];
            let calls = of(&station.calls, service.at_once, &under_way);
            if calls > limits::CALLS_AT_ONCE_MAX && service.at_once {
                found.push(format!("services.{}.at_once", service.name));
            }
            // What is told once is not told again of everybody who calls it.
            let told = if calls > limits::CALLS_AT_ONCE_MAX { 1.0 } else { calls };
            under_way[station.service.at()] = under_way[station.service.at()].max(told);
        }
        for feature in &self.features {
            let calls = feature.calls.iter().map(|calls| of(calls, feature.at_once, &under_way)).fold(1.0, f64::max);
            if calls > limits::CALLS_AT_ONCE_MAX {
                found.push(format!("features.{}.at_once", feature.name));
            }
        }
        found.sort_unstable();
        found.dedup();
        for path in found {
            p.add(
                Code::TooMany,
                path,
                "one request has more than 10000 calls under way at the same time",
                "lower times:, or make some of the calls one after the other",
            );
        }
    }
}
