//! A run in money.

use serde::Serialize;
use std::collections::BTreeMap;

/// What a run cost, and what was lost in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MoneyOutcome {
    /// In what.
    pub currency: String,
    /// What was paid: what stands in the file, and further servers for as long as they were there.
    pub spent: f64,
    /// Of that, further servers; below zero where servers were taken away.
    pub spent_on_servers: f64,
    /// Of that, what stood by and was put to use, less what was in use and stood by.
    pub spent_on_takeovers: f64,
    /// What was lost: requests that were not served, and penalties.
    pub lost: f64,
    /// Both.
    pub total: f64,
    /// What was lost of each feature that has a worth.
    pub lost_by_feature: BTreeMap<String, f64>,
    /// What each objective that has a penalty cost.
    pub penalties: BTreeMap<String, f64>,
}

impl MoneyOutcome {
    /// What a promise cost comes to what was lost.
    pub fn penalise(&mut self, objective: &str, amount: f64) {
        let before = self.penalties.insert(objective.to_owned(), amount).unwrap_or_default();
        self.lost += amount - before;
        self.total += amount - before;
    }
}
