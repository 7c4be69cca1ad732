//! The story of a run: the observations worth telling, in words, each with the one that led to it.

use super::conditions::{automation_story, backup_words, condition_words};
use super::words::{Theme, length_words, percent, refusal_words};
use crate::observe::{
    FailedBy, FailoverFailure, Fate, GoesOn, Observation, ObservationId, Observer, Occurrence, ServiceLevel, Why,
};
use crate::units::Time;
use crate::world::{Action, Effect, PhaseKind, StationId, World, civil_label};
use serde::Serialize;
use std::collections::BTreeMap;

/// A line of a story.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StoryLine {
    /// When, in seconds of the run.
    pub at_s: f64,
    /// Civil time in the file's zone: `Mon 10 Oct 14:31:00`.
    pub at: String,
    /// What it is about.
    pub theme: Theme,
    /// What happened.
    pub text: String,
    /// The line that led to it, as an index.
    pub because: Option<usize>,
    /// The population that it is about.
    pub people: Option<String>,
    /// How that population feels from then on.
    pub mood: Option<ServiceLevel>,
}

/// Lines that are kept; a run that tells more is cut short, and says so.
pub const STORY_LINES_MAX: usize = 20_000;

/// Collects the story.
#[derive(Debug, Clone, Default)]
pub struct Story {
    lines: Vec<StoryLine>,
    /// The line of an observation, or the line of what led to it where it has none of its own.
    line_of: BTreeMap<ObservationId, usize>,
    /// Lines that are not kept.
    left_out: u64,
}

impl Story {
    /// The lines in order of time.
    pub fn lines(&self) -> &[StoryLine] {
        &self.lines
    }

    /// Lines that are left out because there are too many.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Takes the lines.
    pub fn into_lines(self) -> Vec<StoryLine> {
        self.lines
    }

    /// What led to an observation, nearest first.
    pub fn because(&self, cause: Option<ObservationId>) -> Vec<String> {
        let mut found = Vec::new();
        let mut next = cause.and_then(|c| self.line_of.get(&c).copied());
        while let Some(line) = next {
            if found.len() >= 12 {
                break;
            }
            found.push(self.lines[line].text.clone());
            next = self.lines[line].because;
        }
        found
    }
}

impl Observer for Story {
    fn saw(&mut self, world: &World, seen: &Observation) {
        let because = seen.cause.and_then(|c| self.line_of.get(&c).copied());
        let told = words(world, &seen.what);
        let room = self.lines.len() < STORY_LINES_MAX;
        self.left_out += u64::from(told.is_some() && !room);
        match told.filter(|_| room) {
            Some((theme, text)) => {
                let (people, mood) = match &seen.what {
                    Occurrence::Feels { people, mood, .. } => {
                        (Some(world.people[people.at()].name.clone()), Some(*mood))
                    }
                    _ => (None, None),
                };
                self.line_of.insert(seen.id, self.lines.len());
                let at = civil_label(&world.calendar, seen.at);
                self.lines.push(StoryLine { at_s: seen.at.seconds(), at, theme, text, because, people, mood });
            }
            None => {
                if let (Some(line), true) = (because, self.line_of.len() < 4 * STORY_LINES_MAX) {
                    self.line_of.insert(seen.id, line);
                }
            }
        }
    }

    fn flowed(&mut self, _: &World, _: &crate::observe::Interval) {}
}

/// What a reason is called.
pub fn why_words(world: &World, why: Why) -> String {
    let station = |id: crate::world::StationId| world.stations[id.at()].name.as_str();
    match why {
        Why::Nothing => String::new(),
        Why::Site(id) => format!("site {} is down", world.sites[id.at()].name),
        Why::Station(id) => format!("{} does not serve", station(id)),
        Why::Missing(id) => format!("{} is missing", station(id)),
        Why::Overload(id) => format!("{} is overloaded", station(id)),
        Why::Link(id) => format!("link {} is full", world.links[id.at()].name),
        Why::NoRoute => "there is no route".to_owned(),
        Why::Loss => "requests get lost on the way".to_owned(),
        Why::Shed => "requests are turned away on purpose".to_owned(),
        Why::Gray(id) => format!("{} is gray", world.nodes[id.at()].name),
        Why::Queue(id) => format!("{} is behind", world.queues[id.at()].name),
        Why::Store(id) => format!("{} is old here", world.stores[id.at()].name),
        Why::Replica(id, site) => {
            format!("{} waits for its replica at {}", world.stores[id.at()].name, world.sites[site.at()].name)
        }
        Why::Data(id) => format!("the data of {} is gone", world.stores[id.at()].name),
        Why::Slow => "it takes long".to_owned(),
        Why::Nobody(id) => format!("no member of {} does its work", world.groups[id.at()].name),
        Why::NoneHealthy(id) => format!("all servers of {} fail their health checks", station(id)),
        Why::NoSite(id) => format!("nobody is led to any site of {}", world.spreads[id.at()].name),
    }
}

/// The first servers of a station.
pub fn servers_words(world: &World, id: StationId, servers: u64) -> String {
    let name = &world.stations[id.at()].name;
    match servers {
        1 => format!("server 1 of {name}"),
        u64::MAX => format!("every server of {name}"),
        servers => format!("servers 1 to {servers} of {name}"),
    }
}

/// The words for an observation, if it is worth a line.
fn words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    fault_words(world, what)
        .or_else(|| failover_words(world, what))
        .or_else(|| maintenance_words(world, what))
        .or_else(|| system_words(world, what))
        .or_else(|| people_words(world, what))
        .or_else(|| runbook_words(world, what))
        .or_else(|| condition_words(world, what))
        .or_else(|| automation_story(world, what))
        .or_else(|| backup_words(world, what))
}

/// A component, or a part of its members where that is neither one nor all.
fn some_of(world: &World, id: crate::world::NodeId, members: u64) -> String {
    let node = &world.nodes[id.at()];
    if members > 1 && members < node.count {
        format!("a part of {} ({members} of {})", node.name, node.count)
    } else {
        node.name.clone()
    }
}

/// What breaks and is put right.
fn fault_words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    let node = |id: &crate::world::NodeId| world.nodes[id.at()].name.as_str();
    let told = |id: &crate::world::NodeId| world.nodes[id.at()].told;
    let station = |id: &crate::world::StationId| world.stations[id.at()].name.as_str();
    Some(match what {
        Occurrence::Failed { node: id, members: 0, .. } if told(id) => {
            (Theme::Fault, format!("{} is hit again while it is down", node(id)))
        }
        Occurrence::Failed { node: id, members, by, hidden } if told(id) => {
            let how = match by {
                FailedBy::Drill if *hidden => "fails, and nobody notices".to_owned(),
                _ if *hidden => "fails, and nobody notices".to_owned(),
                FailedBy::Drill | FailedBy::Itself => "fails".to_owned(),
                FailedBy::OnTemporaryFix => "fails again: the temporary fix did not hold".to_owned(),
                FailedBy::Shock(i) => format!("fails: {}", world.shocks[*i].name),
            };
            (Theme::Fault, format!("{} {how}", some_of(world, *id, *members)))
        }
        Occurrence::Found { node: id, on_demand } => {
            let how = if *on_demand { "when it was needed" } else { "by a test" };
            (Theme::Fault, format!("{} turns out to have failed, found {how}", node(id)))
        }
        Occurrence::RepairBegan { node: id, temporary } if told(id) => {
            let what = if *temporary { "a temporary fix of" } else { "repair of" };
            (Theme::Repair, format!("{what} {} begins", node(id)))
        }
        Occurrence::RepairFailed(id) if told(id) => {
            (Theme::ResponseFailed, format!("the repair of {} has not succeeded, and begins again", node(id)))
        }
        Occurrence::RepairStuck { node: id, service } if told(id) => {
            let service = &world.services[service.at()].name;
            (
                Theme::ResponseFailed,
                format!("the repair of {} waits: it needs {service}, which does not serve", node(id)),
            )
        }
        Occurrence::Repaired { node: id, members, temporary } if told(id) => {
            let how = if *temporary { "works again, on a temporary fix" } else { "is repaired" };
            (Theme::Repair, format!("{} {how}", some_of(world, *id, *members)))
        }
        Occurrence::Replaced(id) => (Theme::Repair, format!("{} is replaced", node(id))),
        Occurrence::Gray(id, loses) if *loses > 0.0 => {
            (Theme::Fault, format!("{} turns gray: {} of requests get lost", node(id), percent(*loses)))
        }
        Occurrence::Gray(id, _) => (Theme::Repair, format!("{} is no longer gray", node(id))),
        Occurrence::Slowed(id, by) if *by != 1.0 => (Theme::Fault, format!("{} takes x{by} as long", station(id))),
        Occurrence::ServersSlowed { station: id, servers, by } if *by != 1.0 => {
            (Theme::Fault, format!("{} takes x{by} as long", servers_words(world, *id, *servers)))
        }
        Occurrence::ServersSlowed { station: id, servers, .. } => {
            (Theme::Repair, format!("{} is as fast as usual", servers_words(world, *id, *servers)))
        }
        Occurrence::Slowed(id, _) => (Theme::Repair, format!("{} is as fast as usual", station(id))),
        Occurrence::LinkCut(id, true) => (Theme::Fault, format!("link {} is cut", world.links[id.at()].name)),
        Occurrence::LinkCut(id, false) => (Theme::Repair, format!("link {} is back", world.links[id.at()].name)),
        _ => return None,
    })
}

/// What failovers come to.
fn failover_words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    let node = |id: &crate::world::NodeId| world.nodes[id.at()].name.as_str();
    let group = |id: &crate::world::GroupId| world.groups[id.at()].name.as_str();
    let people = |id: &crate::world::PopId| world.people[id.at()].name.as_str();
    Some(match what {
        Occurrence::Detected { group: id, false_alarm: true, .. } => {
            (Theme::Response, format!("{}: checks fail although all is well, a false alarm", group(id)))
        }
        Occurrence::Detected { group: id, .. } => (Theme::Response, format!("{}: the failure is noticed", group(id))),
        Occurrence::Decided { group: id, by_people } => {
            let who = if *by_people { "people decide" } else { "the automation decides" };
            (Theme::Response, format!("{}: {who} to fail over", group(id)))
        }
        Occurrence::PhaseDone(id, PhaseKind::WaitForPeople) => {
            (Theme::Response, format!("{}: somebody is there who can decide", group(id)))
        }
        Occurrence::PhaseDone(id, phase) => (Theme::Response, format!("{}: {} done", group(id), phase.name())),
        Occurrence::FailoverFailed(id, failure) => {
            (Theme::ResponseFailed, format!("{}: failover fails, {}", group(id), failure_words(world, *failure)))
        }
        Occurrence::ByHand(id) => (Theme::Response, format!("{}: people fail over by hand", group(id))),
        Occurrence::CalledOff(id) => {
            (Theme::Response, format!("{}: failover called off, the active member is back", group(id)))
        }
        Occurrence::StaysActive(id) => (Theme::Repair, format!("{}: the active member goes on", group(id))),
        Occurrence::SwitchoverBegan { .. }
        | Occurrence::SwitchoverRefused { .. }
        | Occurrence::SwitchoverCalledOff { .. }
        | Occurrence::DiedMeanwhile(_)
        | Occurrence::MemberIsBack { .. } => switchover_words(world, what),
        Occurrence::CallersFollowed { group: id, member } => {
            let member = node(&world.groups[id.at()].members[*member]);
            (Theme::Response, format!("{}: the records of its callers have run out, they call {member}", group(id)))
        }
        Occurrence::Activated { group: id, member, planned } => {
            let member = node(&world.groups[id.at()].members[*member]);
            let how = if *planned { "switchover" } else { "failover" };
            (Theme::Response, format!("{}: {how} done, {member} is active", group(id)))
        }
        Occurrence::SteeringBegan { people: id, to } => {
            (Theme::Response, format!("{} are led to {}", people(id), world.sites[to.at()].name))
        }
        Occurrence::SteeringDone(id) => (Theme::Response, format!("{} have all moved", people(id))),
        Occurrence::DataLost { store, window_s, writes, fate, .. }
            if *writes > 0.0 || *window_s > 0.0 || matches!(fate, Fate::Everything | Fate::NotBack) =>
        {
            let (store, window) = (&world.stores[store.at()].name, length_words(*window_s));
            (
                Theme::ResponseFailed,
                match fate {
                    Fate::AtRisk | Fate::Lost => format!("{store} loses {window} of writes ({writes:.0})"),
                    Fate::KeptAside => {
                        format!("{store}: {window} of writes ({writes:.0}) stay on the old primary, and conflict")
                    }
                    Fate::NotBack => format!("{store} is not back at the end ({writes:.0} writes)"),
                    Fate::Everything => {
                        format!("{store} is lost from the beginning: no copy is left ({writes:.0} writes)")
                    }
                },
            )
        }
        Occurrence::WritesWait { store, replica } => (
            Theme::ResponseFailed,
            format!(
                "writes to {} wait for the replica at {}",
                world.stores[store.at()].name,
                world.sites[replica.at()].name
            ),
        ),
        Occurrence::WritesGoOn { store, replica, how } if *how != GoesOn::Nobody => (
            Theme::Response,
            format!(
                "writes to {} go on{}",
                world.stores[store.at()].name,
                match how {
                    GoesOn::Alone => format!(" without the replica at {}", world.sites[replica.at()].name),
                    _ => String::new(),
                }
            ),
        ),
        Occurrence::SplitBrain(id) => {
            (Theme::ResponseFailed, format!("{}: two members take writes, split brain", group(id)))
        }
        _ => return None,
    })
}

/// What becomes of a switchover that was ordered.
fn switchover_words(world: &World, what: &Occurrence) -> (Theme, String) {
    let group = |id: &crate::world::GroupId| world.groups[id.at()].name.as_str();
    let member = |id: &crate::world::GroupId, member: usize| {
        world.nodes[world.groups[id.at()].members[member].at()].name.as_str()
    };
    let measure = |by: &Option<usize>| by.map_or(String::new(), |by| format!("{}: ", world.procedures[by].name));
    match what {
        Occurrence::SwitchoverBegan { group: id, member: to, planned, .. } => {
            let what = if *planned { "switchover" } else { "failover by hand" };
            (Theme::Response, format!("{}: {what} to {} begins", group(id), member(id, *to)))
        }
        Occurrence::SwitchoverRefused { group: id, member: to, reason, by } => {
            let to = to.map_or(String::new(), |to| format!(" to {}", member(id, to)));
            let text = format!("{}{}: switchover{to} refused, {}", measure(by), group(id), refusal_words(*reason));
            (Theme::ResponseFailed, text)
        }
        Occurrence::SwitchoverCalledOff { group: id, member: to, reason, by } => {
            let (by, why) = (measure(by), refusal_words(*reason));
            let text = format!("{by}{}: switchover to {} called off, {why}", group(id), member(id, *to));
            (Theme::ResponseFailed, text)
        }
        Occurrence::MemberIsBack { group: id, member: back } => {
            (Theme::Response, format!("{}: {} can take over now", group(id), member(id, *back)))
        }
        Occurrence::DiedMeanwhile(id) => {
            let text =
                format!("{}: the active member fails meanwhile, this is a failure like any other now", group(id));
            (Theme::ResponseFailed, text)
        }
        _ => (Theme::Response, String::new()),
    }
}

/// What becomes of planned work.
fn maintenance_words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    let group = |id: &crate::world::GroupId| world.groups[id.at()].name.as_str();
    let clock = |at: Time| world.calendar.zoned(at, &world.calendar.zone).strftime("%a %H:%M").to_string();
    let plan = world.maintenance.as_ref().map_or("maintenance", |m| m.name.as_str());
    Some(match what {
        Occurrence::MaintenanceTold => (Theme::Word, format!("users are told of {plan}")),
        Occurrence::MaintenanceBegan(until) => {
            (Theme::Maintenance, format!("{plan} begins, announced until {}", clock(*until)))
        }
        Occurrence::MaintenanceSkipped => {
            (Theme::Maintenance, format!("{plan} does not begin: something is down already"))
        }
        Occurrence::MaintenanceOverran => (Theme::Maintenance, format!("{plan} overruns what was announced")),
        Occurrence::MaintenanceAborted => (Theme::Maintenance, format!("{plan} is given up and rolled back")),
        Occurrence::MaintenanceEnded { rolled_back } => {
            let how = if *rolled_back { "is rolled back" } else { "is done" };
            (Theme::Maintenance, format!("{plan} {how}"))
        }
        Occurrence::Improved(id, to) => (
            Theme::Maintenance,
            format!("{}: failover enhanced, fails on demand {} of the time", group(id), percent(*to)),
        ),
        _ => return None,
    })
}

/// What stations and queues do.
fn system_words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    let station = |id: &crate::world::StationId| world.stations[id.at()].name.as_str();
    let queue = |id: &crate::world::QueueId| world.queues[id.at()].name.as_str();
    let node = |id: &crate::world::NodeId| world.nodes[id.at()].name.as_str();
    let clock = |at: Time| world.calendar.zoned(at, &world.calendar.zone).strftime("%a %H:%M").to_string();
    Some(match what {
        Occurrence::StationDown(id) => (Theme::System, format!("{} stops serving", station(id))),
        Occurrence::StationStarting(id, until) => {
            (Theme::System, format!("{} begins to start, until {}", station(id), clock(*until)))
        }
        Occurrence::StationUp(id) => (Theme::System, format!("{} serves", station(id))),
        Occurrence::ReserveUsed(id, until) => {
            (Theme::System, format!("{} lives on its reserve, until {}", node(id), clock(*until)))
        }
        Occurrence::ReserveSpared(id, left) => {
            (Theme::System, format!("{} has what it stands on again, with {left} of its reserve left", node(id)))
        }
        Occurrence::Ejected { station: id, server, in_rotation } => (
            Theme::Response,
            format!("server {server} of {} is ejected: its health checks fail; {in_rotation} in rotation", station(id)),
        ),
        Occurrence::Returned { station: id, server, in_rotation } => (
            Theme::Response,
            format!("server {server} of {} passes health checks again; {in_rotation} in rotation", station(id)),
        ),
        Occurrence::Outlier { station: id, server, in_rotation, out } => {
            let what = if *out { "is ejected: its requests fail" } else { "has been out for long enough" };
            (Theme::Response, format!("server {server} of {} {what}; {in_rotation} in rotation", station(id)))
        }
        Occurrence::Panic(id, true) => {
            (Theme::Response, format!("too few servers of {} are healthy: panic mode, all get requests", station(id)))
        }
        Occurrence::Panic(id, false) => (Theme::Response, format!("panic mode of {} is over", station(id))),
        Occurrence::Overloaded(id) => (Theme::System, format!("{} is overloaded", station(id))),
        Occurrence::Drained(id) => (Theme::System, format!("{} has drained its queue", station(id))),
        Occurrence::QueueStale(id) => (Theme::System, format!("{} gets stale", queue(id))),
        Occurrence::QueueStopped(id) => (Theme::System, format!("{} stands still, work piles up", queue(id))),
        Occurrence::QueueServes(id) => (Theme::System, format!("{} works again, with a backlog to drain", queue(id))),
        Occurrence::QueueFresh(id) => (Theme::System, format!("{} is fresh again", queue(id))),
        Occurrence::Scaled { autoscale: id, servers } => {
            let scaler = &world.autoscale[*id];
            (Theme::System, format!("{}: {servers} servers of {}", scaler.name, station(&scaler.station)))
        }
        _ => return None,
    })
}

/// What people feel, are told and decide.
fn people_words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    let people = |id: &crate::world::PopId| world.people[id.at()].name.as_str();
    Some(match what {
        Occurrence::Surge(id, true) => (Theme::People, format!("{} surge", people(id))),
        Occurrence::Surge(id, false) => (Theme::People, format!("{} are as many as usual again", people(id))),
        Occurrence::Feels { people: id, feature: None, mood, why } => {
            let how = match mood {
                ServiceLevel::Fine => "all is well".to_owned(),
                ServiceLevel::Stale => format!("served, but what they see is old ({})", why_words(world, *why)),
                ServiceLevel::Degraded => format!("degraded ({})", why_words(world, *why)),
                ServiceLevel::Down => format!("down ({})", why_words(world, *why)),
            };
            (Theme::People, format!("{}: {how}", people(id)))
        }
        Occurrence::Decision(step) => match world.drill.get(*step).map(|(_, action)| action) {
            Some(Action::Decide(what)) => (Theme::Word, format!("decision: {what}")),
            None => (Theme::Word, "a decision from outside".to_owned()),
            _ => return None,
        },
        Occurrence::Told(step) => match world.drill.get(*step).map(|(_, action)| action) {
            Some(Action::Tell(what)) => (Theme::Word, format!("users are told: {what}")),
            None => (Theme::Word, "users are told something from outside".to_owned()),
            _ => return None,
        },
        Occurrence::ToldBy { measure: id, action } => match &world.procedures[*id].actions[*action] {
            Effect::Tell(what) => (Theme::Word, format!("users are told: {what}")),
            _ => return None,
        },
        Occurrence::DecisionBy { measure: id, action } => match &world.procedures[*id].actions[*action] {
            Effect::Decide(what) => (Theme::Word, format!("decision: {what}")),
            _ => return None,
        },
        _ => return None,
    })
}

/// What becomes of procedures.
fn runbook_words(world: &World, what: &Occurrence) -> Option<(Theme, String)> {
    let procedure = |id: usize| world.procedures[id].name.as_str();
    Some(match what {
        Occurrence::Ordered(id) if world.procedures[*id].only_words() => return None,
        Occurrence::Effect { measure: id, .. } if world.procedures[*id].only_words() => return None,
        Occurrence::Ordered(id) => {
            (Theme::Response, format!("{} is ordered ({})", procedure(*id), world.procedures[*id].does))
        }
        Occurrence::Effect { measure: id, phase, short } => {
            let count = world.procedures[*id].count;
            let step = if count > 1 { format!("step {phase} of {count} of ") } else { String::new() };
            let less = if *short { ", but less came than was asked for: there is no more" } else { "" };
            (Theme::Response, format!("{step}{} is in effect{less}", procedure(*id)))
        }
        Occurrence::PhaseFailed(id) => (Theme::ResponseFailed, format!("a step of {} goes wrong", procedure(*id))),
        Occurrence::GivenUp(id) => (Theme::ResponseFailed, format!("{} is given up", procedure(*id))),
        Occurrence::StepBack { measure: id, phase } => {
            let count = world.procedures[*id].count;
            (Theme::Response, format!("{} goes back to step {phase} of {count}", procedure(*id)))
        }
        Occurrence::Mended(id) => (Theme::Repair, format!("what {} broke is mended", procedure(*id))),
        Occurrence::TakenBack(id) => (Theme::Response, format!("{} is taken back", procedure(*id))),
        Occurrence::Stuck { measure: id, service } => {
            let service = &world.services[service.at()].name;
            (Theme::ResponseFailed, format!("{} waits: it needs {service}, which does not serve", procedure(*id)))
        }
        Occurrence::BadRelease(id) => (Theme::ResponseFailed, format!("the release of {} is bad", procedure(*id))),
        Occurrence::RolledBack(id) => (Theme::Repair, format!("the release of {} is rolled back", procedure(*id))),
        _ => return None,
    })
}

/// Why a failover failed, in words.
pub fn failure_words(world: &World, failure: FailoverFailure) -> String {
    match failure {
        FailoverFailure::Mechanism(id) => {
            format!("{} had failed before and nobody knew", world.nodes[id.at()].name)
        }
        FailoverFailure::MechanismDown(id) => format!("{} has failed", world.nodes[id.at()].name),
        FailoverFailure::OnDemand => "the mechanism does not work when it is needed".to_owned(),
        FailoverFailure::Phase(phase) => format!("{} does not succeed", phase.name()),
        FailoverFailure::NoTarget => "no member is left to go to".to_owned(),
    }
}
