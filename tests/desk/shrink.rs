//! From luck to a file: a drawn failure becomes the smallest drill that fails by itself, whatever the seed.

use crate::common::campaign;
use firedrill::expect::Criterion;
use firedrill::load::{check, load};
use firedrill::rng::{Luck, Stream};
use firedrill::run::run;
use firedrill::scenario::{Choice, Detect, Failover, Named, Scenario, Source};
use firedrill::shrink::{ShrinkError, Shrunk, shrink};
use firedrill::study::{Alone, Hands};
use firedrill::world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The name of the objective that fails.
const GOAL: &str = "back in time";

/// Two hands, each of which takes what is next.
struct Two;

impl Hands for Two {
    fn all<T: Send>(&mut self, count: usize, one: impl Fn(usize) -> T + Sync) -> Option<Vec<T>> {
        let next = AtomicUsize::new(0);
        let mut made: Vec<(usize, T)> = std::thread::scope(|scope| {
            let hand = || {
                let mine = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < count));
                mine.map(|i| (i, one(i))).collect::<Vec<_>>()
            };
            let hands = [scope.spawn(hand), scope.spawn(hand)];
            hands.into_iter().flat_map(|hand| hand.join().unwrap()).collect()
        });
        made.sort_by_key(|(i, _)| *i);
        Some(made.into_iter().map(|(_, made)| made).collect())
    }
}

/// A design whose parts fail at random: two sites, feeds, pools, a shared cause, crews, a failover that may fail.
fn design(case: u64) -> String {
    let mut luck = Stream::new(Luck { seed: case, replication: 0 }, "design", "draw");
    let mut one_of = |values: &[&str]| values[(luck.uniform() * values.len() as f64) as usize].to_owned();
    let fails = ["exponential(mean: \"20h\")", "exponential(mean: \"60h\")", "weibull(shape: 1.5, mean: \"40h\")"];
    let takes = ["exponential(mean: \"40m\")", "lognormal(mean: \"1h\", cv: 1.2)", "uniform(\"20m\", \"2h\")"];
    let crew = [
        "",
        ", crew: \"night\"",
        ", vendor: exponential(mean: \"1h\")",
        ", spares: (stock: 1, restock: fixed(\"8h\"))",
    ];
    let mut part =
        |more: &str| format!("({more}fails: {}, repair: (takes: {}{}))", one_of(&fails), one_of(&takes), one_of(&crew));
    let parts =
        [part("at: \"a\", "), part("at: \"a\", "), part("at: \"b\", "), part("at: \"a\", count: 6, needs: 1, ")];
    let shared =
        one_of(&["", "common_cause: {\"storm\": (of: [\"feed 1\", \"feed 2\"], every: exponential(mean: \"30h\"))},"]);
    let gate = one_of(&["all([\"feed 1\", \"feed 2\"])", "any([\"feed 1\", \"feed 2\"])"]);
    let detect = one_of(&["probe(every: \"10s\", fails: 3)", "heartbeat(every: \"1s\", grace: \"10s\")", "instant"]);
    let promote = one_of(&["exponential(mean: \"4m\")", "lognormal(median: \"2m\", sigma: 0.8)", "fixed(\"1m\")"]);
    let demand = one_of(&["5%", "30%", "0%"]);
    let by_hand = one_of(&["", "if_it_fails: by_hand(uniform(\"30m\", \"2h\")),"]);
    let failback = one_of(&["", "failback: after(\"1h\"),"]);
    let steer = one_of(&["at_once", "dns(ttl: \"5m\", ignored_by: \"5%\", ignored_for: \"1h\")"]);
    let within = one_of(&["3m", "10m", "30m"]);
    format!(
        r#"Scenario(
            format: 1,
            title: "Parts that fail at random",
            about: "Case {case}.",
            clock: (from: "2024-03-04T06:00", zone: "Europe/Oslo", horizon: "4d"),
            sites: {{"a": (), "b": ()}},
            links: [(between: ("a", "b"), rtt: "8ms", bandwidth: "10Gbps")],
            components: {{"feed 1": {}, "feed 2": {}, "rack": {}, "pool": {}}},
            {shared}
            crews: {{"night": (at_once: 1, arrives: uniform("10m", "40m"))}},
            groups: {{"home": (members: ["a", "b"])}},
            services: {{
                "web": (
                    runs_at: {{"a": (pool: "pool", workers: 40, stands_on: {gate}), "b": (servers: 6, workers: 40, stands_on: all(["rack"]))}},
                    takes: lognormal(mean: "80ms", cv: 1.2), queue: 2000, calls: [hard(to: "db"), soft(to: "mail")],
                ),
                "db": (runs_at: {{"a": (servers: 9), "b": (servers: 9)}}, takes: exponential(mean: "5ms")),
                "mail": (runs_at: {{"b": (servers: 2)}}, takes: fixed("2ms")),
            }},
            features: {{"page": (calls: [hard(to: "web")], timeout: "8s"), "search": (calls: [hard(to: "web"), soft(to: "mail")])}},
            weeks: {{"work": (weekdays: [("00:00", "10%"), ("08:30", "60%"), ("16:00", "15%")], sunday: [("12:00", "4%")])}},
            people: {{
                "near": (users: 900, active: week("work"), uses: {{"page": "3/min", "search": "1/min"}}, served_by: "home"),
                "far": (users: 400, zone: "America/New_York", uses: {{"page": "2/min"}}, served_by: "home", rtt: "90ms"),
            }},
            strategies: {{
                "standby": (failover: {{"home": (
                    detect: {detect}, promote: (takes: {promote}), steer: {steer}, fails_on_demand: "{demand}", {by_hand} {failback}
                )}}),
                "nothing": (),
            }},
            objectives: {{"{GOAL}": restored(of: "home", within: "{within}"), "another": restored(of: "near", within: "9h")}},
        )"#,
        parts[0], parts[1], parts[2], parts[3]
    )
}

/// Whether the objective fails in a run of a world.
fn fails(scenario: &Scenario, world: &Arc<World>, luck: Luck) -> bool {
    let outcome = run(world, luck).outcome;
    let criterion = Criterion::all(scenario).into_iter().find(|criterion| criterion.name == GOAL);
    criterion.and_then(|c| Some(!c.is_met(c.seen(&outcome)?))).unwrap_or(false)
}

/// The first run of a design that fails, and its smallest file.
fn drawn_failure(case: u64, hands: &mut impl Hands) -> Option<Result<Shrunk, ShrinkError>> {
    let source = Source::new("drawn.ron", design(case));
    let (scenario, world) =
        load(&source, &Choice::default()).unwrap_or_else(|mistakes| panic!("case {case}: {mistakes}"));
    let luck =
        (0..20).map(|replication| Luck { seed: case, replication }).find(|luck| fails(&scenario, &world, *luck))?;
    Some(shrink(&source, &Choice::default(), luck, Some(GOAL), hands))
}

/// The scenario without one of its steps, or without one thing that bears a name, or a link.
fn with_one_removed(scenario: &Scenario) -> Vec<(String, Scenario)> {
    fn each<T: Clone>(
        found: &mut Vec<(String, Scenario)>,
        scenario: &Scenario,
        section: &str,
        of: impl Fn(&mut Scenario) -> &mut Named<T>,
    ) {
        for index in 0..of(&mut scenario.clone()).len() {
            let mut smaller = scenario.clone();
            let (name, _) = of(&mut smaller).0.remove(index);
            found.push((format!("{section} {name}"), smaller));
        }
    }
    let mut found = Vec::new();
    for index in 0..scenario.drill.len() {
        let mut smaller = scenario.clone();
        smaller.drill.remove(index);
        found.push((format!("step {index}"), smaller));
    }
    for index in 0..scenario.links.len() {
        let mut smaller = scenario.clone();
        smaller.links.remove(index);
        found.push((format!("link {index}"), smaller));
    }
    each(&mut found, scenario, "site", |s| &mut s.sites);
    each(&mut found, scenario, "component", |s| &mut s.components);
    each(&mut found, scenario, "group", |s| &mut s.groups);
    each(&mut found, scenario, "crew", |s| &mut s.crews);
    each(&mut found, scenario, "service", |s| &mut s.services);
    each(&mut found, scenario, "feature", |s| &mut s.features);
    each(&mut found, scenario, "week", |s| &mut s.weeks);
    each(&mut found, scenario, "population", |s| &mut s.people);
    each(&mut found, scenario, "strategy", |s| &mut s.strategies);
    each(&mut found, scenario, "maintenance", |s| &mut s.maintenance);
    each(&mut found, scenario, "shared cause", |s| &mut s.common_cause);
    found
}

/// The same with groups that fail over at once and well.
fn answered_at_once(scenario: &Scenario) -> Scenario {
    let mut better = scenario.clone();
    for (_, strategy) in &mut better.strategies.0 {
        for (_, failover) in &mut strategy.failover.0 {
            *failover = Failover {
                failback: failover.failback.clone(),
                first_back_takes_over: failover.first_back_takes_over,
                ..Failover::by(Detect::Instant)
            };
        }
    }
    better
}

/// Whether what is left is still the failure: it fails, it holds without any step of the drill, and, where a failover could have
/// helped, it still can.
fn is_the_failure(scenario: &Scenario, due_to_response: bool) -> bool {
    let fails_in = |scenario: &Scenario| {
        let loaded = load(&Source::from_scenario("smaller.ron", scenario), &Choice::default());
        loaded.is_ok_and(|(scenario, world)| fails(&scenario, &world, Luck { seed: 77, replication: 0 }))
    };
    let without = |step: usize| {
        let mut drill = scenario.drill.clone();
        drill.remove(step);
        Scenario { drill, ..scenario.clone() }
    };
    fails_in(scenario)
        && !fails_in(&Scenario { drill: Vec::new(), ..scenario.clone() })
        && (0..scenario.drill.len()).all(|step| !fails_in(&without(step)))
        && !(due_to_response && fails_in(&answered_at_once(scenario)))
}

#[test]
fn drawn_failures_become_drills_that_fail_by_themselves() {
    let wanted = campaign(10, 40);
    let (mut shrunk, mut refused, mut lines) = (0, Vec::new(), Vec::new());
    for case in 0.. {
        if shrunk == wanted {
            break;
        }
        let result = match drawn_failure(case, &mut Alone) {
            None => continue,
            Some(Err(ShrinkError::NeedsLuck(why))) => {
                refused.push(format!("case {case}: {why}"));
                continue;
            }
            Some(result) => result.unwrap_or_else(|error| panic!("case {case}: {error}")),
        };
        shrunk += 1;
        let text = &result.text;
        let source = Source::new("shrunk.ron", text.clone());
        assert!(check(&source).is_ok(), "case {case}: {:?}\n{text}", check(&source));
        let (scenario, world) = load(&source, &Choice::default()).unwrap();
        assert_eq!(scenario.expect_failure, [GOAL], "{text}");
        for seed in 1_000..1_008 {
            assert!(fails(&scenario, &world, Luck { seed, replication: 3 }), "case {case} needs luck:\n{text}");
        }
        assert!(result.due_to_faults, "case {case} fails without a fault:\n{text}");
        assert!(is_the_failure(&scenario, result.due_to_response), "case {case} need not have all of it:\n{text}");
        for (what, smaller) in with_one_removed(&scenario) {
            assert!(!is_the_failure(&smaller, result.due_to_response), "case {case} need not have {what}:\n{text}");
        }
        if case % 3 == 0 {
            let again = drawn_failure(case, &mut Two).unwrap().unwrap();
            assert_eq!(again.text, *text, "case {case}: two hands make another file than one");
        }
        lines.push(text.lines().count());
    }
    lines.sort_unstable();
    assert!(lines[lines.len() / 2] <= 25 && lines[lines.len() - 1] <= 40, "{lines:?}");
    assert!(refused.len() * 10 <= shrunk, "{refused:#?}");
}

/// A scenario that is always down for an hour.
const DOWN: &str = r#"Scenario(
    format: 1,
    title: "An hour without power",
    clock: (from: "2024-03-04T06:00", zone: "Europe/Oslo", horizon: "6h"),
    sites: {"a": ()},
    services: {"web": (runs_at: {"a": (servers: 2)}, takes: fixed("50ms"))},
    features: {"read": (calls: [hard(to: "web")])},
    people: {"all": (users: 100, uses: {"read": "1/min"}, served_by: "a")},
    drill: [at("08:00", crash(of: "a", repaired_after: "1h"))],
    objectives: {"half an hour": restored(of: "all", within: "30m"), "two hours": restored(of: "all", within: "2h")},
    expect: [downtime(of: "all", is: "30m", within: "1m")],
)"#;

fn shrunk(text: &str, asked: Option<&str>) -> Result<Shrunk, ShrinkError> {
    let luck = Luck { seed: 1, replication: 0 };
    shrink(&Source::new("down.ron", text), &Choice::default(), luck, asked, &mut Alone)
}

#[test]
fn what_the_drill_says_itself_is_made_smaller_too() {
    let result = shrunk(DOWN, None).unwrap();
    assert_eq!(result.goal, "half an hour", "the first that fails");
    insta::assert_snapshot!(result.text);
}

/// A replica lags behind, and is promoted: what it lacks is lost.
const BEHIND: &str = r#"Scenario(format: 1, title: "behind", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "4h"),
    sites: {"a": (), "b": ()}, links: [(between: ("a", "b"), rtt: "5ms")],
    components: {"a/db": (at: "a"), "b/db": (at: "b")}, groups: {"db": (members: ["a/db", "b/db"])},
    services: {"web": (runs_at: {"a": (servers: 8)}, takes: fixed("5ms"), feeds: {})},
    stores: {"orders": (primary: "db", replicas: {"b": async(applies: "8/s")}, also_written: "10/s")},
    features: {"buy": (calls: [hard(to: "web")])},
    people: {"all": (users: 100, uses: {"buy": "1/min"}, served_by: "a")},
    strategies: {"s": (failover: {"db": (detect: instant, promote: (takes: fixed("30s")))})},
    drill: [at("09:00", crash(of: "a/db"))],
    objectives: {"nothing is lost": data_loss(of: "orders", within: "1s")})"#;

#[test]
fn what_a_replica_lacks_does_not_become_a_store_without_replicas() {
    let result = shrunk(BEHIND, Some("nothing is lost")).unwrap();
    let (scenario, _) = load(&Source::new("smaller.ron", result.text.clone()), &Choice::default()).unwrap();
    assert!(!scenario.stores.get("orders").unwrap().replicas.is_empty(), "{}", result.text);
}

#[test]
fn an_expectation_goes_on_being_missed_on_the_same_side() {
    let result = shrunk(DOWN, Some("expect.0")).unwrap();
    let (_, world) = load(&Source::new("smaller.ron", result.text.clone()), &Choice::default()).unwrap();
    let outcome = run(&world, Luck { seed: 9, replication: 0 }).outcome;
    // With less than a minute down it would be missed as well, and that would be another failure.
    assert!(outcome.people["all"].downtime_s > 31.0 * 60.0, "{}", result.text);
    assert_eq!(result.scenario.expect_failure, ["expect.0"]);
}

#[test]
fn what_cannot_be_made_smaller_says_why() {
    let told = |asked| shrunk(DOWN, Some(asked)).unwrap_err().to_string();
    assert_eq!(
        told("two hours"),
        "\"two hours\" holds in this run, or says nothing of it; `firedrill test` names a run in which it fails"
    );
    assert_eq!(told("an hour"), "there is no objective \"an hour\"; there are half an hour, two hours, expect.0");
    let fine = DOWN.replace("repaired_after: \"1h\"", "repaired_after: \"30m\"");
    assert!(shrunk(&fine, None).unwrap_err().to_string().starts_with("nothing fails in this run"));
}

#[test]
fn a_false_alarm_needs_its_luck_and_no_file_is_made() {
    let text = DOWN
        .replace("sites: {\"a\": ()},", "sites: {\"a\": (), \"b\": ()}, groups: {\"home\": (members: [\"a\", \"b\"])},")
        .replace("\"a\": (servers: 2)", "\"a\": (servers: 2), \"b\": (servers: 2)")
        .replace("served_by: \"a\"", "served_by: \"home\"")
        .replace("drill: [at(\"08:00\", crash(of: \"a\", repaired_after: \"1h\"))],", "strategies: {\"alarms\": (failover: {\"home\": (\
            detect: probe(every: \"10s\", fails: 3, loss: \"5%\"), promote: (takes: fixed(\"1m\")), failback: after(\"20m\"))})},")
        .replace("restored(of: \"all\", within: \"30m\")", "value(of: \"groups.home.false_alarms\", at_most: 0)");
    let source = Source::new("alarms.ron", text);
    let of = |replication| {
        shrink(&source, &Choice::default(), Luck { seed: 1, replication }, Some("half an hour"), &mut Alone)
    };
    let first = (0..50).map(of).find(|result| !matches!(result, Err(ShrinkError::Holds(_))));
    match first {
        Some(Err(ShrinkError::NeedsLuck(why))) => assert!(why.contains("false alarm"), "{why}"),
        other => panic!("{other:?}"),
    }
}

fn published(name: &str) -> String {
    std::fs::read_to_string(format!("{}/scenarios/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn october_is_a_short_file() {
    let source = Source::new("october.ron", published("itslearning-2016-10.ron"));
    let luck = Luck { seed: 1, replication: 0 };
    let goal = "Oslo is back within a minute";
    let result = shrink(&source, &Choice::default(), luck, Some(goal), &mut Two).unwrap();
    let lines = result.text.lines().count();
    assert!(lines <= 22, "{lines} lines:\n{}", result.text);
    // One array was lost, and its failover, asked for, did not work: that is the story.
    assert_eq!(result.scenario.drill.len(), 1, "{}", result.text);
    let (_, failover) = &result.scenario.strategies.0[0].1.failover.0[0];
    assert_eq!((failover.fails_on_demand.0, result.due_to_response), (1.0, true), "{}", result.text);
}

#[cfg(all(feature = "cli", unix))]
mod command {
    use super::DOWN;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};
    use std::time::{Duration, Instant};

    fn folder(name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn command(folder: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
        command.current_dir(folder).args(args).env("COLUMNS", "100").stdin(Stdio::null());
        command
    }

    fn told(output: &Output) -> (i32, String, String) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    fn firedrill(folder: &Path, args: &[&str]) -> (i32, String, String) {
        told(&command(folder, args).output().unwrap())
    }

    #[test]
    fn a_failure_is_kept_until_it_is_mended() {
        let folder = folder("shrink-kept");
        fs::write(folder.join("down.ron"), DOWN).unwrap();
        let (code, out, _) = firedrill(&folder, &["test", "down.ron"]);
        assert_eq!(code, 1, "{out}");
        let line = "firedrill shrink down.ron --seed 1 --objective 'half an hour'";
        assert!(out.contains(line), "{out}");
        let shrink = ["shrink", "down.ron", "--objective", "half an hour", "--out", "kept.ron"];
        let (code, out, err) = firedrill(&folder, &shrink);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert!(out.starts_with("wrote kept.ron: "), "{out}");
        let (code, out, _) = firedrill(&folder, &["test", "kept.ron"]);
        assert_eq!(code, 0, "{out}");
        assert!(out.contains("known to fail") && out.ends_with("1 expectation in 1 file holds\n"), "{out}");
        // The design is mended: the objective holds, and the file says so.
        let mended = fs::read_to_string(folder.join("kept.ron")).unwrap().replace("crash(of", "gray(loses: \"1%\", of");
        let mended = mended.replace("repaired_after", "lasts");
        fs::write(folder.join("kept.ron"), mended).unwrap();
        let (code, out, err) = firedrill(&folder, &["test", "kept.ron"]);
        assert_eq!(code, 1, "{out}{err}");
        assert!(out.contains("FAIL") && out.contains("mended: take it out of expect_failure"), "{out}");
    }

    #[test]
    fn an_expectation_that_is_known_to_fail_counts_as_one_that_holds() {
        let folder = folder("shrink-expectation");
        let known = DOWN.replace("expect: [", "expect_failure: [\"expect.0\", \"half an hour\"],\n    expect: [");
        fs::write(folder.join("known.ron"), &known).unwrap();
        let (code, out, err) = firedrill(&folder, &["test", "known.ron"]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        let holds = known.replace("is: \"30m\"", "is: \"1h\"");
        fs::write(folder.join("known.ron"), holds).unwrap();
        let (code, out, _) = firedrill(&folder, &["test", "known.ron"]);
        assert!(code == 1 && out.contains("mended: take it out of expect_failure"), "{out}");
    }

    #[test]
    fn test_and_compare_write_a_file_for_every_objective_that_fails() {
        let folder = folder("shrink-folder");
        fs::write(folder.join("down.ron"), DOWN).unwrap();
        let (code, out, err) = firedrill(&folder, &["test", "down.ron", "--shrink", "failures"]);
        assert_eq!((code, err.as_str()), (1, ""), "{out}");
        let by_test = fs::read(folder.join("failures/down-half-an-hour.ron")).unwrap();
        assert_eq!(fs::read_dir(folder.join("failures")).unwrap().count(), 1);
        let compare = ["compare", "down.ron", "--replications", "100", "--shrink", "compared"];
        let (code, out, err) = firedrill(&folder, &compare);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert!(out.contains("  firedrill shrink down.ron --seed 1 --objective 'half an hour'\n"), "{out}");
        assert!(by_test == fs::read(folder.join("compared/down-half-an-hour.ron")).unwrap());
    }

    #[test]
    fn wrong_questions_have_their_codes() {
        let folder = folder("shrink-codes");
        fs::write(folder.join("down.ron"), DOWN).unwrap();
        let of = |args: &[&str]| firedrill(&folder, &[&["shrink"], args].concat());
        assert_eq!(of(&["down.ron", "--objective", "two hours"]).0, 2);
        assert_eq!(of(&["down.ron", "--objective", "nothing like it"]).0, 2);
        assert_eq!(of(&["nowhere.ron"]).0, 4);
        fs::write(folder.join("bad.ron"), DOWN.replace("served_by: \"a\"", "served_by: \"b\"")).unwrap();
        assert_eq!(of(&["bad.ron"]).0, 3);
    }

    /// Ctrl-C in the middle of it ends it within a second.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a program is interrupted after a while of the real clock")]
    fn ctrl_c_ends_it_at_once() {
        let folder = folder("shrink-interrupted");
        fs::write(folder.join("october.ron"), super::published("itslearning-2016-10.ron")).unwrap();
        let args = ["shrink", "october.ron", "--objective", "Oslo is back within a minute", "--out", "small.ron"];
        let began = Instant::now();
        assert_eq!(firedrill(&folder, &args).0, 0);
        let all_of_it = began.elapsed();
        fs::remove_file(folder.join("small.ron")).unwrap();
        let child = command(&folder, &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(all_of_it / 3);
        let pressed = Instant::now();
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let (code, out, err) = told(&child.wait_with_output().unwrap());
        let took = pressed.elapsed();
        assert_eq!((code, out.as_str()), (130, ""), "{err}");
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(!folder.join("small.ron").exists(), "nothing half done is left");
    }
}
