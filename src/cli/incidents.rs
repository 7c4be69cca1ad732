//! The library of incidents: public outages as scenarios, to start from.

use super::said::{Said, usage};
use firedrill::scenario::diagnostics::did_you_mean;

/// The files of `scenarios/incidents`, by their names.
macro_rules! incidents {
    ($($name:literal: $what:literal,)*) => {
        &[$(($name, $what, include_str!(concat!("../../scenarios/incidents/", $name, ".ron"))),)*]
    };
}

/// Name, what it is about, text.
const INCIDENTS: &[(&str, &str, &str)] = incidents! {
    "aws-sydney-2016-06": "four fifths of a zone come back by themselves",
    "canva-2024-11": "clients that were held are let go at the same moment",
    "cloudflare-2022-06": "nineteen sites are taken away, and come back one by one",
    "cloudflare-2023-11": "batteries, and what only one of three data centres had",
    "github-2018-10": "a failover across a continent that nobody wanted",
    "gitlab-2017-01": "a deleted database: five ways back, and one works",
    "netflix-nimble": "where the fifty minutes of a region failover go",
    "ovh-2021-03": "a building burns; a copy next door is twelve days away",
    "slack-2021-06": "a link that loses a little, and a button for it",
};

/// The text of an incident; otherwise what to say.
pub fn text_of(name: &str) -> Result<&'static str, Said> {
    if let Some((_, _, text)) = INCIDENTS.iter().find(|(known, ..)| *known == name) {
        return Ok(text);
    }
    let problem = match (name, did_you_mean(name, INCIDENTS.iter().map(|(known, ..)| *known))) {
        ("", _) => "which incident?".to_owned(),
        (_, Some(close)) => format!("there is no incident \"{name}\"; did you mean \"{close}\"?"),
        (_, None) => format!("there is no incident \"{name}\""),
    };
    let mut said = usage(&problem);
    said.err.push_str("\nThere are:\n");
    let longest = INCIDENTS.iter().map(|(known, ..)| known.len()).max().unwrap_or(0);
    for (known, what, _) in INCIDENTS {
        said.err.push_str(&format!("  {known:longest$}    {what}\n"));
    }
    Err(said)
}
