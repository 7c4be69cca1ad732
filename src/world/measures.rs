//! Compiling what people and automation do about load: providers, teams, runbooks, autoscaling.

use super::calendar::{Calendar, read_clock};
use super::compile::{Tables, sorted, zone};
use super::nodes::sampler;
use super::resolve::{Names, Problems};
use super::response::time_in_run;
use super::*;
use crate::scenario::{self, Code, Scenario};
use std::collections::BTreeMap;

/// Steps of one measure.
const PHASES_MAX: u32 = 1_000;

/// What measures can speak of.
pub struct Known<'a> {
    pub scenario: &'a Scenario,
    pub tables: &'a Tables,
    pub calendar: &'a Calendar,
    pub horizon: Time,
    pub links: &'a [Link],
    pub uplinks: &'a [Option<LinkId>],
    pub services: &'a [Service],
    pub stations: &'a [Station],
    pub people: &'a [Population],
}

pub fn providers(scenario: &Scenario, calendar: &Calendar, horizon: Time, p: &mut Problems) -> Vec<Provider> {
    let mut found = Vec::new();
    for (name, provider) in sorted(&scenario.providers) {
        let path = format!("providers.{name}");
        if !scenario.sites.iter().any(|(_, site)| site.provider.as_deref() == Some(name)) {
            p.add(
                Code::NeverActs,
                format!("{path}#key"),
                format!("no site is run by \"{name}\""),
                format!("write provider: \"{name}\" at a site"),
            );
        }
        let mut points: Vec<(Time, f64)> = Vec::new();
        for (i, (at, left)) in provider.left.iter().enumerate() {
            let place = format!("{path}.left.{i}.0");
            let Some(at) = time_in_run(calendar, at, horizon, &place, p) else { continue };
            if points.last().is_some_and(|last| last.0 > at) {
                p.add(
                    Code::OutOfRange,
                    place,
                    "it comes before the point before it",
                    "put the points in order of time",
                );
            }
            points.push((at, left.0));
        }
        if points.is_empty() {
            points.push((Time::ZERO, 1.0));
        }
        found.push(Provider { name: name.to_owned(), spare: provider.spare, left: Curve { points } });
    }
    found
}

/// Two times of day as hours.
pub fn hours(
    (from, to): &(String, String),
    zone: jiff::tz::TimeZone,
    weekends: bool,
    path: &str,
    p: &mut Problems,
) -> Option<Hours> {
    let mut second = |text: &str, i: usize| match read_clock(text) {
        Ok(clock) => Some(i64::from(clock.hour()) * 3_600 + i64::from(clock.minute()) * 60 + i64::from(clock.second())),
        Err((reason, fix)) => {
            p.add(Code::Time, format!("{path}.{i}"), reason, fix);
            None
        }
    };
    let (from_s, to_s) = (second(from, 0)?, second(to, 1)?);
    Some(Hours { zone, from_s, to_s, weekends })
}

pub fn teams(scenario: &Scenario, calendar: &Calendar, horizon: Time, p: &mut Problems) -> Vec<Team> {
    let mut found = Vec::new();
    for (name, team) in sorted(&scenario.teams) {
        let path = format!("teams.{name}");
        let from = team.from.as_ref().and_then(|from| time_in_run(calendar, from, horizon, &format!("{path}.from"), p));
        let zone = team.zone.as_ref().map_or(calendar.zone.clone(), |z| zone(z, &format!("{path}.zone"), p));
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

/// The runbook of the strategy that is taken; those of the others are checked all the same.
pub fn procedures(known: &Known, p: &mut Problems) -> Vec<Procedure> {
    let mut found = Vec::new();
    for (strategy_name, strategy) in sorted(&known.scenario.strategies) {
        let names = Names(sorted(&strategy.runbook).enumerate().map(|(i, (n, _))| (n.to_owned(), i)).collect());
        Names::of(&[(&format!("strategies.{strategy_name}.runbook"), strategy.runbook.names().collect())], p);
        let taken = known.scenario.run.strategy.as_deref() == Some(strategy_name);
        for (name, written) in sorted(&strategy.runbook) {
            let path = format!("strategies.{strategy_name}.runbook.{name}");
            if let Some(procedure) = procedure(name, written, &path, &names, known, p).filter(|_| taken) {
                found.push(procedure);
            }
        }
    }
    found
}

fn procedure(
    name: &str,
    written: &scenario::Procedure,
    path: &str,
    names: &Names,
    known: &Known,
    p: &mut Problems,
) -> Option<Procedure> {
    let (calendar, horizon) = (known.calendar, known.horizon);
    let at = written.at.as_ref().and_then(|at| time_in_run(calendar, at, horizon, &format!("{path}.at"), p));
    let until = written.until.as_ref().and_then(|t| time_in_run(calendar, t, horizon, &format!("{path}.until"), p));
    let when = written.when.as_ref().and_then(|when| condition(when, &format!("{path}.when"), names, known, p));
    match (&written.at, &written.when) {
        (None, None) => p.add(
            Code::NeverActs,
            path,
            "nothing starts this measure",
            "write at: with a time, or when: with what has to be seen",
        ),
        (Some(_), Some(_)) => p.add(
            Code::Contradiction,
            format!("{path}.when"),
            "both at: and when: say when it is ordered",
            "leave one of them out",
        ),
        _ => {}
    }
    if let (Some(at), Some(until)) = (at, until)
        && until <= at
    {
        p.add(
            Code::Contradiction,
            format!("{path}.until"),
            "it is taken back before it is ordered",
            "write a time after at:, or leave it out",
        );
    }
    if written.does.is_empty() {
        p.add(
            Code::NeverActs,
            format!("{path}.does"),
            "a measure that does nothing",
            "name an action, like add_servers(service: \"web\", at: \"oslo\", by: \"x2\")",
        );
    }
    let team = |by: &String, p: &mut Problems| {
        let teams = Names(sorted(&known.scenario.teams).enumerate().map(|(i, (n, _))| (n.to_owned(), i)).collect());
        teams.find(by, "team", format!("{path}.by"), p)
    };
    let by = written.by.as_ref().and_then(|by| team(by, p));
    let phases = written.phases.as_ref();
    let count = phases.map_or(1, |phases| phases.count);
    p.range(
        format!("{path}.phases.count"),
        (1..=PHASES_MAX).contains(&count),
        format!("{count} steps"),
        "write from 1 to 1000",
    );
    if let Some(phases) = phases
        && phases.fails.0 > 0.0
        && phases.pause.0 == 0
        && phases.fails.0 >= 1.0
    {
        p.add(
            Code::Contradiction,
            format!("{path}.phases.fails"),
            "every step goes wrong, and the next comes at once: this never ends",
            "write a pause, or a smaller probability",
        );
    }
    let mut actions = Vec::new();
    let mut words = Vec::new();
    for (i, written) in written.does.iter().enumerate() {
        let before = p.found.len();
        match action(written, &format!("{path}.does.{i}"), known, p) {
            Some(action) => actions.push(action),
            None => debug_assert!(p.found.len() > before || !known.scenario.broken.is_empty()),
        }
        words.push(said(written));
    }
    Some(Procedure {
        name: name.to_owned(),
        does: words.join("; "),
        at,
        when,
        by,
        lead: written.lead.as_ref().and_then(|lead| sampler(lead, &format!("{path}.lead"), p)),
        count: count.clamp(1, PHASES_MAX),
        pause: phases.map_or(Duration::ZERO, |phases| phases.pause),
        fails: phases.map_or(0.0, |phases| phases.fails.0),
        breaks: phases.map_or(Duration::ZERO, |phases| phases.breaks),
        hours: phases
            .and_then(|phases| phases.hours.as_ref())
            .and_then(|h| hours(h, calendar.zone.clone(), true, &format!("{path}.phases.hours"), p)),
        actions,
        until,
        muted: false,
    })
}

/// What an action does, in words.
fn said(action: &scenario::Action) -> String {
    use crate::units::Quantity;
    use scenario::Action as A;
    match action {
        A::AddServers { service, at, by: Some(by), .. } => format!("servers of {service} at {at} {}", by.write()),
        A::AddServers { service, at, servers, .. } => {
            format!("{} more servers of {service} at {at}", servers.unwrap_or(0))
        }
        A::AddNetwork { at: Some(at), by, .. } => format!("uplink of {at} {}", by.write()),
        A::AddNetwork { between, by, .. } => {
            let (a, b) = between.clone().unwrap_or_default();
            format!("link {a}–{b} {}", by.write())
        }
        A::MovePeople { of, to, share } if share.0 < 1.0 => format!("{} of {of} to {to}", share.write()),
        A::MovePeople { of, to, .. } => format!("{of} to {to}"),
        A::FreeHardware { from, to, servers } => {
            format!("{servers} servers from {} at {} to {} at {}", from.0, from.1, to.0, to.1)
        }
        A::Restrict { feature, only, compliance, .. } => {
            let who = if compliance.0 < 1.0 { format!(", {} comply", compliance.write()) } else { String::new() };
            format!("{feature} only from {} to {}{who}", only.0, only.1)
        }
        A::Stagger { of, over, compliance } => format!("{of} come over {over}, {} comply", compliance.write()),
        A::Hotfix { service, takes, .. } => format!("{service} takes {} as long", takes.write()),
        A::Shed { feature, of, share, .. } => {
            let what = feature.as_ref().or(of.as_ref()).map_or("requests", String::as_str);
            format!("{} of {what} turned away", share.write())
        }
        A::Dim { service, share } if share.0 < 1.0 => format!("{} of the calls to {service} left out", share.write()),
        A::Dim { service, .. } => format!("{service} left out"),
        A::SwitchOver { group, to } => format!("{group} to {to}"),
        A::Tell(what) => format!("users are told: {what}"),
        A::Decide(what) => format!("decision: {what}"),
    }
}

/// A service at a site.
fn station(service: &str, at: &str, path: (&str, &str), known: &Known, p: &mut Problems) -> Option<StationId> {
    let id = known.tables.services.find(service, "service", path.0, p);
    let site = known.tables.sites.find(at, "site", path.1, p);
    let (id, site) = (id?, site?);
    let found = known.stations.iter().position(|s| s.service.at() == id && s.site.at() == site);
    if found.is_none() && known.scenario.services.get(service).is_some_and(|s| s.runs_at.get(at).is_none()) {
        p.add(
            Code::Contradiction,
            path.1,
            format!("\"{service}\" does not run at \"{at}\""),
            format!(
                "name a site where it runs, or let it run there with (servers: 0) under services.{service}.runs_at"
            ),
        );
    }
    found.map(StationId::new)
}

fn uplink(at: &str, path: &str, known: &Known, p: &mut Problems) -> Option<LinkId> {
    let site = known.tables.sites.find(at, "site", path, p)?;
    let found = known.uplinks.get(site).copied().flatten();
    if found.is_none() {
        p.add(
            Code::NeverActs,
            path,
            format!("\"{at}\" has no uplink, so that it never gets too narrow"),
            format!("write uplink: \"10Gbps\" at \"{at}\""),
        );
    }
    found
}

fn population(of: &str, path: &str, known: &Known, p: &mut Problems) -> Option<PopId> {
    let id = known.tables.people.find(of, "population", path, p)?;
    // A population that could not be compiled has mistakes of its own.
    known.people.iter().position(|people| people.name == of).filter(|found| *found == id).map(PopId::new)
}

fn action(action: &scenario::Action, path: &str, known: &Known, p: &mut Problems) -> Option<Action> {
    use scenario::Action as A;
    let place = |field: &str| format!("{path}.{field}");
    let factor = |value: f64, field: &str, p: &mut Problems| {
        p.range(
            place(field),
            value > 0.0 && value <= 10_000.0,
            "a factor above zero and up to ten thousand",
            "write a factor like \"x2\"",
        );
        value
    };
    Some(match action {
        A::AddServers { service, at, by, servers } => {
            let station = station(service, at, (&place("service"), &place("at")), known, p);
            if let Some(station) = station
                && known.stations[station.at()].pool.is_some()
            {
                p.add(
                    Code::Contradiction,
                    place("service"),
                    format!("\"{service}\" at \"{at}\" has the servers that its pool has"),
                    "write servers: instead of pool: for what is to grow",
                );
            }
            let amount = match (by, servers) {
                (Some(by), None) => Amount::Times(factor(by.0, "by", p)),
                (None, Some(more)) => Amount::More(*more),
                _ => {
                    p.add(
                        Code::Contradiction,
                        path,
                        "this does not say how many, or says it twice",
                        "write by: or servers:",
                    );
                    return None;
                }
            };
            Action::AddServers(station?, amount)
        }
        A::AddNetwork { at, between, by } => {
            let by = factor(by.0, "by", p);
            let link = match (at, between) {
                (Some(at), None) => uplink(at, &place("at"), known, p),
                (None, Some((a, b))) => {
                    let from = known.tables.sites.find(a, "site", place("between.0"), p)?;
                    let to = known.tables.sites.find(b, "site", place("between.1"), p)?;
                    let ends = [SiteId::new(from.min(to)), SiteId::new(from.max(to))];
                    let is_it = |l: &Link| [l.ends.0.min(l.ends.1), l.ends.0.max(l.ends.1)] == ends && from != to;
                    let found = known.links.iter().position(is_it).map(LinkId::new);
                    if found.is_none() {
                        let reason = format!("there is no link between \"{a}\" and \"{b}\"");
                        p.add(Code::UnknownName, place("between"), reason, "name the two ends of a link");
                    }
                    found
                }
                _ => {
                    p.add(
                        Code::Contradiction,
                        path,
                        "this does not say which network, or says it twice",
                        "write at: or between:",
                    );
                    None
                }
            };
            Action::AddNetwork(link?, by)
        }
        A::MovePeople { of, to, share } => {
            let people = population(of, &place("of"), known, p);
            let site = known.tables.sites.find(to, "site", place("to"), p).map(SiteId::new);
            let people = people?;
            if matches!(known.people[people.at()].served_by, Place::Group(_)) {
                p.add(
                    Code::Contradiction,
                    place("of"),
                    format!("\"{of}\" follow the active member of a group"),
                    "move them with switch_over, or let a site serve them",
                );
            }
            Action::MovePeople(people, site?, share.0)
        }
        A::FreeHardware { from, to, servers } => {
            let give = station(&from.0, &from.1, (&place("from.0"), &place("from.1")), known, p);
            let get = station(&to.0, &to.1, (&place("to.0"), &place("to.1")), known, p);
            Action::FreeHardware(give?, get?, *servers)
        }
        A::Restrict { feature, of, only, weekdays, compliance } => {
            let id = known.tables.features.find(feature, "feature", place("feature"), p)?;
            let who = match of {
                Some(of) => Some(population(of, &place("of"), known, p)?),
                None => None,
            };
            let mut uses = Vec::new();
            for (i, people) in known.people.iter().enumerate().filter(|(i, _)| who.is_none_or(|w| w.at() == *i)) {
                if let Some(used) = people.uses.iter().position(|(f, _)| f.at() == id) {
                    let hours = hours(only, people.zone.clone(), true, &place("only"), p)?;
                    let mut open = hours.curve(known.calendar, known.horizon);
                    if *weekdays {
                        open = with_weekends(open, people, known);
                    }
                    uses.push((i, used, open));
                }
            }
            if uses.is_empty() {
                p.add(
                    Code::NeverActs,
                    place("feature"),
                    format!("nobody here uses \"{feature}\""),
                    "name a feature that is used",
                );
            }
            Action::Restrict { uses, compliance: compliance.0 }
        }
        A::Stagger { of, over, compliance } => {
            let id = population(of, &place("of"), known, p)?;
            p.range(
                place("over"),
                over.0 > 0 && over.seconds() <= 86_400.0,
                "a spread of no time or of more than a day",
                "write a time up to 24h",
            );
            let people = &known.people[id.at()];
            let log_ins = people.log_ins.spread(over.seconds());
            let active = people.sessions.as_ref().map_or_else(|| log_ins.clone(), |s| log_ins.followed(s.mean_s));
            Action::Stagger { people: id, active, log_ins, compliance: compliance.0 }
        }
        A::Hotfix { service, takes, bad, worse, rolled_back_after } => {
            let id = known.tables.services.find(service, "service", place("service"), p);
            let takes = factor(takes.0, "takes", p);
            let worse = factor(worse.0, "worse", p);
            Action::Hotfix {
                service: ServiceId::new(id?),
                takes,
                bad: bad.0,
                worse,
                rolled_back_after: *rolled_back_after,
            }
        }
        A::Shed { feature, of, share, eases_over } => {
            let feature = match feature {
                Some(name) => Some(FeatureId::new(known.tables.features.find(name, "feature", place("feature"), p)?)),
                None => None,
            };
            let people = match of {
                Some(of) => Some(population(of, &place("of"), known, p)?),
                None => None,
            };
            Action::Shed { feature, people, share: share.0, eases_over: *eases_over }
        }
        A::Dim { service, share } => {
            let id = known.tables.services.find(service, "service", place("service"), p)?;
            let is_soft = |c: &scenario::Call| matches!(c, scenario::Call::Soft(to) if to.to == *service);
            let from_services = known.scenario.services.iter().any(|(_, s)| s.calls.iter().any(is_soft));
            let from_features = known.scenario.features.iter().any(|(_, f)| f.calls.iter().any(is_soft));
            if !from_services && !from_features {
                p.add(
                    Code::NeverActs,
                    place("service"),
                    format!("no call to \"{service}\" is soft, so that none can be left out"),
                    "dim what is called with soft(to: ...)",
                );
            }
            Action::Dim(ServiceId::new(id), share.0)
        }
        A::SwitchOver { group, to } => {
            let id = known.tables.groups.find(group, "group", place("group"), p)?;
            let members = known.scenario.groups.get(group).map(|g| g.members.as_slice()).unwrap_or_default();
            let names = Names(members.iter().enumerate().map(|(i, n)| (n.clone(), i)).collect());
            Action::SwitchOver(GroupId::new(id), names.find(to, "member", place("to"), p)?)
        }
        A::Tell(what) => Action::Tell(what.clone()),
        A::Decide(what) => Action::Decide(what.clone()),
    })
}

/// Weekends are open all day: the larger of the two curves.
fn with_weekends(open: Curve, people: &Population, known: &Known) -> Curve {
    let weekdays = Hours { zone: people.zone.clone(), from_s: 0, to_s: 0, weekends: false };
    let week = weekdays.curve(known.calendar, known.horizon);
    let mut edges: Vec<Time> = open.points.iter().chain(&week.points).map(|p| p.0).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut points: Vec<(Time, f64)> = Vec::new();
    for at in edges {
        let now = open.at(at, &mut 0).0.max(1.0 - week.at(at, &mut 0).0);
        if let Some(&(_, last)) = points.last() {
            if last == now {
                continue;
            }
            points.push((at, last));
        }
        points.push((at, now));
    }
    Curve { points }
}

/// A condition; `names` are the measures of the same strategy.
pub fn condition(
    written: &scenario::Condition,
    path: &str,
    names: &Names,
    known: &Known,
    p: &mut Problems,
) -> Option<Condition> {
    use scenario::Condition as C;
    let place = |field: &str| format!("{path}.{field}");
    let several = |list: &[C], p: &mut Problems| -> Option<Vec<Condition>> {
        if list.is_empty() {
            p.add(Code::NeverActs, path, "a list of no conditions", "name what has to be seen");
        }
        list.iter().enumerate().map(|(i, c)| condition(c, &format!("{path}.{i}"), names, known, p)).collect()
    };
    Some(match written {
        C::Slow { of, over, lasts } => Condition::Slow(population(of, &place("of"), known, p)?, over.seconds(), *lasts),
        C::Degraded { of, lasts } => Condition::Degraded(population(of, &place("of"), known, p)?, *lasts),
        C::Down { of, lasts } => Condition::Down(population(of, &place("of"), known, p)?, *lasts),
        C::Busy { service, at, above, lasts } => {
            Condition::Busy(station(service, at, (&place("service"), &place("at")), known, p)?, above.0, *lasts)
        }
        C::BusyNetwork { at, above, lasts } => {
            Condition::BusyNetwork(uplink(at, &place("at"), known, p)?, above.0, *lasts)
        }
        C::Crowd { of, above } => Condition::Crowd(population(of, &place("of"), known, p)?, *above as f64),
        C::After(name) => Condition::After(names.find(name, "measure", path, p)?),
        C::OnDuty(name) => {
            let teams: BTreeMap<String, usize> =
                sorted(&known.scenario.teams).enumerate().map(|(i, (n, _))| (n.to_owned(), i)).collect();
            Condition::OnDuty(Names(teams).find(name, "team", path, p)?)
        }
        C::All(list) => Condition::All(several(list, p)?),
        C::Any(list) => Condition::Any(several(list, p)?),
    })
}

/// The automation of the strategy that is taken.
pub fn autoscale(known: &Known, p: &mut Problems) -> Vec<Autoscale> {
    let mut found = Vec::new();
    for (strategy_name, strategy) in sorted(&known.scenario.strategies) {
        let taken = known.scenario.run.strategy.as_deref() == Some(strategy_name);
        for (name, written) in sorted(&strategy.autoscale) {
            let path = format!("strategies.{strategy_name}.autoscale.{name}");
            let place = |field: &str| format!("{path}.{field}");
            check::period(p, &place("every"), written.every, Duration(known.horizon.0));
            p.range(
                place("by"),
                written.by.0 > 1.0 && written.by.0 <= 100.0,
                "a step up has to make more servers",
                "write a factor above x1 and up to x100",
            );
            if written.below.0 * written.by.0 >= written.above.0 {
                p.add(
                    Code::Contradiction,
                    place("below"),
                    "one step up is followed by one step down, for ever: with a step's factor, `below` reaches `above`",
                    "lower `below`, raise `above`, or take smaller steps",
                );
            }
            p.range(
                place("least"),
                written.least >= 1 && written.least <= written.most,
                "the least number of servers is zero or more than the most",
                "write at least 1, and no more than `most`",
            );
            let station = station(&written.service, &written.at, (&place("service"), &place("at")), known, p);
            let Some(station) = station.filter(|_| taken) else { continue };
            found.push(Autoscale {
                name: name.to_owned(),
                station,
                cpu: written.signal == scenario::Signal::Cpu,
                above: written.above.0,
                below: written.below.0,
                every: written.every,
                by: written.by.0,
                takes: written.takes,
                cool_down: written.cool_down,
                least: written.least,
                most: written.most,
                muted: false,
            });
        }
    }
    found
}
