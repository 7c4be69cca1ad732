//! What many commands take: what is chosen of a file, and the luck.

use clap::Args;
use firedrill::scenario::Choice;

/// What a command takes of a file: the same options everywhere.
#[derive(Debug, Args)]
pub struct ChoiceArgs {
    /// How the design responds; by default the file's choice, else its first strategy
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<String>,
    /// Which maintenance plan is carried out
    #[arg(long, value_name = "NAME")]
    pub maintenance: Option<String>,
    /// Which reading of the story is taken
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Change a value of the file for this run; may be given more than once
    ///
    /// The value is written as in the file; the quotes of a quantity may be left out:
    /// `--set 'services.web.takes=fixed("5ms")'`, `--set clock.horizon=2d`.
    #[arg(long, value_name = "PATH=VALUE", value_parser = path_and_value)]
    pub set: Vec<(String, String)>,
}

impl ChoiceArgs {
    /// What is chosen; what is not said is the file's default.
    pub fn choice(&self) -> Choice {
        let ChoiceArgs { strategy, maintenance, variant, set } = self;
        Choice {
            strategy: strategy.clone(),
            maintenance: maintenance.clone(),
            variant: variant.clone(),
            set: set.clone(),
        }
    }
}

/// The luck of runs.
#[derive(Debug, Args)]
pub struct SeedArgs {
    /// The luck of the run: any number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

pub fn path_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() && !value.trim().is_empty() => {
            Ok((path.trim().to_owned(), quoted(value.trim())))
        }
        _ => Err("write a path, an equals sign and a value, like services.web.queue=100".to_owned()),
    }
}

/// A quantity or a name as the shell leaves it, put back in quotes: `2d` is `"2d"`. What begins like another value of a
/// file, or like one of its variants with fields, is taken as it is.
pub fn quoted(value: &str) -> String {
    let is_number = value.parse::<f64>().is_ok() || value.replace('_', "").parse::<f64>().is_ok();
    let is_written = value.starts_with(['"', '\'', '(', '[', '{']) || value.contains('(') || value.starts_with("r#");
    let is_word = value.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    if is_number || is_written || is_word { value.to_owned() } else { format!("{value:?}") }
}
