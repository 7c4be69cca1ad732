//! What is paid and what is at stake, in money.

/// What a run is counted in money by.
#[derive(Debug, Clone)]
pub struct Money {
    /// In what.
    pub currency: String,
    /// What the design costs a second.
    pub per_s: f64,
    /// What each further server of a station costs a second.
    pub server_per_s: Vec<f64>,
}
