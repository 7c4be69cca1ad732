//! Whether the requests of a world can be followed one by one.

use super::state::slots::LEVELS;
use crate::world::{Callee, World};

/// A scenario whose requests cannot be followed one by one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfollowable {
    /// One request makes too many calls.
    #[error("one request of \"{feature}\" makes {visits} calls: more than {VISITS_MAX} cannot be followed one by one")]
    Calls {
        /// The feature.
        feature: String,
        /// Calls of one request, with those that they lead to.
        visits: u64,
    },
    /// More requests are sent in a second than there are moments to send them in.
    #[error(
        "\"{people}\" send {per_s} requests of \"{feature}\" a second: more than {PER_SECOND_MAX} a second cannot be followed one by one"
    )]
    TooFast {
        /// The population.
        people: String,
        /// The feature.
        feature: String,
        /// How many there are if all users are there.
        per_s: u64,
    },
    /// One request is at too many services with a balancer at the same time.
    #[error(
        "calls of \"{feature}\" go through {levels} services with a balancer, each called by the one before: more than {LEVELS} \
         cannot be followed one by one"
    )]
    Balancers {
        /// The feature.
        feature: String,
        /// Services with a balancer, one called by the other.
        levels: usize,
    },
    /// More requests are under way at a time than there is room for.
    #[error(
        "at {at} {count} requests are under way or wait{place}: more than {UNDER_WAY_MAX} at a time cannot be followed one by one; {fits}"
    )]
    TooMany {
        /// The time, as people write it.
        at: String,
        /// How many there are.
        count: u64,
        /// Where most of them wait.
        place: String,
        /// Which stretch could be followed.
        fits: String,
    },
}

/// Requests that can be under way at the same time, those that wait included: with their clients, some hundreds of megabytes.
pub const UNDER_WAY_MAX: usize = 2_000_000;

/// Requests of one population for one feature in a second.
const PER_SECOND_MAX: u64 = 100_000_000;

/// Calls of one request that can be laid out one after another.
const VISITS_MAX: u64 = 10_000;

/// Whether the requests of a world can be followed.
pub fn check(world: &World) -> Result<(), Unfollowable> {
    for people in &world.people {
        for (feature, rate) in &people.uses {
            let per_s = people.users * rate;
            if per_s > PER_SECOND_MAX as f64 {
                let feature = world.features[feature.at()].name.clone();
                return Err(Unfollowable::TooFast { people: people.name.clone(), feature, per_s: per_s as u64 });
            }
        }
    }
    // Callees before callers.
    let mut visits = vec![1.0_f64; world.stations.len()];
    let of_call = |call: &crate::world::Call, visits: &[f64]| {
        let once = match &call.callee {
            Callee::Station(station) => visits[station.at()],
            Callee::Active(_, by_member) => {
                by_member.iter().flatten().map(|station| visits[station.at()]).fold(0.0, f64::max)
            }
        };
        // Retries in layers multiply, and all of them may be made.
        let attempts = call.client.as_ref().map_or(1.0, |client| f64::from(client.client.attempts));
        call.times * attempts * once
    };
    for id in world.station_order.iter().rev() {
        visits[id.at()] = 1.0 + world.stations[id.at()].calls.iter().map(|call| of_call(call, &visits)).sum::<f64>();
    }
    for feature in &world.features {
        for calls in &feature.calls {
            let all: f64 = calls.iter().map(|call| of_call(call, &visits)).sum();
            if all > VISITS_MAX as f64 {
                return Err(Unfollowable::Calls { feature: feature.name.clone(), visits: all as u64 });
            }
        }
    }
    check_balancers(world)
}

/// Whether the servers that balancers pick for one request are not too many to be remembered.
fn check_balancers(world: &World) -> Result<(), Unfollowable> {
    // For each station: levels of one request from there on, up to the next fork; and the most beyond forks.
    let mut levels = vec![(0, 0); world.stations.len()];
    let of_calls = |calls: &[crate::world::Call], at_once: bool, levels: &[(usize, usize)]| {
        let (mut chain, mut worst) = (0, 0);
        for call in calls {
            let stations = match &call.callee {
                Callee::Station(station) => vec![*station],
                Callee::Active(_, by_member) => by_member.iter().flatten().copied().collect(),
            };
            for station in stations {
                let (below, most) = levels[station.at()];
                (chain, worst) = (chain.max(if at_once { 0 } else { below }), worst.max(most).max(below));
            }
        }
        (chain, worst)
    };
    for id in world.station_order.iter().rev() {
        let station = &world.stations[id.at()];
        let service = &world.services[station.service.at()];
        let (chain, worst) = of_calls(&station.calls, service.at_once, &levels);
        let chain = chain + usize::from(service.balancer.is_some());
        levels[id.at()] = (chain, worst.max(chain));
    }
    for feature in &world.features {
        for calls in &feature.calls {
            let worst = of_calls(calls, feature.at_once, &levels).1;
            if worst > LEVELS {
                return Err(Unfollowable::Balancers { feature: feature.name.clone(), levels: worst });
            }
        }
    }
    Ok(())
}
