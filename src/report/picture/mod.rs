//! A design as a picture: drawn as SVG, and told to Mermaid and Graphviz.
//!
//! What is drawn comes from [`crate::drawing`]; `layout.rs` says where it stands, `paint.rs` and `marks.rs` draw it.
//! Colour is never the only sign of anything.

mod dot;
mod folded;
mod layout;
mod lines;
mod marks;
mod mermaid;
mod paint;
mod parts;
mod shapes;
mod site_layout;
mod words;

use super::html::markup::Html;
use crate::drawing::{Drawing, Scene};
pub use dot::render_dot;
pub use mermaid::render_mermaid;
pub(super) use paint::STYLE;
pub(super) use words::told;

/// Writes a picture that stands alone, as SVG: at the start of a run, or at a moment of it.
pub fn render_svg(drawing: &Drawing, scene: Option<&Scene>) -> String {
    let mut html = Html::default();
    let calm = [Default::default()];
    let states = scene.map_or(&calm[..], |scene| std::slice::from_ref(&scene.state));
    let heading = paint::Heading { title: &drawing.title, under: words::under(drawing, scene) };
    paint::paint(&mut html, drawing, states, Some(&heading));
    html.finish()
}

/// The same inside a page, in several states: which of them is seen is up to the page, by the classes `at0`, `at1`, ..
pub(super) fn inside(html: &mut Html, drawing: &Drawing, states: &[crate::drawing::State]) {
    paint::paint(html, drawing, states, None);
}
