//! Fresh luck, in which something is made to fail soon more often than it would.
//!
//! The ends of all clocks are drawn from a mixture: with the share 1 - q as they are, with the share q such that one of them, chosen
//! with c_i, ends within the window. What was drawn so counts for 1/(1 - q + q Σ c_i/p_i), the sum over those that do end within it,
//! p_i their odds: a defensive mixture (Hesterberg, Technometrics 37, 1995), whose weights are never above 1/(1 - q).

use super::learned::Learned;
use crate::engine::Engine;
use crate::rng::Stream;
use crate::units::{Duration, Time};

/// What was drawn.
pub(super) struct Drawn {
    /// What it counts for.
    pub weight: f64,
    /// When the first clock ends.
    pub first: Time,
}

/// Draws anew what has still to fail. With the share `share` one of it fails within the window.
pub(super) fn draw(
    engine: &mut Engine,
    window: Duration,
    share: f64,
    learned: &Learned,
    before: Option<usize>,
    stream: &mut Stream,
) -> Drawn {
    let clocks = engine.clocks(window);
    let total: f64 = clocks.iter().map(|clock| clock.odds).sum();
    let share = if total > 0.0 { share } else { 0.0 };
    let choices = if share > 0.0 { learned.choices(before, &clocks) } else { vec![0.0; clocks.len()] };
    let lot = stream.uniform();
    let made = if lot < share { chosen(&choices, lot / share) } else { None };
    let until = engine.now().after(window);
    let ends = engine.draw_anew(&clocks, made, stream);
    let came = clocks.iter().zip(&choices).zip(&ends).filter(|(_, end)| **end <= until);
    let more: f64 =
        came.filter(|((clock, _), _)| clock.odds > 0.0).map(|((clock, choice), _)| choice / clock.odds).sum();
    let first = ends.into_iter().min().unwrap_or(Time::NEVER);
    Drawn { weight: 1.0 / (1.0 - share + share * more), first }
}

/// The first whose share of the choice is not below a lot between zero and one.
fn chosen(choices: &[f64], mut lot: f64) -> Option<usize> {
    let mut last = None;
    for (i, choice) in choices.iter().enumerate().filter(|(_, choice)| **choice > 0.0) {
        last = Some(i);
        lot -= choice;
        if lot < 0.0 {
            break;
        }
    }
    last
}
