//! Checking what a file says about its rehearsal.

use super::compiler::Compiler;
use super::resolve::Names;
use crate::scenario::{Code, Message, Monitoring, Rehearsal, Wanted};
use crate::units::Time;

/// Seats beside the facilitator's.
pub const SEATS_MAX: usize = 40;
/// Injects, and prepared messages, of a file.
const MESSAGES_MAX: usize = 1_000;
/// Characters of any one text of a rehearsal.
const TEXT_MAX: usize = 4_000;
/// False alarms in a day, in the mean.
const FALSE_ALARMS_MAX: f64 = 1_000.0;
/// The seat that there always is.
const FACILITATOR: &str = "facilitator";

impl Compiler<'_> {
    /// Checks who sits where, when play begins and ends, and what is told.
    pub fn check_rehearsal(&self) {
        let Some(rehearsal) = &self.scenario.rehearsal else { return };
        self.check_pick(&rehearsal.run, "rehearsal.run");
        self.check_played(rehearsal);
        self.check_seats(rehearsal);
        self.check_texts(rehearsal);
        self.check_measures(rehearsal);
        self.check_monitoring(&rehearsal.monitoring);
    }

    fn check_played(&self, rehearsal: &Rehearsal) {
        let at = |text: &Option<String>, field: &str| {
            text.as_ref().and_then(|text| self.time_in_run(text, &format!("rehearsal.{field}")))
        };
        let from = at(&rehearsal.from, "from").unwrap_or(Time::ZERO);
        let to = at(&rehearsal.to, "to").unwrap_or(self.horizon);
        if from >= to {
            let reason = "play ends before it begins";
            self.problems.add(Code::Contradiction, "rehearsal.to", reason, "write a later time, or an earlier from:");
        }
        for (i, inject) in rehearsal.injects.iter().enumerate() {
            let path = format!("rehearsal.injects.{i}.at");
            let at = self.time_in_run(&inject.at, &path);
            if from < to && at.is_some_and(|at| at < from || at > to) {
                let reason = "that is outside of what is played";
                self.problems.add(Code::NeverActs, path, reason, "write a time between from: and to: of the rehearsal");
            }
        }
    }

    fn check_seats(&self, rehearsal: &Rehearsal) {
        let p = &self.problems;
        let seats = Names::section("rehearsal.seats", &rehearsal.seats, p);
        if seats.len() > SEATS_MAX {
            let reason = format!("{} seats are more than {SEATS_MAX}", seats.len());
            p.add(Code::TooMany, "rehearsal.seats", reason, "let people share a seat");
        }
        if seats.get(FACILITATOR).is_some() {
            let path = format!("rehearsal.seats.{FACILITATOR}");
            p.add(Code::Contradiction, path, "the facilitator's seat is always there", "leave it out");
        }
        let defaults = ["incident commander", "operations", "communications", "vendor", "observer"];
        let known = if seats.len() > 0 { seats } else { Names::in_order(sorted_names(&defaults)) };
        for (i, inject) in rehearsal.injects.iter().enumerate() {
            for (j, to) in inject.to.iter().enumerate().filter(|(_, to)| *to != FACILITATOR) {
                known.find(to, "seat", format!("rehearsal.injects.{i}.to.{j}"), p);
            }
            for (j, by) in inject.by.iter().enumerate() {
                known.find(by, "seat", format!("rehearsal.injects.{i}.by.{j}"), p);
            }
        }
    }

    /// They are checked as those of a runbook; what starts them is somebody at a seat.
    fn check_measures(&self, rehearsal: &Rehearsal) {
        let names = Names::section("rehearsal.measures", &rehearsal.measures, &self.problems);
        // Another strategy or variant may lack what they change: then it is told to whoever plays that.
        let (run, played) = (&self.scenario.run, &rehearsal.run);
        let known = |name: &&String| self.scenario.strategies.get(name).is_some();
        let other = played.strategy.as_ref().filter(known).is_some_and(|name| run.strategy.as_ref() != Some(name));
        if other || run.variant != played.variant {
            return;
        }
        for (name, measure) in rehearsal.measures.iter() {
            let path = format!("rehearsal.measures.{name}");
            if measure.at.is_some() || measure.when.is_some() {
                let fix = "leave at: and when: out, or write it into the runbook of a strategy";
                let reason = "somebody at a seat orders it, and not the clock";
                self.problems.add(Code::Contradiction, path.clone(), reason, fix);
            }
            self.procedure(name, measure, &path, &names);
        }
    }

    fn check_texts(&self, rehearsal: &Rehearsal) {
        let p = &self.problems;
        for (section, count) in [("injects", rehearsal.injects.len()), ("prepared", rehearsal.prepared.len())] {
            if count > MESSAGES_MAX {
                let reason = format!("{count} are more than {MESSAGES_MAX}");
                p.add(Code::TooMany, format!("rehearsal.{section}"), reason, "keep those that matter");
            }
        }
        Names::section("rehearsal.prepared", &rehearsal.prepared, p);
        let is_short = |path: String, text: &str| {
            let reason = format!("{} characters are more than anybody reads", text.chars().count());
            p.range(path, text.chars().count() <= TEXT_MAX, reason, format!("write at most {TEXT_MAX}"));
        };
        is_short("rehearsal.about".to_owned(), &rehearsal.about);
        for (i, inject) in rehearsal.injects.iter().enumerate() {
            let path = format!("rehearsal.injects.{i}");
            is_short(format!("{path}.says"), &inject.says);
            is_short(format!("{path}.expects"), &inject.expects);
            if inject.says.is_empty() && inject.expects.is_empty() && inject.wants.is_empty() {
                let fix = "write says: with what is said, or expects: with what somebody should do";
                p.add(Code::NeverActs, path.clone(), "an inject that says nothing and expects nothing", fix);
            }
            self.check_wanted(rehearsal, inject, &path);
        }
        for (name, prepared) in rehearsal.prepared.iter() {
            let path = format!("rehearsal.prepared.{name}.says");
            is_short(path.clone(), &prepared.says);
            if prepared.says.is_empty() {
                p.add(Code::NeverActs, path, "a message that says nothing", "write what is said");
            }
        }
    }

    /// What is expected can be done, as far as the file says.
    fn check_wanted(&self, rehearsal: &Rehearsal, inject: &Message, path: &str) {
        let (p, s) = (&self.problems, self.scenario);
        if inject.within.is_some() && inject.wants.is_empty() {
            let fix = "write wants: with what has to be done within that time, or leave within: out";
            p.add(Code::NeverActs, format!("{path}.within"), "nothing is wanted within that time", fix);
        }
        if !inject.by.is_empty() && inject.wants.is_empty() {
            let fix = "write wants: with what they have to do, or leave by: out";
            p.add(Code::NeverActs, format!("{path}.by"), "nothing is wanted of these seats", fix);
        }
        let one_of = |names: Vec<&str>, what: &'static str, name: &str, at: String| {
            let mut names = names;
            names.sort_unstable();
            names.dedup();
            Names::in_order(names.into_iter()).find(name, what, at, p);
        };
        for (i, wanted) in inject.wants.iter().enumerate() {
            let at = format!("{path}.wants.{i}");
            let components = || s.components.names().collect::<Vec<&str>>();
            match wanted {
                Wanted::Order(name) | Wanted::TakeBack(name) => {
                    let runbooks = s.strategies.iter().flat_map(|(_, strategy)| strategy.runbook.names());
                    one_of(rehearsal.measures.names().chain(runbooks).collect(), "measure", name, at);
                }
                Wanted::SwitchOver(name) => one_of(s.groups.names().collect(), "group", name, at),
                Wanted::CallVendor(name) | Wanted::RepairForGood(name) => one_of(components(), "component", name, at),
                Wanted::Think(name) => {
                    let names = s.components.names().chain(s.sites.names()).chain(s.services.names());
                    let names = names.chain(s.people.names()).chain(s.stores.names()).chain(s.groups.names());
                    one_of(names.collect(), "thing", name, at);
                }
                Wanted::Look(name) if name.is_empty() => {
                    p.add(Code::NeverActs, at, "a dashboard without a name", "write whose dashboard it is");
                }
                Wanted::AnnounceMaintenance | Wanted::CallOffMaintenance if s.maintenance.is_empty() => {
                    p.add(Code::NeverActs, at, "there is no maintenance in this file", "leave it out");
                }
                _ => {}
            }
        }
    }

    fn check_monitoring(&self, monitoring: &Monitoring) {
        let p = &self.problems;
        let every_s = monitoring.every.seconds();
        let fits = (1.0..=86_400.0).contains(&every_s);
        p.range("rehearsal.monitoring.every", fits, "no interval of monitoring", "write from \"1s\" to \"24h\"");
        let late = monitoring.late.seconds() <= 86_400.0;
        p.range("rehearsal.monitoring.late", late, "nobody would see anything in time", "write at most \"24h\"");
        let gaps = monitoring.gaps.0 < 1.0;
        p.range("rehearsal.monitoring.gaps", gaps, "nothing is ever measured", "write a share below \"100%\"");
        let alarms = monitoring.false_alarms_per_day;
        let fits = alarms.is_finite() && (0.0..=FALSE_ALARMS_MAX).contains(&alarms);
        let path = "rehearsal.monitoring.false_alarms_per_day";
        p.range(path, fits, "no number of false alarms in a day", "write from 0 to 1000");
    }
}

fn sorted_names<'n>(names: &[&'n str]) -> impl Iterator<Item = &'n str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.into_iter()
}
