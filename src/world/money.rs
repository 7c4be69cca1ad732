//! What is paid and what is at stake, in money.

use super::ids::GroupId;

/// What a run is counted in money by.
#[derive(Debug, Clone)]
pub struct Money {
    /// In what.
    pub currency: String,
    /// What the design costs a second.
    pub per_s: f64,
    /// What each further server of a station costs a second.
    pub server_per_s: Vec<f64>,
    /// What has another price while it stands by.
    pub standing: Vec<Standing>,
    /// Of each station the one of these that it is, and what each further server costs a second while it stands by.
    pub server_standing: Vec<Option<(usize, f64)>>,
}

/// Servers or members that stand by while no group is active where they are.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Those groups, and which of their members would put it to use.
    pub groups: Vec<(GroupId, Vec<bool>)>,
    /// What all of it costs a second in use, and standing by.
    pub per_s: (f64, f64),
}

impl Standing {
    /// Whether it is in use, as long as these members are active.
    pub fn is_in_use(&self, active: &[usize]) -> bool {
        self.groups.iter().any(|(group, here)| here[active[group.at()]])
    }

    /// Whether it is when the run starts: the first member of every group is active.
    pub fn is_in_use_at_start(&self) -> bool {
        self.groups.iter().any(|(_, here)| here[0])
    }
}
