//! Numbers as people read them.

use crate::metrics::{LossOutcome, MetastableOutcome, Outcome, length_words};
use crate::observe::Fate;

/// What stands where there is nothing to say.
pub const NOTHING: &str = "–";
/// What stands where there was nothing to measure: it is neither good nor bad.
pub const NO_DATA: &str = "no data";

/// A number with thousands separators; a decimal only where it is small.
pub fn count(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    if value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let tenths = (value * 10.0).round() / 10.0;
    if tenths.abs() < 100.0 && tenths.fract() != 0.0 {
        return format!("{tenths:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0.0 && out != "0" { format!("-{out}") } else { out }
}

/// A number as it is said: `3.1 M`, `12 M`, `480,000`, `812`.
pub fn large(value: f64) -> String {
    let size = value.abs();
    let scaled = |by: f64| {
        let scaled = value / by;
        if scaled.abs() < 9.95 { format!("{scaled:.1}") } else { format!("{scaled:.0}") }
    };
    match size {
        s if !s.is_finite() => NOTHING.to_owned(),
        s if s >= 1e15 => count(value),
        s if s >= 999_500_000.0 => format!("{} bn", scaled(1e9)),
        s if s >= 999_500.0 => format!("{} M", scaled(1e6)),
        // Three digits are what anybody keeps in mind.
        s if s >= 99_950.0 => count((value / 1e3).round() * 1e3),
        s if s >= 9_995.0 => count((value / 100.0).round() * 100.0),
        s if s >= 999.5 => count((value / 10.0).round() * 10.0),
        _ => count(value),
    }
}

/// A number below zero by the text of its size. What is told as nothing is not below it.
pub fn below_zero(size: String) -> String {
    let is_nothing = size.chars().filter(char::is_ascii_digit).all(|digit| digit == '0');
    if is_nothing { size } else { format!("-{size}") }
}

/// How many times something is something else: `x2.1`, `x12`, `x0.05`.
pub fn ratio(value: f64) -> String {
    match value {
        r if !r.is_finite() => NOTHING.to_owned(),
        r if r < 0.095 => format!("x{r:.2}"),
        r if r < 9.95 => format!("x{r:.1}"),
        r => format!("x{}", count(r.round())),
    }
}

/// A share of a capacity, without digits that nobody needs: `87%`, `140%`.
pub fn percent(value: f64) -> String {
    if value.is_finite() { format!("{}%", count((value * 100.0).round())) } else { NOTHING.to_owned() }
}

/// A length of time, two units at most: `12 h 59 min`.
pub fn length(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() => NOTHING.to_owned(),
        s if s < 0.0 => below_zero(length(-s)),
        // Rounding to two units must carry: 59 min 59.7 s is 1 h.
        0.0 => "0 s".to_owned(),
        s if s < 0.0095 => latency(s),
        s if s < 1.0 && (s * 1e3).round() >= 1e3 => "1 s".to_owned(),
        s if s < 60.0 && (s * 10.0).round() >= 600.0 => "1 min".to_owned(),
        s => length_words(s),
    }
}

/// A latency with two or three digits that count.
pub fn latency(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() => NOTHING.to_owned(),
        s if s < 0.0 => below_zero(latency(-s)),
        s if s < 0.000_999_5 => format!("{:.0} µs", (s * 1e6).abs()),
        s if s < 0.009_95 => format!("{:.1} ms", s * 1e3),
        s if s < 0.999_5 => format!("{:.0} ms", s * 1e3),
        s if s < 9.95 => format!("{s:.1} s"),
        s => length(s.round()),
    }
}

/// A share as a percentage with as many digits as tell it from 100%: `99.87%`, `99.99954%`.
pub fn share(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    if value < 0.0 {
        return below_zero(share(-value));
    }
    if value >= 1.0 {
        return format!("{:.0}%", value * 100.0);
    }
    let missing = (1.0 - value) * 100.0;
    let (mut digits, mut step) = (1, 1.0);
    while missing < step * (1.0 - 1e-6) && digits < 9 {
        step /= 10.0;
        digits += 1;
    }
    // Truncated rather than rounded: what was lost must not round up to a perfect record.
    let scale = [10.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9][digits - 1];
    let shown = (value * 100.0 * scale + 1e-6).floor() / scale;
    format!("{shown:.digits$}%")
}

/// Lists that begin with a path, and are cut short, in words.
pub fn cut_short(outcome: &Outcome, path: &str) -> Vec<String> {
    let here = outcome.cut_short.iter().filter(|cut| cut.list.starts_with(path));
    let told = here.map(|cut| {
        let (kept, left_out) = (count(cut.kept as f64), count(cut.left_out as f64));
        format!(
            "cut short: {} has the first {kept}; {left_out} more are left out here, and counted in all sums",
            cut.list
        )
    });
    told.collect()
}

/// How long a metastable state lasted.
pub fn metastable_for(state: &MetastableOutcome) -> String {
    match state.to_s {
        Some(to) => format!("for {}", length(to - state.from_s)),
        None => "to the end of the run".to_owned(),
    }
}

/// What kept a metastable state up, and what would have ended it.
pub fn metastable(state: &MetastableOutcome) -> String {
    let per_s = |rate: f64| format!("{}/s", large(rate));
    // Of users alone everybody thinks anyway.
    let of_services = state.layers.iter().filter(|layer| !layer.starts_with("whoever"));
    let layers = match of_services.count() {
        0 => String::new(),
        _ => format!(" In layers: {}.", state.layers.join("; ")),
    };
    format!(
        "what set it off is gone; users send {} and it can do {}, but with all that is tried again {} arrive. Below {} ({} of \
         what is sent now) it comes to an end by itself; with a retry budget below {} it would not have lasted.{layers}",
        per_s(state.first_per_s),
        per_s(state.capacity_per_s),
        per_s(state.arrived_per_s),
        per_s(state.ends_below_per_s),
        percent(state.ends_below),
        percent(state.budget_below),
    )
}

/// Whether the data that a new primary has not got are anything else than lost.
pub fn fates_are_told(outcome: &Outcome) -> bool {
    let mut losses = outcome.stores.values().flat_map(|store| &store.losses);
    losses.any(|loss| matches!(loss.fate, Fate::KeptAside | Fate::Everything | Fate::NotBack))
}

/// What became of such data.
pub fn fate(loss: &LossOutcome) -> &'static str {
    match loss.fate {
        Fate::KeptAside => "kept on the old primary, in conflict",
        Fate::NotBack => "not back at the end",
        Fate::Everything => "all that there was: no copy is left",
        Fate::Lost if loss.writes > 0.0 => "lost",
        _ => NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let shown: Vec<String> = [0.0, 0.26, 12.0, 99.96, 999.5, 4_200_000.0, -1234.0, f64::NAN].map(count).into();
        assert_eq!(shown, ["0", "0.3", "12", "100", "1,000", "4,200,000", "-1,234", "–"]);
    }

    #[test]
    fn large_numbers_are_said() {
        let shown: Vec<String> =
            [0.0, 812.4, 1_234.0, 48_321.0, 480_432.0, 999_600.0, 3_140_000.0, -12.4e6, 1.2e9].map(large).into();
        assert_eq!(shown, ["0", "812", "1,230", "48,300", "480,000", "1.0 M", "3.1 M", "-12 M", "1.2 bn"]);
    }

    #[test]
    fn ratios_and_shares_have_the_digits_that_count() {
        let shown: Vec<String> = [0.0, 0.05, 0.5, 2.14, 9.96, 1_234.0, f64::NAN].map(ratio).into();
        assert_eq!(shown, ["x0.00", "x0.05", "x0.5", "x2.1", "x10", "x1,234", "–"]);
        let shown: Vec<String> = [0.874, 1.4, 12.345].map(percent).into();
        assert_eq!(shown, ["87%", "140%", "1,235%"]);
    }

    #[test]
    fn lengths_have_two_units_and_carry() {
        let shown: Vec<String> =
            [0.0, 0.08, 0.9999, 59.97, 90.0, 46_740.0, 46_770.4, 86_400.0, 90_061.0].map(length).into();
        assert_eq!(
            shown,
            ["0 s", "80 ms", "1 s", "1 min", "1 min 30 s", "12 h 59 min", "12 h 59 min", "1 d", "1 d 1 h"]
        );
    }

    #[test]
    fn shares_never_round_up_to_all() {
        let shown: Vec<String> = [1.0, 0.8197, 0.5, 0.999, 0.99987, 0.9999999, 0.0].map(share).into();
        assert_eq!(shown, ["100%", "81.9%", "50.0%", "99.90%", "99.987%", "99.999990%", "0.0%"]);
    }

    #[test]
    fn latencies_have_units() {
        let shown: Vec<String> = [0.000_2, 0.004_5, 0.082, 1.26, 12.3, 75.0].map(latency).into();
        assert_eq!(shown, ["200 µs", "4.5 ms", "82 ms", "1.3 s", "12 s", "1 min 15 s"]);
    }

    #[test]
    fn nothing_is_not_below_zero() {
        assert_eq!([-1e-9, -0.0, -90.0].map(length), ["0 µs", "0 s", "-1 min 30 s"]);
        assert_eq!([-1e-9, -0.0, -0.082].map(latency), ["0 µs", "0 µs", "-82 ms"]);
        assert_eq!([-1e-9, -0.25].map(share), ["0.0%", "-25.0%"]);
        assert_eq!([-0.04, -0.2].map(count), ["0", "-0.2"]);
    }
}
