//! The ways of requests through the stations.

use crate::observe::Why;
use crate::queueing::{Asking, Latency};
use crate::world::{SiteId, StationId};
use std::sync::Arc;

/// What a request lives through one after the other.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// Time on the network and in waiting for the dead, in seconds.
    pub fixed_s: f64,
    /// Stations, by their place among the visits of the path, and how many visits.
    pub visits: Vec<(usize, f64)>,
    pub branches: Vec<Branch>,
}

/// A part of a way that is lived through as a whole, or not at all: a fraction of its times is the probability of once more.
#[derive(Debug, Clone)]
pub struct Branch {
    pub times: f64,
    pub way: Way,
    /// Who asks for it and does not wait for ever.
    pub asks: Option<Asks>,
}

/// How a part of a way is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asks {
    /// By which call: of a station, or of the feature.
    pub caller: Option<StationId>,
    pub nth: usize,
    /// How, as long as nothing fails.
    pub asking: Asking,
}

/// Branches are told apart as long as a way has no more parts than this.
const PARTS_MAX: usize = 200;

impl Way {
    /// Visits to a station.
    pub fn pays(&mut self, visit: usize, times: f64) {
        match self.visits.iter_mut().find(|known| known.0 == visit) {
            Some(known) => known.1 += times,
            None => self.visits.push((visit, times)),
        }
    }

    /// Another way is gone so often.
    pub fn goes(&mut self, way: Way, times: f64) {
        let is_whole = times.floor() == times;
        let is_one = way.visits.len() == 1 && way.fixed_s == 0.0;
        if times == 1.0 || (way.branches.is_empty() && (is_whole || is_one)) {
            self.fixed_s += times * way.fixed_s;
            way.visits.into_iter().for_each(|(visit, each)| self.pays(visit, times * each));
            self.branches.extend(way.branches);
        } else {
            self.goes_into(Branch { times, way, asks: None });
        }
    }

    /// A branch is gone into.
    pub fn goes_into(&mut self, branch: Branch) {
        if branch.times <= 0.0 {
        } else if self.parts() + branch.way.parts() > PARTS_MAX {
            self.takes_in(branch.way, branch.times);
        } else {
            self.branches.push(branch);
        }
    }

    /// Everything of a way, as if each part of it was met by itself.
    fn takes_in(&mut self, way: Way, times: f64) {
        self.fixed_s += times * way.fixed_s;
        way.visits.into_iter().for_each(|(visit, each)| self.pays(visit, times * each));
        way.branches.into_iter().for_each(|branch| self.takes_in(branch.way, times * branch.times));
    }

    fn parts(&self) -> usize {
        1 + self.visits.len() + self.branches.iter().map(|branch| branch.way.parts()).sum::<usize>()
    }

    /// The mean time on the network and in waiting for the dead, if nobody gives up.
    pub fn network_s(&self) -> f64 {
        self.fixed_s + self.branches.iter().map(|branch| branch.times * branch.way.network_s()).sum::<f64>()
    }

    /// All branches of it, in one order.
    pub fn each_branch(&self, see: &mut impl FnMut(&Branch)) {
        for branch in &self.branches {
            see(branch);
            branch.way.each_branch(see);
        }
    }
}

/// The way of one population's requests for one feature from one site.
#[derive(Debug, Clone)]
pub struct Path {
    pub people: usize,
    /// Index into the population's uses.
    pub feature: usize,
    pub site: SiteId,
    /// Stations that requests enter, with calls per request.
    pub entry: Vec<(StationId, f64)>,
    /// Every station visited, with visits per request; whether a refusal there fails the request.
    pub visits: Vec<(StationId, f64, bool)>,
    /// Of each of these, whether somebody on the way waits only so long for it: no user waits there in person.
    pub guarded: Vec<bool>,
    /// Of each of these, the visits of a request that comes, whatever becomes of it: what fails goes no further.
    pub paid: Vec<f64>,
    /// By which call of the feature each of the stations is entered.
    pub entered_by: Vec<u32>,
    /// How all of these are lived through, beyond the time that everybody loses.
    pub way: Way,
    /// What tells ways apart, where they have branches.
    pub way_key: u64,
    /// Time on the network and in waiting for the dead that everybody loses, in seconds.
    pub fixed_s: f64,
    /// What it takes in the mean where nobody waits and nobody gives up, in seconds; and what it takes whoever comes, until it fails.
    pub plain_s: f64,
    pub comes_s: f64,
    /// Probability of getting as far as the first call, whatever the load.
    pub begins: f64,
    /// Probability of not getting lost on links or in something gray.
    pub passes: f64,
    /// Why it cannot succeed.
    pub dead: Option<Why>,
    /// What is missing though it succeeds.
    pub missing: Option<Why>,
    /// What makes it lose requests.
    pub loss: Option<Why>,
    /// Share of the requests that go without something that is left out on purpose or missed now and then, and what that is.
    pub dimmed: f64,
    pub dimmed_for: Option<Why>,
    /// Links between sites: from, to, requests across; whether it fails the request not to get across.
    pub crossings: Vec<(SiteId, SiteId, f64, bool)>,
    /// Latency at the stations without waiting.
    pub quiet: Arc<Latency>,
    /// 95th percentile without waiting, network included.
    pub quiet_p95_s: f64,
}

impl Path {
    /// The visits at which users wait in person, with how many of them a request pays.
    pub fn in_person(&self) -> impl DoubleEndedIterator<Item = &(StationId, f64, bool)> {
        self.visits.iter().zip(&self.guarded).filter(|(_, guarded)| !**guarded).map(|(visit, _)| visit)
    }

    /// Of the requests that come, the share that gets to a station of those who would, whatever the load.
    pub fn reaches(&self, station: StationId) -> f64 {
        let here = self.visits.iter().zip(&self.paid).find(|((id, ..), _)| *id == station);
        let share = here.filter(|((_, times, _), _)| *times > 0.0).map(|((_, times, _), paid)| paid / times);
        share.filter(|share| *share > 0.0).map_or(1.0, |share| share.min(1.0))
    }

    /// Whether it goes as another one does, and comes to the same.
    pub fn goes_as(&self, other: &Path) -> bool {
        (self.people, self.feature, self.site) == (other.people, other.feature, other.site)
            && self.entry == other.entry
            && (&self.visits, &self.paid) == (&other.visits, &other.paid)
            && (&self.guarded, &self.entered_by) == (&other.guarded, &other.entered_by)
            && self.crossings == other.crossings
            && (self.dead, self.missing, self.loss) == (other.dead, other.missing, other.loss)
            && self.way_key == other.way_key
            && (self.fixed_s, self.quiet_p95_s) == (other.fixed_s, other.quiet_p95_s)
            && (self.begins, self.passes) == (other.begins, other.passes)
            && (self.dimmed, self.dimmed_for) == (other.dimmed, other.dimmed_for)
    }
}

/// Whether a station can do its part.
#[derive(Debug, Clone, Copy, Default)]
pub struct Status {
    /// It does not even begin to.
    pub gone: bool,
    /// Why it cannot, for anybody.
    pub dead: Option<Why>,
    /// What everybody goes without.
    pub missing: Option<Why>,
    /// The requests of which it fails, and those that go without something.
    pub fails: Part,
    pub lacks: Part,
}

/// A part of the requests, and what it is due to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part {
    pub share: f64,
    pub why: Option<Why>,
}

impl Status {
    /// A call is made as well.
    pub fn add(&mut self, call: &Status) {
        self.dead = self.dead.or(call.dead);
        self.missing = self.missing.or(call.missing);
        for (mine, its) in [(&mut self.fails, call.fails), (&mut self.lacks, call.lacks)] {
            if let Some(why) = its.why {
                mine.add(its.share, why);
            }
        }
    }
}

impl Status {
    /// What those have of it who all are alike, where only this share of them gets there.
    pub fn of_a_share(self, share: f64) -> Status {
        if share >= 1.0 {
            return self;
        }
        let part = |all: Option<Why>, of: Part| match all {
            Some(why) => Part { share, why: Some(why) },
            None => Part { share: of.share * share, ..of },
        };
        Status {
            gone: self.gone,
            dead: None,
            missing: None,
            fails: part(self.dead, self.fails),
            lacks: part(self.missing, self.lacks),
        }
    }
}

impl Part {
    /// Of the others, this share is in it too.
    pub fn add(&mut self, share: f64, why: Why) {
        if share > 0.0 {
            self.share = 1.0 - (1.0 - self.share) * (1.0 - share);
            self.why = self.why.or(Some(why));
        }
    }

    /// The part of those who ask so often: a fraction is the probability of asking once more.
    pub fn so_often(self, times: f64) -> Part {
        let whole = times.floor();
        let spared = crate::num::pow(1.0 - self.share, whole) * (1.0 - (times - whole) * self.share);
        if self.share > 0.0 && times > 0.0 { Part { share: 1.0 - spared, ..self } } else { Part::default() }
    }
}
