//! What happened: typed observations, each with its cause; what flowed; and the digest over both.
//!
//! The engine tells an [`Observer`] everything and keeps nothing for it. Observers never feed back: measuring a run
//! does not change it.

mod digest;
mod interval;
mod observation;
mod observer;

pub use digest::Digest;
pub use interval::{Interval, LatencyPart, StationWait, Use, Work};
pub use observation::{
    FailedBy, FailoverFailure, Fate, GoesOn, Observation, ObservationId, Occurrence, Refusal, ServiceLevel, Why,
};
pub use observer::{Answer, Nobody, Observer, Trace, Visit};
