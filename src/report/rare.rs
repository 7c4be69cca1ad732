//! What is said of rare events, in words that text and page share.

use super::format;
use crate::rare::{Compared, Rated};

/// What it is.
pub const ABOUT: &str =
    "How often each is to be expected to come; from runs in which failures are made to come, each by its weight.";
/// Where it was ended.
pub const ENDED_EARLY: &str = "Some of it was given up before there were enough runs.";

/// The top events, each once, in their order.
pub fn tops(compared: &Compared) -> Vec<&str> {
    let mut tops: Vec<&str> = Vec::new();
    for rated in &compared.rated {
        if !tops.contains(&rated.top.as_str()) {
            tops.push(&rated.top);
        }
    }
    tops
}

/// What can be said where the estimate has not converged.
pub fn doubt(rated: &Rated) -> Option<String> {
    let bound = rated.estimate.at_most?;
    let percent = format::percent(rated.estimate.confidence);
    let seen = match rated.estimate.per_run > 0.0 {
        true => format!("only {:.0} runs count in effect", rated.estimate.effective),
        false => "it came in no run, also where failures were made to come".to_owned(),
    };
    Some(format!(
        "{}: {seen}. With {percent} it comes in at most one in {} runs; --replications N allows more",
        rated.design,
        format::large((1.0 / bound.share).floor())
    ))
}

/// A small number with three digits that count.
pub fn often(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        small if small < 1e-3 => format!("{small:.2e}"),
        value => format!("{}", (value * 1e4).round() / 1e4),
    }
}

/// In how many years it comes once.
pub fn once_in(per_year: f64) -> String {
    let years = |value: f64| if value < 10.0 { format!("{value:.1}") } else { format::large(value) };
    if per_year > 0.0 { format!("{} years", years(1.0 / per_year)) } else { format::NOTHING.to_owned() }
}
