//! A scenario with something done to it.

use super::corpus::Corpus;
use super::pieces::{Entry, Kind, Piece, entries, pieces, text};

/// The numbers of a seed: SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

const NUMBERS: [&str; 34] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3",
    "0.5",
    "-0.5",
    "0.999999999999",
    "1.0000000001",
    "1e-9",
    "1e-300",
    "5e-324",
    "1e9",
    "1e15",
    "1e18",
    "1e300",
    "1.7976931348623157e308",
    "1e309",
    "NaN",
    "inf",
    "-inf",
    "255",
    "256",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "0x7fffffffffffffff",
    "1_000_000",
    "100000",
];

const QUANTITIES: [&str; 44] = [
    "0s",
    "1ns",
    "1us",
    "1ms",
    "1s",
    "61min",
    "23h",
    "24h",
    "1d",
    "7d",
    "30d",
    "360d",
    "1y",
    "82y",
    "100y",
    "292y",
    "293y",
    "9223372036854775807ns",
    "9223372036s",
    "1e18s",
    "-1s",
    "0.0000000001s",
    "0%",
    "100%",
    "50%",
    "99.9999999%",
    "100.0001%",
    "-1%",
    "1e-300%",
    "1e300%",
    "0/s",
    "1/y",
    "1e9/s",
    "1e18/s",
    "1/h",
    "x0",
    "x1",
    "x1e300",
    "x-1",
    "0bps",
    "1bps",
    "1e30Gbps",
    "1kB",
    "1e30TB",
];

const TIMES: [&str; 24] = [
    "1900-01-01T00:00",
    "2200-12-31T23:59",
    "2016-03-27T02:30",
    "2016-10-30T02:30",
    "2016-02-29T12:00",
    "2015-02-29T12:00",
    "2024-12-31T23:59:60",
    "2016-03-27T01:59:59",
    "0000-00-00T00:00",
    "9999-12-31T23:59",
    "+0s",
    "+1ns",
    "+292y",
    "-1h",
    "Mon 00:00",
    "Sun 23:59",
    "24:00",
    "00:00",
    "23:59",
    "2011-12-30T12:00",
    "1900-01-01",
    "2200-12-31",
    "2016-02-29",
    "Xyz 12:00",
];

const ZONES: [&str; 8] = [
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Antarctica/Troll",
    "Africa/Monrovia",
    "Etc/GMT+12",
    "UTC",
    "Europe/Nowhere",
];

const NAMES: [&str; 14] = [
    "",
    " ",
    "a",
    "\u{202e}evil",
    "e\u{301}\u{301}\u{301}",
    "👩‍👩‍👧‍👦",
    "学校",
    "\u{1b}[31mred",
    "line\\nbreak",
    "a.b",
    "a#b",
    "*",
    "ﷺ",
    "\u{feff}",
];

/// The mutant of a seed: a file of the corpus with up to five things done to it. What is valid to begin with says most.
pub fn mutant(corpus: &Corpus, seed: u64) -> String {
    let mut dice = Dice(seed);
    let from = if dice.below(10) == 0 { &corpus.bad } else { &corpus.good };
    let mut file = dice.one(from).cloned().unwrap_or_default();
    for _ in 0..[1, 1, 1, 1, 2, 2, 3, 5][dice.below(8)] {
        // Most of the time what comes out may still be valid.
        file = match dice.below(40) {
            0 => bytes(&file, &mut dice),
            1 | 2 => tokens(&file, &mut dice),
            3 => nested(&file, &mut dice),
            4 => many(&file, &mut dice),
            5 => large(&file, &mut dice),
            6..=8 => without_entry(&file, &mut dice),
            9..=11 => twice(&file, &mut dice),
            12..=19 => other_value(&file, corpus, &mut dice),
            20..=24 => other_entry(&file, corpus, &mut dice),
            25..=28 => names(&file, &mut dice),
            29..=33 => numbers(&file, &mut dice),
            _ => quantities(&file, &mut dice),
        };
    }
    text(&file)
}

/// Any bytes anywhere.
fn bytes(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let mut bytes = text(file).into_bytes();
    for _ in 0..1 + dice.below(8) {
        let at = dice.below(bytes.len().max(1));
        match dice.below(3) {
            0 if at < bytes.len() => bytes[at] = dice.next() as u8,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.insert(at.min(bytes.len()), dice.next() as u8),
        }
    }
    pieces(&String::from_utf8_lossy(&bytes))
}

/// A token goes, comes twice, or changes its place with another.
fn tokens(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let mut file = file.to_vec();
    let (at, other) = (dice.below(file.len()), dice.below(file.len()));
    match dice.below(3) {
        0 if !file.is_empty() => drop(file.remove(at)),
        1 if !file.is_empty() => file.insert(at, file[at].clone()),
        _ if !file.is_empty() => file.swap(at, other),
        _ => {}
    }
    file
}

/// Puts a text in the place of some pieces.
fn replaced(file: &[Piece], at: std::ops::Range<usize>, by: &str) -> Vec<Piece> {
    pieces(&(text(&file[..at.start]) + by + &text(&file[at.end..])))
}

fn any_entry(file: &[Piece], dice: &mut Dice) -> Option<Entry> {
    dice.one(&entries(file)).cloned()
}

/// A value within many brackets.
fn nested(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let Some(entry) = any_entry(file, dice) else { return file.to_vec() };
    let deep = [2, 7, 9, 30, 63, 65, 1_000, 50_000][dice.below(8)];
    let (open, close) = [("Some(", ")"), ("(", ")"), ("[", "]"), ("{", "}"), ("{\"a\":", "}")][dice.below(5)];
    let value = open.repeat(deep) + text(&file[entry.value.clone()]).trim() + &close.repeat(deep);
    replaced(file, entry.value, &value)
}

/// An entry many times, under names of their own where it has one.
fn many(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let Some(entry) = any_entry(file, dice) else { return file.to_vec() };
    let value = text(&file[entry.value.clone()]);
    let times = [3, 10, 100, 1_000, 3_000][dice.below(5)].min(200_000 / value.len().max(1));
    let name = entry.field.as_deref().unwrap_or_default().trim_matches('"').to_owned();
    let one = |number: usize| match entry.field.as_deref() {
        Some(field) if field.starts_with('"') => format!("\"{name} {number}\": {value}"),
        Some(field) => format!("{field}: {value}"),
        None => value.clone(),
    };
    let all: Vec<String> = (0..times).map(one).collect();
    replaced(file, entry.all, &all.join(", "))
}

/// A very long text.
fn large(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let long = ["x", "wörd ", "\u{301}", "学", "\\n", "👩‍👩‍👧‍👦"][dice.below(6)].repeat([81, 1_000, 100_000][dice.below(3)]);
    with_text(file, dice, &long)
}

/// Another text in the place of one.
fn with_text(file: &[Piece], dice: &mut Dice, by: &str) -> Vec<Piece> {
    let texts: Vec<usize> = (0..file.len()).filter(|at| file[*at].kind == Kind::Text).collect();
    let Some(at) = dice.one(&texts) else { return file.to_vec() };
    let mut file = file.to_vec();
    file[*at].text = format!("\"{by}\"");
    file
}

fn without_entry(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let Some(entry) = any_entry(file, dice) else { return file.to_vec() };
    let comma = file.get(entry.all.end).is_some_and(|piece| piece.is(","));
    replaced(file, entry.all.start..entry.all.end + usize::from(comma), "")
}

/// An entry comes twice; where it has a name, under another.
fn twice(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let Some(entry) = any_entry(file, dice) else { return file.to_vec() };
    let (all, value) = (text(&file[entry.all.clone()]), text(&file[entry.value.clone()]));
    let second = match &entry.field {
        Some(field) if field.starts_with('"') => format!("\"{} too\": {value}", field.trim_matches('"')),
        _ => all.clone(),
    };
    replaced(file, entry.all, &format!("{all}, {second}"))
}

/// A value that the same field has elsewhere, also one that the file does not give yet.
fn other_value(file: &[Piece], corpus: &Corpus, dice: &mut Dice) -> Vec<Piece> {
    let fields: Vec<&String> = corpus.values.keys().collect();
    let mine: Vec<Entry> =
        entries(file).into_iter().filter(|e| e.field.as_ref().is_some_and(|f| corpus.values.contains_key(f))).collect();
    let Some(entry) = dice.one(&mine) else { return file.to_vec() };
    if dice.below(3) > 0 {
        let value = entry.field.as_ref().and_then(|field| dice.one(&corpus.values[field])).cloned();
        return replaced(file, entry.value.clone(), &format!(" {}", value.unwrap_or_default()));
    }
    let Some(field) = dice.one(&fields) else { return file.to_vec() };
    let value = dice.one(&corpus.values[*field]).cloned().unwrap_or_default();
    replaced(file, entry.all.start..entry.all.start, &format!(" {field}: {value}, "))
}

/// An entry that stands in a bracket of this kind elsewhere, instead of one or beside it.
fn other_entry(file: &[Piece], corpus: &Corpus, dice: &mut Dice) -> Vec<Piece> {
    let Some(entry) = any_entry(file, dice) else { return file.to_vec() };
    let Some(other) = corpus.entries.get(&entry.within).and_then(|known| dice.one(known)) else { return file.to_vec() };
    match dice.below(2) {
        0 => replaced(file, entry.all, other),
        _ => replaced(file, entry.all.start..entry.all.start, &format!("{other}, ")),
    }
}

/// A name becomes another one of the file, or one that no name should be.
fn names(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let known: Vec<&Piece> = file.iter().filter(|piece| piece.kind == Kind::Text).collect();
    let name = match dice.below(4) {
        0 => NAMES[dice.below(NAMES.len())].to_owned(),
        1 => ZONES[dice.below(ZONES.len())].to_owned(),
        _ => dice.one(&known).map(|piece| piece.text.trim_matches('"').to_owned()).unwrap_or_default(),
    };
    with_text(file, dice, &name)
}

fn numbers(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let numbers: Vec<usize> = (0..file.len()).filter(|at| file[*at].kind == Kind::Number).collect();
    let Some(at) = dice.one(&numbers) else { return file.to_vec() };
    let mut file = file.to_vec();
    file[*at].text = NUMBERS[dice.below(NUMBERS.len())].to_owned();
    file
}

/// A quantity of the same unit with another number, or another quantity, or another time.
fn quantities(file: &[Piece], dice: &mut Dice) -> Vec<Piece> {
    let is_quantity =
        |text: &str| text.trim_matches('"').starts_with(|c: char| c.is_ascii_digit() || "+-x".contains(c));
    let all = 0..file.len();
    let of: Vec<usize> = all.filter(|at| file[*at].kind == Kind::Text && is_quantity(&file[*at].text)).collect();
    let Some(&at) = dice.one(&of) else { return file.to_vec() };
    let mut file = file.to_vec();
    let now = file[at].text.trim_matches('"').to_owned();
    let is_time = now.contains(':') || now.matches('-').count() == 2;
    let digits = |c: char| c.is_ascii_digit() || ".e".contains(c);
    let other = match dice.below(3) {
        _ if is_time => TIMES[dice.below(TIMES.len())].to_owned(),
        0 => QUANTITIES[dice.below(QUANTITIES.len())].to_owned(),
        _ => {
            let start = now.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
            let end = now[start..].find(|c| !digits(c)).map_or(now.len(), |end| start + end);
            format!("{}{}{}", &now[..start], NUMBERS[dice.below(NUMBERS.len())], &now[end..])
        }
    };
    file[at].text = format!("\"{other}\"");
    file
}
