#![allow(missing_docs)]
mod outcome;
mod story;
pub use outcome::*;
pub use story::{STORY_LINES_MAX, Story, StoryLine, Theme, failure_words, length_words, why_words};
