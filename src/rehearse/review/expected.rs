//! What was expected of the players at each inject, and what came of it.

use super::ground::Ground;
use super::misled::promised;
use crate::rehearse::deed::{Deed, Entry};
use crate::rehearse::plan::{FACILITATOR, InjectDoes, InjectPlan};
use crate::scenario::Wanted;
use crate::units::{Duration, Time};
use serde::Serialize;

/// Where a file does not say by what it is known that something was done: so many things that were done next are told,
const NEXT_MAX: usize = 3;
/// if they came so soon.
const SOON: Duration = Duration(900_000_000_000);

/// What came of what was expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Came {
    /// It was done in time.
    Done(Doing),
    /// It was done, but later than within the time that the file gives.
    Late(Doing),
    /// Nobody did it.
    NotDone,
    /// The file does not say by what it is known: what was done next, for people to judge.
    Judge(Vec<String>),
}

/// Who did something that was expected, and when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Doing {
    /// When, as a civil time.
    pub at: String,
    /// How long after the inject, in seconds; below zero where it had been done before.
    pub after_s: f64,
    /// From which seat.
    pub seat: String,
    /// What.
    pub what: String,
}

/// What was expected at an inject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expected {
    /// When the inject came, in seconds of the run and as a civil time.
    pub at_s: f64,
    /// As above.
    pub at: String,
    /// Who said what; nothing where nobody was told anything.
    pub told: String,
    /// What was expected.
    pub expects: String,
    /// What came of it.
    pub came: Came,
}

/// Every inject that came and of which something was expected.
pub fn expected(ground: &Ground, suppressed: &[String]) -> Vec<Expected> {
    let came = ground.plan.injects.iter().filter(|inject| !suppressed.contains(&inject.name));
    let asks = came.filter(|inject| !inject.expects.is_empty() || !inject.wants.is_empty());
    asks.filter_map(|inject| {
        let at = inject.at.filter(|at| *at <= ground.to)?;
        let told = match &inject.does {
            InjectDoes::Tells { from, says, .. } if !says.is_empty() => format!("{from}: {says}"),
            _ => String::new(),
        };
        let expects = if inject.expects.is_empty() { words_of(&inject.wants) } else { inject.expects.clone() };
        Some(Expected { at_s: at.seconds(), at: ground.civil(at), told, expects, came: came_of(ground, inject, at) })
    })
    .collect()
}

fn came_of(ground: &Ground, inject: &InjectPlan, at: Time) -> Came {
    let players = || ground.entries.iter().filter(|entry| entry.seat != FACILITATOR && entry.refused.is_none());
    if inject.wants.is_empty() {
        let hears = |seat: &String| match &inject.does {
            InjectDoes::Tells { to, .. } => to.is_empty() || to.contains(seat),
            InjectDoes::Step(_) => true,
        };
        let next = players().filter(|entry| entry.time() >= at && entry.time() <= at.after(SOON) && hears(&entry.seat));
        let words = |entry: &&Entry| format!("{} {}", ground.whose(entry), entry.deed.words());
        return Came::Judge(next.map(words).take(NEXT_MAX).collect());
    }
    let is_asked = |entry: &Entry| inject.by.is_empty() || inject.by.contains(&entry.seat);
    let holds = |wanted: &Wanted, entry: &Entry| {
        lasts(wanted) || entry.time() >= at || still_holds(ground, &entry.deed, entry.time(), at)
    };
    let is_it = |entry: &&&Entry| {
        is_asked(entry) && inject.wants.iter().any(|wanted| is_done(wanted, &entry.deed) && holds(wanted, entry))
    };
    let Some(entry) = players().find(is_it) else { return Came::NotDone };
    let after_s = Duration(entry.time().0 - at.0).0 as f64 / 1e9;
    let doing = Doing { at: ground.civil(entry.time()), after_s, seat: ground.whose(entry), what: entry.deed.words() };
    match inject.within {
        Some(within) if after_s > within.seconds() => Came::Late(doing),
        _ => Came::Done(doing),
    }
}

/// Whether it holds what it is to do once it has been done, also before it was asked for.
fn lasts(wanted: &Wanted) -> bool {
    !matches!(wanted, Wanted::Tell | Wanted::Decide | Wanted::Say | Wanted::Look(_))
}

/// Whether users were told something before that they can still go by: it names the time of the next word, which is still to come.
fn still_holds(ground: &Ground, deed: &Deed, told: Time, at: Time) -> bool {
    matches!(deed, Deed::Tell { text } if promised(ground, text, told).is_some_and(|next| next > at))
}

fn is_done(wanted: &Wanted, deed: &Deed) -> bool {
    match (wanted, deed) {
        (Wanted::Order(name), Deed::Order { measure }) | (Wanted::TakeBack(name), Deed::TakeBack { measure }) => {
            name == measure
        }
        (Wanted::SwitchOver(name), Deed::SwitchOver { group, .. }) => name == group,
        (Wanted::Think(name), Deed::Think { about, text }) => about == name || text.contains(name.as_str()),
        (Wanted::Look(name), Deed::Look { at }) => at.starts_with(name.as_str()),
        (Wanted::CallVendor(name), Deed::CallVendor { component })
        | (Wanted::RepairForGood(name), Deed::RepairForGood { component }) => name == component,
        (Wanted::Tell, Deed::Tell { .. })
        | (Wanted::Decide, Deed::Decide { .. })
        | (Wanted::Say, Deed::Say { .. })
        | (Wanted::AnnounceMaintenance, Deed::AnnounceMaintenance {})
        | (Wanted::CallOffMaintenance, Deed::CallOffMaintenance {}) => true,
        _ => false,
    }
}

/// What is wanted, in words.
fn words_of(wants: &[Wanted]) -> String {
    let one = |wanted: &Wanted| match wanted {
        Wanted::Order(name) => format!("{name} is ordered"),
        Wanted::TakeBack(name) => format!("{name} is taken back"),
        Wanted::SwitchOver(name) => format!("{name} is switched over"),
        Wanted::Tell => "the users are told something".to_owned(),
        Wanted::Decide => "a decision".to_owned(),
        Wanted::Say => "a word to the others".to_owned(),
        Wanted::Think(name) => format!("somebody thinks of {name}"),
        Wanted::Look(name) => format!("somebody looks at {name}"),
        Wanted::CallVendor(name) => format!("the vendor of {name} is called"),
        Wanted::RepairForGood(name) => format!("{name} is repaired for good"),
        Wanted::AnnounceMaintenance => "the maintenance is announced".to_owned(),
        Wanted::CallOffMaintenance => "the maintenance is called off".to_owned(),
    };
    wants.iter().map(one).collect::<Vec<String>>().join(", or ")
}
