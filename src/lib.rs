//! firedrill: a deterministic multi-datacenter failover simulator.
//!
//! You author a scenario, compile it, run it and read the outcome:
//!
//! 1. **Author.** A scenario is RON text, a [`Source`](scenario::Source), or plain data, a [`Scenario`](scenario::Scenario)
//!    built in Rust. It says what there is, what breaks and how the design responds.
//! 2. **Compile.** [`load::load`] reads the text for one [`Choice`](scenario::Choice) of strategy, maintenance plan, variant and
//!    values set, and compiles a [`World`](world::World). It finds every mistake at once; a `World` that exists can be run.
//! 3. **Run.** [`run::run`] takes a world and a [`Luck`](rng::Luck), a seed and a replication. The same two give the same
//!    outcome, to the last bit. For single steps, or to see every observation, drive an [`Engine`](engine::Engine) with an
//!    [`Observer`](observe::Observer) of your own.
//! 4. **Read.** The [`Outcome`](metrics::Outcome) is plain data; [`expect`] holds it against what the file expects, and
//!    [`report`] makes text of it.
//!
//! ```
//! use firedrill::{load::load, rng::Luck, run::run, scenario::{Choice, Source}};
//!
//! let text = r#"Scenario(
//!     format: 1,
//!     title: "A site is lost and another takes over",
//!     clock: (from: "2024-03-04T08:00", zone: "Europe/Oslo", horizon: "4h"),
//!     sites: {"oslo": (), "bergen": ()},
//!     groups: {"home": (members: ["oslo", "bergen"])},
//!     services: {
//!         "web": (runs_at: {"oslo": (servers: 8), "bergen": (servers: 8)}, takes: exponential(mean: "50ms")),
//!     },
//!     features: {"lessons": (calls: [hard(to: "web")])},
//!     people: {"schools": (users: 1_000, uses: {"lessons": "2/min"}, served_by: "home")},
//!     strategies: {"standby": (failover: {"home": (detect: heartbeat(every: "1s", grace: "10s"), promote: (takes: fixed("50s")))})},
//!     drill: [at("09:00", crash(of: "oslo"))],
//! )"#;
//!
//! let (_, world) = load(&Source::new("school.ron", text), &Choice::default()).expect("no mistakes");
//! let outcome = run(&world, Luck { seed: 1, replication: 0 }).outcome;
//!
//! let schools = &outcome.people["schools"];
//! // Detection takes 9 to 10 seconds, promotion 50.
//! assert!((59.0..=60.0).contains(&schools.downtime_s));
//! assert_eq!(schools.intervals[0].why, "site oslo is down");
//! // A minute of a thousand users.
//! assert!((983.0..=1_000.0).contains(&schools.user_minutes_lost));
//! ```
//!
//! The library touches no files, no clock, no environment and no terminal; that is the command line's. What a module may import is
//! in `docs/architecture.md`, the format in `docs/reference/format.md`, the formulas and their limits in
//! `docs/explanation/models.md`.
#![forbid(unsafe_code)]

#[doc(hidden)]
pub mod agree;
pub mod dist;
pub mod drawing;
pub mod engine;
#[doc(hidden)]
pub mod event_list;
pub mod expect;
pub mod explain;
pub mod lint;
pub mod load;
pub mod metrics;
#[doc(hidden)]
pub mod num;
pub mod observe;
#[cfg(feature = "proptest")]
pub mod property;
#[doc(hidden)]
pub mod queueing;
pub mod rare;
pub mod rehearse;
#[doc(hidden)]
pub mod replay;
#[cfg(feature = "report")]
pub mod report;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod search;
pub mod shrink;
pub mod study;
pub mod units;
pub mod world;
