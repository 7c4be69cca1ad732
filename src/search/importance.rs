//! How often sets of faults are to be expected, and how much each fault counts.
//!
//! A fault that comes L times a year and lasts T years is there a share q = LT / (1 + LT) of the time; one that shows on demand is
//! there with its probability. A set is complete when its last fault comes while the others are there: the sum over its faults of
//! L of the one times q of all others (Vesely, A time-dependent methodology for fault tree evaluation, Nuclear Engineering and
//! Design 13, 1970). Importances are Birnbaum's (1969) and Fussell and Vesely's, for rare events.

use super::found::Importance;
use super::sets::Set;
use crate::scenario::Fault;

const YEAR_S: f64 = 365.25 * 86_400.0;

/// The share of time in which a fault is there, where that can be told.
fn share(fault: &Fault) -> Option<f64> {
    if let Some(probability) = fault.probability {
        return Some(probability);
    }
    let years = fault.lasts?.seconds() / YEAR_S;
    let load = fault.per_year? * years;
    Some(load / (1.0 + load))
}

/// How often a year a set comes together, at hours of which a share breaks the objective.
pub(super) fn per_year(menu: &[Fault], set: &[usize], share_of_hours: f64) -> Option<f64> {
    let mut sum = 0.0;
    let mut is_event = false;
    for (place, fault) in set.iter().enumerate() {
        let Some(often) = menu[*fault].per_year else { continue };
        is_event = true;
        let others = set.iter().enumerate().filter(|(other, _)| *other != place);
        let all: Option<f64> = others.map(|(_, other)| share(&menu[*other])).product();
        sum += often * all?;
    }
    // A set of nothing but hidden faults never begins; one fault of unknown frequency makes the whole unknown.
    let known = set.iter().all(|fault| menu[*fault].per_year.is_some() || menu[*fault].probability.is_some());
    (is_event && known).then_some(sum * share_of_hours)
}

/// How much each fault counts in these minimal sets, the most important first; those of unknown frequency are left out.
pub(super) fn importances(menu: &[Fault], sets: &[(Set, f64)]) -> Vec<Importance> {
    let unavailability = |set: &Set| set.iter().map(|fault| share(&menu[*fault])).product::<Option<f64>>();
    let known: Vec<(&Set, f64, f64)> =
        sets.iter().filter_map(|(set, hours)| Some((set, unavailability(set)? * hours, *hours))).collect();
    let total: f64 = known.iter().map(|(_, q, _)| q).sum();
    let mut found = Vec::new();
    for (index, fault) in menu.iter().enumerate() {
        let with = || known.iter().filter(|(set, ..)| set.contains(&index));
        let Some(own) = share(fault).filter(|own| *own > 0.0 && with().next().is_some() && total > 0.0) else {
            continue;
        };
        let part: f64 = with().map(|(_, q, _)| q).sum();
        found.push(Importance { fault: fault.name.clone(), birnbaum: part / own, fussell_vesely: part / total });
    }
    found.sort_by(|a, b| b.fussell_vesely.total_cmp(&a.fussell_vesely).then_with(|| a.fault.cmp(&b.fault)));
    found
}
