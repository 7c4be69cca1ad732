//! Limits: how much of anything a file may make grow, and where a distribution or a number makes no sense.

use super::resolve::Problems;
use crate::dist::{Dist, Sampler};
use crate::scenario::{Cache, Code, Scenario};
use crate::units::{Duration, NANOS_PER_SECOND};

/// Sites in a scenario.
pub const SITES_MAX: usize = 500;
/// Entities of any one other kind.
pub const ENTITIES_MAX: usize = 20_000;
/// Members of all components together.
pub const MEMBERS_MAX: u64 = 10_000_000;
/// Connections of one caller.
pub const CONNECTIONS_MAX: u64 = 10_000_000;
/// Failures, tests, probes or repetitions that a run may be expected to make.
pub const HAPPENINGS_MAX: f64 = 50_000_000.0;
/// Points of all curves together.
pub const POINTS_MAX: usize = 5_000_000;
/// Servers or workers of one station.
pub const WORKERS_MAX: u64 = 100_000_000;

/// Keys of all caches together, and keys that they hold at all sites together.
pub const CACHE_KEYS_MAX: u64 = 10_000_000;

/// Different calls that one request may make, all levels together.
pub const CALL_STEPS_MAX: f64 = 10_000.0;

/// Calls that one request may have under way at the same time, all levels together.
pub const CALLS_AT_ONCE_MAX: f64 = 10_000.0;

/// Checks a distribution's parameters.
pub fn dist(problems: &Problems, path: &str, dist: &Dist) -> bool {
    match dist.problem() {
        Some((reason, fix)) => {
            problems.add(Code::Distribution, path, reason, fix);
            false
        }
        None => true,
    }
}

/// The sampler of a distribution, if its parameters make sense.
pub fn sampler(value: &Dist, path: &str, p: &Problems) -> Option<Sampler> {
    dist(p, path, value).then(|| value.sampler())
}

/// Checks that a distribution is not zero for ever: a failure every zero seconds never lets time pass.
pub fn positive_dist(problems: &Problems, path: &str, value: &Dist) -> bool {
    if !dist(problems, path, value) {
        return false;
    }
    if value.mean_s() < 1e-6 {
        problems.add(
            Code::OutOfRange,
            path,
            "the mean is below a microsecond, so that time would hardly pass",
            "give a mean of at least \"1us\"",
        );
        return false;
    }
    true
}

/// Checks that something periodic does not happen too often over the horizon.
pub fn period(problems: &Problems, path: &str, every: Duration, horizon: Duration) {
    if every.0 == 0 {
        problems.add(Code::OutOfRange, path, "an interval of zero never lets time pass", "give an interval above zero");
    } else if horizon.0 as f64 / every.0 as f64 > HAPPENINGS_MAX {
        problems.add(
            Code::TooMany,
            path,
            format!("every {every} over {horizon} makes more than 50 million times"),
            "make the interval longer or the horizon shorter",
        );
    }
}

/// Checks what can be checked without resolving a name.
pub fn sizes(scenario: &Scenario, problems: &Problems) {
    let horizon = scenario.clock.horizon;
    if horizon.0 < NANOS_PER_SECOND {
        problems.add(
            Code::OutOfRange,
            "clock.horizon",
            format!("a run of {horizon} shows nothing"),
            "give a horizon of at least \"1s\"",
        );
    }
    if scenario.clock.warm_up >= horizon && horizon.0 > 0 {
        problems.add(
            Code::OutOfRange,
            "clock.warm_up",
            "the warm-up is as long as the whole run, so that nothing is measured",
            "make it shorter than the horizon",
        );
    }
    let counts = [
        ("sites", scenario.sites.len(), SITES_MAX),
        ("links", scenario.links.len(), ENTITIES_MAX),
        ("components", scenario.components.len(), ENTITIES_MAX),
        ("common_cause", scenario.common_cause.len(), ENTITIES_MAX),
        ("crews", scenario.crews.len(), ENTITIES_MAX),
        ("groups", scenario.groups.len(), ENTITIES_MAX),
        ("spreads", scenario.spreads.len(), 2_000),
        ("services", scenario.services.len(), 2_000),
        ("queues", scenario.queues.len(), 2_000),
        ("stores", scenario.stores.len(), 2_000),
        ("features", scenario.features.len(), 2_000),
        ("weeks", scenario.weeks.len(), 2_000),
        ("people", scenario.people.len(), 5_000),
        ("transfers", scenario.transfers.len(), ENTITIES_MAX),
        ("strategies", scenario.strategies.len(), 200),
        ("maintenance", scenario.maintenance.len(), 500),
        ("variants", scenario.variants.len(), 200),
        ("drill", scenario.drill.len(), 100_000),
        ("expect", scenario.expect.len(), ENTITIES_MAX),
    ];
    for (section, count, max) in counts {
        if count > max {
            problems.add(
                Code::TooMany,
                section,
                format!("{count} entries are more than the {max} that a scenario may have here"),
                "merge like things: a component or a population can stand for many",
            );
        }
    }
    let caches = || scenario.services.iter().filter_map(|(_, s)| Some((s.cache?, s.runs_at.len() as u64)));
    let keys = caches().map(|(cache, _)| cache.keys).fold(0, u64::saturating_add);
    let at_sites = |(cache, sites): (Cache, u64)| cache.holds.min(cache.keys).saturating_mul(sites);
    let held = caches().map(at_sites).fold(0, u64::saturating_add);
    // One that is too large by itself is told at its place.
    if caches().all(|(cache, _)| cache.keys <= CACHE_KEYS_MAX) && keys.max(held) > CACHE_KEYS_MAX {
        problems.add(
            Code::TooMany,
            "services",
            format!("all caches together have {keys} keys and hold {held} at their sites, more than {CACHE_KEYS_MAX}"),
            "lower keys: and holds: of the largest",
        );
    }
    let members: u64 = scenario.components.iter().map(|(_, c)| c.count.unwrap_or(1)).fold(0, u64::saturating_add);
    if members > MEMBERS_MAX {
        problems.add(
            Code::TooMany,
            "components",
            format!("{members} members are more than the {MEMBERS_MAX} that a scenario may have"),
            "lower the counts",
        );
    }
}
