//! The review of a rehearsal: every number is a run, and what it says of a simple drill is what anybody can work out.

mod common;

use firedrill::rehearse::review::{Asked, Came, Lane, Review, review};
use firedrill::rehearse::{Changes, Deed, FACILITATOR, Fork, Plan, Session};
use firedrill::report::{html, markdown, text};
use firedrill::rng::Luck;
use firedrill::scenario::{Choice, Source};
use firedrill::study::Alone;
use firedrill::units::{Duration, Time};

/// A thousand readers who are always there, a database that fails after an hour and that nobody repairs, and a runbook that switches
/// over after four hours.
const DRILL: &str = r#"Scenario(
    format: 1,
    title: "a database that nobody fails over",
    clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
    sites: {"a": (), "b": ()},
    links: [(between: ("a", "b"), rtt: "10ms")],
    components: {"a/db": (at: "a", repair: (takes: fixed("1d"))), "b/db": (at: "b")},
    groups: {"db": (members: ["a/db", "b/db"])},
    services: {"web": (runs_at: {"a": (servers: 8, workers: 8)}, takes: exponential(mean: "50ms"), stands_on: all(["db"]))},
    features: {"read": (calls: [hard(to: "web")])},
    people: {"readers": (users: 1000, uses: {"read": "2/min"}, served_by: "a")},
    teams: {"shift": ()},
    strategies: {"people": (
        failover: {"db": (detect: probe(every: "10s", fails: 3), promote: (takes: fixed("30s")), fails_on_demand: "100%")},
        runbook: {
            "fail over": (at: "13:00", by: "shift", lead: fixed("10m"), does: [switch_over(group: "db", to: "b/db")]),
            "half away": (at: "14:00", by: "shift", does: [shed(share: "50%")]),
        },
    )},
    drill: [at("09:00", crash(of: "a/db"))],
    rehearsal: (from: "08:50", to: "16:00", monitoring: (false_alarms_per_day: 0)),
)"#;

fn plan() -> Plan {
    Plan::of(&Source::new("drill.ron", DRILL), &Choice::default(), Luck { seed: 1, replication: 0 }).unwrap()
}

/// Plays these deeds: seat, minute of the run, what.
fn played(deeds: &[(&str, f64, Deed)], to: f64) -> Session {
    let mut session = Session::new(plan());
    let reach = |session: &mut Session, to: f64| {
        session.act(FACILITATOR, "", "", Deed::Reach { to_s: to * 60.0 }).unwrap();
    };
    for (seat, at, deed) in deeds {
        reach(&mut session, *at);
        session.act(seat, "Ada", "", deed.clone()).unwrap();
    }
    reach(&mut session, to);
    session
}

fn order(measure: &str) -> Deed {
    Deed::Order { measure: measure.to_owned() }
}

fn tell(text: &str) -> Deed {
    Deed::Tell { text: text.to_owned() }
}

fn look_back(session: &Session) -> Review {
    let asked = Asked { branch: session.branches().len() - 1, draws: 4, without_names: false };
    review(session.plan(), session.entries(), &asked, &mut Alone).unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-3 * b.abs().max(1.0)
}

#[test]
fn a_decision_is_worth_what_would_have_been_lost_without_it() {
    let session = played(&[("operations", 80.0, order("fail over"))], 300.0);
    let review = look_back(&session);
    // With it a thousand readers are down from minute 60 for 20 + 10 minutes and 30 s; without it to the end of play, for seven hours.
    assert!(near(review.as_played.lost, 30_500.0), "{:?}", review.as_played);
    assert!(near(review.with_nobody.lost, 420_000.0), "{:?}", review.with_nobody);
    // The runbook as it is written orders it at 13:00, and turns half of them away from 14:00 on.
    assert!(near(review.by_runbook.lost, 250_500.0 + 60_000.0), "{:?}", review.by_runbook);
    assert_eq!(review.decisions.len(), 1);
    let decision = &review.decisions[0];
    assert!(near(decision.saved.here, 389_500.0), "{:?}", decision.saved);
    assert!(near(decision.earlier.here, 10_000.0), "{:?}", decision.earlier);
    // Nothing of it is drawn but when the health check comes, which nobody waited for.
    assert!(near(decision.saved.interval.0, 389_500.0) && near(decision.saved.interval.1, 389_500.0));
    assert!(!decision.saved.is_luck());
}

#[test]
fn what_was_refused_once_is_not_done_in_a_run_that_is_thought_of() {
    let deeds = [("operations", 65.0, order("fail over")), ("operations", 66.0, order("fail over"))];
    let session = played(&deeds, 300.0);
    assert!(session.entries().iter().any(|entry| entry.refused.is_some()), "the second press");
    let review = look_back(&session);
    assert_eq!(review.decisions.len(), 1);
    // 15 and a half minutes against seven hours, until play ends.
    assert!(near(review.decisions[0].saved.here, 420_000.0 - 15_500.0), "{:?}", review.decisions);
}

#[test]
fn nobody_could_have_decided_before_anything_could_be_seen() {
    let review = look_back(&played(&[("operations", 65.0, order("fail over"))], 300.0));
    let decision = &review.decisions[0];
    // The crash is at minute 60, and its third check fails half a minute later at most.
    assert!((270.0..=281.0).contains(&decision.earlier_by_s), "{decision:?}");
    assert!(near(decision.earlier.here, decision.earlier_by_s / 60.0 * 1_000.0), "{decision:?}");
}

#[test]
fn users_who_are_worse_off_are_a_fault_whatever_it_is_due_to() {
    let surge = r#"at("09:00", surge(of: "readers", by: "x60"))"#;
    let impatient = r#"{"read": (calls: [hard(to: "web")], timeout: "5s")}"#;
    let text = DRILL.replace(r#"at("09:00", crash(of: "a/db"))"#, surge);
    let text = text.replace(r#"{"read": (calls: [hard(to: "web")])}"#, impatient);
    assert!(text.contains(surge) && text.contains(impatient));
    let plan = Plan::of(&Source::new("surge.ron", text), &Choice::default(), Luck { seed: 1, replication: 0 }).unwrap();
    let mut session = Session::new(plan);
    session.act(FACILITATOR, "", "", Deed::Reach { to_s: 7_200.0 }).unwrap();
    session.act("communications", "", "", tell("it is slow")).unwrap();
    session.act(FACILITATOR, "", "", Deed::Reach { to_s: 9_000.0 }).unwrap();
    let times = look_back(&session).times;
    assert!(times.fault_at.is_some() && times.to_tell_s.is_some(), "{times:?}");
}

#[test]
fn harm_is_told_as_harm() {
    let deeds = [("operations", 65.0, order("fail over")), ("operations", 120.0, order("half away"))];
    let review = look_back(&played(&deeds, 300.0));
    let [saves, costs] = &review.decisions[..] else { panic!("{:?}", review.decisions) };
    assert!(saves.saved.here > 0.0, "{saves:?}");
    // Half of what is asked for from minute 120 to the end of play.
    assert!(near(costs.saved.here, -180_000.0), "{costs:?}");
    assert!(review.talk.questions.iter().any(|question| question.contains("half away")), "{:?}", review.talk);
}

#[test]
fn the_best_reply_is_found_and_its_time_runs_out() {
    let review = look_back(&played(&[], 420.0));
    let steps: Vec<&str> = review.best_reply.steps.iter().map(|step| step.what.as_str()).collect();
    assert_eq!(steps, ["orders: fail over"], "{:?}", review.best_reply);
    // What is left after its last step is what is told of it as a whole.
    for reply in [&review.best_reply, &review.with_hindsight] {
        assert_eq!(reply.steps.last().unwrap().lost, reply.lost);
    }
    // It begins at the first sign: the third failed check, 20 to 30 s after the crash. Then ten minutes, and 30 s.
    assert!((10_800.0..11_050.0).contains(&review.best_reply.lost), "{:?}", review.best_reply);
    // With hindsight it is ordered with the beginning of play, and ready when the database fails: half a minute to promote is left.
    assert!(near(review.with_hindsight.lost, 500.0), "{:?}", review.with_hindsight);
    // Nothing was done, and seven hours were lost: from half of them on most was sealed, less what the reply takes: 3 h 19.5 min.
    let no_return = review.no_return.unwrap();
    let sealed_s = no_return.sealed_s.unwrap();
    let step_s = 7.0 * 3_600.0 / 24.0;
    let exact_s = 3_600.0 + 3.5 * 3_600.0 - 630.0;
    assert!((exact_s..=exact_s + step_s).contains(&sealed_s), "{no_return:?}");
    assert!(no_return.half_gone_at.is_some());
    assert!(no_return.lost_from.windows(2).all(|pair| pair[0].1 <= pair[1].1 + 1.0), "later is never better here");
}

#[test]
fn the_times_that_count_are_counted_from_the_fault() {
    let think = |about: &str| Deed::Think { text: String::new(), about: about.to_owned() };
    let deeds = [
        ("observer", 61.0, Deed::Look { at: "readers: errors".to_owned() }),
        ("operations", 63.0, think("web")),
        ("operations", 66.0, think("db")),
        ("incident commander", 70.0, Deed::Decide { text: "fail over".to_owned() }),
        ("operations", 75.0, order("fail over")),
        ("communications", 80.0, tell("we are on it, more at 10:00")),
    ];
    let review = look_back(&played(&deeds, 300.0));
    let times = &review.times;
    assert!(times.to_show_s.is_some_and(|s| (20.0..=30.0).contains(&s)), "{times:?}");
    let minutes = [times.to_notice_s, times.to_understand_s, times.to_decide_s, times.to_act_s, times.to_tell_s];
    assert_eq!(minutes.map(|s| s.unwrap() / 60.0), [1.0, 6.0, 10.0, 15.0, 20.0]);
    assert_eq!(times.as_played.restored_s.map(|s| s.round()), Some(15.0 * 60.0 + 630.0));
    assert_eq!(times.with_nobody.restored_s, None);
    // More was promised for 10:00, and nothing came.
    assert_eq!(review.promises.len(), 1);
    assert!(review.promises[0].but.contains("nothing more was told"), "{:?}", review.promises);
    let lanes = |lane: Lane| review.story.iter().filter(|moment| moment.lane == lane).count();
    assert_eq!((lanes(Lane::Thought), lanes(Lane::Said), lanes(Lane::Done)), (2, 1, 2));
}

#[test]
fn words_that_do_not_hold_are_held_against_the_run() {
    let deeds = [
        ("communications", 70.0, tell("It will be back at 09:30.")),
        ("communications", 90.0, tell("All services are restored.")),
        ("operations", 100.0, order("fail over")),
        ("communications", 130.0, tell("All services are restored.")),
    ];
    let review = look_back(&played(&deeds, 300.0));
    let at: Vec<&str> = review.promises.iter().map(|promise| promise.at.as_str()).collect();
    assert_eq!(at, ["Mon 04 Mar 09:10:00", "Mon 04 Mar 09:30:00"], "{:?}", review.promises);
}

#[test]
fn nothing_that_went_wrong_is_nothing_to_review() {
    let mut session = Session::new(plan());
    session.act(FACILITATOR, "", "", Deed::Suppress { inject: "1. crash of a/db".to_owned() }).unwrap();
    session.act(FACILITATOR, "", "", Deed::Reach { to_s: 7_200.0 }).unwrap();
    let review = look_back(&session);
    assert_eq!((review.times.fault_at.as_deref(), review.as_played.lost), (None, 0.0));
    assert!(review.decisions.is_empty() && review.no_return.is_none() && review.best_reply.steps.is_empty());
}

#[test]
fn what_players_type_is_never_markup_and_names_can_be_left_out() {
    let hostile = "<script>alert(1)</script>|`x`";
    let mut session = Session::new(plan());
    session.act(FACILITATOR, "", "", Deed::Reach { to_s: 4_200.0 }).unwrap();
    session.act("communications", hostile, "", tell(hostile)).unwrap();
    session.act("operations", "Ada", "", order("fail over")).unwrap();
    let made = look_back(&session);
    let embedded = html::EmbeddedReview {
        name: hostile.to_owned(),
        scenario: String::new(),
        recordings: Vec::new(),
        log: hostile.to_owned(),
        branch: made.branch.clone(),
        draws: 4,
        without_names: false,
        replay: Some(hostile.to_owned()),
        served: false,
    };
    let page = html::render_review(&made, &embedded, None);
    assert!(!page.contains("<script"), "markup of a player");
    assert_eq!(html::extract_review(&page), Some(embedded));
    let markdown = markdown::render_review(&made, None);
    assert!(!markdown.contains("<script") && markdown.contains("Ada"));
    let asked = Asked { branch: 0, draws: 2, without_names: true };
    let without = review(session.plan(), session.entries(), &asked, &mut Alone).unwrap();
    assert!(!markdown::render_review(&without, None).contains("Ada"));
    for width in [60, 80, 120] {
        let layout = text::Layout { width, colour: false, replay: None };
        let shown = text::render_review(&made, layout);
        let widest = shown.lines().map(text::width).max();
        assert!(widest.is_some_and(|widest| widest <= width), "{widest:?} at {width} columns:\n{shown}");
    }
}

/// The drill in which the database fails by chance, and is repaired for good or after a time that is drawn.
fn by_chance(fails: &str, takes: &str, seed: u64) -> Plan {
    let old = r#""a/db": (at: "a", repair: (takes: fixed("1d")))"#;
    let new = format!(r#""a/db": (at: "a"{fails}, repair: (takes: {takes}))"#);
    let mut text = DRILL.replace(old, &new);
    if !fails.is_empty() {
        text = text.replace(r#"drill: [at("09:00", crash(of: "a/db"))],"#, "");
    }
    assert!(text.contains(&new));
    Plan::of(&Source::new("chance.ron", text), &Choice::default(), Luck { seed, replication: 0 }).unwrap()
}

fn decided_at(plan: Plan, minute: f64, draws: u64) -> Review {
    let mut session = Session::new(plan);
    session.act(FACILITATOR, "", "", Deed::Reach { to_s: minute * 60.0 }).unwrap();
    session.act("operations", "", "", order("fail over")).unwrap();
    session.act(FACILITATOR, "", "", Deed::Reach { to_s: 28_800.0 }).unwrap();
    let asked = Asked { branch: 0, draws, without_names: false };
    review(session.plan(), session.entries(), &asked, &mut Alone).unwrap()
}

#[test]
fn what_had_happened_before_a_decision_happens_in_every_redraw() {
    let fails = r#", fails: exponential(mean: "3h")"#;
    // Of many seeds one under which it fails between the beginning of play and the decision: in a run drawn from the start it would
    // mostly fail at another time.
    let fails_in_time = |seed: &u64| {
        let mut session = Session::new(by_chance(fails, r#"fixed("1d")"#, *seed));
        session.act(FACILITATOR, "", "", Deed::Reach { to_s: 7_200.0 }).unwrap();
        session.live().lines().iter().any(|line| line.text.contains("a/db") && line.at_s > 3_600.0)
    };
    let seed = (1..200).find(fails_in_time).expect("one of them");
    let review = decided_at(by_chance(fails, r#"fixed("1d")"#, seed), 125.0, 12);
    let [decision] = &review.decisions[..] else { panic!("{:?}", review.decisions) };
    // Nothing was pending but what cannot come before play ends: every redraw is the run that was played.
    let saved = decision.saved;
    assert!(saved.here > 100_000.0, "{saved:?}");
    assert!(near(saved.mean, saved.here) && near(saved.interval.0, saved.here) && near(saved.interval.1, saved.here));
}

#[test]
fn what_was_pending_is_drawn_anew_given_that_it_had_not_come() {
    // Repairs take two hours in the mean, without a memory: 20 minutes after the crash there are two hours left in the mean.
    let review = decided_at(by_chance("", r#"exponential(mean: "2h")"#, 3), 80.0, 400);
    let [decision] = &review.decisions[..] else { panic!("{:?}", review.decisions) };
    let (mean, (low, high)) = (decision.saved.mean, decision.saved.interval);
    // Without it down until it is repaired or play ends, 400 minutes later; with it until it is repaired or 10.5 minutes later:
    // of a thousand, m (1 - e^-t/m) minutes each.
    let until = |t: f64| 120.0 * (1.0 - firedrill::num::exp(-t / 120.0));
    let exact = 1_000.0 * (until(400.0) - until(10.5));
    assert!((mean - exact).abs() < 1.5 * (high - low) / 2.0, "{mean} is not {exact}: {:?}", decision.saved);
    assert!(high - low < 0.25 * exact, "{:?}", decision.saved);
    // Between three and five hours all in all: 20 minutes tell nothing of it, and it lasts for all of them.
    let review = decided_at(by_chance("", r#"uniform("3h", "5h")"#, 3), 80.0, 400);
    let (mean, (low, high)) = (review.decisions[0].saved.mean, review.decisions[0].saved.interval);
    let exact = 1_000.0 * (240.0 - 20.0 - 10.5);
    assert!((mean - exact).abs() < 1.5 * (high - low) / 2.0, "{mean} is not {exact}");
}

#[test]
fn a_fork_has_the_same_past_and_another_future() {
    let plan = by_chance(r#", fails: weibull(shape: 2, mean: "2h")"#, r#"exponential(mean: "20m")"#, 5);
    let play = plan.with_nobody(&Changes::default());
    let mut fork = Fork::at_start(&play, plan.luck);
    fork.go_on(&[], Time::ZERO.after(Duration::from_seconds(5.0 * 3_600.0)));
    let mut ends = std::collections::BTreeSet::new();
    for replication in 1..=20 {
        let luck = Luck { seed: 5, replication };
        let redrawn = fork.with_luck(luck);
        assert_eq!(redrawn.digest(), fork.digest());
        let (once, again) = (redrawn.felt([]), fork.with_luck(luck).felt([]));
        assert_eq!(once.provenance.digest, again.provenance.digest);
        ends.insert(once.provenance.digest);
    }
    assert!(ends.len() > 15, "{ends:?}");
}

#[test]
fn what_was_expected_is_held_against_what_was_done() {
    let injects = r#"injects: [
        (at: "09:05", from: "a reader", says: "It does not work.", expects: "a first word", wants: [tell], within: "10m"),
        (at: "09:10", expects: "somebody looks at the database", wants: [think("db"), look("db")], within: "10m"),
        (at: "09:15", expects: "it is ordered", wants: [order("fail over")], within: "5m"),
        (at: "09:20", from: "CEO", to: ["incident commander"], says: "When?", expects: "no time that nobody knows"),
        (at: "09:25", wants: [call_vendor("a/db")]),
        (at: "09:26", expects: "the others know", wants: [say]),
        (at: "09:27", expects: "operations tells the others", wants: [say], by: ["operations"]),
        (at: "09:28", from: "a reader", says: "And now?", expects: "a word that holds", wants: [tell]),
        (at: "09:31", from: "a reader", says: "And now?", expects: "another word", wants: [tell]),
        (at: "15:50", expects: "too late to matter", wants: [decide]),
    ], monitoring:"#;
    let text = DRILL.replace("monitoring:", injects);
    let plan = Plan::of(&Source::new("drill.ron", text), &Choice::default(), Luck { seed: 1, replication: 0 }).unwrap();
    let mut session = Session::new(plan);
    let think = Deed::Think { text: String::new(), about: "db".to_owned() };
    let decide = Deed::Decide { text: "say nothing yet".to_owned() };
    let deeds = [
        ("operations", 62.0, order("fail over")),
        ("communications", 64.0, tell("too early to be the answer")),
        ("communications", 68.0, tell("we know")),
        // Whoever asks before 09:30 has his answer; after it, somebody has to tell more.
        ("communications", 69.0, tell("Next word at 09:30.")),
        ("operations", 82.0, think),
        ("incident commander", 84.0, decide),
        ("observer", 85.5, Deed::Say { text: "too early".to_owned(), to: Vec::new() }),
        // Another seat than the one of which it is expected.
        ("observer", 88.0, Deed::Say { text: "it is down".to_owned(), to: Vec::new() }),
    ];
    for (seat, at, deed) in deeds {
        session.act(FACILITATOR, "", "", Deed::Reach { to_s: at * 60.0 }).unwrap();
        session.act(seat, "Ada", "", deed).unwrap();
    }
    session.act(FACILITATOR, "", "", Deed::Reach { to_s: 7_200.0 }).unwrap();
    let review = look_back(&session);
    let came: Vec<&Came> = review.expected.iter().map(|expected| &expected.came).collect();
    let [Came::Done(told), Came::Late(thought), Came::Done(ordered), Came::Judge(next), Came::NotDone, said @ ..] =
        &came[..]
    else {
        panic!("{:#?}", review.expected)
    };
    let [Came::Done(anybody), Came::NotDone, Came::Done(still_holds), Came::NotDone] = said else {
        panic!("{said:#?}")
    };
    assert_eq!((anybody.after_s, anybody.seat.as_str()), (120.0, "observer (Ada)"));
    assert_eq!((still_holds.after_s, still_holds.what.contains("09:30")), (-1_140.0, true));
    assert_eq!((told.after_s, told.seat.as_str()), (180.0, "communications (Ada)"));
    assert_eq!((thought.after_s, ordered.after_s), (720.0, -780.0));
    assert_eq!(*next, ["incident commander (Ada) decides: say nothing yet"]);
    assert!(review.talk.to_improve.iter().any(|line| line.contains("09:25") && line.contains("vendor of a/db")));
    let markdown = markdown::render_review(&review, None);
    assert!(markdown.contains("## What was expected") && markdown.contains("late, after 12 min"), "{markdown}");
}

/// Two databases behind one service: whichever fails, readers see the same, and each has a measure that helps against its own failure
/// alone; turning half of them away never helps.
const ALIKE: &str = r#"Scenario(
    format: 1,
    title: "it could be either",
    clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
    sites: {"a": (), "b": ()},
    links: [(between: ("a", "b"), rtt: "10ms")],
    components: {
        "a/one": (at: "a", repair: (takes: fixed("1d"))), "b/one": (at: "b"),
        "a/two": (at: "a", repair: (takes: fixed("1d"))), "b/two": (at: "b"),
        "lamp": (at: "a"),
    },
    groups: {"one": (members: ["a/one", "b/one"]), "two": (members: ["a/two", "b/two"])},
    services: {"web": (runs_at: {"a": (servers: 8, workers: 8)}, takes: exponential(mean: "50ms"), stands_on: all(["one", "two"]))},
    features: {"read": (calls: [hard(to: "web")])},
    people: {"readers": (users: 1000, uses: {"read": "2/min"}, served_by: "a")},
    strategies: {"people": (failover: {
        "one": (detect: heartbeat(every: "1h", grace: "11h"), promote: (takes: fixed("30s"))),
        "two": (detect: heartbeat(every: "1h", grace: "11h"), promote: (takes: fixed("30s"))),
    })},
    drill: [at("09:00", crash(of: "a/one"))],
    rehearsal: (from: "08:50", to: "16:00", monitoring: (false_alarms_per_day: 0, gaps: "0%")),
)"#;

#[test]
fn without_hindsight_the_reply_is_to_all_that_it_could_have_been() {
    let plan =
        Plan::of(&Source::new("alike.ron", ALIKE), &Choice::default(), Luck { seed: 1, replication: 0 }).unwrap();
    let mut session = Session::new(plan);
    session.act(FACILITATOR, "", "", Deed::Reach { to_s: 7_200.0 }).unwrap();
    let review = look_back(&session);
    let suspects = &review.best_reply.suspects;
    // Both databases look alike; the lamp shows nothing, and the site takes more away than this.
    assert!(suspects.iter().any(|name| name.contains("a/two")), "{suspects:?}");
    assert!(!suspects.iter().any(|name| name.contains("lamp")), "{suspects:?}");
    let steps = |reply: &firedrill::rehearse::review::Reply| {
        reply.steps.iter().map(|step| step.what.clone()).collect::<std::collections::BTreeSet<String>>()
    };
    // Who knows switches one over; who does not switches both.
    assert_eq!(steps(&review.with_hindsight).len(), 1, "{:?}", review.with_hindsight);
    let by_sight = steps(&review.best_reply);
    assert!(by_sight.iter().any(|what| what.contains("one")) && by_sight.iter().any(|what| what.contains("two")));
    assert!(text::render_review(&review, text::Layout { width: 80, colour: false, replay: None }).contains("as well"));
}
