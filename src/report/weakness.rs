//! Words for what a search found: the same on the terminal and on a page.

use crate::report::format;
use crate::search::{Broken, Found, Saved, Single, Weakness};

/// What was searched, in a line.
pub fn scope(found: &Found) -> String {
    let draws = if found.draws == 1 { "1 draw of luck".to_owned() } else { format!("{} draws of luck", found.draws) };
    let hours = if found.hours == 1 { "1 hour".to_owned() } else { format!("{} hours", found.hours) };
    let mut parts = found.run.clone();
    parts.push(format!("a menu of {} faults", found.menu));
    parts.push(format!("up to {} at once", found.faults));
    parts.extend([hours, draws, format!("{} runs", format::count(found.runs as f64))]);
    parts.join(" · ")
}

/// What is to be known of an objective first.
pub fn lede(broken: &Broken) -> String {
    if broken.broken_without {
        return "It is broken without any fault: nothing is looked for.".to_owned();
    }
    if let Some(certificate) = &broken.certificate {
        return format!("Nothing breaks it: {}.", certificate.says);
    }
    if broken.minimal.is_empty() {
        return "There is no data: without any fault the run has no number to hold it against.".to_owned();
    }
    let of_size = |size: usize| broken.minimal.iter().filter(|weakness| weakness.faults.len() == size).count();
    let singles = match of_size(1) {
        0 => "No single fault breaks it".to_owned(),
        1 => "One fault alone breaks it".to_owned(),
        many => format!("{many} faults alone break it"),
    };
    let mut words = vec![singles];
    for (size, name) in [(2, "pair"), (3, "set of three")] {
        let plural = if size == 2 { "pairs" } else { "sets of three" };
        match of_size(size) {
            0 => {}
            1 => words.push(format!("one {name} does")),
            many => words.push(format!("{many} {plural} do")),
        }
    }
    let often = broken.per_year.map_or(String::new(), |often| format!(", {}", frequency(often)));
    format!("{}{often}.", words.join(", and "))
}

/// How often something is to be expected.
pub fn frequency(per_year: f64) -> String {
    if per_year >= 1.0 {
        return format!("{} times a year", format::large(per_year));
    }
    if per_year <= 0.0 {
        return "never".to_owned();
    }
    format!("once in {} years", format::large(1.0 / per_year))
}

/// The same where it may be unknown.
pub fn frequency_if_known(per_year: Option<f64>) -> String {
    per_year.map_or(format::NOTHING.to_owned(), frequency)
}

/// At which hours a set breaks an objective.
pub fn hours(weakness: &Weakness) -> String {
    match (weakness.hours, weakness.of_hours) {
        (hours, all) if hours == all => "at any hour".to_owned(),
        (hours, all) => format!("{hours} of {all}"),
    }
}

/// What would have saved it, in a line.
pub fn saved(saved: &Saved) -> String {
    match (saved.before, saved.latest_s) {
        (false, Some(latest_s)) if saved.by.ends_with("for no longer") => {
            format!("{} than {}", saved.by, format::length(latest_s))
        }
        (false, Some(latest_s)) if latest_s < 1.0 => format!("{}, at once", saved.by),
        (false, Some(latest_s)) => format!("{}, up to {} after it", saved.by, format::length(latest_s)),
        (true, _) => format!("{}, before it", saved.by),
        (false, None) => saved.by.clone(),
    }
}

/// Whether a fault alone is worth a line of a table.
pub fn is_told(single: &Single) -> bool {
    single.shows
}

/// A civil time to the minute, where it is one: `Mon 10 Oct 14:00`.
pub fn moment(label: &str) -> &str {
    label.strip_suffix(":00").unwrap_or(label)
}

/// With which further fault a set breaks nothing.
pub fn holds_with(set: &Weakness) -> String {
    format!("{}: holds where this comes too: {}", set.faults.join(" + "), set.holds_with.join(", "))
}
