//! Who may do what.

use super::deed::Deed;
use super::plan::{FACILITATOR, SeatPlan};
use crate::scenario::Duty;

/// Whether somebody at this seat may do this.
pub fn may(seat: &SeatPlan, deed: &Deed) -> bool {
    let leads = seat.name == FACILITATOR;
    let one_of = |duties: &[Duty]| duties.iter().any(|duty| seat.duties.contains(duty));
    match deed {
        Deed::Sit {} | Deed::Look { .. } | Deed::Say { .. } | Deed::Think { .. } => true,
        Deed::Order { .. } | Deed::TakeBack { .. } | Deed::SwitchOver { .. } => one_of(&[Duty::Operates]),
        Deed::Tell { .. } => one_of(&[Duty::Tells]),
        Deed::Decide { .. } => one_of(&[Duty::Decides]),
        Deed::CallVendor { .. } => one_of(&[Duty::Operates, Duty::Repairs]),
        Deed::RepairForGood { .. } => one_of(&[Duty::Decides, Duty::Repairs]),
        Deed::AnnounceMaintenance {} => one_of(&[Duty::Tells, Duty::Decides]),
        Deed::BeginMaintenance {} | Deed::CallOffMaintenance {} => one_of(&[Duty::Operates, Duty::Decides]),
        Deed::Run { .. }
        | Deed::Pause {}
        | Deed::Reach { .. }
        | Deed::Back { .. }
        | Deed::Suppress { .. }
        | Deed::Add { .. }
        | Deed::Speak { .. }
        | Deed::End {} => leads,
    }
}
