//! What people read: plain data in, text out.

#[cfg(feature = "cli")]
mod clock;
#[cfg(feature = "cli")]
pub mod diagnostics;
#[cfg(feature = "cli")]
pub mod html;
#[cfg(all(test, feature = "cli"))]
mod sample;
#[cfg(all(test, feature = "cli"))]
mod sample_weeks;
#[cfg(feature = "cli")]
mod stretches;
#[cfg(feature = "cli")]
mod tale;
#[cfg(feature = "cli")]
pub mod text;
#[cfg(feature = "cli")]
mod ticks;
#[cfg(feature = "cli")]
pub mod verdict;
#[cfg(feature = "cli")]
mod week;
#[cfg(feature = "cli")]
mod words;
#[cfg(feature = "cli")]
mod worth;
