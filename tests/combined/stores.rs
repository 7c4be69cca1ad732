//! Several stores: who writes to which, whom a commit waits for, who follows and with what delay.

use crate::common::{assert_near, outcome};
use firedrill::metrics::Outcome;
use firedrill::observe::Fate;

/// Ten orders a second that are written to a ledger, and half of them to an audit; a log is written by nobody but itself.
fn shop(stores: &str, drill: &str) -> Outcome {
    outcome(&format!(
        r#"Scenario(format: 1, title: "three stores", clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "2h"),
        sites: {{"here": (), "there": (), "third": ()}},
        links: [(between: ("here", "there"), rtt: "20ms"), (between: ("here", "third"), rtt: "60ms")],
        groups: {{"shop": (members: ["here", "there"])}},
        services: {{"orders": (runs_at: {{"here": (servers: 40), "there": (servers: 40)}}, takes: fixed("2ms"),
            writes: {{"ledger": 1, "audit": 0.5, "none": 0}})}},
        stores: {{{stores}}},
        features: {{"order": (calls: [hard(to: "orders")], timeout: "10s"), "again": (calls: [hard(to: "orders")], timeout: "10s")}},
        people: {{"buyers": (users: 10, uses: {{"order": "45/min", "again": "15/min"}}, served_by: "shop")}},
        strategies: {{"over": (failover: {{"shop": (detect: instant, promote: (takes: fixed("10s")))}})}},
        drill: [{drill}])"#
    ))
}

#[test]
fn a_store_is_written_by_those_who_write_to_it() {
    let seen = shop(
        r#""ledger": (primary: "shop"), "audit": (primary: "shop"), "log": (primary: "shop", also_written: "3/s"), "none": (primary: "shop")"#,
        "",
    );
    for (store, rate) in [("ledger", 10.0), ("audit", 5.0), ("log", 3.0)] {
        assert_near(store, seen.stores[store].writes, rate * 7_200.0, 1e-6);
    }
    assert_eq!(seen.stores["none"].writes, 0.0);
}

#[test]
fn what_is_lost_is_lost_of_those_who_wrote_it() {
    // The replica lacks all that was written since the link was cut an hour before: of ten a second, three quarters are orders.
    let stores = r#""ledger": (primary: "shop", replicas: {"there": async(applies: "100/s")}, also_written: "10/s"), "audit": (primary: "shop"), "none": (primary: "shop")"#;
    let drill = r#"at("09:30", cut(between: ("here", "there"))), at("10:30", crash(of: "here"))"#;
    let seen = shop(stores, drill);
    let loss = &seen.stores["ledger"].losses[0];
    assert_eq!(loss.fate, Fate::Lost);
    assert_near("window", loss.window_s, 3_600.0, 0.01);
    assert_near("writes", loss.writes, 20.0 * 3_600.0, 0.01);
    assert_near("orders", loss.features["order"], 7.5 * 3_600.0, 0.01);
    assert_near("again", loss.features["again"], 2.5 * 3_600.0, 0.01);
}

#[test]
fn a_commit_waits_for_the_slowest_of_those_it_waits_for() {
    let median_ms = |replicas: &str| {
        let others = r#""audit": (primary: "here"), "none": (primary: "here")"#;
        let seen = shop(&format!(r#""ledger": (primary: "here", replicas: {{{replicas}}}), {others}"#), "");
        seen.people["buyers"].latency.all.p50_s.unwrap() * 1e3
    };
    for (replicas, expected) in [
        ("", 2.0),
        (r#""there": sync"#, 22.0),
        (r#""there": sync, "third": sync"#, 62.0),
        (r#""third": sync, "there": sync"#, 62.0),
        (r#""there": semi_sync(applies: "100/s"), "third": async(applies: "100/s")"#, 22.0),
        (r#""there": shipped(every: "1m", takes: "1s")"#, 2.0),
    ] {
        assert_near(replicas, median_ms(replicas), expected, 0.03);
    }
}

#[test]
fn commits_wait_as_long_as_a_replica_is_away_and_go_on_when_waited_for_enough() {
    let waited = |kept: &str, drill: &str| {
        let others = r#""audit": (primary: "here"), "none": (primary: "here")"#;
        let seen = shop(&format!(r#""ledger": (primary: "here", replicas: {{"there": {kept}}}), {others}"#), drill);
        (seen.stores["ledger"].waited_s, seen.people["buyers"].downtime_s)
    };
    let away = r#"at("09:30", crash(of: "there", repaired_after: "10m"))"#;
    let cut = r#"at("09:30", cut(between: ("here", "there"), lasts: "10m"))"#;
    for drill in [away, cut] {
        assert_eq!(waited("sync", drill), (600.0, 600.0));
        assert_eq!(waited(r#"semi_sync(applies: "100/s", waits: "2m")"#, drill), (120.0, 120.0));
        assert_eq!(waited(r#"async(applies: "100/s")"#, drill), (0.0, 0.0));
        // Back before it was waited for enough: nobody goes on alone.
        assert_eq!(waited(r#"semi_sync(applies: "100/s", waits: "15m")"#, drill), (600.0, 600.0));
    }
    // Away twice: each time it is waited for anew, once it has caught up.
    let twice = format!(r#"{away}, at("10:00", crash(of: "there", repaired_after: "10m"))"#);
    assert_eq!(waited(r#"semi_sync(applies: "100/s", waits: "2m")"#, &twice).0, 240.0);
    // Another site, or another link, is waited for by nobody.
    assert_eq!(waited("sync", r#"at("09:30", crash(of: "third", repaired_after: "10m"))"#), (0.0, 0.0));
}

#[test]
fn a_replica_falls_behind_by_what_it_cannot_apply_and_catches_up() {
    let others = r#""audit": (primary: "here"), "none": (primary: "here")"#;
    let store = |kept: &str, drill: &str| {
        let stores =
            format!(r#""ledger": (primary: "here", replicas: {{"there": {kept}}}, also_written: "10/s"), {others}"#);
        shop(&stores, drill).stores["ledger"].replicas["there"].clone()
    };
    // Twenty a second for two hours, of which ten are applied: what is applied now was written half of the time ago.
    let behind = store(r#"async(applies: "10/s")"#, "");
    assert_near("lag", behind.lag_max_s, 3_600.0, 0.01);
    // Away for ten minutes it is ten minutes behind; at twice the rate it is as young again ten minutes later.
    let away = store(r#"async(applies: "40/s")"#, r#"at("09:30", crash(of: "there", repaired_after: "10m"))"#);
    assert_near("lag", away.lag_max_s, 600.0, 0.01);
}

// ---- What is lost for good ---------------------------------------------------------------------------------------------

/// A store at a site that stands on feeds, of which the third alone is repaired; how much of it is lost, and when.
fn burnt(stands_on: &str, drill: &str) -> Vec<(Fate, f64)> {
    let text = format!(
        r#"Scenario(format: 1, title: "feeds", clock: (from: "2025-09-26T00:00", zone: "UTC", horizon: "10h"),
        sites: {{"a": (stands_on: {stands_on})}},
        components: {{"one": (), "two": (), "three": (repair: (takes: fixed("5h"))), "pool": (count: 3, needs: 2)}},
        stores: {{"files": (primary: "a", also_written: "10/s")}}, drill: [{drill}])"#
    );
    outcome(&text).stores["files"].losses.iter().map(|loss| (loss.fate, loss.at_s / 3_600.0)).collect()
}

#[test]
fn a_site_is_destroyed_when_too_little_of_what_it_stands_on_can_come_back() {
    let crash = |at: u32, what: &str| format!(r#"at("+{at}h", crash(of: "{what}")), "#);
    let both = crash(1, "one") + &crash(2, "two");
    assert_eq!(burnt(r#"any(["one", "two"])"#, &crash(1, "one")), []);
    assert_eq!(burnt(r#"any(["one", "two"])"#, &both), [(Fate::Everything, 2.0)]);
    assert_eq!(burnt(r#"all(["one", "two"])"#, &both), [(Fate::Everything, 1.0)]);
    // Who is repaired comes back; one of two that are needed does not help.
    let repaired = crash(1, "one") + &crash(2, "three");
    assert_eq!(burnt(r#"any(["one", "three"])"#, &repaired), []);
    assert_eq!(burnt(r#"all(["two", "three"])"#, &crash(1, "three")), []);
    assert_eq!(burnt(r#"all(["one", "three"])"#, &repaired), [(Fate::Everything, 1.0)]);
    let by_itself = crash(1, "one") + r#"at("+2h", crash(of: "two", repaired_after: "1h"))"#;
    assert_eq!(burnt(r#"any(["one", "two"])"#, &by_itself), []);
    // Of three members two are needed: one may be gone for good, two may not.
    let member = |at: u32| format!(r#"at("+{at}h", crash(of: "pool", members: 1)), "#);
    assert_eq!(burnt(r#"all(["pool"])"#, &member(1)), []);
    assert_eq!(burnt(r#"all(["pool"])"#, &(member(1) + &member(2))), [(Fate::Everything, 2.0)]);
    // As many as are needed are left, and the site is down for another reason for a while.
    let for_a_while = member(1) + r#"at("+3h", crash(of: "a", repaired_after: "1h"))"#;
    assert_eq!(burnt(r#"all(["pool"])"#, &for_a_while), []);
}

#[test]
fn a_site_without_a_replica_has_what_it_had_when_it_was_last_the_primary() {
    let others = r#""audit": (primary: "here"), "none": (primary: "here")"#;
    let drill = r#"at("09:30", crash(of: "here", repaired_after: "10m")), at("10:30", crash(of: "there"))"#;
    let seen = shop(&format!(r#""ledger": (primary: "shop", also_written: "10/s"), {others}"#), drill);
    let [first, second] = &seen.stores["ledger"].losses[..] else { panic!("{:?}", seen.stores["ledger"].losses) };
    // It has never been the primary: all of half an hour is lost.
    assert_eq!(first.fate, Fate::Everything);
    assert_near("writes", first.writes, 20.0 * 1_800.0, 0.01);
    // Back on the first an hour later: what the second was given in that hour.
    assert_eq!(second.fate, Fate::Lost);
    assert_near("window", second.window_s, 3_600.0, 0.01);
    assert_near("writes", second.writes, 20.0 * 3_590.0, 0.01);
}

#[test]
fn who_is_waited_for_lacks_nothing_however_slowly_it_applies() {
    let lost = |kept: &str| {
        let others = r#""audit": (primary: "here"), "none": (primary: "here")"#;
        let ledger = format!(r#""ledger": (primary: "shop", replicas: {{"there": {kept}}}), {others}"#);
        shop(&ledger, r#"at("10:30", crash(of: "here"))"#).stores["ledger"].writes_lost
    };
    assert_eq!(lost(r#"semi_sync(applies: "1/s")"#), 0.0);
    assert_eq!(lost("sync"), 0.0);
    assert_near("not waited for", lost(r#"async(applies: "1/s")"#), 9.0 * 5_400.0, 0.01);
}

#[test]
fn two_populations_that_use_one_feature_are_one_in_what_is_lost() {
    let text = r#"Scenario(format: 1, title: "two populations", clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "2h"),
        sites: {"here": (), "there": ()}, links: [(between: ("here", "there"), rtt: "1ms")],
        groups: {"shop": (members: ["here", "there"])},
        services: {"orders": (runs_at: {"here": (servers: 40), "there": (servers: 40)}, takes: fixed("2ms"), writes: {"audit": 0.5}),
            "pages": (runs_at: {"here": (servers: 40), "there": (servers: 40)}, takes: fixed("2ms"))},
        stores: {"audit": (primary: "shop", replicas: {"there": async(applies: "100/s")}, also_written: "5/s")},
        features: {"order": (calls: [hard(to: "orders")], timeout: "10s"), "look": (calls: [hard(to: "pages")], timeout: "10s"),
            "twice": (calls: [hard(to: "orders"), hard(to: "orders")], timeout: "10s")},
        people: {"buyers": (users: 10, uses: {"order": "1/s", "look": "1/s"}, served_by: "shop"),
            "sellers": (users: 10, uses: {"order": "1/s", "twice": "1/s"}, served_by: "shop")},
        strategies: {"over": (failover: {"shop": (detect: instant)})},
        drill: [at("09:30", cut(between: ("here", "there"))), at("10:30", crash(of: "here"))])"#;
    let seen = outcome(text);
    let loss = &seen.stores["audit"].losses[0];
    // Half a write an order, ten of those by each; two calls are one write each time.
    assert_near("writes", loss.writes, (10.0 + 10.0 + 5.0) * 3_600.0, 0.01);
    assert_near("order", loss.features["order"], 10.0 * 3_600.0, 0.01);
    assert_near("twice", loss.features["twice"], 10.0 * 3_600.0, 0.01);
    assert!(!loss.features.contains_key("look"), "it writes nothing: {:?}", loss.features);
}

#[test]
fn who_comes_third_goes_on_with_what_it_lacked_of_the_first() {
    let lost = |third: &str| {
        let text = format!(
            r#"Scenario(format: 1, title: "three members", clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "2h"),
            sites: {{"here": (), "there": (), "third": ()}},
            links: [(between: ("here", "there"), rtt: "1ms"), (between: ("here", "third"), rtt: "1ms"), (between: ("there", "third"), rtt: "1ms")],
            groups: {{"shop": (members: ["here", "there", "third"])}},
            stores: {{"ledger": (primary: "shop", replicas: {{"there": async(applies: "100/s"), "third": {third}}}, also_written: "10/s")}},
            strategies: {{"over": (failover: {{"shop": (detect: instant)}})}},
            drill: [at("09:30", crash(of: "here")), at("10:00", crash(of: "there"))])"#
        );
        let seen = outcome(&text);
        let losses: Vec<f64> = seen.stores["ledger"].losses.iter().map(|loss| loss.writes).collect();
        losses.last().copied().unwrap_or(0.0)
    };
    // Four of ten are applied: it is 21,600 behind after an hour, whoever the primary was.
    assert_near("behind", lost(r#"async(applies: "4/s")"#), 6.0 * 3_600.0, 0.01);
    assert!(lost(r#"async(applies: "100/s")"#) < 5.0);
    assert_eq!(lost("sync"), 0.0);
}

#[test]
fn members_at_one_site_have_one_copy() {
    let losses = |drill: &str| {
        let text = format!(
            r#"Scenario(format: 1, title: "one site", clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "4h"),
            sites: {{"a": (), "b": ()}}, components: {{"db 1": (at: "a"), "db 2": (at: "a"), "db 3": (at: "b")}},
            groups: {{"db": (members: ["db 1", "db 2"])}},
            stores: {{"ledger": (primary: "db", also_written: "10/s")}},
            strategies: {{"over": (failover: {{"db": (detect: instant)}})}}, drill: [{drill}])"#
        );
        let seen = outcome(&text);
        seen.stores["ledger"]
            .losses
            .iter()
            .filter(|loss| loss.writes > 0.0)
            .map(|loss| (loss.fate, loss.at_s))
            .collect::<Vec<_>>()
    };
    let first = r#"at("10:00", crash(of: "db 1"))"#;
    assert_eq!(losses(first), []);
    let both = format!(r#"{first}, at("11:00", crash(of: "db 2"))"#);
    assert_eq!(losses(&both), [(Fate::Everything, 7_200.0)]);
    assert_eq!(losses(&format!(r#"{first}, at("11:00", crash(of: "db 2", repaired_after: "1h"))"#)), []);
    assert_eq!(losses(r#"at("10:00", crash(of: "a"))"#), [(Fate::Everything, 3_600.0)]);
}

// ---- What is lost, once ---------------------------------------------------------------------------------------------

/// One write a second to a store of three sites, for ten hours.
fn ledger(links: &str, members: &str, store: &str, strategy: &str, drill: &str) -> firedrill::metrics::StoreOutcome {
    let seen = outcome(&format!(
        r#"Scenario(format: 1, title: "once", clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "10h"),
        sites: {{"a": (), "b": (), "c": ()}}, links: [{links}], groups: {{"home": (members: [{members}])}},
        stores: {{"db": (primary: "home", also_written: "1/s", {store})}},
        strategies: {{"s": (failover: {{"home": (detect: instant)}}, {strategy})}}, drill: [{drill}])"#
    ));
    seen.stores["db"].clone()
}

#[test]
fn no_write_is_lost_twice() {
    let line = r#"(between: ("a", "b"), rtt: "8ms"), (between: ("a", "c"), rtt: "8ms")"#;
    let both = r#"replicas: {"a": async(applies: "500/s"), "b": async(applies: "500/s")}"#;
    let restore = r#"runbook: {"r": (when: gone(of: "db"), again_after: "1m", back_when: not(gone(of: "db")), does: [restore(of: "db")])}"#;
    let over = r#"at("02:00", cut(between: ("a", "b"))), at("03:00", crash(of: "a")), at("04:00", destroy(of: "db"))"#;
    // An hour at the failover. Of the other three that b has by 04:00 all, without a backup, ...
    let seen = ledger(line, r#""a", "b""#, both, "", over);
    assert_near("everything", seen.writes_lost, 4.0 * 3_600.0, 1e-6);
    // ... and two with one of 01:00.
    let backup = format!(r#"{both}, backups: {{"b": (first: "01:00", restores: fixed("10m"))}}"#);
    assert_near("restored", ledger(line, r#""a", "b""#, &backup, restore, over).writes_lost, 3.0 * 3_600.0, 1e-6);
    // The same backup for the second time: what was written since the first, and not once more what went then.
    let twice = r#"at("02:00", destroy(of: "db")), at("03:10", destroy(of: "db"))"#;
    let backup = r#"backups: {"b": (first: "01:00", restores: fixed("10m"))}"#;
    assert_near("twice", ledger("", r#""a", "b""#, backup, restore, twice).writes_lost, 2.0 * 3_600.0, 1e-6);
    // Who keeps no replica has what it had at 01:00, and takes over at 04:00: it lacks what b had got since, which is not what a took along.
    let bare = r#"at("01:00", fail_over(group: "home", to: "a")), at("02:00", cut(between: ("a", "b"))),
        at("02:30", crash(of: "c", repaired_after: "1h")), at("03:00", crash(of: "a", repaired_after: "9h")),
        at("04:00", crash(of: "b", repaired_after: "9h"))"#;
    let replica = r#"replicas: {"b": async(applies: "500/s")}"#;
    assert_near("bare", ledger(line, r#""c", "b", "a""#, replica, "", bare).writes_lost, 3.0 * 3_600.0, 1e-6);
    // A member without a copy takes over, and later the data is deleted: the writes before that, and those after it.
    let empty = r#"at("02:00", crash(of: "a", repaired_after: "30m")), at("05:00", destroy(of: "db"))"#;
    assert_near("empty", ledger("", r#""a", "c""#, "", "", empty).writes_lost, 5.0 * 3_600.0, 1e-6);
}

#[test]
fn reads_at_a_replica_are_as_old_as_its_last_contact_also_after_its_primary_has_died() {
    let seen = outcome(
        r#"Scenario(format: 1, title: "old", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "6h"),
        sites: {"oslo": (), "bergen": ()}, links: [(between: ("oslo", "bergen"), rtt: "8ms")],
        services: {"web": (runs_at: {"bergen": (servers: 8)}, takes: exponential(mean: "5ms"))},
        stores: {"db": (primary: "oslo", replicas: {"bergen": async(applies: "500/s")}, also_written: "10/s")},
        features: {"lessons": (calls: [hard(to: "web")], reads: {"db": "30m"})},
        people: {"schools": (users: 60, uses: {"lessons": "1/min"}, served_by: "bergen")}, strategies: {"s": ()},
        drill: [at("09:00", cut(between: ("oslo", "bergen"))), at("11:00", crash(of: "oslo", repaired_after: "2h"))])"#,
    );
    // From 09:30 to the end: nothing has come since 09:00.
    assert_near("stale", seen.people["schools"].stale_s, 16_200.0, 1e-6);
}
