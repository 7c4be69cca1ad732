//! The servers of a station behind a balancer.

use super::station_queue::StationQueue;
use crate::observe::ObservationId;
use crate::rng::{Luck, Stream};
use crate::world::{Ejections, HealthChecks, Outliers, Picks, World};

/// No pool, or no server of one.
pub const NONE: u32 = u32::MAX;

/// Work that a health check is for a server that is as fast as usual.
pub const CHECK_NS: u64 = 1_000_000;

/// Servers of a pool that can be told apart.
pub const SERVERS_MAX: u64 = u16::MAX as u64;

/// What balancers have done since anybody listened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    Ejected {
        server: u32,
        in_rotation: u32,
        why: Option<ObservationId>,
        is_alone: bool,
    },
    Returned {
        server: u32,
        in_rotation: u32,
    },
    /// Its requests fail; or its time is over.
    Outlier {
        server: u32,
        in_rotation: u32,
        out: bool,
    },
    Panic(bool),
}

/// The servers of a station.
#[derive(Debug, Clone)]
pub struct BackendPool {
    pub station: u32,
    pub picks: Picks,
    pub checks: Option<HealthChecks>,
    pub outliers: Option<Outliers>,
    pub luck: Stream,
    /// The server after the last that was picked, in the order of the rotation.
    pub cursor: usize,
    /// All that there have been so far.
    pub servers: Vec<Server>,
    /// The first so many are there.
    pub here: usize,
    /// Those that get requests.
    pub rotation: Vec<u16>,
    pub in_panic: bool,
    /// The program of a health check.
    pub program: u32,
    /// The last ejection that has been told.
    pub ejection: Option<ObservationId>,
    /// Deep checks fail, because of this.
    pub deep_fails: Option<Option<ObservationId>>,
    /// Nobody checks: all count as healthy.
    pub off: bool,
}

/// A server behind a balancer.
#[derive(Debug, Clone)]
pub struct Server {
    pub queue: u32,
    pub ejected: bool,
    pub dead: bool,
    /// Checks in a row that speak against what it is: failed while it is in rotation, passed while it is ejected.
    pub in_a_row: u32,
    /// The check that is under way.
    pub check: u32,
    /// Events for another turn are stale.
    pub turn: u32,
    pub phase: Stream,
    /// Health checks see nothing of how it is.
    pub fooled: bool,
    /// What has made it slow.
    pub why: Option<ObservationId>,
    /// Its last ejection that has been told.
    pub ejection: Option<ObservationId>,
    /// How often its checks have ejected it.
    pub by_checks: Ejections,
    /// Failed requests in a row, and how often they have ejected it.
    pub errors: u32,
    pub by_errors: Ejections,
    /// It is out for its errors.
    pub is_outlier: bool,
}

impl Server {
    /// It is out of rotation.
    pub fn is_out(&self) -> bool {
        self.ejected || self.is_outlier
    }
}

impl BackendPool {
    /// The backend pools of a world, by station.
    pub fn all(world: &World, luck: Luck) -> Vec<BackendPool> {
        let stations = world.stations.iter().enumerate();
        let pool = |(station, of): (usize, &crate::world::Station)| {
            let balancer = world.services[of.service.at()].balancer?;
            Some(BackendPool {
                station: station as u32,
                picks: balancer.picks,
                checks: balancer.checks,
                outliers: balancer.outliers,
                luck: Stream::new(luck, &of.name, "picks"),
                cursor: 0,
                servers: Vec::new(),
                here: 0,
                rotation: Vec::new(),
                in_panic: false,
                program: NONE,
                ejection: None,
                deep_fails: None,
                off: false,
            })
        };
        stations.filter_map(pool).collect()
    }

    /// Which server of the rotation gets the next request.
    pub fn pick(&mut self, station_queues: &[StationQueue]) -> Option<u16> {
        let count = self.rotation.len();
        let load = |nth: usize| {
            let queue = &station_queues[self.servers[usize::from(self.rotation[nth])].queue as usize];
            queue.inside + queue.waiting
        };
        let nth = match self.picks {
            _ if count <= 1 => 0,
            Picks::RoundRobin => self.cursor % count,
            Picks::Random => index(&mut self.luck, count),
            Picks::LeastBusy => {
                let (mut best, mut least) = (0, u64::MAX);
                for offset in 0..count {
                    let nth = (self.cursor + offset) % count;
                    let load = load(nth);
                    if load < least {
                        (best, least) = (nth, load);
                    }
                    if load == 0 {
                        break;
                    }
                }
                best
            }
            Picks::TwoChoices => {
                let first = index(&mut self.luck, count);
                let second = index(&mut self.luck, count - 1);
                let second = if second >= first { second + 1 } else { second };
                if load(second) < load(first) { second } else { first }
            }
        };
        self.cursor = nth + 1;
        self.rotation.get(nth).copied()
    }

    /// Servers that are not out of rotation.
    pub fn healthy(&self) -> usize {
        self.servers[..self.here].iter().filter(|server| !server.is_out()).count()
    }

    /// Who gets requests has changed. Gives whether panic mode began or ended.
    pub fn rotate(&mut self) -> Option<bool> {
        let healthy = self.healthy();
        let panics = |checks: HealthChecks| (healthy as f64) < checks.panic_below * self.here as f64;
        let panics = !self.off && self.checks.is_some_and(panics);
        let here = self.servers[..self.here].iter().enumerate();
        self.rotation = here.filter(|(_, server)| panics || !server.is_out()).map(|(n, _)| n as u16).collect();
        let turned = panics != self.in_panic;
        self.in_panic = panics;
        turned.then_some(panics)
    }
}

/// One of so many, equally likely.
fn index(luck: &mut Stream, count: usize) -> usize {
    ((luck.uniform() * count as f64) as usize).min(count - 1)
}
