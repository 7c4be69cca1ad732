//! What fits: how many requests are under way, and which stretch of a run could be followed where they are too many.

use super::check::{UNDER_WAY_MAX, Unfollowable};
use crate::engine::core::Engine;
use crate::engine::state::flow::Regime;
use crate::units::{Duration, Time};
use crate::world::{StationId, civil_label};

impl Engine<'_> {
    /// By Little's law so many are on their way, where they do not wait in queues that move.
    pub(super) fn on_the_way(&self) -> f64 {
        let (rates, stations) = self.last_flow();
        let waits_s = |id: StationId| match stations[id.at()].regime {
            Regime::Rest => stations[id.at()].wait_mean_s,
            Regime::Moving | Regime::Full => 0.0,
        };
        let paths = self.state.flow.paths.iter().zip(rates).filter(|(path, _)| path.dead.is_none());
        paths
            .map(|(path, rate)| {
                let waits_s: f64 = path.visits.iter().map(|(id, times, _)| times * waits_s(*id)).sum();
                rate * (path.fixed_s + path.quiet.mean() + waits_s)
            })
            .sum()
    }

    /// Requests that would have to be followed if the flow ended now.
    fn under_way(&self, on_the_way: f64) -> f64 {
        let waiting: f64 = self.state.flow.stations.iter().map(|station| station.fluid_backlog()).sum();
        let again: f64 = self.state.flow.delayed_retries.iter().map(|delayed| delayed.left(self.now)).sum();
        on_the_way + waiting + again
    }

    /// While the flow goes on that is to end in a stretch of single requests: until when it could.
    pub(in crate::engine) fn look_at_what_fits(&mut self) {
        if self.window.is_some() && self.requests.is_none() {
            let count = self.under_way(self.on_the_way());
            if count <= UNDER_WAY_MAX as f64 {
                self.fits_until = Some((self.now, count));
            }
        }
    }

    /// Whether there is room for all who would have to be followed from now on; where there is not, the run ends here.
    pub(super) fn has_room_for_window(&mut self, on_the_way: f64) -> bool {
        let count = self.under_way(on_the_way);
        let most = UNDER_WAY_MAX as f64;
        if count <= most {
            return true;
        }
        let fits = match self.fits_until {
            Some((at, then)) => {
                // Since then they have become more and more.
                let share = (most - then) / (count - then);
                let at = at.after(Duration::from_seconds(self.now.since(at).seconds() * share));
                format!("a stretch that begins by {} can be followed (`--from`)", civil_label(&self.world.calendar, at))
            }
            None => "take a part of the users, or leave it to the flow".to_owned(),
        };
        let waiting = self.state.flow.stations.iter().map(|station| station.fluid_backlog()).enumerate();
        let longest =
            waiting.filter(|(_, backlog)| *backlog > 0.0).max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        self.refuse(count, longest.map(|(station, _)| station), fits);
        false
    }

    /// More are under way than there is room for: the run ends here.
    pub(in crate::engine) fn refuse_window(&mut self) {
        let Some(requests) = &self.requests else { return };
        let waiting = requests.station_queues.iter().map(|queue| (queue.station as usize, queue.waiting));
        let most = waiting
            .filter(|(_, waiting)| *waiting > 0)
            .max_by_key(|(station, waiting)| (*waiting, usize::MAX - station));
        let (count, most) = (requests.slots.places().max(UNDER_WAY_MAX + 1), most.map(|(station, _)| station));
        self.now = self.now.max(Time(requests.now as i64));
        let fits = format!(
            "a stretch that ends by {} can be followed (`--to`)",
            civil_label(&self.world.calendar, Time(requests.looked as i64))
        );
        self.refuse(count as f64, most, fits);
    }

    fn refuse(&mut self, count: f64, most: Option<usize>, fits: String) {
        let place =
            most.map_or(String::new(), |station| format!(", most of them for {}", self.world.stations[station].name));
        let at = civil_label(&self.world.calendar, self.now);
        self.refused = Some(Unfollowable::TooMany { at, count: count as u64, place, fits });
    }
}
