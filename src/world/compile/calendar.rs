//! Reading civil times of a scenario: its calendar, zones and hours.

use super::resolve::Problems;
use crate::scenario::diagnostics::did_you_mean;
use crate::scenario::{Code, Scenario};
use crate::world::calendar::{Calendar, read_clock};
use crate::world::hours::Hours;
use jiff::tz::TimeZone;

pub fn calendar(scenario: &Scenario, p: &Problems) -> Calendar {
    let zone = zone(&scenario.clock.zone, "clock.zone", p);
    match Calendar::new(&scenario.clock.from, &scenario.clock.zone, zone) {
        Ok(calendar) => calendar,
        Err((reason, fix)) => {
            p.add(Code::Time, "clock.from", reason, fix);
            Calendar { start: jiff::Timestamp::UNIX_EPOCH, zone: TimeZone::UTC, zone_name: "UTC".to_owned() }
        }
    }
}

/// A time zone of the bundled database.
pub fn zone(name: &str, path: &str, p: &Problems) -> TimeZone {
    TimeZone::get(name).unwrap_or_else(|_| {
        let known: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
        let fix = match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(close) => format!("did you mean \"{close}\"?"),
            None => "write a zone of the IANA database like \"Europe/Oslo\"".to_owned(),
        };
        p.add(Code::Zone, path, format!("there is no time zone called \"{name}\""), fix);
        TimeZone::UTC
    })
}

/// Two times of day as hours.
pub fn hours((from, to): &(String, String), zone: TimeZone, weekends: bool, path: &str, p: &Problems) -> Option<Hours> {
    let second = |text: &str, i: usize| match read_clock(text) {
        Ok(clock) => Some(i64::from(clock.hour()) * 3_600 + i64::from(clock.minute()) * 60 + i64::from(clock.second())),
        Err((reason, fix)) => {
            p.add(Code::Time, format!("{path}.{i}"), reason, fix);
            None
        }
    };
    let (from_s, to_s) = (second(from, 0)?, second(to, 1)?);
    Some(Hours { zone, from_s, to_s, weekends })
}
