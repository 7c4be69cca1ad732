//! Properties of designs, for [proptest](https://docs.rs/proptest): drills nobody thought of, other sizes, whole scenarios (feature
//! `proptest`).
//!
//! ```
//! use firedrill::{assert_objectives, load::load, property::drills, scenario::{Choice, Source}};
//! use proptest::prelude::*;
//!
//! let text = r#"Scenario(
//!     format: 1,
//!     title: "Two sites",
//!     clock: (from: "2024-03-04T06:00", zone: "Europe/Oslo", horizon: "12h"),
//!     sites: {"oslo": (), "bergen": ()},
//!     groups: {"home": (members: ["oslo", "bergen"])},
//!     services: {"web": (runs_at: {"oslo": (servers: 8), "bergen": (servers: 8)}, takes: fixed("50ms"))},
//!     features: {"lessons": (calls: [hard(to: "web")])},
//!     people: {"schools": (users: 1_000, uses: {"lessons": "1/min"}, served_by: "home")},
//!     strategies: {"standby": (failover: {"home": (detect: heartbeat(every: "1s", grace: "10s"))})},
//!     objectives: {"a minute at most": restored(of: "schools", within: "1m")},
//!     menu: (leaves_out: ["web is slow*", "failover of home *"]),
//! )"#;
//! let (school, _) = load(&Source::new("school.ron", text), &Choice::default()).unwrap();
//! proptest!(ProptestConfig::with_cases(20), |(case in drills(&school))| {
//!     assert_objectives!(case);
//! });
//! ```
//!
//! A [`Case`] is a scenario with its drill, and a seed; it may be run, and asked what it shows. Where a test fails, proptest makes
//! the case smaller, and it does so as [`shrink`](crate::shrink) does: the smallest case is the file that `firedrill shrink` makes of
//! the drawn one, as long as it fails the test too. Only where it does not, as for a test that asks no objective, faults, changes and
//! odd times are left out one by one.

mod assert;
mod case;
mod changes;
mod drawn;
mod judged;
mod kept;
mod whole;

pub use assert::failed;
pub use case::Case;
pub use drawn::{CaseTree, Cases};
pub use judged::Missed;
pub use kept::SavedText;

use crate::scenario::Scenario;

/// Drills of a scenario: faults of its [menu](crate::scenario::faults), at any time, instead of its own drill and of what fails by
/// chance. One fault, where [`at_most`](Cases::at_most) does not say how many.
pub fn drills(scenario: &Scenario) -> Cases {
    Cases::of(scenario).at_most(1)
}

/// Designs like a scenario: its values as [`size`](Cases::size), [`threshold`](Cases::threshold), [`placement`](Cases::placement) and
/// [`one_of`](Cases::one_of) say. Their drill is the scenario's own, and so is what fails by chance, until
/// [`at_most`](Cases::at_most) asks for faults.
pub fn designs(scenario: &Scenario) -> Cases {
    Cases::of(scenario)
}

/// Whole scenarios, small ones: up to three sites in the group `home`, up to three services of which each calls the next, the feature
/// `page` and the population `users`. They have the strategy `standby`, storage that fails by chance and is repaired, and no
/// objective: name one with [`objective`](Cases::objective).
///
/// ```
/// use firedrill::property::scenarios;
/// use proptest::prelude::*;
/// proptest!(ProptestConfig::with_cases(20), |(case in scenarios().at_most(2))| {
///     let users = &case.outcome().people["users"];
///     prop_assert!((0.0..=1.0).contains(&users.time_availability));
/// });
/// ```
pub fn scenarios() -> Cases {
    Cases::whole()
}
