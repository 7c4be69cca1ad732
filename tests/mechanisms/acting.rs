//! A run is a world, a luck and a log of actions: whatever comes in from outside goes through the same door as the drill.

use firedrill::engine::{By, Engine};
use firedrill::load::load;
use firedrill::observe::{Digest, Nobody, Refusal};
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};
use firedrill::units::{Duration, Time};
use firedrill::world::World;
use std::sync::Arc;

const LUCK: Luck = Luck { seed: 1, replication: 0 };
const SOMEBODY: By = By::Person(7);

fn school(drill: &str) -> Arc<World> {
    let text = format!(
        r#"Scenario(format: 1, title: "two sites", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
            sites: {{"oslo": (), "bergen": ()}}, groups: {{"home": (members: ["oslo", "bergen"])}},
            services: {{"web": (runs_at: {{"oslo": (servers: 8), "bergen": (servers: 8)}}, takes: exponential(mean: "50ms"))}},
            features: {{"lessons": (calls: [hard(to: "web")])}},
            people: {{"schools": (users: 1_000, uses: {{"lessons": "2/min"}}, served_by: "home")}},
            strategies: {{"s": (failover: {{"home": (detect: heartbeat(every: "1s", grace: "10s"), promote: (takes: fixed("50s")))}},
                runbook: {{"more": (at: "11:00", does: [add_servers(service: "web", at: "bergen", servers: 4)])}})}},
            drill: [{drill}])"#
    );
    load(&Source::new("school.ron", text), &Choice::default()).unwrap_or_else(|wrong| panic!("{wrong}")).1
}

fn minutes(minutes: f64) -> Time {
    Time::ZERO.after(Duration::from_seconds(60.0 * minutes))
}

fn end(mut engine: Engine, mut digest: Digest) -> String {
    engine.run(&mut digest);
    digest.hex()
}

#[test]
fn the_same_log_replays_to_the_same_digest() {
    let world = school("");
    let (mut engine, mut digest) = (Engine::new(Arc::clone(&world), LUCK), Digest::default());
    engine.run_until(minutes(30.0), &mut digest);
    engine.act(world.crash("oslo", None).unwrap(), SOMEBODY, &mut digest).unwrap();
    engine.run_until(minutes(60.5), &mut digest);
    engine.act(world.order("more").unwrap(), SOMEBODY, &mut digest).unwrap();
    let log = engine.log().to_vec();
    let first = end(engine, digest);

    let mut again = Digest::default();
    let engine = Engine::replay(Arc::clone(&world), LUCK, &log, &mut again);
    assert_eq!(end(engine, again), first);
    assert_ne!(end(Engine::new(world, LUCK), Digest::default()), first);
}

#[test]
fn what_a_person_does_is_what_the_drill_would_have_done() {
    let drilled = end(Engine::new(school(r#"at("08:30", crash(of: "oslo"))"#), LUCK), Digest::default());
    let world = school("");
    let (mut engine, mut digest) = (Engine::new(Arc::clone(&world), LUCK), Digest::default());
    engine.run_until(minutes(30.0), &mut digest);
    engine.act(world.crash("oslo", None).unwrap(), SOMEBODY, &mut digest).unwrap();
    assert_eq!(end(engine, digest), drilled);
}

#[test]
fn a_fork_goes_its_own_way() {
    let world = school("");
    let (mut engine, mut digest) = (Engine::new(Arc::clone(&world), LUCK), Digest::default());
    engine.run_until(minutes(30.0), &mut digest);
    let (mut fork, mut told) = (engine.clone(), digest.clone());
    fork.act(world.crash("oslo", None).unwrap(), SOMEBODY, &mut told).unwrap();
    let other = std::thread::spawn(move || end(fork, told));
    assert_eq!(end(engine, digest), end(Engine::new(world, LUCK), Digest::default()));
    assert_ne!(other.join().unwrap(), "");
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let world = school(r#"at("08:10", crash(of: "bergen"))"#);
    let mut engine = Engine::new(Arc::clone(&world), LUCK);
    engine.run_until(minutes(20.0), &mut Nobody);
    let mut ask = |action| engine.act(action, SOMEBODY, &mut Nobody);
    assert_eq!(ask(world.switchover("home", "bergen").unwrap()), Err(Refusal::Down));
    assert_eq!(ask(world.switchover("home", "oslo").unwrap()), Err(Refusal::ActiveAlready));
    assert_eq!(ask(world.crash("bergen", None).unwrap()), Err(Refusal::Down));
    assert_eq!(ask(world.take_back("more").unwrap()), Err(Refusal::NotOrdered));
    assert_eq!(ask(world.order("more").unwrap()), Ok(()));
    assert_eq!(ask(world.order("more").unwrap()), Err(Refusal::OrderedAlready));
    assert_eq!(engine.log().iter().filter(|acted| acted.refused.is_some()).count(), 5);
    engine.run(&mut Nobody);
    assert_eq!(engine.act(world.crash("oslo", None).unwrap(), SOMEBODY, &mut Nobody), Err(Refusal::Over));
}

#[test]
fn a_run_can_be_sent_and_kept() {
    fn holds<T: Send + Sync + Clone + 'static>() {}
    holds::<Engine>();
    holds::<firedrill::run::Running>();
}

/// How many ends a run has, of twenty in which all that chance has still to decide from half past eight on is drawn anew.
fn ends_drawn_anew(text: &str) -> usize {
    let world = load(&Source::new("anew.ron", text), &Choice::default()).unwrap_or_else(|wrong| panic!("{wrong}")).1;
    let (mut engine, mut digest) = (Engine::new(world, LUCK), Digest::default());
    engine.remember();
    engine.run_until(minutes(30.0), &mut digest);
    let ends = (1..=20).map(|replication| {
        let mut fork = engine.clone();
        fork.draw_rest_anew(Luck { seed: 1, replication });
        end(fork, digest.clone())
    });
    ends.collect::<std::collections::BTreeSet<String>>().len()
}

#[test]
fn whatever_chance_decides_later_is_drawn_anew() {
    let shop = |service: &str, store: &str, runbook: &str, drill: &str| {
        format!(
            r#"Scenario(format: 1, title: "shop", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
            sites: {{"a": ()}}, components: {{"rack": (at: "a"), "disk": (at: "a")}},
            services: {{"web": (runs_at: {{"a": (servers: 8, stands_on: all(["rack"]))}}, takes: fixed("50ms"), writes: {{"ledger": 1}}{service})}},
            stores: {{"ledger": (primary: "a"{store})}},
            features: {{"look": (calls: [hard(to: "web")])}},
            people: {{"buyers": (users: 100, uses: {{"look": "2/min"}}, served_by: "a")}},
            strategies: {{"s": (runbook: {{{runbook}}})}}, drill: [{drill}])"#
        )
    };
    let crash = r#"at("09:00", crash(of: "rack", repaired_after: "10m"))"#;
    assert_eq!(ends_drawn_anew(&shop("", "", "", crash)), 1, "nothing is left to chance");
    assert!(ends_drawn_anew(&shop(r#", starts_in: "5m", start_fails: "50%""#, "", "", crash)) > 2, "starts");
    let fix = r#""fix": (at: "09:00", does: [hotfix(service: "web", takes: "x0.5")],
        goes_wrong: (chance: "50%", does: [crash(of: "disk", repaired_after: "2m")], again_after: "10m"))"#;
    assert!(ends_drawn_anew(&shop("", "", fix, "")) > 2, "steps");
    let restore = r#""restore": (when: gone(of: "ledger"), does: [restore(of: "ledger")])"#;
    let destroy = r#"at("10:30", destroy(of: "ledger"))"#;
    let backups = |unreadable: &str, restores: &str| {
        format!(
            r#", backups: {{"hourly": (every: "30m", unreadable: "{unreadable}", found_after: "5m", restores: {restores})}}"#
        )
    };
    assert!(
        ends_drawn_anew(&shop("", &backups("50%", r#"fixed("10m")"#), restore, destroy)) > 2,
        "backups that cannot be read"
    );
    let takes = r#"exponential(mean: "20m")"#;
    assert!(ends_drawn_anew(&shop("", &backups("1%", takes), restore, destroy)) > 10, "restores");
}
