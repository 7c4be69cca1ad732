//! Designs against each other: many replications of each under the same luck, and what they say.
//!
//! 1. A [`Protocol`] says which designs are compared, under which seed, and what is asked. It is plain data.
//! 2. A [`Study`] is a protocol that can be run: its worlds are compiled, its metrics known.
//! 3. [`Study::batch`] runs some replications of one design. Batches depend on nothing but the protocol, so that they can be made
//!    anywhere, in any order, on any number of threads or machines.
//! 4. A [`Tally`] takes the batches in order, says which designs need more of them, and in the end gives a [`Comparison`].
//!
//! Every design meets the same luck: replication 7 has the same failures at the same times in each of them, as far as the
//! designs have the same parts (common random numbers). Differences are judged pair by pair.
//!
//! ```
//! use firedrill::scenario::{Choice, Source};
//! use firedrill::study::{Protocol, Study, Wanted};
//! let text = r#"Scenario(
//!     format: 1,
//!     title: "A service that is repaired",
//!     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1y"),
//!     sites: {"a": (), "b": ()},
//!     components: {"db": (fails: exponential(mean: "91d"), repair: (takes: exponential(mean: "15m")))},
//! )"#;
//! let source = Source::new("db.ron", text);
//! let slow = vec![("components.db.repair.takes".to_owned(), r#"exponential(mean: "1h")"#.to_owned())];
//! let mut protocol = Protocol::new(1, 200);
//! protocol.add_source(&source);
//! protocol.designs.push(Wanted::new("15 min", 0, Choice::default()));
//! protocol.designs.push(Wanted::new("1 h", 0, Choice { set: slow, ..Choice::default() }));
//! protocol.paths.push("components.db.downtime_s".into());
//! let study = Study::new(protocol).unwrap();
//! let comparison = study.run();
//! assert_eq!(comparison.designs[0].label, "15 min");
//! // The same failures, repaired four times as fast: every pair differs by the same factor.
//! let difference = &comparison.differences[0];
//! assert!(difference.high < 0.0, "better in each of the two hundred replications");
//! ```

mod batch;
mod best;
mod break_even;
mod comparison;
mod compiled;
mod hands;
mod lived;
mod metric;
mod protocol;
mod ranking;
mod rare;
mod select;
mod stats;
mod tally;
mod vary;
mod verdict;
mod windows;
mod windows_outcome;

pub use crate::expect::Judgement;
pub use batch::{Batch, BatchError, Header, Row};
pub use break_even::LIVES_S;
pub use comparison::*;
pub use compiled::{Design, Study, StudyError};
pub use hands::{Alone, Hands};
pub use metric::Metric;
pub use protocol::{BATCH, DESIGNS_MAX, FORMAT, Protocol, REPLICATIONS_MAX, Text, Wanted};
pub use rare::{RareFailure, SEEN_ENOUGH};
pub use select::{FIRST_STAGE, Selection, Settle, Settled, pair_index};
pub use stats::{Moments, Sketch, never_seen, share_interval};
pub use tally::{End, Tally};
pub use vary::{Axis, VaryError, split_values, vary};
#[cfg(test)]
pub(crate) use verdict::made_up;
pub use verdict::{Miss, Standing, Verdict, missed_share};
pub use windows::{CONFIDENCE, PROMISE, Windows, WindowsAsked};
pub use windows_outcome::*;
