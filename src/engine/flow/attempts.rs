//! Attempts: what retries make of those that fail, and how long the ones that are answered have taken.

use super::approximations::FELT_WAIT;
use super::feedback::LedAgain;
use crate::engine::state::disposition::Disposition;
use crate::queueing::{Latency, attempts_of};
use crate::world::{Feature, Retries};
use std::borrow::Cow;
use std::sync::Arc;

/// Requests that are served, and that fail, where all attempts fall within the span, also those that are left of earlier ones.
pub(super) fn retried_at_once(first: f64, delayed_retries: &[f64], retries: Retries, succeeds: f64) -> (f64, f64) {
    let lost = 1.0 - succeeds;
    let mut attempts = first * attempts_of(lost, retries.attempts, retries.budget);
    let mut all = first;
    for (made, again) in delayed_retries.iter().enumerate() {
        let left = retries.attempts.saturating_sub(made as u32 + 1).max(1);
        attempts += again * attempts_of(lost, left, retries.budget);
        all += again;
    }
    let served = (attempts * succeeds).min(all);
    (served, all - served)
}

/// The same of one of several sites among which all attempts are led anew.
pub(super) fn retried_elsewhere(
    first: f64,
    delayed_retries: &[f64],
    retries: Retries,
    succeeds: f64,
    led: &LedAgain,
) -> (f64, f64) {
    let (mut served, mut failed) = (first * led.attempts * succeeds, first * (1.0 - succeeds) * led.last);
    for (made, again) in delayed_retries.iter().enumerate() {
        let left = retries.attempts.saturating_sub(made as u32 + 1).max(1);
        let attempts = attempts_of(led.fails, left, retries.budget);
        // What is served of it here is not served at the others.
        served += again * attempts * succeeds;
        failed += again * (1.0 - attempts * succeeds);
    }
    (served, failed)
}

/// Who is served by a later attempt has waited for the others: for the timeouts, or for refusals, and for the pauses.
pub(super) fn attempts_served(
    feature: &Feature,
    disposition: &Disposition,
    succeeds: f64,
    led: Option<(LedAgain, f64)>,
) -> Cow<'static, [(f64, f64)]> {
    let lost = led.map_or(1.0 - succeeds, |(led, _)| led.fails);
    match feature.retries {
        Some(retries) if lost > FELT_WAIT && succeeds > 0.0 => {
            let late = led.map_or_else(|| disposition.late() / lost, |(led, late)| late / led.fails);
            let each_s = retries.after_s + feature.timeout_s.map_or(0.0, |timeout_s| timeout_s * late);
            let made = attempts_of(lost, retries.attempts, retries.budget);
            let free = attempts_of(lost, retries.attempts, f64::INFINITY);
            let kept = if free > 1.0 { (made - 1.0) / (free - 1.0) } else { 1.0 };
            Cow::Owned(by_attempt(lost, retries.attempts, kept, each_s))
        }
        _ => Cow::Borrowed(&[(1.0, 0.0)][..]),
    }
}

/// The latency of those who are answered before the timeout, when they were held up by `held_up_s` seconds.
pub(super) fn in_time_only(feature: &Feature, disposition: &Disposition, held_up_s: f64) -> Arc<Latency> {
    match feature.timeout_s {
        Some(timeout_s) if disposition.latency.ccdf(timeout_s - held_up_s) > FELT_WAIT => {
            Arc::new(disposition.latency.within(timeout_s - held_up_s))
        }
        _ => Arc::clone(&disposition.latency),
    }
}

/// Shares of those who are served by their first attempt, their second and so on, each with the time that the earlier ones took.
fn by_attempt(fails: f64, attempts_max: u32, kept: f64, each_s: f64) -> Vec<(f64, f64)> {
    let mut shares = vec![(1.0, 0.0)];
    let (mut share, mut sum) = (kept * fails, 1.0);
    for made in 1..attempts_max {
        if share < FELT_WAIT {
            break;
        }
        shares.push((share, f64::from(made) * each_s));
        sum += share;
        share *= fails;
    }
    shares.iter_mut().for_each(|(share, _)| *share /= sum);
    shares
}
