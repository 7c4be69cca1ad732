//! Both traffic engines over a grid of combinations, calm and troubled: where they differ by more than `docs/reference/agreement.md` allows,
//! the flow engine has to say so.

#[path = "../common/mod.rs"]
mod common;

mod axes;
mod exact;

use axes::{Calls, Cell, Client, Trouble, Whose};
use common::{campaign, mean_and_error, world};
use firedrill::agree::{MEANS_WITHIN, TAILS_WITHIN};
use firedrill::metrics::Outcome;
use firedrill::rng::Luck;
use firedrill::run::{Traffic, follow, run};

/// So small a share of what users mean to send that fails is no matter of percents.
const FEW: f64 = 0.005;
/// Runs of single requests of each cell, and Student's t for 95% of so many.
const REPLICATIONS: u64 = 4;
const T: f64 = 3.182;

#[test]
fn every_cell_is_a_scenario() {
    let cells = Cell::all();
    assert_eq!(cells.len(), 3 * 2 * 3 * 3 * (4 + 5));
    cells.iter().for_each(|cell| drop(world(&cell.text())));
}

/// What is compared: its name, how much of it there is, and what it may be off by.
fn measures(outcome: &Outcome) -> [(&'static str, f64, f64); 5] {
    let people = &outcome.people["all"];
    let requests = &people.requests;
    let latency = &people.latency.all;
    [
        ("served", requests.served, MEANS_WITHIN),
        ("lost", requests.failed + requests.shed, MEANS_WITHIN),
        ("mean", latency.mean_s.unwrap_or(0.0), MEANS_WITHIN),
        ("p95", latency.p95_s.unwrap_or(0.0), TAILS_WITHIN),
        ("busy", outcome.services["web@a"].utilisation, MEANS_WITHIN),
    ]
}

/// One measure of a cell by both engines: its name, the flow, the mean of the requests, and whether they agree.
struct Row {
    measure: &'static str,
    flow: f64,
    request: f64,
    agrees: bool,
}

/// A cell by both engines, and what the flow engine warns of.
fn compared(cell: &Cell) -> (Vec<Row>, Vec<String>) {
    let world = world(&cell.text());
    let flow = run(&world, Luck { seed: 1, replication: 0 }).outcome;
    let runs: Vec<Outcome> = (0..REPLICATIONS)
        .map(|replication| {
            let luck = Luck { seed: 1, replication };
            follow(&world, luck, Traffic::every_request()).expect("few enough requests").outcome
        })
        .collect();
    let busy = flow.services.values().map(|service| service.utilisation).fold(0.0, f64::max);
    assert!(busy <= 1.0 + 1e-9, "{cell:?}: workers are busy {busy} of the time");
    let intended = flow.people["all"].requests.intended;
    let rows = measures(&flow).into_iter().enumerate().map(|(i, (measure, flow, within))| {
        let values: Vec<f64> = runs.iter().map(|outcome| measures(outcome)[i].1).collect();
        let (request, error) = mean_and_error(&values);
        let no_matter = if measure == "lost" { FEW * intended } else { 0.0 };
        let agrees = (flow - request).abs() <= (within * request.abs()).max(T * error).max(no_matter);
        Row { measure, flow, request, agrees }
    });
    (rows.collect(), flow.warnings.clone())
}

/// What may be outside without a warning: docs/reference/agreement.md tells of it.
fn is_told(cell: &Cell) -> bool {
    let held_above = cell.calls == Calls::Held && cell.load > 1.0;
    let tried_again =
        cell.whose == Whose::Impatient && cell.client == Client::TriesAgain && cell.trouble != Trouble::None;
    held_above || tried_again
}

#[test]
fn where_the_engines_differ_the_flow_engine_says_so() {
    let cells: Vec<Cell> = Cell::all();
    // A few of those of ten servers, or more of them, spread over all that they differ in.
    let sample = |cell: &(usize, &Cell)| cell.1.servers == 10 && cell.0 % campaign(41, 7) == 0;
    let (mut looked, mut held, mut outside) = (0, 0, Vec::new());
    for (_, cell) in cells.iter().enumerate().filter(sample) {
        let (rows, warnings) = compared(cell);
        looked += rows.len();
        for row in rows {
            if row.agrees {
                held += 1;
            } else {
                let Row { measure, flow, request, .. } = row;
                let is_silent = warnings.is_empty() && !is_told(cell);
                let said = if is_silent { "" } else { " (told)" };
                outside.push((is_silent, format!("{measure} {flow:.4} {request:.4}{said} {cell:?}")));
            }
        }
    }
    outside.iter().for_each(|(_, line)| println!("{line}"));
    println!("{held} of {looked} measures agree; {} do not", outside.len());
    let silent = outside.iter().filter(|(is_silent, _)| *is_silent).count();
    assert_eq!(silent, 0, "of {looked} measures {silent} are outside, and nobody was told");
}
