//! What is four times as large takes four times as long to check, and not sixteen times.

use firedrill::lint;
use firedrill::load;
use firedrill::report::diagnostics;
use firedrill::scenario::Source;
use std::time::{Duration, Instant};

fn scenario(title: &str, zone: &str, more: &str) -> String {
    format!(
        r#"Scenario(
    format: 1,
    title: "{title}",
    clock: (from: "2024-01-01T00:00", zone: "{zone}", horizon: "1h"),
    sites: {{"a": ()}},
    services: {{"web": (runs_at: {{"a": (servers: 1)}}, takes: fixed("5ms"), queue: 10)}},
    features: {{"page": (calls: [hard(to: "web")])}},
    people: {{"all": (users: 10, uses: {{"page": "30/min"}}, served_by: "a")}},
    {more}
)"#
    )
}

fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

fn assumptions(count: usize) -> String {
    let one = |i| format!("\"c{i}\": (fails: exponential(mean: \"{}d\")), // assumed: as in year {i}\n", i + 1);
    scenario("many", "UTC", &format!("components: {{{}}},", many(count, one)))
}

fn names_that_nothing_bears(count: usize) -> String {
    let one = |i| format!("\"c{i}\": (repair: (takes: fixed(\"1h\"), crew: \"nobody {i}\")),\n");
    scenario("many", "UTC", &format!("components: {{{}}},", many(count, one)))
}

fn zone(count: usize) -> String {
    scenario("a zone", &"Europe/Berlin".repeat(count), "")
}

fn nested(count: usize) -> String {
    scenario("nested", "UTC", &format!("currency: {}\"EUR\"{},", "Some(".repeat(count), ")".repeat(count)))
}

/// The quickest of some, so that what else the machine does is left out.
#[expect(clippy::disallowed_methods, reason = "it is the time that is asked for")]
fn took(text: &str) -> Duration {
    let once = || {
        let began = Instant::now();
        let source = Source::new("grown.ron", text);
        if let Err(mistakes) = load::check(&source) {
            diagnostics::render(&source, &mistakes.0, false);
        }
        lint::warnings(&source);
        began.elapsed()
    };
    (0..4).map(|_| once()).min().unwrap_or_default()
}

#[test]
#[ignore = "it measures time: .ci/hostile"]
fn what_grows_takes_as_much_longer() {
    type Grown = fn(usize) -> String;
    let growing: [(&str, usize, Grown); 4] = [
        ("assumptions", 1_500, assumptions),
        ("names that nothing bears", 500, names_that_nothing_bears),
        ("the name of a zone", 20_000, zone),
        ("Some within Some", 7, nested),
    ];
    for (what, count, text) in growing {
        let (one, four) = (took(&text(count)), took(&text(4 * count)));
        // Between four times and sixteen times; a fixed part of a few milliseconds is no growth.
        assert!(four < 9 * one + Duration::from_millis(20), "{what}: {one:?}, and four times as many {four:?}");
    }
}
