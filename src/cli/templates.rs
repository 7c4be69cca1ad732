//! Scenarios to start from, one for each kind of system: each with four designs and what they are to reach.

use firedrill::scenario::diagnostics::did_you_mean;

/// A scenario to start from.
pub struct Template {
    /// What it is called.
    pub name: &'static str,
    /// What it is about, in a line.
    about: &'static str,
    /// Its designs, from the cheapest to the dearest.
    designs: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All of them, in the order in which they are shown.
const TEMPLATES: [Template; 6] = [
    Template {
        name: "shop",
        about: "a web shop in two cloud regions, on its busiest evening",
        designs: "backup and restore, pilot light, warm standby, active-active",
        text: include_str!("templates/shop.ron"),
    },
    Template {
        name: "school",
        about: "a school platform in two data centres of its own, on a Monday",
        designs: "backup and restore, pilot light, warm standby, hot standby",
        text: include_str!("templates/school.ron"),
    },
    Template {
        name: "bank",
        about: "payments that must not be lost; a site is cut off, another dies",
        designs: "backup and restore, warm standby, hot standby, never alone",
        text: include_str!("templates/bank.ron"),
    },
    Template {
        name: "saas",
        about: "software for companies in three zones: how much stands ready",
        designs: "no failover, scaled when needed, statically stable, any zone alone",
        text: include_str!("templates/saas.ron"),
    },
    Template {
        name: "cells",
        about: "an interface for programs, in four cells that share nothing",
        designs: "all in one, cells, shuffled, statically stable",
        text: include_str!("templates/cells.ron"),
    },
    Template {
        name: "static-site",
        about: "pages that seldom change: the smallest of them",
        designs: "wait, backup and restore, hot standby, active-active",
        text: include_str!("templates/static-site.ron"),
    },
];

/// The template of this name, or what is wrong with the name.
pub fn named(name: &str) -> Result<&'static Template, String> {
    let names = || TEMPLATES.iter().map(|template| template.name);
    TEMPLATES.iter().find(|template| template.name == name).ok_or_else(|| {
        let known = names().collect::<Vec<_>>().join(", ");
        match did_you_mean(name, names()) {
            Some(meant) => format!("there is no template called \"{name}\": did you mean \"{meant}\"?"),
            None => format!("there is no template called \"{name}\"; there are {known}"),
        }
    })
}

/// All of them, with a line about each and one about its designs.
pub fn listed() -> String {
    let wide = TEMPLATES.iter().map(|template| template.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    for Template { name, about, designs, .. } in &TEMPLATES {
        out.push_str(&format!("  {name:wide$}  {about}\n  {:wide$}  {designs}\n\n", ""));
    }
    out.push_str("  To start from one of them: firedrill new --template shop shop.ron\n");
    out
}
