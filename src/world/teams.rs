//! Teams: people who carry out procedures.

use super::hours::Hours;
use crate::units::{Duration, Time};

/// People who carry out procedures.
#[derive(Debug, Clone)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// When it is formed.
    pub from: Time,
    /// Its hours; around the clock without.
    pub hours: Option<Hours>,
    /// Procedures at once.
    pub at_once: u32,
    /// When work begins this long after the day's start, it takes this much longer.
    pub tired: Option<(Duration, f64)>,
}
