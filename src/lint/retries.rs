//! Retries that multiply.

use super::looked::Looked;
use crate::scenario::{Call, Code, Diagnostic, Retries, Scenario, presets};
use std::collections::BTreeMap;

/// Two that try twice make four of one, which is what many live with; beyond that it is a storm that waits for its trigger.
const ATTEMPTS_MAX: f64 = 4.0;
/// Calls behind calls, at most: what lies deeper is not looked at.
const ROUNDS_MAX: usize = 64;
/// More than these are as many.
const MANY: f64 = 1e9;

/// Calls that are tried again by a service for a request that is itself tried again: at the end of a chain one click is many calls (Beyer
/// et al., Site Reliability Engineering, 2016, chapter 22). What has a budget or tokens does not multiply.
pub fn multiply(looked: &Looked) -> Vec<Diagnostic> {
    let scenario = looked.scenario;
    let come = how_often_requests_come(scenario);
    let mut found = Vec::new();
    for (name, service) in scenario.services.iter() {
        let Some(already) = come.get(name).copied().filter(|already| *already > 1.0) else { continue };
        for (i, call) in service.calls.iter().enumerate() {
            let tries = tries_of(call);
            if tries > 1.0 && already * tries > ATTEMPTS_MAX {
                let reason = format!(
                    "retries multiply: \"{name}\" is asked up to {already} times for one request, and tries this call {tries} times each: \
                     {} in all",
                    already * tries
                );
                let fix = "try again in one place only, or give the retries a budget";
                found.push(Diagnostic::new(Code::RetriesMultiply, format!("services.{name}.calls.{i}"), reason, fix));
            }
        }
    }
    found
}

/// How often each service can be asked for one request of a user, because those before it try again.
fn how_often_requests_come(scenario: &Scenario) -> BTreeMap<&str, f64> {
    let mut come: BTreeMap<&str, f64> = BTreeMap::new();
    for (_, feature) in scenario.features.iter() {
        let tries = unlimited(presets::with_preset(feature).retries.as_ref());
        feature.calls.iter().for_each(|call| more_often(&mut come, to(call), tries * tries_of(call)));
    }
    for _ in 0..ROUNDS_MAX {
        let mut next = come.clone();
        for (name, service) in scenario.services.iter() {
            let Some(already) = come.get(name) else { continue };
            service.calls.iter().for_each(|call| more_often(&mut next, to(call), already * tries_of(call)));
        }
        if next == come {
            break;
        }
        come = next;
    }
    come
}

fn more_often<'s>(come: &mut BTreeMap<&'s str, f64>, service: &'s str, times: f64) {
    let known = come.entry(service).or_insert(times);
    *known = known.max(times.min(MANY));
}

fn to(call: &Call) -> &str {
    let (Call::Hard(to) | Call::Soft(to)) = call;
    &to.to
}

fn tries_of(call: &Call) -> f64 {
    let (Call::Hard(to) | Call::Soft(to)) = call;
    unlimited(presets::of_call(to).retries.as_ref())
}

/// Attempts that nothing limits.
fn unlimited(retries: Option<&Retries>) -> f64 {
    match retries {
        Some(Retries { attempts, budget: None, tokens: None, .. }) => f64::from(*attempts),
        _ => 1.0,
    }
}
