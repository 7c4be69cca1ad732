//! Civil hours: when an office, a window or a restriction is open.

use super::calendar::Calendar;
use super::curve::Curve;
use crate::units::{Duration, Time};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};

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

impl Hours {
    /// Whether they hold at a time.
    pub fn hold(&self, calendar: &Calendar, at: Time) -> bool {
        self.opened(calendar, at).is_some()
    }

    /// When they have opened that hold at a time: on that day, or on the one before, past midnight.
    fn opened(&self, calendar: &Calendar, at: Time) -> Option<Time> {
        let today = calendar.zoned(at, &self.zone).date();
        let days = [Some(today), today.yesterday().ok()];
        let kept = |day: &Date| self.weekends || day.weekday().to_monday_zero_offset() < 5;
        let opens = |day: Date| Some((self.on_day(calendar, day, self.from_s), self.closes(calendar, day)?));
        let mut of_days = days.into_iter().flatten().filter(kept).filter_map(opens);
        of_days.find(|(opens, closes)| (*opens..*closes).contains(&at)).map(|(opens, _)| opens)
    }

    /// When hours close that open on a day.
    fn closes(&self, calendar: &Calendar, day: Date) -> Option<Time> {
        let last = if self.from_s < self.to_s { day } else { day.tomorrow().ok()? };
        Some(self.on_day(calendar, last, self.to_s))
    }

    /// The first time from `at` on at which they hold, to the minute; `Time::NEVER` if that is not within a fortnight.
    pub fn next(&self, calendar: &Calendar, at: Time) -> Time {
        if self.hold(calendar, at) {
            return at;
        }
        let mut day = calendar.zoned(at, &self.zone).date();
        for _ in 0..15 {
            let opens = self.on_day(calendar, day, self.from_s);
            if opens >= at && self.hold(calendar, opens) {
                return opens;
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => return Time::NEVER,
            }
        }
        Time::NEVER
    }

    /// The time of a second of a civil day. What the clocks skip is the moment at which they do; what they repeat is the first of the two.
    fn on_day(&self, calendar: &Calendar, day: Date, second: i64) -> Time {
        let clock = day.to_datetime(jiff::civil::Time::midnight()).checked_add(jiff::Span::new().seconds(second));
        let Ok(civil) = clock else { return Time::NEVER };
        let at = match self.zone.to_ambiguous_timestamp(civil) {
            read if matches!(read.offset(), AmbiguousOffset::Gap { .. }) => {
                read.earlier().map(|before| self.skips_after(before))
            }
            read => read.earlier(),
        };
        at.map_or(Time::NEVER, |at| calendar.time_of(at))
    }

    /// The next moment at which the clocks are put forward or back.
    fn skips_after(&self, at: Timestamp) -> Timestamp {
        self.zone.following(at).next().map_or(at, |change| change.timestamp())
    }

    /// How long they have held without a break at a time at which they hold: since the day's start.
    pub fn since_start(&self, calendar: &Calendar, at: Time) -> Duration {
        self.opened(calendar, at).map_or(Duration::ZERO, |opened| at.since(opened))
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
    pub fn next_edge(&self, calendar: &Calendar, at: Time) -> Time {
        let today = calendar.zoned(at, &self.zone).date();
        let tomorrow = today.tomorrow().unwrap_or(today);
        let edges = [(today, self.from_s), (today, self.to_s), (tomorrow, 0)];
        let edges = edges.map(|(day, second)| self.on_day(calendar, day, second));
        edges.into_iter().filter(|edge| *edge > at).min().unwrap_or(Time::NEVER)
    }
}
