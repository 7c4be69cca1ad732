//! From a text to a world: what reading finds and what compiling finds, together and in the order of the file.
//!
//! [`load`] is for a run: it reads and compiles what that run takes. [`check`] is for an author: it looks at everything in
//! the file, also at the strategies and variants that no run has taken yet.

use crate::scenario::{Choice, Code, Diagnostic, Diagnostics, Reading, Scenario, Source};
use crate::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Stands before the name of the strategy or variant without which a line would have no mistake.
const IN_AN_OVERLAY: &str = ", as changed by ";

/// Reads and compiles the scenario of one run.
///
/// ```
/// use firedrill::{load::load, scenario::{Choice, Source}};
/// let text = r#"Scenario(
///     format: 1,
///     title: "one site",
///     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
///     sites: {"a": ()},
/// )"#;
/// let (_, world) = load(&Source::new("one.ron", text), &Choice::default()).unwrap();
/// assert_eq!(world.sites.len(), 1);
/// ```
///
/// # Errors
/// Every mistake that the run would meet, each once, with its place in the text and in the order of the text. What only
/// follows from something that could not be read is left out.
pub fn load(source: &Source, choice: &Choice) -> Result<(Scenario, Arc<World>), Diagnostics> {
    loaded(source.read(choice))
}

fn loaded(mut reading: Reading) -> Result<(Scenario, Arc<World>), Diagnostics> {
    let mut mistakes = std::mem::take(&mut reading.mistakes);
    // Where there are not even sections there is nothing to compile.
    let Some(scenario) = reading.scenario.take() else { return Err(Diagnostics(mistakes)) };
    match World::compile(&scenario) {
        Ok(world) if mistakes.is_empty() => return Ok((scenario, world)),
        Ok(_) => {}
        Err(Diagnostics(found)) => {
            let blame = Blame::new(&mistakes, &found);
            mistakes.extend(found.into_iter().filter(|mistake| !blame.explains(mistake)));
        }
    }
    reading.place(&mut mistakes);
    Err(Diagnostics(mistakes))
}

/// Looks at everything in a file: at the run that it takes by default, at every strategy with the default variant, and at
/// every variant with the default strategy. Every maintenance plan is looked at in each.
///
/// # Errors
/// Every mistake of the file, each once, with its place in the text and in the order of the text.
pub fn check(source: &Source) -> Result<(), Diagnostics> {
    let mut mistakes = match load(source, &Choice::default()) {
        Ok(_) => Vec::new(),
        Err(Diagnostics(mistakes)) => mistakes,
    };
    let plain = source.read_plain();
    let Some(scenario) = &plain.scenario else { return Err(Diagnostics(mistakes)) };
    // A file that is too large to be run once is not read again for each of its strategies.
    if mistakes.iter().any(|mistake| mistake.code == Code::TooMany) {
        return Err(Diagnostics(mistakes));
    }
    for (kind, name, choice) in overlays(scenario) {
        let Err(Diagnostics(found)) = loaded(source.read_one(&plain, &choice)) else { continue };
        let set = plain
            .span_of(&format!("{}.{name}.set", if kind == "strategy" { "strategies" } else { "variants" }), false)
            .unwrap_or_default();
        for mut mistake in found {
            let is_known = |known: &Diagnostic| {
                let reason = known.reason.split(IN_AN_OVERLAY).next();
                (&known.span, known.code) == (&mistake.span, mistake.code) && reason == Some(mistake.reason.as_str())
            };
            if mistakes.iter().any(is_known) {
                continue;
            }
            // What is wrong only because of a value that is set elsewhere would puzzle whoever reads the line.
            if mistake.span.as_ref().is_some_and(|span| !(set.start <= span.start && span.end <= set.end)) {
                mistake.reason = format!("{}{IN_AN_OVERLAY}{kind} \"{name}\"", mistake.reason);
            }
            mistakes.push(mistake);
        }
    }
    plain.place(&mut mistakes);
    if mistakes.is_empty() { Ok(()) } else { Err(Diagnostics(mistakes)) }
}

/// The runs that read other values than the default one does.
fn overlays(scenario: &Scenario) -> Vec<(&'static str, String, Choice)> {
    let strategies = (scenario.strategies.iter())
        .filter(|(_, strategy)| !strategy.set.is_empty())
        .map(|(name, _)| ("strategy", name, Choice { strategy: Some(name.to_owned()), ..Choice::default() }));
    let variants = (scenario.variants.iter())
        .filter(|(_, variant)| !variant.set.is_empty())
        .map(|(name, _)| ("variant", name, Choice { variant: Some(name.to_owned()), ..Choice::default() }));
    strategies.chain(variants).map(|(kind, name, choice)| (kind, name.to_owned(), choice)).collect()
}

/// What is known to be wrong already, so that its consequences are not told as mistakes of their own.
struct Blame {
    /// Things of the scenario, `services.web`, of which a part could not be used.
    damaged: BTreeSet<String>,
    /// Their names alone.
    names: BTreeSet<String>,
    /// Whole sections that could not be read: which names there are is not known.
    names_are_lost: bool,
    /// Places or links between them are missing.
    routes_are_lost: bool,
    /// When a run begins and how long it lasts is not known; at least how long.
    clock_is_lost: bool,
    horizon_is_lost: bool,
}

impl Blame {
    fn new(read: &[Diagnostic], compiled: &[Diagnostic]) -> Blame {
        let mut blame = Blame {
            damaged: BTreeSet::new(),
            names: BTreeSet::new(),
            names_are_lost: false,
            routes_are_lost: false,
            clock_is_lost: false,
            horizon_is_lost: false,
        };
        for mistake in read {
            let (section, thing) = thing_of(&mistake.path);
            let is_missing = |name: &str| mistake.code == Code::MissingField && mistake.reason.contains(name);
            if section == "clock" || section.is_empty() && is_missing("`clock`") {
                let of_horizon = thing == Some("horizon") || thing.is_none() && is_missing("a `horizon`");
                blame.horizon_is_lost = true;
                blame.clock_is_lost |= !of_horizon && thing != Some("warm_up");
            }
            // Neither a title nor a clock holds names.
            if section == "title" || section == "clock" || section.is_empty() && mistake.code == Code::MissingField {
                continue;
            }
            match thing {
                Some(name) => {
                    blame.damaged.insert(format!("{section}.{name}"));
                    blame.names.insert(name.to_owned());
                }
                None => blame.names_are_lost |= !section.is_empty(),
            }
            blame.routes_are_lost |= section == "links" || section == "sites" || thing.is_none();
        }
        for mistake in compiled {
            let (section, thing) = thing_of(&mistake.path);
            blame.routes_are_lost |= section == "links";
            let is_unusable = matches!(mistake.code, Code::Distribution | Code::OutOfRange);
            blame.names.extend(thing.filter(|_| is_unusable).map(str::to_owned));
        }
        blame
    }

    /// Whether a mistake is there only because of another one.
    fn explains(&self, mistake: &Diagnostic) -> bool {
        let (section, thing) = thing_of(&mistake.path);
        let inside = thing.is_some_and(|name| self.damaged.contains(&format!("{section}.{name}")));
        let of_the_run = || ["the run", "a run", "horizon", "warm-up"].iter().any(|word| mistake.reason.contains(word));
        if self.horizon_is_lost
            && (mistake.path == "clock.horizon" || mistake.code != Code::UnknownName && of_the_run())
        {
            return true;
        }
        let is_no_time_at_all = mistake.reason.ends_with("is not a time of day");
        if self.clock_is_lost && (section == "clock" || mistake.code == Code::Time && !is_no_time_at_all) {
            return true;
        }
        let names_one = || self.names.iter().any(|name| mistake.reason.contains(&format!("\"{name}\"")));
        match mistake.code {
            // A reference to a link is one to its two ends.
            Code::UnknownName if mistake.reason.starts_with("there is no link") => self.routes_are_lost,
            Code::UnknownName => self.names_are_lost,
            Code::NoRoute => self.routes_are_lost || inside,
            Code::Contradiction | Code::NeverActs => inside || self.names_are_lost || names_one(),
            Code::MissingField | Code::OutOfRange => inside,
            _ => false,
        }
    }
}

/// The section and the name of what a path leads into.
fn thing_of(path: &str) -> (&str, Option<&str>) {
    let path = path.strip_suffix("#key").unwrap_or(path);
    let mut steps = path.split('.');
    (steps.next().unwrap_or_default(), steps.next())
}
