//! From text to scenario.

/// A scenario's text and its name.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name of the file.
    pub name: String,
    /// The text.
    pub text: String,
}

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
