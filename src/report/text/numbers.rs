//! What is counted: people, queues, stores, overloads.

use super::line::{Ink, Line};
use super::page::Page;
use super::table::Table;
use crate::metrics::{LatencyOutcome, Outcome, PeopleOutcome};
use crate::report::clock::Clock;
use crate::report::format::{self, NOTHING};

fn plain(text: impl Into<String>) -> (Ink, String) {
    (Ink::Plain, text.into())
}

/// Seconds of something that is better zero.
fn badly(ink: Ink, seconds: f64) -> (Ink, String) {
    if seconds > 0.0 { (ink, format::length(seconds)) } else { (Ink::Faint, NOTHING.to_owned()) }
}

/// A number of something that is better zero.
fn count_badly(ink: Ink, value: f64) -> (Ink, String) {
    if value > 0.0 { (ink, format::count(value)) } else { (Ink::Faint, NOTHING.to_owned()) }
}

/// Time, availability, latency and worst windows, per population.
pub fn people(page: &mut Page, outcome: &Outcome) {
    if outcome.people.is_empty() {
        return;
    }
    page.section("The users in numbers");
    let mut table = Table::new(&[
        "",
        ">users",
        ">down",
        ">degraded",
        ">stale",
        ">time|available",
        ">requests|available",
        ">user-min|lost",
        ">user-min|degraded",
    ]);
    for (name, people) in &outcome.people {
        table.row(vec![
            (Ink::Strong, name.clone()),
            plain(format::count(people.users)),
            badly(Ink::Bad, people.downtime_s),
            badly(Ink::Degraded, people.degraded_s),
            badly(Ink::Stale, people.stale_s),
            plain(format::share(people.time_availability)),
            plain(format::share(people.request_availability)),
            count_badly(Ink::Plain, people.user_minutes_lost),
            count_badly(Ink::Plain, people.user_minutes_degraded),
        ]);
    }
    table.write(page);
    latency(page, outcome);
    windows(page, outcome);
}

fn latency(page: &mut Page, outcome: &Outcome) {
    let mut table = Table::new(&["latency", "", ">requests", ">p50", ">p95", ">p99"]);
    for (name, people) in &outcome.people {
        let felt = people.latency.during.requests > 0.0 || people.latency.after.requests > 0.0;
        let parts: [(&str, &LatencyOutcome); 3] = match felt {
            true => [
                ("before", &people.latency.before),
                ("during", &people.latency.during),
                ("after", &people.latency.after),
            ],
            false => [("all along", &people.latency.all); 3],
        };
        let shown = parts.iter().take(if felt { 3 } else { 1 }).filter(|(_, l)| l.requests > 0.0);
        for (index, (when, latency)) in shown.enumerate() {
            let percentile = |p: Option<f64>| plain(p.map_or(NOTHING.to_owned(), format::latency));
            table.row(vec![
                (Ink::Strong, if index == 0 { name.clone() } else { String::new() }),
                (Ink::Faint, (*when).to_owned()),
                plain(format::count(latency.requests.round())),
                percentile(latency.p50_s),
                percentile(latency.p95_s),
                percentile(latency.p99_s),
            ]);
        }
    }
    if !table.is_empty() {
        page.blank();
        table.write(page);
    }
}

fn windows(page: &mut Page, outcome: &Outcome) {
    let hurt = |p: &&PeopleOutcome| p.windowed_user_uptime.iter().any(|w| w.user_uptime_min < 1.0);
    let Some(first) = outcome.people.values().find(hurt) else { return };
    let lengths: Vec<f64> = first.windowed_user_uptime.iter().map(|w| w.window_s).collect();
    let titles: Vec<String> = lengths.iter().map(|s| format!(">{}", format::length(*s))).collect();
    let titles: Vec<&str> =
        std::iter::once("user-uptime of the worst").chain(titles.iter().map(String::as_str)).collect();
    let mut table = Table::new(&titles);
    for (name, people) in &outcome.people {
        let cells = lengths.iter().map(|length| {
            let window = people.windowed_user_uptime.iter().find(|w| w.window_s == *length);
            plain(window.map_or(NOTHING.to_owned(), |w| format::share(w.user_uptime_min)))
        });
        table.row(std::iter::once((Ink::Strong, name.clone())).chain(cells).collect());
    }
    page.blank();
    table.write(page);
}

/// Queues that fell behind.
pub fn queues(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    let mut table = Table::new(&[
        "queue",
        "behind from",
        ">restored|after",
        ">recovered|after",
        ">largest|backlog",
        ">oldest|item",
    ]);
    for (name, queue) in &outcome.queues {
        for (index, behind) in queue.backlogs.iter().enumerate() {
            let after = |s: Option<f64>| s.map_or((Ink::Bad, "not yet".to_owned()), |s| plain(format::length(s)));
            table.row(vec![
                (Ink::Strong, if index == 0 { name.clone() } else { String::new() }),
                plain(clock.when(behind.from_s)),
                after(behind.time_to_restored_s),
                after(behind.time_to_recovered_s),
                plain(format::count(behind.backlog_max.round())),
                plain(format::length(behind.age_max_s)),
            ]);
        }
    }
    if !table.is_empty() {
        page.section("Work left behind");
        table.write(page);
    }
}

/// Data that was lost, or would have been.
pub fn stores(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    let told = format::fates_are_told(outcome);
    let titles = ["store", "promoted without", ">data-loss window", ">writes lost", "they are"];
    let mut lost = Table::new(&titles[..if told { 5 } else { 4 }]);
    let mut at_risk = Table::new(&["store", "replica", "primary failed", ">replica behind by", ">writes lacking"]);
    for (name, store) in &outcome.stores {
        for loss in &store.losses {
            let mut row = vec![
                (Ink::Strong, name.clone()),
                plain(clock.when(loss.at_s)),
                badly(Ink::Bad, loss.window_s),
                count_badly(Ink::Bad, loss.writes),
            ];
            row.extend(told.then(|| plain(format::fate(loss))));
            lost.row(row);
        }
        for (site, replica) in &store.replicas {
            for risk in replica.at_risk.iter().filter(|r| r.writes > 0.0 || r.window_s > 0.0) {
                at_risk.row(vec![
                    (Ink::Strong, name.clone()),
                    plain(site.clone()),
                    plain(clock.when(risk.at_s)),
                    badly(Ink::Plain, risk.window_s),
                    count_badly(Ink::Plain, risk.writes),
                ]);
            }
        }
    }
    if lost.is_empty() && at_risk.is_empty() {
        return;
    }
    page.section("Data lost, and data at risk");
    let both = !lost.is_empty() && !at_risk.is_empty();
    if !lost.is_empty() {
        lost.write(page);
    }
    if both {
        page.blank();
    }
    if !at_risk.is_empty() {
        at_risk.write(page);
    }
}

/// Services whose load was above their capacity.
pub fn overloads(page: &mut Page, outcome: &Outcome, clock: &Clock) {
    let mut worst: Vec<_> =
        outcome.services.iter().flat_map(|(name, s)| s.overloads.iter().map(move |o| (name, o))).collect();
    if worst.is_empty() {
        return;
    }
    let count = worst.len();
    worst.sort_by(|a, b| b.1.wait_max_s.total_cmp(&a.1.wait_max_s).then(b.1.shed.total_cmp(&a.1.shed)));
    page.section("Overloads");
    let mut table = Table::new(&[
        "service",
        "from",
        ">load over|capacity for",
        ">queue gone|after",
        ">largest|backlog",
        ">longest|wait",
        ">turned|away",
    ]);
    const SHOWN_MAX: usize = 12;
    for (name, overload) in worst.into_iter().take(SHOWN_MAX) {
        let gone = overload
            .drained_at_s
            .map_or((Ink::Bad, "not yet".to_owned()), |at| plain(format::length(at - overload.from_s)));
        table.row(vec![
            (Ink::Strong, name.clone()),
            plain(clock.when(overload.from_s)),
            plain(format::length(overload.load_over_until_s - overload.from_s)),
            gone,
            plain(format::count(overload.backlog_max.round())),
            plain(format::latency(overload.wait_max_s)),
            count_badly(Ink::Bad, overload.shed.round()),
        ]);
    }
    table.write(page);
    if count > SHOWN_MAX {
        let text = format!("  the worst {SHOWN_MAX} of {count}; --json has them all");
        page.line(Line::new().with(Ink::Faint, text));
    }
}
