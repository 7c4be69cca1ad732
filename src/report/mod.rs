//! What people read: plain data in, text out.

#[cfg(feature = "cli")]
mod attribution;
#[cfg(feature = "cli")]
mod clock;
#[cfg(feature = "cli")]
pub mod diagnostics;
#[cfg(feature = "cli")]
mod format;
#[cfg(feature = "cli")]
pub mod html;
#[cfg(feature = "cli")]
mod narrative;
#[cfg(all(test, feature = "cli"))]
mod sample;
#[cfg(all(test, feature = "cli"))]
mod sample_weeks;
#[cfg(feature = "cli")]
mod stretches;
#[cfg(feature = "cli")]
pub mod text;
#[cfg(feature = "cli")]
mod ticks;
#[cfg(feature = "cli")]
pub mod verdict;
#[cfg(feature = "cli")]
mod week;
