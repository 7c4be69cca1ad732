//! Everything that changes during a run, one file a noun. Nothing here knows of events: handlers, in the files above, write it.

pub mod abandonment;
pub mod automation;
pub mod autoscale;
pub mod backups;
pub mod burn_rates;
pub mod data;
pub mod delayed_retries;
pub mod disposition;
pub mod drill;
pub mod falls;
pub mod flow;
pub mod grays;
pub mod groups;
pub mod islands;
pub mod made_up;
pub mod maintenance;
pub mod nodes;
pub mod paths;
pub mod rotation;
pub mod runbook;
pub mod spreads;
pub mod stations;
pub mod steering;
pub mod triggers;
pub mod waits;
pub mod watch;

use crate::rng::{Luck, Stream};
use crate::world::{Action, NodeId, NodeKind, Routes, World};
use abandonment::Away;
use automation::SwitchedOff;
use autoscale::AutoscaleState;
use burn_rates::BurnRateState;
use drill::{Disturbance, Surge};
use flow::FlowState;
use grays::Grays;
use groups::GroupState;
use made_up::MadeUp;
use maintenance::MaintenanceState;
use nodes::{CrewState, Job, NodeState};
use rotation::Rotation;
use runbook::{ProcedureState, Restriction, Shedding, TeamState};
use spreads::SpreadState;
use stations::StationState;
use steering::SteeringState;
use triggers::TriggerState;

/// The state of a run.
#[derive(Debug, Clone)]
pub struct State {
    pub nodes: Vec<NodeState>,
    pub stations: Vec<StationState>,
    /// Whether starts of stations succeed.
    pub starts: Vec<Stream>,
    /// Dead servers behind balancers, by station.
    pub rotations: Vec<Rotation>,
    pub groups: Vec<GroupState>,
    /// For each member of a group, whether deep checks of it fail.
    pub deep_fails: Vec<Vec<bool>>,
    pub crews: Vec<CrewState>,
    pub jobs: Vec<Job>,
    pub jobs_free: Vec<u32>,
    pub shocks: Vec<Stream>,
    /// Invalidates shocks that were due before.
    pub shock_tokens: Vec<u32>,
    /// What was done from outside, beside the drill.
    pub outside: Vec<Action>,
    /// What is passing of the drill, and in force.
    pub disturbances: Vec<Disturbance>,
    /// What gets lost by that.
    pub grays: Grays,
    pub links_cut: Vec<u32>,
    /// Links that lack what they stand on: each is cut once more for that.
    pub links_down: Vec<bool>,
    pub routes: Routes,
    pub maintenance: MaintenanceState,
    pub steering: Vec<SteeringState>,
    pub spreads: Vec<SpreadState>,
    pub surges: Vec<Surge>,
    pub procedures: Vec<ProcedureState>,
    pub teams: Vec<TeamState>,
    pub triggers: Vec<TriggerState>,
    pub burn_rates: Vec<BurnRateState>,
    pub autoscale: Vec<AutoscaleState>,
    /// In the order in which it was done.
    pub switched_off: Vec<SwitchedOff>,
    /// How often something was switched off so far.
    pub switched_off_times: u32,
    pub restrictions: Vec<Restriction>,
    /// For each population the procedure and the action by which it staggers.
    pub staggers: Vec<Option<(usize, usize)>>,
    pub stagger_cursors: Vec<(usize, usize)>,
    pub sheddings: Vec<Shedding>,
    /// For each service the procedures that leave soft calls to it out, and which share.
    pub dims: Vec<Vec<(usize, f64)>>,
    /// Servers that each provider has given.
    pub providers_taken: Vec<i64>,
    /// How many times as wide each link is.
    pub links_factor: Vec<f64>,
    /// Users of each population who are away.
    pub away: Vec<Away>,
    /// What is made up for, by population and feature.
    pub made_up: Vec<MadeUp>,
    pub flow: FlowState,
}

impl State {
    pub fn new(world: &World, luck: Luck) -> State {
        State {
            nodes: world.nodes.iter().map(|node| NodeState::new(node, luck)).collect(),
            stations: vec![StationState::new(); world.stations.len()],
            starts: world.stations.iter().map(|station| Stream::new(luck, &station.name, "start fails")).collect(),
            rotations: vec![Rotation::default(); world.stations.len()],
            groups: world.groups.iter().map(|group| GroupState::new(group, luck)).collect(),
            deep_fails: world.groups.iter().map(|group| vec![false; group.deep.len()]).collect(),
            crews: vec![CrewState::default(); world.crews.len()],
            jobs: Vec::new(),
            jobs_free: Vec::new(),
            shocks: world.shocks.iter().map(|s| Stream::new(luck, &s.name, "shock")).collect(),
            shock_tokens: vec![0; world.shocks.len()],
            outside: Vec::new(),
            disturbances: Vec::new(),
            grays: Grays::default(),
            links_cut: vec![0; world.links.len()],
            links_down: vec![false; world.links.len()],
            routes: world.routes.clone(),
            maintenance: MaintenanceState::new(world, luck),
            steering: world.people.iter().map(|p| SteeringState::new(world, p)).collect(),
            spreads: world.spreads.iter().map(|spread| SpreadState::new(spread, luck)).collect(),
            surges: Vec::new(),
            procedures: (0..world.procedures.len()).map(|i| ProcedureState::new(luck, world, i)).collect(),
            teams: vec![TeamState::default(); world.teams.len()],
            triggers: TriggerState::all(world),
            burn_rates: vec![BurnRateState::default(); world.burn_rates.len()],
            switched_off: Vec::new(),
            switched_off_times: 0,
            autoscale: vec![AutoscaleState::default(); world.autoscale.len()],
            restrictions: Vec::new(),
            staggers: vec![None; world.people.len()],
            stagger_cursors: vec![(0, 0); world.people.len()],
            sheddings: Vec::new(),
            dims: vec![Vec::new(); world.services.len()],
            providers_taken: vec![0; world.providers.len()],
            links_factor: vec![1.0; world.links.len()],
            away: vec![Away::default(); world.people.len()],
            made_up: vec![MadeUp::default(); world.people.iter().map(|people| people.uses.len()).sum()],
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
