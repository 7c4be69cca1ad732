//! Values of a design that may be others.

use crate::rng::Stream;
use crate::units::Duration;
use std::ops::RangeInclusive;

/// A value that may be another.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where it is, as `--set` says it.
    pub path: String,
    pub values: Values,
}

/// What it may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// One of these, as a file would write them.
    Texts(Vec<String>),
    /// A whole number.
    Sizes(RangeInclusive<u64>),
    /// A length of time.
    Lengths(RangeInclusive<Duration>),
}

impl Change {
    /// One value by chance: every size alike; of lengths every magnitude alike, because a threshold of a second and one of an hour
    /// are two different designs.
    pub fn draw(&self, stream: &mut Stream) -> String {
        match &self.values {
            Values::Texts(texts) => texts[below(stream, texts.len() as u64) as usize].clone(),
            Values::Sizes(sizes) => (sizes.start()
                + below(stream, sizes.end().saturating_sub(*sizes.start()).saturating_add(1)))
            .to_string(),
            Values::Lengths(lengths) => {
                let (least, most) = (lengths.start().0.max(1), lengths.end().0.max(1));
                let share = stream.uniform();
                let magnitudes = (most as f64 / least as f64).max(1.0);
                let drawn = least as f64 * crate::num::exp(share * crate::num::ln(magnitudes));
                quoted(round(Duration(drawn as i64), lengths))
            }
        }
    }

    /// The same value rounder, where it can be.
    pub fn rounder(&self, value: &str) -> Vec<String> {
        let Values::Lengths(lengths) = &self.values else { return Vec::new() };
        let Ok(now) = value.trim_matches('"').parse::<Duration>() else { return Vec::new() };
        let units = UNITS.iter().filter(|unit| **unit <= now.0);
        let mut found: Vec<Duration> = units.map(|unit| Duration(now.0 / unit * unit)).collect();
        found.retain(|length| lengths.contains(length) && *length != now);
        found.dedup();
        found.into_iter().map(quoted).collect()
    }
}

/// What lengths are rounded to, in nanoseconds: a day, an hour, a minute, a second.
const UNITS: [i64; 4] = [86_400_000_000_000, 3_600_000_000_000, 60_000_000_000, 1_000_000_000];

/// A drawn length with three digits that count: nobody chooses a grace of 17.390418 s.
fn round(drawn: Duration, within: &RangeInclusive<Duration>) -> Duration {
    let mut step = 1;
    while drawn.0 / step >= 1_000 {
        step *= 10;
    }
    Duration(drawn.0 / step * step).clamp(*within.start(), *within.end())
}

/// As a file writes it.
pub fn quoted(length: Duration) -> String {
    format!("\"{length}\"")
}

/// One of so many, each alike.
pub fn below(stream: &mut Stream, count: u64) -> u64 {
    ((stream.uniform() * count as f64) as u64).min(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Luck;

    #[test]
    fn every_value_lies_in_its_range_and_the_ends_come_too() {
        let mut stream = Stream::new(Luck { seed: 1, replication: 0 }, "a", "b");
        let sizes = Change { path: "x".to_owned(), values: Values::Sizes(2..=4) };
        let mut seen: Vec<String> = (0..100).map(|_| sizes.draw(&mut stream)).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, ["2", "3", "4"]);
        let [least, most] = ["1s", "1h"].map(|text| text.parse::<Duration>().unwrap());
        let lengths = Change { path: "x".to_owned(), values: Values::Lengths(least..=most) };
        let drawn: Vec<Duration> =
            (0..200).map(|_| lengths.draw(&mut stream).trim_matches('"').parse().unwrap()).collect();
        assert!(drawn.iter().all(|length| (least..=most).contains(length)), "{drawn:?}");
        let short = drawn.iter().filter(|length| length.seconds() < 60.0).count();
        assert!((70..130).contains(&short), "{short} of 200 are below a minute, half way to an hour");
    }

    #[test]
    fn a_length_is_rounded_within_its_range() {
        let [least, most] = ["50s", "3h"].map(|text| text.parse::<Duration>().unwrap());
        let change = Change { path: "x".to_owned(), values: Values::Lengths(least..=most) };
        assert_eq!(change.rounder("\"1h2m3.4s\""), ["\"1h\"", "\"1h2m\"", "\"1h2m3s\""]);
        assert!(change.rounder("\"59s\"").is_empty(), "no minute is left of it, and it is whole seconds");
    }
}
