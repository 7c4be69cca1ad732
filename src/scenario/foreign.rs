//! Texts in another language than RON, told as that instead of as mistakes of RON.

use super::{Code, Diagnostic};
use std::ops::Range;

/// What is said of a text that is YAML, JSON or TOML.
pub(super) fn mistake(text: &str) -> Option<Diagnostic> {
    let (language, span) = language(text)?;
    let reason = format!("this is {language}, and a scenario is written in RON");
    let fix = "write Scenario(format: 1, title: \"...\", clock: (...), ...), with a comma after every field; `firedrill new FILE` \
               writes one to begin with";
    let mut diagnostic = Diagnostic::new(Code::Syntax, "", reason, fix);
    diagnostic.span = Some(span);
    Some(diagnostic)
}

/// Which language the first line that says anything is in, where it cannot be RON.
fn language(text: &str) -> Option<(&'static str, Range<usize>)> {
    let (mut at, mut line) = (0, "");
    for next in text.split_inclusive('\n') {
        line = next.trim_end();
        // An attribute of RON begins as a comment of the others does.
        let is_comment = line.trim_start().starts_with('#') && !line.trim_start().starts_with("#!");
        if !line.trim().is_empty() && !is_comment {
            break;
        }
        at += next.len();
    }
    let span = at..at + line.len();
    let language = match line {
        _ if line.starts_with('{') => is_json(text.get(at..)?).then_some("JSON")?,
        "---" => "YAML",
        _ if line.starts_with("%YAML") || line.starts_with("- ") => "YAML",
        _ if line.starts_with('[') && line.ends_with(']') && is_key(line.trim_matches(['[', ']'])) => "TOML",
        // With a comma at its end it is RON without its first line.
        _ if line.ends_with(',') || line.ends_with('(') => return None,
        _ if line.split_once(" = ").is_some_and(|(key, _)| is_key(key)) => "TOML",
        _ if line
            .split_once(':')
            .is_some_and(|(key, rest)| is_key(key) && (rest.is_empty() || rest.starts_with(' '))) =>
        {
            "YAML"
        }
        _ => return None,
    };
    Some((language, span))
}

/// An object whose first field has its name in quotes: a scenario is no map.
fn is_json(text: &str) -> bool {
    let Some(name) = text.trim_start_matches('{').trim_start().strip_prefix('"') else { return false };
    name.split_once('"').is_some_and(|(_, rest)| rest.trim_start().starts_with(':'))
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-. \"".contains(c))
}

#[cfg(test)]
mod tests {
    use super::language;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(language(text).map(|(language, _)| language), expected, "{text}");
    }

    #[test]
    fn other_languages_are_known_by_their_first_line() {
        check("format: 1\ntitle: x\n", Some("YAML"));
        check("# a school\n\nsites:\n  a: {}\n", Some("YAML"));
        check("---\nformat: 1\n", Some("YAML"));
        check("- a\n- b\n", Some("YAML"));
        check("{\"format\": 1}", Some("JSON"));
        check("{\n  \"format\" : 1\n}", Some("JSON"));
        check("format = 1\n", Some("TOML"));
        check("[sites.a]\nx = 1\n", Some("TOML"));
    }

    #[test]
    fn what_may_be_ron_is_read_as_that() {
        for text in [
            "Scenario(format: 1)",
            "// x: y\nScenario(",
            "#![enable(implicit_some)]\n(format: 1)",
            "(",
            "format: 1,\ntitle: \"x\",",
            "clock: (",
            "{}",
            "{\"a\"}",
            "[1, 2]",
            "",
            "\n\n",
            "# nothing but a comment",
            "/* a: b */ Scenario()",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_line_is_shown() {
        let (_, span) = language("\n# x\nformat: 1\r\ny: 2").unwrap();
        assert_eq!(span, 5..14);
    }
}
