//! Windowed user-uptime: the worst window of each length.

use super::outcome::WorstWindowOutcome;

/// Lengths of windows, in seconds.
const WINDOWS_S: [f64; 5] = [60.0, 900.0, 3_600.0, 21_600.0, 86_400.0];

/// The worst window of each length. The uptime of a window is smallest where the window begins or ends at a bend of the
/// curve.
pub(super) fn windows(series: &[(f64, f64, f64)], length_s: f64) -> Vec<WorstWindowOutcome> {
    let at = |t: f64, hint: &mut usize| -> (f64, f64) {
        while *hint + 1 < series.len() && series[*hint + 1].0 <= t {
            *hint += 1;
        }
        while *hint > 0 && series[*hint].0 > t {
            *hint -= 1;
        }
        let left = series[*hint];
        match series.get(*hint + 1) {
            Some(right) if right.0 > left.0 => {
                let f = (t - left.0) / (right.0 - left.0);
                (left.1 + f * (right.1 - left.1), left.2 + f * (right.2 - left.2))
            }
            _ => (left.1, left.2),
        }
    };
    let (Some(first), Some(last)) = (series.first(), series.last()) else { return Vec::new() };
    // Where nobody was there, no window is the worst.
    if last.1 <= first.1 {
        return Vec::new();
    }
    WINDOWS_S
        .iter()
        .filter(|w| **w <= length_s)
        .map(|&window_s| {
            let mut worst = WorstWindowOutcome { window_s, user_uptime_min: 1.0, from_s: first.0 };
            let (mut left, mut right) = (0, 0);
            let starts = series.iter().map(|p| p.0).chain(series.iter().map(|p| p.0 - window_s));
            for from_s in starts.filter(|s| *s >= first.0 && *s + window_s <= last.0 + 1e-9) {
                let (active, lost) = at(from_s, &mut left);
                let (active_end, lost_end) = at(from_s + window_s, &mut right);
                let uptime = 1.0 - share_or(lost_end - lost, active_end - active, 0.0);
                // Of windows that differ by rounding only, the first counts.
                if uptime < worst.user_uptime_min - 1e-9 {
                    worst = WorstWindowOutcome { window_s, user_uptime_min: uptime.max(0.0), from_s };
                }
            }
            worst
        })
        .collect()
}

fn share_or(part: f64, whole: f64, of_nothing: f64) -> f64 {
    if whole > 0.0 { part / whole } else { of_nothing }
}
