//! The request engine against a second one, written without it: nothing clever, only what the format says.
//!
//! Where the engine has flat programs, this one has a stack of visits for each request; where that one has a queue of events
//! with stale ones among them, this one has a list in order, and takes out what will not happen. Both draw from the same
//! streams. They must tell the same, event for event.
//!
//! `FIREDRILL_NAIVE_CASES` is how many scenarios there are, `FIREDRILL_NAIVE_FROM` the first of them. In the short form there
//! are a tenth.

mod change;
mod client;
#[path = "../common/mod.rs"]
mod common;
mod desk;
mod engine;
mod request;
mod scenarios;
mod source;
mod station;
mod user;
mod way;

use engine::{Counts, Naive, Note};
use firedrill::engine::Engine;
use firedrill::load::load;
use firedrill::observe::{Answer, Interval, Observation, Observer, Visit};
use firedrill::rng::{Luck, Stream};
use firedrill::scenario::{Choice, Source};
use firedrill::units::Time;
use firedrill::world::World;
use std::sync::Arc;

/// What the engine tells.
#[derive(Default)]
struct Told {
    notes: Vec<Note>,
    counts: Vec<Counts>,
}

impl Observer for Told {
    fn saw(&mut self, _: &World, _: &Observation) {}

    fn flowed(&mut self, _: &World, span: &Interval) {
        self.counts.resize(span.uses.iter().map(Vec::len).sum(), Counts::default());
        for (counts, used) in self.counts.iter_mut().zip(span.uses.iter().flatten()) {
            counts.intended += used.intended as u64;
            counts.served += used.served as u64;
            counts.degraded += used.degraded as u64;
            counts.failed += used.failed as u64;
            counts.shed += used.shed as u64;
            counts.never_sent += used.never_sent as u64;
        }
    }

    fn answered(&mut self, _: &World, answer: &Answer) {
        let Answer { people, feature, at_ns, took_ns } = *answer;
        self.notes.push(Note::Answered { at: at_ns, people, feature, took: took_ns });
    }

    fn waited(&mut self, _: &World, visit: &Visit) {
        self.notes.push(Note::Begun { at: visit.at_ns, station: visit.station, waited: visit.took_ns });
    }

    fn visited(&mut self, _: &World, visit: &Visit) {
        self.notes.push(Note::Done { at: visit.at_ns, station: visit.station, took: visit.took_ns });
    }
}

/// Runs a scenario in both, and says where they differ.
fn differs(text: &str, luck: Luck) -> Result<(u64, u64), String> {
    let (_, world) = load(&Source::new("naive.ron", text), &Choice::default())
        .map_err(|mistakes| format!("not a scenario: {mistakes}"))?;
    let mut told = Told::default();
    let mut engine = Engine::following(Arc::clone(&world), luck, Time::ZERO, Time::NEVER).map_err(|e| e.to_string())?;
    engine.run(&mut told);
    let mut naive = Naive::new(&world, luck);
    naive.run();
    for (nth, (engine, naive)) in told.notes.iter().zip(&naive.notes).enumerate() {
        if engine != naive {
            let before = told.notes[nth.saturating_sub(5)..nth].to_vec();
            return Err(format!("after {nth} that are the same, {before:?}: {engine:?}, naively {naive:?}"));
        }
    }
    if told.notes.len() != naive.notes.len() {
        let (many, few) = (told.notes.len(), naive.notes.len());
        let next = told.notes.get(few).or(naive.notes.get(many));
        return Err(format!("{many} events, naively {few}: {next:?}"));
    }
    if told.counts != naive.counts {
        return Err(format!("{:?}, naively {:?}", told.counts, naive.counts));
    }
    let mut requests = 0;
    for (source, c) in naive.counts.iter().enumerate() {
        let ended = c.served + c.failed + c.shed + c.never_sent;
        requests += c.intended;
        if c.intended != ended + naive.under_way(source) {
            return Err(format!("{c:?} with {} under way", naive.under_way(source)));
        }
    }
    naive.check_workers()?;
    Ok((requests, told.notes.len() as u64))
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the test says how much of it")]
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

#[test]
fn both_engines_tell_the_same() {
    let (from, cases) =
        (number("FIREDRILL_NAIVE_FROM", 0), number("FIREDRILL_NAIVE_CASES", common::campaign(300, 3_000)));
    let mut wrong = Vec::new();
    let (mut requests, mut notes) = (0, 0);
    for number in from..from + cases {
        let text = scenarios::scenario(number);
        match differs(&text, Luck { seed: 5, replication: number }) {
            Ok((r, n)) => (requests, notes) = (requests + r, notes + n),
            Err(why) => wrong.push((number, why, text)),
        }
    }
    // The shortest tells most.
    wrong.sort_by_key(|(_, _, text)| text.len());
    let numbers: Vec<u64> = wrong.iter().map(|(number, _, _)| *number).collect();
    if let Some((number, why, text)) = wrong.first() {
        panic!("{} of {cases} differ: {numbers:?}\nscenario {number}: {why}\n{text}", wrong.len());
    }
    assert!(requests >= cases * 20 && notes >= requests, "{requests} requests, {notes} events of {cases} scenarios");
}

/// Both engines have one formula for the next arrival. What it comes to is said here in another way.
#[test]
fn the_nth_request_comes_when_the_integral_of_the_rate_reaches_the_sum_of_n_unit_exponentials() {
    let bends = [(0.0, 0.1), (4.0, 1.0), (4.0, 0.3), (9.0, 0.3), (15.0, 0.9), (30.0, 0.05)];
    let points: Vec<String> =
        bends.iter().map(|(at_s, share)| format!("(\"{at_s}s\", \"{}%\")", share * 100.0)).collect();
    let world = common::world(&format!(
        r#"Scenario(format: 1, title: "arrivals", clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "1min"),
            sites: {{"a": ()}},
            services: {{"work": (runs_at: {{"a": (servers: 1000)}}, takes: fixed("0s"))}},
            features: {{"do": (calls: [hard(to: "work")])}},
            people: {{"all": (users: 100, active: points([{}]), uses: {{"do": "1/s"}}, served_by: "a")}})"#,
        points.join(", ")
    ));
    let luck = Luck { seed: 3, replication: 0 };
    let mut told = Told::default();
    let mut engine = Engine::following(Arc::clone(&world), luck, Time::ZERO, Time::NEVER).expect("few calls");
    engine.run(&mut told);
    let came = told.notes.iter().filter_map(|note| match note {
        Note::Answered { at, .. } => Some(*at as f64 * 1e-9),
        _ => None,
    });
    // Requests meant until a time: trapezia between the bends, and the last share for ever.
    let meant = |at_s: f64| {
        let mut sum = 0.0;
        for pair in bends.windows(2) {
            let ((from, low), (to, high)) = (pair[0], pair[1]);
            if at_s > from && to > from {
                let until = at_s.min(to);
                let there = low + (high - low) * (until - from) / (to - from);
                sum += 100.0 * (low + there) / 2.0 * (until - from);
            }
        }
        sum + 100.0 * 0.05 * (at_s - 30.0).max(0.0)
    };
    let mut stream = Stream::new(luck, "all: do", "arrivals");
    let (mut owed, mut n) = (0.0, 0);
    for came_s in came {
        owed += firedrill::dist::exponential(&mut stream);
        n += 1;
        // Times are whole nanoseconds, cut off: each request may bring the ones after it forward by one, of a rate of 100.
        let early = owed - meant(came_s);
        assert!((-1e-6..1e-6 + f64::from(n) * 1e-7).contains(&early), "request {n}: {early} before its time");
    }
    owed += firedrill::dist::exponential(&mut stream);
    assert!(n > 1_000 && meant(60.0) < owed + 1e-6, "{n} requests of {}", meant(60.0));
}
