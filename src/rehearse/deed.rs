//! What somebody does in a rehearsal, as plain data: an entry of its log.

use crate::units::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What somebody does. Things are named as in the file, so that a log can be read, and outlives a change of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Deed {
    /// Somebody sits down.
    Sit {},
    /// A measure is ordered.
    Order {
        /// Which.
        measure: String,
    },
    /// A measure is taken back.
    TakeBack {
        /// Which.
        measure: String,
    },
    /// A group is switched over by hand.
    SwitchOver {
        /// Which group.
        group: String,
        /// To which member.
        to: String,
    },
    /// The users are told something: it stands on the status page.
    Tell {
        /// What.
        text: String,
    },
    /// A decision, in words.
    Decide {
        /// What.
        text: String,
    },
    /// The vendor of a component is called.
    CallVendor {
        /// Which component.
        component: String,
    },
    /// A component is repaired for good, and not by a temporary fix.
    RepairForGood {
        /// Which component.
        component: String,
    },
    /// The maintenance is announced.
    AnnounceMaintenance {},
    /// The maintenance begins.
    BeginMaintenance {},
    /// The maintenance is given up.
    CallOffMaintenance {},
    /// Something is said to other seats.
    Say {
        /// What.
        text: String,
        /// To which seats; to all where none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<String>,
    },
    /// What somebody thinks is going on.
    Think {
        /// In words.
        text: String,
        /// What it is about: a name of the file.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        about: String,
    },
    /// Somebody looks at a dashboard, or at an alert.
    Look {
        /// Which.
        at: String,
    },
    /// The clock runs: so many seconds of the run in a second.
    Run {
        /// How many, from 1 to 3600.
        speed: f64,
    },
    /// The clock stands.
    Pause {},
    /// The run has got here.
    Reach {
        /// Seconds of the run.
        to_s: f64,
    },
    /// Back to a moment. What came after it stays, in the branch that it was.
    Back {
        /// Seconds of the run.
        to_s: f64,
        /// What the new branch is called.
        name: String,
    },
    /// An inject does not come.
    Suppress {
        /// Its name in the list of injects.
        inject: String,
    },
    /// A fault of the menu happens now.
    Add {
        /// Which.
        fault: String,
    },
    /// Somebody who is played by the facilitator says something.
    Speak {
        /// Who.
        from: String,
        /// To which seats; to all where none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<String>,
        /// What.
        text: String,
    },
    /// Play is over: the review begins.
    End {},
}

impl Deed {
    /// Whether it changes what happens in the run, and not only what people know.
    pub fn acts(&self) -> bool {
        matches!(
            self,
            Deed::Order { .. }
                | Deed::TakeBack { .. }
                | Deed::SwitchOver { .. }
                | Deed::Tell { .. }
                | Deed::Decide { .. }
                | Deed::CallVendor { .. }
                | Deed::RepairForGood { .. }
                | Deed::AnnounceMaintenance {}
                | Deed::BeginMaintenance {}
                | Deed::CallOffMaintenance {}
        )
    }

    /// Whether users can be better or worse off for it: words and decisions alone change nothing.
    pub fn has_effect(&self) -> bool {
        self.acts() && !matches!(self, Deed::Tell { .. } | Deed::Decide { .. } | Deed::AnnounceMaintenance {})
    }

    /// In words, as a line of a story.
    pub fn words(&self) -> String {
        match self {
            Deed::Sit {} => "sits down".to_owned(),
            Deed::Order { measure } => format!("orders: {measure}"),
            Deed::TakeBack { measure } => format!("takes back: {measure}"),
            Deed::SwitchOver { group, to } => format!("switches {group} over to {to}"),
            Deed::Tell { text } => format!("tells the users: {text}"),
            Deed::Decide { text } => format!("decides: {text}"),
            Deed::CallVendor { component } => format!("calls the vendor of {component}"),
            Deed::RepairForGood { component } => format!("has {component} repaired for good"),
            Deed::AnnounceMaintenance {} => "announces the maintenance".to_owned(),
            Deed::BeginMaintenance {} => "begins the maintenance".to_owned(),
            Deed::CallOffMaintenance {} => "calls the maintenance off".to_owned(),
            Deed::Say { text, to } if to.is_empty() => format!("says: {text}"),
            Deed::Say { text, to } => format!("says to {}: {text}", to.join(", ")),
            Deed::Think { text, about } if about.is_empty() => format!("thinks: {text}"),
            Deed::Think { text, about } if text.is_empty() => format!("thinks that it is {about}"),
            Deed::Think { text, about } => format!("thinks that it is {about}: {text}"),
            Deed::Look { at } => format!("looks at {at}"),
            Deed::Run { speed } => format!("lets the clock run at x{speed}"),
            Deed::Pause {} => "stops the clock".to_owned(),
            Deed::Reach { .. } => "time passes".to_owned(),
            Deed::Back { name, .. } => format!("goes back: {name} begins"),
            Deed::Suppress { inject } => format!("leaves out: {inject}"),
            Deed::Add { fault } => format!("adds: {fault}"),
            Deed::Speak { from, text, .. } => format!("{from} says: {text}"),
            Deed::End {} => "ends the play".to_owned(),
        }
    }
}

/// An entry of the log: who did what, when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When in the run, in nanoseconds.
    pub at_ns: i64,
    /// The same as a civil time of the file's zone.
    pub at: String,
    /// When on the clock of the wall, as whoever keeps the log tells it.
    pub clock: String,
    /// From which seat.
    pub seat: String,
    /// Who, as they call themselves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// What.
    pub deed: Deed,
    /// What stood on that seat's screen: alerts that were open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub saw: Vec<String>,
    /// Why the run did not do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// At the end of play: what it came to, for whoever plays the log again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_to: Option<CameTo>,
}

/// What a rehearsal came to, once the run went on to its end with nobody there any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameTo {
    /// The digest of the run.
    pub digest: String,
    /// For how many seconds each population was down.
    pub downtime_s: BTreeMap<String, f64>,
}

impl Entry {
    /// When in the run.
    pub fn time(&self) -> Time {
        Time(self.at_ns)
    }
}

/// A time of the clock on the wall as an entry writes it: in UTC, to the millisecond, from milliseconds since 1970.
///
/// ```
/// assert_eq!(firedrill::rehearse::clock_text(1_476_124_260_000), "2016-10-10T18:31:00Z");
/// ```
pub fn clock_text(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(|_| String::new(), |at| at.to_string())
}
