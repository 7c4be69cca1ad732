//! A study as a page.

use super::markup::Html;
use crate::run::Run;
use crate::study::{Comparison, Plan};

/// Writes the page of a study.
pub fn render_comparison(comparison: &Comparison, _: &Plan, _: &[(usize, Run)], _: Option<&str>) -> String {
    let mut page = Html::default();
    page.say("p", &[], &comparison.digest);
    page.finish()
}
