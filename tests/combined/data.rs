//! Failures together with data: what waits, what is lost, what is kept aside.

use crate::common::{assert_near, outcome, outcome_of, world};
use firedrill::metrics::{Outcome, StoreOutcome};
use firedrill::observe::Fate;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

/// The same scenario by both traffic engines.
fn both(text: &str) -> [Outcome; 2] {
    let world = world(text);
    let luck = Luck { seed: 1, replication: 0 };
    let followed = follow(&world, luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}")).outcome;
    [outcome_of(&world, 0), followed]
}

fn only(outcome: &Outcome) -> &StoreOutcome {
    outcome.stores.values().next().expect("a store")
}

/// A shop that writes to a ledger at `here`, which `there` and other sites follow. Ten orders a second.
fn shop(horizon: &str, rtt: &str, primary: &str, replicas: &str, more: &str, drill: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "a shop and its ledger",
            clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "{horizon}"),
            sites: {{"here": (), "there": (), "third": ()}},
            links: [(between: ("here", "there"), rtt: "{rtt}"), (between: ("here", "third"), rtt: "1ms")],
            groups: {{"shop": (members: ["here", "there"])}},
            services: {{"orders": (runs_at: {{"here": (servers: 40), "there": (servers: 40)}}, takes: fixed("2ms"),
                writes: {{"ledger": 1}})}},
            stores: {{"ledger": (primary: "{primary}", replicas: {{{replicas}}}{more})}},
            features: {{"order": (calls: [hard(to: "orders")], timeout: "10s")}},
            people: {{"buyers": (users: 10, uses: {{"order": "1/s"}}, served_by: "shop")}},
            strategies: {{"over": (failover: {{"shop": (detect: instant, promote: (takes: fixed("10s")))}})}},
            drill: [{drill}])"#
    )
}

#[test]
fn a_synchronous_commit_costs_the_round_trip_and_waits_while_its_replica_is_away() {
    let text =
        shop("30m", "1ms", "here", r#""there": sync"#, "", r#"at("+10m", crash(of: "there", repaired_after: "10m"))"#);
    let [flow, followed] = both(&text);
    let buyers = &flow.people["buyers"];
    assert_near("down while the replica is away", buyers.downtime_s, 600.0, 1e-9);
    assert_eq!(buyers.intervals[0].why, "ledger waits for its replica at there");
    assert_near("nothing is written meanwhile", only(&flow).writes, 12_000.0, 1e-9);
    assert_eq!((only(&flow).waited_s, only(&followed).waited_s), (600.0, 600.0));
    for outcome in [&flow, &followed] {
        let median_s = outcome.people["buyers"].latency.before.p50_s.unwrap();
        assert_near("with the round trip", median_s, 0.003, 0.03);
        assert_eq!(only(outcome).writes_lost, 0.0);
    }
    // Who went on trying when the replica came back has to see his timeout first.
    assert!(followed.people["buyers"].downtime_s >= 590.0, "{}", followed.people["buyers"].downtime_s);
    assert_near("written by requests", only(&followed).writes, 12_000.0, 0.02);
}

#[test]
fn the_slowest_of_several_synchronous_replicas_is_waited_for() {
    let kept = r#""there": sync, "third": semi_sync(applies: "100/s"), "here": sync"#;
    for outcome in both(&shop("10m", "20ms", "shop", kept, "", "")) {
        let median_s = outcome.people["buyers"].latency.all.p50_s.unwrap();
        assert_near("takes, and the longest round trip", median_s, 0.022, 0.03);
    }
    // Without a replica elsewhere nothing is waited for.
    for outcome in both(&shop("10m", "20ms", "here", r#""third": async(applies: "100/s")"#, "", "")) {
        assert_near("takes", outcome.people["buyers"].latency.all.p50_s.unwrap(), 0.002, 0.03);
    }
}

#[test]
fn one_request_in_five_writes() {
    let kept = r#""there": sync"#;
    let cut = r#"at("+10m", cut(between: ("here", "there"), lasts: "10m"))"#;
    let text = shop("30m", "1s", "here", kept, "", cut).replace(r#""ledger": 1}"#, r#""ledger": 0.2}"#);
    for outcome in both(&text) {
        let buyers = &outcome.people["buyers"];
        assert_near("a fifth of ten minutes fails", buyers.requests.failed, 1_200.0, 0.1);
        assert_eq!(buyers.downtime_s, 0.0);
        assert_near("nothing is written meanwhile", only(&outcome).writes, 2_400.0, 0.1);
        assert_near("some cost a round trip", buyers.latency.before.mean_s.unwrap(), 0.202, 0.05);
    }
}

#[test]
fn the_standby_is_away_when_the_primary_is_lost() {
    let text = shop(
        "40m",
        "1ms",
        "shop",
        r#""here": sync, "there": sync"#,
        "",
        r#"at("+10m", crash(of: "there", repaired_after: "10m")), at("+15m", crash(of: "here"))"#,
    );
    for outcome in both(&text) {
        let buyers = &outcome.people["buyers"];
        assert_near("down until the standby is back", buyers.downtime_s, 600.0, 0.15);
        assert_eq!(only(&outcome).writes_lost, 0.0);
        assert_eq!(only(&outcome).waited_s, 300.0);
        // The old primary is out of the set: the new one does not wait for it.
        assert_near("written", only(&outcome).writes, 18_000.0, 0.02);
    }
}

/// What becomes of two hours of writes, with the link cut for an hour before the primary dies.
fn after_an_hour_without_a_link(kept: &str) -> [Outcome; 2] {
    both(&shop(
        "3h",
        "4ms",
        "shop",
        &format!(r#""there": {kept}"#),
        r#", also_written: "30/s""#,
        r#"at("10:00", cut(between: ("here", "there"))), at("11:00", crash(of: "here"))"#,
    ))
}

#[test]
fn what_cannot_be_reached_gets_nothing_of_whatever_kind_it_is() {
    for outcome in after_an_hour_without_a_link(r#"async(applies: "1000/s")"#) {
        assert_near("asynchronous", only(&outcome).writes_lost, 40.0 * 3_600.0, 0.01);
        assert_near("window", only(&outcome).data_loss_window_max_s, 3_600.0, 0.001);
        let loss = &only(&outcome).losses[0];
        assert_eq!(loss.fate, Fate::Lost);
        assert_near("of orders", loss.features["order"], 10.0 * 3_600.0, 0.05);
    }
    for outcome in after_an_hour_without_a_link(r#"semi_sync(applies: "1000/s", waits: "1m")"#) {
        assert_near("semi-synchronous", only(&outcome).writes_lost, 40.0 * 3_540.0, 0.01);
        assert_eq!(only(&outcome).waited_s, 60.0);
    }
    for outcome in after_an_hour_without_a_link(r#"semi_sync(applies: "1000/s")"#) {
        assert_near("after ten seconds", only(&outcome).writes_lost, 40.0 * 3_590.0, 0.01);
    }
    for outcome in after_an_hour_without_a_link("sync") {
        assert_eq!((only(&outcome).writes_lost, only(&outcome).waited_s), (0.0, 3_600.0));
        assert_near("nothing is written while it waits", only(&outcome).writes, 40.0 * 3_600.0 + 40.0 * 3_590.0, 0.01);
    }
    for outcome in after_an_hour_without_a_link(r#"shipped(every: "10m", takes: "1m")"#) {
        let window_s = only(&outcome).data_loss_window_max_s;
        assert!((3_660.0..4_260.0).contains(&window_s), "a batch more than the hour: {window_s}");
        assert_near("in proportion", only(&outcome).writes_lost, 40.0 * window_s, 0.02);
    }
}

#[test]
fn a_replica_that_is_back_catches_up_and_is_as_good_as_before() {
    // An hour of 40/s is behind; at 400/s it has caught up 400 s after the return.
    let text = |kept: &str, back: &str| {
        let drill =
            format!(r#"at("10:00", crash(of: "there", repaired_after: "1h")), at("{back}", crash(of: "here"))"#);
        shop("4h", "4ms", "shop", &format!(r#""there": {kept}"#), r#", also_written: "30/s""#, &drill)
    };
    for kept in [r#"async(applies: "400/s")"#, r#"semi_sync(applies: "400/s", waits: "0s")"#] {
        for outcome in both(&text(kept, "11:03:20")) {
            // After 200 s half of it is still missing.
            assert_near(kept, only(&outcome).writes_lost, 40.0 * 3_600.0 - 360.0 * 200.0, 0.02);
        }
        for outcome in both(&text(kept, "11:10")) {
            assert!(only(&outcome).writes_lost < 10.0, "{kept}: {}", only(&outcome).writes_lost);
        }
    }
    // A log arrives whole with its next batch, or not at all.
    let shipped = r#"shipped(every: "10m", takes: "1m")"#;
    let early = outcome(&text(shipped, "11:00:30"));
    assert!(only(&early).writes_lost > 40.0 * 3_600.0, "{}", only(&early).writes_lost);
    let late = outcome(&text(shipped, "11:11:30"));
    assert!(only(&late).writes_lost < 40.0 * 660.0, "{}", only(&late).writes_lost);
}

#[test]
fn a_false_alarm_leaves_writes_on_the_old_primary() {
    let text = r#"Scenario(format: 1, title: "the watcher is cut off",
        clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "3h"),
        sites: {"here": (), "there": (), "watch": ()},
        links: [(between: ("here", "there"), rtt: "5ms"), (between: ("watch", "there"), rtt: "5ms")],
        groups: {"home": (members: ["here", "there"])},
        stores: {"log": (primary: "home", replicas: {"there": async(applies: "20/s")}, also_written: "60/s")},
        strategies: {"s": (failover: {"home": (detect: probe(every: "1s", fails: 3, from: ["watch"]), fence: (takes: fixed("5s")))})},
        drill: [at("11:00", cut(between: ("here", "there"), lasts: "20m"))])"#;
    let outcome = outcome(text);
    let store = only(&outcome);
    let loss = &store.losses[0];
    assert_eq!((loss.fate, store.writes_lost), (Fate::KeptAside, 0.0));
    // 40 a second for two hours, and everything from the cut to the promotion.
    let expected = 40.0 * 7_200.0 + 60.0 * (loss.at_s - 7_200.0);
    assert_near("kept aside", store.writes_kept_aside, expected, 1e-6);
}

#[test]
fn a_switchover_hands_over_everything_but_not_when_the_primary_dies_before_its_end() {
    let text = |drill: &str, kept: &str| {
        format!(
            r#"Scenario(format: 1, title: "a switchover",
            clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "3h"),
            sites: {{"here": (), "there": ()}}, links: [(between: ("here", "there"), rtt: "5ms")],
            groups: {{"home": (members: ["here", "there"])}},
            stores: {{"log": (primary: "home", replicas: {{"there": {kept}}}, also_written: "40/s")}},
            strategies: {{"s": (failover: {{"home": (detect: heartbeat(every: "1s", grace: "10s"), fence: (takes: fixed("5s")), promote: (takes: fixed("60s")))}})}},
            drill: [{drill}])"#
        )
    };
    let ordered = r#"at("10:00", fail_over(group: "home", to: "there"))"#;
    let dies = r#"at("10:00:30", crash(of: "here"))"#;
    for kept in [r#"shipped(every: "10m", takes: "1m")"#, r#"async(applies: "20/s")"#] {
        let alone = outcome(&text(dies, kept));
        let both = outcome(&text(&format!("{ordered}, {dies}"), kept));
        assert!(only(&alone).writes_lost >= 40.0 * 60.0);
        assert_eq!(only(&both).writes_lost, only(&alone).writes_lost);
        let planned = outcome(&text(ordered, kept));
        assert_eq!((only(&planned).writes_lost, only(&planned).writes_kept_aside), (0.0, 0.0));
    }
}

#[test]
fn an_old_primary_that_comes_back_follows_and_has_to_catch_up() {
    // The old primary is away for an hour, in which the new one is written to; when that one dies, it lacks what it has not got.
    let text = |kept: &str, second: &str| {
        let drill =
            format!(r#"at("10:00", crash(of: "here", repaired_after: "1h")), at("{second}", crash(of: "there"))"#);
        shop("4h", "4ms", "shop", kept, r#", also_written: "30/s""#, &drill)
    };
    let kept = r#""here": async(applies: "400/s"), "there": async(applies: "400/s")"#;
    let early = outcome(&text(kept, "11:00:10"));
    // 40 a second from the failover on, less ten seconds of catching up.
    assert_near("hardly begun", early.stores["ledger"].losses[1].writes, 40.0 * 3_590.0 - 360.0 * 10.0, 0.01);
    let late = outcome(&text(kept, "11:30"));
    assert!(late.stores["ledger"].losses[1].writes < 10.0);
    // Where no replica is kept at the old primary's site, it has what it had.
    let bare = outcome(&text(r#""there": async(applies: "400/s")"#, "11:30"));
    assert_near("since the failover", bare.stores["ledger"].losses[1].writes, 40.0 * 5_390.0, 0.01);
    assert_eq!(bare.stores["ledger"].losses[1].fate, Fate::Lost);
}

#[test]
fn a_store_without_a_copy_that_is_destroyed_is_lost() {
    let text = |sites: &str, store: &str, drill: &str| {
        format!(
            r#"Scenario(format: 1, title: "a fire", clock: (from: "2025-09-26T00:00", zone: "UTC", horizon: "5d"),
            sites: {{{sites}}}, stores: {{"files": ({store}, also_written: "10/s")}}, drill: [{drill}])"#
        )
    };
    let fire = r#"at("+1d", crash(of: "a"))"#;
    let burnt = outcome(&text(r#""a": ()"#, r#"primary: "a""#, fire));
    let loss = &only(&burnt).losses[0];
    assert_eq!((loss.fate, loss.at_s, loss.writes), (Fate::Everything, 86_400.0, 864_000.0));
    assert_near("nothing is written by nobody", only(&burnt).writes, 864_000.0, 1e-9);
    // A crash that is repaired destroys nothing.
    let repaired =
        outcome(&text(r#""a": ()"#, r#"primary: "a""#, r#"at("+1d", crash(of: "a", repaired_after: "1d"))"#));
    assert!(only(&repaired).losses.is_empty());
    assert_near("a day without", only(&repaired).writes, 4.0 * 864_000.0, 1e-9);
    // A copy elsewhere lacks what it lacks, until that burns too.
    let sites = r#""a": (), "b": ()"#;
    let linked = |drill: &str| {
        let store = r#"primary: "a", replicas: {"b": async(applies: "5/s")}"#;
        text(sites, store, drill).replace("stores:", r#"links: [(between: ("a", "b"), rtt: "1ms")], stores:"#)
    };
    let copied = outcome(&linked(fire));
    assert_eq!(only(&copied).losses[0].fate, Fate::Lost);
    assert_near("half", only(&copied).writes_lost, 432_000.0, 1e-6);
    let both = outcome(&linked(r#"at("+12h", crash(of: "b")), at("+1d", crash(of: "a"))"#));
    assert_eq!(only(&both).losses[0].fate, Fate::Everything);
    assert_near("all", only(&both).writes_lost, 864_000.0, 1e-9);
}

#[test]
fn a_replica_over_a_long_line_is_half_a_round_trip_behind() {
    let text = |rtt: &str, kept: &str| {
        shop(
            "2h",
            rtt,
            "shop",
            &format!(r#""there": {kept}"#),
            r#", also_written: "90/s""#,
            r#"at("10:00", crash(of: "here"))"#,
        )
    };
    let store = outcome(&text("10s", r#"async(applies: "1000/s")"#));
    let replica = &only(&store).replicas["there"];
    assert_near("lag", replica.lag_mean_s.unwrap(), 5.0 + 0.1 / 900.0, 1e-6);
    assert_near("writes", replica.lost_mean.unwrap(), 500.0 + 1.0 / 9.0, 1e-6);
    assert_eq!(replica.lost_none_probability, Some(0.0));
    for outcome in both(&text("10s", r#"async(applies: "1000/s")"#)) {
        assert_near("lost", only(&outcome).writes_lost, 500.0, 0.05);
        assert!(only(&outcome).data_loss_window_max_s >= 5.0);
        assert!(only(&outcome).replicas["there"].lag_max_s >= 5.0);
    }
    // What is sent in batches has the line before it too.
    let world = world(&text("10s", r#"shipped(every: "10m", takes: "1m")"#));
    let windows: Vec<f64> = (0..200).map(|r| only(&outcome_of(&world, r)).data_loss_window_max_s).collect();
    assert!(windows.iter().all(|window_s| (65.0..=665.0).contains(window_s)), "{windows:?}");
    assert_near("uniform", windows.iter().sum::<f64>() / 200.0, 365.0, 0.12);
}

#[test]
fn what_is_read_over_a_long_line_is_old() {
    let text = |bears: &str| {
        format!(
            r#"Scenario(format: 1, title: "a reader far away",
            clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "2h"),
            sites: {{"here": (), "there": ()}}, links: [(between: ("here", "there"), rtt: "10s")],
            services: {{"pages": (runs_at: {{"there": (servers: 1)}}, takes: fixed("1ms"))}},
            stores: {{"news": (primary: "here", replicas: {{"there": async(applies: "100/s")}}, also_written: "10/s")}},
            features: {{"read": (calls: [hard(to: "pages")], reads: {{"news": "{bears}"}})}},
            people: {{"readers": (users: 1, uses: {{"read": "1/s"}}, served_by: "there")}},
            drill: [at("10:00", cut(between: ("here", "there"), lasts: "10m"))])"#
        )
    };
    let strict = outcome(&text("2s"));
    assert_near("always older than two seconds", strict.people["readers"].stale_s, 7_200.0, 1e-6);
    let patient = outcome(&text("1m"));
    // Old a minute after the last write that came, which left five seconds before the cut; fresh when it has caught up.
    let caught_up_s = 10.0 * 605.0 / 90.0;
    let expected = 600.0 - 55.0 + caught_up_s;
    assert_near("while it is cut off", patient.people["readers"].stale_s, expected, 0.03);
}
