//! Servers behind balancers that have died, and those that live and get nothing.

use crate::observe::ObservationId;
use crate::world::Ejections;
use std::collections::BTreeMap;

/// Those of one station.
#[derive(Debug, Clone, Default)]
pub struct Rotation {
    /// It served when somebody last looked.
    pub serves: bool,
    pub dead: Vec<DeadServer>,
    pub token: u32,
    /// Its deep checks fail.
    pub deep_fails: bool,
    /// For so many servers what checks find out of that is due.
    pub foreseen: u64,
    /// What is due for another is void.
    pub deep_token: u32,
    /// Servers that live and are out of rotation, by number, as the flow takes it; in order.
    pub out: Vec<u32>,
    /// How often each has been ejected, by number.
    pub ejections: BTreeMap<u32, Ejections>,
    /// So few are healthy that all get requests.
    pub in_panic: bool,
    /// What has been told last of who is out.
    pub why: Option<ObservationId>,
}

/// A server that is dead.
#[derive(Debug, Clone, Copy)]
pub struct DeadServer {
    /// Which of the servers of the station, from 1.
    pub number: u32,
    /// It gets no requests any more.
    pub ejected: bool,
    /// What is due for another token is void.
    pub token: u32,
}
