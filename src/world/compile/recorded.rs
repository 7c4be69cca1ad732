//! Recorded profiles: a column of times and a column of shares, as monitoring exports them.

use super::limits;
use super::resolve::Problems;
use crate::scenario::Code;
use crate::units::{Duration, Quantity, Ratio, Time};
use crate::world::calendar::Calendar;
use crate::world::curve::Curve;

/// Reads a recording: a header line, then a time and a share per line. A time is a civil time (`2020-03-16T08:00`, in the
/// file's zone), a duration from the start (`90min`), or seconds from the start; a share is `12%` or a number from 0 to 1.
pub fn recorded(text: &str, name: &str, path: &str, calendar: &Calendar, p: &Problems) -> Option<Curve> {
    let mut lines = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let mut points: Vec<(Time, f64)> = Vec::new();
    let wrong = |line: usize, reason: String, fix: &str| {
        p.add(Code::OutOfRange, path, format!("line {line} of \"{name}\": {reason}"), fix);
    };
    for (i, record) in lines.records().enumerate() {
        let line = i + 2;
        if i >= limits::POINTS_MAX {
            wrong(line, "more than 5 million lines".to_owned(), "thin it out");
            return None;
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                wrong(line, error.to_string(), "write a time and a share, with a comma between");
                return None;
            }
        };
        let (Some(at), Some(share)) = (record.get(0), record.get(1)) else {
            wrong(line, "there are not two columns".to_owned(), "write a time and a share, with a comma between");
            return None;
        };
        let Some(at) = time(at, calendar) else {
            wrong(line, format!("\"{at}\" is not a time"), "write seconds, \"90min\" or \"2020-03-16T08:00\"");
            return None;
        };
        let Some(share) =
            Ratio::read(share).ok().map(|r| r.0).or(share.parse().ok().filter(|s| (0.0..=1.0).contains(s)))
        else {
            wrong(line, format!("\"{share}\" is not a share"), "write \"12%\" or a number from 0 to 1");
            return None;
        };
        if points.last().is_some_and(|last| last.0 > at) {
            wrong(line, "it is earlier than the line before it".to_owned(), "put the lines in order of time");
            return None;
        }
        points.push((at, share));
    }
    if points.is_empty() {
        wrong(2, "there is no line after the header".to_owned(), "write at least one");
        return None;
    }
    Some(Curve { points })
}

fn time(text: &str, calendar: &Calendar) -> Option<Time> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then(|| Time::ZERO.after(Duration::from_seconds(seconds)));
    }
    match Duration::read(text) {
        Ok(wait) => Some(Time::ZERO.after(wait)),
        Err(_) => calendar.read(text).ok(),
    }
}
