//! The Erlang loss and delay formulas, at a cost that does not grow with the number of servers.

use crate::num;

/// Halfin-Whitt distance from saturation beyond which nobody waits.
///
/// With `beta = (1 - rho) sqrt(c)`, Chernoff's bound gives `P(Poisson(a) >= c) <= exp(-beta^2 / 2)`, so that at 7 the
/// probability of waiting is below 2.3e-11. Halfin & Whitt, Operations Research 29 (1981).
const BETA_OF_NO_WAIT: f64 = 7.0;

/// Above this many servers the sum over states gives way to an integral of fixed cost.
const SERVERS_SUMMED: f64 = 4096.0;

/// Whether so few of the servers are busy that the probability of waiting is below 1e-10.
pub(super) fn nobody_waits(offered: f64, servers: f64) -> bool {
    servers - offered > BETA_OF_NO_WAIT * num::sqrt(servers)
}

/// The probability that a request finds all `servers` busy and is lost, when nothing can wait (Erlang B).
///
/// `offered` is the offered load in Erlang: arrival rate times mean service time. Holds for any distribution of the
/// service time. 1 with no servers, 0 without load.
pub fn erlang_b(offered: f64, servers: u64) -> f64 {
    if offered <= 0.0 {
        return f64::from(u8::from(servers == 0));
    }
    1.0 / (1.0 + odds_of_a_free_server(offered, servers as f64))
}

/// The probability that a request waits when any number can (Erlang C). 1 at or above saturation.
///
/// `C = B / (1 - rho (1 - B))`, Gross & Harris, Fundamentals of Queueing Theory, section 2.3.
pub fn erlang_c(offered: f64, servers: u64) -> f64 {
    let c = servers as f64;
    if offered >= c {
        return f64::from(u8::from(offered > 0.0 || servers == 0));
    }
    1.0 / (1.0 + odds_of_a_free_server(offered, c) * (c - offered) / c)
}

/// `1/B - 1`: the odds that a server is free against none, when nothing can wait. Infinity when it overflows.
///
/// The states summed from the top, `sum_{i=1..c} c (c-1) .. (c-i+1) / a^i`: every term is positive, so nothing cancels,
/// and the sum ends when the terms no longer matter, after some multiple of `sqrt(c)` of them. For many servers the
/// same number is the integral of Fortet, `1/B = int_0^inf e^-t (1 + t/a)^c dt` (Jagerman, Bell System Technical
/// Journal 53, 1974).
pub(super) fn odds_of_a_free_server(offered: f64, servers: f64) -> f64 {
    if servers <= 0.0 {
        return 0.0;
    }
    if offered <= 0.0 {
        return f64::INFINITY;
    }
    if servers > SERVERS_SUMMED {
        return (fortet(offered, servers) - 1.0).max(0.0);
    }
    let (mut sum, mut term, mut left) = (0.0, 1.0, servers);
    while left > 0.0 {
        term *= left / offered;
        sum += term;
        left -= 1.0;
        if left < offered && term < sum * 1e-17 || sum > 1e300 {
            break;
        }
    }
    sum
}

/// How much longer than half of M/M/c those wait in M/D/c: Cosmetatos, INFOR 13 (1975). 0 for one server.
pub(super) fn cosmetatos(c: f64, rho: f64, idle: f64) -> f64 {
    (idle * (c - 1.0) * (num::sqrt(4.0 + 5.0 * c) - 2.0) / (16.0 * rho * c)).min(0.24)
}

/// Fortet's integral by Gauss-Legendre panels over the part of it that matters; relative accuracy about 1e-11.
fn fortet(a: f64, c: f64) -> f64 {
    const NODES: [(f64, f64); 4] = [
        (0.183_434_642_495_649_8, 0.362_683_783_378_362),
        (0.525_532_409_916_329, 0.313_706_645_877_887_3),
        (0.796_666_477_413_626_7, 0.222_381_034_453_374_47),
        (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
    ];
    const PANELS: u32 = 14;
    // The integrand is largest at `peak`, and log-concave: ten standard deviations on, or forty decay lengths, it is
    // gone.
    let peak = (c - a).max(0.0);
    let width = 10.0 * a.max(c) / num::sqrt(c);
    let decay = if a > c { 45.0 * a / (a - c) } else { f64::INFINITY };
    let from = (peak - width).max(0.0);
    let until = peak + width.min(decay);
    let exponent = |t: f64| c * num::ln_1p(t / a) - t;
    let highest = exponent(peak);
    if highest > 650.0 {
        return f64::INFINITY;
    }
    let half = (until - from) / f64::from(2 * PANELS);
    let mut sum = 0.0;
    for panel in 0..PANELS {
        let middle = from + half * f64::from(2 * panel + 1);
        for (x, w) in NODES {
            sum += w * (num::exp(exponent(middle - x * half)) + num::exp(exponent(middle + x * half)));
        }
    }
    sum * half
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The forward recursion `1/B(n) = 1 + n / (a B(n-1))`.
    fn by_recursion(a: f64, c: u64) -> f64 {
        (1..=c).fold(1.0, |inverse, n| 1.0 + n as f64 / a * inverse)
    }

    #[test]
    fn erlang_b_agrees_with_the_recursion() {
        for c in [1_u64, 2, 10, 100, 4096, 4097, 20_000] {
            for rho in [0.3, 0.9, 0.97, 0.999, 1.0, 1.001, 1.1, 3.0, 100.0] {
                let a = rho * c as f64;
                let exact = 1.0 / by_recursion(a, c);
                let close = (erlang_b(a, c) - exact).abs() <= 2e-11 * exact + 1e-280;
                assert!(close, "c {c} rho {rho}: {} {exact}", erlang_b(a, c));
            }
        }
    }

    #[test]
    fn millions_of_servers_agree_with_the_recursion() {
        let c = 1_000_000;
        for rho in [0.997, 1.0, 1.01] {
            let a = rho * c as f64;
            let exact = 1.0 / by_recursion(a, c);
            assert!((erlang_b(a, c) / exact - 1.0).abs() < 1e-9, "{rho}: {} {exact}", erlang_b(a, c));
        }
    }

    #[test]
    fn erlang_c_of_ten_servers() {
        assert!((erlang_c(8.5, 10) - 0.529_861_305_115_903_3).abs() < 1e-14);
        assert_eq!(erlang_c(10.0, 10), 1.0);
        assert_eq!((erlang_b(0.0, 0), erlang_b(0.0, 3), erlang_b(1.0, 0)), (1.0, 0.0, 1.0));
    }

    #[test]
    fn no_wait_means_a_probability_below_1e_10() {
        for c in [64_u64, 100, 1_000, 4_000, 100_000, 10_000_000] {
            let a = c as f64 - 7.000_001 * num::sqrt(c as f64);
            assert!(nobody_waits(a, c as f64));
            assert!(erlang_c(a, c) < 1e-10, "{c}: {}", erlang_c(a, c));
        }
    }
}
