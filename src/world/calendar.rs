//! Civil time: what the file's times mean on the run's clock, and how the run's times are told.

use crate::units::{Duration, NANOS_PER_SECOND, Time};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};

/// The start of the run and the zone in which its times are told.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The instant at which the run's clock is zero.
    pub start: Timestamp,
    /// The zone of the file.
    pub zone: TimeZone,
    /// The zone's name.
    pub zone_name: String,
}

/// Why a civil time could not be used: the reason and the fix.
pub type TimeProblem = (String, String);

impl Calendar {
    /// A calendar that starts at a civil time in a zone.
    pub fn new(from: &str, zone_name: &str, zone: TimeZone) -> Result<Calendar, TimeProblem> {
        let civil = read_civil(from)?;
        let start = instant(civil, &zone, zone_name)?;
        Ok(Calendar { start, zone, zone_name: zone_name.to_owned() })
    }

    /// The run's time of an instant; may be before the start.
    pub fn time_of(&self, instant: Timestamp) -> Time {
        let nanos = instant.as_nanosecond() - self.start.as_nanosecond();
        Time(nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }

    /// The civil time of a run's time in a zone. The end of jiff's calendar (year 9999) bounds it.
    pub fn zoned(&self, time: Time, zone: &TimeZone) -> ZonedDateTime {
        let nanos = self.start.as_nanosecond() + i128::from(time.0);
        let instant = Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::MAX);
        instant.to_zoned_datetime(zone.clone())
    }

    /// The `times`-th repetition of something that is first at a time and repeats in this interval. Whole days are days of the
    /// calendar: what is at eight in the evening is so on every day, also when the clocks have changed. A time that the clocks
    /// skip is the moment after, one that they repeat is the first of the two. Other intervals are lengths of time.
    pub fn repeated(&self, first: Time, every: Duration, times: u64) -> Time {
        const DAY: i64 = 86_400 * NANOS_PER_SECOND;
        let steps = i64::try_from(times).unwrap_or(i64::MAX);
        let elapsed = Time(first.0.saturating_add(every.0.saturating_mul(steps)));
        if every.0 <= 0 || every.0 % DAY != 0 {
            return elapsed;
        }
        let days = (every.0 / DAY).saturating_mul(steps);
        // From the civil time of the first, each time anew: a day with a skipped hour moves none of those that follow.
        let start = self.zoned(first, &self.zone).datetime();
        let later = jiff::Span::new().try_days(days).and_then(|days| start.checked_add(days));
        let at = later.and_then(|civil| self.zone.to_ambiguous_zoned_datetime(civil).compatible());
        at.map_or(elapsed, |zoned| self.time_of(zoned.timestamp()))
    }

    /// Reads a time of the drill: `"14:31"` on the first day, `"Tue 21:30"`, `"2016-10-11T21:30"` or `"+90s"`.
    pub fn read(&self, text: &str) -> Result<Time, TimeProblem> {
        let text = text.trim();
        if let Some(offset) = text.strip_prefix('+') {
            let offset: Duration = offset.parse().map_err(|e: crate::units::UnitError| (e.reason, e.fix))?;
            return Ok(Time::ZERO.after(offset));
        }
        let first = self.start.to_zoned_datetime(self.zone.clone()).datetime();
        let civil = if text.matches('-').count() >= 2 {
            read_civil(text)?
        } else if let Some((day, clock)) = text.split_once(' ') {
            let weekday = read_weekday(day).map_err(|()| how_to_write(text))?;
            let mut date = first.date();
            for _ in 0..7 {
                if date.weekday() == weekday && date.to_datetime(read_clock(clock)?) >= first {
                    break;
                }
                date = date.tomorrow().map_err(|_| how_to_write(text))?;
            }
            date.to_datetime(read_clock(clock)?)
        } else {
            let is_clock = text.starts_with(|c: char| c.is_ascii_digit());
            first.date().to_datetime(read_clock(text).map_err(|e| if is_clock { e } else { how_to_write(text) })?)
        };
        Ok(self.time_of(instant(civil, &self.zone, &self.zone_name)?))
    }
}

fn how_to_write(text: &str) -> TimeProblem {
    (
        format!("\"{text}\" is not a time"),
        "write \"14:31\" (first day), \"Tue 21:30\", \"2016-10-11T21:30\" or \"+90s\"".to_owned(),
    )
}

fn read_weekday(text: &str) -> Result<Weekday, ()> {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let written = text.to_lowercase();
    let index = days.iter().position(|day| written == *day || written == day[..3]).ok_or(())?;
    Weekday::from_monday_zero_offset(index as i8).map_err(|_| ())
}

/// Reads a time of day: `"21:30"` or `"21:30:15"`.
pub fn read_clock(text: &str) -> Result<jiff::civil::Time, TimeProblem> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    let digits = |s: &&str| s.len() == 2 && s.chars().all(|c| c.is_ascii_digit());
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(digits) {
        return Err((format!("\"{text}\" is not a time of day"), "write hours and minutes like \"08:30\"".to_owned()));
    }
    let number = |i: usize| parts.get(i).and_then(|s| s.parse::<i8>().ok()).unwrap_or(0);
    jiff::civil::Time::new(number(0), number(1), number(2), 0).map_err(|_| {
        (format!("\"{text}\" is not a time of day"), "write a time from \"00:00\" to \"23:59\"".to_owned())
    })
}

/// Reads a civil date: `"2016-12-25"`.
pub fn read_date(text: &str) -> Result<Date, TimeProblem> {
    text.trim().parse().map_err(|_| {
        (format!("\"{text}\" is not a date of the calendar"), "write a date like \"2016-12-25\"".to_owned())
    })
}

fn read_civil(text: &str) -> Result<DateTime, TimeProblem> {
    let problem = || {
        (
            format!("\"{text}\" is not a civil time of the calendar"),
            "write a date and a time like \"2016-10-10T14:31\", without an offset".to_owned(),
        )
    };
    let (date, clock) = text.trim().split_once(['T', ' ']).ok_or_else(problem)?;
    let date = read_date(date).map_err(|_| problem())?;
    if !(1900..=2200).contains(&date.year()) {
        return Err((
            format!("the year {} is not between 1900 and 2200", date.year()),
            "write a year near ours".into(),
        ));
    }
    Ok(date.to_datetime(read_clock(clock).map_err(|_| problem())?))
}

/// The instant of a civil time. A time in the gap of a clock change does not exist; one in the fold is the earlier.
fn instant(civil: DateTime, zone: &TimeZone, zone_name: &str) -> Result<Timestamp, TimeProblem> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
        return Err((
            format!("{civil} does not exist in {zone_name}: the clocks skip it"),
            "write a time before or after the clock change".to_owned(),
        ));
    }
    ambiguous
        .earlier()
        .map_err(|e| (format!("{civil} is outside the calendar: {e}"), "write a year near ours".to_owned()))
}

/// A short label for a run's time: `"Tue 11 Oct 03:30:00"`.
pub fn civil_label(calendar: &Calendar, time: Time) -> String {
    let rounded = Time(time.0.saturating_add(NANOS_PER_SECOND / 2));
    let zoned = calendar.zoned(rounded, &calendar.zone);
    zoned.strftime("%a %d %b %H:%M:%S").to_string()
}
