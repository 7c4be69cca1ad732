//! Everything that changes during a run.

use super::autoscale::AutoscaleState;
use super::crowd::Away;
use super::flow::FlowState;
use super::measures::{MeasureState, Restriction, Shedding, TeamState};
use super::steering::SteeringState;
use super::watch::Watch;
use crate::observe::SeenId;
use crate::rng::{Luck, Stream};
use crate::units::{Duration, Time};
use crate::world::{NodeId, NodeKind, Routes, World};
use std::collections::VecDeque;

/// The state of a run.
#[derive(Debug, Clone)]
pub struct State {
    pub nodes: Vec<NodeState>,
    pub stations: Vec<StationState>,
    pub groups: Vec<GroupState>,
    pub crews: Vec<CrewState>,
    pub jobs: Vec<Job>,
    pub jobs_free: Vec<u32>,
    pub shocks: Vec<Stream>,
    /// Passing conditions of the drill that are in force.
    pub conditions: Vec<Condition>,
    pub links_cut: Vec<u32>,
    pub routes: Routes,
    pub maintenance: MaintenanceState,
    pub steering: Vec<SteeringState>,
    pub surges: Vec<Surge>,
    pub measures: Vec<MeasureState>,
    pub teams: Vec<TeamState>,
    pub watches: Vec<Watch>,
    pub autoscale: Vec<AutoscaleState>,
    pub restrictions: Vec<Restriction>,
    /// For each population the measure and the action by which it staggers.
    pub staggers: Vec<Option<(usize, usize)>>,
    pub stagger_cursors: Vec<(usize, usize)>,
    pub sheddings: Vec<Shedding>,
    /// For each service the measures that leave soft calls to it out, and which share.
    pub dims: Vec<Vec<(usize, f64)>>,
    /// Servers that each provider has given.
    pub providers_taken: Vec<i64>,
    /// How many times as wide each link is.
    pub links_factor: Vec<f64>,
    /// Users of each population who are away.
    pub away: Vec<Away>,
    pub flow: FlowState,
}

/// A node's state.
#[derive(Debug, Clone)]
pub struct NodeState {
    /// Members that have visibly failed.
    pub failed: u64,
    /// Members that have failed unnoticed.
    pub hidden: u64,
    /// Members that run on a temporary fix.
    pub temporary: u64,
    /// Takedowns by maintenance that hold it down.
    pub taken: u32,
    /// Whether it works.
    pub up: bool,
    /// The observation of its going down or of what took it down.
    pub why: Option<SeenId>,
    /// Last change.
    pub since: Time,
    /// Times to failure.
    pub failures: Option<Stream>,
    /// Invalidates pending failures.
    pub token: u32,
    /// Hazard factor.
    pub hazard: f64,
    pub spares: u32,
    /// Luck in repairing; made when first needed.
    pub repairs: Option<Box<RepairStreams>>,
    /// Repairs that wait for a spare part.
    pub waiting_for_spare: VecDeque<u32>,
}

impl NodeState {
    /// Members that work.
    pub fn working(&self, count: u64) -> u64 {
        count.saturating_sub(self.failed).saturating_sub(self.hidden)
    }
}

/// A node's luck in repairing, one stream for each purpose.
#[derive(Debug, Clone)]
pub struct RepairStreams {
    pub takes: Stream,
    pub vendor: Stream,
    pub restock: Stream,
    pub arrives: Stream,
}

impl RepairStreams {
    pub fn new(luck: Luck, node: &str) -> RepairStreams {
        RepairStreams {
            takes: Stream::new(luck, node, "repair takes"),
            vendor: Stream::new(luck, node, "vendor comes"),
            restock: Stream::new(luck, node, "restock takes"),
            arrives: Stream::new(luck, node, "crew arrives"),
        }
    }
}

/// A station's state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StationState {
    pub phase: StationPhase,
    pub token: u32,
    /// When it stopped.
    pub down_since: Time,
    /// It was stopped by maintenance, which starts it again.
    pub planned: bool,
    /// The observation of its last change.
    pub why: Option<SeenId>,
    /// It is cold since then; `None`: warm.
    pub cold_since: Option<Time>,
    /// Slowness by the drill.
    pub slow: f64,
    /// Slowness by releases.
    pub takes: f64,
    /// Servers more than the design has, or fewer.
    pub extra: i64,
    /// Servers that a measure has broken.
    pub broken: u64,
}

/// Whether a station serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationPhase {
    Down,
    Starting,
    Serving,
}

/// A group's state.
#[derive(Debug, Clone)]
pub struct GroupState {
    /// The active member.
    pub active: usize,
    pub stage: Stage,
    pub token: u32,
    /// When the active member failed.
    pub failed_at: Time,
    /// The observation that the failover goes on from.
    pub why: Option<SeenId>,
    /// Probability of failing on demand: maintenance can improve it.
    pub fails_on_demand: f64,
    /// Where the failover goes.
    pub target: usize,
    /// The alarm was false: the active member works.
    pub false_alarm: bool,
    pub alarm_token: u32,
    pub failback_token: u32,
    pub failback_pending: bool,
    /// The switchover was ordered.
    pub ordered: bool,
    pub streams: Option<Box<GroupStreams>>,
}

/// A group's luck, one stream for each purpose.
#[derive(Debug, Clone)]
pub struct GroupStreams {
    pub detect: Stream,
    pub decide: Stream,
    pub demand: Stream,
    pub phases: Stream,
    pub phase_fails: Stream,
    pub by_hand: Stream,
    pub alarms: Stream,
}

/// Where a failover is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All is well.
    Idle,
    /// The failure has not been noticed yet.
    Detecting,
    /// It is being decided.
    Deciding,
    /// A phase is under way, by index.
    Phase(usize),
    /// It is done by hand.
    ByHand,
    /// Users have been led over; it is verified.
    Verifying,
    /// It failed; the active member has to come back.
    GivenUp,
    /// No member works.
    NobodyLeft,
}

/// A crew's state.
#[derive(Debug, Clone, Default)]
pub struct CrewState {
    pub busy: u32,
    pub waiting: VecDeque<u32>,
}

/// A repair.
#[derive(Debug, Clone)]
pub struct Job {
    pub node: NodeId,
    /// How many members it repairs.
    pub members: u64,
    pub temporary: bool,
    /// Hands-on time.
    pub takes: Duration,
    pub why: Option<SeenId>,
    /// Done, or done already by maintenance.
    pub moot: bool,
    /// Somebody is at it.
    pub hands_on: bool,
}

/// A passing condition of the drill.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The step of the drill.
    pub step: usize,
    pub active: bool,
    pub why: SeenId,
}

/// A surge: the factor rises over a ramp and stays.
#[derive(Debug, Clone)]
pub struct Surge {
    pub step: usize,
    pub people: usize,
    pub feature: Option<usize>,
    pub by: f64,
    pub from: Time,
    pub ramp: Duration,
    /// When it begins to fall, how long that takes, or how fast it decays.
    pub falls_from: Time,
    pub falls: Duration,
    pub decays: Duration,
}

/// A maintenance's state.
#[derive(Debug, Clone)]
pub struct MaintenanceState {
    pub token: u32,
    pub round: u32,
    pub under_way: bool,
    pub began: Time,
    /// Nodes that it holds down now.
    pub holds: Vec<NodeId>,
    pub rolling: usize,
    pub takes: Duration,
    pub aborted: bool,
    pub why: Option<SeenId>,
    pub durations: Stream,
    pub rollbacks: Stream,
}

impl State {
    pub fn new(world: &World, luck: Luck) -> State {
        let nodes = world
            .nodes
            .iter()
            .map(|node| NodeState {
                failed: 0,
                hidden: 0,
                temporary: 0,
                taken: 0,
                up: true,
                why: None,
                since: Time::ZERO,
                failures: (node.fails.is_some() || node.repair.as_ref().is_some_and(|r| r.temporary.is_some()))
                    .then(|| Stream::new(luck, &node.name, "time to failure")),
                token: 0,
                hazard: 1.0,
                spares: node.repair.as_ref().and_then(|r| r.spares.as_ref()).map_or(0, |s| s.0),
                repairs: None,
                waiting_for_spare: VecDeque::new(),
            })
            .collect();
        let groups = world
            .groups
            .iter()
            .map(|group| GroupState {
                active: 0,
                stage: Stage::Idle,
                token: 0,
                failed_at: Time::ZERO,
                why: None,
                fails_on_demand: group.failover.as_ref().map_or(0.0, |f| f.fails_on_demand),
                target: 0,
                false_alarm: false,
                alarm_token: 0,
                failback_token: 0,
                failback_pending: false,
                ordered: false,
                streams: group.failover.as_ref().map(|_| {
                    let stream = |purpose| Stream::new(luck, &group.name, purpose);
                    Box::new(GroupStreams {
                        detect: stream("detect"),
                        decide: stream("decide"),
                        demand: stream("fails on demand"),
                        phases: stream("phase takes"),
                        phase_fails: stream("phase fails"),
                        by_hand: stream("by hand"),
                        alarms: stream("false alarms"),
                    })
                }),
            })
            .collect();
        let station = StationState {
            phase: StationPhase::Down,
            token: 0,
            down_since: Time::ZERO,
            planned: false,
            why: None,
            cold_since: None,
            slow: 1.0,
            takes: 1.0,
            extra: 0,
            broken: 0,
        };
        let plan = world.maintenance.as_ref().map_or("", |m| m.name.as_str());
        State {
            nodes,
            stations: vec![station; world.stations.len()],
            groups,
            crews: vec![CrewState::default(); world.crews.len()],
            jobs: Vec::new(),
            jobs_free: Vec::new(),
            shocks: world.shocks.iter().map(|s| Stream::new(luck, &s.name, "shock")).collect(),
            conditions: Vec::new(),
            links_cut: vec![0; world.links.len()],
            routes: world.routes.clone(),
            maintenance: MaintenanceState {
                token: 0,
                round: 0,
                under_way: false,
                began: Time::ZERO,
                holds: Vec::new(),
                rolling: 0,
                takes: Duration::ZERO,
                aborted: false,
                why: None,
                durations: Stream::new(luck, plan, "maintenance takes"),
                rollbacks: Stream::new(luck, plan, "rollback takes"),
            },
            steering: world.people.iter().map(|p| SteeringState::new(world, p)).collect(),
            surges: Vec::new(),
            measures: (0..world.procedures.len()).map(|i| MeasureState::new(luck, world, i)).collect(),
            teams: vec![TeamState::default(); world.teams.len()],
            watches: Watch::all(world),
            autoscale: vec![AutoscaleState::default(); world.autoscale.len()],
            restrictions: Vec::new(),
            staggers: vec![None; world.people.len()],
            stagger_cursors: vec![(0, 0); world.people.len()],
            sheddings: Vec::new(),
            dims: vec![Vec::new(); world.services.len()],
            providers_taken: vec![0; world.providers.len()],
            links_factor: vec![1.0; world.links.len()],
            away: vec![Away::default(); world.people.len()],
            flow: FlowState::new(world, luck),
        }
    }

    /// The active member's node of a group, or the node itself.
    pub fn active_node(&self, world: &World, node: NodeId) -> NodeId {
        match world.nodes[node.at()].kind {
            NodeKind::Group(group) => world.groups[group.at()].members[self.groups[group.at()].active],
            _ => node,
        }
    }
}
