//! Which run of a scenario is wanted.

/// Which run of a scenario is wanted; what is not said is the file's default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice {
    /// The strategy.
    pub strategy: Option<String>,
    /// The maintenance plan.
    pub maintenance: Option<String>,
    /// The variant.
    pub variant: Option<String>,
    /// Values that are different: path and RON text.
    pub set: Vec<(String, String)>,
}
