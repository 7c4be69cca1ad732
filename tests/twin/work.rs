//! The maintenance of the twin.

use super::model::{Due, Twin};
use super::plan::{Maintenance, Thing};

impl Twin<'_> {
    fn maintenance(&self) -> Maintenance {
        self.plan.maintenance.clone().expect("only a maintenance is due to begin")
    }

    pub fn maintenance_begins(&mut self) {
        let plan = self.maintenance();
        if let Some(every) = plan.repeats {
            self.after(every, Due::MaintenanceBegins);
        }
        if self.work.under_way && self.when(|due| *due == Due::MaintenanceEnds) == Some(self.now) {
            self.void(|due| *due == Due::MaintenanceEnds);
            self.maintenance_ends();
        }
        if self.work.under_way {
            return;
        }
        if plan.only_if_healthy && plan.takes_down.iter().any(|thing| !self.works(*thing)) {
            return self.tell("maintenance skipped".to_owned());
        }
        self.tell("maintenance begins".to_owned());
        self.work.under_way = true;
        self.work.given_up = false;
        self.work.turn = 0;
        let first = if plan.rolling { 1 } else { plan.takes_down.len() };
        self.take_down(&plan.takes_down[..first.min(plan.takes_down.len())]);
        if plan.rolling {
            let share = plan.takes / plan.takes_down.len().max(1) as i64;
            for turn in 1..plan.takes_down.len() as i64 {
                self.after(share * turn, Due::MaintenanceNext);
            }
        }
        if let Some((of, by)) = &plan.hazard {
            of.iter().for_each(|part| self.set_hazard(*part, f64::from(*by)));
        }
        if plan.takes > plan.announced {
            self.after(plan.announced, Due::MaintenanceOverruns);
        }
        match plan.abort {
            Some((after, _)) if plan.takes > after => self.after(after, Due::MaintenanceGivenUp),
            _ => self.after(plan.takes, Due::MaintenanceEnds),
        }
    }

    fn take_down(&mut self, things: &[Thing]) {
        for thing in things {
            match thing {
                Thing::Group(group) => self.work.holds.extend(self.plan.groups[*group].members.iter().copied()),
                thing => self.work.holds.push(*thing),
            }
        }
    }

    pub fn maintenance_goes_on(&mut self) {
        if self.work.given_up {
            return;
        }
        self.work.holds.clear();
        self.work.turn += 1;
        let next = self.maintenance().takes_down[self.work.turn];
        self.take_down(&[next]);
    }

    pub fn maintenance_is_given_up(&mut self) {
        self.tell("maintenance given up".to_owned());
        self.work.given_up = true;
        let (_, rollback) = self.maintenance().abort.expect("it can be given up");
        self.after(rollback, Due::MaintenanceEnds);
    }

    pub fn maintenance_ends(&mut self) {
        let plan = self.maintenance();
        self.tell(format!("maintenance ends, rolled back {}", self.work.given_up));
        self.work.under_way = false;
        // What was due of this one is over with it.
        self.void(|due| matches!(due, Due::MaintenanceNext | Due::MaintenanceOverruns));
        if !self.work.given_up {
            plan.replaces.iter().for_each(|part| self.replace(*part));
        }
        if let Some((of, _)) = &plan.hazard {
            of.iter().for_each(|part| self.set_hazard(*part, 1.0));
        }
        self.work.holds.clear();
    }
}
