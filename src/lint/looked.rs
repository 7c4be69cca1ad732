//! What a lint looks at.

use crate::scenario::Scenario;
use serde_json::Value;

/// A scenario, as it is written.
pub struct Looked<'a> {
    pub scenario: &'a Scenario,
    /// The same as plain data, for whoever looks for names wherever they are.
    pub data: Value,
}
