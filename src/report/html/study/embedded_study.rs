//! The study as data inside its page, so that the page alone is enough to make it again.

use crate::report::html::markup::Html;
use crate::study::{Comparison, End, Protocol};
use serde::{Deserialize, Serialize};

/// What marks the data in a page.
const BEGINS: &str = "<pre id=\"firedrill-study\">";
const ENDS: &str = "</pre>";

/// What a page says of its study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmbeddedStudy {
    /// The protocol.
    #[serde(rename = "plan")]
    pub protocol: Protocol,
    /// The digest over all of its runs.
    pub digest: String,
    /// Replications of each design, in the order of the protocol.
    pub replications: Vec<u64>,
    /// Whether it was ended before the protocol said so.
    pub cut_short: Option<CutShort>,
    /// The command that makes it again.
    pub replay: Option<String>,
}

/// What ended a study before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CutShort {
    /// Its time was over.
    Time,
    /// Somebody ended it.
    Interrupted,
}

/// Writes the data, folded away.
pub(super) fn embed(html: &mut Html, comparison: &Comparison, protocol: &Protocol, replay: Option<&str>) {
    let mut replications = vec![0; protocol.designs.len()];
    comparison.designs.iter().for_each(|design| replications[design.index] = design.replications);
    let embedded = EmbeddedStudy {
        protocol: protocol.clone(),
        digest: comparison.digest.clone(),
        replications,
        cut_short: match comparison.ended {
            End::Time => Some(CutShort::Time),
            End::Interrupted => Some(CutShort::Interrupted),
            End::Settled | End::Replications => None,
        },
        replay: replay.map(str::to_owned),
    };
    let json = serde_json::to_string(&embedded).unwrap_or_default();
    html.within("details", &[("class", &"data")], |html| {
        html.say("summary", &[], "The study as data: scenarios, designs, luck");
        html.say("pre", &[("id", &"firedrill-study")], plain(&json));
    });
}

/// JSON with nothing in it but what any page shows as it is.
pub(in crate::report::html) fn plain(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            c if c.is_ascii() => out.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out
}

/// Reads the data of a page; nothing where it has none.
pub fn extract_study(page: &str) -> Option<EmbeddedStudy> {
    let from = page.find(BEGINS)? + BEGINS.len();
    let to = page[from..].find(ENDS)? + from;
    serde_json::from_str(&html_escape::decode_html_entities(&page[from..to])).ok()
}
