//! Recorded profiles: a column of times and a column of shares, as monitoring exports them.

use super::calendar::calendar;
use super::limits;
use super::resolve::Problems;
use crate::scenario::{Code, Scenario};
use crate::units::{Duration, Quantity, Ratio, Time};
use crate::world::calendar::{Calendar, civil_label};
use crate::world::curve::Curve;

/// Reads a recording: a header line, then a time and a share per line. A time is a civil time (`2020-03-16T08:00`, in the
/// file's zone), a duration from the start (`90min`), or seconds from the start; a share is `12%` or a number from 0 to 1.
///
/// A recording of which nothing is within the run says nothing of it: mostly its times were meant otherwise, like seconds since
/// 1970. One that begins later or ends earlier than the run goes on with its first and last share.
pub fn recorded(
    text: &str,
    name: &str,
    path: &str,
    (calendar, horizon): (&Calendar, Time),
    p: &Problems,
) -> Option<Curve> {
    let mut lines = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let mut points: Vec<(Time, f64)> = Vec::new();
    let mut first_written = String::new();
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
        if points.is_empty() {
            first_written = at.to_owned();
        }
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
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    if first >= horizon || last < Time::ZERO {
        let label = |time| labelled(calendar, time);
        p.add(
            Code::Time,
            path,
            format!(
                "\"{name}\" is outside of the run: its first time, \"{first_written}\", is {}, its last {}, and the run is from \
                 {} to {}",
                label(first),
                label(last),
                label(Time::ZERO),
                label(horizon),
            ),
            "write civil times like \"2020-03-16T08:00\", or seconds from the start of the run",
        );
        return None;
    }
    Some(Curve { points })
}

/// The parts of the run of which a recording says nothing, in words. Monitoring gives a value for an interval: as much as lies
/// between two of its times is no gap.
pub fn not_recorded(scenario: &Scenario, text: &str) -> Vec<String> {
    let problems = Problems::new(scenario);
    let calendar = calendar(scenario, &problems);
    let horizon = Time::ZERO.after(scenario.clock.horizon);
    let Some(Curve { points }) = recorded(text, "", "", (&calendar, horizon), &problems) else { return Vec::new() };
    let between = |pair: &[(Time, f64)]| pair[1].0.since(pair[0].0);
    let mut steps = points.windows(2).map(between);
    let first_step = steps.next().unwrap_or_default();
    let last_step = steps.next_back().unwrap_or(first_step);
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    let gaps = [(Time::ZERO, first, first_step), (last, horizon, last_step)];
    let label = |time| civil_label(&calendar, time);
    let told = gaps.into_iter().filter(|(from, to, step)| to.since(*from) > *step);
    told.map(|(from, to, _)| format!("from {} to {}", label(from), label(to))).collect()
}

/// A time with its year: it may be far away.
fn labelled(calendar: &Calendar, time: Time) -> String {
    calendar.zoned(time, &calendar.zone).strftime("%Y-%m-%dT%H:%M:%S").to_string()
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
