//! A scenario written in Rust: the format's defaults, and short ways to say what every scenario says.
//!
//! ```
//! use firedrill::dist::Dist;
//! use firedrill::rng::Luck;
//! use firedrill::scenario::{Act, Call, Detect, Failover, Feature, Group, Inject, Placement, Population, Scenario, Service, Strategy};
//! use firedrill::world::World;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut school = Scenario::new("A site is lost", "2024-03-04T08:00", "Europe/Oslo", "4h".parse()?);
//! for site in ["oslo", "bergen"] {
//!     school.sites.insert(site, Default::default());
//! }
//! school.groups.insert("home", Group::of(["oslo", "bergen"]));
//! let mut web = Service::new(Dist::Exponential { mean: "50ms".parse()? });
//! for site in ["oslo", "bergen"] {
//!     web.runs_at.insert(site, Placement::servers(8));
//! }
//! school.services.insert("web", web);
//! school.features.insert("lessons", Feature::calling([Call::hard("web")]));
//! school.people.insert("schools", Population::new(1_000, "home").using("lessons", "2/min".parse()?));
//! let mut standby = Strategy::default();
//! standby.failover.insert("home", Failover::by(Detect::Heartbeat { every: "1s".parse()?, grace: "10s".parse()? }));
//! school.strategies.insert("standby", standby);
//! school.run.strategy = Some("standby".into());
//! school.drill.push(Inject::At("09:00".into(), Act::crash("oslo")));
//!
//! let world = World::compile(&school)?;
//! let outcome = firedrill::run::run(&world, Luck { seed: 1, replication: 0 }).outcome;
//! let down_s = outcome.people["schools"].downtime_s;
//! assert!((9.0..=10.0).contains(&down_s), "{down_s}");
//! # Ok(())
//! # }
//! ```

use super::{
    Act, Call, CallTo, Clock, Decide, Detect, FORMAT, Failback, Failover, Fallback, Feature, Group, Named, Placement,
    Population, Scenario, Service, Sessions, Steer,
};
use crate::dist::Dist;
use crate::units::{Duration, Rate, Ratio};

impl Scenario {
    /// An empty scenario of the present format. `from` is a civil time in `zone`: `"2024-03-04T08:00"`.
    pub fn new(
        title: impl Into<String>,
        from: impl Into<String>,
        zone: impl Into<String>,
        horizon: Duration,
    ) -> Scenario {
        Scenario {
            format: FORMAT,
            title: title.into(),
            clock: Clock { from: from.into(), zone: zone.into(), horizon, ..Clock::default() },
            ..Scenario::default()
        }
    }
}

impl Group {
    /// A group of these members, the most preferred first.
    pub fn of<M: Into<String>>(members: impl IntoIterator<Item = M>) -> Group {
        Group { members: members.into_iter().map(Into::into).collect() }
    }
}

impl Service {
    /// A service that runs nowhere yet, whose requests take so long on one worker.
    pub fn new(takes: Dist) -> Service {
        Service { takes, ..Service::default() }
    }
}

impl Default for Service {
    fn default() -> Service {
        Service {
            runs_at: Named::default(),
            takes: Dist::Fixed(Duration::ZERO),
            queue: None,
            in_flight_max: None,
            rate_limit: None,
            discipline: Default::default(),
            sheds: Default::default(),
            balancer: None,
            stands_on: None,
            calls: Vec::new(),
            at_once: false,
            cache: None,
            holds: true,
            writes: Named::default(),
            feeds: Named::default(),
            starts_in: Duration::ZERO,
            start_fails: Default::default(),
            starts_after: Vec::new(),
            rides_out: Duration::ZERO,
            warms: None,
            scales: None,
            costs: None,
            costs_standing_by: None,
        }
    }
}

impl Placement {
    /// So many servers of one worker each.
    pub fn servers(servers: u64) -> Placement {
        Placement { servers: Some(servers), ..Placement::default() }
    }

    /// The working members of a component as servers.
    pub fn pool(component: impl Into<String>) -> Placement {
        Placement { pool: Some(component.into()), ..Placement::default() }
    }
}

impl Default for Placement {
    fn default() -> Placement {
        Placement { servers: None, pool: None, workers: 1, stands_on: None }
    }
}

impl Call {
    /// A call once for each request, without which the request fails.
    pub fn hard(to: impl Into<String>) -> Call {
        Call::Hard(CallTo { to: to.into(), ..CallTo::default() })
    }

    /// A call once for each request, without which the request is degraded.
    pub fn soft(to: impl Into<String>) -> Call {
        Call::Soft(CallTo { to: to.into(), ..CallTo::default() })
    }
}

impl Default for CallTo {
    fn default() -> CallTo {
        CallTo {
            to: String::new(),
            times: 1.0,
            at: None,
            gives_up_after: Duration::ZERO,
            client: None,
            timeout: None,
            cancels: false,
            retries: None,
            hedge: None,
            breaker: None,
            throttle: None,
            connections: None,
            passes_deadline: false,
        }
    }
}

impl Feature {
    /// A feature whose requests make these calls, one after the other.
    pub fn calling(calls: impl IntoIterator<Item = Call>) -> Feature {
        Feature { calls: calls.into_iter().collect(), ..Feature::default() }
    }
}

impl Population {
    /// So many users, all of them active always, led to a site or a group. They use nothing yet.
    pub fn new(users: u64, served_by: impl Into<String>) -> Population {
        Population { users, served_by: served_by.into(), ..Population::default() }
    }

    /// They use a feature at this rate, each of them while active.
    #[must_use]
    pub fn using(mut self, feature: impl Into<String>, rate: Rate) -> Population {
        self.uses.insert(feature, rate);
        self
    }
}

impl Default for Population {
    fn default() -> Population {
        Population {
            users: 0,
            zone: None,
            active: Default::default(),
            uses: Named::default(),
            served_by: String::new(),
            near: None,
            rtt: Duration::ZERO,
            waits_for_answers: false,
            sessions: None,
            patience: None,
            keeps_trying: Ratio(1.0),
            arrivals: Default::default(),
            made_up: None,
        }
    }
}

impl Sessions {
    /// Sessions of this mean length; nobody gives up, and a log-in asks for nothing.
    pub fn lasting(lasts: Duration) -> Sessions {
        Sessions {
            lasts,
            log_in: None,
            gives_up_after: None,
            comes_back: Ratio(1.0),
            looks_again_after: Duration::from_seconds(600.0),
            outlive_crashes: false,
            reconnects_within: None,
        }
    }
}

impl Failover {
    /// A failover that starts when this notices the failure, decides by itself, and takes no time beyond that.
    pub fn by(detect: Detect) -> Failover {
        Failover {
            detect,
            decide: Decide::default(),
            fence: None,
            promote: None,
            start: None,
            warm: None,
            steer: Steer::default(),
            verify: None,
            fails_on_demand: Ratio::default(),
            mechanism: None,
            if_it_fails: Fallback::default(),
            failback: Failback::default(),
            first_back_takes_over: false,
        }
    }
}

impl Act {
    /// A component or a site fails, and is repaired as it says itself.
    pub fn crash(of: impl Into<String>) -> Act {
        Act::Crash { of: of.into(), members: None, repaired_after: None }
    }
}
