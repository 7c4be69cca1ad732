//! Each mechanism through the front door: exact answers, directions, and what is refused.

mod acting;
mod automation;
mod backups;
mod branches;
mod brief;
mod burn_rates;
mod caches;
#[path = "../common/mod.rs"]
mod common;
mod contracts;
mod crews;
mod criteria;
mod deep_checks;
mod flapping;
mod follow;
mod links_and_crowds;
mod made_up;
mod measures;
mod money;
mod nearest;
mod reserves;
mod retries;
mod risky_steps;
mod service_calls;
mod service_calls_flow;
mod spreads;
mod year_and_drill;
