//! Keyed random streams.
//!
//! Every use of chance has its own stream, keyed by (seed, replication, entity *name*, purpose). Adding an entity, or
//! drawing once more somewhere, never moves another entity's draws: two designs under one seed meet the same luck, which
//! is what makes their difference meaningful (common random numbers).

use rand::SeedableRng;
use rand::rand_core::block::Generator;
use rand_chacha::ChaCha8Core;
use xxhash_rust::xxh3::xxh3_128;

/// Which luck a run has: the seed of the study and the index of the replication in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Luck {
    /// The study's seed: any number.
    pub seed: u64,
    /// The replication, from 0.
    pub replication: u64,
}

/// Words that one turn of the generator makes.
const WORDS: usize = 32;

/// A stream of uniform variates that belongs to one entity and one purpose: ChaCha with 8 rounds (Bernstein, "ChaCha, a
/// variant of Salsa20", 2008).
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Core,
    words: [u64; WORDS],
    /// How many of the words have been given.
    given: usize,
}

impl Stream {
    /// The stream of `entity` for `purpose`.
    ///
    /// ```
    /// use firedrill::rng::{Luck, Stream};
    /// let luck = Luck { seed: 7, replication: 0 };
    /// let mut a = Stream::new(luck, "oslo/storage", "time to failure");
    /// let mut b = Stream::new(luck, "oslo/storage", "time to failure");
    /// assert_eq!(a.uniform(), b.uniform());
    /// ```
    pub fn new(luck: Luck, entity: &str, purpose: &str) -> Stream {
        let generator = ChaCha8Core::from_seed(key(luck, entity.as_bytes(), purpose.as_bytes()));
        Stream { generator, words: [0; WORDS], given: WORDS }
    }

    /// Goes on with other luck: what it gives from now on depends on that, and on how far it had got.
    pub fn go_on_with(&mut self, luck: Luck) {
        let here = [self.bits(), self.bits()];
        let text = [here[0].to_le_bytes(), here[1].to_le_bytes()].concat();
        self.generator = ChaCha8Core::from_seed(key(luck, &text, b"goes on"));
        self.given = WORDS;
    }

    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        match self.words.get(self.given) {
            Some(&word) => {
                self.given += 1;
                word
            }
            None => self.refill(),
        }
    }

    /// Makes new words, and gives the first.
    #[cold]
    #[inline(never)]
    fn refill(&mut self) -> u64 {
        let mut halves = [0; 2 * WORDS];
        self.generator.generate(&mut halves);
        for (word, pair) in self.words.iter_mut().zip(halves.chunks_exact(2)) {
            *word = u64::from(pair[0]) | u64::from(pair[1]) << 32;
        }
        self.given = 1;
        self.words[0]
    }

    /// A uniform variate strictly between 0 and 1: a multiple of 2^-52 shifted by half a step, so that neither end
    /// is ever drawn and every inverse distribution function is finite.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit(self.bits())
    }

    /// True with probability `p`. Draws one uniform whatever `p` is, so that a changed probability moves nothing else.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }
}

/// The uniform variate that the highest 52 bits stand for: they become the fraction of a number between 1 and 2, which is exact
/// and waits for nothing. The conversion of an integer is neither: on x86 it waits for whatever its register held before.
#[inline]
pub(crate) fn unit(bits: u64) -> f64 {
    const HALF_STEP: f64 = 1.0 / (1_u64 << 53) as f64;
    f64::from_bits(1.0_f64.to_bits() | bits >> 12) - (1.0 - HALF_STEP)
}

/// The key of the stream of `entity` for `purpose`.
fn key(luck: Luck, entity: &[u8], purpose: &[u8]) -> [u8; 32] {
    let mut text = Vec::with_capacity(entity.len() + purpose.len() + 24);
    text.extend_from_slice(&luck.seed.to_le_bytes());
    text.extend_from_slice(&luck.replication.to_le_bytes());
    text.extend_from_slice(&(entity.len() as u64).to_le_bytes());
    text.extend_from_slice(entity);
    text.extend_from_slice(purpose);
    let low = xxh3_128(&text);
    text.push(0xff);
    let high = xxh3_128(&text);
    let mut seed = [0u8; 32];
    seed[..16].copy_from_slice(&low.to_le_bytes());
    seed[16..].copy_from_slice(&high.to_le_bytes());
    seed
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use rand_chacha::ChaCha8Rng;

    const LUCK: Luck = Luck { seed: 1, replication: 2 };

    #[test]
    fn bits_are_the_words_of_the_generator() {
        let mut stream = Stream::new(LUCK, "a", "b");
        let mut generator = ChaCha8Rng::from_seed(key(LUCK, b"a", b"b"));
        for _ in 0..1_000 {
            assert_eq!(stream.bits(), generator.next_u64());
        }
    }

    #[test]
    fn a_uniform_is_a_multiple_of_a_step_and_a_half() {
        let mut stream = Stream::new(LUCK, "a", "b");
        let ends = [0, 1 << 12, u64::MAX, u64::MAX - (1 << 12), 1 << 63];
        for bits in ends.into_iter().chain(std::iter::from_fn(|| Some(stream.bits())).take(10_000)) {
            assert_eq!(unit(bits), ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64);
        }
        assert!(unit(0) > 0.0 && unit(u64::MAX) < 1.0);
    }

    #[test]
    fn a_stream_goes_on_by_other_luck_and_by_how_far_it_had_got() {
        let after = |given: usize, replication: u64| {
            let mut stream = Stream::new(LUCK, "a", "b");
            (0..given).for_each(|_| _ = stream.bits());
            stream.go_on_with(Luck { seed: 1, replication });
            stream.bits()
        };
        assert_eq!(after(3, 7), after(3, 7));
        assert!(after(3, 7) != after(3, 8) && after(3, 7) != after(4, 7));
    }

    /// Recorded: every digest depends on them.
    #[test]
    fn the_first_variates_are_the_recorded_ones() {
        let mut stream = Stream::new(LUCK, "a", "b");
        assert_eq!([stream.uniform(), stream.uniform()], [0.833_145_146_553_995_3, 0.315_765_050_771_835_36]);
    }
}
