//! Civil time of a run's seconds, as a report tells it.

use crate::metrics::{ClockOutcome, Outcome};
use crate::units::{Duration, Time};
use crate::world::Calendar;
use jiff::ZonedDateTime;
use jiff::tz::TimeZone;

/// Civil time of the run's seconds.
pub struct Clock {
    /// The start of the run and the zone of the file.
    pub calendar: Calendar,
    /// Length of the run.
    pub horizon_s: f64,
    /// From here on it was measured.
    pub measured_from_s: f64,
}

impl Clock {
    /// The clock of a run.
    pub fn new(outcome: &Outcome) -> Clock {
        Clock::of(&outcome.clock)
    }

    /// The clock of a run, or of a part of one.
    pub fn of(clock: &ClockOutcome) -> Clock {
        // An outcome that was made by hand may state no start; its times are then told from an arbitrary one.
        let start = clock.starts.parse::<ZonedDateTime>();
        let (start, zone) = match start {
            Ok(zoned) => (zoned.timestamp(), zoned.time_zone().clone()),
            Err(_) => (jiff::Timestamp::UNIX_EPOCH, TimeZone::UTC),
        };
        let calendar = Calendar { start, zone, zone_name: clock.zone.clone() };
        Clock { calendar, horizon_s: clock.horizon_s, measured_from_s: clock.warm_up_s }
    }

    /// The civil time of a moment.
    pub fn at(&self, seconds: f64) -> ZonedDateTime {
        self.calendar.zoned(Time::ZERO.after(Duration::from_seconds(seconds)), &self.calendar.zone)
    }

    /// `Mon 10 Oct 14:31`; the year where the run is longer than most of one.
    pub fn when(&self, seconds: f64) -> String {
        self.at(seconds.round())
            .strftime(if self.has_years() { "%a %d %b %Y %H:%M" } else { "%a %d %b %H:%M" })
            .to_string()
    }

    /// Whether a time needs its year to be told from others.
    pub fn has_years(&self) -> bool {
        const SECONDS_PER_300_DAYS: f64 = 300.0 * 86_400.0;
        self.horizon_s > SECONDS_PER_300_DAYS
    }

    /// `Mon 16 Mar 08:00 to 14:00`: the day of the end only where it is another.
    pub fn span(&self, from_s: f64, to_s: f64) -> String {
        let to = self.at(to_s.round());
        let same_day = to.date() == self.at(from_s.round()).date();
        let until = if same_day { to.strftime("%H:%M").to_string() } else { self.when(to_s) };
        format!("{} to {until}", self.when(from_s))
    }
}
