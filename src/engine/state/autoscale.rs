//! What an autoscaler remembers.

use crate::units::Time;

/// An autoscaler's state.
#[derive(Debug, Clone, Default)]
pub struct AutoscaleState {
    /// It does nothing before this.
    pub rests_until: Time,
    /// Servers that are on their way.
    pub coming: i64,
    /// Since when its signal has been low.
    pub low_since: Option<Time>,
}
