//! `show`: a design with everything written out, and in which values two designs differ.

use super::said::{Said, usage};
use super::show_args::ShowArgs;
use super::{files, terminal};
use firedrill::load;
use firedrill::replay::shell_word;
use firedrill::report::text;
use firedrill::scenario::diagnostics::did_you_mean;
use firedrill::scenario::{Choice, Scenario, Source, differences};
use std::path::Path;

/// Shows a design, or what two differ in.
pub fn show(args: &ShowArgs) -> Said {
    let out = args.out.as_ref().filter(|path| path.as_path() != Path::new("-"));
    let mut said = Said::default();
    if let Err(error) = files::claim(out) {
        said.file_error(&error);
        return said;
    }
    let text = match shown(args) {
        Ok(text) => text,
        Err(said) => return said,
    };
    match out {
        None => said.out = text,
        Some(path) => match files::write(path, &text) {
            Ok(()) => said.out = format!("wrote {}\n", shell_word(&path.display().to_string())),
            Err(error) => said.file_error(&error),
        },
    }
    said
}

fn shown(args: &ShowArgs) -> Result<String, Said> {
    let choice = args.choice.choice();
    match (&args.file, args.diff.as_slice()) {
        (Some(file), [a, b]) => {
            let source = read(file)?;
            let plain = load_of(&source, &Choice::default())?;
            let (one, two) = (of_name(&plain, &choice, a)?, of_name(&plain, &choice, b)?);
            told((&source, &one, a), (&source, &two, b))
        }
        (None, [a, b]) => {
            let (one, two) = (read(Path::new(a))?, read(Path::new(b))?);
            told((&one, &choice, a), (&two, &choice, b))
        }
        (Some(file), _) => {
            let source = read(file)?;
            Ok(headed(&source, &written_out(&source, &choice)?))
        }
        (None, _) => Err(usage("name a scenario")),
    }
}

fn read(path: &Path) -> Result<Source, Said> {
    files::read(path).map_err(|error| {
        let mut said = Said::default();
        said.file_error(&error);
        said
    })
}

/// The scenario of one run; what is not a scenario is told.
fn load_of(source: &Source, choice: &Choice) -> Result<Scenario, Said> {
    load::load(source, choice).map(|(scenario, _)| scenario).map_err(|mistakes| {
        let mut said = Said::default();
        said.mistakes(source, &mistakes);
        said
    })
}

fn written_out(source: &Source, choice: &Choice) -> Result<Scenario, Said> {
    let usual = load_of(source, &Choice::default())?.run;
    Ok(load_of(source, choice)?.written_out(&usual))
}

/// The choice that a name means: a strategy, else a variant.
fn of_name(scenario: &Scenario, choice: &Choice, name: &str) -> Result<Choice, Said> {
    if scenario.strategies.get(name).is_some() {
        return Ok(Choice { strategy: Some(name.to_owned()), ..choice.clone() });
    }
    if scenario.variants.get(name).is_some() {
        return Ok(Choice { variant: Some(name.to_owned()), ..choice.clone() });
    }
    let known: Vec<&str> = scenario.strategies.names().chain(scenario.variants.names()).collect();
    let fix = match did_you_mean(name, known.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("there are {}", known.join(", ")),
    };
    Err(usage(&format!("there is no strategy and no variant called \"{name}\": {fix}")))
}

type Design<'a> = (&'a Source, &'a Choice, &'a str);

fn told(first: Design, second: Design) -> Result<String, Said> {
    let (one, two) = (written_out(first.0, first.1)?, written_out(second.0, second.1)?);
    let look = terminal::look();
    Ok(text::render_differences(&differences(&one, &two), (first.2, second.2), look.width, look.colour))
}

/// The text, and above it where it comes from.
fn headed(source: &Source, scenario: &Scenario) -> String {
    let name = text::clean(&source.name);
    let of = match scenario.strategies.names().next() {
        Some(strategy) => format!("The strategy \"{}\" of {name}", text::clean(strategy)),
        None => name,
    };
    format!("// {of}, with everything written out.\n{}", scenario.to_ron())
}
