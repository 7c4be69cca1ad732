//! Boxes, lanes and words, each with its place.

use crate::drawing::{Crowd, Thing};
use crate::world::SiteId;

/// Width of every picture.
pub const WIDTH: f64 = 1_000.0;
/// Left and right of everything.
pub const MARGIN: f64 = 20.0;
/// About how wide a letter is.
pub const LETTER: f64 = 6.9;

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Rect {
    /// Where its middle is, from left to right.
    pub fn middle(&self) -> f64 {
        self.x + self.w / 2.0
    }

    /// Its lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// Its right edge.
    pub fn right(&self) -> f64 {
        self.x + self.w
    }
}

/// What something looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A site, with things in it.
    Site,
    /// A group whose members are in one site.
    Frame,
    /// A box with rounded ends.
    Service,
    /// A box.
    Part,
    /// A cylinder.
    Store,
    /// A box with bars.
    Queue,
    /// People, one in a row.
    Crowd,
    /// One of these rows.
    Person,
    /// What is in no site.
    Elsewhere,
}

/// Something at its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// What; nothing for what only holds other things.
    pub thing: Option<Thing>,
    /// How it looks.
    pub shape: Shape,
    /// Where.
    pub rect: Rect,
    /// Its name.
    pub title: String,
    /// What else is said of it.
    pub detail: String,
}

/// Words at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Where they begin, or where their middle is.
    pub at: (f64, f64),
    /// How they are set.
    pub class: &'static str,
    /// Which.
    pub words: String,
}

/// A link, drawn as a lane below the sites that it joins.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Which.
    pub thing: Thing,
    /// Its two ends from left to right, each with the edge of the site above it.
    pub ends: [(f64, f64); 2],
    /// How far down it runs.
    pub y: f64,
    /// What is said of it.
    pub label: String,
    /// Where that stands free of other lanes: its middle, and how wide it may be.
    pub room: (f64, f64),
}

/// A way on which people are or can be led.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// Where they are drawn.
    pub from: Rect,
    /// Who.
    pub crowd: Crowd,
    /// The site.
    pub to: SiteId,
}

/// `10 Gbit/s`.
pub fn bits(per_s: f64) -> String {
    let (scaled, unit) = match per_s {
        b if b >= 1e12 => (b / 1e12, "Tbit/s"),
        b if b >= 1e9 => (b / 1e9, "Gbit/s"),
        b if b >= 1e6 => (b / 1e6, "Mbit/s"),
        b => (b / 1e3, "kbit/s"),
    };
    let tenths = (scaled * 10.0).round() / 10.0;
    format!("{tenths} {unit}")
}
