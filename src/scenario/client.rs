//! How the client of a feature behaves: when it gives up, how it tries again, and what keeps it from trying.

use super::defaults::{is_default, is_zero};
use crate::units::{Duration, Factor, Ratio};
use serde::{Deserialize, Serialize};

/// A client library whose documented defaults stand in for what a feature does not say itself. The values, with their
/// sources, are in `docs/reference/clients.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientPreset {
    /// gRPC with the retry policy that its proposal shows.
    Grpc,
    /// An AWS SDK in its standard retry mode.
    AwsStandard,
    /// A route of the Envoy proxy with a retry policy.
    Envoy,
    /// A command of Hystrix.
    Hystrix,
}

/// What a client does when a request fails or gets no answer in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Mean time from a failure to the next attempt.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: Duration,
    /// Whether an attempt that got no answer in time is tried again too.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub of_timeouts: bool,
    /// Waits that grow from one attempt to the next, instead of `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// Retries at most, as a share of first attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Ratio>,
    /// Tokens that retries need, instead of a budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
}

/// How long a client waits before it tries again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Backoff {
    /// Anything from nothing to `base` times `factor` for each retry before, equally likely, never above `at_most`
    /// (Brooker, Exponential Backoff And Jitter, AWS Architecture Blog 2015).
    FullJitter {
        /// The longest wait before the first retry.
        base: Duration,
        /// How many times longer the next wait may be.
        #[serde(default = "double", skip_serializing_if = "is_double")]
        factor: Factor,
        /// The longest wait before any retry.
        at_most: Duration,
    },
    /// `base` times `factor` for each retry before, never above `at_most`, give or take `by`, equally likely.
    Jitter {
        /// The wait before the first retry.
        base: Duration,
        /// How many times longer the next wait is.
        #[serde(default = "double", skip_serializing_if = "is_double")]
        factor: Factor,
        /// The longest wait before any retry, before jitter.
        at_most: Duration,
        /// How much shorter or longer it can be.
        by: Ratio,
    },
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

fn double() -> Factor {
    Factor(2.0)
}

fn is_double(factor: &Factor) -> bool {
    factor.0 == 2.0
}

/// A bucket of tokens that the clients of one population share for one feature. It is full at the start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// What the bucket holds.
    pub most: f64,
    /// What a retry takes out; without that many there is none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retry_costs: f64,
    /// What an attempt that fails takes out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failure_costs: f64,
    /// What an attempt that succeeds puts in.
    pub success_earns: f64,
    /// With this many or fewer there is no retry.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stops_at: f64,
    /// A retry that succeeds puts in what it cost, instead of what a success earns.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gives_back: bool,
}

/// A second attempt while the first is under way; the first answer wins (Dean & Barroso, The Tail at Scale, 2013).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hedge {
    /// How long there is no answer before the next attempt is sent.
    pub after: Duration,
    /// How many are sent on top of the first, at most.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub at_most: u32,
}

fn one() -> u32 {
    1
}

fn is_one(value: &u32) -> bool {
    *value == 1
}

/// A circuit breaker: after too many failures requests are refused at once, and one is let through to try.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// The share of failures at which it opens.
    pub fails: Ratio,
    /// With fewer requests than this in the window it stays closed.
    pub of_at_least: u64,
    /// The length of the rolling window.
    pub over: Duration,
    /// How long it is open before one request is let through.
    pub opens_for: Duration,
}

/// A client that turns its own requests away while too few of them are accepted (Beyer et al., Site Reliability
/// Engineering, 2016, chapter 21).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Throttle {
    /// How many requests there may be for each one that is accepted.
    #[serde(skip_serializing_if = "is_two")]
    pub k: f64,
    /// The length of the rolling window.
    #[serde(skip_serializing_if = "is_two_minutes")]
    pub over: Duration,
}

impl Default for Throttle {
    fn default() -> Throttle {
        Throttle { k: 2.0, over: Duration::from_seconds(120.0) }
    }
}

fn is_two(k: &f64) -> bool {
    *k == 2.0
}

fn is_two_minutes(over: &Duration) -> bool {
    *over == Throttle::default().over
}
