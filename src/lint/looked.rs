//! What a lint looks at.

use super::designs::Design;
use crate::scenario::Scenario;
use serde_json::Value;

/// A scenario, as it is written and as it is compiled.
pub struct Looked<'a> {
    pub scenario: &'a Scenario,
    /// The same as plain data, for whoever looks for names wherever they are.
    pub data: Value,
    /// What it comes to with each of its strategies; none where only the text is looked at.
    pub designs: Vec<Design>,
}
