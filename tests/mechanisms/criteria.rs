//! Which number of an outcome an objective looks at, and what it is held against. The numbers are made up, each another.

use crate::common::outcome;
use firedrill::expect::{Criterion, Unit, longest_outage, number_at};
use firedrill::metrics::Outcome;
use firedrill::scenario::Source;

/// Two populations of a site, who both use two features, of which one is critical; a third one elsewhere.
fn shop(objectives: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "made up", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "1h"),
        sites: {{"a": (), "b": ()}}, components: {{"p": (at: "a")}},
        services: {{"web": (runs_at: {{"a": (servers: 8), "b": (servers: 8)}}, takes: fixed("5ms"))}},
        stores: {{"ledger": (primary: "a"), "log": (primary: "a")}},
        features: {{"browse": (calls: [hard(to: "web")]), "buy": (calls: [hard(to: "web")], priority: critical)}},
        people: {{
            "few": (users: 10, uses: {{"browse": "1/min", "buy": "1/min"}}, served_by: "a"),
            "many": (users: 90, uses: {{"browse": "1/min", "buy": "1/min"}}, served_by: "a"),
            "far": (users: 50, uses: {{"browse": "1/min"}}, served_by: "b"),
        }},
        maintenance: {{"m": (starts: "+10m", announced: "10m", takes: fixed("10m"), takes_down: ["p"]),
            "n": (starts: "+40m", announced: "10m", takes: fixed("10m"), takes_down: ["p"])}},
        objectives: {{{objectives}}})"#
    )
}

fn criterion(objective: &str) -> Criterion {
    let text = shop(&format!(r#""o": {objective}"#));
    let written = Source::new("made-up.ron", text.as_str()).read_plain().scenario.unwrap();
    let mut all = Criterion::all(&written);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// Numbers of which no two are alike: those of the populations from 1, 2 and 3 hundred on, of what they buy ten more.
fn made_up() -> Outcome {
    let mut seen = outcome(&shop(""));
    for (people, base) in [("few", 100.0), ("many", 200.0), ("far", 300.0)] {
        let felt = seen.people.get_mut(people).unwrap();
        (felt.time_availability, felt.request_availability, felt.user_uptime) = (base + 1.0, base + 2.0, base + 3.0);
        (felt.stale_s, felt.longest_outage_s) = (base + 4.0, base + 5.0);
        let latency = &mut felt.latency.all;
        (latency.p50_s, latency.p95_s, latency.p99_s) = (Some(base + 6.0), Some(base + 7.0), Some(base + 8.0));
        for (feature, base) in [("buy", base + 10.0), ("browse", base + 50.0)] {
            let Some(felt) = felt.features.get_mut(feature) else { continue };
            (felt.time_availability, felt.request_availability) = (base + 1.0, base + 2.0);
            (felt.stale_s, felt.longest_outage_s) = (base + 4.0, base + 5.0);
            let latency = &mut felt.latency.all;
            (latency.p50_s, latency.p95_s, latency.p99_s) = (Some(base + 6.0), Some(base + 7.0), Some(base + 8.0));
        }
    }
    seen.stores.get_mut("ledger").unwrap().data_loss_window_max_s = 21.0;
    seen.stores.get_mut("log").unwrap().data_loss_window_max_s = 22.0;
    seen
}

#[test]
fn each_objective_looks_at_its_own_number() {
    let seen = made_up();
    for (objective, expected) in [
        // Of a population the worst of the whole and of each critical feature.
        (r#"availability(of: "few", at_least: "99%")"#, 101.0),
        (r#"availability(of: "few", by: requests, at_least: "99%")"#, 102.0),
        (r#"availability(of: "few", by: users, at_least: "99%")"#, 103.0),
        (r#"stale(of: "few", within: "1s")"#, 114.0),
        (r#"restored(of: "few", within: "1s")"#, 115.0),
        (r#"latency(of: "few", within: "1s", percentile: p50)"#, 116.0),
        (r#"latency(of: "few", within: "1s", percentile: p95)"#, 117.0),
        (r#"latency(of: "few", within: "1s", percentile: p99)"#, 118.0),
        (r#"latency(of: "few", within: "1s")"#, 118.0),
        // Of a feature that alone, however it is named.
        (r#"latency(of: "few", feature: "browse", within: "1s", percentile: p50)"#, 156.0),
        (r#"latency(of: "few.features.browse", within: "1s", percentile: p95)"#, 157.0),
        (r#"restored(of: "few.features.browse", within: "1s")"#, 155.0),
        (r#"stale(of: "few.features.browse", within: "1s")"#, 154.0),
        (r#"availability(of: "few.features.browse", at_least: "99%")"#, 151.0),
        (r#"availability(of: "few.features.browse", by: requests, at_least: "99%")"#, 152.0),
        // Of all whom a site serves the worst: the lowest availability, the longest time.
        (r#"availability(of: "a", at_least: "99%")"#, 101.0),
        (r#"restored(of: "a", within: "1s")"#, 215.0),
        (r#"latency(of: "a", feature: "browse", within: "1s")"#, 258.0),
        (r#"restored(of: "b", within: "1s")"#, 305.0),
        (r#"latency(of: "b", within: "1s", percentile: p50)"#, 306.0),
        (r#"data_loss(of: "ledger", within: "1s")"#, 21.0),
        (r#"data_loss(of: "log", within: "1s")"#, 22.0),
        (r#"value(of: "people.few.stale_s", at_most: 1)"#, 104.0),
    ] {
        assert_eq!(criterion(objective).seen(&seen), Some(expected), "{objective}");
    }
    assert_eq!(longest_outage(&seen.people["many"]), 205.0);
}

#[test]
fn who_sent_nothing_says_nothing_and_who_was_never_answered_says_it_for_all() {
    let mut seen = made_up();
    let latency = criterion(r#"latency(of: "a", feature: "browse", within: "1s")"#);
    let outage = criterion(r#"restored(of: "a", within: "1s")"#);
    seen.people.get_mut("few").unwrap().features.get_mut("browse").unwrap().latency.all.p99_s = None;
    assert_eq!(latency.seen(&seen), None);
    seen.people.get_mut("few").unwrap().features.get_mut("browse").unwrap().requests.intended = 0.0;
    assert_eq!(latency.seen(&seen), Some(258.0));
    seen.people.get_mut("many").unwrap().requests.intended = 0.0;
    seen.people.get_mut("many").unwrap().features.values_mut().for_each(|used| used.requests.intended = 0.0);
    assert_eq!((latency.seen(&seen), outage.seen(&seen)), (None, Some(115.0)));
}

#[test]
fn of_several_rounds_of_a_maintenance_the_longest_overrun_counts() {
    let mut seen = made_up();
    let overrun = criterion(r#"overrun(of: "m", within: "1s")"#);
    assert_eq!(overrun.seen(&seen), Some(0.0));
    let mut again = seen.maintenance[0].clone();
    again.overrun_s = 30.0;
    seen.maintenance.insert(0, again.clone());
    assert_eq!(overrun.seen(&seen), Some(30.0));
    // Of another plan, or of a round that did not take place, nothing counts.
    (again.overrun_s, again.plan) = (90.0, "n".to_owned());
    seen.maintenance.push(again.clone());
    assert_eq!(
        (overrun.seen(&seen), criterion(r#"overrun(of: "n", within: "1s")"#).seen(&seen)),
        (Some(30.0), Some(90.0))
    );
    (again.plan, again.ended) = ("m".to_owned(), "not begun".to_owned());
    seen.maintenance.push(again.clone());
    assert_eq!(overrun.seen(&seen), Some(30.0));
    seen.maintenance = vec![again];
    assert_eq!(overrun.seen(&seen), None);
}

#[test]
fn bounds_are_held_from_below_and_from_above() {
    let least = criterion(r#"availability(of: "few", at_least: "99%")"#);
    assert_eq!([0.99, 1.0, 0.9899, 0.0, f64::NAN].map(|x| least.is_met(x)), [true, true, false, false, false]);
    let most = criterion(r#"restored(of: "few", within: "100s")"#);
    assert_eq!([100.0, 0.0, 100.01, f64::NAN].map(|x| most.is_met(x)), [true, true, false, false]);
    let between = criterion(r#"value(of: "people.few.stale_s", at_least: 10, at_most: 20)"#);
    assert_eq!([9.9, 10.0, 15.0, 20.0, 20.1].map(|x| between.is_met(x)), [false, true, true, true, false]);
    // A part in a thousand million is no difference, ten are one; beside zero a millionth of a millionth is none.
    assert_eq!([1e-9, 1e-8].map(|off| most.is_met(100.0 * (1.0 + 0.9 * off))), [true, false]);
    assert_eq!([1e-9, 1e-8].map(|off| least.is_met(0.99 * (1.0 - 0.9 * off))), [true, false]);
    let none = criterion(r#"value(of: "people.few.stale_s", at_most: 0)"#);
    assert_eq!([0.0, 1e-13, 1e-11].map(|x| none.is_met(x)), [true, true, false]);
    let some = criterion(r#"value(of: "people.few.stale_s", at_least: 0)"#);
    assert_eq!([0.0, -1e-13, -1e-11].map(|x| some.is_met(x)), [true, true, false]);
}

#[test]
fn more_is_better_of_what_is_only_bounded_from_below() {
    for (objective, more, unit) in [
        (r#"availability(of: "few", at_least: "99%")"#, true, Unit::Share),
        (r#"value(of: "people.few.stale_s", at_least: 1)"#, true, Unit::Plain),
        (r#"value(of: "people.few.stale_s", at_most: 1)"#, false, Unit::Plain),
        (r#"value(of: "people.few.stale_s", at_least: 0, at_most: 1)"#, false, Unit::Plain),
        (r#"restored(of: "few", within: "1s")"#, false, Unit::Seconds),
        (r#"stale(of: "few", within: "1s")"#, false, Unit::Seconds),
        (r#"latency(of: "few", within: "1s")"#, false, Unit::Latency),
        (r#"data_loss(of: "log", within: "1s")"#, false, Unit::Seconds),
        (r#"overrun(of: "m", within: "1s")"#, false, Unit::Seconds),
    ] {
        let criterion = criterion(objective);
        assert_eq!((criterion.more_is_better(), criterion.unit), (more, unit), "{objective}");
    }
}

#[test]
fn whole_populations_are_measured_briefly_and_paths_are_known() {
    for (objective, brief, path) in [
        (r#"restored(of: "far", within: "1s")"#, true, None),
        (r#"data_loss(of: "log", within: "1s")"#, true, None),
        (r#"availability(of: "few", by: users, at_least: "99%")"#, true, None),
        // What is critical is looked at for itself.
        (r#"restored(of: "few", within: "1s")"#, false, None),
        (r#"latency(of: "far", feature: "browse", within: "1s")"#, false, None),
        (r#"value(of: "people.few.stale_s", at_most: 1)"#, false, Some("people.few.stale_s")),
    ] {
        let criterion = criterion(objective);
        assert_eq!((criterion.is_brief(), criterion.path()), (brief, path), "{objective}");
    }
}

#[test]
fn a_number_is_found_in_every_section_whatever_its_name_has_in_it() {
    let mut seen = made_up();
    seen.components.get_mut("p").unwrap().downtime_s = 1.5;
    let mut other = seen.components["p"].clone();
    other.downtime_s = 2.5;
    seen.components.insert("p.q".to_owned(), other);
    for (path, expected) in [
        ("components.p.downtime_s", 1.5),
        ("components.p.q.downtime_s", 2.5),
        ("people.many.stale_s", 204.0),
        ("people.many.features.buy.latency.all.p50_s", 216.0),
        ("stores.log.data_loss_window_max_s", 22.0),
        ("maintenance.0.announced_s", 600.0),
        ("clock.horizon_s", 3_600.0),
    ] {
        assert_eq!(number_at(&seen, path), Ok(expected), "{path}");
    }
    for path in ["components.p", "components.p.q", "components.x.downtime_s", "components", "groups.p.demands", ""] {
        assert!(number_at(&seen, path).is_err(), "{path}");
    }
    let problem = number_at(&seen, "components.p.down").unwrap_err();
    assert!(problem.contains("components.p has no \"down\""), "{problem}");
}
