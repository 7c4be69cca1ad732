//! What breaks a design: every planted weakness is found, nothing needless stands in a set, and what is found replays.

mod common;

use common::campaign;
use firedrill::expect::Criterion;
use firedrill::load::load;
use firedrill::rng::{Luck, Stream};
use firedrill::run::run;
use firedrill::scenario::{Choice, Source};
use firedrill::search::{Asked, Found, Keeper, Search, SearchError, Shard, Unkept, is_whole};
use firedrill::study::Alone;

fn search(text: &str, asked: Asked) -> Found {
    let source = Source::new("searched.ron", text);
    let search = Search::new(&source, &Choice::default(), asked).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    search.run(&[], &mut Alone).unwrap().expect("nobody gives up")
}

fn up_to(faults: usize) -> Asked {
    Asked { faults, ..Asked::default() }
}

/// What breaks the first objective, each set in the order of the alphabet.
fn minimal(found: &Found) -> Vec<Vec<String>> {
    let sets = found.objectives[0].minimal.iter();
    let mut sets: Vec<Vec<String>> = sets.map(|set| set.faults.clone()).collect();
    sets.iter_mut().for_each(|set| set.sort());
    sets.sort();
    sets
}

/// A structure with weak points that are known: what has to work for the service to serve.
enum Tree {
    Leaf(usize),
    Gate(usize, Vec<Tree>),
}

impl Tree {
    fn draw(luck: &mut Stream, depth: usize, leaves: &mut usize) -> Tree {
        if depth == 0 || *leaves >= 7 || (depth < 3 && luck.uniform() < 0.3) {
            *leaves += 1;
            return Tree::Leaf(*leaves - 1);
        }
        let below: Vec<Tree> =
            (0..2 + (luck.uniform() * 2.0) as usize).map(|_| Tree::draw(luck, depth - 1, leaves)).collect();
        let needed = 1 + (luck.uniform() * below.len() as f64) as usize;
        Tree::Gate(needed, below)
    }

    fn works(&self, down: &[usize]) -> bool {
        match self {
            Tree::Leaf(leaf) => !down.contains(leaf),
            Tree::Gate(needed, below) => below.iter().filter(|tree| tree.works(down)).count() >= *needed,
        }
    }

    /// Its components in RON, those below first; the name of the last.
    fn write(&self, out: &mut String, gates: &mut usize) -> String {
        match self {
            Tree::Leaf(leaf) => {
                out.push_str(&format!("\"part {leaf}\": (),\n"));
                format!("part {leaf}")
            }
            Tree::Gate(needed, below) => {
                let names: Vec<String> = below.iter().map(|tree| tree.write(out, gates)).collect();
                let name = format!("gate {gates}");
                *gates += 1;
                out.push_str(&format!("\"{name}\": (stands_on: k_of_n({needed}, {names:?})),\n"));
                name
            }
        }
    }
}

/// A service that stands on a structure, of which only the parts can fail.
fn standing_on(tree: &Tree) -> String {
    let (mut components, mut gates) = (String::new(), 0);
    let top = tree.write(&mut components, &mut gates);
    format!(
        r#"Scenario(
            format: 1, title: "a structure",
            clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "12h"),
            sites: {{"a": ()}},
            components: {{{components}}},
            services: {{"web": (runs_at: {{"a": (servers: 4)}}, takes: exponential(mean: "100ms"), stands_on: all([{top:?}]))}},
            features: {{"page": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 10, uses: {{"page": "30/min"}}, served_by: "a")}},
            menu: (leaves_out: ["crash of gate*", "crash of a", "*gray*", "*slow*", "surge*"]),
            objectives: {{"back soon": restored(of: "all", within: "15m")}},
        )"#
    )
}

/// Minimal sets by trying all of them on the structure alone.
fn by_hand(tree: &Tree, leaves: usize, size: usize) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut all: Vec<Vec<usize>> =
        (1u32..1 << leaves).map(|bits| (0..leaves).filter(|leaf| bits & (1 << leaf) != 0).collect()).collect();
    all.sort_by_key(Vec::len);
    for set in all.into_iter().filter(|set| set.len() <= size) {
        let is_larger = found.iter().any(|smaller| smaller.iter().all(|leaf| set.contains(leaf)));
        if !tree.works(&set) && !is_larger {
            found.push(set);
        }
    }
    let name = |leaf: &usize| format!("crash of part {leaf}");
    let mut named: Vec<Vec<String>> = found.iter().map(|set| set.iter().map(name).collect()).collect();
    named.iter_mut().for_each(|set: &mut Vec<String>| set.sort());
    named.sort();
    named
}

#[test]
fn every_planted_weakness_is_found_and_none_is_larger_than_need_be() {
    let (mut singles, mut larger) = (0, 0);
    for case in 0..campaign(25, 200) {
        let mut luck = Stream::new(Luck { seed: 12, replication: case }, "structures", "planted");
        let mut leaves = 0;
        let tree = Tree::draw(&mut luck, 3, &mut leaves);
        let found = search(&standing_on(&tree), up_to(3));
        let expected = by_hand(&tree, leaves, 3);
        assert_eq!(minimal(&found), expected, "case {case}\n{}", standing_on(&tree));
        assert!(found.objectives[0].minimal.iter().all(|set| set.replays), "case {case}");
        assert_eq!(found.objectives[0].certificate.is_some(), expected.is_empty());
        singles += expected.iter().filter(|set| set.len() == 1).count();
        larger += expected.iter().filter(|set| set.len() > 1).count();
    }
    assert!(singles > 20 && larger > 20, "{singles} {larger}: the structures are too much alike");
}

/// Two sites behind a group, a shared store of sessions, a link, a crew: things that meet in different ways.
const TWO_SITES: &str = r#"Scenario(
    format: 1, title: "two sites",
    clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "24h"),
    sites: {"a": (), "b": ()},
    links: [(between: ("a", "b"), rtt: "10ms", bandwidth: "1Gbps")],
    components: {
        "feed a": (at: "a"), "feed b": (at: "b"),
        "mechanism": (hidden: true, fails: exponential(mean: "1000d"), last_tested: "100d"),
        "rack": (at: "a", count: 8, fails: exponential(mean: "400d"), repair: (takes: fixed("2h"), crew: "hands")),
    },
    crews: {"hands": (at_once: 1)},
    groups: {"home": (members: ["a", "b"])},
    services: {
        "web": (runs_at: {"a": (pool: "rack", workers: 1), "b": (servers: 5)}, takes: exponential(mean: "100ms"), queue: 100),
        "sessions": (runs_at: {"a": (servers: 2), "b": (servers: 2)}, takes: exponential(mean: "5ms")),
    },
    features: {"page": (calls: [hard(to: "web"), soft(to: "sessions")], timeout: "5s")},
    weeks: {"day": (weekdays: [("00:00", "10%"), ("08:00", "100%"), ("18:00", "10%")], sunday: [("00:00", "10%")])},
    people: {"all": (users: 60, uses: {"page": "30/min"}, active: week("day"), served_by: "home")},
    strategies: {"standby": (failover: {"home": (
        detect: probe(every: "10s", fails: 3), promote: (takes: fixed("30s")), mechanism: "mechanism", fails_on_demand: "2%",
    )})},
    objectives: {
        "back soon": restored(of: "all", within: "15m"),
        "hardly lost": availability(of: "all", at_least: "95%"),
    },
)"#;

#[test]
fn what_is_left_out_by_default_changes_nothing() {
    let pruned = search(TWO_SITES, up_to(2));
    let all = search(TWO_SITES, Asked { exhaustive: true, ..up_to(2) });
    assert!(pruned.runs < all.runs, "{} {}", pruned.runs, all.runs);
    for (one, other) in pruned.objectives.iter().zip(&all.objectives) {
        let sets = |broken: &firedrill::search::Broken| {
            broken.minimal.iter().map(|set| (set.faults.clone(), set.hours)).collect::<Vec<_>>()
        };
        assert_eq!(sets(one), sets(other), "{}", one.objective);
        assert!(!one.minimal.is_empty(), "{}", one.objective);
    }
}

#[test]
fn a_failover_that_does_not_work_is_half_of_a_pair() {
    let found = search(TWO_SITES, up_to(2));
    let sets = minimal(&found);
    let pair = |other: &str| vec!["crash of a".to_owned(), other.to_owned()];
    for other in ["failover of home does not work", "mechanism has failed unnoticed", "crash of b"] {
        let mut wanted = pair(other);
        wanted.sort();
        assert!(sets.contains(&wanted), "{other}: {sets:?}");
    }
    assert!(!sets.contains(&vec!["crash of a".to_owned()]), "the standby takes over");
}

#[test]
fn what_is_found_replays_from_its_file() {
    let found = search(TWO_SITES, up_to(2));
    for broken in &found.objectives {
        for set in &broken.minimal {
            let (scenario, world) = load(&Source::new("drill.ron", set.drill.as_str()), &Choice::default())
                .unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{}", set.drill));
            let outcome = run(&world, Luck { seed: 1, replication: 0 }).outcome;
            let criterion = Criterion::all(&scenario).remove(0);
            let seen = criterion.seen(&outcome).expect("users are there");
            assert!(!criterion.is_met(seen), "{:?} {seen}", set.faults);
            let told = set.seen.expect("users are there");
            assert!(
                (told - seen).abs() <= 1e-6 * seen.abs().max(1.0),
                "{:?}: told {told}, replayed {seen}",
                set.faults
            );
        }
    }
}

#[test]
fn what_would_have_saved_it_does() {
    let found = search(TWO_SITES, up_to(2));
    let set = found.objectives[0].minimal.iter().find(|set| set.faults.contains(&"crash of b".to_owned())).unwrap();
    // Either site back within the objective's quarter of an hour keeps it; the failover back takes some of that.
    let sooner: Vec<_> = set.saved.iter().filter(|saved| saved.by.ends_with("for no longer")).collect();
    assert!(!sooner.is_empty(), "{:?}", set.saved);
    for saved in sooner {
        let latest_s = saved.latest_s.unwrap();
        assert!((60.0..=15.0 * 60.0).contains(&latest_s), "{saved:?}");
    }
}

/// Two feeds that fail every 100 days in the mean, and are repaired in a day; either is enough.
const TWO_FEEDS: &str = r#"Scenario(
    format: 1, title: "two feeds",
    clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "12h"),
    sites: {"a": ()},
    components: {
        "feed 1": (fails: exponential(mean: "99d"), repair: (takes: fixed("1d"))),
        "feed 2": (fails: exponential(mean: "99d"), repair: (takes: fixed("1d"))),
        "switch": (fails: exponential(mean: "1000d"), repair: (takes: fixed("10d"))),
        "power": (stands_on: any(["feed 1", "feed 2"])),
    },
    services: {"web": (runs_at: {"a": (servers: 4)}, takes: exponential(mean: "100ms"), stands_on: all(["power", "switch"]))},
    features: {"page": (calls: [hard(to: "web")])},
    people: {"all": (users: 10, uses: {"page": "30/min"}, served_by: "a")},
    menu: (leaves_out: ["crash of power", "crash of a", "*gray*", "*slow*", "surge*"]),
    objectives: {"back soon": restored(of: "all", within: "15m")},
)"#;

#[test]
fn frequencies_and_importances_are_those_of_the_textbook() {
    let found = search(TWO_FEEDS, up_to(2));
    let broken = &found.objectives[0];
    // A rate of 1/99 a day, away for one: q = (1/99) / (1 + 1/99) = 1%. The pair comes 2 * 365.25/99 * 1% = 0.0738 times a year.
    let (rate, q) = (365.25 / 99.0, 0.01);
    let (switch, switch_q) = (0.365_25, 0.01 / 1.01);
    assert_eq!(broken.minimal[0].faults, ["crash of switch"]);
    let near = |seen: f64, expected: f64| assert!((seen / expected - 1.0).abs() < 1e-9, "{seen} {expected}");
    near(broken.minimal[0].per_year.unwrap(), switch);
    near(broken.minimal[1].per_year.unwrap(), 2.0 * rate * q);
    near(broken.per_year.unwrap(), switch + 2.0 * rate * q);
    let of = |name: &str| broken.importance.iter().find(|importance| importance.fault == name).unwrap();
    near(of("crash of feed 1").birnbaum, q);
    near(of("crash of feed 1").fussell_vesely, q * q / (q * q + switch_q));
    near(of("crash of switch").birnbaum, 1.0);
    near(of("crash of switch").fussell_vesely, switch_q / (q * q + switch_q));
}

#[test]
fn faults_that_never_come_together_are_in_no_set() {
    let apart = TWO_FEEDS.replace("menu: (", "menu: (never_together: [[\"crash of feed*\"]], ");
    assert_eq!(minimal(&search(&apart, up_to(2))), [["crash of switch"]]);
}

#[test]
fn what_is_too_rare_to_be_plausible_is_left_out() {
    let plausible = TWO_FEEDS.replace("menu: (", "menu: (at_least_per_year: 1, ");
    let found = search(&plausible, up_to(1));
    assert_eq!(found.menu, 2, "{:?}", found.singles);
    let says = &found.objectives[0].certificate.as_ref().unwrap().says;
    assert_eq!(
        says,
        "no drill of one fault from this menu of 2, at any of 12 hours, under one draw of luck, breaks it"
    );
}

#[test]
fn a_night_fault_does_no_harm_and_the_hours_say_so() {
    // 90 users at one request in two seconds that takes a tenth of a second keep 4.5 servers busy by day: four are too few.
    let found = search(&TWO_SITES.replace("users: 60", "users: 90"), up_to(1));
    let half = found.singles.iter().find(|single| single.fault == "crash of half of rack").unwrap();
    assert!(half.shows && half.user_minutes_lost > 0.0, "{half:?}");
    let hour: u32 = half.worst_at.split(' ').nth(3).unwrap()[..2].parse().unwrap();
    // Their repairs go on for two hours each: what begins before the day lasts into it.
    assert!((4..18).contains(&hour), "{half:?}");
}

#[test]
fn no_data_is_no_certificate() {
    let nobody = TWO_FEEDS.replace("users: 10", "users: 0");
    let broken = &search(&nobody, up_to(1)).objectives[0];
    assert!(broken.certificate.is_none() && broken.minimal.is_empty() && !broken.broken_without);
}

/// A crowd on another site overloads what everybody uses: without the link, or without its site, it does not come.
const CROWD: &str = r#"Scenario(
    format: 1, title: "a crowd",
    clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "12h"),
    sites: {"home": (), "away": ()},
    links: [(between: ("home", "away"), rtt: "10ms")],
    services: {
        "web": (runs_at: {"home": (servers: 4)}, takes: exponential(mean: "100ms"), queue: 50),
        "front": (runs_at: {"away": (servers: 400)}, takes: exponential(mean: "10ms"), calls: [hard(to: "web")]),
    },
    features: {"page": (calls: [hard(to: "web")], timeout: "2s"), "far page": (calls: [hard(to: "front")], timeout: "2s")},
    people: {
        "few": (users: 10, uses: {"page": "30/min"}, served_by: "home"),
        "crowd": (users: 300, uses: {"far page": "6/min"}, served_by: "away"),
    },
    menu: (surge: "x9", leaves_out: ["crash of home", "*slow*", "surge of few"]),
    objectives: {"few are served": restored(of: "few", within: "15m")},
)"#;

#[test]
fn a_further_fault_that_helps_hides_nothing_and_is_told() {
    for exhaustive in [false, true] {
        let found = search(CROWD, Asked { exhaustive, ..up_to(2) });
        // The crowd alone is the weakness, though without the way to the service nobody would have felt it.
        assert_eq!(minimal(&found), [["surge of crowd"]], "{:?}", found.objectives[0]);
        let told = &found.objectives[0].minimal[0].holds_with;
        let monotone = found.granted.iter().any(|sentence| sentence.contains("breaks it with more faults, too"));
        assert!(monotone, "{:?}", found.granted);
        match exhaustive {
            false => assert!(told.is_empty()),
            true => {
                assert!(told.iter().any(|name| name.starts_with("cut ")), "{told:?}");
                assert!(told.iter().any(|name| name == "crash of away"), "{told:?}");
            }
        }
    }
}

/// A place in memory, which may lack things, and counts what it is asked to keep.
#[derive(Default)]
struct Drawer {
    kept: std::collections::BTreeMap<String, String>,
    saved: usize,
    makes: bool,
}

impl Keeper for Drawer {
    fn load(&mut self, name: &str) -> Result<Option<String>, Unkept> {
        Ok(self.kept.get(name).cloned())
    }

    fn save(&mut self, name: &str, text: &str) -> Result<(), Unkept> {
        assert!(is_whole(text, name) && !is_whole(&text.replace("true", "false"), "another"));
        self.saved += 1;
        self.kept.insert(name.to_owned(), text.to_owned());
        Ok(())
    }

    fn makes(&self) -> bool {
        self.makes
    }
}

#[test]
fn what_is_kept_is_not_run_again_and_shards_make_the_whole() {
    let text = standing_on(&Tree::Gate(
        2,
        vec![Tree::Gate(1, (0..2).map(Tree::Leaf).collect()), Tree::Gate(2, (2..9).map(Tree::Leaf).collect())],
    ));
    let source = Source::new("shards.ron", text);
    let search = Search::new(&source, &Choice::default(), up_to(3)).unwrap();
    let whole = search.run(&[], &mut Alone).unwrap().unwrap();
    let mut first = Drawer { makes: true, ..Drawer::default() };
    let found = search.run_kept(&[], &mut first, &mut Alone).unwrap().unwrap();
    assert_eq!(found, whole);
    let made = std::mem::take(&mut first.saved);
    assert_eq!(search.run_kept(&[], &mut first, &mut Alone).unwrap().unwrap(), whole);
    assert_eq!(first.saved, 0, "it is all there");
    // Three shards, each in a place of its own; what the first of them made is not enough.
    let mut all = Drawer::default();
    for which in 0..3 {
        if which == 1 {
            assert!(matches!(search.run_kept(&[], &mut all, &mut Alone), Err(SearchError::Missing(3, _))));
        }
        let mut own = Drawer { makes: true, ..Drawer::default() };
        assert!(search.run_shard(Shard { which, of: 3 }, &mut own, &mut Alone).unwrap());
        assert!(own.saved < made, "{} of {made}", own.saved);
        all.kept.append(&mut own.kept);
    }
    assert_eq!(search.run_kept(&[], &mut all, &mut Alone).unwrap().unwrap(), whole);
    assert_eq!(all.saved, 0);
}

/// One part, repaired in half an hour by a crew that keeps hours, and a goal of which a night is no breach and a weekend is.
fn kept_hours(parts: &str, repair: &str, crew: &str) -> String {
    format!(
        r#"Scenario(format: 1, title: "hours", clock: (from: "2024-03-04T00:00", zone: "Europe/Oslo", horizon: "14d"), sites: {{"oslo": ()}},
        services: {{"web": (runs_at: {{"oslo": (servers: 8)}}, takes: fixed("5ms"), stands_on: any([{parts}]))}},
        features: {{"f": (calls: [hard(to: "web")])}},
        people: {{"p": (users: 100, uses: {{"f": "1/min"}}, served_by: "oslo", arrivals: smooth)}},
        components: {{{repair}}}, crews: {{"c": ({crew})}},
        objectives: {{"o": restored(of: "p", within: "16h15m")}},
        menu: (leaves_out: ["crash of oslo", "*gray*", "*slow*", "surge*", "*away*"]))"#
    )
}

#[test]
fn where_a_crew_keeps_hours_no_hour_stands_for_another() {
    let part = r#""d": (repair: (takes: fixed("30m"), crew: "c"))"#;
    let text = kept_hours(r#""d""#, part, r#"at_once: 1, hours: ("08:00", "16:00")"#);
    let found = search(&text, up_to(1));
    // From Friday 16:00 to Sunday 16:00, and the last three quarters of an hour of a night are too short for the goal: hours 48 + 5.
    let all = search(&text, Asked { exhaustive: true, ..up_to(1) });
    assert_eq!(found.objectives[0].minimal[0].hours, 53);
    assert_eq!(all.objectives[0].minimal[0].hours, 53);
}

#[test]
fn how_often_two_meet_goes_by_all_that_a_repair_waits_for() {
    let often = |repair: &str, crew: &str| {
        let part = format!(r#"(at: "oslo", fails: exponential(mean: "100d"), repair: ({repair}))"#);
        let text = kept_hours(r#""a", "b""#, &format!(r#""a": {part}, "b": {part}"#), crew).replace("16h15m", "2m");
        search(&text, up_to(2)).objectives[0].minimal[0].per_year.unwrap()
    };
    // Each is away for ten hours of a hundred days, however that comes.
    let (per_year, away) = (3.652_5, 10.0 / 2_400.0);
    let exact = 2.0 * per_year * away / (1.0 + away);
    for (repair, crew) in [
        (r#"takes: fixed("10h")"#, "at_once: 2"),
        (r#"takes: fixed("1h"), vendor: fixed("9h")"#, "at_once: 2"),
        (r#"takes: fixed("1h"), spares: (stock: 0, restock: fixed("9h"))"#, "at_once: 2"),
        (r#"takes: fixed("1h"), crew: "c""#, r#"at_once: 2, arrives: fixed("9h")"#),
        (r#"takes: fixed("1h"), repair_fails: "90%""#, "at_once: 2"),
    ] {
        let seen = often(repair, crew);
        assert!((seen / exact - 1.0).abs() < 1e-6, "{repair} {crew}: {seen}, not {exact}");
    }
}
