//! The approximations that several files of the flow share, and what they take to be too little to matter.

use crate::engine::state::flow::AtStation;
use crate::num;

/// A full queue that drains faster than this is taken to be at rest.
pub const SMALL_ROOM_S: f64 = 1.0;
/// Waits rarer than this change no percentile that anybody reads.
pub const FELT_WAIT: f64 = 1e-4;

/// The integral over `dt_s` of a rate that starts at `rate` and changes by `slope` per second.
pub fn integral(rate: f64, slope: f64, dt_s: f64) -> f64 {
    (dt_s * (rate + slope * dt_s / 2.0)).max(0.0)
}

/// Variability of what leaves a station at rest, or of what it gives on: Whitt, The queueing network analyzer, Bell System Technical
/// Journal 62 (1983), section 4.5. Arrivals and services without any variability make departures without any.
pub fn departures_scv(at: &AtStation, workers: u64) -> f64 {
    let arrivals = if at.inflow > 0.0 { at.scv_sum / at.inflow } else { 1.0 };
    if (arrivals == 1.0 && at.held_scv == 1.0) || (arrivals <= 0.0 && at.held_scv <= 0.0) || workers == 0 {
        return arrivals;
    }
    let rho = if at.capacity > 0.0 { (at.inflow / at.capacity).min(1.0) } else { 1.0 };
    let square = rho * rho;
    let services = (at.held_scv.max(0.2) - 1.0) / num::sqrt(workers as f64);
    (1.0 + (1.0 - square) * (arrivals - 1.0) + square * services).max(0.0)
}

/// The number to so many binary digits.
pub fn digits(x: f64, kept: u32) -> f64 {
    let dropped = 52 - kept;
    f64::from_bits((x.to_bits() + (1 << (dropped - 1))) >> dropped << dropped)
}

/// The number to a part in two thousand.
pub fn three_digits(x: f64) -> f64 {
    digits(x, 10)
}

/// While the load changes, a service time to three digits, and the rate at which the load stays the same: the mean field is
/// no better than that, and equal states can be recognised.
pub fn rounded(service_s: f64, rate: f64, slope: f64) -> (f64, f64) {
    if slope == 0.0 || service_s <= 0.0 {
        return (service_s, rate);
    }
    let rounded_s = three_digits(service_s);
    (rounded_s, rate * service_s / rounded_s)
}

/// On a changing load the rate is rounded to a percent of the capacity, so that equal states can be recognised.
pub fn rounded_rate(rate: f64, capacity: f64, slope: f64) -> f64 {
    if slope == 0.0 || capacity <= 0.0 { rate } else { (rate / capacity * 100.0).round() / 100.0 * capacity }
}

/// Whether nobody waits, however the load moves a little: Halfin & Whitt (1981) with room to spare.
pub fn is_at_ease(workers: u64, offered: f64) -> bool {
    let workers = workers as f64;
    offered < 0.5 * workers && (workers - offered) > 12.0 * num::sqrt(workers)
}

/// The load whose steady state a queue can have reached. Near saturation a queue takes `1 / (capacity (1 - sqrt rho)^2)`
/// to settle (its relaxation time, Cohen 1982); in a span shorter than that it does not get as far as the formula says.
/// On a changing load the rate is rounded to a percent of the capacity, so that equal waits can be recognised.
pub fn settled_rate(rate: f64, capacity: f64, scv_sum: f64, span_s: f64, slope: f64) -> f64 {
    if scv_sum <= 0.0 {
        return rate;
    }
    let root = (1.0 - 1.0 / num::sqrt((capacity * span_s).max(4.0))).max(0.0);
    let settled = rate.min(capacity * root * root);
    // In steps of a percent of the capacity, and never above what the span allows.
    let steps = (settled / capacity * 100.0).round().min((root * root * 100.0).floor());
    if slope == 0.0 { settled } else { steps / 100.0 * capacity }
}
