//! A hash over everything that is observed.

use super::interval::Interval;
use super::observation::Occurrence::{
    Ejected, HeldBack, Panic, RepairFailed, RepairStuck, ReserveSpared, ReserveUsed, Returned, ServersSlowed,
    SiteInRotation, Switched, VendorCalled, VendorCame, Withdrawn,
};
use super::observation::{Observation, Occurrence};
use super::observer::{Answer, Observer};
use super::reasons::ServiceLevel;
use crate::world::{Automation, GroupId, NodeId, PopId, QueueId, SiteId, StationId, StoreId, World};
use xxhash_rust::xxh3::Xxh3;

/// A hash over everything observed, by name: the same run gives the same digest on every machine.
#[derive(Clone)]
pub struct Digest {
    hash: Xxh3,
    /// Answers since the last span, folded into one number.
    answers: u64,
    /// Running digests at intervals, to find the first divergence of two runs.
    count: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Digest { hash: Xxh3::new(), answers: 0, count: 0 }
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "Digest({} observations, {})", self.count, self.hex())
    }
}

impl Digest {
    /// The digest so far, in 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        format!("{:032x}", self.hash.digest128())
    }

    /// How many observations and spans went into it.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn number(&mut self, value: u64) {
        self.hash.update(&value.to_le_bytes());
    }

    fn float(&mut self, value: f64) {
        self.floats([value]);
    }

    /// Several at once: handing over eight bytes takes longer than hashing them.
    fn floats<const N: usize>(&mut self, values: [f64; N]) {
        // Zero has two representations that compare equal.
        let bytes = values.map(|value| if value == 0.0 { [0; 8] } else { value.to_le_bytes() });
        self.hash.update(bytes.as_flattened());
    }

    fn name(&mut self, name: &str) {
        self.number(name.len() as u64);
        self.hash.update(name.as_bytes());
    }
}

impl Digest {
    /// What happens to a store: its kind, its name and up to three numbers.
    fn store<'w>(&mut self, world: &'w World, store: StoreId, what: &Occurrence) -> (u64, &'w str, [f64; 3]) {
        let (kind, replica, numbers) = match what {
            Occurrence::AtRisk { replica, window_s, writes, .. } => (20, Some(*replica), [*window_s, *writes, 0.0]),
            Occurrence::DataLost { window_s, writes, fate, .. } => {
                (21, None, [*window_s, *writes, f64::from(*fate as u8)])
            }
            Occurrence::DataGone(_) => (110, None, [0.0; 3]),
            Occurrence::BackupMissed { backup, .. } => (111, None, [*backup as f64, 0.0, 0.0]),
            Occurrence::RestoreBegan { backup, age_s, .. } => (112, None, [*backup as f64, *age_s, 0.0]),
            Occurrence::Unreadable { backup, .. } => (113, None, [*backup as f64, 0.0, 0.0]),
            Occurrence::PartBack { part, .. } => (114, None, [*part as f64, 0.0, 0.0]),
            Occurrence::RestoreRefused { by, reason, .. } => (120, None, [*by as f64, f64::from(*reason as u8), 0.0]),
            Occurrence::RestoreFailed(_) => (115, None, [0.0; 3]),
            Occurrence::DataBack(_) => (116, None, [0.0; 3]),
            Occurrence::WritesWait { replica, .. } => (76, Some(*replica), [0.0; 3]),
            Occurrence::WritesGoOn { how, .. } => (77, None, [f64::from(*how as u8), 0.0, 0.0]),
            _ => (0, None, [0.0; 3]),
        };
        if let Some(site) = replica {
            self.name(&world.sites[site.at()].name);
        }
        (kind, &world.stores[store.at()].name, numbers)
    }
}

impl Digest {
    fn steering<'w>(&mut self, world: &World, people: &'w str, to: SiteId) -> (u64, &'w str, [f64; 3]) {
        self.name(&world.sites[to.at()].name);
        (18, people, [0.0; 3])
    }
}

impl Digest {
    /// What has happened: its kind, a name and up to three numbers. Names instead of ids, so that an unused entity changes
    /// nothing.
    fn of<'w>(&mut self, world: &'w World, what: &Occurrence) -> (u64, &'w str, [f64; 3]) {
        let node = |id: NodeId| world.nodes[id.at()].name.as_str();
        let group = |id: GroupId| world.groups[id.at()].name.as_str();
        let station = |id: StationId| world.stations[id.at()].name.as_str();
        let queue = |id: QueueId| world.queues[id.at()].name.as_str();
        let people = |id: PopId| world.people[id.at()].name.as_str();
        let (flag, more) = (|is: &bool| f64::from(u8::from(*is)), |members: &u64| *members as f64 - 1.0);
        match what {
            Occurrence::Failed { node: id, members, hidden, .. } => (1, node(*id), [flag(hidden), more(members), 0.0]),
            Occurrence::Found { node: id, on_demand } => (2, node(*id), [f64::from(u8::from(*on_demand)), 0.0, 0.0]),
            Occurrence::Tested(id) => (3, node(*id), [0.0; 3]),
            Occurrence::RepairBegan { node: id, temporary } => (4, node(*id), [flag(temporary), 0.0, 0.0]),
            Occurrence::Repaired { node: id, members: n, temporary } => (5, node(*id), [flag(temporary), more(n), 0.0]),
            Occurrence::NodeDown(id) => (6, node(*id), [0.0; 3]),
            Occurrence::NodeUp(id) => (7, node(*id), [0.0; 3]),
            what @ (Switched(..) | HeldBack(_) | ReserveUsed(..) | ReserveSpared(..)) => of_what_holds_on(world, what),
            what @ (RepairFailed(_) | RepairStuck { .. }) => of_what_holds_on(world, what),
            what @ (VendorCalled(_) | VendorCame { .. }) => of_what_holds_on(world, what),
            what @ (SiteInRotation { .. } | Withdrawn { .. }) => of_what_holds_on(world, what),
            Occurrence::StationDown(id) => (8, station(*id), [0.0; 3]),
            Occurrence::StationStarting(id, until) => (9, station(*id), [until.seconds(), 0.0, 0.0]),
            Occurrence::StationUp(id) => (10, station(*id), [0.0; 3]),
            Occurrence::PhaseDone(id, phase) => (13, group(*id), [f64::from(*phase as u8), 0.0, 0.0]),
            Occurrence::SteeringBegan { people: id, to } => self.steering(world, people(*id), *to),
            Occurrence::SteeringDone(id) => (19, people(*id), [0.0; 3]),
            Occurrence::AtRisk { store, .. }
            | Occurrence::DataLost { store, .. }
            | Occurrence::WritesWait { store, .. }
            | Occurrence::DataGone(store)
            | Occurrence::BackupMissed { store, .. }
            | Occurrence::RestoreBegan { store, .. }
            | Occurrence::Unreadable { store, .. }
            | Occurrence::PartBack { store, .. }
            | Occurrence::RestoreRefused { store, .. }
            | Occurrence::RestoreFailed(store)
            | Occurrence::DataBack(store)
            | Occurrence::WritesGoOn { store, .. } => self.store(world, *store, what),
            what @ (Occurrence::MaintenanceTold
            | Occurrence::MaintenanceBegan(_)
            | Occurrence::MaintenanceSkipped
            | Occurrence::MaintenanceOverran
            | Occurrence::MaintenanceAborted
            | Occurrence::MaintenanceEnded { .. }) => of_maintenance(what),
            Occurrence::Replaced(id) => (29, node(*id), [0.0; 3]),
            Occurrence::Improved(id, to) => (30, group(*id), [*to, 0.0, 0.0]),
            Occurrence::Gray(id, loses) => (31, node(*id), [*loses, 0.0, 0.0]),
            Occurrence::Slowed(id, by) => (32, station(*id), [*by, 0.0, 0.0]),
            Occurrence::LinkCut(id, cut) => (33, &world.links[id.at()].name, [f64::from(u8::from(*cut)), 0.0, 0.0]),
            Occurrence::Surge(id, began) => (34, people(*id), [f64::from(u8::from(*began)), 0.0, 0.0]),
            Occurrence::Overloaded(id) => (35, station(*id), [0.0; 3]),
            Occurrence::Drained(id) => (36, station(*id), [0.0; 3]),
            Occurrence::QueueStale(id) => (37, queue(*id), [0.0; 3]),
            Occurrence::QueueStopped(id) => (38, queue(*id), [0.0; 3]),
            Occurrence::QueueServes(id) => (39, queue(*id), [0.0; 3]),
            Occurrence::QueueFresh(id) => (40, queue(*id), [0.0; 3]),
            Occurrence::Feels { people: id, feature, mood, .. } => (41, people(*id), felt(*feature, *mood)),
            Occurrence::Decision(_) => (42, "", [0.0; 3]),
            Occurrence::Told(_) => (43, "", [0.0; 3]),
            what @ (Occurrence::Ordered(_)
            | Occurrence::Effect { .. }
            | Occurrence::PhaseFailed(_)
            | Occurrence::Mended(_)
            | Occurrence::TakenBack(_)
            | Occurrence::Stuck { .. }
            | Occurrence::GivenUp(_)
            | Occurrence::StepBack { .. }
            | Occurrence::BadRelease(_)
            | Occurrence::RolledBack(_)
            | Occurrence::ToldBy { .. }
            | Occurrence::DecisionBy { .. }) => of_measure(world, what),
            Occurrence::Flushed(id) => (121, station(*id), [0.0; 3]),
            Occurrence::StartFailed(id, until) => (117, station(*id), [until.seconds(), 0.0, 0.0]),
            Occurrence::Scaled { autoscale: id, servers } => {
                (53, &world.autoscale[*id].name, [*servers as f64, 0.0, 0.0])
            }
            what @ (ServersSlowed { .. }
            | Panic(..)
            | Ejected { .. }
            | Returned { .. }
            | Occurrence::Outlier { .. }) => of_servers(world, what),
            what @ (Occurrence::PhaseCutShort(..)
            | Occurrence::DiedMeanwhile(_)
            | Occurrence::MemberIsBack { .. }
            | Occurrence::StaysActive(_)
            | Occurrence::CalledOff(_)
            | Occurrence::ByHand(_)
            | Occurrence::SplitBrain(_)
            | Occurrence::FailoverFailed(..)
            | Occurrence::CallersFollowed { .. }
            | Occurrence::SwitchoverBegan { .. }
            | Occurrence::SwitchoverRefused { .. }
            | Occurrence::SwitchoverCalledOff { .. }
            | Occurrence::Detected { .. }
            | Occurrence::Activated { .. }
            | Occurrence::Decided { .. }) => of_group(world, what),
            Occurrence::Triggered(id) => (54, "", [*id as f64, 0.0, 0.0]),
            Occurrence::Noticed { condition, part } => (90, "", [*condition as f64, *part as f64, 0.0]),
        }
    }
}

impl Observer for Digest {
    fn saw(&mut self, world: &World, seen: &Observation) {
        self.count += 1;
        self.number(seen.at.0 as u64);
        self.number(seen.cause.map_or(u64::MAX, |c| c.0));
        let (kind, name, numbers) = self.of(world, &seen.what);
        self.number(kind);
        self.name(name);
        self.floats(numbers);
    }

    #[inline]
    fn answered(&mut self, _: &World, answer: &Answer) {
        // In the order in which they come; the multiplier is that of Knuth's MMIX generator.
        let folded = answer.took_ns ^ answer.at_ns.rotate_left(32);
        self.answers = (self.answers ^ folded).wrapping_mul(6_364_136_223_846_793_005).rotate_left(23);
    }

    fn flowed(&mut self, world: &World, span: &Interval) {
        self.count += 1;
        if self.answers != 0 {
            let answers = std::mem::take(&mut self.answers);
            self.number(answers);
        }
        self.number(span.from.0 as u64);
        self.number(span.to.0 as u64);
        for (pop, uses) in span.uses.iter().enumerate() {
            if uses.iter().any(|u| u.intended > 0.0) {
                self.name(&world.people[pop].name);
                for used in uses {
                    self.floats([used.served, used.degraded, used.failed, used.shed, used.never_sent]);
                }
            }
        }
        for (queue, backlog) in span.queue_backlogs.iter().enumerate() {
            if *backlog > 0.0 {
                self.name(&world.queues[queue].name);
                self.float(*backlog);
            }
        }
    }
}

/// Which feature feels how; all together where none is named.
fn felt(feature: Option<usize>, mood: ServiceLevel) -> [f64; 3] {
    [feature.map_or(-1.0, |feature| feature as f64), f64::from(mood as u8), 0.0]
}

/// What becomes of the maintenance.
fn of_maintenance(what: &Occurrence) -> (u64, &'static str, [f64; 3]) {
    match what {
        Occurrence::MaintenanceTold => (23, "", [0.0; 3]),
        Occurrence::MaintenanceBegan(until) => (24, "", [until.seconds(), 0.0, 0.0]),
        Occurrence::MaintenanceSkipped => (25, "", [0.0; 3]),
        Occurrence::MaintenanceOverran => (26, "", [0.0; 3]),
        Occurrence::MaintenanceAborted => (27, "", [0.0; 3]),
        Occurrence::MaintenanceEnded { rolled_back } => (28, "", [f64::from(u8::from(*rolled_back)), 0.0, 0.0]),
        _ => (0, "", [0.0; 3]),
    }
}

/// What becomes of a measure.
fn of_measure<'w>(world: &'w World, what: &Occurrence) -> (u64, &'w str, [f64; 3]) {
    let measure = |id: usize| world.procedures[id].name.as_str();
    match what {
        Occurrence::Ordered(id) => (44, measure(*id), [0.0; 3]),
        Occurrence::Effect { measure: id, phase, short } => {
            (45, measure(*id), [f64::from(*phase), f64::from(u8::from(*short)), 0.0])
        }
        Occurrence::PhaseFailed(id) => (46, measure(*id), [0.0; 3]),
        Occurrence::Mended(id) => (47, measure(*id), [0.0; 3]),
        Occurrence::TakenBack(id) => (48, measure(*id), [0.0; 3]),
        Occurrence::Stuck { measure: id, .. } => (98, measure(*id), [0.0; 3]),
        Occurrence::GivenUp(id) => (118, measure(*id), [0.0; 3]),
        Occurrence::StepBack { measure: id, phase } => (119, measure(*id), [f64::from(*phase), 0.0, 0.0]),
        Occurrence::BadRelease(id) => (49, measure(*id), [0.0; 3]),
        Occurrence::RolledBack(id) => (50, measure(*id), [0.0; 3]),
        Occurrence::ToldBy { measure: id, action } => (51, measure(*id), [*action as f64, 0.0, 0.0]),
        Occurrence::DecisionBy { measure: id, action } => (52, measure(*id), [*action as f64, 0.0, 0.0]),
        _ => (0, "", [0.0; 3]),
    }
}

/// What lives on for a time, and automation that is switched off.
fn of_what_holds_on<'w>(world: &'w World, what: &Occurrence) -> (u64, &'w str, [f64; 3]) {
    let node = |id: &NodeId| world.nodes[id.at()].name.as_str();
    match what {
        Occurrence::ReserveUsed(id, until) => (91, node(id), [until.seconds(), 0.0, 0.0]),
        Occurrence::ReserveSpared(id, left) => (92, node(id), [left.seconds(), 0.0, 0.0]),
        Occurrence::Switched(of, on) => {
            let (kind, name) = of_automation(world, *of);
            (93, name, [kind, f64::from(u8::from(*on)), 0.0])
        }
        Occurrence::HeldBack(of) => {
            let (kind, name) = of_automation(world, *of);
            (94, name, [kind, 0.0, 0.0])
        }
        Occurrence::RepairFailed(id) => (131, node(id), [0.0; 3]),
        Occurrence::RepairStuck { node: id, .. } => (130, node(id), [0.0; 3]),
        Occurrence::VendorCalled(id) => (96, node(id), [0.0; 3]),
        Occurrence::VendorCame { node: id, waited } => (97, node(id), [waited.seconds(), 0.0, 0.0]),
        Occurrence::Withdrawn { spread, place, withdrawn } => {
            (100, &world.spreads[spread.at()].name, [*place as f64, f64::from(u8::from(*withdrawn)), 0.0])
        }
        Occurrence::SiteInRotation { spread, place, works, .. } => {
            let spread = &world.spreads[spread.at()];
            let before = spread.over[..*place].len() as f64;
            (95, &spread.name, [before, f64::from(u8::from(*works)), 0.0])
        }
        _ => (0, "", [0.0; 3]),
    }
}

/// What acts by itself: its kind and its name.
fn of_automation(world: &World, of: Automation) -> (f64, &str) {
    match of {
        Automation::Failover(group) => (0.0, &world.groups[group.at()].name),
        Automation::Autoscale(index) => (1.0, &world.autoscale[index].name),
        Automation::Procedure(index) => (2.0, &world.procedures[index].name),
        Automation::Maintenance => (3.0, ""),
        Automation::ServerChecks(id) => (4.0, &world.services[id.at()].name),
        Automation::SiteChecks(id) => (5.0, &world.spreads[id.at()].name),
    }
}

/// What happens to single servers behind a balancer.
fn of_servers<'w>(world: &'w World, what: &Occurrence) -> (u64, &'w str, [f64; 3]) {
    let station = |id: &StationId| world.stations[id.at()].name.as_str();
    match what {
        Occurrence::ServersSlowed { station: id, servers, by } => (55, station(id), [*servers as f64, *by, 0.0]),
        Occurrence::Ejected { station: id, server, in_rotation } => {
            (56, station(id), [f64::from(*server), f64::from(*in_rotation), 0.0])
        }
        Occurrence::Returned { station: id, server, in_rotation } => {
            (57, station(id), [f64::from(*server), f64::from(*in_rotation), 0.0])
        }
        Occurrence::Outlier { station: id, server, in_rotation, out } => {
            (99, station(id), [f64::from(*server), f64::from(*in_rotation), f64::from(u8::from(*out))])
        }
        Occurrence::Panic(id, began) => (58, station(id), [f64::from(u8::from(*began)), 0.0, 0.0]),
        _ => (0, "", [0.0; 3]),
    }
}

/// What a failover or a switchover comes to.
fn of_group<'w>(world: &'w World, what: &Occurrence) -> (u64, &'w str, [f64; 3]) {
    let flag = |flag: bool| f64::from(u8::from(flag));
    let (kind, group, numbers) = match what {
        Occurrence::Detected { group, false_alarm, failed_at } => {
            (11, *group, [flag(*false_alarm), failed_at.seconds(), 0.0])
        }
        Occurrence::Activated { group, member, planned } => (17, *group, [*member as f64, flag(*planned), 0.0]),
        Occurrence::Decided { group, by_people } => (12, *group, [flag(*by_people), 0.0, 0.0]),
        Occurrence::SwitchoverBegan { group, member, failed_at, planned } => {
            (70, *group, [*member as f64, failed_at.seconds(), flag(*planned)])
        }
        Occurrence::SwitchoverRefused { group, member, reason, .. } => {
            (71, *group, [member.map_or(-1.0, |member| member as f64), f64::from(*reason as u8), 0.0])
        }
        Occurrence::SwitchoverCalledOff { group, member, reason, .. } => {
            (72, *group, [*member as f64, f64::from(*reason as u8), 0.0])
        }
        Occurrence::DiedMeanwhile(group) => (73, *group, [0.0; 3]),
        Occurrence::CallersFollowed { group, member } => (74, *group, [*member as f64, 0.0, 0.0]),
        Occurrence::MemberIsBack { group, member } => (78, *group, [*member as f64, 0.0, 0.0]),
        Occurrence::FailoverFailed(group, _) => (14, *group, [0.0; 3]),
        Occurrence::ByHand(group) => (15, *group, [0.0; 3]),
        Occurrence::SplitBrain(group) => (22, *group, [0.0; 3]),
        Occurrence::CalledOff(group) => (16, *group, [0.0; 3]),
        Occurrence::StaysActive(group) => (82, *group, [0.0; 3]),
        Occurrence::PhaseCutShort(group, phase) => (75, *group, [f64::from(*phase as u8), 0.0, 0.0]),
        _ => return (u64::MAX, "", [0.0; 3]),
    };
    (kind, &world.groups[group.at()].name, numbers)
}
