//! An outcome made by hand, for snapshots: three weeks in which schools close and everybody comes at once. Twelve
//! populations, twelve procedures, 504 hours, a change of the clocks.

use crate::explain::{ButFor, Explanation, Impact, Interaction, Role};
use crate::metrics::*;
use crate::observe::ServiceLevel;
use std::collections::BTreeMap;

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;
const HOURS: usize = 504;

/// Share of the users who are there at an hour of a day, and how many times as many as usual they are on it.
fn crowd(hour: usize) -> f64 {
    const SHAPE: [f64; 24] = [
        0.02, 0.01, 0.01, 0.01, 0.02, 0.05, 0.15, 0.45, 0.95, 1.0, 0.97, 0.93, 0.85, 0.8, 0.62, 0.5, 0.42, 0.4, 0.42,
        0.45, 0.38, 0.25, 0.12, 0.05,
    ];
    const DAYS: [f64; 21] =
        [1.0, 1.02, 1.05, 1.2, 1.5, 0.4, 0.6, 2.9, 2.7, 2.4, 2.3, 2.0, 0.7, 0.9, 2.4, 2.3, 2.2, 2.2, 1.9, 0.7, 0.8];
    SHAPE[hour % 24] * DAYS[(hour / 24).min(20)]
}

/// What could be served, times a regular day's peak: procedures come into effect one after the other.
fn capacity(hour: usize) -> f64 {
    match hour / 24 {
        0..=7 => 1.4,
        8 => 1.7,
        9..=11 => 2.1,
        _ => 2.6,
    }
}

fn mood(hour: usize, tolerance: f64) -> ServiceLevel {
    match crowd(hour) / capacity(hour) * tolerance {
        over if over > 1.6 => ServiceLevel::Down,
        over if over > 1.0 => ServiceLevel::Degraded,
        over if over > 0.9 => ServiceLevel::Stale,
        _ => ServiceLevel::Fine,
    }
}

fn intervals(moods: &[ServiceLevel]) -> Vec<OutcomeInterval> {
    let mut found: Vec<OutcomeInterval> = Vec::new();
    for (hour, mood) in moods.iter().enumerate().filter(|(_, mood)| **mood > ServiceLevel::Fine) {
        let (from_s, to_s) = (hour as f64 * HOUR, (hour + 1) as f64 * HOUR);
        match found.last_mut().filter(|last| last.to_s == from_s && last.mood == *mood) {
            Some(last) => last.to_s = to_s,
            None => found.push(OutcomeInterval {
                mood: *mood,
                from_s,
                to_s,
                from: String::new(),
                to: String::new(),
                why: "web@oslo is overloaded".into(),
                because: vec!["schools close".into()],
            }),
        }
    }
    found
}

/// The outcome and its story.
pub fn three_weeks() -> (Outcome, Vec<StoryLine>) {
    let (mut outcome, _) = super::sample::monday_morning();
    let regions = ["norway", "sweden", "france", "us"];
    let kinds = [("students", 1.1), ("teachers", 1.0), ("parents", 0.6)];
    let like = outcome.people["us schools"].clone();
    outcome.people.clear();
    let mut moods = BTreeMap::new();
    for (r, region) in regions.iter().enumerate() {
        for (kind, tolerance) in kinds {
            let felt: Vec<ServiceLevel> = (0..HOURS).map(|h| mood(h, tolerance - 0.13 * r as f64)).collect();
            let mut people = like.clone();
            people.users = 350_000.0 / (r + 1) as f64;
            people.intervals = intervals(&felt);
            let spent = |m: ServiceLevel| felt.iter().filter(|f| **f == m).count() as f64 * HOUR;
            (people.downtime_s, people.degraded_s, people.stale_s) =
                (spent(ServiceLevel::Down), spent(ServiceLevel::Degraded), spent(ServiceLevel::Stale));
            people.user_minutes_lost = people.downtime_s / 60.0 * people.users * 0.1;
            people.user_minutes_degraded = people.degraded_s / 60.0 * people.users * 0.1;
            outcome.people.insert(format!("{region} {kind}"), people);
            moods.insert(format!("{region} {kind}"), felt);
        }
    }
    outcome.title = "Three weeks in March: the schools close".into();
    outcome.clock = ClockOutcome {
        starts: "2020-03-09T00:00:00+01:00[Europe/Oslo]".into(),
        from: "Mon 9 Mar 00:00:00".into(),
        to: "Mon 30 Mar 01:00:00".into(),
        zone: "Europe/Oslo".into(),
        horizon_s: HOURS as f64 * HOUR,
        warm_up_s: 0.0,
    };
    (outcome.failovers, outcome.maintenance) = (Vec::new(), Vec::new());
    outcome.queues.clear();
    outcome.stores.clear();
    outcome.provenance.strategy = Some("as it happened".into());
    outcome.provenance.maintenance = None;
    outcome.communication = CommunicationOutcome {
        first_felt_s: Some(7.0 * DAY + 8.0 * HOUR),
        first_told_s: Some(7.0 * DAY + 9.0 * HOUR),
        time_to_first_communication_s: Some(HOUR),
    };
    outcome.hours = hours(moods);
    outcome.concurrency = concurrency();
    outcome.procedures = procedures();
    (outcome, story())
}

fn hours(moods: BTreeMap<String, Vec<ServiceLevel>>) -> HoursOutcome {
    let each = |f: &dyn Fn(usize) -> f64| (0..HOURS).map(f).collect::<Vec<f64>>();
    let mut loads = BTreeMap::new();
    let names = ["web@oslo", "web@us", "core@oslo", "files@oslo", "oslo uplink", "video@oslo", "search@oslo"];
    for (i, name) in names.into_iter().enumerate() {
        let share = 1.0 - i as f64 * 0.12;
        let (kind, scale) =
            if name.ends_with("uplink") { (NarrowKind::Network, 6e9) } else { (NarrowKind::Servers, 9_000.0) };
        loads.insert(
            name.to_owned(),
            LoadOutcome {
                kind,
                offered_per_s: each(&|h| scale * crowd(h) * share),
                capacity_per_s: (0..HOURS).map(|h| (h % 24 != 3).then(|| scale * capacity(h))).collect(),
            },
        );
    }
    HoursOutcome {
        length_s: HOUR,
        starts_s: each(&|h| h as f64 * HOUR),
        at: (0..HOURS).map(|h| format!("hour {h}")).collect(),
        active_users_max: each(&|h| 210_000.0 * crowd(h)),
        requests_per_s: each(&|h| 9_000.0 * crowd(h)),
        lost_share: each(&|h| (1.0 - capacity(h) / crowd(h)).max(0.0)),
        p95_s: (0..HOURS)
            .map(|h| {
                let over = crowd(h) / capacity(h);
                (h % 24 != 3).then_some(0.12 + 0.2 * over + if over > 1.0 { 14.0 * (over - 1.0) } else { 0.0 })
            })
            .collect(),
        bottleneck: (0..HOURS)
            .map(|h| {
                let utilisation = crowd(h) / capacity(h);
                let (name, kind) = match h / 24 {
                    0..=8 => ("web@oslo", NarrowKind::Servers),
                    9..=11 => ("oslo uplink", NarrowKind::Network),
                    _ => ("core@oslo", NarrowKind::Servers),
                };
                (utilisation > 0.8).then(|| BottleneckOutcome { name: name.to_owned(), kind, utilisation })
            })
            .collect(),
        loads,
        moods,
    }
}

fn concurrency() -> ConcurrencyOutcome {
    let days = (0..21).map(|d| {
        let ratio = crowd(d * 24 + 9);
        let date = jiff::civil::date(2020, 3, 9 + d as i8);
        let day_hours = d * 24..(d + 1) * 24;
        DayOutcome {
            date: date.to_string(),
            label: date.strftime("%a %-d %b").to_string(),
            peak: 210_000.0 * ratio,
            peak_ratio: ratio,
            requests: 1.9e8 * ratio,
            requests_ratio: ratio,
            features_ratio: BTreeMap::from([
                ("lessons".to_owned(), ratio),
                ("video".to_owned(), if d >= 7 { ratio * 3.4 } else { ratio }),
                ("messages".to_owned(), if d >= 7 { ratio * 1.8 } else { ratio }),
            ]),
            degraded_s: day_hours.clone().filter(|h| mood(*h, 1.1) >= ServiceLevel::Degraded).count() as f64 * HOUR,
            p95_s: day_hours.map(|h| Some(0.3 * crowd(h))).max_by(|a, b| a.unwrap().total_cmp(&b.unwrap())).flatten(),
        }
    });
    ConcurrencyOutcome {
        regular_day: "Mon 9 Mar".to_owned(),
        regular_peak: 210_000.0,
        peak: 609_000.0,
        peak_at: "Mon 16 Mar 09:00:00".to_owned(),
        days: days.collect(),
    }
}

fn procedures() -> BTreeMap<String, ProcedureOutcome> {
    let need = 7.0 * DAY + 7.5 * HOUR;
    let procedure = |does: &str, ordered_h: f64, takes_h: f64, ended: &str| ProcedureOutcome {
        does: does.to_owned(),
        needed_at_s: Some(need),
        ordered_at_s: Some(need + ordered_h * HOUR),
        ordered_at: None,
        began_at_s: Some(need + (ordered_h + takes_h * 0.7) * HOUR),
        done_at_s: (ended == "done").then_some(need + (ordered_h + takes_h) * HOUR),
        done_at: None,
        need_to_effect_s: (ended == "done").then_some((ordered_h + takes_h) * HOUR),
        phases_failed: u32::from(ended == "rolled back"),
        ended: ended.to_owned(),
    };
    let mut procedures = BTreeMap::from([
        ("search without suggestions".to_owned(), procedure("turns off suggestions", 1.0, 0.2, "done")),
        ("pause of background jobs".to_owned(), procedure("pauses 3 queues", 1.5, 0.5, "done")),
        ("web servers from the pool".to_owned(), procedure("web@oslo x1.3", 2.0, 6.0, "done")),
        ("more web servers".to_owned(), procedure("web@oslo x2", 5.0, 40.0, "done")),
        ("a second uplink".to_owned(), procedure("oslo uplink +10 Gbps", 26.0, 70.0, "done")),
        ("video to a content network".to_owned(), procedure("moves 80% of video", 30.0, 26.0, "done")),
        ("bigger database".to_owned(), procedure("core@oslo x1.5", 48.0, 50.0, "rolled back")),
        ("bigger database, again".to_owned(), procedure("core@oslo x1.5", 120.0, 20.0, "done")),
        ("staggered lessons".to_owned(), procedure("moves 20% of users by an hour", 72.0, 48.0, "done")),
        ("smaller pictures".to_owned(), procedure("halves what a page weighs", 74.0, 100.0, "done")),
        ("move of norway to the us".to_owned(), procedure("leads norway to us", 90.0, 300.0, "under way")),
        (
            "shed the anonymous".to_owned(),
            ProcedureOutcome { ended: "not begun".into(), ..ProcedureOutcome::default() },
        ),
    ]);
    if let Some(early) = procedures.get_mut("search without suggestions") {
        early.ordered_at_s = Some(need - 50.0 * HOUR);
        early.began_at_s = Some(need - 48.0 * HOUR);
        early.done_at_s = Some(need - 47.0 * HOUR);
        early.need_to_effect_s = Some(-47.0 * HOUR);
    }
    procedures
}

fn story() -> Vec<StoryLine> {
    let mut lines: Vec<StoryLine> = Vec::new();
    let mut tell = |at_h: f64, theme: Theme, because: Option<usize>, text: &str, mood: Option<ServiceLevel>| {
        let (at_s, at, text) = (at_h * HOUR, String::new(), text.to_owned());
        lines.push(StoryLine { at_s, at, theme, text, because, people: None, mood });
        lines.len() - 1
    };
    tell(88.0, Theme::Word, None, "decision: schools in norway close from Friday on", None);
    let surge = tell(96.0, Theme::People, None, "norway students surge", None);
    for day in 7..12 {
        let hour = day as f64 * 24.0 + 8.0;
        let over = tell(hour, Theme::System, Some(surge), "web@oslo is overloaded", None);
        for kind in ["students", "teachers", "parents"] {
            let text = format!("norway {kind}: degraded (web@oslo is overloaded)");
            tell(hour, Theme::People, Some(over), &text, Some(ServiceLevel::Degraded));
        }
        if day == 7 {
            tell(hour + 1.0, Theme::Word, None, "users are told: many more than usual, it is slow", None);
            tell(hour + 2.0, Theme::Response, Some(over), "web servers from the pool: ordered", None);
        }
        let drained = tell(hour + 6.0, Theme::System, Some(over), "web@oslo has drained its queue", None);
        for kind in ["students", "teachers", "parents"] {
            tell(
                hour + 6.0,
                Theme::People,
                Some(drained),
                &format!("norway {kind}: all is well"),
                Some(ServiceLevel::Fine),
            );
        }
        if day == 9 {
            let fault = tell(hour + 7.0, Theme::Fault, None, "oslo/storage fails", None);
            tell(hour + 7.5, Theme::ResponseFailed, Some(fault), "bigger database: migrate does not succeed", None);
            tell(hour + 9.0, Theme::Repair, Some(fault), "oslo/storage is repaired", None);
        }
    }
    lines
}

/// What the causes and the procedures of these weeks were worth.
pub fn explanation() -> Explanation {
    let worth = |lost: f64, degraded: f64, p95: f64, hours: f64| Impact {
        user_minutes_lost: lost,
        user_minutes_degraded: degraded,
        p95_peak_s: p95,
        degraded_s: hours * HOUR,
        money: None,
    };
    let thing = |name: &str, role, does: &str, impact| ButFor { name: name.into(), role, does: does.into(), impact };
    Explanation {
        run: worth(8.1e6, 12.4e6, 14.2, 46.0),
        without_causes: worth(0.0, 12_300.0, 0.9, 1.0),
        without_responses: worth(41.3e6, 22.0e6, 88.0, 120.0),
        but_for: vec![
            thing("schools close", Role::Cause, "surge of norway students x2.9", worth(7.6e6, 10.9e6, 12.9, 41.0)),
            thing("more web servers", Role::Response, "web@oslo x2", worth(-16.0e6, -5.4e6, -31.0, -40.0)),
            thing("a second uplink", Role::Response, "oslo uplink +10 Gbps", worth(-2.1e6, -1.0e6, 0.0, -6.0)),
            thing("storage fails", Role::Cause, "crash of oslo/storage", worth(312_000.0, 0.0, 0.0, 2.0)),
            thing("bigger database", Role::Response, "core@oslo x1.5", worth(190_000.0, 20_000.0, 1.3, 1.5)),
            thing("smaller pictures", Role::Response, "halves what a page weighs", worth(0.0, -40_300.0, -0.02, 0.0)),
            thing("shed the anonymous", Role::Response, "never ordered", Impact::default()),
            thing("move of norway to the us", Role::Response, "leads norway to us", Impact::default()),
            thing("a leap day", Role::Cause, "does nothing", Impact::default()),
        ],
        interactions: vec![
            Interaction {
                of: ("more web servers".into(), "a second uplink".into()),
                together: worth(-24.0e6, -8.0e6, -40.0, -52.0),
                apart: worth(-18.1e6, -6.4e6, -31.0, -46.0),
                words: "more web servers and a second uplink are worth more together than apart: one without the \
                        other leaves the narrowest place where it was"
                    .into(),
            },
            Interaction {
                of: ("schools close".into(), "storage fails".into()),
                together: worth(7.8e6, 10.9e6, 12.9, 41.0),
                apart: worth(7.9e6, 10.9e6, 12.9, 43.0),
                words: String::new(),
            },
        ],
        currency: None,
        runs: 14,
    }
}
