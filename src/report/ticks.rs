//! Moments of civil time at which an axis has its ticks.

use super::clock::Clock;
use jiff::civil::DateTime;
use jiff::{Span, ToSpan};

/// Distances between ticks, the shortest first: as civil time, and about how many seconds that is.
pub fn steps() -> [(Span, f64); 19] {
    [
        (1.second(), 1.0),
        (5.seconds(), 5.0),
        (15.seconds(), 15.0),
        (1.minute(), 60.0),
        (5.minutes(), 300.0),
        (15.minutes(), 900.0),
        (30.minutes(), 1_800.0),
        (1.hour(), 3_600.0),
        (2.hours(), 7_200.0),
        (3.hours(), 10_800.0),
        (6.hours(), 21_600.0),
        (12.hours(), 43_200.0),
        (1.day(), 86_400.0),
        (2.days(), 172_800.0),
        (7.days(), 604_800.0),
        (1.month(), 2_592_000.0),
        (3.months(), 7_776_000.0),
        (1.year(), 31_536_000.0),
        (10.years(), 315_360_000.0),
    ]
}

/// The ticks from one moment of the run to before another: the run's second, and the civil time.
pub fn ticks(clock: &Clock, step: Span, step_s: f64, from_s: f64, to_s: f64) -> Vec<(f64, DateTime)> {
    let mut found = Vec::new();
    let mut civil = floor(clock.at(from_s).datetime(), step_s);
    // Civil time, so that ticks stay at full hours when the clocks change.
    while let Ok(zoned) = clock.calendar.zone.to_zoned_datetime(civil) {
        let at_s = clock.calendar.time_of(zoned.timestamp()).seconds();
        if at_s >= to_s {
            break;
        }
        if at_s >= from_s {
            found.push((at_s, civil));
        }
        match civil.checked_add(step) {
            Ok(next) if next > civil => civil = next,
            _ => break,
        }
    }
    found
}

/// The last multiple of a step at or before a civil time.
fn floor(civil: DateTime, step_s: f64) -> DateTime {
    let day = civil.date().to_datetime(jiff::civil::Time::midnight());
    match step_s {
        s if s < 86_400.0 => {
            let clock = civil.time();
            let seconds = i64::from(clock.hour()) * 3_600 + i64::from(clock.minute()) * 60 + i64::from(clock.second());
            let whole = seconds - seconds % (s as i64);
            day.checked_add(whole.seconds()).unwrap_or(day)
        }
        s if s < 604_800.0 => day,
        s if s < 2_592_000.0 => {
            let back = i64::from(day.weekday().to_monday_zero_offset());
            day.checked_sub(back.days()).unwrap_or(day)
        }
        s if s < 31_536_000.0 => day.first_of_month(),
        _ => day.first_of_year(),
    }
}
