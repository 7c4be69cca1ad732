//! Compiling populations: who is active when, and what they use.

use super::calendar::zone;
use super::compiler::Compiler;
use super::limits;
use super::profiles::{check_week, laid_points};
use super::recorded::recorded;
use super::resolve::{Names, sorted};
use crate::scenario::{self, Active, Arrivals, Code, LedBy};
use crate::world::curve::Curve;
use crate::world::ids::{FeatureId, SiteId, SpreadId};
use crate::world::populations::{Population, Sessions};
use crate::world::sites::Place;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

impl Compiler<'_> {
    pub fn compile_people(&self) -> Vec<Population> {
        let (scenario, p) = (self.scenario, &self.problems);
        for (name, week) in sorted(&scenario.weeks) {
            check_week(name, week, p);
        }
        // Populations of one zone that live the same week share its curve's making.
        let mut laid_out: BTreeMap<(String, String), Curve> = BTreeMap::new();
        let mut points = 0;
        let mut found = Vec::new();
        for (name, people) in sorted(&scenario.people) {
            let path = format!("people.{name}");
            let zone_name = people.zone.as_deref().unwrap_or(&scenario.clock.zone);
            let zone = match &people.zone {
                Some(zone_name) => zone(zone_name, &format!("{path}.zone"), p),
                None => self.calendar.zone.clone(),
            };
            let active = self.profile(people, zone_name, &zone, &mut laid_out, &path);
            let log_ins = active.unwrap_or_else(|| Curve::constant(1.0));
            let mean_s = people.sessions.as_ref().map(|sessions| sessions.lasts.seconds()).filter(|s| *s > 0.0);
            let active = mean_s.map_or_else(|| log_ins.clone(), |mean_s| log_ins.followed(mean_s));
            points += active.points.len() + log_ins.points.len();
            if points > limits::POINTS_MAX {
                p.add(
                    Code::TooMany,
                    format!("{path}.active"),
                    "the profiles of this scenario have more than 5 million points",
                    "lengthen the step, or shorten the horizon",
                );
                return found;
            }
            let mut uses = self.uses(people, &path);
            let sessions = self.sessions(people, &mut uses, &path);
            if let Some(patience) = people.patience {
                p.range(
                    format!("{path}.patience"),
                    patience.0 > 0,
                    "people without any patience never wait",
                    "write how long they wait on average, or leave it out",
                );
            }
            self.check_made_up(people, &path);
            let Some(served_by) = self.served_by(people, &path) else { continue };
            self.check_reads(people, &uses, &path);
            found.push(Population {
                name: name.to_owned(),
                users: people.users as f64,
                zone,
                active,
                log_ins,
                sessions,
                waits: people.waits_for_answers,
                patience_s: people.patience.map(|patience| patience.seconds()).filter(|s| *s > 0.0),
                uses,
                served_by,
                near: self.near(people, &path),
                rtt_s: people.rtt.seconds(),
                keeps_trying: people.keeps_trying.0,
                arrival_scv: match people.arrivals {
                    Arrivals::Poisson => 1.0,
                    Arrivals::Smooth => 0.0,
                },
                made_up: people.made_up.map(|made_up| (made_up.share.0, made_up.after.seconds())),
            });
        }
        found
    }

    /// The site near which people are.
    fn near(&self, people: &scenario::Population, path: &str) -> Option<SiteId> {
        let (scenario, p) = (self.scenario, &self.problems);
        let spread = scenario.spreads.get(&people.served_by).filter(|spread| spread.by == LedBy::Nearest);
        let Some(near) = &people.near else {
            if spread.is_some() {
                p.add(
                    Code::MissingField,
                    path,
                    format!(
                        "\"{}\" leads everybody to the nearest site, and this does not say where they are",
                        people.served_by
                    ),
                    "write near: with the name of a site",
                );
            }
            return None;
        };
        self.names.sites.find(near, "site", format!("{path}.near"), p).map(SiteId::new)
    }

    fn check_made_up(&self, people: &scenario::Population, path: &str) {
        let (Some(made_up), p) = (people.made_up, &self.problems) else { return };
        if made_up.share.0 <= 0.0 {
            p.add(
                Code::NeverActs,
                format!("{path}.made_up.share"),
                "nothing at all is made up for",
                "write a share above 0%, or leave made_up: out",
            );
        }
        p.range(
            format!("{path}.made_up.after"),
            made_up.after.0 >= 1_000_000_000,
            "what failed comes again before anybody knows that it works",
            "write at least \"1s\"; what clients try again at once are retries: of the feature",
        );
    }

    /// The profile of a population; weeks are found in `laid_out`, and put there.
    fn profile(
        &self,
        people: &scenario::Population,
        zone_name: &str,
        zone: &TimeZone,
        laid_out: &mut BTreeMap<(String, String), Curve>,
        path: &str,
    ) -> Option<Curve> {
        let (scenario, p) = (self.scenario, &self.problems);
        match &people.active {
            Active::Always => Some(Curve::constant(1.0)),
            Active::Points(list) => laid_points(list, path, p),
            Active::Recorded(recording) => match scenario.recordings.get(recording) {
                Some(text) => recorded(text, recording, &format!("{path}.active.0"), (&self.calendar, self.horizon), p),
                None => {
                    p.add(
                        Code::UnknownName,
                        format!("{path}.active.0"),
                        format!("there is no recording called \"{recording}\""),
                        "put a CSV file of this name beside the scenario, or its text under recordings:",
                    );
                    None
                }
            },
            Active::Sinusoid { mean, swing, peak, step } => self.sinusoid((mean.0, swing.0), peak, *step, path, zone),
            Active::Week(week_name) => match scenario.weeks.get(week_name) {
                Some(week) => {
                    let key = (week_name.clone(), zone_name.to_owned());
                    if !laid_out.contains_key(&key) {
                        laid_out.insert(key.clone(), self.laid_week(week, zone));
                    }
                    laid_out.get(&key).cloned()
                }
                None => {
                    let known = Names::in_order(scenario.weeks.names());
                    p.unknown(format!("{path}.active.0"), "week", week_name, &known);
                    None
                }
            },
        }
    }

    /// Who serves a population.
    fn served_by(&self, people: &scenario::Population, path: &str) -> Option<Place> {
        let place = format!("{path}.served_by");
        if let Some(spread) = self.names.spreads.get(&people.served_by) {
            if self.names.nodes.get(&people.served_by).is_some() {
                self.problems.add(
                    Code::Contradiction,
                    place,
                    format!("\"{}\" is a spread, and a site or a group too", people.served_by),
                    "give one of them another name",
                );
                return None;
            }
            return Some(Place::Spread(SpreadId::new(spread)));
        }
        let served_by = self.place_of_people(&people.served_by, &place)?;
        if let Place::Group(id) = served_by
            && let Some(group) = self.groups.get(id.at()).filter(|g| g.sites.iter().any(Option::is_none))
        {
            self.problems.add(
                Code::Contradiction,
                format!("{path}.served_by"),
                format!("a member of \"{}\" is at no site, so that it can serve nobody", group.name),
                "give every member a site with at:",
            );
        }
        Some(served_by)
    }

    /// What a population uses, and how often.
    fn uses(&self, people: &scenario::Population, path: &str) -> Vec<(FeatureId, f64)> {
        let (names, p) = (&self.names, &self.problems);
        let mut uses = Vec::new();
        if people.uses.is_empty() {
            p.add(
                Code::NeverActs,
                format!("{path}.uses"),
                "people who use nothing feel nothing",
                "name a feature and its rate, like {\"lessons\": \"1/min\"}",
            );
        }
        for (feature, rate) in sorted(&people.uses) {
            if let Some(id) = names.features.find(feature, "feature", format!("{path}.uses.{feature}#key"), p) {
                uses.push((FeatureId::new(id), rate.0));
            }
        }
        uses
    }

    /// How a population comes and goes. The feature that a log-in uses becomes one of its uses, if it is not yet.
    fn sessions(
        &self,
        people: &scenario::Population,
        uses: &mut Vec<(FeatureId, f64)>,
        path: &str,
    ) -> Option<Sessions> {
        let (names, p) = (&self.names, &self.problems);
        let written = people.sessions.as_ref()?;
        for (field, duration) in [
            ("lasts", Some(written.lasts)),
            ("gives_up_after", written.gives_up_after),
            ("looks_again_after", Some(written.looks_again_after)),
            ("reconnects_within", written.reconnects_within),
        ] {
            p.range(
                format!("{path}.sessions.{field}"),
                duration.is_none_or(|d| d.0 > 0 && d.seconds() <= 30.0 * 86_400.0),
                "no time at all, or more than a month",
                "write a time like \"20min\"",
            );
        }
        let never_ends = written.outlive_crashes || written.log_in.is_none();
        if written.reconnects_within.is_some() && never_ends {
            p.add(
                Code::NeverActs,
                format!("{path}.sessions.reconnects_within"),
                "no session ends with a server: there is no log_in:, or they outlive crashes",
                "name log_in:, without outlive_crashes:, or leave this out",
            );
        }
        let log_in = written.log_in.as_ref().and_then(|feature| {
            let id = FeatureId::new(names.features.find(feature, "feature", format!("{path}.sessions.log_in"), p)?);
            if !uses.iter().any(|(used, _)| *used == id) {
                uses.push((id, 0.0));
                uses.sort_by_key(|(id, _)| *id);
            }
            uses.iter().position(|(used, _)| *used == id)
        });
        Some(Sessions {
            mean_s: written.lasts.seconds().max(1e-3),
            log_in,
            gives_up_s: written.gives_up_after.map_or(f64::INFINITY, |t| t.seconds().max(1e-3)),
            comes_back: written.comes_back.0,
            looks_again_s: written.looks_again_after.seconds().max(1e-3),
            end_with_servers: !written.outlive_crashes,
            reconnects_s: written.reconnects_within.map(|within| within.seconds().max(1e-3)),
        })
    }

    /// A feature that reads a store locally needs a replica, or the primary, wherever its users are served.
    fn check_reads(&self, people: &scenario::Population, uses: &[(FeatureId, f64)], path: &str) {
        let (scenario, p) = (self.scenario, &self.problems);
        if scenario.groups.get(&people.served_by).is_some() {
            return;
        }
        let sites = match scenario.spreads.get(&people.served_by) {
            Some(spread) => spread.over.names().collect(),
            None => vec![people.served_by.as_str()],
        };
        for (feature, _) in uses {
            let Some(feature) = self.features.get(feature.at()) else { continue };
            for (store, _) in scenario.features.get(&feature.name).map(|f| &f.reads).into_iter().flat_map(|r| r.iter())
            {
                let Some(data) = scenario.stores.get(store) else { continue };
                let follows = scenario.groups.get(&data.primary).is_some();
                let lacks = |site: &&&str| !follows && data.primary != ***site && data.replicas.get(site).is_none();
                if let Some(site) = sites.iter().find(lacks) {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.served_by"),
                        format!("\"{}\" reads \"{store}\", of which there is no replica at \"{site}\"", feature.name),
                        format!("add a replica at \"{site}\""),
                    );
                }
            }
        }
    }
}
