//! Quantities with their units: time, rates, ratios, bytes, bandwidth.
//!
//! In a scenario every quantity is a string that carries its unit: `"250ms"`, `"12h59m"`, `"85/s"`, `"10Gbps"`, `"2%"`.
//! A bare number where a unit belongs is an error, because nobody can tell whether `30` meant seconds or minutes.
//! Inside, time is integer nanoseconds; everything else is an `f64` in the SI unit.

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// The longest time that a scenario may speak of: 250 years of 365 days.
pub const TIME_MAX: Duration = Duration(250 * 365 * 86_400 * NANOS_PER_SECOND);

/// A point on the run's clock: nanoseconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Time(pub i64);

/// A length of time in nanoseconds, never negative. Written `"250ms"`, `"30s"`, `"12h59m"`, `"3d"`, `"2w"`, `"1y"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Duration(pub i64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// After every event: the time of what never happens.
    pub const NEVER: Time = Time(i64::MAX);

    /// Seconds since the start of the run.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }

    /// The time this much later; [`Time::NEVER`] where that is beyond the clock.
    #[must_use]
    pub fn after(self, wait: Duration) -> Time {
        Time(self.0.saturating_add(wait.0))
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub fn since(self, earlier: Time) -> Duration {
        Duration(self.0.saturating_sub(earlier.0).max(0))
    }
}

impl Duration {
    /// No time.
    pub const ZERO: Duration = Duration(0);
    /// Longer than any run.
    pub const FOREVER: Duration = Duration(i64::MAX);

    /// From seconds, rounded to the nearest nanosecond; negative and NaN become zero, too long becomes
    /// [`Duration::FOREVER`].
    pub fn from_seconds(seconds: f64) -> Duration {
        let nanos = seconds * NANOS_PER_SECOND as f64;
        if nanos >= i64::MAX as f64 {
            Duration::FOREVER
        } else if nanos > 0.0 {
            Duration((nanos + 0.5) as i64)
        } else {
            Duration::ZERO
        }
    }

    /// The length in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }
}

/// A rate in events per second. Written `"85/s"`, `"2/min"`, `"1/h"`, `"4/y"`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Rate(pub f64);

/// What something is worth while it works. Written `"0.40/request"`, or `"900/h"` for all of it together.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Worth {
    /// Each request that is served.
    Request(f64),
    /// A second in which all are served.
    Second(f64),
}

/// What a broken promise costs. Written `"5000/miss"` once in a run, or `"100/h"` for the time beyond it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Penalty {
    /// Once in a run that misses it.
    Miss(f64),
    /// A second beyond what was promised.
    Second(f64),
}

/// A share between 0 and 1. Written `"2%"`, `"0.1%"`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Ratio(pub f64);

/// A factor. Written `"x2"`, `"x0.5"`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Factor(pub f64);

/// A count of bytes. Written `"300kB"`, `"1.5MB"`, `"4GiB"`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Bytes(pub f64);

/// Bits per second. Written `"10Gbps"`, `"100Mbps"`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Bandwidth(pub f64);

/// Why a text is not a quantity, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {fix}")]
pub struct UnitError {
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub fix: String,
}

/// A kind of quantity: what it is called, an example, and how its text is read.
pub trait Quantity: Sized + Copy {
    /// What a message calls it: "a duration".
    const NAME: &'static str;
    /// An example to copy: `"30s"`.
    const EXAMPLE: &'static str;
    /// Reads the text.
    fn read(text: &str) -> Result<Self, UnitError>;
    /// Writes the text that [`Quantity::read`] reads back to the same value.
    fn write(self) -> String;
    /// What was meant by a number without a unit, where that can be told.
    fn meant(_number: f64) -> Option<Self> {
        None
    }
}

fn wrong<Q: Quantity>(reason: impl Into<String>) -> UnitError {
    UnitError { reason: reason.into(), fix: format!("write {} like \"{}\"", Q::NAME, Q::EXAMPLE) }
}

/// Splits `"1.5MB"` into the number and the unit.
fn number_and_unit<Q: Quantity>(text: &str) -> Result<(f64, &str), UnitError> {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|&(i, c)| !(c.is_ascii_digit() || c == '.' || c == '_' || (i == 0 && (c == '-' || c == '+'))))
        .map_or(text.len(), |(i, _)| i);
    let (digits, unit) = text.split_at(end);
    if digits.is_empty() {
        return Err(wrong::<Q>(format!("\"{text}\" does not start with a number")));
    }
    let number: f64 =
        digits.replace('_', "").parse().map_err(|_| wrong::<Q>(format!("\"{digits}\" is not a number")))?;
    if !number.is_finite() {
        return Err(wrong::<Q>(format!("\"{digits}\" is not finite")));
    }
    if number < 0.0 {
        return Err(wrong::<Q>(format!("\"{text}\" is negative")));
    }
    Ok((number, unit.trim()))
}

/// Reads a number with one of the `units` and scales it to the SI unit.
fn scaled<Q: Quantity>(text: &str, units: &[(&str, f64)]) -> Result<f64, UnitError> {
    let (number, unit) = number_and_unit::<Q>(text)?;
    let known = || units.iter().map(|u| u.0).collect::<Vec<_>>().join(", ");
    if unit.is_empty() {
        let without = wrong::<Q>(format!("\"{text}\" has no unit (one of {})", known()));
        let meant = Q::meant(number).map(|meant| format!("write \"{}\"", meant.write()));
        return Err(UnitError { fix: meant.unwrap_or(without.fix), ..without });
    }
    let Some(&(_, scale)) = units.iter().find(|u| u.0 == unit) else {
        return Err(wrong::<Q>(format!("\"{unit}\" is not a unit of {} (one of {})", Q::NAME, known())));
    };
    let value = number * scale;
    if !value.is_finite() {
        return Err(wrong::<Q>("the number is too large"));
    }
    Ok(value)
}

/// Writes `value` in the largest unit that keeps it exact and short.
fn in_unit(value: f64, units: &[(&str, f64)]) -> String {
    let (mut best, mut text) = (usize::MAX, String::new());
    for &(unit, scale) in units {
        let shown = format!("{}{unit}", value / scale);
        if (value / scale) * scale == value && shown.len() < best && (value == 0.0 || value / scale >= 1e-3) {
            best = shown.len();
            text = shown;
        }
    }
    if text.is_empty() { format!("{value}{}", units[0].0) } else { text }
}

const DURATION_UNITS: [(&str, i64); 12] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("min", 60 * NANOS_PER_SECOND),
    ("h", 3_600 * NANOS_PER_SECOND),
    ("d", 86_400 * NANOS_PER_SECOND),
    ("w", 604_800 * NANOS_PER_SECOND),
    ("y", 31_536_000 * NANOS_PER_SECOND),
    ("days", 86_400 * NANOS_PER_SECOND),
];

impl Quantity for Duration {
    const NAME: &'static str = "a duration";
    const EXAMPLE: &'static str = "1h30m";

    fn read(text: &str) -> Result<Self, UnitError> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(wrong::<Self>("the text is empty"));
        }
        let mut nanos: i128 = 0;
        let mut smaller_than = i64::MAX;
        while !rest.is_empty() {
            let (_, tail) = number_and_unit::<Self>(rest)?;
            let digits = &rest[..rest.len() - tail.len()];
            let digits = digits.trim();
            let end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
            let unit = &tail[..end];
            if unit.is_empty() {
                return Err(wrong::<Self>(format!("\"{digits}\" has no unit (one of ns, us, ms, s, m, h, d, w, y)")));
            }
            let Some(&(_, scale)) = DURATION_UNITS.iter().find(|u| u.0 == unit) else {
                return Err(wrong::<Self>(format!(
                    "\"{unit}\" is not a unit of time (one of ns, us, ms, s, m, h, d, w, y)"
                )));
            };
            if scale >= smaller_than {
                return Err(wrong::<Self>(format!("\"{text}\" does not go from large units to small")));
            }
            smaller_than = scale;
            nanos +=
                exact_nanos(digits, scale).ok_or_else(|| wrong::<Self>(format!("\"{digits}\" is not a number")))?;
            if nanos > i128::from(TIME_MAX.0) {
                return Err(wrong::<Self>(format!("\"{text}\" is longer than 250 years")));
            }
            rest = tail[end..].trim_start();
        }
        Ok(Duration(nanos as i64))
    }

    fn write(self) -> String {
        if self.0 == 0 {
            return "0s".into();
        }
        let mut left = self.0;
        let mut text = String::new();
        for (unit, scale) in [
            ("d", 86_400 * NANOS_PER_SECOND),
            ("h", 3_600 * NANOS_PER_SECOND),
            ("m", 60 * NANOS_PER_SECOND),
            ("s", NANOS_PER_SECOND),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ] {
            if left / scale > 0 {
                text.push_str(&format!("{}{unit}", left / scale));
                left %= scale;
            }
        }
        text
    }
}

/// Decimal digits times a scale in nanoseconds, without going through floating point.
fn exact_nanos(digits: &str, scale: i64) -> Option<i128> {
    let digits = digits.trim_start_matches('+').replace('_', "");
    let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
    if whole.len() > 20 || part.len() > 30 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanos = whole * i128::from(scale);
    let mut unit = i128::from(scale) * 1_000_000;
    let mut fraction: i128 = 0;
    for digit in part.chars() {
        unit /= 10;
        fraction += i128::from(digit.to_digit(10)?) * unit;
    }
    nanos += (fraction + 500_000) / 1_000_000;
    Some(nanos)
}

const RATE_UNITS: [(&str, f64); 7] = [
    ("/s", 1.0),
    ("/min", 1.0 / 60.0),
    ("/m", 1.0 / 60.0),
    ("/h", 1.0 / 3_600.0),
    ("/d", 1.0 / 86_400.0),
    ("/w", 1.0 / 604_800.0),
    ("/y", 1.0 / 31_536_000.0),
];

impl Quantity for Rate {
    const NAME: &'static str = "a rate";
    const EXAMPLE: &'static str = "85/s";

    fn read(text: &str) -> Result<Self, UnitError> {
        // Divide instead of multiplying by a rounded reciprocal: "6/min" is exactly 0.1/s.
        let (number, unit) = number_and_unit::<Self>(text)?;
        scaled::<Self>(text, &RATE_UNITS)?;
        let per = match unit {
            "/s" => 1.0,
            "/min" | "/m" => 60.0,
            "/h" => 3_600.0,
            "/d" => 86_400.0,
            "/w" => 604_800.0,
            _ => 31_536_000.0,
        };
        Ok(Rate(number / per))
    }

    fn write(self) -> String {
        for (unit, per) in [("/s", 1.0), ("/min", 60.0), ("/h", 3_600.0), ("/d", 86_400.0), ("/y", 31_536_000.0)] {
            let shown = self.0 * per;
            if shown / per == self.0 && format!("{shown}").len() <= 6 {
                return format!("{shown}{unit}");
            }
        }
        format!("{}/s", self.0)
    }
}

/// Reads an amount by a unit of its own, or by a unit of time: then it is per second, and told apart by `true`.
fn each_or_rate<Q: Quantity>(text: &str, each: &'static str) -> Result<(f64, bool), UnitError> {
    let (number, unit) = number_and_unit::<Q>(text)?;
    if unit == each {
        return Ok((number, false));
    }
    let mut known = vec![(each, 1.0)];
    known.extend(RATE_UNITS);
    scaled::<Q>(text, &known)?;
    Rate::read(text).map(|rate| (rate.0, true))
}

impl Quantity for Worth {
    const NAME: &'static str = "a worth";
    const EXAMPLE: &'static str = "0.40/request";

    fn read(text: &str) -> Result<Self, UnitError> {
        let (amount, is_rate) = each_or_rate::<Self>(text, "/request")?;
        Ok(if is_rate { Worth::Second(amount) } else { Worth::Request(amount) })
    }

    fn write(self) -> String {
        match self {
            Worth::Request(amount) => format!("{amount}/request"),
            Worth::Second(amount) => Rate(amount).write(),
        }
    }
}

impl Quantity for Penalty {
    const NAME: &'static str = "a penalty";
    const EXAMPLE: &'static str = "5000/miss";

    fn read(text: &str) -> Result<Self, UnitError> {
        let (amount, is_rate) = each_or_rate::<Self>(text, "/miss")?;
        Ok(if is_rate { Penalty::Second(amount) } else { Penalty::Miss(amount) })
    }

    fn write(self) -> String {
        match self {
            Penalty::Miss(amount) => format!("{amount}/miss"),
            Penalty::Second(amount) => Rate(amount).write(),
        }
    }
}

impl Quantity for Ratio {
    const NAME: &'static str = "a ratio";
    const EXAMPLE: &'static str = "2%";

    fn read(text: &str) -> Result<Self, UnitError> {
        let (number, _) = number_and_unit::<Self>(text)?;
        scaled::<Self>(text, &[("%", 0.01)])?;
        if number > 100.0 {
            return Err(wrong::<Self>(format!("\"{text}\" is more than 100%")));
        }
        Ok(Ratio(number / 100.0))
    }

    /// A number up to one is a part of a whole, one above that a number of parts in a hundred.
    fn meant(number: f64) -> Option<Self> {
        let share = if number <= 1.0 { number } else { number / 100.0 };
        (0.0..=1.0).contains(&share).then_some(Ratio(share))
    }

    fn write(self) -> String {
        let percent = self.0 * 100.0;
        // 0.07 * 100 is 7.000000000000001: prefer the short form that reads back to the same bits.
        for places in 0..=17 {
            let shown = format!("{percent:.places$}");
            if shown.parse::<f64>().is_ok_and(|back| back / 100.0 == self.0) {
                return format!("{shown}%");
            }
        }
        format!("{percent}%")
    }
}

impl Quantity for Factor {
    const NAME: &'static str = "a factor";
    const EXAMPLE: &'static str = "x2";

    fn read(text: &str) -> Result<Self, UnitError> {
        let Some(number) = text.trim().strip_prefix('x') else {
            return Err(wrong::<Self>(format!("\"{text}\" does not start with x")));
        };
        let (number, unit) = number_and_unit::<Self>(number)?;
        if !unit.is_empty() {
            return Err(wrong::<Self>(format!("\"{unit}\" after a factor means nothing")));
        }
        Ok(Factor(number))
    }

    fn write(self) -> String {
        format!("x{}", self.0)
    }
}

const BYTE_UNITS: [(&str, f64); 8] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1_024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
];

impl Quantity for Bytes {
    const NAME: &'static str = "a size";
    const EXAMPLE: &'static str = "300kB";

    fn read(text: &str) -> Result<Self, UnitError> {
        scaled::<Self>(text, &BYTE_UNITS).map(Bytes)
    }

    fn write(self) -> String {
        in_unit(self.0, &BYTE_UNITS)
    }
}

const BANDWIDTH_UNITS: [(&str, f64); 5] = [("bps", 1.0), ("kbps", 1e3), ("Mbps", 1e6), ("Gbps", 1e9), ("Tbps", 1e12)];

impl Quantity for Bandwidth {
    const NAME: &'static str = "a bandwidth";
    const EXAMPLE: &'static str = "10Gbps";

    fn read(text: &str) -> Result<Self, UnitError> {
        scaled::<Self>(text, &BANDWIDTH_UNITS).map(Bandwidth)
    }

    fn write(self) -> String {
        in_unit(self.0, &BANDWIDTH_UNITS)
    }
}

/// Reads a quantity wherever serde meets one, and says what to write where it meets a bare number.
struct QuantityVisitor<Q>(PhantomData<Q>);

impl<Q: Quantity> QuantityVisitor<Q> {
    fn bare<E: de::Error>(value: impl fmt::Display) -> Result<Q, E> {
        let meant = value.to_string().parse().ok().and_then(Q::meant).map(Q::write);
        Err(E::custom(UnitError {
            reason: format!("{value} has no unit"),
            fix: match meant {
                Some(meant) => format!("write \"{meant}\", in quotes"),
                None => format!("write {} in quotes with its unit, like \"{}\"", Q::NAME, Q::EXAMPLE),
            },
        }))
    }
}

impl<Q: Quantity> Visitor<'_> for QuantityVisitor<Q> {
    type Value = Q;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} like \"{}\"", Q::NAME, Q::EXAMPLE)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Q, E> {
        Q::read(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Q, E> {
        Self::bare(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Q, E> {
        Self::bare(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Q, E> {
        Self::bare(value)
    }
}

macro_rules! quantity {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(QuantityVisitor(PhantomData))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.write())
            }
        }

        impl FromStr for $name {
            type Err = UnitError;

            fn from_str(text: &str) -> Result<Self, UnitError> {
                Self::read(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.pad(&self.write())
            }
        }
    )*};
}

quantity!(Duration, Rate, Worth, Penalty, Ratio, Factor, Bytes, Bandwidth);

#[cfg(test)]
mod tests {
    use super::*;

    fn check<Q: Quantity + PartialEq + fmt::Debug>(text: &str, value: Q) {
        assert_eq!(Q::read(text).as_ref(), Ok(&value), "{text}");
        assert_eq!(Q::read(&value.write()), Ok(value), "{text} written as {}", value.write());
    }

    #[test]
    fn quantities_read_and_write_back() {
        check("12h59m", Duration(46_740 * NANOS_PER_SECOND));
        check("250ms", Duration(250_000_000));
        check("1.5s", Duration(1_500_000_000));
        check("3d", Duration(3 * 86_400 * NANOS_PER_SECOND));
        check("0.1s", Duration(100_000_000));
        check("6/min", Rate(0.1));
        check("0.40/request", Worth::Request(0.4));
        check("900/h", Worth::Second(0.25));
        check("5_000/miss", Penalty::Miss(5_000.0));
        check("360/h", Penalty::Second(0.1));
        check("2%", Ratio(0.02));
        check("7%", Ratio(0.07));
        check("8.74%", Ratio(0.0874));
        check("x2.5", Factor(2.5));
        check("10Gbps", Bandwidth(1e10));
        check("300kB", Bytes(3e5));
    }

    #[test]
    fn a_quantity_without_its_unit_is_refused() {
        for text in ["", "30", "s", "-3s", "3x", "1m1h", "NaN", "inf s", "1e3s", "300y", "99999999999999999999999s"] {
            assert!(Duration::read(text).is_err(), "{text}");
        }
        for text in ["2", "101%", "NaN%", "-1%", "2 percent"] {
            assert!(Ratio::read(text).is_err(), "{text}");
        }
        assert!(Worth::read("0.4").is_err() && Worth::read("5/miss").is_err() && Penalty::read("5/request").is_err());
        assert!(Rate::read("5").is_err() && Rate::read("5/fortnight").is_err());
        assert!(Factor::read("2").is_err() && Bandwidth::read("10GB").is_err() && Bytes::read("10Gbps").is_err());
    }
}
