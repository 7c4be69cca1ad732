//! Compiling the crews that repair.

use super::calendar::hours;
use super::compiler::Compiler;
use super::limits::sampler;
use super::resolve::sorted;
use crate::scenario::{self, Code};
use crate::units::Time;
use crate::world::components::Crew;

impl Compiler<'_> {
    pub fn compile_crews(&self) -> Vec<Crew> {
        let p = &self.problems;
        sorted(&self.scenario.crews)
            .map(|(name, crew)| {
                let path = format!("crews.{name}");
                p.range(
                    format!("{path}.at_once"),
                    crew.at_once > 0 || !crew.hands.is_empty(),
                    "a crew that does no repair at once never repairs anything",
                    "write at least 1, or hands: with a time at which somebody comes",
                );
                if crew.weekends && crew.hours.is_none() {
                    p.add(
                        Code::NeverActs,
                        format!("{path}.weekends"),
                        "without hours they work at weekends too",
                        "write their hours, or leave it out",
                    );
                }
                if crew.without.is_some() && crew.needs.is_empty() {
                    p.add(
                        Code::NeverActs,
                        format!("{path}.without"),
                        "there is nothing that they have to do without",
                        "write what they work through, like needs: [\"consoles\"], or leave it out",
                    );
                }
                let zone = self.calendar.zone.clone();
                let kept = crew.hours.as_ref();
                Crew {
                    name: name.to_owned(),
                    at_once: crew.at_once,
                    hands: self.hands(crew, &path),
                    hours: kept.and_then(|kept| hours(kept, zone, crew.weekends, &format!("{path}.hours"), p)),
                    first: (0..)
                        .zip(&crew.first)
                        .filter_map(|(i, of)| self.component(of, &format!("{path}.first.{i}")))
                        .collect(),
                    arrives: crew.arrives.as_ref().and_then(|d| sampler(d, &format!("{path}.arrives"), p)),
                    needs: self.services_needed(&crew.needs, &format!("{path}.needs")),
                    without: crew.without.as_ref().and_then(|d| sampler(d, &format!("{path}.without"), p)),
                }
            })
            .collect()
    }

    /// How many they are from when on, in order.
    fn hands(&self, crew: &scenario::Crew, path: &str) -> Vec<(Time, u32)> {
        let at = |i: usize, text: &str| self.time_in_run(text, &format!("{path}.hands.{i}.0"));
        let hands: Vec<(Time, u32)> =
            crew.hands.iter().enumerate().filter_map(|(i, (text, hands))| Some((at(i, text)?, *hands))).collect();
        if let Some(i) = (1..hands.len()).find(|i| hands[*i].0 <= hands[*i - 1].0) {
            self.problems.add(
                Code::Contradiction,
                format!("{path}.hands.{i}.0"),
                "this is not after the time before it",
                "write the times in order",
            );
        }
        hands
    }
}
