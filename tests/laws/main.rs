//! Laws with a direction: of two plans of which one is worse, the worse one fares no better; of two that say the same, neither
//! does. Each law says beside it where it holds. Plans are generated, and lived by the engine twice; nothing is worked out.
//!
//! `FIREDRILL_LAW_CASES` is how many plans there are for each law.

#![allow(clippy::disallowed_methods, reason = "whoever runs the tests says how much of them")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../twin/dice.rs"]
mod dice;
mod faults;
#[path = "../twin/generate.rs"]
mod generate;
mod groups;
mod lived;
#[path = "../twin/plan.rs"]
mod plan;
mod words;

use plan::{Plan, Thing};

/// How many plans there are for each law.
pub fn cases() -> u64 {
    match std::env::var("FIREDRILL_LAW_CASES") {
        Ok(text) => text.parse().unwrap_or_else(|e| panic!("FIREDRILL_LAW_CASES={text}: {e}")),
        Err(_) => common::campaign(60, 2_000),
    }
}

/// Tries a law on every plan: whether it says something about that one, or where it does not hold.
pub fn each(law: &str, holds: impl Fn(u64) -> Result<bool, String>) {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for number in 0..cases() {
        match holds(number) {
            Ok(says_something) => tried += u64::from(says_something),
            Err(why) => wrong.push((number, why)),
        }
    }
    wrong.sort_by_key(|(_, why)| why.len());
    if let Some((number, why)) = wrong.first() {
        panic!("{law}: {} of {} are wrong, plan {number}: {why}", wrong.len(), cases());
    }
    assert!(tried * 20 >= cases(), "{law}: only {tried} of {} plans are in its scope", cases());
}

/// Everything in a plan that works or does not.
pub fn names(plan: &Plan) -> Vec<String> {
    let groups = (0..plan.groups.len()).map(Thing::Group);
    (0..plan.parts.len() + plan.sites).map(|i| plan.thing(i)).chain(groups).map(Thing::name).collect()
}
