//! Which designs a file has, and what becomes of them when values are varied.

use super::protocol::{DESIGNS_MAX, Wanted};
use crate::scenario::diagnostics::did_you_mean;
use crate::scenario::{Choice, Scenario};

/// Something that is varied, and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// `strategy`, `maintenance`, `variant`, or a path into the file.
    pub path: String,
    /// Its values as they are written in the file; none: all that the file has of the kind.
    pub values: Vec<String>,
}

/// What is wrong with what is to be varied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VaryError(String);

/// The designs that come of one source: every combination of the values of the axes, over what is chosen already. Without
/// axes, every strategy of the file; a file without strategies is one design.
///
/// # Errors
/// A name that the file does not have, or more designs than one study compares.
pub fn vary(
    scenario: &Scenario,
    source: usize,
    prefix: &str,
    chosen: &Choice,
    axes: &[Axis],
) -> Result<Vec<Wanted>, VaryError> {
    let strategies = || Axis { path: "strategy".to_owned(), values: Vec::new() };
    let by_default = [strategies()];
    let axes = match axes {
        [] if chosen.strategy.is_none() && !scenario.strategies.is_empty() => &by_default[..],
        axes => axes,
    };
    let mut designs: Vec<(Vec<String>, Choice)> = vec![(Vec::new(), chosen.clone())];
    for axis in axes {
        let values = known_values(scenario, axis)?;
        if designs.len() * values.len() > DESIGNS_MAX {
            let count = designs.len() * values.len();
            return Err(VaryError(format!("{count} designs are more than the {DESIGNS_MAX} that one study compares")));
        }
        let with = |(words, choice): &(Vec<String>, Choice), value: &String| {
            let (mut words, mut choice) = (words.clone(), choice.clone());
            match axis.path.as_str() {
                "strategy" => choice.strategy = Some(value.clone()),
                "maintenance" => choice.maintenance = Some(value.clone()),
                "variant" => choice.variant = Some(value.clone()),
                path => choice.set.push((path.to_owned(), value.clone())),
            }
            words.push(match axis.path.as_str() {
                "strategy" | "variant" => value.clone(),
                "maintenance" => format!("maintenance {value}"),
                path => format!("{} = {}", short(path), value.trim_matches('"')),
            });
            (words, choice)
        };
        designs = designs.iter().flat_map(|design| values.iter().map(move |value| with(design, value))).collect();
    }
    let label = |words: Vec<String>| {
        let words: Vec<String> = std::iter::once(prefix.to_owned()).chain(words).filter(|w| !w.is_empty()).collect();
        if words.is_empty() { "as written".to_owned() } else { words.join(" · ") }
    };
    Ok(designs.into_iter().map(|(words, choice)| Wanted::new(label(words), source, choice)).collect())
}

/// The values of an axis; names are looked up, so that a wrong one is told before anything runs.
fn known_values(scenario: &Scenario, axis: &Axis) -> Result<Vec<String>, VaryError> {
    let names: Vec<&str> = match axis.path.as_str() {
        "strategy" => scenario.strategies.names().collect(),
        "maintenance" => scenario.maintenance.names().chain(["none"]).collect(),
        "variant" => scenario.variants.names().collect(),
        path if axis.values.is_empty() => {
            return Err(VaryError(format!("{path} has no values to vary it with; write {path}=A,B")));
        }
        _ => return Ok(axis.values.clone()),
    };
    if names.is_empty() {
        return Err(VaryError(format!("the file has no {} to vary", axis.path)));
    }
    if axis.values.is_empty() {
        return Ok(names.into_iter().map(str::to_owned).collect());
    }
    let plain = |value: &String| value.trim_matches('"').to_owned();
    for value in axis.values.iter().map(plain) {
        if !names.contains(&value.as_str()) {
            let meant = match did_you_mean(&value, names.iter().copied()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => format!("there are {}", names.join(", ")),
            };
            return Err(VaryError(format!("the file has no {} called \"{value}\"; {meant}", axis.path)));
        }
    }
    Ok(axis.values.iter().map(plain).collect())
}

/// The end of a path, which says most.
fn short(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Values between commas: what stands in brackets or quotes is one value.
///
/// ```
/// use firedrill::study::split_values;
/// assert_eq!(split_values(r#"30s, fixed("1m"), hyper(a: 1, b: 2), "x, y""#), ["30s", r#"fixed("1m")"#, "hyper(a: 1, b: 2)", r#""x, y""#]);
/// ```
pub fn split_values(text: &str) -> Vec<String> {
    let (mut values, mut value) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
    for c in text.chars() {
        match c {
            ',' if depth == 0 && !quoted => {
                values.push(std::mem::take(&mut value));
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        value.push(c);
    }
    values.push(value);
    values.into_iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Source;

    fn school() -> Scenario {
        let text = r#"Scenario(format: 1, title: "t", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
            sites: {"a": ()}, strategies: {"slow": (), "fast": ()}, variants: {"bad day": ()})"#;
        Source::new("school.ron", text).read_plain().scenario.unwrap()
    }

    fn labels(axes: &[(&str, &[&str])]) -> Result<Vec<String>, String> {
        let axis = |(path, values): &(&str, &[&str])| Axis {
            path: (*path).to_owned(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        };
        let axes: Vec<Axis> = axes.iter().map(axis).collect();
        let designs = vary(&school(), 0, "", &Choice::default(), &axes).map_err(|error| error.to_string())?;
        Ok(designs.into_iter().map(|design| design.label).collect())
    }

    #[test]
    fn without_axes_every_strategy_is_a_design() {
        assert_eq!(labels(&[]).unwrap(), ["slow", "fast"]);
    }

    #[test]
    fn axes_are_combined() {
        let all = labels(&[("strategy", &[]), ("services.web.queue", &["10", "20"])]).unwrap();
        assert_eq!(all, ["slow · queue = 10", "slow · queue = 20", "fast · queue = 10", "fast · queue = 20"]);
        assert_eq!(labels(&[("maintenance", &[])]).unwrap(), ["maintenance none"]);
    }

    #[test]
    fn what_the_file_does_not_have_is_told() {
        assert_eq!(
            labels(&[("strategy", &["fats"])]).unwrap_err(),
            "the file has no strategy called \"fats\"; did you mean \"fast\"?"
        );
        assert!(labels(&[("services.web.queue", &[])]).unwrap_err().contains("write services.web.queue=A,B"));
        let many: Vec<String> = (0..201).map(|i| i.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(labels(&[("a.b", &many)]).unwrap_err().contains("more than the 200"));
    }
}
