//! Designs that are held against a bad day and against a year: objectives `under: year`.

use crate::common::assert_near;
use firedrill::load::check;
use firedrill::scenario::{Choice, Source, Under};
use firedrill::study::{Comparison, Judgement, Protocol, Study, Wanted};

/// A site whose database fails every hundred days for an hour, and on the day of the drill for half of one.
fn site(objectives: &str) -> Source {
    let text = format!(
        r#"Scenario(format: 1, title: "a day and a year",
            clock: (from: "2024-03-04T00:00", zone: "UTC", horizon: "1d"),
            sites: {{"a": ()}},
            components: {{"db": (at: "a", fails: fixed("100d"), repair: (takes: fixed("1h")))}},
            services: {{"web": (runs_at: {{"a": (servers: 4)}}, takes: fixed("10ms"), stands_on: all(["db"]))}},
            features: {{"page": (calls: [hard(to: "web")])}},
            people: {{"all": (users: 100, uses: {{"page": "60/h"}}, served_by: "a")}},
            drill: [at("08:00", crash(of: "db", repaired_after: "30m"))],
            objectives: {{ {objectives} }})"#
    );
    Source::new("site.ron", text)
}

fn study(source: &Source, replications: u64) -> Study {
    let mut protocol = Protocol::new(1, replications);
    protocol.add_source(source);
    protocol.designs.push(Wanted::new("as written", 0, Choice::default()));
    let sound = vec![("components.db.fails".to_owned(), r#"fixed("800d")"#.to_owned())];
    protocol.designs.push(Wanted::new("sound", 0, Choice { set: sound, ..Choice::default() }));
    Study::new(protocol).unwrap_or_else(|error| panic!("{error}"))
}

fn compared(study: &Study) -> Comparison {
    let mut tally = firedrill::study::Tally::new(study);
    while let Some(batch) = tally.next_batch() {
        tally.add((0..study.designs.len()).map(|design| Some(study.batch(design, batch))).collect());
    }
    tally.comparison(tally.end())
}

const BOTH: &str = r#"
    "back in a quarter of an hour": restored(of: "all", within: "15m"),
    "back in two hours, all year": restored(of: "all", within: "2h", under: year),
    "back in a quarter of an hour, all year": restored(of: "all", within: "15m", under: year),
    "available": availability(of: "all", at_least: "99.96%", holds: on_average, under: year),
    "more available": availability(of: "all", at_least: "99.97%", holds: on_average, under: year)"#;

#[test]
fn a_day_and_a_year_are_judged_side_by_side() {
    let study = study(&site(BOTH), 3);
    let comparison = compared(&study);
    let of = |label: &str, name: &str| {
        let design = comparison.designs.iter().find(|design| design.label == label).unwrap();
        design.objectives.iter().find(|objective| objective.name == name).unwrap().clone()
    };
    let judged = |label: &str| {
        BOTH.lines()
            .filter(|line| line.contains(':'))
            .map(|line| of(label, line.trim().split('"').nth(1).unwrap()).judgement)
            .collect::<Vec<_>>()
    };
    use Judgement::{Fail, Pass};
    assert_eq!(judged("as written"), [Fail, Pass, Fail, Pass, Fail]);
    // Nothing fails within a year of the other, and on the day of the drill both are as bad.
    assert_eq!(judged("sound"), [Fail, Pass, Pass, Pass, Pass]);
    // Three hours of the year: after 100 days, and twice 100 days after a repair.
    let (mean, ..) = of("as written", "available").mean.unwrap();
    assert_near("an hour, three times", mean, 1.0 - 3.0 / 8_760.0, 1e-9);
    assert_eq!(of("as written", "available").under, Under::Year);
    // What ranks is of the drill: half an hour for both.
    let downtime = study.metrics.iter().position(|metric| metric.name == "downtime").unwrap();
    for design in 0..2 {
        assert_near("half an hour", study.row(design, 0).values[downtime], 1_800.0, 0.01);
    }
}

#[test]
fn what_fails_in_a_year_is_run_again_as_a_year() {
    let study = study(&site(BOTH), 1);
    let drill = study.protocol.shrink(0, 0, "back in a quarter of an hour", Under::Drill);
    assert!(!drill.contains("horizon"), "{drill}");
    let year = study.protocol.shrink(0, 0, "back in a quarter of an hour, all year", Under::Year);
    assert!(year.contains("--set") && year.contains("clock.horizon") && year.contains("drill=[]"), "{year}");
    let replay = study.protocol.replay_under(0, 0, Under::Year);
    assert!(replay.starts_with("firedrill run site.ron") && replay.contains("drill=[]"), "{replay}");
}

#[test]
fn an_empty_year_promises_nothing() {
    let told = |source: Source| check(&source).unwrap_err().to_string();
    let year = r#""available": availability(of: "all", at_least: "99%", under: year)"#;
    let empty = Source::new("site.ron", site(year).text.replace(r#"fails: fixed("100d"), "#, ""));
    let empty = told(empty);
    assert!(empty.contains("F403") && empty.contains("a year without its drill is empty"), "{empty}");
    let penalty = site(&year.replace("under: year", r#"under: year, penalty: "5/miss""#));
    let penalty = told(Source::new("site.ron", penalty.text.replace("format: 1,", r#"format: 1, currency: "EUR","#)));
    assert!(penalty.contains("F603") && penalty.contains("objectives.available.penalty"), "{penalty}");
}
