//! A rehearsal: a run in steps, and a log of what people did.
//!
//! The file says what happens to the system; what people do about it is left to people. Everybody acts through the engine's one
//! door, and everything stands in one log: with the scenario and the luck it is the whole rehearsal, and the same log gives the
//! same run with nobody there. Seats see only what could be seen from outside, late and sometimes false; the facilitator sees the
//! truth and holds the clock. Going back begins a branch, and the one that was left stays.
//!
//! Nothing here knows of files, sockets or the clock of the wall: whoever keeps the log says when something was done.

mod deed;
mod fork;
mod live;
mod log;
mod monitoring;
mod offers;
mod plan;
mod play;
pub mod review;
mod rights;
mod screen;
mod session;

pub use deed::{CameTo, Deed, Entry, clock_text};
pub use fork::Fork;
pub use live::{Live, MeasureState};
pub use log::{Branch, ENTRIES_MAX, Header, LINE_MAX, Log, LogError, branches, last_played};
pub use monitoring::{Alert, Complaint, Measured, Monitoring, Series, name_of};
pub use offers::Offer;
pub use plan::{Changes, FACILITATOR, InjectDoes, InjectPlan, Plan, SeatPlan};
pub use play::{Done, Play};
pub use rights::may;
pub use screen::{AlertLine, Felt, InjectLine, Line, Panel, Screen, Truth};
pub use session::{Denied, Session, TEXT_MAX, WHO_MAX};
