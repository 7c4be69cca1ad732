//! What is said of a file that was made smaller: what it shows, and where it comes from.

use super::goal::{self, Missed};
use super::trial::{SEEDS_IN_THE_END, Trial};
use super::witness::Witness;
use crate::metrics::Outcome;
use crate::observe::{FailoverFailure, ServiceLevel};
use crate::replay;
use crate::rng::Luck;
use crate::run::run;
use crate::scenario::{Choice, Scenario};
use crate::units::Duration;
use crate::world::World;
use std::sync::Arc;

/// The run from which a file was made.
pub(super) struct From<'a> {
    pub objective: &'a str,
    pub file: &'a str,
    pub choice: &'a Choice,
    pub luck: Luck,
}

/// The comment at the top of a file.
pub(super) fn comment(
    trial: &Trial,
    (scenario, world): (&Scenario, &Arc<World>),
    from: &From,
    luck_is_left: bool,
) -> String {
    let outcome = run(world, trial.luck).outcome;
    let missed = goal::missed(&trial.goal.name, scenario, world, &outcome);
    let Missed { seen, asked, .. } =
        missed.unwrap_or_else(|| Missed { seen: String::new(), asked: String::new(), side: trial.goal.side });
    let mut lines = vec![format!("\"{}\" fails: {seen}, and {asked} was asked for.", trial.goal.name)];
    let mut because = felt(&outcome);
    because.push_str(match (trial.due_to.faults, world.drill.len()) {
        (true, 0) => "Without its maintenance it holds",
        (true, 1) => "Without its drill it holds",
        (true, _) => "Without any one step of its drill it holds",
        (false, _) => "It fails without a fault, too",
    });
    if trial.due_to.response {
        because.push_str(", and where it fails over at once and well");
    }
    because.push_str(&match luck_is_left {
        true => format!(". What is still drawn changes nothing of that under {SEEDS_IN_THE_END} seeds."),
        false => ". It draws nothing.".to_owned(),
    });
    lines.push(because);
    lines.push(format!("Made by: {}", replay::shrink(from.file, from.choice, from.luck, from.objective)));
    lines.iter().map(|line| format!("// {}\n", line.replace(char::is_control, " "))).collect()
}

/// The longest time in which somebody felt worst, and why.
fn felt(outcome: &Outcome) -> String {
    let spans = outcome.people.iter().flat_map(|(name, people)| people.intervals.iter().map(move |span| (name, span)));
    let worse = |level: ServiceLevel| {
        let of_it = spans.clone().filter(move |(_, span)| span.mood == level);
        of_it.max_by(|a, b| (a.1.to_s - a.1.from_s).total_cmp(&(b.1.to_s - b.1.from_s)))
    };
    let worst = [ServiceLevel::Down, ServiceLevel::Degraded, ServiceLevel::Stale].into_iter().find_map(worse);
    let Some((name, span)) = worst else { return String::new() };
    let lasts = Duration::from_seconds((span.to_s - span.from_s).round());
    let how = match span.mood {
        ServiceLevel::Down => "Down",
        ServiceLevel::Degraded => "Degraded",
        _ => "Stale",
    };
    format!("{how}: {name}, from {} for {lasts} ({}). ", span.from, span.why)
}

/// Why a failure needs its luck.
pub(super) fn needs_luck(goal: &str, failed: u64, witness: &Witness, world: &World) -> String {
    let mut why = Vec::new();
    for (group, attempts) in &witness.attempts {
        let name = world.name_of_group(*group);
        if attempts.iter().any(|attempt| attempt.false_alarm) {
            why.push(format!("the group \"{name}\" was given a false alarm, which no drill can give"));
        }
        let failed = |attempt: &&super::witness::Attempt| {
            matches!(attempt.failed, Some(FailoverFailure::OnDemand | FailoverFailure::Phase(_)))
        };
        let count = attempts.iter().filter(failed).count();
        if count > 0 && count < attempts.len() {
            why.push(format!(
                "{count} of the {} failovers of \"{name}\" failed, and a drill lets all of them fail or none",
                attempts.len()
            ));
        }
    }
    let several =
        |strike: &&super::witness::Strike| strike.hidden && strike.drawn && strike.members < members(world, strike);
    if let Some(strike) = witness.strikes().find(several) {
        let name = world.name_of_node(strike.node);
        why.push(format!("one of several members of \"{name}\" failed unnoticed, and a drill strikes all of them"));
    }
    if why.is_empty() {
        why.push("when failures are noticed, or what a replica lacks, is drawn anew in every run".to_owned());
    }
    format!(
        "\"{goal}\" needs its luck: with all that was drawn written into a drill it fails under {failed} of \
         {SEEDS_IN_THE_END} seeds. {}; replay the run instead",
        why.join("; ")
    )
}

fn members(world: &World, strike: &super::witness::Strike) -> u64 {
    world.nodes[strike.node.at()].count
}
