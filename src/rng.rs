//! Keyed random streams.
//!
//! Every use of chance has its own stream, keyed by (seed, replication, entity *name*, purpose). Adding an entity, or
//! drawing once more somewhere, never moves another entity's draws: two designs under one seed meet the same luck, which
//! is what makes their difference meaningful (common random numbers).

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xxhash_rust::xxh3::xxh3_128;

/// Which luck a run has: the seed of the study and the index of the replication in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Luck {
    /// The study's seed: any number.
    pub seed: u64,
    /// The replication, from 0.
    pub replication: u64,
}

/// A stream of uniform variates that belongs to one entity and one purpose.
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Rng,
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
        let mut key = Vec::with_capacity(entity.len() + purpose.len() + 24);
        key.extend_from_slice(&luck.seed.to_le_bytes());
        key.extend_from_slice(&luck.replication.to_le_bytes());
        key.extend_from_slice(&(entity.len() as u64).to_le_bytes());
        key.extend_from_slice(entity.as_bytes());
        key.extend_from_slice(purpose.as_bytes());
        let low = xxh3_128(&key);
        key.push(0xff);
        let high = xxh3_128(&key);
        let mut seed = [0u8; 32];
        seed[..16].copy_from_slice(&low.to_le_bytes());
        seed[16..].copy_from_slice(&high.to_le_bytes());
        Stream { generator: ChaCha8Rng::from_seed(seed) }
    }

    /// A uniform variate strictly between 0 and 1: a multiple of 2^-52 shifted by half a step, so that neither end
    /// is ever drawn and every inverse distribution function is finite.
    pub fn uniform(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 52) as f64;
        ((self.generator.next_u64() >> 12) as f64 + 0.5) * STEP
    }

    /// True with probability `p`. Draws one uniform whatever `p` is, so that a changed probability moves nothing else.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }
}
