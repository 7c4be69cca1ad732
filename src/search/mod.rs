//! What breaks a design: the fewest and likeliest faults, at which hour; or that nothing in the menu does.
//!
//! A [`Search`] puts the faults of a scenario's menu into its run, one at a time and several at once, at every hour that differs,
//! and holds each of these runs against the objectives. It enumerates; what it leaves out is left out for a reason that it
//! states ([`Search::granted`]).
//!
//! ```
//! use firedrill::scenario::{Choice, Source};
//! use firedrill::search::{Asked, Search};
//! use firedrill::study::Alone;
//! let source = Source::new("one.ron", r#"Scenario(
//!     format: 1,
//!     title: "one site",
//!     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "12h"),
//!     sites: {"a": ()},
//!     services: {"web": (runs_at: {"a": (servers: 4)}, takes: exponential(mean: "100ms"))},
//!     features: {"page": (calls: [hard(to: "web")])},
//!     people: {"all": (users: 10, uses: {"page": "30/min"}, served_by: "a")},
//!     objectives: {"back soon": restored(of: "all", within: "15m")},
//! )"#);
//! let search = Search::new(&source, &Choice::default(), Asked::default()).unwrap();
//! let found = search.run(&[], &mut Alone).unwrap().unwrap();
//! assert_eq!(found.objectives[0].minimal[0].faults, ["crash of a"]);
//! ```

mod came;
mod design;
mod found;
mod ground;
mod importance;
mod kept;
mod lived;
mod meeting;
mod minimal;
mod onsets;
mod saved;
mod sets;
mod written;

pub use design::{Design, Place};
pub use found::{Broken, Certificate, Column, Found, Importance, Saved, Single, Weakness};
pub use ground::{Asked, DRAWS_MAX, FAULTS_MAX, Search, SearchError};
pub use kept::{Forgets, Keeper, Shard, Unkept, is_whole};
pub use onsets::Onset;
