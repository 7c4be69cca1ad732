//! Islands: what flows is worked out again where something has changed, and goes on as it was everywhere else. A span ends for
//! everybody when something changes anywhere; what is taken over a span, like the load in its middle, must not depend on whether
//! a stranger has cut it in two.

use crate::engine::core::Engine;
use crate::engine::state::flow::{Open, Regime};
use crate::engine::state::islands::{Gear, Islands, Step};
use crate::engine::state::paths::Path;
use crate::queueing::Wait;
use crate::units::Time;
use crate::world::{LinkId, StationId};
use std::collections::BTreeMap;

/// Two rates that differ by less than this share are the same.
const SAME: f64 = 1e-9;

fn is_same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * a.abs().max(b.abs()) + 1e-12
}

impl Engine<'_> {
    /// Paths have been found again: which of them, which stations and which populations belong together, and which of those
    /// are what they were before.
    pub(super) fn find_islands(&mut self, before: &[Path]) {
        let (people, stations) = (self.world.people.len(), self.world.stations.len());
        let mut of = Parts::new(people + stations + self.world.links.len());
        let mut limited = Vec::new();
        for path in &self.state.flow.paths {
            path.entry.iter().map(|e| e.0).chain(path.visits.iter().map(|v| v.0)).for_each(|station| {
                of.join(path.people, people + station.at());
            });
            for (link, _) in self.links_of(path).filter(|(link, _)| self.link_bps(LinkId::new(*link)).is_finite()) {
                of.join(path.people, people + stations + link);
                limited.push(path.people);
            }
        }
        let mut numbers = vec![None; people + stations + self.world.links.len()];
        let mut islands = Islands::default();
        let mut number = |of: &mut Parts, node: usize, count: &mut usize| {
            let root = of.root(node);
            *numbers[root].get_or_insert_with(|| {
                *count += 1;
                *count - 1
            })
        };
        let mut count = 0;
        for path in &self.state.flow.paths {
            islands.of_path.push(number(&mut of, path.people, &mut count));
        }
        islands.of_people = vec![None; people];
        islands.of_station = vec![None; stations];
        for (path, island) in self.state.flow.paths.iter().zip(&islands.of_path) {
            islands.of_people[path.people] = Some(*island);
            let visited = path.entry.iter().map(|e| e.0).chain(path.visits.iter().map(|v| v.0));
            visited.for_each(|station| islands.of_station[station.at()] = Some(*island));
        }
        islands.has_links = vec![false; count];
        limited.into_iter().filter_map(|people| islands.of_people[people]).for_each(|i| islands.has_links[i] = true);
        self.go_on_with_islands(before, islands, count);
    }

    /// Islands of the same paths as before go on.
    fn go_on_with_islands(&mut self, before: &[Path], mut islands: Islands, count: usize) {
        let old = &self.state.flow.islands;
        let paths = &self.state.flow.paths;
        // Mostly each is where it was.
        let way = |path: &Path| (path.people, path.feature, path.site);
        let places: BTreeMap<_, _> = before.iter().enumerate().map(|(i, path)| (way(path), i)).collect();
        let was = |(i, path): (usize, &Path)| match before.get(i) {
            Some(other) if path.goes_as(other) => Some(i),
            _ => places.get(&way(path)).copied().filter(|other| path.goes_as(&before[*other])),
        };
        islands.was = paths.iter().enumerate().map(was).collect();
        // Of which island each was, how many paths it has, and whether all of them come from there.
        let mut from: Vec<Option<usize>> = vec![None; count];
        let (mut paths_of, mut is_same) = (vec![0; count], vec![true; count]);
        for (island, was) in islands.of_path.iter().zip(&islands.was) {
            let old_island = was.and_then(|was| old.of_path.get(was).copied());
            paths_of[*island] += 1;
            is_same[*island] &= old_island.is_some() && (paths_of[*island] == 1 || from[*island] == old_island);
            from[*island] = old_island;
        }
        let mut sizes = vec![0; old.steps.len()];
        old.of_path.iter().for_each(|island| sizes[*island] += 1);
        islands.steps = (0..count)
            .map(|island| match from[island] {
                Some(was) if is_same[island] && sizes[was] == paths_of[island] => old.steps[was],
                _ => Step::NONE,
            })
            .collect();
        islands.gears.clone_from(&old.gears);
        self.state.flow.islands = islands;
    }

    fn gear(&self, id: StationId) -> Gear {
        let state = &self.state.stations[id.at()];
        Gear {
            workers: self.state.flow.stations[id.at()].workers,
            serves: self.serves(id),
            cold_since: state.cold_since,
            slow: [state.slow, state.takes, self.slower_together(id)],
            missed: self.missed(id),
        }
    }

    /// Which islands go on as before, and until when the others do if nothing but their own profiles bends.
    pub(super) fn steps(&mut self, before: &Open, open: &Open, until: Time, bends: &[Time]) -> Vec<Step> {
        let gears: Vec<Gear> = (0..self.world.stations.len()).map(|i| self.gear(StationId::new(i))).collect();
        let islands = &self.state.flow.islands;
        let mut steps = islands.steps.clone();
        let mut same: Vec<bool> = islands.has_links.iter().map(|links| !links && self.requests.is_none()).collect();
        for (i, island) in islands.of_path.iter().enumerate() {
            same[*island] = same[*island] && self.is_as_before(before, open, i, islands.was[i]);
        }
        for (i, island) in islands.of_station.iter().enumerate() {
            let Some(island) = island else { continue };
            same[*island] &= islands.gears.get(i) == Some(&gears[i]) && i < before.stations.len();
        }
        for (step, same) in steps.iter_mut().zip(same) {
            step.goes_on = same && self.now < step.until;
            step.until = if step.goes_on { step.until } else { until };
        }
        for (bend, island) in bends.iter().zip(&islands.of_people) {
            let Some(step) = island.map(|island| &mut steps[island]).filter(|step| !step.goes_on) else { continue };
            step.until = step.until.min(*bend);
        }
        self.state.flow.islands.gears = gears;
        steps
    }

    /// Whether what enters a path goes on in the same straight line.
    fn is_as_before(&self, before: &Open, open: &Open, path: usize, was: Option<usize>) -> bool {
        let Some(was) = was.filter(|was| *was < before.rates.len() && *was < before.dispositions.len()) else {
            return false;
        };
        let (dt_s, (rate, slope)) = (self.now.since(before.from).seconds(), before.rates[was]);
        let (retries, of_old) = (&open.delayed_retries[path], &before.delayed_retries[was]);
        is_same(rate + slope * dt_s, open.rates[path].0)
            && is_same(slope, open.rates[path].1)
            && is_same(before.sent[was], open.sent[path])
            && is_same(before.let_in[was], open.let_in[path])
            && retries.len() == of_old.len()
            && retries.iter().zip(of_old).all(|(a, b)| is_same(*a, *b))
    }

    /// Half the time for which the load of each station goes on in a straight line, in seconds.
    pub(super) fn half_steps(&self, steps: &[Step]) -> Vec<f64> {
        let islands = self.state.flow.islands.of_station.iter();
        let until = |island: &Option<usize>| island.map_or(self.world.horizon, |island| steps[island].until);
        islands.map(|island| until(island).since(self.now).seconds() / 2.0).collect()
    }

    /// Where nothing has changed, what was worked out before holds.
    pub(super) fn go_on_as_before(&mut self, before: &Open, open: &mut Open, steps: &[Step]) {
        let dt_s = self.now.since(before.from).seconds();
        let islands = &mut self.state.flow.islands;
        for (i, island) in islands.of_station.iter().enumerate() {
            if island.is_none_or(|island| !steps[island].goes_on) {
                continue;
            }
            let mut at = before.stations[i].clone();
            at.inflow = (at.inflow + at.slope * dt_s).max(0.0);
            if at.regime == Regime::Rest {
                at.out.0 = (at.out.0 + at.out.1 * dt_s).max(0.0);
            }
            if at.queues() {
                at.wait_mean_s = self.state.flow.stations[i].front_s(self.now.seconds());
                at.wait = Wait::Fixed(at.wait_mean_s);
            }
            open.stations[i] = at;
        }
        for (i, island) in islands.of_path.iter().enumerate().filter(|(_, island)| steps[**island].goes_on) {
            debug_assert!(*island < steps.len());
            let Some(was) = islands.was[i] else { continue };
            open.attempts[i] = before.attempts[was];
            open.in_time[i] = before.in_time[was];
            open.puts_off[i] = before.puts_off[was];
            open.pace[i] = before.pace[was];
            open.through_links[i] = before.through_links[was];
            open.through_soft_links[i] = before.through_soft_links[was];
            open.kept[i] = before.dispositions.get(was).cloned();
        }
        islands.was = (0..islands.of_path.len()).map(Some).collect();
    }
}

/// Parts of a whole: who has been joined with whom.
struct Parts(Vec<usize>);

impl Parts {
    fn new(count: usize) -> Parts {
        Parts((0..count).collect())
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
