//! Values that a file need not write.

use crate::units::Duration;

/// Whether it takes no time.
pub(super) fn is_zero(duration: &Duration) -> bool {
    *duration == Duration::ZERO
}

/// Whether it is what it is without being written.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub fn once() -> f64 {
    1.0
}

pub fn is_once(value: &f64) -> bool {
    *value == 1.0
}
