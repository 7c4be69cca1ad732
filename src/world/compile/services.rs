//! Compiling services, wherever they run.

use super::balancer;
use super::compiler::Compiler;
use super::limits::{self, sampler};
use super::order::order;
use super::resolve::{Names, Problems, listed, sorted};
use crate::dist::Sampler;
use crate::queueing::{Popularity, Residual, Strata};
use crate::scenario::{self, Code, Named};
use crate::world::ids::{QueueId, ServiceId, StoreId};
use crate::world::services::{Cache, Discipline, RateLimit, Service};
use std::sync::Arc;

impl Compiler<'_> {
    pub fn compile_services(&self) -> Vec<Service> {
        let (scenario, names, p) = (self.scenario, &self.names, &self.problems);
        let mut found = Vec::new();
        for (name, service) in sorted(&scenario.services) {
            let path = format!("services.{name}");
            let takes = sampler(&service.takes, &format!("{path}.takes"), p).unwrap_or(Sampler::Fixed(0.0));
            if service.takes.problem().is_none() && service.takes.mean_s() > 86_400.0 * 365.0 {
                p.add(
                    Code::OutOfRange,
                    format!("{path}.takes"),
                    "one request takes more than a year",
                    "give a shorter service time",
                );
            }
            if service.runs_at.is_empty() {
                p.add(
                    Code::NeverActs,
                    format!("{path}.runs_at"),
                    "a service that runs nowhere",
                    "name a site, like {\"oslo\": (servers: 4)}",
                );
            }
            let starts_after = (service.starts_after.iter().enumerate())
                .filter_map(|(i, other)| names.services.find(other, "service", format!("{path}.starts_after.{i}"), p))
                .map(ServiceId::new)
                .collect();
            if let Some(warm) = &service.warms {
                p.range(
                    format!("{path}.warms.slower"),
                    (1.0..=1_000.0).contains(&warm.slower.0),
                    "a cold cache makes requests slower, not faster",
                    "write a factor from x1 to x1000",
                );
            }
            found.push(Service {
                name: name.to_owned(),
                stations: Vec::new(),
                takes_mean_s: if service.takes.problem().is_none() { service.takes.mean_s() } else { 0.0 },
                strata: Strata::of(&takes),
                residual: Residual::of(&takes),
                takes_scv: if service.takes.problem().is_none() { service.takes.scv() } else { 0.0 },
                takes,
                waiting_max: service.queue,
                in_flight_max: in_flight_max(service, &path, p),
                rate_limit: rate_limit(service, &path, p),
                discipline: discipline(service, &path, p),
                sheds: match service.sheds {
                    scenario::Sheds::Alike => None,
                    scenario::Sheds::ByPriority { optional_up_to } => Some(optional_up_to.0),
                },
                balancer: balancer::balancer(service, &path, scenario.clock.horizon, p),
                at_once: service.at_once,
                cache: cache(service, &path, p),
                popularity: popularity(service),
                start_fails: start_fails(service, &path, p),
                holds: service.holds,
                writes: per_request(&service.writes, &format!("{path}.writes"), &names.stores, "store", p)
                    .into_iter()
                    .map(|(id, n)| (StoreId::new(id), n))
                    .collect(),
                feeds: per_request(&service.feeds, &format!("{path}.feeds"), &names.queues, "queue", p)
                    .into_iter()
                    .map(|(id, n)| (QueueId::new(id), n))
                    .collect(),
                starts_in: service.starts_in,
                starts_after,
                rides_out: service.rides_out,
                warms: service.warms.as_ref().map(|w| (w.takes, w.slower.0)),
                scales: service.scales.map(|scales| (scales.contention.0, scales.coherency.0)),
            });
        }
        check_start_order(&found, p);
        found
    }
}

fn in_flight_max(service: &scenario::Service, path: &str, p: &Problems) -> Option<u64> {
    p.range(
        format!("{path}.in_flight_max"),
        service.in_flight_max != Some(0),
        "a service with nothing in flight answers nobody",
        "write at least 1",
    );
    service.in_flight_max
}

fn rate_limit(service: &scenario::Service, path: &str, p: &Problems) -> Option<RateLimit> {
    let limit = service.rate_limit?;
    p.range(
        format!("{path}.rate_limit.rate"),
        limit.rate.0 > 0.0,
        "a rate limit of nothing lets nobody in",
        "give a rate above zero",
    );
    p.range(
        format!("{path}.rate_limit.burst"),
        limit.burst > 0,
        "a bucket that holds no token lets nobody in",
        "write at least 1",
    );
    Some(RateLimit { per_s: limit.rate.0, burst: limit.burst })
}

fn discipline(service: &scenario::Service, path: &str, p: &Problems) -> Discipline {
    match service.discipline {
        scenario::Discipline::Fifo => Discipline::Fifo,
        scenario::Discipline::Lifo => Discipline::Lifo,
        scenario::Discipline::Priority => Discipline::Priority,
        scenario::Discipline::ProcessorSharing => {
            if service.queue.is_some() {
                p.add(
                    Code::Contradiction,
                    format!("{path}.queue"),
                    "with processor_sharing nobody waits, so that no queue gets full",
                    "limit it with in_flight_max:, or leave this out",
                );
            }
            Discipline::ProcessorSharing
        }
        scenario::Discipline::Codel { target, interval } => {
            p.range(
                format!("{path}.discipline.target"),
                target.0 > 0,
                "with a target of zero every wait is too long",
                "give a target above zero, like \"5ms\"",
            );
            p.range(
                format!("{path}.discipline.interval"),
                interval >= target,
                format!("the interval of {interval} is shorter than the target of {target}"),
                "give a longer interval: about twenty targets",
            );
            Discipline::Codel { target, interval }
        }
    }
}

fn start_fails(service: &scenario::Service, path: &str, p: &Problems) -> f64 {
    let (fails, path) = (service.start_fails.0, format!("{path}.start_fails"));
    if fails > 0.0 && service.starts_in.0 == 0 {
        p.add(
            Code::Contradiction,
            &path,
            "what starts at once has no time in which to fail",
            "write starts_in: with how long a start takes",
        );
    }
    p.range(&path, fails < 1.0, "a start that never succeeds", "write less than 100%, or crash what it stands on");
    fails
}

fn cache(service: &scenario::Service, path: &str, p: &Problems) -> Option<Cache> {
    let scenario::Cache { keys, zipf, holds, misses } = service.cache?;
    let path = format!("{path}.cache");
    p.range(
        format!("{path}.keys"),
        (1..=limits::CACHE_KEYS_MAX).contains(&keys),
        format!("{keys} keys"),
        format!("write from 1 to {}", limits::CACHE_KEYS_MAX),
    );
    p.range(
        format!("{path}.zipf"),
        (0.0..=3.0).contains(&zipf),
        format!("the exponent {zipf} is not between 0 and 3"),
        "write 0 where all keys are wanted alike, about 1 for the web",
    );
    p.range(
        format!("{path}.holds"),
        (1..=keys.max(1)).contains(&holds),
        format!("a cache that holds {holds} of {keys} keys"),
        "write from 1 to the number of keys",
    );
    if service.calls.is_empty() {
        p.add(
            Code::NeverActs,
            path,
            "a cache in front of no calls saves nothing",
            "give the service calls, or leave the cache out",
        );
    }
    Some(Cache { keys, zipf, holds, misses })
}

/// How often the keys of a cache are asked for, where it makes sense.
fn popularity(service: &scenario::Service) -> Option<Arc<Popularity>> {
    let scenario::Cache { keys, zipf, holds, .. } = service.cache?;
    let makes_sense = (1..=limits::CACHE_KEYS_MAX).contains(&keys) && (0.0..=3.0).contains(&zipf) && holds >= 1;
    (makes_sense && !service.calls.is_empty()).then(|| Arc::new(Popularity::new(keys, zipf, holds)))
}

fn check_start_order(services: &[Service], p: &Problems) {
    let edges = services.iter().enumerate().flat_map(|(i, s)| s.starts_after.iter().map(move |a| (a.at(), i)));
    for members in order(services.len(), edges).err().unwrap_or_default() {
        let names = listed(members.iter().map(|&i| services[i].name.as_str()));
        let reason = match members.as_slice() {
            [_] => format!("{names} waits for itself to start"),
            _ => format!("these wait for each other to start: {names}"),
        };
        p.add(
            Code::Cycle,
            format!("services.{}.starts_after", services[members[0]].name),
            reason,
            "let one of them start on its own",
        );
    }
}

/// `{"name": number}` per request.
fn per_request(named: &Named<f64>, path: &str, names: &Names, kind: &str, p: &Problems) -> Vec<(usize, f64)> {
    let mut found = Vec::new();
    for (name, &number) in sorted(named) {
        let place = format!("{path}.{name}");
        p.range(
            place.clone(),
            number.is_finite() && (0.0..=1e6).contains(&number),
            format!("{number} per request makes no sense"),
            "write a number from 0 to 1000000",
        );
        if let Some(id) = names.find(name, kind, format!("{place}#key"), p) {
            found.push((id, number));
        }
    }
    found
}
