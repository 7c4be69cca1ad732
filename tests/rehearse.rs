//! Rehearsals: what people did stands in a log, and the log is the run.

mod common;

use firedrill::rehearse::{Branch, Deed, Denied, Entry, FACILITATOR, Plan, Session, branches};
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};

const LUCK: Luck = Luck { seed: 1, replication: 0 };

/// A site with a database that can be switched over by hand, and a vendor who comes when called.
const DRILL: &str = r#"Scenario(
    format: 1,
    title: "a database that nobody fails over",
    clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
    sites: {"a": (), "b": ()},
    links: [(between: ("a", "b"), rtt: "10ms")],
    components: {
        "a/db": (at: "a", repair: (takes: fixed("1h"), vendor: fixed("2h"), temporary: (takes: fixed("30m"), fails: exponential(mean: "1000d")))),
        "b/db": (at: "b"),
    },
    groups: {"db": (members: ["a/db", "b/db"])},
    services: {"web": (runs_at: {"a": (servers: 8, workers: 8)}, takes: exponential(mean: "50ms"), stands_on: all(["db"]))},
    features: {"read": (calls: [hard(to: "web")])},
    people: {"readers": (users: 1000, uses: {"read": "2/min"}, served_by: "a")},
    teams: {"night shift": (hours: ("06:00", "22:00"))},
    strategies: {"people": (
        failover: {"db": (detect: probe(every: "10s", fails: 3), promote: (takes: fixed("30s")), fails_on_demand: "100%")},
        runbook: {"fail over by hand": (by: "night shift", lead: fixed("10m"), does: [switch_over(group: "db", to: "b/db")])},
    )},
    drill: [at("+60m", crash(of: "a/db")), at("+90m", tell("we know"))],
    rehearsal: (
        about: "You run a small library.",
        learning: ["call the vendor in time"],
        from: "+50m", to: "+8h",
        injects: [(at: "+70m", from: "CEO", to: ["incident commander"], says: "What do I tell the press?", expects: "a word within ten minutes")],
    ),
)"#;

fn plan() -> Plan {
    Plan::of(&Source::new("drill.ron", DRILL), &Choice::default(), LUCK).unwrap()
}

fn minutes(session: &mut Session, to: f64) {
    let deed = Deed::Reach { to_s: to * 60.0 };
    session.act(FACILITATOR, "", "12:00", deed).unwrap();
}

fn order() -> Deed {
    Deed::Order { measure: "fail over by hand".to_owned() }
}

fn downtime_s(session: &Session) -> f64 {
    let play = session.plan().play_of(session.branch(), session.entries());
    play.run(LUCK).outcome.people["readers"].downtime_s
}

#[test]
fn what_people_do_in_the_file_is_left_to_people() {
    let plan = plan();
    let names: Vec<&str> = plan.injects.iter().map(|inject| inject.name.as_str()).collect();
    assert_eq!(names, ["1. crash of a/db", "message 1. CEO says"]);
    // Nobody calls the vendor, and nobody fails over: down to the end of the run.
    let nobody = plan.with_nobody(&Default::default()).run(LUCK).outcome;
    assert_eq!(nobody.people["readers"].downtime_s, 11.0 * 3_600.0);
}

/// Nothing changes for an hour, and everything is measured all the same.
#[test]
fn what_flows_is_measured_between_two_changes() {
    let mut session = Session::new(plan());
    minutes(&mut session, 110.0);
    let screen = session.screen("operations").unwrap();
    let panel = |of: &str, name: &str| {
        let mut panels = screen.panels.iter();
        panels.find(|panel| panel.of == of && firedrill::rehearse::name_of(panel.measures) == name).unwrap()
    };
    let errors = panel("readers", "errors");
    let (before, after) = errors.points.split_at(10);
    let measured = |points: &[Option<f64>]| points.iter().flatten().copied().collect::<Vec<f64>>();
    assert!(measured(before).len() >= 8 && measured(before).iter().all(|share| *share == 0.0), "{before:?}");
    assert!(measured(after).len() >= 40 && measured(after).iter().all(|share| *share > 0.99), "{after:?}");
    // A measurement is seen half a minute late, and the drawing says from when to when it goes.
    assert_eq!((errors.points.len(), errors.every_s), (59, 60.0));
    assert_eq!((errors.oldest.as_str(), errors.newest.as_str()), ("Mon 04 Mar 08:51:00", "Mon 04 Mar 09:49:00"));
    let load = panel("web@a", "load");
    assert!(measured(&load.points).len() >= 50, "{:?}", load.points);
}

#[test]
fn a_decision_matters_and_so_does_its_hour() {
    let mut session = Session::new(plan());
    minutes(&mut session, 80.0);
    session.act("operations", "Ada", "12:00", order()).unwrap();
    minutes(&mut session, 120.0);
    // Ordered after 20 minutes, done in ten, and half a minute to promote.
    assert_eq!(downtime_s(&session), (20.0 + 10.0) * 60.0 + 30.0);
}

#[test]
fn what_was_taken_back_before_it_began_can_be_ordered_again() {
    let mut session = Session::new(plan());
    let back = || Deed::TakeBack { measure: "fail over by hand".to_owned() };
    minutes(&mut session, 62.0);
    session.act("operations", "", "", order()).unwrap();
    minutes(&mut session, 65.0);
    assert_eq!(session.act("operations", "", "", back()).unwrap().refused, None);
    assert_eq!(session.act("operations", "", "", order()).unwrap().refused, None);
    // Ten minutes from the second order, and not from the first.
    assert_eq!(downtime_s(&session), (5.0 + 10.0) * 60.0 + 30.0);
    minutes(&mut session, 120.0);
    session.act("operations", "", "", back()).unwrap();
    let again = session.act("operations", "", "", order()).unwrap().refused.clone();
    assert!(again.is_some_and(|why| why.contains("taken back")), "it has had its effect");
}

#[test]
fn a_vendor_comes_when_somebody_calls() {
    let mut session = Session::new(plan());
    minutes(&mut session, 90.0);
    let call = Deed::CallVendor { component: "a/db".to_owned() };
    let refused = session.act("vendor", "", "", call.clone()).unwrap().refused.clone();
    assert_eq!(refused, None);
    // Down for half an hour until the call, two hours until the vendor is there, half an hour of work.
    assert_eq!(downtime_s(&session), 3.0 * 3_600.0);
    assert!(session.act("vendor", "", "", call).unwrap().refused.is_some(), "called already");
    let for_good = Deed::RepairForGood { component: "a/db".to_owned() };
    assert_eq!(session.act("vendor", "", "", for_good).unwrap().refused, None);
    assert_eq!(downtime_s(&session), 3.5 * 3_600.0);
}

#[test]
fn a_log_is_the_run_to_the_last_bit() {
    let mut session = Session::new(plan());
    minutes(&mut session, 75.0);
    session.act("communications", "Bo", "", Deed::Tell { text: "we are on it".to_owned() }).unwrap();
    session.act("incident commander", "Cy", "", Deed::Decide { text: "fail over".to_owned() }).unwrap();
    session.act("operations", "Ada", "", order()).unwrap();
    minutes(&mut session, 300.0);
    let play = session.plan().play_of(session.branch(), session.entries());
    let (once, again) = (play.run(LUCK).outcome, play.run(LUCK).outcome);
    assert_eq!(once.provenance.digest, again.provenance.digest);
    // Whoever takes it up again from the log alone stands where it stood.
    let resumed = Session::resume(plan(), session.entries().to_vec());
    for seat in ["facilitator", "operations", "observer"] {
        let (mut before, after) = (session.screen(seat).unwrap(), resumed.screen(seat).unwrap());
        before.speed = None;
        assert_eq!(before, after, "the screen of {seat}");
    }
}

#[test]
fn going_back_is_a_branch_and_the_old_one_stays() {
    let mut session = Session::new(plan());
    minutes(&mut session, 80.0);
    session.act("operations", "", "", order()).unwrap();
    minutes(&mut session, 200.0);
    let first = downtime_s(&session);
    let back = Deed::Back { to_s: 65.0 * 60.0, name: "sooner".to_owned() };
    session.act(FACILITATOR, "", "", back).unwrap();
    assert_eq!(session.now().seconds(), 65.0 * 60.0);
    session.act("operations", "", "", order()).unwrap();
    minutes(&mut session, 100.0);
    assert_eq!(downtime_s(&session), first - 15.0 * 60.0);
    let all: Vec<Branch> = branches(session.entries());
    assert_eq!(all.iter().map(|branch| branch.name.as_str()).collect::<Vec<_>>(), ["as played", "sooner"]);
    let old = session.plan().play_of(&all[0], session.entries()).run(LUCK).outcome;
    assert_eq!(old.people["readers"].downtime_s, first);
    assert_eq!(Session::resume(plan(), session.entries().to_vec()).now(), session.now());
}

#[test]
fn what_the_facilitator_adds_or_leaves_out_changes_nothing_that_was() {
    let mut session = Session::new(plan());
    minutes(&mut session, 55.0);
    session.act(FACILITATOR, "", "", Deed::Suppress { inject: "1. crash of a/db".to_owned() }).unwrap();
    minutes(&mut session, 120.0);
    assert_eq!(downtime_s(&session), 0.0);
    let fault = session.plan().menu.iter().find(|fault| fault.name == "crash of a").unwrap().name.clone();
    session.act(FACILITATOR, "", "", Deed::Add { fault }).unwrap();
    minutes(&mut session, 125.0);
    assert!(downtime_s(&session) > 0.0);
    let late = Deed::Suppress { inject: "message 1. CEO says".to_owned() };
    assert!(matches!(session.act(FACILITATOR, "", "", late), Err(Denied::Wrong(_))), "it has come already");
}

#[test]
fn seats_see_and_do_what_is_theirs() {
    let mut session = Session::new(plan());
    minutes(&mut session, 75.0);
    for seat in ["observer", "communications", "incident commander", "vendor"] {
        assert_eq!(session.act(seat, "", "", order()).unwrap_err(), Denied::NotYours);
    }
    assert_eq!(session.act("operations", "", "", Deed::Pause {}).unwrap_err(), Denied::NotYours);
    assert_eq!(session.act("nobody", "", "", order()).unwrap_err(), Denied::NoSeat);
    let screen = |seat: &str| session.screen(seat).unwrap();
    assert!(screen("operations").truth.is_none() && screen(FACILITATOR).truth.is_some());
    assert!(screen("operations").talk.is_empty(), "the CEO has not asked operations");
    assert_eq!(screen("incident commander").talk[0].text, "What do I tell the press?");
    // The crash was at 60 minutes: the check has noticed, the measurements have come, users complain.
    let alerts = screen("operations").alerts;
    assert!(alerts.iter().any(|alert| alert.says == "the active member of db does not answer"), "{alerts:?}");
    assert!(alerts.iter().any(|alert| alert.says.contains("of requests fail")), "{alerts:?}");
    assert!(alerts.iter().all(|alert| alert.is_false.is_none()));
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    use firedrill::rehearse::{Header, Log};
    let mut session = Session::new(plan());
    let mut text = serde_json::to_string(&Header::of(session.plan(), &[])).unwrap() + "\n";
    let mut ends = vec![(text.len(), 0)];
    for minute in 51..90 {
        let deed = if minute == 80 { order() } else { Deed::Reach { to_s: f64::from(minute) * 60.0 } };
        let seat = if minute == 80 { "operations" } else { FACILITATOR };
        let entry: &Entry = session.act(seat, "", "12:00", deed).unwrap();
        text += &(serde_json::to_string(entry).unwrap() + "\n");
        ends.push((text.len(), session.entries().len()));
    }
    // Cut off anywhere, it is the log of what had been written whole.
    for cut in (0..text.len()).step_by(37) {
        let Some((whole, count)) = ends.iter().rev().find(|(end, _)| *end <= cut) else {
            assert!(Log::read(&text[..cut]).is_err());
            continue;
        };
        let log = Log::read(&text[..cut]).unwrap();
        assert_eq!((log.whole, log.entries.len()), (*whole, *count));
        assert_eq!(log.entries, session.entries()[..*count]);
    }
}

/// Two sites of which people decide which serves, and a plan that replaces a part.
const PLANNED: &str = r#"Scenario(
    format: 1,
    title: "people decide, and plan",
    clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
    sites: {"a": (), "b": ()},
    links: [(between: ("a", "b"), rtt: "10ms")],
    groups: {"home": (members: ["a", "b"])},
    services: {"web": (runs_at: {"a": (servers: 8), "b": (servers: 8)}, takes: exponential(mean: "50ms"))},
    features: {"read": (calls: [hard(to: "web")])},
    people: {"readers": (users: 100, uses: {"read": "2/min"}, served_by: "home")},
    strategies: {"people": (failover: {"home": (
        detect: probe(every: "10s", fails: 3), decide: people(takes: fixed("20m")), promote: (takes: fixed("30s")),
    )})},
    maintenance: {"upgrade": (starts: "10:00", announced: "1h", takes: fixed("2h"), takes_down: ["a"])},
    drill: [at("09:00", crash(of: "a", repaired_after: "6h"))],
)"#;

fn planned() -> Session {
    let choice = Choice::default();
    Session::new(Plan::of(&Source::new("planned.ron", PLANNED), &choice, LUCK).unwrap())
}

#[test]
fn what_people_decide_waits_until_they_do() {
    let mut session = planned();
    minutes(&mut session, 100.0);
    // Twenty minutes after it was noticed nobody has decided anything.
    assert_eq!(downtime_s(&session), 6.0 * 3_600.0);
    let switch = Deed::SwitchOver { group: "home".to_owned(), to: "b".to_owned() };
    assert_eq!(session.act("operations", "", "", switch).unwrap().refused, None);
    assert_eq!(downtime_s(&session), 40.0 * 60.0 + 30.0);
}

#[test]
fn until_play_begins_everything_is_done_as_it_is_written() {
    // The crash is at 09:00, and people who are not played yet decide within twenty minutes; the plan begins at 10:00.
    let later = |from: &str| {
        let text = PLANNED.replace("drill: [", &format!("rehearsal: (from: \"{from}\"),\n    drill: ["));
        let plan = Plan::of(&Source::new("planned.ron", text), &Choice::default(), LUCK).unwrap();
        plan.with_nobody(&Default::default()).run(LUCK).outcome
    };
    let [early, between, late] = ["08:30", "09:40", "10:30"].map(later);
    let down_s = |outcome: &firedrill::metrics::Outcome| outcome.people["readers"].downtime_s;
    assert_eq!(down_s(&early), 6.0 * 3_600.0, "nobody decides");
    assert!((1_220.0..1_270.0).contains(&down_s(&between)), "{}: it was decided before", down_s(&between));
    let began = |outcome: &firedrill::metrics::Outcome| !outcome.maintenance.is_empty();
    assert!(!began(&between) && began(&late), "the plan begins as it is written, if that is before");
}

#[test]
fn a_maintenance_begins_and_ends_when_somebody_says_so() {
    let mut session = planned();
    session.act(FACILITATOR, "", "", Deed::Suppress { inject: "1. crash of a for 6h".to_owned() }).unwrap();
    minutes(&mut session, 180.0);
    // Its hour has come and gone.
    assert_eq!(downtime_s(&session), 0.0);
    let early = session.act("operations", "", "", Deed::CallOffMaintenance {}).unwrap().refused.clone();
    assert!(early.is_some(), "nothing is under way");
    session.act("communications", "", "", Deed::AnnounceMaintenance {}).unwrap();
    session.act("operations", "", "", Deed::BeginMaintenance {}).unwrap();
    assert_eq!(downtime_s(&session), 2.0 * 3_600.0);
    minutes(&mut session, 200.0);
    assert!(session.act("operations", "", "", Deed::BeginMaintenance {}).unwrap().refused.is_some(), "it is under way");
    session.act("incident commander", "", "", Deed::CallOffMaintenance {}).unwrap();
    // Undoing takes as long as has been worked.
    assert_eq!(downtime_s(&session), 40.0 * 60.0);
}

/// What somebody at a seat may want to do, by a number: whatever the file offers, words, and things that make no sense.
fn wish(session: &Session, number: u64) -> (String, Deed) {
    let seats = &session.plan().seats;
    let seat = &seats[number as usize % seats.len()].name;
    let screen = session.screen(seat).unwrap();
    let number = number / seats.len() as u64;
    let offers: Vec<Deed> =
        screen.offers.iter().flat_map(|offer| [Some(offer.deed.clone()), offer.back.clone()]).flatten().collect();
    let suspects = &screen.suspects;
    let deed = match number % 8 {
        0..=3 if !offers.is_empty() => offers[(number / 8) as usize % offers.len()].clone(),
        4 => Deed::Tell { text: "we know".to_owned() },
        5 => Deed::Think { text: String::new(), about: suspects[(number / 8) as usize % suspects.len()].clone() },
        6 if seat == FACILITATOR => {
            let menu = &session.plan().menu;
            Deed::Add { fault: menu[(number / 8) as usize % menu.len()].name.clone() }
        }
        7 if seat == FACILITATOR => {
            let injects = &session.plan().injects;
            Deed::Suppress { inject: injects[(number / 8) as usize % injects.len()].name.clone() }
        }
        _ => Deed::Say { text: "hello".to_owned(), to: Vec::new() },
    };
    (seat.clone(), deed)
}

/// Whatever is done in whatever order, the log alone gives the same run, the same screens, and the same branches.
#[test]
fn whatever_is_played_the_log_is_all_of_it() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let files = ["itslearning-2016-10", "retry-storm"].map(|name| {
        let path = format!("{}/scenarios/{name}.ron", env!("CARGO_MANIFEST_DIR"));
        Plan::of(&Source::new(name, std::fs::read_to_string(path).unwrap()), &Choice::default(), LUCK).unwrap()
    });
    let config = Config { cases: common::campaign(8, 60), failure_persistence: None, ..Config::default() };
    let steps = proptest::collection::vec((any::<u64>(), 0.0..0.2f64, 0..12u8), 1..16);
    TestRunner::new(config)
        .run(&(0..2usize, steps), |(file, steps)| {
            let plan = &files[file];
            let mut session = Session::new(plan.clone());
            for (number, share, back) in steps {
                let (from, to) = (plan.from.seconds(), plan.to.seconds());
                let now = session.now().seconds();
                if back == 0 && now > from {
                    let deed = Deed::Back { to_s: from + (now - from) * share * 5.0, name: "again".to_owned() };
                    session.act(FACILITATOR, "", "", deed).unwrap();
                } else {
                    let to_s = (now + (to - from) * share).min(to);
                    session.act(FACILITATOR, "", "", Deed::Reach { to_s }).unwrap();
                }
                let (seat, deed) = wish(&session, number);
                // What that seat may not do changes nothing.
                let _ = session.act(&seat, "", "", deed);
            }
            let resumed = Session::resume(plan.clone(), session.entries().to_vec());
            prop_assert_eq!(resumed.now(), session.now());
            for seat in &plan.seats {
                let (mine, theirs) = (session.screen(&seat.name).unwrap(), resumed.screen(&seat.name).unwrap());
                prop_assert_eq!(mine, theirs);
            }
            let play = plan.play_of(session.branch(), session.entries());
            let alone = play.felt(LUCK).provenance.digest;
            prop_assert_eq!(&session.live().digest_at_the_end(), &alone);
            prop_assert_eq!(&resumed.live().digest_at_the_end(), &alone);
            Ok(())
        })
        .unwrap();
}
