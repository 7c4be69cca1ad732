//! The numbers: per population and feature, what was narrow, and what the response came to.

use super::markup::Html;
use super::tables::{Cell, table};
use crate::metrics::{LatencyOutcome, Outcome};
use crate::report::clock::Clock;
use crate::report::format::{self, NOTHING};
use crate::report::money::entries;
use crate::report::stretches::{days_differ, in_order, kind_words, stand_out, worst};
use crate::report::text::need_to_effect;

/// Stretches and overloads that are shown.
const WORST_MAX: usize = 12;

fn time(seconds: f64) -> String {
    if seconds > 0.0 { format::length(seconds) } else { NOTHING.to_owned() }
}

fn amount(value: f64) -> String {
    if value > 0.0 { format::count(value) } else { NOTHING.to_owned() }
}

fn p95(latency: &LatencyOutcome) -> Cell {
    Cell::number(latency.p95_s.map_or(NOTHING.to_owned(), format::latency))
}

/// A heading and a table, where there is something in it.
fn titled(html: &mut Html, title: &str, titles: &[&str], rows: Vec<Vec<Cell>>) {
    if !rows.is_empty() {
        html.say("h3", &[], title);
        table(html, titles, &rows);
    }
}

/// What each population lived through, and with which feature.
pub fn people(html: &mut Html, outcome: &Outcome) {
    let titles = [
        "users",
        "how many",
        "down",
        "degraded",
        "stale",
        "time available",
        "requests available",
        "user-minutes lost",
        "user-minutes degraded",
        "p95 before",
        "p95 during",
        "p95 after",
    ];
    let rows = outcome.people.iter().map(|(name, people)| {
        let felt = people.latency.during.requests > 0.0;
        vec![
            Cell::name(name.as_str()),
            Cell::number(format::count(people.users)),
            Cell::bad(time(people.downtime_s)),
            Cell::poor(time(people.degraded_s)),
            Cell::number(time(people.stale_s)),
            Cell::number(format::share(people.time_availability)),
            Cell::number(format::share(people.request_availability)),
            Cell::number(amount(people.user_minutes_lost.round())),
            Cell::number(amount(people.user_minutes_degraded.round())),
            p95(if felt { &people.latency.before } else { &people.latency.all }),
            p95(&people.latency.during),
            p95(&people.latency.after),
        ]
    });
    titled(html, "By population", &titles, rows.collect());
    let titles = [
        "users",
        "feature",
        "requests",
        "down",
        "degraded",
        "stale",
        "time available",
        "requests available",
        "p50",
        "p95",
        "p99",
    ];
    let mut rows = Vec::new();
    for (name, people) in &outcome.people {
        for (index, (feature, felt)) in people.features.iter().enumerate() {
            let latency = &felt.latency.all;
            let percentile = |p: Option<f64>| Cell::number(p.map_or(NOTHING.to_owned(), format::latency));
            rows.push(vec![
                if index == 0 { Cell::name(name.as_str()) } else { Cell::again(name.as_str()) },
                Cell::text(feature.as_str()),
                Cell::number(format::large(felt.requests.intended)),
                Cell::bad(time(felt.downtime_s)),
                Cell::poor(time(felt.degraded_s)),
                Cell::number(time(felt.stale_s)),
                Cell::number(format::share(felt.time_availability)),
                Cell::number(format::share(felt.request_availability)),
                percentile(latency.p50_s),
                percentile(latency.p95_s),
                percentile(latency.p99_s),
            ]);
        }
    }
    titled(html, "By population and feature", &titles, rows);
}

/// Day by day against the regular one.
pub fn days(html: &mut Html, outcome: &Outcome) {
    let concurrency = &outcome.concurrency;
    if !days_differ(outcome) {
        return;
    }
    let against = format!("against {}", concurrency.regular_day);
    let rows = concurrency.days.iter().map(|day| {
        let grew = stand_out(&day.features_ratio, day.requests_ratio);
        let grew: Vec<String> = grew.iter().take(3).map(|(f, r)| format!("{f} {}", format::ratio(*r))).collect();
        vec![
            Cell::name(day.label.as_str()),
            Cell::number(format::count(day.peak.round())),
            Cell::number(format::ratio(day.peak_ratio)),
            Cell::number(format::ratio(day.requests_ratio)),
            Cell::number(day.p95_s.map_or(NOTHING.to_owned(), format::latency)),
            Cell::poor(time(day.degraded_s)),
            Cell::text(if grew.is_empty() { NOTHING.to_owned() } else { grew.join(", ") }),
        ]
    });
    let titles =
        ["day", "users at once", &against, "requests", "slowest p95", "degraded or down", "grew more than the rest"];
    titled(html, "Day by day", &titles, rows.collect());
}

/// What was the narrowest when.
pub fn narrow(html: &mut Html, outcome: &Outcome, clock: &Clock) {
    let (stretches, count) = worst(&outcome.hours, WORST_MAX);
    let rows = stretches.iter().map(|stretch| {
        let share = format::percent(stretch.utilisation);
        vec![
            Cell::name(stretch.name.as_str()),
            Cell::text(kind_words(stretch.kind)),
            Cell::text(clock.span(stretch.from_s, stretch.to_s)),
            Cell::number(format::length(stretch.to_s - stretch.from_s)),
            if stretch.utilisation > 1.0 { Cell::bad(share) } else { Cell::number(share) },
        ]
    });
    let titles = ["narrowest", "of", "when", "for", "asked of its capacity"];
    titled(html, "What was narrow, and when", &titles, rows.collect());
    if count > stretches.len() {
        html.say("p", &[("class", &"faint")], format!("the worst {} of {count}", stretches.len()));
    }
}

/// Procedures: needed, ordered, in effect.
pub fn procedures(html: &mut Html, outcome: &Outcome, clock: &Clock) {
    let rows = in_order(&outcome.procedures).into_iter().map(|(name, procedure)| {
        let at = |seconds: Option<f64>| Cell::text(seconds.map_or(NOTHING.to_owned(), |s| clock.when(s)));
        vec![
            Cell::name(name.as_str()),
            Cell::text(procedure.does.as_str()),
            Cell::text(procedure.needed_at_s.map_or("never".to_owned(), |s| clock.when(s))),
            at(procedure.ordered_at_s),
            at(procedure.began_at_s),
            at(procedure.done_at_s),
            Cell::number(need_to_effect(procedure)),
            Cell::text(crate::report::text::ended(procedure)),
        ]
    });
    let titles =
        ["measure", "does", "needed", "ordered", "first in effect", "all in effect", "need to effect", "ended"];
    titled(html, "Measures", &titles, rows.collect());
}

/// Failovers, maintenance, work left behind, data lost, overloads.
pub fn response(html: &mut Html, outcome: &Outcome, clock: &Clock) {
    let rows = outcome.failovers.iter().map(|failover| {
        let phases: Vec<String> = (failover.phases.iter())
            .map(|p| format!("{}{} {}", if p.ok { "" } else { "✗ " }, p.phase.name(), format::length(p.took_s)))
            .collect();
        let how = match &failover.failure {
            Some(failure) => format!("{}: {failure}", failover.ended),
            None => failover.ended.clone(),
        };
        vec![
            Cell::name(failover.group.as_str()),
            Cell::text(clock.when(failover.failed_at_s)),
            Cell::text(format!("{} → {}", failover.from, failover.to.as_deref().unwrap_or(NOTHING))),
            Cell::text(phases.join(" › ")),
            Cell::text(how),
            Cell::number(failover.time_to_restore_s.map_or(NOTHING.to_owned(), format::length)),
        ]
    });
    titled(
        html,
        "Failovers",
        &["group", "failed", "from → to", "phases", "ended", "group worked again after"],
        rows.collect(),
    );
    let rows = outcome.maintenance.iter().map(|m| {
        vec![
            Cell::name(m.plan.as_str()),
            Cell::text(clock.span(m.from_s, m.from_s + m.actual_s.max(0.0))),
            Cell::number(format::length(m.announced_s)),
            Cell::number(if m.actual_s.is_nan() { NOTHING.to_owned() } else { format::length(m.actual_s) }),
            Cell::bad(time(m.overrun_s)),
            Cell::number(m.notice_s.map_or("not told".to_owned(), format::length)),
            Cell::number(amount(m.met.values().map(|met| met.user_minutes).sum::<f64>().round())),
            Cell::text(m.ended.as_str()),
        ]
    });
    let titles = ["maintenance", "when", "announced", "took", "overran by", "notice", "user-minutes met", "ended"];
    titled(html, "Maintenance", &titles, rows.collect());
    let mut rows = Vec::new();
    for (name, queue) in &outcome.queues {
        for behind in &queue.backlogs {
            let after = |s: Option<f64>| Cell::number(s.map_or("not yet".to_owned(), format::length));
            rows.push(vec![
                Cell::name(name.as_str()),
                Cell::text(clock.when(behind.from_s)),
                after(behind.time_to_restored_s),
                after(behind.time_to_recovered_s),
                Cell::number(format::count(behind.backlog_max.round())),
                Cell::number(format::length(behind.age_max_s)),
            ]);
        }
    }
    let titles = ["queue", "behind from", "restored after", "recovered after", "largest backlog", "oldest item"];
    titled(html, "Work left behind", &titles, rows);
    let mut rows = Vec::new();
    let told = format::fates_are_told(outcome);
    for (name, store) in &outcome.stores {
        for loss in &store.losses {
            let mut row = vec![
                Cell::name(name.as_str()),
                Cell::text(clock.when(loss.at_s)),
                Cell::bad(time(loss.window_s)),
                Cell::bad(amount(loss.writes)),
            ];
            row.extend(told.then(|| Cell::text(format::fate(loss))));
            rows.push(row);
        }
    }
    let titles = ["store", "promoted without", "data-loss window", "writes lost", "they are"];
    titled(html, "Data lost", &titles[..if told { 5 } else { 4 }], rows);
    let mut over: Vec<_> =
        outcome.services.iter().flat_map(|(name, s)| s.overloads.iter().map(move |o| (name, o))).collect();
    over.sort_by(|a, b| b.1.wait_max_s.total_cmp(&a.1.wait_max_s).then(b.1.shed.total_cmp(&a.1.shed)));
    let rows = over.iter().take(WORST_MAX).map(|(name, o)| {
        vec![
            Cell::name(name.as_str()),
            Cell::text(clock.when(o.from_s)),
            Cell::number(format::length(o.load_over_until_s - o.from_s)),
            Cell::number(o.drained_at_s.map_or("not yet".to_owned(), |at| format::length(at - o.from_s))),
            Cell::number(format::count(o.backlog_max.round())),
            Cell::number(format::latency(o.wait_max_s)),
            Cell::bad(amount(o.shed.round())),
        ]
    });
    let titles =
        ["service", "from", "over capacity for", "queue gone after", "largest backlog", "longest wait", "turned away"];
    titled(html, "Overloads, the worst first", &titles, rows.collect());
}

/// What was spent and lost, where the file says what things cost or are worth.
pub fn money(html: &mut Html, outcome: &Outcome) {
    let Some(money) = &outcome.money else { return };
    let rows: Vec<Vec<Cell>> = entries(money)
        .into_iter()
        .map(|entry| match entry.is_sum {
            true => vec![Cell::name(entry.what), Cell::judged(entry.amount, "number sum")],
            false => vec![Cell::part(entry.what), Cell::number(entry.amount)],
        })
        .collect();
    table(html, &["", "in this run"], &rows);
}
