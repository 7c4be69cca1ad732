//! What a command is going to cost is said before it starts, where somebody has to wait for it.

use super::terminal;
use firedrill::report::text;
use firedrill::run::{Cost, Traffic};
use firedrill::study::Study;

/// Says on the standard error what so many runs take, where that is more than a minute.
pub fn tell(cost: &Cost, runs: f64) {
    if let Some(words) = cost.words(runs) {
        terminal::complain(&format!("note: {}\n", text::clean(&words)));
    }
}

/// The same of a study: so many replications of each of its designs.
pub fn tell_study(study: &Study, replications: u64) {
    let mut all = Cost::default();
    study.designs.iter().for_each(|design| all.join(Cost::of(&design.world, Traffic::Flow)));
    tell(&all, replications as f64);
}
