//! Delta debugging (Zeller & Hildebrandt 2002), level by level (Misherghi & Su 2006): what can go goes, until nothing can.

use super::cut::{self, Cut};
use super::simpler::{self, Spot};
use super::trial::{GivenUp, Trial, read};
use crate::study::Hands;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_128;

/// Candidates that are looked at together, at first and at most. How many says nothing of how many threads there are: the first
/// that passes is taken, whoever is quicker.
const TOGETHER_FIRST: usize = 2;
const TOGETHER_MAX: usize = 16;
/// Of so many steps every pair is looked at.
const PAIRED_MAX: usize = 16;

/// A text on its way to something small.
pub(super) struct Reducer<'a, H> {
    pub text: String,
    pub trial: Trial,
    pub hands: &'a mut H,
    /// Candidates so far.
    pub tried: usize,
    /// Hashes of what is known not to fail: a text that has been looked at need not be looked at again.
    refused: BTreeSet<u128>,
}

impl<'a, H: Hands> Reducer<'a, H> {
    /// Begins with a text that fails.
    pub fn new(text: String, trial: Trial, hands: &'a mut H) -> Reducer<'a, H> {
        Reducer { text, trial, hands, tried: 0, refused: BTreeSet::new() }
    }

    /// Leaves out and simplifies until a whole round changes nothing: first what happens to the whole design, so that it is known
    /// which faults break it, and then the design, as far as it withstands all others.
    pub fn reduce(&mut self) -> Result<(), GivenUp> {
        loop {
            let before = self.text.clone();
            self.horizon()?;
            self.steps()?;
            self.pairs()?;
            if self.text == before {
                break;
            }
        }
        if let Ok((scenario, world)) = read(&self.text) {
            self.trial.due_to = self.trial.causes(&scenario, &world);
        }
        loop {
            let before = self.text.clone();
            self.steps()?;
            for depth in 1.. {
                if depth > cut::depth(&self.text) {
                    break;
                }
                while self.sweep(depth)? {}
            }
            self.pairs()?;
            self.horizon()?;
            self.take_all(simpler::earlier)?;
            self.take_all(simpler::one_member)?;
            self.take_all(simpler::at_its_site)?;
            self.values()?;
            if self.text == before {
                return Ok(());
            }
        }
    }

    /// The drill, in halves, in quarters, one by one: each of them alone, and all without it.
    fn steps(&mut self) -> Result<(), GivenUp> {
        let mut parts = 2;
        loop {
            let steps = cut::steps(&self.text);
            if steps.is_empty() {
                return Ok(());
            }
            parts = parts.min(steps.len());
            let chunks: Vec<&[Cut]> = steps.chunks(steps.len().div_ceil(parts)).collect();
            let alone = |kept: usize| {
                let others = chunks.iter().enumerate().filter(|(i, _)| *i != kept);
                others.flat_map(|(_, chunk)| chunk.iter().cloned()).collect::<Vec<Cut>>()
            };
            let subsets = chunks.len();
            let candidate = |text: &str, i: usize| match i.checked_sub(subsets) {
                None => cut::blanked(text, &alone(i)),
                Some(i) => cut::blanked(text, chunks[i]),
            };
            match self.first_of(2 * subsets, candidate)? {
                Some(taken) if taken < subsets => parts = 2,
                Some(_) => parts = (parts - 1).max(2),
                None if parts >= steps.len() => return Ok(()),
                None => parts *= 2,
            }
        }
    }

    /// Two steps that need each other.
    fn pairs(&mut self) -> Result<(), GivenUp> {
        loop {
            let steps = cut::steps(&self.text);
            if steps.len() > PAIRED_MAX {
                return Ok(());
            }
            let pairs = steps.iter().enumerate().flat_map(|(i, a)| steps[i + 1..].iter().map(move |b| [a, b]));
            let pairs: Vec<[Cut; 2]> = pairs.map(|pair| pair.map(Cut::clone)).collect();
            if self.first_of(pairs.len(), |text, i| cut::blanked(text, &pairs[i]))?.is_none() {
                return Ok(());
            }
        }
    }

    /// The entries at one depth, many at once and then one by one. Says whether any is gone.
    fn sweep(&mut self, depth: usize) -> Result<bool, GivenUp> {
        let mut any = false;
        let mut size = (cut::cuts(&self.text, depth).len() / 2).max(1);
        loop {
            let mut at = 0;
            loop {
                let cuts = cut::cuts(&self.text, depth);
                let chunks: Vec<&[Cut]> = cuts.get(at..).unwrap_or_default().chunks(size).collect();
                let taken = self.first_of(chunks.len(), |text, i| cut::blanked(text, chunks[i]))?;
                let Some(taken) = taken else { break };
                any = true;
                at += taken * size;
            }
            if size == 1 {
                return Ok(any);
            }
            size /= 2;
        }
    }

    /// The shortest run; but where a share of it is asked for, its length is a part of the question.
    fn horizon(&mut self) -> Result<(), GivenUp> {
        if !self.is_share() {
            self.take_all(simpler::shorter_run)?;
        }
        Ok(())
    }

    fn is_share(&self) -> bool {
        read(&self.text).is_ok_and(|(scenario, _)| self.trial.goal.is_share(&scenario))
    }

    /// Every value, from the first to the last, as simple as it can be.
    fn values(&mut self) -> Result<(), GivenUp> {
        let (mut at, keeps_length) = (0, self.is_share());
        loop {
            let spots = simpler::values(&self.text, keeps_length);
            let left = spots.iter().enumerate().skip(at);
            let candidates: Vec<(usize, &Spot, &String)> =
                left.flat_map(|(i, spot)| spot.simpler.iter().map(move |simpler| (i, spot, simpler))).collect();
            let instead = |text: &str, i: usize| candidates[i].1.instead(text, candidates[i].2);
            let Some(taken) = self.first_of(candidates.len(), instead)? else { return Ok(()) };
            at = candidates[taken].0;
        }
    }

    /// Candidates of one kind, as long as one of them passes.
    fn take_all(&mut self, candidates: impl Fn(&str) -> Vec<String>) -> Result<(), GivenUp> {
        loop {
            let candidates = candidates(&self.text);
            if self.first_of(candidates.len(), |_, i| candidates[i].clone())?.is_none() {
                return Ok(());
            }
        }
    }

    /// The first candidate that fails as it should becomes the text; gives its place.
    fn first_of(&mut self, count: usize, candidate: impl Fn(&str, usize) -> String) -> Result<Option<usize>, GivenUp> {
        let (mut at, mut together) = (0, TOGETHER_FIRST);
        while at < count {
            let mut some = Vec::new();
            while at < count && some.len() < together {
                let text = candidate(&self.text, at);
                let hash = xxh3_128(text.as_bytes());
                if !self.refused.contains(&hash) {
                    some.push((at, hash, text));
                }
                at += 1;
            }
            let (trial, text) = (&self.trial, &self.text);
            self.tried += some.len();
            self.hands.expect(some.len());
            let passed = self.hands.all(some.len(), |i| {
                let (candidate, scenario, world) = cut::mended(some[i].2.clone())?;
                (candidate != *text && trial.fails(&scenario, &world)).then_some(candidate)
            });
            let passed = passed.ok_or(GivenUp)?;
            for ((index, hash, _), passed) in some.into_iter().zip(passed) {
                if let Some(smaller) = passed {
                    self.text = smaller;
                    return Ok(Some(index));
                }
                self.refused.insert(hash);
            }
            together = (together * 2).min(TOGETHER_MAX);
        }
        Ok(None)
    }
}
