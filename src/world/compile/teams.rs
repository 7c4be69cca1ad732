//! Compiling teams.

use super::calendar::{hours, zone};
use super::compiler::Compiler;
use super::resolve::sorted;
use crate::scenario::Code;
use crate::units::Time;
use crate::world::teams::Team;

impl Compiler<'_> {
    pub fn compile_teams(&self) -> Vec<Team> {
        let (scenario, p) = (self.scenario, &self.problems);
        let mut found = Vec::new();
        for (name, team) in sorted(&scenario.teams) {
            let path = format!("teams.{name}");
            let from = team.from.as_ref().and_then(|from| self.time_in_run(from, &format!("{path}.from")));
            let zone = team.zone.as_ref().map_or(self.calendar.zone.clone(), |z| zone(z, &format!("{path}.zone"), p));
            let hours =
                team.hours.as_ref().and_then(|h| hours(h, zone.clone(), team.weekends, &format!("{path}.hours"), p));
            p.range(
                format!("{path}.at_once"),
                team.at_once != Some(0),
                "a team that works on nothing at once does nothing",
                "write at least 1, or leave it out",
            );
            let tired = team.tired.map_or(1.5, |t| t.0);
            p.range(
                format!("{path}.tired"),
                (1.0..=100.0).contains(&tired),
                "tired people take longer, not shorter",
                "write a factor from x1 to x100",
            );
            if team.tired_after.is_some() && team.hours.is_none() {
                p.add(
                    Code::NeverActs,
                    format!("{path}.tired_after"),
                    "nobody gets tired of a day that never begins",
                    "write the team's hours",
                );
            }
            found.push(Team {
                name: name.to_owned(),
                from: from.unwrap_or(Time::ZERO),
                hours,
                at_once: team.at_once.unwrap_or(u32::MAX),
                tired: team.tired_after.map(|after| (after, tired)),
            });
        }
        found
    }
}
