//! Sorting times: half of what composing a latency takes.
//!
//! Of numbers that are not below zero the bits are in their order. The difference of the bits is, roughly, that of the logarithms, so
//! that its first digits spread what any usual distribution gives over as many buckets as there are values; what is left is nearly in
//! order. That is twice as fast as comparing (`docs/performance.md`).

/// The most that are sorted this way.
const MOST: usize = 1_024;
/// Digits that spread the values over buckets.
const BITS: u32 = 11;
/// Where more than this fall into one bucket, others are better at it.
const CROWDED: u16 = 24;

/// Sorts numbers as `f64::total_cmp` does.
pub fn sort(numbers: &mut [f64]) {
    if numbers.len() > MOST || numbers.iter().any(|number| number.is_sign_negative()) {
        numbers.sort_unstable_by(f64::total_cmp);
        return;
    }
    let mut bits = [0_u64; MOST];
    let bits = &mut bits[..numbers.len()];
    let (mut least, mut most) = (u64::MAX, 0);
    for (bits, number) in bits.iter_mut().zip(numbers.iter()) {
        *bits = number.to_bits();
        (least, most) = (least.min(*bits), most.max(*bits));
    }
    let shift = (u64::BITS - most.saturating_sub(least).leading_zeros()).saturating_sub(BITS);
    let bucket = |bits: u64| ((bits - least) >> shift) as usize;
    // Where each bucket begins.
    let mut begins = [0_u16; (1 << BITS) + 1];
    bits.iter().for_each(|bits| begins[bucket(*bits) + 1] += 1);
    let crowded = begins.iter().any(|count| *count > CROWDED);
    let mut sum = 0;
    for begins in &mut begins {
        sum += *begins;
        *begins = sum;
    }
    let mut sorted = [0_u64; MOST];
    let sorted = &mut sorted[..numbers.len()];
    for bits in bits.iter() {
        let next = &mut begins[bucket(*bits)];
        sorted[usize::from(*next)] = *bits;
        *next += 1;
    }
    if crowded {
        sorted.sort_unstable();
    } else {
        put_in_order(sorted);
    }
    numbers.iter_mut().zip(sorted.iter()).for_each(|(number, bits)| *number = f64::from_bits(*bits));
}

/// Puts numbers in order that nearly are.
fn put_in_order(numbers: &mut [u64]) {
    for i in 1..numbers.len() {
        let number = numbers[i];
        let mut at = i;
        while at > 0 && numbers[at - 1] > number {
            numbers[at] = numbers[at - 1];
            at -= 1;
        }
        numbers[at] = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num;

    #[test]
    fn whatever_it_is_it_is_sorted_as_by_comparing() {
        let mut state = 1_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for count in [0, 1, 2, 3, 200, 1_000, 1_024, 1_025] {
            for shape in 0..9 {
                let mut numbers: Vec<f64> = (0..count)
                    .map(|i| match shape {
                        0 => uniform(),
                        1 => -num::ln(1.0 - uniform()),
                        2 => num::exp(20.0 * uniform()),
                        3 => (uniform() - 0.7).max(0.0),
                        // One far from all others, which are alike.
                        4 => {
                            if i == 7 {
                                0.0
                            } else {
                                1.0 + 1e-9 * uniform()
                            }
                        }
                        5 => 3.0,
                        6 => uniform() - 0.5,
                        7 => [0.0, -0.0, f64::INFINITY, f64::NAN, -f64::NAN, 5e-324][i % 6],
                        _ => [0.0, f64::INFINITY, f64::NAN, 1.0, f64::MAX, 5e-324][i % 6],
                    })
                    .collect();
                let mut expected = numbers.clone();
                expected.sort_unstable_by(f64::total_cmp);
                sort(&mut numbers);
                let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&numbers), bits(&expected), "{count} of shape {shape}");
            }
        }
    }
}
