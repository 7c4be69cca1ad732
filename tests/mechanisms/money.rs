//! Runs in money: what is paid for as long as it is there, and what is lost where it is not served.

use crate::common::{assert_near, world};
use firedrill::expect::{Criterion, penalise};
use firedrill::metrics::{Detail, MoneyOutcome, Outcome};
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow, run, run_in_detail};
use firedrill::scenario::{Choice, Source};
use firedrill::study::{Protocol, Study, Wanted};

const LUCK: Luck = Luck { seed: 1, replication: 0 };

/// A shop that nobody can buy in for half an hour, from 01:00 on.
fn shop(browse: &str, buy: &str, more: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "a shop", currency: "EUR",
            clock: (from: "2026-11-27T00:00", zone: "UTC", horizon: "3h"),
            sites: {{"a": (costs: "3/h")}}, components: {{"psp": ()}},
            services: {{
                "web": (runs_at: {{"a": (servers: 10)}}, takes: fixed("10ms"), costs: "0.5/h"),
                "payments": (runs_at: {{"a": (servers: 10)}}, takes: fixed("10ms"), stands_on: all(["psp"])),
            }},
            features: {{"browse": (calls: [hard(to: "web")]{browse}), "buy": (calls: [hard(to: "payments")]{buy})}},
            people: {{"all": (users: 1000, uses: {{"browse": "60/h", "buy": "12/h"}}, served_by: "a")}},
            drill: [at("01:00", crash(of: "psp", repaired_after: "30m"))], {more})"#
    )
}

fn money(text: &str) -> MoneyOutcome {
    run(&world(text), LUCK).outcome.money.expect("counted in money")
}

fn unserved(outcome: &Outcome, feature: &str) -> f64 {
    let requests = &outcome.people["all"].features[feature].requests;
    requests.failed + requests.shed + requests.never_sent + requests.overdue
}

#[test]
fn what_is_lost_is_its_worth_times_what_was_not_served() {
    let text = shop("", r#", worth: "0.40/request""#, "");
    for traffic in [Traffic::Flow, Traffic::every_request()] {
        let outcome = follow(&world(&text), LUCK, traffic).unwrap().outcome;
        let money = outcome.money.as_ref().unwrap();
        let lost = unserved(&outcome, "buy");
        assert_near("half an hour of 12,000 an hour", lost, 6_000.0, 0.05);
        assert_near("what is lost", money.lost, 0.4 * lost, 1e-12);
        assert_eq!(money.lost_by_feature.keys().collect::<Vec<_>>(), ["buy"]);
        assert_eq!((money.currency.as_str(), money.total), ("EUR", money.spent + money.lost));
    }
}

#[test]
fn an_hour_that_is_not_served_costs_what_an_hour_is_worth() {
    let text = shop("", r#", worth: "900/h""#, "");
    for (traffic, within) in [(Traffic::Flow, 1e-9), (Traffic::every_request(), 0.01)] {
        let outcome = follow(&world(&text), LUCK, traffic).unwrap().outcome;
        assert_near("half an hour", outcome.money.unwrap().lost, 450.0, within);
    }
}

#[test]
fn nothing_is_lost_of_what_is_worth_nothing_and_twice_as_much_of_what_is_worth_twice() {
    for (once, twice, none) in [("0.3/request", "0.6/request", "0/request"), ("20/h", "40/h", "0/h")] {
        let lost = |worth: &str| money(&shop("", &format!(", worth: \"{worth}\""), "")).lost;
        assert!(lost(once) > 0.0);
        assert_eq!(lost(twice), 2.0 * lost(once));
        assert_eq!(lost(none), 0.0);
    }
    // Whoever could browse all the time lost nothing of it.
    assert_eq!(money(&shop(r#", worth: "5/request""#, "", "")).lost, 0.0);
}

#[test]
fn what_stands_there_costs_its_hours_and_what_is_added_those_that_it_is_there() {
    let standing = 3.0 * (3.0 + 10.0 * 0.5);
    let without = money(&shop("", "", ""));
    assert_near("three hours", without.spent, standing, 1e-12);
    assert_eq!((without.spent_on_servers, without.lost), (0.0, 0.0));
    let adds = |does: &str| format!(r#"strategies: {{"more": (runbook: {{"add": (at: "00:30", does: [{does}])}})}}"#);
    let doubled = money(&shop("", "", &adds(r#"add_servers(service: "web", at: "a", by: "x2")"#)));
    assert_near("ten servers for two and a half hours", doubled.spent_on_servers, 10.0 * 0.5 * 2.5, 1e-12);
    assert_near("both", doubled.spent, standing + 12.5, 1e-12);
    // What has no price costs nothing more.
    let free = money(&shop("", "", &adds(r#"add_servers(service: "payments", at: "a", servers: 4)"#)));
    assert_eq!(free.spent_on_servers, 0.0);
    // Followed one by one it is the same.
    let text = shop("", "", &adds(r#"add_servers(service: "web", at: "a", by: "x2")"#));
    let followed = follow(&world(&text), LUCK, Traffic::every_request()).unwrap().outcome.money.unwrap();
    assert_near("followed", followed.spent, doubled.spent, 1e-12);
}

/// A shop that has ten servers at a second site, which stand by until the first is lost at 01:00.
fn with_standby(prices: &str, more: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "a shop with a standby", currency: "EUR",
            clock: (from: "2026-11-27T00:00", zone: "UTC", horizon: "3h"),
            sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "5ms")], groups: {{"home": (members: ["a", "b"])}},
            components: {{"licence": (at: "b", costs: "2/h", costs_standing_by: "1/h")}},
            services: {{"web": (runs_at: {{"a": (servers: 10), "b": (servers: 10)}}, takes: fixed("10ms"), {prices})}},
            features: {{"browse": (calls: [hard(to: "web")], worth: "60/h")}},
            people: {{"all": (users: 1000, uses: {{"browse": "60/h"}}, served_by: "home")}},
            drill: [at("01:00", crash(of: "a", repaired_after: "30m"))],
            strategies: {{"s": (failover: {{"home": (detect: instant, promote: (takes: fixed("6m")){more})}})}})"#
    )
}

#[test]
fn what_stands_by_has_its_own_price_until_it_is_used() {
    let price = r#"costs: "0.5/h", costs_standing_by: "0.1/h""#;
    let text = with_standby(price, "");
    // Ten in use, ten that stand by, and a licence that does.
    let world = world(&text);
    assert_near("an hour of the design", world.costs.as_ref().unwrap().per_hour, 5.0 + 1.0 + 1.0, 1e-12);
    for traffic in [Traffic::Flow, Traffic::every_request()] {
        let money = follow(&world, LUCK, traffic).unwrap().outcome.money.unwrap();
        // From 01:06 on the other ten are in use, and the licence; the first ten stand by. That evens out but for the licence.
        assert_near("the licence, 1 h 54 min", money.spent_on_takeovers, 1.9, 1e-9);
        assert_near("all of it", money.spent, 3.0 * 7.0 + 1.9, 1e-9);
    }
    // Whoever stands by for as much as in use pays as before.
    let same = run(&crate::common::world(&with_standby(r#"costs: "0.5/h", costs_standing_by: "0.5/h""#, "")), LUCK)
        .outcome
        .money
        .unwrap();
    let plain = run(&crate::common::world(&with_standby(r#"costs: "0.5/h""#, "")), LUCK).outcome.money.unwrap();
    assert_near("the same", same.spent, plain.spent, 1e-12);
    // Back again at 02:00: an hour in which nothing is unusual any more.
    let back =
        run(&crate::common::world(&with_standby(price, r#", failback: after("24m")"#)), LUCK).outcome.money.unwrap();
    assert!(back.spent_on_takeovers < 1.0, "{back:?}");
    // Servers that are added where others stand by cost as little, until all of them are used.
    let adds = with_standby(price, "").replace(
        r#""s": ("#,
        r#""s": (runbook: {"add": (at: "00:30",
        does: [add_servers(service: "web", at: "b", servers: 10)])}, "#,
    );
    let added = run(&crate::common::world(&adds), LUCK).outcome.money.unwrap();
    assert_near("36 minutes at 0.1, 114 at 0.5", added.spent_on_servers, 10.0 * (0.6 * 0.1 + 1.9 * 0.5), 1e-9);
}

#[test]
fn what_never_stands_by_has_no_price_for_it() {
    let told = |text: &str| firedrill::load::check(&Source::new("shop.ron", text)).unwrap_err().to_string();
    let alone = told(&shop("", "", "").replace(r#"costs: "0.5/h""#, r#"costs: "0.5/h", costs_standing_by: "0.1/h""#));
    assert!(alone.contains("F403") && alone.contains("services.web.costs_standing_by"), "{alone}");
    let half = told(&with_standby(r#"costs_standing_by: "0.1/h""#, ""));
    assert!(half.contains("F102") && half.contains("services.web.costs_standing_by"), "{half}");
}

#[test]
fn what_a_cause_and_a_measure_were_worth_is_told_in_money() {
    let text = with_standby(r#"costs: "0.5/h""#, "");
    let world = world(&text);
    let explained = firedrill::explain::Counterfactuals::new(&world, LUCK);
    let singles: Vec<_> = explained.singles().iter().map(|set| explained.run(set)).collect();
    let explanation = explained.explain(&singles, &[], &[]);
    let worth = |name: &str| explanation.but_for.iter().find(|b| b.name == name).unwrap().impact.money.unwrap();
    // Six minutes of an hour that is worth 60, and the licence for 1 h 54 min more.
    assert_near("the crash", worth("a fails"), 6.0 + 1.9, 1e-6);
    // Without the failover the half hour until the repair is lost: 24 minutes more, less the licence.
    assert_near("the failover", worth("failover of home"), 1.9 - 24.0, 1e-6);
    assert_eq!(explanation.currency.as_deref(), Some("EUR"));
}

#[test]
fn automation_is_paid_for_what_it_made() {
    let strategy = r#"strategies: {"follows": (autoscale: {"grows": (service: "web", at: "a", signal: workers, above: "60%", below: "20%",
        by: "x2", every: "1m", takes: "5m", least: 2, most: 40, cool_down: "10m", stable_for: "20m")})}"#;
    let text = shop("", "", strategy).replace(r#"takes: fixed("10ms"), costs"#, r#"takes: fixed("300ms"), costs"#);
    let world = world(&text);
    let run = run(&world, LUCK);
    let spent = run.outcome.money.as_ref().unwrap().spent_on_servers;
    // A request takes 0.3 s, 16.7 come a second: half of ten servers are busy, and nothing is done.
    assert_eq!(spent, 0.0, "{:?}", run.outcome.services["web@a"].utilisation);
    let busier = text.replace("60/h", "100/h");
    let busier = money(&busier);
    assert!(busier.spent_on_servers > 0.9 * 10.0 * 0.5 * 2.5, "{busier:?}");
    assert!(busier.spent_on_servers < 10.0 * 0.5 * 3.0, "{busier:?}");
}

#[test]
fn a_broken_promise_costs_its_penalty() {
    let promise = |penalty: &str, within: &str| {
        let of = r#"of: "all.features.buy""#;
        let text = shop(
            "",
            "",
            &format!(r#"objectives: {{"soon": restored({of}, within: "{within}", penalty: "{penalty}")}}"#),
        );
        let scenario = Source::new("shop.ron", &*text).read(&Choice::default()).scenario.unwrap();
        let mut outcome = run(&world(&text), LUCK).outcome;
        penalise(&Criterion::all(&scenario), &mut outcome);
        let once = outcome.money.clone().unwrap();
        // It is not counted twice.
        penalise(&Criterion::all(&scenario), &mut outcome);
        assert_eq!(outcome.money.as_ref(), Some(&once));
        assert_eq!(once.total, once.spent + once.lost);
        once.penalties["soon"]
    };
    assert_eq!(promise("5000/miss", "10m"), 5_000.0);
    assert_eq!(promise("5000/miss", "40m"), 0.0);
    assert_near("twenty minutes beyond", promise("90/h", "10m"), 30.0, 1e-3);
    assert_eq!(promise("90/h", "40m"), 0.0);
}

#[test]
fn a_study_ranks_by_cost_with_the_same_numbers_as_a_run() {
    let more = r#"objectives: {"soon": restored(of: "all.features.buy", within: "10m", penalty: "100/miss")}"#;
    let text = shop("", r#", worth: "0.01/request""#, more);
    let repaired = |after: &str| {
        let set = vec![("drill.0.1.repaired_after".to_owned(), format!("\"{after}\""))];
        Choice { set, ..Choice::default() }
    };
    let mut protocol = Protocol::new(1, 10);
    protocol.add_source(&Source::new("shop.ron", &*text));
    protocol.designs.push(Wanted::new("half an hour", 0, Choice::default()));
    protocol.designs.push(Wanted::new("five minutes", 0, repaired("5m")));
    protocol.by = Some("cost".to_owned());
    let study = Study::new(protocol).unwrap_or_else(|error| panic!("{error}"));
    let comparison = study.run();
    assert_eq!(comparison.designs[0].label, "five minutes");
    let names: Vec<&str> = comparison.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert!(["cost", "money lost", "money spent"].iter().all(|name| names.contains(name)), "{names:?}");
    let of = |design: usize, name: &str| {
        let metric = names.iter().position(|known| *known == name).unwrap();
        comparison.designs[design].values[metric].as_ref().unwrap().mean
    };
    let single = money(&text);
    assert_near("spent", of(1, "money spent"), single.spent, 1e-9);
    assert_near("lost, with the penalty", of(1, "money lost"), single.lost + 100.0, 1e-9);
    assert_near("both", of(1, "cost"), of(1, "money spent") + of(1, "money lost"), 1e-9);
    assert!(comparison.conflicts.iter().all(|conflict| conflict.metric != "cost"));
}

#[test]
fn measured_in_brief_it_is_the_same() {
    let world = world(&shop(r#", worth: "1/h""#, r#", worth: "0.4/request""#, ""));
    let whole = run(&world, LUCK).outcome.money;
    for detail in [Detail::Felt, Detail::Brief, Detail::Components] {
        assert_eq!(run_in_detail(&world, LUCK, detail).money, whole);
    }
    assert!(whole.is_some());
}

#[test]
fn where_nothing_has_a_price_nothing_is_counted() {
    let text = shop("", "", "").replace(r#"costs: "3/h""#, "").replace(r#", costs: "0.5/h""#, "");
    assert_eq!(run(&world(&text), LUCK).outcome.money, None);
}
