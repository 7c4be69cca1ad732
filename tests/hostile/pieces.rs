//! A text in its pieces: strings, numbers, words, signs. It need not be a scenario.

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Blanks and comments.
    Between,
    /// In quotes.
    Text,
    Number,
    Word,
    /// Brackets, commas, colons, whatever else.
    Sign,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub kind: Kind,
    pub text: String,
}

impl Piece {
    pub fn is(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }
}

/// The pieces of a text: put together they are the text.
pub fn pieces(text: &str) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut found) = (0, Vec::new());
    while at < chars.len() {
        let (kind, end) = piece(&chars, at);
        found.push(Piece { kind, text: chars[at..end].iter().collect() });
        at = end;
    }
    found
}

fn piece(chars: &[char], at: usize) -> (Kind, usize) {
    let run = |is: &dyn Fn(char) -> bool| at + chars[at..].iter().take_while(|c| is(**c)).count().max(1);
    let find = |end: &[char], from: usize| {
        let here = chars[from.min(chars.len())..].windows(end.len()).position(|part| part == end);
        here.map_or(chars.len(), |found| from + found + end.len())
    };
    match chars[at] {
        c if c.is_whitespace() => (Kind::Between, run(&char::is_whitespace)),
        '/' if chars.get(at + 1) == Some(&'/') => (Kind::Between, find(&['\n'], at)),
        '/' if chars.get(at + 1) == Some(&'*') => (Kind::Between, find(&['*', '/'], at + 2)),
        '"' => {
            let mut end = at + 1;
            while end < chars.len() && chars[end] != '"' {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            (Kind::Text, (end + 1).min(chars.len()))
        }
        c if c.is_ascii_digit() || "+-".contains(c) => {
            (Kind::Number, run(&|c| c.is_ascii_alphanumeric() || "+-._".contains(c)))
        }
        c if c.is_alphabetic() || c == '_' => (Kind::Word, run(&|c| c.is_alphanumeric() || c == '_')),
        _ => (Kind::Sign, at + 1),
    }
}

/// Something between two commas of a bracket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose bracket it is in: `components`, `repair`.
    pub within: String,
    /// Its field, where it has one: `takes`.
    pub field: Option<String>,
    /// The pieces of all of it, and those of its value.
    pub all: std::ops::Range<usize>,
    pub value: std::ops::Range<usize>,
}

/// Every entry of every bracket.
pub fn entries(pieces: &[Piece]) -> Vec<Entry> {
    struct Open {
        within: String,
        from: usize,
        colon: Option<usize>,
    }
    let (mut open, mut found): (Vec<Open>, Vec<Entry>) = (Vec::new(), Vec::new());
    let mut name = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        let ends = [")", "]", "}", ","].iter().any(|end| piece.is(end));
        if ends && let Some(here) = open.last_mut() {
            let value = here.colon.map_or(here.from, |colon| colon + 1);
            let is_empty = pieces[here.from..at].iter().all(|piece| piece.kind == Kind::Between);
            let field = here.colon.map(|colon| words(&pieces[here.from..colon]));
            if !is_empty {
                found.push(Entry { within: here.within.clone(), field, all: here.from..at, value: value..at });
            }
            (here.from, here.colon) = (at + 1, None);
        }
        if [")", "]", "}"].iter().any(|end| piece.is(end)) {
            open.pop();
        } else if ["(", "[", "{"].iter().any(|begin| piece.is(begin)) {
            open.push(Open { within: std::mem::take(&mut name), from: at + 1, colon: None });
        } else if piece.is(":") {
            if let Some(here) = open.last_mut() {
                here.colon.get_or_insert(at);
            }
        } else if piece.kind == Kind::Word {
            name.clone_from(&piece.text);
        }
    }
    found
}

fn words(pieces: &[Piece]) -> String {
    pieces.iter().filter(|piece| piece.kind != Kind::Between).map(|piece| piece.text.as_str()).collect()
}

/// The text of some pieces.
pub fn text(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

#[test]
fn a_text_is_what_its_pieces_are() {
    let all = r#"Scenario(title: "a \" b", /* x */ sites: {"a": (lat: -1.5e3), "b": ()}, // end
        drill: [at("+1h", crash(of: "a"))])"#;
    let found = pieces(all);
    assert_eq!(text(&found), all);
    let entries = entries(&found);
    let of = |within: &str| -> Vec<String> {
        entries.iter().filter(|entry| entry.within == within).map(|entry| text(&found[entry.value.clone()])).collect()
    };
    assert_eq!(of("sites"), [" (lat: -1.5e3)", " ()"]);
    assert_eq!(of("crash"), [" \"a\""]);
    assert_eq!(entries.iter().filter(|entry| entry.field.as_deref() == Some("lat")).count(), 1);
}
