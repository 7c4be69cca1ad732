//! Stretches of a run in which one and the same thing was the narrowest, and the procedures in the order of a response.

use crate::metrics::{BottleneckOutcome, HoursOutcome, NarrowKind, Outcome, ProcedureOutcome};
use std::collections::BTreeMap;

/// A time in which one thing was the narrowest.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// What it was.
    pub name: String,
    /// What kind of thing that is.
    pub kind: NarrowKind,
    /// Start, in seconds of the run.
    pub from_s: f64,
    /// End, in seconds of the run.
    pub to_s: f64,
    /// What was asked of it over what it could carry, at its worst.
    pub utilisation: f64,
}

/// What a kind of narrow thing is called.
pub fn kind_words(kind: NarrowKind) -> &'static str {
    match kind {
        NarrowKind::Servers => "servers",
        NarrowKind::Network => "network",
    }
}

/// All stretches in order of time, over consecutive bins.
pub fn stretches(hours: &HoursOutcome) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut open = false;
    for (from_s, narrow) in hours.starts_s.iter().zip(&hours.bottleneck) {
        let Some(BottleneckOutcome { name, kind, utilisation }) = narrow else {
            open = false;
            continue;
        };
        let to_s = from_s + hours.length_s;
        match found.last_mut().filter(|last| open && (&last.name, last.kind) == (name, *kind)) {
            Some(last) => {
                last.to_s = to_s;
                last.utilisation = last.utilisation.max(*utilisation);
            }
            None => found.push(Stretch {
                name: name.clone(),
                kind: *kind,
                from_s: *from_s,
                to_s,
                utilisation: *utilisation,
            }),
        }
        open = true;
    }
    found
}

/// The worst of them, in order of time, and how many there are in all.
pub fn worst(hours: &HoursOutcome, count_max: usize) -> (Vec<Stretch>, usize) {
    let mut all = stretches(hours);
    let count = all.len();
    all.sort_by(|a, b| b.utilisation.total_cmp(&a.utilisation).then(a.from_s.total_cmp(&b.from_s)));
    all.truncate(count_max);
    all.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    (all, count)
}

/// Procedures as they came: by when they were ordered or needed; those that never were at the end.
pub fn in_order(procedures: &BTreeMap<String, ProcedureOutcome>) -> Vec<(&String, &ProcedureOutcome)> {
    let mut found: Vec<_> = procedures.iter().collect();
    let first = |m: &ProcedureOutcome| m.ordered_at_s.or(m.needed_at_s).unwrap_or(f64::INFINITY);
    found.sort_by(|a, b| first(a.1).total_cmp(&first(b.1)).then_with(|| a.0.cmp(b.0)));
    found
}

/// Features of a day that grew, or shrank, much more than all requests together: name and ratio, the largest first.
pub fn stand_out(features: &BTreeMap<String, f64>, all: f64) -> Vec<(&String, f64)> {
    /// From this factor to all requests on, a feature is worth naming.
    const FACTOR: f64 = 1.5;
    let mut found: Vec<_> =
        features.iter().map(|(name, ratio)| (name, *ratio)).filter(|(_, r)| *r > all * FACTOR).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    found
}

/// Whether the days of a run are worth telling apart: something was narrow, the users were not as many every day, or
/// there are many days.
pub fn days_differ(outcome: &Outcome) -> bool {
    const DIFFERENT: f64 = 1.2;
    const MANY: usize = 4;
    let days = &outcome.concurrency.days;
    let peaks = || days.iter().map(|day| day.peak).filter(|peak| *peak > 0.0);
    let (least, most) = (peaks().fold(f64::INFINITY, f64::min), peaks().fold(0.0, f64::max));
    let was_narrow = outcome.hours.bottleneck.iter().any(Option::is_some);
    days.len() > 1 && (was_narrow || most > least * DIFFERENT || days.len() > MANY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_in_bins_after_each_other_is_one_stretch() {
        let narrow = |name: &str, utilisation| {
            Some(BottleneckOutcome { name: name.to_owned(), kind: NarrowKind::Servers, utilisation })
        };
        let hours = HoursOutcome {
            length_s: 10.0,
            starts_s: vec![0.0, 10.0, 20.0, 30.0, 40.0],
            bottleneck: vec![narrow("a", 0.9), narrow("a", 1.2), narrow("b", 1.1), None, narrow("b", 0.8)],
            ..HoursOutcome::default()
        };
        let told = |found: Vec<Stretch>| {
            found.iter().map(|s| format!("{} {} {} {}", s.name, s.from_s, s.to_s, s.utilisation)).collect::<Vec<_>>()
        };
        assert_eq!(told(stretches(&hours)), ["a 0 20 1.2", "b 20 30 1.1", "b 40 50 0.8"]);
        let (worst, count) = worst(&hours, 2);
        assert_eq!((told(worst), count), (vec!["a 0 20 1.2".to_owned(), "b 20 30 1.1".to_owned()], 3));
    }
}
