//! A run that owns what it needs: it can be sent to another thread, cloned at any moment, and kept.

use super::act::{Acted, By};
use super::clocks::{self, Clock};
use super::core::{Core, Engine as Live};
use super::request::check::Unfollowable;
use crate::observe::{Observer, Refusal};
use crate::rng::{Luck, Stream};
use crate::units::{Duration, Time};
use crate::world::{Action, World};
use std::sync::Arc;

/// A run of a world, from the start to wherever it has got to. A clone goes its own way: that is a fork of the run.
///
/// ```
/// use firedrill::{engine::Engine, load::load, observe::Nobody, rng::Luck, scenario::{Choice, Source}, units::{Duration, Time}};
/// let text = r#"Scenario(
///     format: 1,
///     title: "a site that fails",
///     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
///     sites: {"a": ()},
///     drill: [at("+10m", crash(of: "a"))],
/// )"#;
/// let (_, world) = load(&Source::new("one.ron", text), &Choice::default()).unwrap();
/// let mut engine = Engine::new(world, Luck { seed: 1, replication: 0 });
/// engine.run_until(Time::ZERO.after(Duration::from_seconds(300.0)), &mut Nobody);
/// let mut fork = engine.clone();
/// fork.run(&mut Nobody);
/// assert!(fork.is_finished() && !engine.is_finished());
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    world: Arc<World>,
    /// Away only while something happens.
    core: Option<Box<Core<()>>>,
    log: Vec<Acted>,
}

impl Engine {
    /// A run at its start.
    pub fn new(world: Arc<World>, luck: Luck) -> Engine {
        let core = Live::new(&world, luck).with(());
        Engine { world, core: Some(Box::new(core)), log: Vec::new() }
    }

    /// A run at its start in which every request is followed between two times, and everything flows before and after.
    ///
    /// # Errors
    ///
    /// A request that would make more calls than can be followed one by one.
    pub fn following(world: Arc<World>, luck: Luck, from: Time, to: Time) -> Result<Engine, Unfollowable> {
        let core = Live::following(&world, luck, from, to)?.with(());
        Ok(Engine { world, core: Some(Box::new(core)), log: Vec::new() })
    }

    /// The world that it runs in.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Its luck.
    pub fn luck(&self) -> Luck {
        self.core().luck
    }

    /// The run's clock.
    pub fn now(&self) -> Time {
        self.core().now
    }

    /// Whether the horizon has been reached.
    pub fn is_finished(&self) -> bool {
        self.core().finished
    }

    /// Why it has ended before its horizon: at this time more requests were under way than can be followed.
    pub fn refused(&self) -> Option<&Unfollowable> {
        self.core().refused.as_ref()
    }

    /// Events of single requests that have been handled so far.
    pub fn followed(&self) -> u64 {
        self.core().followed()
    }

    /// Whether it has got over everything that was done to it: everything works, nobody waits, and whoever was active at the
    /// start is active again. False where that cannot be told.
    pub fn has_recovered(&self) -> bool {
        self.core().has_recovered()
    }

    /// Whether what comes of a failure is not over: something has failed, is being repaired, lacks a part that is on its way, or is
    /// still felt.
    pub fn is_disturbed(&self) -> bool {
        self.core().is_disturbed()
    }

    /// Whether something has failed and is not back, or lacks a part that is on its way.
    pub fn is_out_of_order(&self) -> bool {
        self.core().is_out_of_order()
    }

    /// When the next event is due; `None`: there is none before the horizon.
    pub fn next_at(&self) -> Option<Time> {
        self.core().events.next_at()
    }

    /// When something that is known already changes who works: a repair is done, a part comes, a test finds something; the horizon.
    pub fn next_known_change(&self) -> Time {
        self.core().next_known_change()
    }

    /// What will fail by itself, with the odds that it does within a time from now on.
    pub fn clocks(&mut self, within: Duration) -> Vec<Clock> {
        self.live(|live| live.clocks(within))
    }

    /// Draws anew when each of these fails, given that it has not failed yet: what comes then comes by the same law, with other luck.
    /// One of them can be made to fail within the time for which its odds were asked, which is then no more by that law, but given
    /// that it does. Gives the times, in the order of the clocks.
    pub fn draw_anew(&mut self, clocks: &[Clock], made: Option<usize>, luck: &mut Stream) -> Vec<Time> {
        self.live(|live| live.draw_anew(clocks, made, luck))
    }

    /// Remembers from now on how long every wait was drawn to be: see [`draw_rest_anew`](Engine::draw_rest_anew).
    pub fn remember(&mut self) {
        self.live(|live| live.events.remember());
    }

    /// Everything that chance has still to decide is drawn anew, given what has happened: the run goes on with other luck. Waits that
    /// were drawn before it was told to [`remember`](Engine::remember) stay as they are. Single requests that are
    /// followed at this moment keep their luck.
    ///
    /// ```
    /// use firedrill::{engine::Engine, load::load, observe::Nobody, rng::Luck, scenario::{Choice, Source}, units::{Duration, Time}};
    /// let text = r#"Scenario(
    ///     format: 1,
    ///     title: "a site under repair",
    ///     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1d"),
    ///     sites: {"a": ()},
    ///     components: {"disk": (at: "a", repair: (takes: uniform("2h", "6h")))},
    ///     drill: [at("+1h", crash(of: "disk"))],
    /// )"#;
    /// let (_, world) = load(&Source::new("one.ron", text), &Choice::default()).unwrap();
    /// let mut engine = Engine::new(world, Luck { seed: 1, replication: 0 });
    /// engine.remember();
    /// engine.run_until(Time::ZERO.after(Duration::from_seconds(2.5 * 3600.0)), &mut Nobody);
    /// // It was broken at one o'clock. Whatever is drawn, it is back between three and seven.
    /// for replication in 1..20 {
    ///     let mut fork = engine.clone();
    ///     fork.draw_rest_anew(Luck { seed: 1, replication });
    ///     let back = fork.next_known_change().seconds() / 3600.0;
    ///     assert!((3.0..=7.0).contains(&back));
    /// }
    /// ```
    pub fn draw_rest_anew(&mut self, luck: Luck) {
        self.live(|live| live.draw_rest_anew(luck));
    }

    /// How many numbers there are of what fails by itself.
    pub fn kinds(&self) -> usize {
        clocks::kinds(&self.world)
    }

    /// Runs to the horizon.
    pub fn run(&mut self, observer: &mut impl Observer) {
        self.run_until(self.world.horizon, observer);
    }

    /// Handles every event up to and including `until`. Running in pieces gives what running at once gives: what flows is
    /// integrated from change to change, not from call to call.
    pub fn run_until(&mut self, until: Time, observer: &mut impl Observer) {
        self.run_unless(|| false, until, observer);
    }

    /// Handles every event before a time, and takes the run there: what is done then comes before whatever else is due at that time, as a step of
    /// the drill does.
    pub fn run_before(&mut self, time: Time, observer: &mut impl Observer) {
        self.run_until(Time(time.0 - 1), observer);
        self.live(|live| live.reach(time));
    }

    /// The same, unless it is given up on the way: this is asked before every event. Says whether it has got there.
    pub fn run_unless(&mut self, given_up: impl Fn() -> bool, until: Time, observer: &mut impl Observer) -> bool {
        self.live(|live| live.run_unless(given_up, until, observer))
    }

    /// Does something now: at the time to which the run has been taken. It is written in the [log](Engine::log).
    ///
    /// # Errors
    ///
    /// What cannot be done, with the reason; nothing has changed then but what an observer was told of it.
    pub fn act(&mut self, action: Action, by: By, observer: &mut impl Observer) -> Result<(), Refusal> {
        let done = self.live(|live| live.act_from_outside(action.clone(), by, observer));
        self.log.push(Acted { at: self.core().now, action, by, refused: done.err() });
        done
    }

    /// A step of the drill that is due at a time and has not come yet never comes: the rest is as in a world where it is muted.
    pub fn leave_out(&mut self, step: usize) {
        self.live(|live| live.events.forget(super::event::Event::Inject(step as u32)));
    }

    /// Everything that was done to it from outside, in order. With the world and the luck it is the whole run: see
    /// [`replay`](Engine::replay).
    pub fn log(&self) -> &[Acted] {
        &self.log
    }

    /// The same run again, up to the last entry of its log: the same world, luck and log give the same observations.
    pub fn replay(world: Arc<World>, luck: Luck, log: &[Acted], observer: &mut impl Observer) -> Engine {
        let mut engine = Engine::new(world, luck);
        for acted in log {
            engine.run_until(acted.at, observer);
            // What was refused then is refused again.
            let _ = engine.act(acted.action.clone(), acted.by, observer);
        }
        engine
    }

    /// Ends the run where it is: what has flowed until now is told.
    pub fn stop(&mut self, observer: &mut impl Observer) {
        self.live(|live| live.stop(observer));
    }

    /// Ends the run at the moment to which it has been taken: what has flowed until then is told, though nothing may have changed
    /// there.
    pub fn stop_where_taken(&mut self, observer: &mut impl Observer) {
        self.live(|live| live.stop_where_taken(observer));
    }

    fn core(&self) -> &Core<()> {
        self.core.as_deref().expect("a run that panicked is not asked again")
    }

    /// Lets something happen in the world.
    fn live<R>(&mut self, happens: impl FnOnce(&mut Live) -> R) -> R {
        let core = self.core.take().expect("a run that panicked does not go on");
        let mut live = core.with(&*self.world);
        let result = happens(&mut live);
        self.core = Some(Box::new(live.with(())));
        result
    }
}
