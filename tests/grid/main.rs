//! Both traffic engines over a grid of combinations, calm and troubled: where they differ by more than `docs/reference/agreement.md` allows,
//! the flow engine has to say so.

#[path = "../common/mod.rs"]
mod common;

mod axes;
mod exact;

use axes::Cell;
use common::world;

#[test]
fn every_cell_is_a_scenario() {
    let cells = Cell::all();
    assert_eq!(cells.len(), 3 * 2 * 3 * 3 * (4 + 5));
    cells.iter().for_each(|cell| drop(world(&cell.text())));
}
