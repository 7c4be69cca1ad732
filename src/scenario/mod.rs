//! The scenario: what a person writes, as plain data.
//!
//! A scenario can be written by hand as RON text ([`Source`]), built in Rust from these types, and printed back
//! ([`Scenario::to_ron`]). It is *as written*: names are strings, nothing is resolved or checked beyond what a single
//! value can tell of itself. [`World::compile`](crate::world::World::compile) does the rest.

mod assumed;
pub mod author;
mod backups;
mod balancer;
mod choice;
mod client;
mod defaults;
mod design;
pub mod diagnostics;
mod difference;
mod drill;
mod explain;
mod file;
mod foreign;
mod luck;
mod menu;
mod named;
mod objective;
mod overlay;
mod patterns;
mod people;
pub(crate) mod presets;
mod read;
mod reading;
mod rehearsal;
mod response;
mod ron_text;
mod rope;
mod runbook;
mod services;
pub mod syntax;
mod text;
mod written_out;

pub use backups::*;
pub use balancer::*;
pub use choice::Choice;
pub use client::*;
pub use design::*;
pub use diagnostics::{Code, Diagnostic, Diagnostics};
pub use difference::{Difference, differences};
pub use drill::*;
pub use file::{Clock, FORMAT, Scenario};
pub use menu::{Added, Does, Fault, FaultKind, Menu, Under, faults, pattern_fits};
pub use named::Named;
pub use objective::*;
pub use people::*;
pub use reading::Reading;
pub use rehearsal::{Duty, Message, Monitoring, Prepared, Rehearsal, Seat, Wanted};
pub use response::*;
pub use runbook::*;
pub use services::*;
pub use text::Source;

#[cfg(test)]
mod tests;
