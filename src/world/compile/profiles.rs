//! Laying out profiles: points, sinusoids and weeks as curves on the run's clock.

use super::compiler::Compiler;
use super::limits;
use super::resolve::Problems;
use crate::num;
use crate::scenario::{Code, Week};
use crate::units::{Duration, NANOS_PER_SECOND, Ratio, Time};
use crate::world::calendar::{TimeProblem, read_clock, read_date};
use crate::world::curve::Curve;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

impl Compiler<'_> {
    /// A week laid out day by day. A point in the gap of a clock change moves to its end.
    pub fn laid_week(&self, week: &Week, zone: &TimeZone) -> Curve {
        let (calendar, horizon, p) = (&self.calendar, self.horizon, &self.problems);
        let holidays: Vec<(Date, Date)> = week.holidays.iter().filter_map(|d| read_days(d).ok()).collect();
        let parsed = |points: &[(String, Ratio)]| -> Vec<(jiff::civil::Time, f64)> {
            points.iter().filter_map(|(clock, share)| Some((read_clock(clock).ok()?, share.0))).collect()
        };
        let weekdays = parsed(&week.weekdays);
        let sunday = parsed(&week.sunday);
        let saturday = week.saturday.as_ref().map_or_else(|| sunday.clone(), |s| parsed(s));
        let per_day = weekdays.len().max(sunday.len()).max(saturday.len());
        let days = horizon.0 / (86_400 * NANOS_PER_SECOND) + 4;
        if days as usize * per_day > limits::POINTS_MAX {
            p.add(
                Code::TooMany,
                "weeks",
                "the weeks of this scenario make more than 5 million points",
                "shorten the horizon",
            );
            return Curve::constant(0.0);
        }
        let mut points: Vec<(Time, f64)> = Vec::new();
        let mut date = calendar.zoned(Time::ZERO, zone).date().yesterday().unwrap_or(Date::MIN);
        for _ in 0..days {
            let day = match date.weekday() {
                _ if holidays.iter().any(|(first, last)| (*first..=*last).contains(&date)) => &sunday,
                Weekday::Saturday => &saturday,
                Weekday::Sunday => &sunday,
                _ => &weekdays,
            };
            for (clock, share) in day {
                if let Ok(zoned) = zone.to_ambiguous_zoned_datetime(date.to_datetime(*clock)).compatible() {
                    let at = calendar.time_of(zoned.timestamp());
                    if points.last().is_none_or(|last| last.0 < at) {
                        points.push((at, *share));
                    }
                }
            }
            date = date.tomorrow().unwrap_or(Date::MAX);
        }
        Curve { points }
    }

    pub fn sinusoid(
        &self,
        (mean, swing): (f64, f64),
        peak: &str,
        step: Duration,
        path: &str,
        zone: &TimeZone,
    ) -> Option<Curve> {
        const DAY_S: f64 = 86_400.0;
        let (calendar, horizon, p) = (&self.calendar, self.horizon, &self.problems);
        let peak = match read_clock(peak) {
            Ok(clock) => {
                f64::from(clock.hour()) * 3_600.0 + f64::from(clock.minute()) * 60.0 + f64::from(clock.second())
            }
            Err((reason, fix)) => {
                p.add(Code::Time, format!("{path}.active.peak"), reason, fix);
                return None;
            }
        };
        p.range(
            format!("{path}.active.mean"),
            mean * (1.0 + swing) <= 1.0 + 1e-9,
            format!("at the peak {:.1}% of the users would be active", mean * (1.0 + swing) * 100.0),
            "lower the mean or the swing",
        );
        if step < Duration::from_seconds(1.0) || horizon.0 / step.0.max(1) > limits::POINTS_MAX as i64 {
            p.add(
                Code::TooMany,
                format!("{path}.active.step"),
                format!("steps of {step} make too many points"),
                "write a step of a second or more, and fewer than 5 million steps over the horizon",
            );
            return None;
        }
        // Local time advances with the clock; a change to summer time shifts the peak with it.
        let mut points = Vec::new();
        // From two days before the start, so that whoever follows the curve has settled.
        let steps = (2.0 * DAY_S / step.seconds()).ceil().min(10_000.0) as i64;
        let mut at = Time(-steps * step.0);
        loop {
            let local = calendar.zoned(at, zone).datetime();
            let of_day = f64::from(local.hour()) * 3_600.0
                + f64::from(local.minute()) * 60.0
                + f64::from(local.second())
                + f64::from(local.subsec_nanosecond()) * 1e-9;
            let angle = 2.0 * std::f64::consts::PI * (of_day - peak) / DAY_S;
            points.push((at, mean * (1.0 + swing * num::cos(angle))));
            if at >= horizon {
                return Some(Curve { points });
            }
            at = at.after(step);
        }
    }
}

pub fn laid_points(list: &[(Duration, Ratio)], path: &str, p: &Problems) -> Option<Curve> {
    if list.is_empty() {
        p.add(Code::OutOfRange, format!("{path}.active"), "a curve without points", "write at least one point");
        return None;
    }
    if let Some(i) = (1..list.len()).find(|&i| list[i].0 < list[i - 1].0) {
        p.add(
            Code::OutOfRange,
            format!("{path}.active.{i}"),
            format!("{} comes before the point before it", list[i].0),
            "put the points in order of time",
        );
        return None;
    }
    Some(Curve { points: list.iter().map(|(at, share)| (Time::ZERO.after(*at), share.0)).collect() })
}

pub fn check_week(name: &str, week: &Week, p: &Problems) {
    let days =
        [("weekdays", Some(&week.weekdays)), ("saturday", week.saturday.as_ref()), ("sunday", Some(&week.sunday))];
    for (day, points) in days {
        let Some(points) = points else { continue };
        let path = format!("weeks.{name}.{day}");
        if points.is_empty() {
            p.add(Code::OutOfRange, &path, "a day without points", "write at least one, like (\"00:00\", \"1%\")");
        }
        if points.len() > 1_440 {
            p.add(Code::TooMany, &path, "more points than a day has minutes", "leave some out");
        }
        let mut last = None;
        for (i, (clock, _)) in points.iter().enumerate() {
            match read_clock(clock) {
                Ok(time) => {
                    if last.is_some_and(|l| time <= l) {
                        p.add(
                            Code::OutOfRange,
                            format!("{path}.{i}.0"),
                            format!("{clock} does not come after the point before it"),
                            "put the points in order of time",
                        );
                    }
                    last = Some(time);
                }
                Err((reason, fix)) => p.add(Code::Time, format!("{path}.{i}.0"), reason, fix),
            }
        }
    }
    for (i, date) in week.holidays.iter().enumerate() {
        if let Err((reason, fix)) = read_days(date) {
            p.add(Code::Time, format!("weeks.{name}.holidays.{i}"), reason, fix);
        }
    }
}

/// One date, or the first and the last of some: `"2020-04-06..2020-04-13"`.
pub fn read_days(text: &str) -> Result<(Date, Date), TimeProblem> {
    let Some((first, last)) = text.split_once("..") else { return read_date(text).map(|date| (date, date)) };
    let (first, last) = (read_date(first)?, read_date(last)?);
    if last < first {
        return Err((format!("{last} is before {first}"), "write the earlier date first".to_owned()));
    }
    Ok((first, last))
}
