//! The documented defaults of client libraries, and what a feature says with what its preset says where it is silent.

use super::{self as scenario, ClientPreset};
use crate::units::{Duration, Factor, Ratio};

/// What a feature says of its client, and its preset where the feature says nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Written {
    pub timeout: Option<Duration>,
    pub retries: Option<scenario::Retries>,
    pub cancels: bool,
    pub hedge: Option<scenario::Hedge>,
    pub breaker: Option<scenario::Breaker>,
    pub throttle: Option<scenario::Throttle>,
}

pub const fn ms(milliseconds: i64) -> Duration {
    Duration(milliseconds * 1_000_000)
}

/// The documented defaults of a client library. `docs/reference/clients.md` has their sources, and what they simplify.
pub fn preset(preset: ClientPreset) -> Written {
    let full_jitter = |base, at_most| scenario::Backoff::FullJitter { base, factor: Factor(2.0), at_most };
    let retries = |attempts, backoff| scenario::Retries {
        attempts,
        after: Duration::ZERO,
        of_timeouts: true,
        backoff: Some(backoff),
        budget: None,
        tokens: None,
    };
    match preset {
        ClientPreset::Grpc => {
            let tokens = scenario::Tokens {
                most: 10.0,
                retry_costs: 0.0,
                failure_costs: 1.0,
                success_earns: 0.1,
                stops_at: 5.0,
                gives_back: false,
            };
            let (base, factor, at_most, by) = (ms(100), Factor(2.0), ms(1_000), Ratio(0.2));
            let backoff = scenario::Backoff::Jitter { base, factor, at_most, by };
            let retries = scenario::Retries { of_timeouts: false, tokens: Some(tokens), ..retries(4, backoff) };
            Written { retries: Some(retries), ..Written::default() }
        }
        ClientPreset::AwsStandard => {
            let tokens = scenario::Tokens {
                most: 500.0,
                retry_costs: 14.0,
                failure_costs: 0.0,
                success_earns: 1.0,
                stops_at: 0.0,
                gives_back: true,
            };
            let retries = scenario::Retries { tokens: Some(tokens), ..retries(3, full_jitter(ms(50), ms(20_000))) };
            Written { retries: Some(retries), ..Written::default() }
        }
        ClientPreset::Envoy => {
            let retries = scenario::Retries {
                of_timeouts: false,
                budget: Some(Ratio(0.2)),
                ..retries(2, full_jitter(ms(25), ms(250)))
            };
            Written { timeout: Some(ms(15_000)), retries: Some(retries), ..Written::default() }
        }
        ClientPreset::Hystrix => {
            let breaker =
                scenario::Breaker { fails: Ratio(0.5), of_at_least: 20, over: ms(10_000), opens_for: ms(5_000) };
            Written { timeout: Some(ms(1_000)), breaker: Some(breaker), ..Written::default() }
        }
    }
}

/// What a feature says, completed by its preset.
pub fn with_preset(feature: &scenario::Feature) -> Written {
    let preset = feature.client.map(preset).unwrap_or_default();
    Written {
        timeout: feature.timeout.or(preset.timeout),
        retries: feature.retries.clone().or(preset.retries),
        cancels: feature.cancels || preset.cancels,
        hedge: feature.hedge.or(preset.hedge),
        breaker: feature.breaker.or(preset.breaker),
        throttle: feature.throttle.or(preset.throttle),
    }
}

/// What a call says, completed by its preset.
pub fn of_call(call: &scenario::CallTo) -> Written {
    let preset = call.client.map(preset).unwrap_or_default();
    Written {
        timeout: call.timeout.or(preset.timeout),
        retries: call.retries.clone().or(preset.retries),
        cancels: call.cancels,
        hedge: call.hedge,
        breaker: call.breaker.or(preset.breaker),
        throttle: call.throttle,
    }
}
