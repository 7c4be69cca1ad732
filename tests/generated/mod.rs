//! Small random scenarios that compile: sites, links, components, a group that fails over, services, people, a drill.
//!
//! A [`Plan`] is numbers only, so that it shrinks well; [`Plan::text`] writes it as a scenario. Names are given by the
//! caller, so that one plan can be written under other names.

mod draw;
mod text;

pub use draw::plans;

/// How the luck of a plan comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chance {
    /// Everything that the format knows.
    Any,
    /// Nothing is drawn: every time is fixed and nothing fails but by the drill.
    None,
    /// Numbers that make no sense in a real design.
    Absurd,
}

/// The names of a scenario's entities, from a letter for their kind and a number.
pub type Names<'a> = &'a dyn Fn(char, usize) -> String;

/// Names that sort as their kinds and numbers do: `S0`, `S1`, `V0`.
pub fn plain(kind: char, index: usize) -> String {
    format!("{kind}{index}")
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub horizon_min: u64,
    pub warm_up: bool,
    pub sites: Vec<bool>,
    pub links: Vec<Link>,
    pub components: Vec<Component>,
    pub crew: Option<(u32, Option<String>)>,
    pub failover: Option<Failover>,
    pub services: Vec<Service>,
    pub queue: Option<(usize, u64, u64, u64)>,
    pub store: Option<(usize, u64, String)>,
    pub features: Vec<Feature>,
    pub people: Vec<People>,
    pub drill: Vec<Step>,
    pub maintenance: Option<Maintenance>,
}

#[derive(Debug, Clone)]
pub struct Link {
    pub rtt_ms: u64,
    pub bandwidth: Option<&'static str>,
    pub loss: &'static str,
    pub jitter_ms: u64,
}

#[derive(Debug, Clone)]
pub struct Component {
    pub at: Option<usize>,
    pub count: u64,
    pub spare: u64,
    pub gate: Option<(u8, usize, usize)>,
    pub fails: Option<String>,
    pub takes: Option<String>,
    pub with_crew: bool,
    pub temporary: bool,
    pub stock: bool,
    pub hidden: bool,
    pub stationary: bool,
}

#[derive(Debug, Clone)]
pub struct Failover {
    pub detect: String,
    pub decide: String,
    pub phases: Vec<(String, &'static str)>,
    pub steer: String,
    pub on_demand: &'static str,
    pub by_hand: Option<String>,
    pub failback_min: Option<u64>,
    pub first_back: bool,
}

#[derive(Debug, Clone)]
pub struct Service {
    /// One bit per site; at least one is taken.
    pub sites: u8,
    pub servers: u64,
    pub workers: u32,
    pub takes: String,
    pub queue: Option<u64>,
    pub holds: bool,
    pub calls: Vec<(bool, usize, &'static str)>,
    pub stands_on: Option<usize>,
    pub starts_s: u64,
    pub warms: bool,
    pub feeds: bool,
    pub writes: bool,
    /// What only single requests feel.
    pub each: &'static str,
}

#[derive(Debug, Clone)]
pub struct Feature {
    pub service: usize,
    pub also: Option<usize>,
    pub timeout_s: Option<u64>,
    pub slow_over_ms: Option<u64>,
    pub size: &'static str,
    pub fresh: bool,
    pub reads: bool,
    /// What only single requests feel.
    pub each: &'static str,
}

#[derive(Debug, Clone)]
pub struct People {
    pub users: u64,
    pub active: u8,
    pub shares: Vec<u32>,
    pub rates: Vec<&'static str>,
    pub served_by: usize,
    pub keeps_trying: u32,
    pub smooth: bool,
    pub rtt_ms: u64,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub kind: u8,
    pub of: usize,
    pub by: &'static str,
    pub share: u32,
    pub lasts_min: Option<u64>,
    pub jitter_s: u64,
}

#[derive(Debug, Clone)]
pub struct Maintenance {
    pub of: usize,
    pub rolling: u8,
    pub takes: String,
    pub told: bool,
    pub abort: bool,
    pub only_if_healthy: bool,
}
