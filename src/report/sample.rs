//! An outcome made by hand, for snapshots: a site lost on a Monday, a takedown that overruns on Tuesday.

use crate::metrics::*;
use crate::observe::{Fate, ServiceLevel};
use crate::world::{Assumption, PhaseKind};
use std::collections::BTreeMap;

const HOUR: f64 = 3_600.0;
/// Mon 14:31, the fault.
const FAULT: f64 = 14.0 * HOUR + 31.0 * 60.0;
/// Tue 03:30, served again.
const RESTORED: f64 = FAULT + 12.0 * HOUR + 59.0 * 60.0;
/// Tue 21:30, the takedown.
const TAKEDOWN: f64 = 45.5 * HOUR;

fn interval(mood: ServiceLevel, from_s: f64, to_s: f64, why: &str) -> OutcomeInterval {
    let (from, to) = (String::new(), String::new());
    OutcomeInterval { mood, from_s, to_s, from, to, why: why.to_owned(), because: Vec::new() }
}

fn latency(requests: f64, p50: f64, p95: f64, p99: f64) -> LatencyOutcome {
    LatencyOutcome { requests, mean_s: Some(p50), p50_s: Some(p50), p95_s: Some(p95), p99_s: Some(p99) }
}

fn people(users: f64, intervals: Vec<OutcomeInterval>) -> PeopleOutcome {
    let spent =
        |mood: ServiceLevel| intervals.iter().filter(|i| i.mood == mood).map(|i| i.to_s - i.from_s).sum::<f64>();
    let (downtime_s, degraded_s, stale_s) =
        (spent(ServiceLevel::Down), spent(ServiceLevel::Degraded), spent(ServiceLevel::Stale));
    PeopleOutcome {
        users,
        downtime_s,
        degraded_s,
        stale_s,
        longest_outage_s: downtime_s,
        at_end: ServiceLevel::Fine,
        time_availability: 1.0 - downtime_s / (72.0 * HOUR),
        request_availability: 1.0 - downtime_s / (80.0 * HOUR),
        user_uptime: 0.83,
        windowed_user_uptime: [(300.0, 0.0), (HOUR, 0.0), (24.0 * HOUR, 0.6123)]
            .map(|(window_s, user_uptime_min)| WorstWindowOutcome { window_s, user_uptime_min, from_s: FAULT })
            .into(),
        user_minutes_lost: downtime_s / 60.0 * users * 0.05,
        user_minutes_never_sent: 0.0,
        user_minutes_degraded: degraded_s / 60.0 * users * 0.05,
        user_minutes: users * 72.0,
        user_minutes_away: 0.0,
        away_max: 0.0,
        requests: RequestsOutcome::default(),
        latency: Latencies {
            all: latency(9e6, 0.082, 0.24, 0.41),
            before: latency(3_204_551.0, 0.082, 0.24, 0.41),
            during: latency(120_030.0, 0.31, 2.4, 7.9),
            after: latency(5_600_120.0, 0.083, 0.25, 0.43),
        },
        intervals,
        features: BTreeMap::new(),
        steering: Vec::new(),
    }
}

/// A failover that fails.
fn failover() -> FailoverOutcome {
    let phase = |phase, took_s, ok| PhaseOutcome { phase, took_s, ok };
    FailoverOutcome {
        group: "core".into(),
        from: "oslo".into(),
        to: None,
        failed_at_s: FAULT,
        failed_at: "Mon 10 Oct 14:31:00".into(),
        phases: vec![
            phase(PhaseKind::Detect, 72.0, true),
            phase(PhaseKind::Decide, 0.0, true),
            phase(PhaseKind::Fence, 10.0, true),
            phase(PhaseKind::Promote, 30.0, false),
        ],
        ended: "failed".into(),
        failure: Some("the switch had failed before and nobody knew".into()),
        false_alarm: false,
        planned: false,
        time_to_restore_s: Some(RESTORED - FAULT),
    }
}

/// A queue that stands still and catches up.
fn queue() -> QueueOutcome {
    QueueOutcome {
        backlogs: vec![BacklogOutcome {
            from_s: FAULT,
            restored_at_s: Some(RESTORED),
            recovered_at_s: Some(RESTORED + 3.0 * HOUR),
            time_to_restored_s: Some(RESTORED - FAULT),
            time_to_recovered_s: Some(RESTORED - FAULT + 3.0 * HOUR),
            backlog_max: 1_240_331.0,
            age_max_s: RESTORED - FAULT,
        }],
        ..QueueOutcome::default()
    }
}

/// A store that loses its last writes.
fn store() -> StoreOutcome {
    StoreOutcome {
        writes: 1e6,
        losses: vec![LossOutcome {
            at_s: RESTORED,
            window_s: 4.2,
            writes: 812.0,
            fate: Fate::Lost,
            ..LossOutcome::default()
        }],
        data_loss_window_max_s: 4.2,
        writes_lost: 812.0,
        ..StoreOutcome::default()
    }
}

/// A maintenance that overruns.
fn takedown() -> MaintenanceOutcome {
    let by_hour = |list: &[(u8, f64)]| list.iter().copied().collect::<BTreeMap<u8, f64>>();
    let met = MetOutcome {
        user_minutes: 9_120_000.0,
        user_minutes_unannounced: 6_300_000.0,
        by_local_hour: by_hour(&[(3, 2e5), (4, 5e5), (5, 1.4e6), (6, 4.2e6), (7, 2.8e6)]),
        unannounced_by_local_hour: by_hour(&[(6, 3.5e6), (7, 2.8e6)]),
    };
    MaintenanceOutcome {
        plan: "takedown".into(),
        notice_s: Some(8.5 * HOUR),
        from_s: TAKEDOWN,
        from: "Tue 11 Oct 21:30:00".into(),
        to: "Wed 12 Oct 01:30:00".into(),
        announced_s: 3.0 * HOUR,
        actual_s: 4.0 * HOUR,
        overrun_s: HOUR,
        ended: "done".into(),
        met: BTreeMap::from([("oslo schools".into(), met)]),
    }
}

/// The other site, while it carries everybody.
fn overload() -> OverloadOutcome {
    OverloadOutcome {
        from_s: FAULT + 600.0,
        load_over_until_s: FAULT + 8.0 * HOUR,
        drained_at_s: Some(FAULT + 12.3 * HOUR),
        backlog_max: 48_000.0,
        backlog_max_at_s: FAULT + 8.0 * HOUR,
        wait_max_s: 31.0,
        requests_delayed: 1e6,
        delay_total_s: 1e7,
        shed: 120_400.0,
    }
}

/// Where it comes from.
fn provenance() -> Provenance {
    Provenance {
        scenario_hash: "0123456789abcdef0123456789abcdef".into(),
        firedrill_version: "0.1.0".into(),
        seed: 1,
        replication: 0,
        strategy: Some("as designed".into()),
        maintenance: Some("takedown".into()),
        variant: None,
        tz_database: "2025b".into(),
        digest: "fedcba9876543210fedcba9876543210".into(),
        observations: 12_345,
        assumptions: vec![
            Assumption { path: "people.oslo schools.users".into(), why: "users per site".into() },
            Assumption {
                path: "strategies.as designed.failover.core.fails_on_demand".into(),
                why: "one in fifty, as for storage controllers of that age; nobody has published a better number"
                    .into(),
            },
        ],
    }
}

/// The outcome and its story.
pub fn monday_morning() -> (Outcome, Vec<StoryLine>) {
    let oslo = vec![
        interval(ServiceLevel::Down, FAULT, RESTORED, "site oslo is down"),
        interval(ServiceLevel::Stale, RESTORED, RESTORED + 3.0 * HOUR, "notifications is behind"),
        interval(ServiceLevel::Down, TAKEDOWN, TAKEDOWN + 4.0 * HOUR, "site oslo is down"),
    ];
    let us = vec![interval(
        ServiceLevel::Degraded,
        FAULT + 600.0,
        FAULT + 12.0 * HOUR + 19.0 * 60.0,
        "web at us is overloaded",
    )];
    let outcome = Outcome {
        format: 1,
        title: "A site lost on a Monday".into(),
        provenance: provenance(),
        clock: ClockOutcome {
            starts: "2016-10-10T00:00:00-04:00[America/New_York]".into(),
            from: "Mon 10 Oct 00:00:00".into(),
            to: "Thu 13 Oct 00:00:00".into(),
            zone: "America/New_York".into(),
            horizon_s: 72.0 * HOUR,
            warm_up_s: 0.0,
        },
        people: BTreeMap::from([
            ("oslo schools".into(), people(4_200_000.0, oslo)),
            ("us schools".into(), people(2_800_000.0, us)),
        ]),
        failovers: vec![failover()],
        groups: BTreeMap::new(),
        components: BTreeMap::new(),
        services: BTreeMap::from([(
            "web at us".into(),
            ServiceOutcome { overloads: vec![overload()], ..ServiceOutcome::default() },
        )]),
        queues: BTreeMap::from([("notifications".into(), queue())]),
        stores: BTreeMap::from([("main".into(), store())]),
        contracts: BTreeMap::new(),
        maintenance: vec![takedown()],
        communication: CommunicationOutcome {
            first_felt_s: Some(FAULT),
            first_told_s: Some(37.0 * HOUR),
            time_to_first_communication_s: Some(37.0 * HOUR - FAULT),
        },
        links: BTreeMap::new(),
        transfers: BTreeMap::new(),
        hours: by_the_hour(),
        concurrency: concurrency(),
        felt_s: 16.0 * HOUR,
        money: None,
        procedures: procedures(),
        metastable: Vec::new(),
        traffic: TrafficOutcome { engine: "flow".into(), ..TrafficOutcome::default() },
        partial: None,
        warnings: Vec::new(),
        cut_short: Vec::new(),
        struck: Vec::new(),
    };
    (outcome, story())
}

fn story() -> Vec<StoryLine> {
    let mut lines: Vec<StoryLine> = Vec::new();
    let mut tell = |at_s: f64, theme: Theme, because: Option<usize>, text: &str| {
        lines.push(StoryLine { at_s, at: String::new(), theme, text: text.into(), because, people: None, mood: None });
        lines.len() - 1
    };
    let fault = tell(FAULT, Theme::Fault, None, "oslo/storage fails");
    let mut web = 0;
    for name in ["web at oslo", "core at oslo", "files at oslo", "notify at oslo", "search at oslo"] {
        web = tell(FAULT, Theme::System, Some(fault), &format!("{name} stops serving"));
    }
    tell(FAULT, Theme::System, Some(fault), "notifications stands still, work piles up");
    let down = tell(FAULT, Theme::People, Some(web), "oslo schools: down (site oslo is down)");
    let noticed = tell(FAULT + 72.0, Theme::Response, Some(fault), "core: the failure is noticed");
    let decided = tell(FAULT + 72.0, Theme::Response, Some(noticed), "core: the automation decides to fail over");
    let failed = "core: failover fails, the switch had failed before and nobody knew";
    let failed = tell(FAULT + 112.0, Theme::ResponseFailed, Some(decided), failed);
    let over = tell(FAULT + 600.0, Theme::System, Some(failed), "web at us is overloaded");
    let slow = tell(FAULT + 600.0, Theme::People, Some(over), "us schools: degraded (web at us is overloaded)");
    let well = tell(FAULT + 12.0 * HOUR + 1_140.0, Theme::People, Some(slow), "us schools: all is well");
    let fixed = tell(RESTORED, Theme::Repair, Some(fault), "oslo/storage works again, on a temporary fix");
    let serves = tell(RESTORED, Theme::System, Some(fixed), "web at oslo serves");
    let stale = "oslo schools: served, but what they see is old (notifications is behind)";
    let stale = tell(RESTORED, Theme::People, Some(serves), stale);
    let fresh = tell(RESTORED + 3.0 * HOUR, Theme::System, Some(fixed), "notifications is fresh again");
    let fine = tell(RESTORED + 3.0 * HOUR, Theme::People, Some(fresh), "oslo schools: all is well");
    tell(37.0 * HOUR, Theme::Word, None, "decision: replace the servers, with hosting centre and vendor");
    tell(37.0 * HOUR, Theme::Word, None, "users are told of takedown");
    let begins = tell(TAKEDOWN, Theme::Maintenance, None, "takedown begins, announced until Wed 00:30");
    let again = tell(TAKEDOWN, Theme::People, Some(begins), "oslo schools: down (site oslo is down)");
    tell(TAKEDOWN + 3.0 * HOUR, Theme::Maintenance, Some(begins), "takedown overruns what was announced");
    let done = tell(TAKEDOWN + 4.0 * HOUR, Theme::Maintenance, Some(begins), "takedown is done");
    let back = tell(TAKEDOWN + 4.0 * HOUR, Theme::People, Some(done), "oslo schools: all is well");
    for (line, mood) in [
        (down, ServiceLevel::Down),
        (slow, ServiceLevel::Degraded),
        (well, ServiceLevel::Fine),
        (stale, ServiceLevel::Stale),
        (fine, ServiceLevel::Fine),
        (again, ServiceLevel::Down),
        (back, ServiceLevel::Fine),
    ] {
        lines[line].mood = Some(mood);
    }
    lines
}

/// Three days by the hour: the load of a school, above its capacity on the second morning.
fn by_the_hour() -> HoursOutcome {
    let count = 72;
    let wave = |hour: usize| [0.02, 0.05, 0.6, 1.0, 0.8, 0.3][hour % 24 / 4] * [1.0, 1.3, 0.9][hour / 24];
    let each = |f: &dyn Fn(usize) -> f64| (0..count).map(f).collect::<Vec<f64>>();
    let full = |name: &str, utilisation, kind| Some(BottleneckOutcome { name: name.to_owned(), kind, utilisation });
    HoursOutcome {
        length_s: HOUR,
        starts_s: each(&|i| i as f64 * HOUR),
        at: (0..count).map(|i| format!("hour {i}")).collect(),
        active_users_max: each(&|i| 400_000.0 * wave(i)),
        requests_per_s: each(&|i| 9_000.0 * wave(i)),
        lost_share: each(&|i| (wave(i) - 1.1).max(0.0)),
        p95_s: (0..count).map(|i| Some(0.2 + 2.0 * (wave(i) - 0.7).max(0.0))).collect(),
        bottleneck: (0..count)
            .map(|i| match wave(i) {
                w if w > 1.1 => full("web@oslo", w, NarrowKind::Servers),
                w if w > 0.85 => full("oslo uplink", w, NarrowKind::Network),
                _ => None,
            })
            .collect(),
        loads: BTreeMap::from([
            (
                "web@oslo".to_owned(),
                LoadOutcome {
                    kind: NarrowKind::Servers,
                    offered_per_s: each(&|i| 9_000.0 * wave(i)),
                    capacity_per_s: (0..count).map(|i| Some(if i < 40 { 9_500.0 } else { 14_000.0 })).collect(),
                },
            ),
            (
                "oslo uplink".to_owned(),
                LoadOutcome {
                    kind: NarrowKind::Network,
                    offered_per_s: each(&|i| 8e9 * wave(i)),
                    capacity_per_s: vec![Some(1e10); count],
                },
            ),
        ]),
        moods: BTreeMap::from([(
            "oslo schools".to_owned(),
            (0..count).map(|i| if wave(i) > 1.1 { ServiceLevel::Degraded } else { ServiceLevel::Fine }).collect(),
        )]),
    }
}

fn concurrency() -> ConcurrencyOutcome {
    let day = |date: &str, label: &str, ratio: f64| DayOutcome {
        date: date.to_owned(),
        label: label.to_owned(),
        peak: 400_000.0 * ratio,
        peak_ratio: ratio,
        requests: 3.2e8 * ratio,
        requests_ratio: ratio,
        features_ratio: BTreeMap::from([("lessons".to_owned(), ratio), ("video".to_owned(), ratio * ratio)]),
        degraded_s: if ratio > 1.1 { 4.0 * HOUR } else { 0.0 },
        p95_s: Some(0.2 + (ratio - 1.0).max(0.0)),
    };
    ConcurrencyOutcome {
        regular_day: "Mon 10 Oct".to_owned(),
        regular_peak: 400_000.0,
        peak: 520_000.0,
        peak_at: "Tue 11 Oct 12:00".to_owned(),
        days: vec![
            day("2016-10-10", "Mon 10 Oct", 1.0),
            day("2016-10-11", "Tue 11 Oct", 1.3),
            day("2016-10-12", "Wed 12 Oct", 0.9),
        ],
    }
}

fn procedures() -> BTreeMap<String, ProcedureOutcome> {
    BTreeMap::from([(
        "more servers".to_owned(),
        ProcedureOutcome {
            does: "web@oslo x1.5".to_owned(),
            needed_at_s: Some(36.0 * HOUR),
            ordered_at_s: Some(37.0 * HOUR),
            ordered_at: Some("Tue 11 Oct 13:00".to_owned()),
            began_at_s: Some(40.0 * HOUR),
            done_at_s: Some(41.0 * HOUR),
            done_at: Some("Tue 11 Oct 17:00".to_owned()),
            need_to_effect_s: Some(5.0 * HOUR),
            phases_failed: 1,
            ended: "done".to_owned(),
        },
    )])
}
