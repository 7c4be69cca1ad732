//! A part of the published grid of `docs/reference/agreement.md`, held to its bounds.
//!
//! The cells, their lengths and their seeds are those of the page, so that this finds what the page would show.

#[allow(dead_code, reason = "the page needs more of it")]
#[path = "../../examples/agreement/grid.rs"]
mod grid;

use crate::common::world;
use firedrill::agree::{MEANS_WITHIN, TAILS_WITHIN, mean_and_half_width};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow, run};

/// What is compared of a cell, by name.
fn measured(outcome: &Outcome) -> [(&'static str, f64); 5] {
    let used = &outcome.people["all"].features["do"];
    let latency = &used.latency.all;
    let of = |value: Option<f64>| value.unwrap_or(0.0);
    [
        ("served", used.requests.served),
        ("mean", of(latency.mean_s)),
        ("p50", of(latency.p50_s)),
        ("p95", of(latency.p95_s)),
        ("p99", of(latency.p99_s)),
    ]
}

/// Both engines on these cells of a family: row and column.
fn hold(family: &str, cells: &[(&str, &str)]) {
    let families = grid::families();
    let family = families.iter().find(|known| known.name == family).expect("a family");
    let mut wrong = Vec::new();
    for (row, column) in cells {
        let cell = family.cells.iter().find(|cell| cell.row == *row && cell.column == *column);
        let cell = cell.unwrap_or_else(|| panic!("no cell {row}, {column}"));
        let world = world(&cell.text);
        let flow = measured(&run(&world, Luck { seed: 1, replication: 0 }).outcome);
        let runs: Vec<_> = (1..=cell.replications)
            .map(|replication| {
                let luck = Luck { seed: 1, replication };
                let run = follow(&world, luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}"));
                measured(&run.outcome)
            })
            .collect();
        for (i, (name, flow)) in flow.into_iter().enumerate().filter(|(_, (name, _))| !cell.told.contains(name)) {
            let values: Vec<f64> = runs.iter().map(|run| run[i].1).collect();
            let (request, half_width) = mean_and_half_width(&values);
            let within = if matches!(name, "p95" | "p99") { TAILS_WITHIN } else { MEANS_WITHIN };
            if (flow - request).abs() > within * request && (flow - request).abs() > half_width {
                wrong.push(format!("{row}, {column}: {name} is {flow} by rates, {request} ± {half_width} by requests"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_tier_at_rest() {
    hold(
        "rest",
        &[
            ("scv 0, 1 servers", "50%"),
            ("scv 0, 10 servers", "80%"),
            ("scv 0.25, 1 servers", "70%"),
            ("scv 1, 10 servers", "80%"),
            ("scv 1, 1000 servers", "90%"),
            ("scv 4, 1 servers", "30%"),
            ("scv 4, 10 servers", "70%"),
            ("scv 4, 100 servers", "90%"),
            ("scv 16, 100 servers", "80%"),
        ],
    );
}

#[test]
fn several_tiers() {
    hold(
        "tiers",
        &[
            ("2 tiers, both 10, scv 4", "70%"),
            ("2 tiers, both 10, held, scv 0.25", "85%"),
            ("2 tiers, both 10, held, scv 1", "70%"),
            ("3 tiers, 1 each, held, scv 1", "50%"),
            ("4 tiers, 100, 40, 20 and 10, 2 calls, held, scv 1", "85%"),
        ],
    );
}

#[test]
fn timeouts_retries_and_limits() {
    hold(
        "retries",
        &[
            ("10 servers, timeout of 2 services, 1 attempt", "80%"),
            ("100 servers, timeout of 3 services, 3 attempts", "70%"),
            ("10 servers, 10 places, 3 attempts", "80%"),
        ],
    );
    hold("bounded", &[("scv 1, 10 servers, 10 places", "120%"), ("scv 4, 10 servers, 0 places", "95%")]);
}

#[test]
fn loads_that_change() {
    hold(
        "shapes",
        &[
            ("step, 100 servers, scv 1", "140%"),
            ("ramp, 10 servers, scv 4", "140%"),
            ("triangle, 10 servers, scv 0.25", "95%"),
            ("school day, 100 servers, scv 4", "140%"),
        ],
    );
}
