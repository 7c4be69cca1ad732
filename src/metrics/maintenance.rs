//! Maintenance as it took place: when it began, how long it took, and whom it met.

use super::outcome::*;
use super::response::{KEPT_MAX, ResponseMetrics};
use crate::observe::{Interval, Observation, Occurrence};
use crate::units::{Duration, Time};
use crate::world::{World, civil_label};

impl ResponseMetrics {
    /// What happens to a maintenance, and nothing else.
    pub fn saw_maintenance(&mut self, world: &World, seen: &Observation) {
        match &seen.what {
            Occurrence::MaintenanceTold => {
                self.told_at = Some(seen.at);
                self.told(seen.at);
            }
            Occurrence::MaintenanceBegan(until) => self.maintenance_began(world, seen.at, *until),
            Occurrence::MaintenanceSkipped => {
                self.maintenance_began(world, seen.at, seen.at);
                self.maintenance_ended(world, seen.at, "not begun");
            }
            Occurrence::MaintenanceEnded { rolled_back } => {
                self.maintenance_ended(world, seen.at, if *rolled_back { "rolled back" } else { "done" });
            }
            _ => {}
        }
    }

    fn maintenance_began(&mut self, world: &World, at: Time, until: Time) {
        self.promised = Some((at, until));
        if self.maintenance.len() >= KEPT_MAX {
            self.left_out[1] += 1;
            return;
        }
        let plan = world.maintenance.as_ref();
        self.maintenance.push(MaintenanceOutcome {
            plan: plan.map(|p| p.name.clone()).unwrap_or_default(),
            notice_s: self.told_at.map(|told| at.since(told).seconds()),
            from_s: at.seconds(),
            from: civil_label(&world.calendar, at),
            to: String::new(),
            announced_s: plan.map_or(0.0, |p| p.announced.seconds()),
            actual_s: 0.0,
            overrun_s: 0.0,
            ended: "under way".to_owned(),
            met: Default::default(),
        });
    }

    fn maintenance_ended(&mut self, world: &World, at: Time, ended: &str) {
        let Some((began, _)) = self.promised.take() else { return };
        let Some(last) = self.maintenance.last_mut().filter(|m| m.ended == "under way") else { return };
        last.ended = ended.to_owned();
        last.to = civil_label(&world.calendar, at);
        (last.actual_s, last.overrun_s) = match ended {
            // What did not take place was not in time.
            "not begun" => (f64::NAN, f64::NAN),
            _ => took(at.since(began), last.announced_s),
        };
    }

    pub fn flowed(&mut self, world: &World, span: &Interval) {
        let Some((began, until)) = self.promised else { return };
        let Some(last) = self.maintenance.last_mut() else { return };
        if span.to <= began {
            return;
        }
        for (i, people) in world.people.iter().enumerate() {
            let minutes = span.active_user_s[i] / 60.0;
            if minutes <= 0.0 {
                continue;
            }
            let met = last.met.entry(people.name.clone()).or_default();
            met.user_minutes += minutes;
            // A span can cross hours: it is split in proportion to its time.
            let (from_s, to_s) = (span.from.seconds(), span.to.seconds());
            let mut at = span.from;
            while at < span.to {
                let local = world.calendar.zoned(at, &people.zone);
                let into_hour_s = i64::from(local.minute()) * 60 + i64::from(local.second());
                let next =
                    Time(at.0 + (3_600 - into_hour_s).max(1) * 1_000_000_000 - i64::from(local.subsec_nanosecond()));
                let mut cuts = vec![at, next.min(span.to)];
                if until > at && until < cuts[1] {
                    cuts.insert(1, until);
                }
                for pair in cuts.windows(2) {
                    let part = minutes * pair[1].since(pair[0]).seconds() / (to_s - from_s);
                    *met.by_local_hour.entry(local.hour() as u8).or_default() += part;
                    if pair[0] >= until {
                        met.user_minutes_unannounced += part;
                        *met.unannounced_by_local_hour.entry(local.hour() as u8).or_default() += part;
                    }
                }
                at = next;
            }
        }
    }

    /// Maintenances only.
    pub fn finish_brief(&mut self, world: &World, outcome: &mut Outcome) {
        if let Some((began, _)) = self.promised.take()
            && let Some(last) = self.maintenance.last_mut()
        {
            last.to = civil_label(&world.calendar, world.horizon);
            (last.actual_s, last.overrun_s) = took(world.horizon.since(began), last.announced_s);
        }
        outcome.maintenance = std::mem::take(&mut self.maintenance);
    }
}

/// How long a maintenance took, and how much longer than announced.
fn took(length: Duration, announced_s: f64) -> (f64, f64) {
    let actual_s = length.seconds();
    (actual_s, (actual_s - announced_s).max(0.0))
}
