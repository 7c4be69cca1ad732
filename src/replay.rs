//! The command that makes a run again, as a shell reads it.

use crate::rng::Luck;
use crate::scenario::Choice;

/// `firedrill COMMAND FILE` with everything that a choice and a piece of luck say.
///
/// ```
/// use firedrill::{replay::command, rng::Luck, scenario::Choice};
/// let choice = Choice { strategy: Some("by hand".into()), ..Choice::default() };
/// let line = command("run", "school.ron", &choice, Luck { seed: 7, replication: 3 });
/// assert_eq!(line, "firedrill run school.ron --strategy 'by hand' --seed 7 --replication 3");
/// ```
pub fn command(command: &str, file: &str, choice: &Choice, luck: Luck) -> String {
    let mut words = vec!["firedrill".to_owned(), command.to_owned(), shell_word(file)];
    words.extend(choice_words(choice));
    words.extend(["--seed".to_owned(), luck.seed.to_string()]);
    if luck.replication != 0 {
        words.extend(["--replication".to_owned(), luck.replication.to_string()]);
    }
    words.join(" ")
}

/// The command that makes the smallest file of a run in which an objective fails.
///
/// ```
/// use firedrill::{replay::shrink, rng::Luck, scenario::Choice};
/// let line = shrink("db.ron", &Choice::default(), Luck { seed: 1, replication: 3 }, "back in time");
/// assert_eq!(line, "firedrill shrink db.ron --seed 1 --replication 3 --objective 'back in time'");
/// ```
pub fn shrink(file: &str, choice: &Choice, luck: Luck, objective: &str) -> String {
    format!("{} --objective {}", command("shrink", file, choice, luck), shell_word(objective))
}

/// A choice as options.
pub fn choice_words(choice: &Choice) -> Vec<String> {
    let mut words = Vec::new();
    let named =
        [("--strategy", &choice.strategy), ("--maintenance", &choice.maintenance), ("--variant", &choice.variant)];
    for (option, name) in named {
        if let Some(name) = name {
            words.extend([option.to_owned(), shell_word(name)]);
        }
    }
    for (path, value) in &choice.set {
        words.extend(["--set".to_owned(), shell_word(&format!("{path}={value}"))]);
    }
    words
}

/// A word as a shell reads it back; what no terminal should be given is left out.
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    let word: String = word.chars().filter(|c| !c.is_control() && !is_direction(*c)).collect();
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word,
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Marks that change the direction of writing, and so what is read.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them_otherwise() {
        let words = ["a.ron", "by hand", "it's", "", "\u{1b}[31mred\u{202e}", "$(rm -rf)"].map(shell_word);
        assert_eq!(words, ["a.ron", "'by hand'", r"'it'\''s'", "''", "'[31mred'", "'$(rm -rf)'"]);
    }
}
