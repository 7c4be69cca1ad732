//! What people read: plain data in, text out.

mod attribution;
mod clock;
pub mod diagnostics;
mod format;
pub mod html;
pub mod markdown;
mod money;
mod narrative;
pub mod picture;
mod rare;
mod review;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_weeks;
mod stretches;
pub mod text;
mod ticks;
pub mod verdict;
mod weakness;
mod week;
