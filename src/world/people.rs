//! Compiling populations: who is active when, laid out on the run's clock.

use super::calendar::{Calendar, read_clock, read_date};
use super::compile::{Tables, sorted, zone};
use super::demand::place;
use super::recorded::recorded;
use crate::num;
use crate::scenario::{self, Active, Arrivals, Code, Scenario, Week};
use crate::units::{Duration, NANOS_PER_SECOND, Ratio, Time};
use crate::world::check;
use crate::world::resolve::Problems;
use crate::world::{Curve, Feature, FeatureId, Group, Place, Population, Sessions};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

pub fn people(
    scenario: &Scenario,
    tables: &Tables,
    calendar: &Calendar,
    horizon: Time,
    groups: &[Group],
    features: &[Feature],
    p: &mut Problems,
) -> Vec<Population> {
    for (name, week) in sorted(&scenario.weeks) {
        check_week(name, week, p);
    }
    // Populations of one zone that live the same week share its curve's making.
    let mut laid_out: BTreeMap<(String, String), Curve> = BTreeMap::new();
    let mut points = 0;
    let mut found = Vec::new();
    for (name, people) in sorted(&scenario.people) {
        let path = format!("people.{name}");
        let zone_name = people.zone.as_deref().unwrap_or(&scenario.clock.zone);
        let zone = match &people.zone {
            Some(zone_name) => zone(zone_name, &format!("{path}.zone"), p),
            None => calendar.zone.clone(),
        };
        let active = match &people.active {
            Active::Always => Some(Curve::constant(1.0)),
            Active::Points(list) => laid_points(list, &path, p),
            Active::Recorded(recording) => match scenario.recordings.get(recording) {
                Some(text) => recorded(text, recording, &format!("{path}.active.0"), calendar, p),
                None => {
                    p.add(
                        Code::UnknownName,
                        format!("{path}.active.0"),
                        format!("there is no recording called \"{recording}\""),
                        "put a CSV file of this name beside the scenario, or its text under recordings:",
                    );
                    None
                }
            },
            Active::Sinusoid { mean, swing, peak, step } => {
                sinusoid(mean.0, swing.0, peak, *step, &path, calendar, &zone, horizon, p)
            }
            Active::Week(week_name) => match scenario.weeks.get(week_name) {
                Some(week) => {
                    let key = (week_name.clone(), zone_name.to_owned());
                    if !laid_out.contains_key(&key) {
                        laid_out.insert(key.clone(), laid_week(week, calendar, &zone, horizon, p));
                    }
                    laid_out.get(&key).cloned()
                }
                None => {
                    let known = crate::world::resolve::Names(
                        scenario.weeks.names().enumerate().map(|(i, n)| (n.to_owned(), i)).collect(),
                    );
                    p.unknown(format!("{path}.active.0"), "week", week_name, &known);
                    None
                }
            },
        };
        let log_ins = active.unwrap_or_else(|| Curve::constant(1.0));
        let mean_s = people.sessions.as_ref().map(|sessions| sessions.lasts.seconds()).filter(|s| *s > 0.0);
        let active = mean_s.map_or_else(|| log_ins.clone(), |mean_s| log_ins.followed(mean_s));
        points += active.points.len() + log_ins.points.len();
        if points > check::POINTS_MAX {
            p.add(
                Code::TooMany,
                format!("{path}.active"),
                "the profiles of this scenario have more than 5 million points",
                "lengthen the step, or shorten the horizon",
            );
            return found;
        }
        let mut uses = Vec::new();
        if people.uses.is_empty() {
            p.add(
                Code::NeverActs,
                format!("{path}.uses"),
                "people who use nothing feel nothing",
                "name a feature and its rate, like {\"lessons\": \"1/min\"}",
            );
        }
        for (feature, rate) in sorted(&people.uses) {
            if let Some(id) = tables.features.find(feature, "feature", format!("{path}.uses.{feature}#key"), p) {
                uses.push((FeatureId::new(id), rate.0));
            }
        }
        let sessions = sessions(people, &mut uses, &path, tables, p);
        if let Some(patience) = people.patience {
            p.range(
                format!("{path}.patience"),
                patience.0 > 0,
                "people without any patience never wait",
                "write how long they wait on average, or leave it out",
            );
        }
        let Some(served_by) = place(&people.served_by, &format!("{path}.served_by"), scenario, tables, p) else {
            continue;
        };
        if let Place::Group(id) = served_by
            && let Some(group) = groups.get(id.at()).filter(|g| g.sites.iter().any(Option::is_none))
        {
            p.add(
                Code::Contradiction,
                format!("{path}.served_by"),
                format!("a member of \"{}\" is at no site, so that it can serve nobody", group.name),
                "give every member a site with at:",
            );
        }
        check_reads(scenario, people, features, &uses, &path, p);
        found.push(Population {
            name: name.to_owned(),
            users: people.users as f64,
            zone,
            active,
            log_ins,
            sessions,
            waits: people.waits_for_answers,
            patience_s: people.patience.map(|patience| patience.seconds()).filter(|s| *s > 0.0),
            uses,
            served_by,
            rtt_s: people.rtt.seconds(),
            keeps_trying: people.keeps_trying.0,
            arrival_scv: match people.arrivals {
                Arrivals::Poisson => 1.0,
                Arrivals::Smooth => 0.0,
            },
        });
    }
    found
}

/// How a population comes and goes. The feature that a log-in uses becomes one of its uses, if it is not yet.
fn sessions(
    people: &scenario::Population,
    uses: &mut Vec<(FeatureId, f64)>,
    path: &str,
    tables: &Tables,
    p: &mut Problems,
) -> Option<Sessions> {
    let written = people.sessions.as_ref()?;
    for (field, duration) in [
        ("lasts", Some(written.lasts)),
        ("gives_up_after", written.gives_up_after),
        ("looks_again_after", Some(written.looks_again_after)),
    ] {
        p.range(
            format!("{path}.sessions.{field}"),
            duration.is_none_or(|d| d.0 > 0 && d.seconds() <= 30.0 * 86_400.0),
            "no time at all, or more than a month",
            "write a time like \"20min\"",
        );
    }
    let log_in = written.log_in.as_ref().and_then(|feature| {
        let id = FeatureId::new(tables.features.find(feature, "feature", format!("{path}.sessions.log_in"), p)?);
        if !uses.iter().any(|(used, _)| *used == id) {
            uses.push((id, 0.0));
            uses.sort_by_key(|(id, _)| *id);
        }
        uses.iter().position(|(used, _)| *used == id)
    });
    Some(Sessions {
        mean_s: written.lasts.seconds().max(1e-3),
        log_in,
        gives_up_s: written.gives_up_after.map_or(f64::INFINITY, |t| t.seconds().max(1e-3)),
        comes_back: written.comes_back.0,
        looks_again_s: written.looks_again_after.seconds().max(1e-3),
    })
}

/// A feature that reads a store locally needs a replica, or the primary, where its users are served.
fn check_reads(
    scenario: &Scenario,
    people: &scenario::Population,
    features: &[Feature],
    uses: &[(FeatureId, f64)],
    path: &str,
    p: &mut Problems,
) {
    if scenario.groups.get(&people.served_by).is_some() {
        return;
    }
    for (feature, _) in uses {
        let Some(feature) = features.get(feature.at()) else { continue };
        for (store, _) in scenario.features.get(&feature.name).map(|f| &f.reads).into_iter().flat_map(|r| r.iter()) {
            let Some(data) = scenario.stores.get(store) else { continue };
            let follows = scenario.groups.get(&data.primary).is_some();
            if !follows && data.primary != people.served_by && data.replicas.get(&people.served_by).is_none() {
                p.add(
                    Code::Contradiction,
                    format!("{path}.served_by"),
                    format!(
                        "\"{}\" reads \"{store}\", of which there is no replica at \"{}\"",
                        feature.name, people.served_by
                    ),
                    format!("add a replica at \"{}\"", people.served_by),
                );
            }
        }
    }
}

fn laid_points(list: &[(Duration, Ratio)], path: &str, p: &mut Problems) -> Option<Curve> {
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

#[expect(clippy::too_many_arguments, reason = "the parameters of the sinusoid and where to report them")]
fn sinusoid(
    mean: f64,
    swing: f64,
    peak: &str,
    step: Duration,
    path: &str,
    calendar: &Calendar,
    zone: &TimeZone,
    horizon: Time,
    p: &mut Problems,
) -> Option<Curve> {
    const DAY_S: f64 = 86_400.0;
    let peak = match read_clock(peak) {
        Ok(clock) => f64::from(clock.hour()) * 3_600.0 + f64::from(clock.minute()) * 60.0 + f64::from(clock.second()),
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
    if step < Duration::from_seconds(1.0) || horizon.0 / step.0.max(1) > check::POINTS_MAX as i64 {
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

fn check_week(name: &str, week: &Week, p: &mut Problems) {
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
fn read_days(text: &str) -> Result<(Date, Date), super::calendar::TimeProblem> {
    let Some((first, last)) = text.split_once("..") else { return read_date(text).map(|date| (date, date)) };
    let (first, last) = (read_date(first)?, read_date(last)?);
    if last < first {
        return Err((format!("{last} is before {first}"), "write the earlier date first".to_owned()));
    }
    Ok((first, last))
}

/// A week laid out day by day. A point in the gap of a clock change moves to its end.
fn laid_week(week: &Week, calendar: &Calendar, zone: &TimeZone, horizon: Time, p: &mut Problems) -> Curve {
    let holidays: Vec<(Date, Date)> = week.holidays.iter().filter_map(|d| read_days(d).ok()).collect();
    let parsed = |points: &[(String, Ratio)]| -> Vec<(jiff::civil::Time, f64)> {
        points.iter().filter_map(|(clock, share)| Some((read_clock(clock).ok()?, share.0))).collect()
    };
    let weekdays = parsed(&week.weekdays);
    let sunday = parsed(&week.sunday);
    let saturday = week.saturday.as_ref().map_or_else(|| sunday.clone(), |s| parsed(s));
    let per_day = weekdays.len().max(sunday.len()).max(saturday.len());
    let days = horizon.0 / (86_400 * NANOS_PER_SECOND) + 4;
    if days as usize * per_day > check::POINTS_MAX {
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
            if let Ok(zoned) = zone.to_ambiguous_zoned(date.to_datetime(*clock)).compatible() {
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
