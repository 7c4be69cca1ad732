//! Compiling how failures are noticed, and who decides what follows.

use super::calendar;
use super::compiler::Compiler;
use super::limits::{self, sampler};
use crate::dist::Sampler;
use crate::num;
use crate::scenario::{self, Code};
use crate::units::Duration;
use crate::world::failover::{Decide, Detect};
use crate::world::ids::SiteId;

impl Compiler<'_> {
    pub fn detect(&self, detect: &scenario::Detect, path: &str) -> Detect {
        let p = &self.problems;
        match detect {
            scenario::Detect::Instant => Detect::Instant,
            scenario::Detect::Probe { every, fails, timeout, from, checkers, quorum, loss, in_turn, deep } => {
                // What that means at each member's site comes later.
                self.deep(deep, None, &format!("{path}.deep"));
                p.range(format!("{path}.every"), every.0 > 0, "checks without a pause", "give an interval above zero");
                self.check_fails(*fails, *every, path);
                let (sites, checkers, sensible) = self.checkers(from, *checkers, path);
                let quorum = quorum.unwrap_or(checkers / 2 + 1);
                if sensible && (quorum == 0 || quorum > checkers) {
                    p.add(
                        Code::NeverActs,
                        format!("{path}.quorum"),
                        match quorum {
                            0 => "a quorum of no checkers says nothing of a failure".to_owned(),
                            _ => format!("{quorum} of {checkers} checkers can never agree"),
                        },
                        format!("write from 1 to {checkers}"),
                    );
                }
                self.check_loss(loss.0, *fails, *every, path);
                Detect::Probe {
                    every: *every,
                    fails: *fails,
                    timeout: *timeout,
                    in_turn: *in_turn,
                    from: sites,
                    checkers,
                    quorum,
                    loss: loss.0,
                }
            }
            scenario::Detect::Heartbeat { every, grace } => {
                p.range(
                    format!("{path}.every"),
                    every.0 > 0,
                    "heartbeats without a pause",
                    "give an interval above zero",
                );
                if grace < every {
                    p.add(
                        Code::Contradiction,
                        format!("{path}.grace"),
                        format!("a grace of {grace} is over before the next heartbeat comes"),
                        format!("write at least {every}"),
                    );
                }
                Detect::Heartbeat { every: *every, grace: *grace }
            }
            scenario::Detect::PhiAccrual { threshold, mean, sd } => {
                let grace = Duration::from_seconds(self.phi_accrual_s(*threshold, *mean, *sd, path));
                Detect::Heartbeat { every: *mean, grace }
            }
            scenario::Detect::Raft { followers, timeout, heartbeat, votes, from } => {
                self.check_election(*followers, *timeout, *heartbeat, path);
                let timeout = (timeout.0, timeout.1.max(timeout.0));
                let from = self.followers_at(from, *followers, path);
                Detect::Raft { followers: *followers, timeout, heartbeat: *heartbeat, votes: *votes, from }
            }
            scenario::Detect::Vrrp { priority, advert, version } => {
                p.range(
                    format!("{path}.priority"),
                    (1..=254).contains(priority),
                    format!("a backup's priority is from 1 to 254, not {priority}"),
                    "write a priority like 100",
                );
                p.range(
                    format!("{path}.advert"),
                    advert.0 > 0,
                    "advertisements without a pause",
                    "give an interval above zero",
                );
                p.range(
                    format!("{path}.version"),
                    matches!(version, 2 | 3),
                    format!("VRRP has the versions 2 and 3, and no {version}"),
                    "write version: 2 or version: 3",
                );
                // RFC 3768: Master_Down_Interval = 3 * Advertisement_Interval + (256 - Priority) / 256 s; in RFC 5798 the
                // skew is that share of the interval.
                let skew_s = if *version == 3 { advert.seconds() } else { 1.0 };
                let skew_s = skew_s * (256.0 - f64::from((*priority).min(256))) / 256.0;
                let grace = Duration::from_seconds(3.0 * advert.seconds() + skew_s);
                Detect::Heartbeat { every: *advert, grace }
            }
        }
    }

    fn check_election(
        &self,
        followers: u32,
        (shortest, longest): (Duration, Duration),
        heartbeat: Option<Duration>,
        path: &str,
    ) {
        let p = &self.problems;
        p.range(format!("{path}.followers"), followers > 0, "an election without followers", "write at least 1");
        if followers == 1 {
            p.add(
                Code::NeverActs,
                format!("{path}.followers"),
                "one follower is no majority of two: without the leader nobody is ever elected",
                "write 2 or more",
            );
        }
        p.range(
            format!("{path}.followers"),
            followers <= 1_000,
            format!("{followers} followers in one election"),
            "write from 2 to 1000",
        );
        if longest < shortest {
            p.add(
                Code::OutOfRange,
                format!("{path}.timeout"),
                format!("the longest timeout of {longest} is below the shortest of {shortest}"),
                "write the shorter one first",
            );
        }
        if let Some(heartbeat) = heartbeat {
            p.range(
                format!("{path}.heartbeat"),
                heartbeat.0 > 0,
                "heartbeats without a pause",
                "give an interval above zero",
            );
            if heartbeat >= shortest && shortest.0 > 0 {
                p.add(
                    Code::Contradiction,
                    format!("{path}.heartbeat"),
                    format!("after {shortest} without a heartbeat an election begins, and they come every {heartbeat}"),
                    "write less than the shortest timeout",
                );
            }
        }
    }

    /// The sites of the followers, where they are named.
    fn followers_at(&self, from: &[String], followers: u32, path: &str) -> Vec<SiteId> {
        let p = &self.problems;
        if !from.is_empty() && from.len() != followers as usize {
            p.add(
                Code::Contradiction,
                format!("{path}.from"),
                format!("from: names {} sites, one for each follower, and there are {followers}", from.len()),
                "name the site of each follower, or leave from: out",
            );
        }
        (from.iter().enumerate())
            .filter_map(|(i, site)| self.names.sites.find(site, "site", format!("{path}.from.{i}"), p))
            .map(SiteId::new)
            .collect()
    }

    /// Time from the last heartbeat until the suspicion reaches a threshold, in seconds.
    fn phi_accrual_s(&self, threshold: f64, mean: Duration, sd: Option<Duration>, path: &str) -> f64 {
        let p = &self.problems;
        p.range(
            format!("{path}.threshold"),
            threshold.is_finite() && (0.1..=300.0).contains(&threshold),
            format!("a suspicion level of {threshold} makes no sense"),
            "write a threshold from 0.1 to 300, usually 8 to 12",
        );
        p.range(format!("{path}.mean"), mean.0 > 0, "heartbeats without a pause", "give an interval above zero");
        let threshold = threshold.clamp(0.1, 300.0);
        match sd {
            // P(later than t) = 10^-phi, for exponential intervals and for normal ones.
            None => threshold * mean.seconds() * num::ln(10.0),
            Some(sd) => mean.seconds() - sd.seconds() * num::normal_quantile(num::pow(10.0, -threshold)),
        }
    }

    /// Checks how many failed checks in a row it takes.
    fn check_fails(&self, fails: u32, every: Duration, path: &str) {
        let (horizon, p) = (self.scenario.clock.horizon, &self.problems);
        if fails == 0 {
            p.add(
                Code::NeverActs,
                format!("{path}.fails"),
                "after no failed check nothing is ever declared down",
                "write at least 1",
            );
        } else if every.0.saturating_mul(i64::from(fails)) > horizon.0 {
            p.add(
                Code::NeverActs,
                format!("{path}.fails"),
                format!("{fails} failed checks {every} apart take longer than the horizon of {horizon}"),
                "check more often, or need fewer failed checks",
            );
        }
    }

    /// Their sites, how many checkers there are, and whether that number makes sense.
    fn checkers(&self, from: &[String], checkers: u32, path: &str) -> (Vec<SiteId>, u32, bool) {
        let (names, p) = (&self.names, &self.problems);
        let sites: Vec<SiteId> = (from.iter().enumerate())
            .filter_map(|(i, site)| names.sites.find(site, "site", format!("{path}.from.{i}"), p))
            .map(SiteId::new)
            .collect();
        if !from.is_empty() && checkers != 1 && checkers as usize != from.len() {
            p.add(
                Code::Contradiction,
                format!("{path}.checkers"),
                format!("from: names {} sites, one for each checker, and this says {checkers}", from.len()),
                "leave checkers: out",
            );
        }
        let checkers = if from.is_empty() { checkers } else { from.len() as u32 };
        let field = if from.is_empty() { "checkers" } else { "from" };
        let sensible = (1..=1_000).contains(&checkers);
        p.range(
            format!("{path}.{field}"),
            sensible,
            format!("the number of checkers is from 1 to 1000, not {checkers}"),
            "write from 1 to 1000",
        );
        (sites, checkers, sensible)
    }

    /// Checks that what is lost of a healthy member's checks does not raise too many alarms.
    fn check_loss(&self, loss: f64, fails: u32, every: Duration, path: &str) {
        let (horizon, p) = (self.scenario.clock.horizon, &self.problems);
        p.range(format!("{path}.loss"), loss < 1.0, "checks that always fail check nothing", "write less");
        // Feller: the mean number of checks until so many in a row fail.
        let all = num::pow(loss, f64::from(fails));
        let checks = ((1.0 - all) / (all * (1.0 - loss))).max(1.0);
        if loss > 0.0 && loss < 1.0 && horizon.seconds() / (checks * every.seconds()) > limits::HAPPENINGS_MAX {
            p.add(
                Code::TooMany,
                format!("{path}.loss"),
                "a loss this large raises more than 50 million false alarms over the horizon",
                "lower it, or need more failed checks",
            );
        }
    }

    pub fn decide(&self, decide: &scenario::Decide, path: &str) -> Decide {
        let p = &self.problems;
        match decide {
            scenario::Decide::Automatic => Decide::Automatic,
            scenario::Decide::People { takes, hours } => {
                let takes = sampler(takes, &format!("{path}.takes"), p).unwrap_or(Sampler::Fixed(0.0));
                let hours = hours
                    .as_ref()
                    .and_then(|h| calendar::hours(h, self.calendar.zone.clone(), false, &format!("{path}.hours"), p));
                if hours.as_ref().is_some_and(|hours| hours.from_s >= hours.to_s) {
                    p.add(
                        Code::NeverActs,
                        format!("{path}.hours"),
                        "office hours that end before they begin: nobody ever decides",
                        "write the opening hour first, on the same day",
                    );
                }
                Decide::People(takes, hours)
            }
            scenario::Decide::Sometimes { people, takes } => {
                Decide::Sometimes(people.0, sampler(takes, &format!("{path}.takes"), p).unwrap_or(Sampler::Fixed(0.0)))
            }
        }
    }
}
