//! Civil hours: when an office, a window or a restriction is open.

use super::calendar::Calendar;
use super::curve::Curve;
use crate::units::{Duration, Time};
use jiff::ZonedDateTime;
use jiff::tz::TimeZone;

/// Hours of a day in a zone. From a later to an earlier hour they span midnight, and belong to the day on which they begin.
#[derive(Debug, Clone)]
pub struct Hours {
    /// The zone.
    pub zone: TimeZone,
    /// Opens, in seconds of the civil day.
    pub from_s: i64,
    /// Closes; at or before `from_s` it is on the next day. The whole day where both are equal.
    pub to_s: i64,
    /// Whether they are kept at weekends.
    pub weekends: bool,
}

fn of_day(civil: &ZonedDateTime) -> i64 {
    i64::from(civil.hour()) * 3_600 + i64::from(civil.minute()) * 60 + i64::from(civil.second())
}

impl Hours {
    /// Whether they hold at a time.
    pub fn hold(&self, calendar: &Calendar, at: Time) -> bool {
        let civil = calendar.zoned(at, &self.zone);
        let now = of_day(&civil);
        let on = |civil: &ZonedDateTime| self.weekends || civil.weekday().to_monday_zero_offset() < 5;
        if self.from_s < self.to_s {
            return on(&civil) && (self.from_s..self.to_s).contains(&now);
        }
        let begun_yesterday = now < self.to_s && civil.yesterday().is_ok_and(|y| on(&y));
        begun_yesterday || (now >= self.from_s && on(&civil))
    }

    /// The first time from `at` on at which they hold, to the minute; `Time::NEVER` if that is not within a fortnight.
    pub fn next(&self, calendar: &Calendar, at: Time) -> Time {
        if self.hold(calendar, at) {
            return at;
        }
        let mut civil = calendar.zoned(at, &self.zone);
        for _ in 0..15 {
            let wait_s = self.from_s - of_day(&civil);
            if wait_s >= 0 {
                let opens = calendar.time_of(civil.timestamp()).after(Duration::from_seconds(wait_s as f64));
                if self.hold(calendar, opens) {
                    return opens;
                }
            }
            match civil.tomorrow().and_then(|d| d.start_of_day()) {
                Ok(midnight) => civil = midnight,
                Err(_) => return Time::NEVER,
            }
        }
        Time::NEVER
    }

    /// How long they have held without a break at a time at which they hold: since the day's start.
    pub fn since_start(&self, calendar: &Calendar, at: Time) -> Duration {
        let now = of_day(&calendar.zoned(at, &self.zone));
        Duration::from_seconds((now - self.from_s).rem_euclid(86_400) as f64)
    }

    /// 1 while they hold and 0 while they do not, over a run.
    pub fn curve(&self, calendar: &Calendar, horizon: Time) -> Curve {
        let mut points = Vec::new();
        let mut at = Time::ZERO;
        let mut open = self.hold(calendar, at);
        points.push((at, f64::from(u8::from(open))));
        while at < horizon {
            let edge = self.next_edge(calendar, at);
            if edge > horizon || edge <= at {
                break;
            }
            points.push((edge, f64::from(u8::from(open))));
            open = self.hold(calendar, edge);
            points.push((edge, f64::from(u8::from(open))));
            at = edge;
        }
        Curve { points }
    }

    /// The next time after `at` at which the day, or the hours, change.
    fn next_edge(&self, calendar: &Calendar, at: Time) -> Time {
        let civil = calendar.zoned(at, &self.zone);
        let now = of_day(&civil);
        let within = |s: i64| (s > now).then(|| at.after(Duration::from_seconds((s - now) as f64)));
        let midnight = civil.tomorrow().and_then(|d| d.start_of_day()).map(|d| calendar.time_of(d.timestamp()));
        let edges = [within(self.from_s), within(self.to_s), midnight.ok()];
        edges.into_iter().flatten().filter(|edge| *edge > at).min().unwrap_or(Time::NEVER)
    }
}
