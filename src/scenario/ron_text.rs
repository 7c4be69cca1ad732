//! RON as it is read and written here: the options, and what the derived readers make of a text.

use super::Scenario;
use ron::Error;
use ron::extensions::Extensions;
use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

/// How RON is read and written: `Some(..)` and the inner parentheses of `hard((to: "core"))` can be left out.
pub(super) fn options() -> ron::Options {
    ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    )
}

/// What the derived readers make of a text, or where and why they stopped.
pub(super) fn deserialise(text: &str) -> Result<Scenario, Failure> {
    let mut ron = match ron::Deserializer::from_str_with_options(text, &options()) {
        Ok(ron) => ron,
        Err(error) => return Err(Failure { error: error.code, steps: Vec::new(), in_variant: false, offset: 0 }),
    };
    let mut track = serde_path_to_error::Track::new();
    let result = Scenario::deserialize(serde_path_to_error::Deserializer::new(&mut ron, &mut track));
    let result = result.and_then(|scenario| ron.end().map(|()| scenario));
    result.map_err(|error| {
        let offset = text.len() - ron.remainder().len();
        Failure::new(error, &track.path(), offset)
    })
}

/// Where and why deserialising stopped.
pub(super) struct Failure {
    /// The error as `ron` tells it.
    pub(super) error: Error,
    /// The path without the enum variants on it.
    pub(super) steps: Vec<String>,
    /// Whether the last thing on the path was an enum variant.
    pub(super) in_variant: bool,
    /// How far `ron` had come.
    pub(super) offset: usize,
}

impl Failure {
    fn new(error: Error, path: &Path, offset: usize) -> Failure {
        let mut steps = Vec::new();
        let mut in_variant = false;
        for segment in path {
            in_variant = matches!(segment, Segment::Enum { .. });
            match segment {
                Segment::Seq { index } => steps.push(index.to_string()),
                Segment::Map { key } => steps.push(key.clone()),
                Segment::Enum { .. } => {}
                Segment::Unknown => break,
            }
        }
        Failure { error, steps, in_variant, offset }
    }
}
