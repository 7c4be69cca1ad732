//! Data that travels behind requests: background queues, and stores with their replicas.

use super::backups::{Backup, StorePart};
use super::components::Gate;
use super::ids::{ServiceId, SiteId};
use super::sites::Place;

/// A background queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Where its workers are.
    pub place: Place,
    /// Items per second that its workers do.
    pub capacity: f64,
    /// All of these must hold.
    pub gates: Vec<Gate>,
    /// Services that must serve.
    pub needs: Vec<ServiceId>,
    /// Stale beyond this age, in seconds.
    pub fresh_within_s: f64,
    /// Items per second that arrive anyway.
    pub also_fed: f64,
}

/// How a replica is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReplicaKind {
    /// A commit waits for it.
    Sync,
    /// A commit waits for it for so many seconds, the second number, and then goes on without it; writes per second when
    /// catching up.
    SemiSync(f64, f64),
    /// Writes per second.
    Async(f64),
    /// Interval and transfer time, in seconds.
    Shipped(f64, f64),
}

/// A store.
#[derive(Debug, Clone)]
pub struct Store {
    /// Its name.
    pub name: String,
    /// Where the writes go.
    pub primary: Place,
    /// Replicas by site.
    pub replicas: Vec<(SiteId, ReplicaKind)>,
    /// Writes per second that arrive anyway.
    pub also_written: f64,
    /// Its backups.
    pub backups: Vec<Backup>,
    /// What is there again first.
    pub parts: Vec<StorePart>,
}
