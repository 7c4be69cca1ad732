//! Civil time, causes and what is told when.

use crate::common::{assert_near, outcome};
use firedrill::load::{check, load};
use firedrill::metrics::Outcome;
use firedrill::report::html;
use firedrill::report::text::{Layout, render};
use firedrill::rng::Luck;
use firedrill::run::{Run, run};
use firedrill::scenario::{Choice, Source};

const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// A small site in a zone.
fn site(from: &str, zone: &str, horizon: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "one site", clock: (from: "{from}", zone: "{zone}", horizon: "{horizon}"),
        sites: {{"s": ()}},
        services: {{"web": (runs_at: {{"s": (servers: 4)}}, takes: fixed("5ms"))}},
        features: {{"get": (calls: [hard(to: "web")])}}, {rest})"#
    )
}

const TEN: &str = r#"people: {"u": (users: 10, uses: {"get": "1/min"}, served_by: "s")},"#;

fn ran(text: &str) -> Run {
    let (_, world) = load(&Source::new("test.ron", text), &Choice::default()).unwrap_or_else(|m| panic!("{m}"));
    run(&world, Luck { seed: 1, replication: 0 })
}

fn told(run: &Run) -> String {
    render(&run.outcome, &run.story, Layout { width: 120, colour: false, replay: None })
}

fn starts(outcome: &Outcome) -> Vec<String> {
    outcome.maintenance.iter().map(|m| m.from.clone()).collect()
}

// ---- What repeats ------------------------------------------------------------------------------------------------------

#[test]
fn a_weekly_window_is_at_the_same_hour_whatever_the_clocks_do() {
    let weekly = |from: &str, zone: &str, starts: &str| {
        format!(
            r#"{TEN} maintenance: {{"weekly": (starts: "{starts}", announced: "1h", takes: fixed("1h"),
            repeats_every: "7d", takes_down: ["s"])}}"#
        )
        .pipe(|rest| site(from, zone, "21d", &rest))
    };
    let autumn = outcome(&weekly("2016-10-23T12:00", "Europe/Berlin", "2016-10-23T20:00"));
    assert_eq!(starts(&autumn), ["Sun 23 Oct 20:00:00", "Sun 30 Oct 20:00:00", "Sun 06 Nov 20:00:00"]);
    let spring = outcome(&weekly("2016-03-20T12:00", "Europe/Berlin", "2016-03-20T20:00"));
    assert_eq!(starts(&spring), ["Sun 20 Mar 20:00:00", "Sun 27 Mar 20:00:00", "Sun 03 Apr 20:00:00"]);
    // At half past two the clocks skip an hour on one Sunday: that one is an hour later, and no other.
    let skipped = outcome(&weekly("2016-03-20T01:00", "Europe/Berlin", "2016-03-20T02:30"));
    assert_eq!(starts(&skipped), ["Sun 20 Mar 02:30:00", "Sun 27 Mar 03:30:00", "Sun 03 Apr 02:30:00"]);
}

#[test]
fn hours_that_begin_while_the_clocks_skip_begin_as_they_are_put_forward() {
    let run = ran(&site(
        "2024-03-31T00:00",
        "Europe/Oslo",
        "20h",
        r#"people: {"u": (users: 10, uses: {"get": "1/min"}, served_by: "s")},
        components: {"d": (at: "s", repair: (takes: fixed("10m"), crew: "c"))},
        crews: {"c": (at_once: 1, hours: ("02:30", "05:00"), weekends: true)},
        drill: [at("01:00", crash(of: "d"))]"#,
    ));
    // From one to three there is one hour, and then the crew is there.
    assert_eq!(run.outcome.components["d"].downtime_s, HOUR + 600.0);
}

/// A value handed on, so that what comes first is read first.
trait Pipe: Sized {
    fn pipe<T>(self, f: impl FnOnce(Self) -> T) -> T {
        f(self)
    }
}
impl Pipe for String {}

#[test]
fn what_repeats_by_the_hour_does_so_by_the_hour() {
    let text = site(
        "2016-10-29T12:00",
        "Europe/Berlin",
        "2d",
        &format!(
            r#"{TEN} maintenance: {{"m": (starts: "12:00", announced: "1h", takes: fixed("1h"), repeats_every: "12h",
            takes_down: ["s"])}}"#
        ),
    );
    let began: Vec<f64> = outcome(&text).maintenance.iter().map(|m| m.from_s / HOUR).collect();
    assert_eq!(began, [0.0, 12.0, 24.0, 36.0, 48.0][..began.len()]);
}

#[test]
fn a_daily_proof_test_finds_at_the_same_hour() {
    let text = site(
        "2016-10-29T06:00",
        "Europe/Berlin",
        "4d",
        &format!(
            r#"{TEN} components: {{"relay": (at: "s", hidden: true, fails: exponential(mean: "100y"), tested_every: "1d")}},
            drill: [at("2016-10-30T12:00", fail_hidden(of: "relay"))]"#
        ),
    );
    let found = ran(&text).story.into_iter().find(|line| line.text.contains("found")).map(|line| line.at);
    assert_eq!(found.as_deref(), Some("Mon 31 Oct 06:00:00"));
}

#[test]
fn office_hours_begin_on_time_on_the_day_of_the_change() {
    // People decide from eight to six on working days. In Jordan the clocks went back on a Friday, in Israel forward on one.
    for (from, zone, crash, expected) in [
        ("2013-10-24T12:00", "Asia/Amman", "19:00", "Fri 25 Oct 08:10:00"),
        ("2012-03-30T00:00", "Asia/Jerusalem", "01:00", "Fri 30 Mar 08:10:00"),
    ] {
        let text = format!(
            r#"Scenario(format: 1, title: "office", clock: (from: "{from}", zone: "{zone}", horizon: "2d"),
            sites: {{"a": (), "b": ()}}, groups: {{"home": (members: ["a", "b"])}},
            services: {{"web": (runs_at: {{"a": (servers: 4), "b": (servers: 4)}}, takes: fixed("5ms"))}},
            features: {{"get": (calls: [hard(to: "web")])}},
            people: {{"u": (users: 10, uses: {{"get": "1/min"}}, served_by: "home")}},
            strategies: {{"s": (failover: {{"home": (detect: instant,
                decide: people(takes: fixed("10m"), hours: ("08:00", "18:00")))}})}},
            drill: [at("{crash}", crash(of: "a"))])"#
        );
        let seen = ran(&text);
        let moved = seen.outcome.people["u"].intervals.iter().map(|i| i.to.clone()).next_back();
        assert_eq!(moved.as_deref(), Some(expected), "{zone}");
    }
}

// ---- Recordings --------------------------------------------------------------------------------------------------------

fn recorded(lines: &str) -> Result<(), String> {
    let people = r#"people: {"u": (users: 100, active: recorded("r"), uses: {"get": "1/s"}, served_by: "s")},"#;
    let rest = format!(r#"recordings: {{"r": "time,share\n{lines}"}}, {people}"#);
    let text = site("2024-03-04T08:00", "UTC", "1h", &rest);
    check(&Source::new("test.ron", text)).map_err(|mistakes| mistakes.to_string())
}

#[test]
fn a_recording_outside_of_the_run_is_told() {
    let epoch = recorded(r"1709539200,10%\n1709541000,90%").unwrap_err();
    for part in ["\"1709539200\"", "2078-05-06T16:00:00", "2024-03-04T08:00:00 to 2024-03-04T09:00:00"] {
        assert!(epoch.contains(part), "{part}: {epoch}");
    }
    let before = recorded(r"2024-03-03T08:00,10%\n2024-03-03T10:00,90%").unwrap_err();
    assert!(before.contains("2024-03-03T08:00"), "{before}");
    assert_eq!(recorded(r"2024-03-03T08:00,10%\n2024-03-04T08:30,90%"), Ok(()));
    assert_eq!(recorded(r"0,10%\n1800,90%"), Ok(()));
}

// ---- Causes ------------------------------------------------------------------------------------------------------------

#[test]
fn a_condition_is_due_to_what_it_looked_at() {
    let text = r#"Scenario(format: 1, title: "two services", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "3h"),
        sites: {"a": (), "b": ()}, components: {"x": ()},
        services: {
            "web": (runs_at: {"a": (servers: 1)}, takes: fixed("10ms"), stands_on: all(["x"])),
            "shop": (runs_at: {"b": (servers: 1)}, takes: fixed("10ms")),
        },
        features: {"open": (calls: [hard(to: "web")]), "buy": (calls: [hard(to: "shop")])},
        people: {
            "readers": (users: 1000, uses: {"open": "1/min"}, served_by: "a"),
            "buyers": (users: 1000, uses: {"buy": "1/min"}, served_by: "b"),
        },
        drill: [
            at("00:30", crash(of: "x", repaired_after: "1h")),
            at("01:33", crash(of: "b", repaired_after: "30m")),
            when(down(of: "readers", for: "10m"), decide("readers are down")),
        ],
        strategies: {"s": (runbook: {
            "doors": (at: "01:00", does: [decide("doors")]),
            "announce": (when: all([after("doors"), busy(service: "web", at: "a", above: "5%", for: "8m")]),
                does: [decide("web works again")]),
        })})"#;
    let story = ran(text).story;
    let led = |decision: &str| {
        let line = story.iter().find(|line| line.text.contains(decision)).unwrap();
        (line.at.clone(), line.because.map(|cause| story[cause].text.clone()).unwrap_or_default())
    };
    let (at, cause) = led("web works again");
    assert_eq!(at, "Mon 04 Mar 01:38:00");
    assert_eq!(cause, "web@a is asked for more than 5% of what it can do for 8 min");
    let (at, cause) = led("readers are down");
    assert_eq!(at, "Mon 04 Mar 00:40:00");
    assert!(cause.starts_with("readers: down"), "{cause}");
}

// ---- What is told ------------------------------------------------------------------------------------------------------

fn announced(more: &str) -> Run {
    ran(&site(
        "2026-11-23T00:00",
        "UTC",
        "12h",
        &format!(
            r#"{TEN} maintenance: {{"m": ({more} starts: "02:00", announced: "1h", takes: fixed("30m"), takes_down: ["s"])}}"#
        ),
    ))
}

#[test]
fn an_announcement_is_a_word_to_the_users() {
    let told_before = announced(r#"told_at: "01:00","#);
    let said = &told_before.outcome.communication;
    assert_eq!((said.first_felt_s, said.first_told_s), (Some(2.0 * HOUR), Some(HOUR)));
    assert_eq!(said.time_to_first_communication_s, Some(-HOUR));
    assert!(told(&told_before).contains("told 1 h before"), "{}", told(&told_before));
    assert_eq!(announced("").outcome.communication.first_told_s, None);
    // What is felt before the maintenance is not what was announced.
    let other = ran(&site(
        "2026-11-23T00:00",
        "UTC",
        "12h",
        &format!(
            r#"{TEN} drill: [at("01:30", crash(of: "s", repaired_after: "10m"))],
            maintenance: {{"m": (told_at: "01:00", starts: "02:00", announced: "1h", takes: fixed("30m"), takes_down: ["s"])}}"#
        ),
    ));
    assert_eq!(other.outcome.communication.first_told_s, None);
}

#[test]
fn every_phase_of_a_failover_is_told_with_its_time() {
    let phases = |by_hand: &str, drill: &str| {
        let text = format!(
            r#"Scenario(format: 1, title: "by hand", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
            sites: {{"a": (), "b": ()}}, groups: {{"home": (members: ["a", "b"])}},
            services: {{"web": (runs_at: {{"a": (servers: 8), "b": (servers: 8)}}, takes: fixed("50ms"))}},
            features: {{"get": (calls: [hard(to: "web")])}},
            people: {{"u": (users: 100, uses: {{"get": "1/min"}}, served_by: "home")}},
            strategies: {{"s": (failover: {{"home": (detect: instant, fence: (takes: fixed("5s")),
                promote: (takes: fixed("60s"), fails: "100%"), if_it_fails: by_hand(fixed("{by_hand}")),
                steer: dns(ttl: "5m"))}})}},
            drill: [{drill}])"#
        );
        let seen = outcome(&text);
        let phases = seen.failovers[0].phases.iter();
        let told = phases.map(|p| format!("{:?} {} {}", p.phase, p.took_s, p.ok)).collect::<Vec<_>>();
        (seen.failovers[0].ended.clone(), told.join(", "))
    };
    let begun = "Detect 0 true, Decide 0 true, Fence 5 true, Promote 60 false";
    let crash = r#"at("09:00", crash(of: "a"))"#;
    assert_eq!(phases("10m", crash), ("by hand".to_owned(), format!("{begun}, ByHand 600 true, Steer 300 true")));
    // The run ends before the people do.
    assert_eq!(phases("10h", crash), ("under way".to_owned(), format!("{begun}, ByHand 10735 false")));
    let back = r#"at("09:00", crash(of: "a", repaired_after: "5m"))"#;
    assert_eq!(phases("10m", back), ("called off".to_owned(), format!("{begun}, ByHand 235 false")));
}

// ---- Outages, lists, pages ---------------------------------------------------------------------------------------------

#[test]
fn an_outage_of_no_length_is_no_outage() {
    let text = site(
        "2024-01-01T00:00",
        "UTC",
        "2h",
        &format!(
            r#"{TEN} components: {{"p": (at: "s")}},
            drill: [at("00:30", crash(of: "p", repaired_after: "0s")), at("01:00", crash(of: "p", repaired_after: "1m"))]"#
        ),
    );
    let part = outcome(&text).components["p"].clone();
    assert_eq!((part.outages, part.downtime_s, part.mean_outage_s), (1, 60.0, Some(60.0)));
}

#[test]
fn a_list_that_is_cut_short_says_so_and_sums_count_all() {
    // Down for a minute every ten, for 80 days.
    let run = ran(&site(
        "2024-01-01T00:00",
        "UTC",
        "80d",
        &format!(
            r#"{TEN} maintenance: {{"m": (starts: "00:05", announced: "1m", takes: fixed("1m"), repeats_every: "10m",
            takes_down: ["s"])}}"#
        ),
    ));
    let (outcome, people) = (&run.outcome, &run.outcome.people["u"]);
    assert_eq!(people.intervals.len(), 10_000);
    assert_near("downtime", people.downtime_s, 80.0 * DAY / 10.0, 1e-9);
    assert_near("longest", people.longest_outage_s, 60.0, 1e-9);
    let cut = |list: &str| outcome.cut_short.iter().find(|cut| cut.list == list).map(|cut| (cut.kept, cut.left_out));
    assert_eq!(cut("people.u.intervals"), Some((10_000, 1_520)));
    assert_eq!(cut("people.u.features.get.intervals"), Some((10_000, 1_520)));
    assert_eq!(cut("maintenance"), Some((10_000, 1_520)));
    assert!(cut("timeline").is_some());
    let page = html::render(outcome, &run.story, None, None);
    for report in [told(&run), page] {
        for list in ["people.u.intervals", "maintenance", "timeline"] {
            assert!(report.contains(&format!("cut short: {list} has the first")), "{list}");
        }
    }
}

#[test]
fn a_page_has_room_for_any_latency() {
    for takes in ["1us", "50ms", "360d"] {
        let run = ran(&format!(
            r#"Scenario(format: 1, title: "slow", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "1h"), sites: {{"s": ()}},
            services: {{"web": (runs_at: {{"s": (servers: 400000)}}, takes: fixed("{takes}"))}},
            features: {{"get": (calls: [hard(to: "web")])}}, {TEN})"#
        ));
        assert!(html::render(&run.outcome, &run.story, None, None).contains("</html>"));
    }
}
