//! What broken promises cost.

use super::criterion::Criterion;
use crate::metrics::Outcome;
use crate::scenario::Under;

/// Adds to an outcome what each of these objectives costs it: those of the drill that have a penalty.
pub fn penalise(criteria: &[Criterion], outcome: &mut Outcome) {
    let of_drill = criteria.iter().filter(|criterion| criterion.penalty.is_some() && criterion.under == Under::Drill);
    let costs: Vec<(&str, f64)> =
        of_drill.map(|criterion| (criterion.name.as_str(), criterion.costs(criterion.seen(outcome)))).collect();
    if let Some(money) = &mut outcome.money {
        costs.into_iter().for_each(|(name, amount)| money.penalise(name, amount));
    }
}
