//! Who may sit where: a token of 128 bits for each seat, which its link carries.

use super::super::files::FileError;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use subtle::ConstantTimeEq;

/// Characters of a token: 128 bits in hexadecimal.
const LENGTH: usize = 32;

/// The tokens of all seats.
#[derive(Debug, Clone)]
pub struct Tokens(Vec<(String, String)>);

/// A token that nobody can guess.
pub fn token() -> String {
    let mut bytes = [0; LENGTH / 2];
    // Without randomness there is no safety: better not to begin.
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Tokens {
    /// The tokens that a file keeps; seats that it does not know get new ones. So a link goes on working when the program is started
    /// again.
    pub fn kept_in<'s>(path: &Path, seats: impl Iterator<Item = &'s str>) -> Result<Tokens, FileError> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let known: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let is_token = |text: &str| text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let of = |seat: &str| {
            let kept = known.iter().find(|(token, known)| *known == seat && is_token(token));
            kept.map_or_else(token, |(token, _)| (*token).to_owned())
        };
        let tokens = Tokens(seats.map(|seat| (of(seat), seat.to_owned())).collect());
        let text: String = tokens.0.iter().map(|(token, seat)| format!("{token} {seat}\n")).collect();
        write_secret(path, &text).map_err(|source| FileError::Write { path: path.to_owned(), source })?;
        Ok(tokens)
    }

    /// The seat of a token. Every token is compared, whole, whichever it is.
    pub fn seat_of(&self, token: &str) -> Option<&str> {
        let mut found = None;
        for (known, seat) in &self.0 {
            if bool::from(known.as_bytes().ct_eq(token.as_bytes())) {
                found = Some(seat.as_str());
            }
        }
        found
    }

    /// Seats and tokens, in the order of the seats.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(token, seat)| (seat.as_str(), token.as_str()))
    }
}

/// Writes what only whoever started the program may read.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_open_one_seat_and_stay() {
        let path = std::env::temp_dir().join(format!("firedrill-tokens-{}", std::process::id()));
        let first = Tokens::kept_in(&path, ["facilitator", "operations"].into_iter()).unwrap();
        let again = Tokens::kept_in(&path, ["facilitator", "operations", "observer"].into_iter()).unwrap();
        fs::remove_file(&path).unwrap();
        let of = |tokens: &Tokens, seat: &str| tokens.iter().find(|(s, _)| *s == seat).map(|(_, t)| t.to_owned());
        assert_eq!(of(&first, "operations"), of(&again, "operations"));
        assert_ne!(of(&again, "observer"), of(&again, "operations"));
        let token = of(&again, "observer").unwrap();
        assert_eq!(again.seat_of(&token), Some("observer"));
        assert_eq!(again.seat_of(&token[1..]), None);
        assert_eq!(again.seat_of(""), None);
        assert_eq!(first.seat_of(&token), None);
    }
}
