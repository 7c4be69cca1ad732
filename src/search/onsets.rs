//! When a fault may come: the hours of a week, those that are alike only once.

use crate::units::{Duration, Time};
use crate::world::{Curve, Decide, Effect, World, civil_label};

const HOUR: Duration = Duration(3_600_000_000_000);
const WEEK: Duration = Duration(7 * 24 * 3_600_000_000_000);
/// A run of fewer hours than this is looked at in equal parts.
const PARTS_MIN: i64 = 6;

/// A moment at which faults begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onset {
    /// When, in the run.
    pub at: Time,
    /// When, on the clock.
    pub label: String,
    /// For how many hours it stands: those that are like it.
    pub stands_for: usize,
}

/// The hours of the measured part of a run, the first week of it; of those in which the same goes on for as long as `alike_for`, only
/// the first. Every hour where that is not given.
pub fn onsets(world: &World, alike_for: Option<Duration>) -> Vec<Onset> {
    let measured = world.horizon.since(world.measured_from);
    let step = if measured.0 >= PARTS_MIN * HOUR.0 { HOUR } else { Duration((measured.0 / PARTS_MIN).max(1)) };
    let looked_at = Duration(measured.0.min(WEEK.0));
    let mut found: Vec<(Onset, Option<Ahead>)> = Vec::new();
    let mut since = Duration::ZERO;
    while since.0 < looked_at.0 {
        let at = world.measured_from.after(since);
        since = Duration(since.0 + step.0);
        let ahead = alike_for.map(|length| Ahead::of(world, at, length));
        let known = found.iter_mut().find(|(_, known)| ahead.is_some() && *known == ahead);
        match known {
            Some((onset, _)) => onset.stands_for += 1,
            None => found.push((Onset { at, label: civil_label(&world.calendar, at), stands_for: 1 }, ahead)),
        }
    }
    found.into_iter().map(|(onset, _)| onset).collect()
}

/// What a run goes through from some moment on, but for what breaks: two moments with the same ahead of them are alike.
#[derive(Debug, Clone, PartialEq)]
struct Ahead {
    /// Of each curve the points that come, in nanoseconds from now, with their values.
    curves: Vec<Vec<(i64, u64)>>,
    /// When the run ends, if it does within that time.
    ends: Option<i64>,
    /// Whether it hangs on the calendar in other ways: then no other moment is like it.
    at: Option<Time>,
}

impl Ahead {
    fn of(world: &World, at: Time, length: Duration) -> Ahead {
        let until = at.after(length);
        let within = |time: Time| (at <= time && time < until).then(|| time.since(at).0);
        let people = world.people.iter().flat_map(|people| [&people.active, &people.log_ins]);
        let curves = people.chain(world.providers.iter().map(|provider| &provider.left));
        Ahead {
            curves: curves.map(|curve| ahead(curve, at, until)).collect(),
            ends: within(world.horizon),
            at: hangs_on_the_calendar(world).then_some(at),
        }
    }
}

/// The part of a curve between two moments.
fn ahead(curve: &Curve, at: Time, until: Time) -> Vec<(i64, u64)> {
    let mut hint = 0;
    let (first, ..) = curve.at(at, &mut hint);
    let mut last_hint = 0;
    let (last, ..) = curve.at(until, &mut last_hint);
    let points = curve.points.iter().filter(|(time, _)| at < *time && *time < until);
    let inside = points.map(|(time, value)| (time.since(at).0, value.to_bits()));
    let ends = [(0, first.to_bits()), (until.since(at).0, last.to_bits())];
    let mut all: Vec<(i64, u64)> = ends[..1].iter().copied().chain(inside).collect();
    all.push(ends[1]);
    // A curve that does not move is the same wherever its points are.
    if all.iter().all(|(_, value)| *value == all[0].1) {
        all.truncate(1);
    }
    all
}

/// Whether anything is planned, comes again and again, or keeps office hours: what it has begun may not be over for long after.
fn hangs_on_the_calendar(world: &World) -> bool {
    let decides = |decide: &Decide| matches!(decide, Decide::People(_, Some(_)));
    let restricts = |effect: &Effect| matches!(effect, Effect::Restrict { .. });
    world.maintenance.is_some()
        || world.teams.iter().any(|team| team.hours.is_some() || team.from > Time::ZERO || team.tired.is_some())
        || world.crews.iter().any(|crew| crew.hours.is_some() || !crew.hands.is_empty())
        || world.stores.iter().any(|store| !store.backups.is_empty())
        || world.nodes.iter().any(|node| node.tested_every.is_some())
        // What was asked for before a fault counts in a burn rate.
        || !world.burn_rates.is_empty()
        || world
            .procedures
            .iter()
            .any(|p| p.at.or(p.until).is_some() || p.hours.is_some() || p.actions.iter().any(restricts))
        || world.groups.iter().any(|group| group.failover.as_ref().is_some_and(|failover| decides(&failover.decide)))
}
