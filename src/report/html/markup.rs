//! Markup by construction: tags are fixed in the code, and whatever else goes in is escaped on its way. There is no door
//! for text that is taken as it is, but for the style sheet.

use crate::report::text::clean;
use std::fmt::Display;

/// Attributes of an element: names are fixed, values are escaped.
pub type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

/// A page, or a part of one.
#[derive(Debug, Default)]
pub struct Html {
    out: String,
}

impl Html {
    /// An element and what is in it.
    pub fn within(&mut self, tag: &'static str, attributes: Attributes, inside: impl FnOnce(&mut Html)) {
        self.open(tag, attributes);
        self.out.push('>');
        inside(self);
        self.close(tag);
    }

    fn close(&mut self, tag: &'static str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
        // A line for each block keeps the page readable as text; inside of a line a break would be a blank.
        if matches!(
            tag,
            "div" | "figure" | "section" | "table" | "tr" | "li" | "ol" | "p" | "g" | "svg" | "head" | "h2"
        ) {
            self.out.push('\n');
        }
    }

    /// An element with nothing in it.
    pub fn empty(&mut self, tag: &'static str, attributes: Attributes) {
        self.open(tag, attributes);
        self.out.push_str("/>");
    }

    /// An element with text in it.
    pub fn say(&mut self, tag: &'static str, attributes: Attributes, text: impl AsRef<str>) {
        self.within(tag, attributes, |html| html.text(text));
    }

    /// Text.
    pub fn text(&mut self, text: impl AsRef<str>) {
        self.out.push_str(&escaped(text.as_ref()));
    }

    /// A style sheet of ours.
    pub fn style(&mut self, sheet: &'static str) {
        self.within("style", &[], |html| html.out.push_str(sheet));
    }

    /// Several of them, as one.
    pub fn styles(&mut self, sheets: &[&'static str]) {
        self.within("style", &[], |html| sheets.iter().for_each(|sheet| html.out.push_str(sheet)));
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Adds what was made apart.
    pub fn append(&mut self, part: Html) {
        self.out.push_str(&part.out);
    }

    /// The page as it stands.
    pub fn finish(self) -> String {
        self.out
    }

    fn open(&mut self, tag: &'static str, attributes: Attributes) {
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attributes {
            self.out.push_str(&format!(" {name}=\"{}\"", escaped(&value.to_string())));
        }
    }
}

/// Text that is neither markup, nor ends an attribute, nor has anything in it that cannot be shown.
fn escaped(text: &str) -> String {
    html_escape::encode_quoted_attribute(&clean(text)).into_owned()
}

/// A coordinate, to a tenth: as short as it can be, and the same everywhere.
pub fn n(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    // Minus zero is zero, and what is no number must not break a drawing.
    if !tenths.is_finite() || tenths == 0.0 { "0".to_owned() } else { tenths.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_becomes_markup() {
        let mut html = Html::default();
        let hostile = "<script>\"'&amp;]]>\u{1b}\u{202e}\n</title><!--";
        html.say("p", &[("title", &hostile)], hostile);
        let out = html.finish();
        assert_eq!(out.matches('<').count(), 2, "{out}");
        assert_eq!(out.matches('"').count(), 2, "{out}");
        assert!(!out.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'), "{out}");
        assert!(out.contains("&amp;amp;"), "{out}");
    }

    #[test]
    fn coordinates_are_short() {
        let shown: Vec<String> = [1.0, 0.26, -0.01, 1_234.56, f64::NAN].map(n).into();
        assert_eq!(shown, ["1", "0.3", "0", "1234.6", "0"]);
    }
}
