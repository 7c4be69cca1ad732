//! What a scenario says and the flow engine does not do: it counts rates and means, and knows no single request.

use super::client::{self, allowed_by};
use super::compile::sorted;
use crate::scenario::{self, Discipline, Scenario};

/// A path of the scenario and a sentence for each such thing, sorted.
pub fn beyond_flow(scenario: &Scenario) -> Vec<String> {
    let mut found = Vec::new();
    for (i, link) in scenario.links.iter().enumerate().filter(|(_, link)| link.jitter.0 > 0) {
        let jitter = link.jitter;
        found.push(format!("links.{i}.jitter: the flow engine adds the mean of {jitter} each way, and no spread"));
    }
    for (name, service) in sorted(&scenario.services) {
        let of = of_service(service);
        found.extend(of.into_iter().map(|(field, what)| format!("services.{name}.{field}: the flow engine {what}")));
    }
    for (name, feature) in sorted(&scenario.features) {
        let of = of_feature(feature);
        found.extend(of.into_iter().map(|(field, what)| format!("features.{name}.{field}: the flow engine {what}")));
    }
    found.sort();
    found
}

const AT_ONCE: &str = "makes the calls one after the other";

fn of_service(service: &scenario::Service) -> Vec<(&'static str, &'static str)> {
    let discipline = match service.discipline {
        Discipline::Fifo => None,
        Discipline::Lifo => Some("serves who came first, not who came last"),
        Discipline::Priority => Some("serves all priorities in one line"),
        Discipline::ProcessorSharing => Some("has a line in front of the workers instead of sharing them"),
        Discipline::Codel { .. } => Some("drops nobody who waits"),
    };
    let fields = [
        ("at_once", service.at_once.then_some(AT_ONCE)),
        ("cache", service.cache.map(|_| "makes all calls, as if the cache were empty")),
        ("discipline", discipline),
        ("in_flight_max", service.in_flight_max.map(|_| "has no limit on what is in flight")),
        ("rate_limit", service.rate_limit.map(|_| "has no limit on the rate")),
    ];
    fields.into_iter().filter_map(|(field, what)| Some((field, what?))).collect()
}

fn of_feature(feature: &scenario::Feature) -> Vec<(&'static str, String)> {
    let client = client::with_preset(feature);
    let mut found = Vec::new();
    // What a preset says is at the place of the preset.
    let mut note = |is_written: bool, field: &'static str, what: &str| {
        found.push((if is_written { field } else { "client" }, what.to_owned()));
    };
    if feature.at_once {
        note(true, "at_once", AT_ONCE);
    }
    if client.cancels {
        note(true, "cancels", "does all the work of requests that were given up");
    }
    if client.hedge.is_some() {
        note(feature.hedge.is_some(), "hedge", "sends no second attempt while the first is under way");
    }
    if client.breaker.is_some() {
        note(feature.breaker.is_some(), "breaker", "has no circuit breakers");
    }
    if client.throttle.is_some() {
        note(feature.throttle.is_some(), "throttle", "turns no requests away at the client");
    }
    let Some(retries) = client.retries else { return found };
    let is_written = feature.retries.is_some();
    if retries.backoff.is_some() {
        note(is_written, "retries.backoff", "waits before every retry as long as before the first, on average");
    }
    if !retries.of_timeouts {
        note(is_written, "retries.of_timeouts", "tries again what timed out, too");
    }
    if let Some(tokens) = &retries.tokens {
        let percent = 100.0 * allowed_by(tokens);
        let what =
            format!("has a budget of {percent:.0}% instead of tokens, the most retries that they allow for long");
        note(is_written, "retries.tokens", &what);
    }
    found
}
