//! Data that is gone, and how it is got back.

use crate::common::{assert_mean, assert_near, outcome, outcome_of, world};
use firedrill::metrics::{Outcome, StoreOutcome};
use firedrill::observe::Fate;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow};

/// A shop with a ledger: ten orders a second, and ten looks at the catalogue that need the ledger too.
struct Shop<'a> {
    backups: &'a str,
    parts: &'a str,
    measure: &'a str,
    drill: &'a str,
}

const DELETED: &str = r#"at("+150m", destroy(of: "ledger"))"#;
const HOURLY: &str = r#""hourly": (every: "1h", restores: fixed("10m"))"#;
const RESTORE: &str = r#"when: gone(of: "ledger"), lead: fixed("5m"), does: [restore(of: "ledger")]"#;

impl Default for Shop<'_> {
    fn default() -> Self {
        Shop { backups: HOURLY, parts: "", measure: RESTORE, drill: DELETED }
    }
}

impl Shop<'_> {
    fn text(&self) -> String {
        let Shop { backups, parts, measure, drill } = self;
        format!(
            r#"Scenario(format: 1, title: "a shop and its backups",
            clock: (from: "2024-05-06T09:00", zone: "UTC", horizon: "6h"),
            sites: {{"here": (), "there": ()}},
            links: [(between: ("here", "there"), rtt: "2ms")],
            components: {{"room": (), "disks": (at: "here", stands_on: all(["room"])), "other disks": (at: "there"),
                "shelf": (at: "here", stands_on: all(["room"])), "vault": (at: "there")}},
            groups: {{"shop": (members: ["disks", "other disks"])}},
            services: {{
                "orders": (runs_at: {{"here": (servers: 40)}}, takes: fixed("2ms"), writes: {{"ledger": 1}}),
                "catalogue": (runs_at: {{"here": (servers: 40)}}, takes: fixed("2ms"), calls: [soft(to: "orders", times: 0.5)]),
            }},
            stores: {{"ledger": (primary: "shop", size: "3GB", backups: {{{backups}}}, parts: [{parts}])}},
            features: {{
                "order": (calls: [hard(to: "orders")]),
                "look": (calls: [hard(to: "catalogue")], reads: {{"ledger": "1h"}}),
                "browse": (calls: [hard(to: "catalogue")]),
            }},
            people: {{
                "buyers": (users: 10, uses: {{"order": "1/s"}}, served_by: "here"),
                "lookers": (users: 10, uses: {{"look": "1/s"}}, served_by: "here"),
                "browsers": (users: 10, uses: {{"browse": "1/s"}}, served_by: "here"),
            }},
            strategies: {{"a": (runbook: {{"restore": ({measure})}}, failover: {{"shop": (detect: instant)}})}},
            drill: [{drill}])"#
        )
    }

    fn outcome(&self) -> Outcome {
        outcome(&self.text())
    }

    fn ledger(&self) -> StoreOutcome {
        self.outcome().stores["ledger"].clone()
    }
}

#[test]
fn what_was_written_since_the_backup_is_lost_and_the_rest_is_back() {
    let text = Shop::default().text();
    let compiled = world(&text);
    let flow = outcome_of(&compiled, 0);
    let followed = follow(&compiled, Luck { seed: 1, replication: 0 }, Traffic::every_request()).unwrap().outcome;
    for (outcome, off) in [(&flow, 1e-9), (&followed, 0.02)] {
        let ledger = &outcome.stores["ledger"];
        let [lost] = &ledger.losses[..] else { panic!("{:?}", ledger.losses) };
        // Who looks or browses orders too, every other time.
        assert_eq!((lost.fate, lost.window_s), (Fate::Lost, 1_800.0));
        assert_near("writes", lost.writes, 20.0 * 1_800.0, off);
        assert_near("of orders", lost.features["order"], 10.0 * 1_800.0, off);
        assert_eq!(ledger.gone_s, 900.0);
        let [restore] = &ledger.restores[..] else { panic!("{:?}", ledger.restores) };
        assert_eq!(
            (restore.gone_at_s, restore.ordered_at_s, restore.back_at_s),
            (9_000.0, Some(9_300.0), Some(9_900.0))
        );
        assert_eq!((restore.backup.as_deref(), restore.age_s), (Some("hourly"), Some(1_800.0)));
        for who in ["buyers", "lookers"] {
            assert_near(who, outcome.people[who].downtime_s, 900.0, if off < 0.01 { off } else { 0.05 });
            assert_eq!(outcome.people[who].intervals[0].why, "the data of ledger is gone");
        }
        // Who can do without goes without.
        assert_eq!(outcome.people["browsers"].downtime_s, 0.0);
        assert_near("browsers", outcome.people["browsers"].degraded_s, 900.0, if off < 0.01 { off } else { 0.05 });
    }
    assert_near("nothing is written meanwhile", flow.stores["ledger"].writes, 20.0 * (21_600.0 - 900.0), 1e-9);
}

#[test]
fn reading_takes_as_long_as_the_size_over_the_bandwidth() {
    // 3 GB at 40 Mbit a second.
    let shop = Shop { backups: r#""hourly": (every: "1h", reads: "40Mbps")"#, ..Shop::default() };
    assert_near("gone", shop.ledger().gone_s, 300.0 + 600.0, 1e-9);
}

#[test]
fn a_part_is_back_after_its_share_of_the_time() {
    let parts = r#"(share: "20%", features: ["order"]), (share: "30%", features: ["browse"])"#;
    let shop = Shop { parts, ..Shop::default() };
    let outcome = shop.outcome();
    let down = |who: &str| outcome.people[who].downtime_s;
    assert_near("orders", down("buyers"), 300.0 + 120.0, 1e-9);
    assert_near("the rest", down("lookers"), 900.0, 1e-9);
    assert_near("browsing", outcome.people["browsers"].degraded_s, 300.0 + 300.0, 1e-9);
    assert_eq!(outcome.stores["ledger"].restores[0].parts_back_at_s, [9_420.0, 9_600.0]);
    assert_eq!(outcome.stores["ledger"].losses[0].window_s, 1_800.0);
}

#[test]
fn of_backups_that_may_be_unreadable_the_next_older_one_is_tried() {
    let backups = r#""hourly": (every: "1h", restores: fixed("10m"), unreadable: "50%", found_after: "4m")"#;
    let compiled = world(&Shop { backups, ..Shop::default() }.text());
    let runs: Vec<Outcome> = (0..600).map(|replication| outcome_of(&compiled, replication)).collect();
    let mut tried = Vec::new();
    for run in &runs {
        let (ledger, restore) = (&run.stores["ledger"], &run.stores["ledger"].restores[0]);
        let bad = restore.unreadable as f64;
        tried.push(bad);
        match restore.back_at_s {
            Some(back) => {
                assert_eq!(ledger.losses[0].window_s, 1_800.0 + 3_600.0 * bad);
                assert_near("back", back, 9_900.0 + 240.0 * bad, 1e-9);
            }
            // There were three of them.
            None => {
                assert_eq!(
                    (bad, ledger.losses[0].fate, ledger.losses[0].writes),
                    (3.0, Fate::Everything, 20.0 * 9_000.0)
                );
            }
        }
    }
    assert_mean("unreadable", &tried, 0.5 + 0.25 + 0.125, 0.12);
}

#[test]
fn a_backup_in_the_same_room_is_lost_with_it() {
    let kept = |at: &str| {
        let backups = format!(r#""hourly": (every: "1h", at: "{at}", restores: fixed("10m"))"#);
        Shop { backups: &backups, drill: r#"at("+150m", crash(of: "room"))"#, ..Shop::default() }.ledger()
    };
    let (shelf, vault) = (kept("shelf"), kept("vault"));
    assert_eq!(shelf.losses[0].fate, Fate::Everything);
    assert_eq!(shelf.restores.len(), 0);
    // The other disks take over with nothing on them, and are given what the vault has.
    assert_eq!((vault.losses[0].fate, vault.losses[0].window_s), (Fate::Lost, 1_800.0));
    assert_eq!((vault.losses.len(), vault.gone_s), (1, 900.0));
    // What is only away for a while is waited for.
    let away = r#"at("+150m", destroy(of: "ledger")), at("+140m", crash(of: "vault", repaired_after: "30m"))"#;
    let backups = r#""hourly": (every: "1h", at: "vault", restores: fixed("10m"))"#;
    assert_near("gone", Shop { backups, drill: away, ..Shop::default() }.ledger().gone_s, 1_200.0 + 600.0, 1e-9);
    // And what it loses while it is read is read again.
    let drill = r#"at("+150m", destroy(of: "ledger")), at("+160m", crash(of: "vault", repaired_after: "30m"))"#;
    assert_near("gone", Shop { backups, drill, ..Shop::default() }.ledger().gone_s, 2_400.0 + 600.0, 1e-9);
}

#[test]
fn a_backup_that_is_not_whole_is_none() {
    // The one of eleven is under way until noon, and begins with what there was at eleven.
    let backups = r#""slow": (every: "1h", takes: "55m", restores: fixed("10m"))"#;
    assert_eq!(Shop { backups, ..Shop::default() }.ledger().losses[0].window_s, 5_400.0);
    let backups = r#""slow": (every: "1h", takes: "20m", restores: fixed("10m"))"#;
    assert_eq!(Shop { backups, ..Shop::default() }.ledger().losses[0].window_s, 1_800.0);
}

#[test]
fn what_nobody_restores_is_not_back_at_the_end() {
    let nobody = Shop { measure: r#"at: "+1h", does: [decide("nothing")]"#, ..Shop::default() }.outcome();
    let ledger = &nobody.stores["ledger"];
    assert_eq!((ledger.losses[0].fate, ledger.losses[0].window_s), (Fate::NotBack, 9_000.0));
    assert_eq!((ledger.gone_s, nobody.people["buyers"].downtime_s), (12_600.0, 12_600.0));
    // Without any backup it is gone for good at once.
    let none = Shop { backups: r#""late": (first: "+3h", restores: fixed("1m"))"#, ..Shop::default() }.ledger();
    assert_eq!((none.losses[0].fate, none.losses[0].at_s), (Fate::Everything, 9_000.0));
}

#[test]
fn the_oftener_backups_are_taken_the_less_is_lost() {
    let mut before = f64::INFINITY;
    for every in ["2h", "1h", "30m", "15m", "5m", "1m"] {
        for keeps in [1, 7] {
            let backups = format!(r#""often": (every: "{every}", keeps: {keeps}, restores: fixed("10m"))"#);
            let lost = Shop { backups: &backups, ..Shop::default() }.ledger().data_loss_window_max_s;
            assert!(lost <= before, "every {every} loses {lost} s, more than {before} s");
            before = lost;
        }
    }
    // What is deleted in the minute of a backup goes first.
    assert_eq!(before, 60.0);
}
