//! What a study keeps of a run is what the full outcome says, to the last bit.

use firedrill::expect::Criterion;
use firedrill::load::load;
use firedrill::metrics::{Detail, Outcome, OutcomeInterval};
use firedrill::rng::Luck;
use firedrill::run::{run, run_in_detail};
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use std::path::Path;
use std::sync::Arc;

const FILES: [&str; 5] = [
    "scenarios/itslearning-2016-10.ron",
    "scenarios/itslearning-2020-03.ron",
    "scenarios/itslearning-2021-cloud.ron",
    "scenarios/retry-storm.ron",
    "tests/small.ron",
];

#[test]
fn a_brief_outcome_has_the_numbers_of_the_full_one() {
    for file in FILES {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let source = Source::new(file, text);
        let written = source.read_plain().scenario.unwrap();
        let strategies = written.strategies.names().map(|name| Some(name.to_owned()));
        for strategy in strategies.chain([None]) {
            let (scenario, world) = load(&source, &Choice { strategy, ..Choice::default() }).unwrap();
            for replication in 0..3 {
                let luck = Luck { seed: 7, replication };
                let (full, brief) = (run(&world, luck).outcome, run_in_detail(&world, luck, Detail::Brief));
                let more = run_in_detail(&world, luck, Detail::Components);
                hold_against_each_other(&world, &full, &more);
                let text = |outcome: &Outcome| {
                    format!("{:?} {:?} {:?}", outcome.components, outcome.groups, outcome.failovers)
                };
                assert_eq!(text(&full), text(&more), "{file}");
                hold_against_each_other(&world, &full, &brief);
                for criterion in Criterion::all(&scenario).iter().filter(|criterion| criterion.is_brief()) {
                    let bits = |outcome| criterion.seen(outcome).map(f64::to_bits);
                    assert_eq!(bits(&full), bits(&brief), "{file}: {}", criterion.name);
                }
            }
        }
    }
}

fn hold_against_each_other(world: &Arc<World>, full: &Outcome, brief: &Outcome) {
    assert_eq!(full.provenance.digest, brief.provenance.digest);
    assert_eq!(full.provenance.observations, brief.provenance.observations);
    assert_eq!(full.people.len(), brief.people.len());
    // As text, which tells apart all floats but the two zeros.
    let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
    for (name, whole) in &full.people {
        let part = &brief.people[name];
        let wordless = |interval: &OutcomeInterval| {
            let mut bare = interval.clone();
            for word in [&mut bare.from, &mut bare.to, &mut bare.why] {
                word.clear();
            }
            bare.because.clear();
            bare
        };
        let intervals: Vec<OutcomeInterval> = whole.intervals.iter().map(wordless).collect();
        assert_eq!(text(&intervals), text(&part.intervals), "{name}");
        assert_eq!(text(&whole.latency.all), text(&part.latency.all), "{name}");
        assert_eq!(text(&whole.requests), text(&part.requests), "{name}");
        let numbers = |of: &firedrill::metrics::PeopleOutcome| {
            [
                of.users,
                of.downtime_s,
                of.degraded_s,
                of.stale_s,
                of.time_availability,
                of.request_availability,
                of.user_uptime,
                of.user_minutes_lost,
                of.user_minutes_never_sent,
                of.user_minutes_degraded,
                of.user_minutes,
            ]
            .map(f64::to_bits)
        };
        assert_eq!(numbers(whole), numbers(part), "{name}");
    }
    assert_eq!(full.maintenance.len(), brief.maintenance.len());
    for (whole, part) in full.maintenance.iter().zip(&brief.maintenance) {
        let met = whole.met.clone();
        let mut told = part.clone();
        told.met = met;
        assert_eq!(text(whole), text(&told));
    }
    for store in &world.stores {
        let most_s = |outcome: &Outcome| outcome.stores[&store.name].data_loss_window_max_s.to_bits();
        assert_eq!(most_s(full), most_s(brief), "{}", store.name);
    }
}
