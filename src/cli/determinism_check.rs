//! Whether a run can be repeated, and if not, from which observation on.

use firedrill::engine::Engine;
use firedrill::observe::{Answer, Digest, Interval, Observation, Observer};
use firedrill::rng::Luck;
use firedrill::run::Traffic;
use firedrill::units::Time;
use firedrill::world::{World, civil_label};
use std::sync::Arc;

/// One thing that an observer was told, and the digest over everything up to it.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    at: Time,
    /// The observation; nothing for what flowed.
    what: Option<String>,
    digest: String,
}

/// Keeps every step of a run.
#[derive(Default)]
struct Recorder {
    digest: Digest,
    steps: Vec<Step>,
}

impl Observer for Recorder {
    fn saw(&mut self, world: &World, seen: &Observation) {
        self.digest.saw(world, seen);
        let what = Some(format!("{:?}, caused by {:?}", seen.what, seen.cause.map(|c| c.0)));
        self.steps.push(Step { at: seen.at, what, digest: self.digest.hex() });
    }

    fn answered(&mut self, world: &World, answer: &Answer) {
        self.digest.answered(world, answer);
    }

    fn flowed(&mut self, world: &World, span: &Interval) {
        self.digest.flowed(world, span);
        self.steps.push(Step { at: span.from, what: None, digest: self.digest.hex() });
    }
}

/// Runs both worlds once more and tells where they part.
pub fn difference(first: &Arc<World>, second: &Arc<World>, luck: Luck, traffic: Traffic) -> String {
    let steps = |world: &Arc<World>| {
        let mut recorder = Recorder::default();
        let engine = match traffic {
            Traffic::Request { from, to } => Engine::following(Arc::clone(world), luck, from, to),
            _ => Ok(Engine::new(Arc::clone(world), luck)),
        };
        if let Ok(mut engine) = engine {
            engine.run(&mut recorder);
        }
        recorder.steps
    };
    let time = |at: Time| format!("{} ({} s)", civil_label(&first.calendar, at), at.seconds());
    told(&steps(first), &steps(second), &time)
}

fn told(first: &[Step], second: &[Step], time: &dyn Fn(Time) -> String) -> String {
    let side = |step: Option<&Step>| match step {
        None => "  the run is over".to_owned(),
        Some(Step { at, what: Some(what), .. }) => format!("  at {}: {what}", time(*at)),
        Some(Step { at, what: None, .. }) => format!("  from {}: what flowed in the span that begins then", time(*at)),
    };
    let parted = (0..first.len().max(second.len())).find(|&i| first.get(i) != second.get(i));
    let Some(at) = parted else {
        return "the two runs differed, and no longer do when they are looked at step by step\n".to_owned();
    };
    let seen = first[..at.min(first.len())].iter().filter(|step| step.what.is_some()).count();
    format!(
        "the first difference is after {seen} equal observations\nfirst run:\n{}\nsecond run:\n{}\n",
        side(first.get(at)),
        side(second.get(at))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: i64, what: Option<&str>, digest: &str) -> Step {
        Step { at: Time(at), what: what.map(str::to_owned), digest: digest.to_owned() }
    }

    #[test]
    fn the_first_difference_is_told() {
        let time = |at: Time| at.0.to_string();
        let first = [step(0, Some("a"), "1"), step(0, None, "2"), step(5, Some("b"), "3"), step(6, Some("c"), "4")];
        let mut second = first.clone();
        second[2] = step(5, Some("x"), "9");
        second[3].digest = "8".to_owned();
        assert_eq!(
            told(&first, &second, &time),
            "the first difference is after 1 equal observations\nfirst run:\n  at 5: b\nsecond run:\n  at 5: x\n"
        );
        let short = told(&first[..3], &first, &time);
        assert!(short.contains("first run:\n  the run is over\nsecond run:\n  at 6: c"), "{short}");
        second = first.clone();
        second[1].digest = "7".to_owned();
        assert!(told(&first, &second, &time).contains("first run:\n  from 0: what flowed"));
        assert!(told(&first, &first, &time).contains("no longer do"));
    }
}
