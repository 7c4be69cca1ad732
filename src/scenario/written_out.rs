//! One design of a file as it could have been written: nothing is picked, set or left to a preset any more.

use super::{Call, Feature, Objective, Pick, Rehearsal, Scenario, Service, presets};

impl Scenario {
    /// The scenario of one run, as [`Source::read`](super::Source::read) gives it, with everything written out: what its strategy and its
    /// variant set is in its place, client libraries say what they stand for, and recordings are in the file. What speaks of another
    /// run than this one is left out. `usual` is the run that the file takes when nothing is asked: whoever does not say of which run
    /// they speak means that one.
    pub fn written_out(mut self, usual: &Pick) -> Scenario {
        let taken = self.run.clone();
        let is_of = |when: &Pick| {
            let meant = |said: &Option<String>, usual: &Option<String>| said.clone().or_else(|| usual.clone());
            meant(&when.strategy, &usual.strategy) == taken.strategy
                && meant(&when.maintenance, &usual.maintenance) == taken.maintenance
                && meant(&when.variant, &usual.variant) == taken.variant
        };
        self.strategies.0.retain(|(name, _)| Some(name) == taken.strategy.as_ref());
        self.variants.0.clear();
        for (_, strategy) in &mut self.strategies.0 {
            strategy.set.0.clear();
            // The plan that is carried out is that of the run.
            strategy.maintenance = None;
            // Whoever has read it has written out what it is like.
            strategy.like = None;
        }
        self.run = Pick { maintenance: taken.maintenance.clone(), ..Pick::default() };
        self.keep_what_is_of(is_of);
        for (_, service) in &mut self.services.0 {
            write_out_service(service);
        }
        for (_, feature) in &mut self.features.0 {
            write_out_feature(feature);
        }
        self.assumptions.0.retain(|(path, _)| {
            let mut steps = path.split('.');
            match (steps.next(), steps.next()) {
                (Some("variants" | "expect" | "objectives" | "rehearsal" | "run"), _) => false,
                (Some("strategies"), Some(name)) => {
                    Some(name) == taken.strategy.as_deref() && steps.next() != Some("set")
                }
                _ => true,
            }
        });
        self
    }

    /// Leaves out what speaks of other runs. Expectations have no names: those that are known to fail move up.
    fn keep_what_is_of(&mut self, is_of: impl Fn(&Pick) -> bool) {
        let expected = std::mem::take(&mut self.expect);
        let was_known: Vec<bool> = (0..expected.len()).map(|i| self.is_known_to_fail(&format!("expect.{i}"))).collect();
        self.expect_failure.retain(|known| !known.starts_with("expect."));
        for (mut expectation, known) in expected.into_iter().zip(was_known) {
            if !is_of(expectation.when()) {
                continue;
            }
            *expectation.when_mut() = Pick::default();
            if known {
                self.expect_failure.push(format!("expect.{}", self.expect.len()));
            }
            self.expect.push(expectation);
        }
        // An objective that does not say of which run is asked of every design; that it fails is known of one.
        let known = std::mem::take(&mut self.expect_failure);
        let stays = |objective: &Objective| objective.when() == &Pick::default() || is_of(objective.when());
        self.objectives.0.retain(|(_, objective)| stays(objective));
        self.expect_failure = known
            .into_iter()
            .filter(|name| name.starts_with("expect.") || self.objectives.get(name).is_some_and(|o| is_of(o.when())))
            .collect();
        for (_, objective) in &mut self.objectives.0 {
            *objective.when_mut() = Pick::default();
        }
        self.rehearsal = self
            .rehearsal
            .take()
            .filter(|rehearsal| is_of(&rehearsal.run))
            .map(|rehearsal| Rehearsal { run: Pick::default(), ..rehearsal });
    }
}

fn write_out_service(service: &mut Service) {
    service.calls.iter_mut().for_each(write_out_call);
}

fn write_out_feature(feature: &mut Feature) {
    let written = presets::with_preset(feature);
    feature.client = None;
    feature.timeout = written.timeout;
    feature.retries = written.retries;
    feature.cancels = written.cancels;
    feature.hedge = written.hedge;
    feature.breaker = written.breaker;
    feature.throttle = written.throttle;
    feature.calls.iter_mut().for_each(write_out_call);
}

fn write_out_call(call: &mut Call) {
    let (Call::Hard(to) | Call::Soft(to)) = call;
    let written = presets::of_call(to);
    to.client = None;
    to.timeout = written.timeout;
    to.retries = written.retries;
    to.breaker = written.breaker;
}
