//! What a run cost, and what was lost in it.

use super::outcome::{MoneyOutcome, Outcome};
use crate::observe::{Interval, Observation, Occurrence, Use};
use crate::units::Worth;
use crate::world::{Money, World};

/// Single requests are gathered for so long before it is told what share of them was lost.
const GATHERED_S: f64 = 60.0;

/// A run in money, as it is being counted; nothing where the file gives nothing a price.
#[derive(Debug, Clone)]
pub struct MoneyMetrics {
    /// What is paid for the servers that were added.
    servers: f64,
    /// What is paid for what was put to use, less what is saved by what stands by now.
    takeovers: f64,
    /// The active member of each group.
    active: Vec<usize>,
    /// Of what can stand by, whether it is in use.
    in_use: Vec<bool>,
    /// By feature.
    features: Vec<Feature>,
    gathered_s: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Feature {
    /// Requests that were not served.
    unserved: f64,
    /// Seconds in which it was not served: of a time in which half of its requests were lost, half.
    unserved_s: f64,
    /// Since that was last told.
    intended: f64,
    lost: f64,
}

impl MoneyMetrics {
    pub fn new(world: &World) -> MoneyMetrics {
        let count = if world.money.is_some() { world.features.len() } else { 0 };
        let standing = world.money.iter().flat_map(|money| &money.standing);
        MoneyMetrics {
            servers: 0.0,
            takeovers: 0.0,
            active: vec![0; world.groups.len()],
            in_use: standing.map(|standing| standing.is_in_use_at_start()).collect(),
            features: vec![Feature::default(); count],
            gathered_s: 0.0,
        }
    }

    pub fn saw(&mut self, world: &World, seen: &Observation) {
        let (Some(money), Occurrence::Activated { group, member, .. }) = (&world.money, &seen.what) else { return };
        self.active[group.at()] = *member;
        self.in_use = money.standing.iter().map(|standing| standing.is_in_use(&self.active)).collect();
    }

    pub fn flowed(&mut self, world: &World, span: &Interval) {
        let Some(money) = &world.money else { return };
        let dt_s = span.to.since(span.from).seconds();
        self.servers += self.servers_per_s(money, span) * dt_s;
        for (standing, in_use) in money.standing.iter().zip(&self.in_use) {
            let more = (standing.per_s.0 - standing.per_s.1) * dt_s;
            match (standing.is_in_use_at_start(), *in_use) {
                (false, true) => self.takeovers += more,
                (true, false) => self.takeovers -= more,
                _ => {}
            }
        }
        for (people, uses) in world.people.iter().zip(&span.uses) {
            for ((feature, _), used) in people.uses.iter().zip(uses) {
                let sums = &mut self.features[feature.at()];
                sums.intended += used.intended;
                sums.lost += unserved(used);
                sums.unserved += unserved(used);
            }
        }
        self.gathered_s += dt_s;
        if !span.followed || self.gathered_s >= GATHERED_S {
            self.tell(span.followed);
        }
    }

    /// For how long each feature was not served since that was last told.
    fn tell(&mut self, followed: bool) {
        let dt_s = std::mem::take(&mut self.gathered_s);
        for feature in &mut self.features {
            let (intended, lost) = (std::mem::take(&mut feature.intended), std::mem::take(&mut feature.lost));
            // A crash fails also what came before: no more than all can be lost. Single requests end later than they came.
            let counted = lost.clamp(0.0, intended);
            if followed {
                feature.lost = lost - counted;
            }
            if intended > 0.0 {
                feature.unserved_s += dt_s * counted / intended;
            }
        }
    }

    /// What further servers cost a second, in use or standing by as where they are.
    fn servers_per_s(&self, money: &Money, span: &Interval) -> f64 {
        let stations = money.server_per_s.iter().zip(&money.server_standing).zip(&span.further_servers);
        let each = stations.map(|((each, standing), further)| match standing {
            Some((index, instead)) if !self.in_use[*index] => instead * *further as f64,
            _ => each * *further as f64,
        });
        each.sum()
    }

    pub fn finish(mut self, world: &World, outcome: &mut Outcome) {
        let Some(money) = &world.money else { return };
        self.tell(false);
        let standing = money.per_s * world.horizon.since(world.measured_from).seconds();
        let spent = standing + self.servers + self.takeovers;
        let lost = world.features.iter().zip(&self.features).filter_map(|(feature, sums)| {
            let lost = match feature.worth? {
                Worth::Request(each) => each * sums.unserved,
                Worth::Second(each) => each * sums.unserved_s,
            };
            Some((feature.name.clone(), lost))
        });
        let lost_by_feature: std::collections::BTreeMap<String, f64> = lost.collect();
        let lost = lost_by_feature.values().sum();
        outcome.money = Some(MoneyOutcome {
            currency: money.currency.clone(),
            spent,
            spent_on_servers: self.servers,
            spent_on_takeovers: self.takeovers,
            lost,
            total: spent + lost,
            lost_by_feature,
            ..MoneyOutcome::default()
        });
    }
}

/// Requests that are known not to be served.
fn unserved(used: &Use) -> f64 {
    used.failed + used.shed + used.never_sent + used.overdue
}
