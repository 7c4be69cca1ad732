//! How long a repair takes in the mean, whenever something fails.

use crate::dist::Dist;
use crate::scenario::{Crew, Repair};

const DAY_S: f64 = 86_400.0;
const WEEK_S: f64 = 7.0 * DAY_S;

/// Where hands are free, in seconds: that of the temporary fix, where there is one. What is sought from the failure on is sought side by side.
pub(super) fn repair_time_s(repair: &Repair, crew: Option<&Crew>) -> f64 {
    let vendor_s = repair.vendor.as_ref().map_or(0.0, Dist::mean_s);
    // What fails rarely finds its shelf full again.
    let spare_s = repair.spares.as_ref().filter(|spares| spares.stock == 0).map_or(0.0, |s| s.restock.mean_s());
    let takes = repair.temporary.as_ref().map_or(&repair.takes, |temporary| &temporary.takes);
    let hands_s = crew.map_or(0.0, |crew| {
        crew.arrives.as_ref().map_or(0.0, Dist::mean_s)
            + crew.hours.as_ref().map_or(0.0, |hours| opens_s(hours, crew.weekends))
    });
    let succeeds = 1.0 - repair.repair_fails.0;
    vendor_s.max(spare_s) + hands_s + if succeeds > 0.0 { takes.mean_s() / succeeds } else { f64::INFINITY }
}

/// Until office hours begin, in the mean over the moments of a week, in seconds: of a gap g it is g / 2, and one falls into it with g / week.
fn opens_s((from, to): &(String, String), weekends: bool) -> f64 {
    let Some((from_s, to_s)) = of_day(from).zip(of_day(to)) else { return 0.0 };
    let lasts_s = if to_s > from_s { to_s - from_s } else { to_s - from_s + DAY_S };
    let days = if weekends { 7_u8 } else { 5 };
    let begins_s = |day: u8| f64::from(day) * DAY_S + from_s;
    let gap_s = |day: u8| {
        let next_s = if day + 1 < days { begins_s(day + 1) } else { begins_s(0) + WEEK_S };
        (next_s - begins_s(day) - lasts_s).max(0.0)
    };
    (0..days).map(|day| gap_s(day) * gap_s(day) / (2.0 * WEEK_S)).sum()
}

/// "08:30" in seconds.
fn of_day(time: &str) -> Option<f64> {
    let clock: jiff::civil::Time = time.parse().ok()?;
    Some(f64::from(clock.hour()) * 3_600.0 + f64::from(clock.minute()) * 60.0 + f64::from(clock.second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_fails_at_night_waits_for_the_morning() {
        let hours = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(opens_s(&hours("00:00", "00:00"), true), 0.0);
        // Twelve hours of each day closed: half of the moments, six hours in the mean.
        assert_eq!(opens_s(&hours("08:00", "20:00"), true), 3.0 * 3_600.0);
        assert_eq!(opens_s(&hours("20:00", "08:00"), true), 3.0 * 3_600.0);
        // Four nights of 16 hours, and a weekend of 64.
        let by_hand_h = (4.0 * 16.0 * 16.0 + 64.0 * 64.0) / 2.0 / 168.0;
        assert!((opens_s(&hours("08:00", "16:00"), false) / 3_600.0 - by_hand_h).abs() < 1e-9);
    }
}
