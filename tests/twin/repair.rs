//! Lives, failures and repairs of the twin: every member is told apart, every repair is one, and what is due is looked up.

use super::model::{Due, Twin};
use super::plan::{Law, Ns, Part, Thing};
use firedrill::rng::{Luck, Stream};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Up,
    OnFix,
    Failed,
    Unnoticed,
}

pub struct Member {
    pub is: Is,
    born: Ns,
    /// The cumulative hazard that its life takes.
    takes: f64,
}

pub struct PartState {
    name: String,
    pub members: Vec<Member>,
    /// By how much the rates of its failures are multiplied.
    hazard: f64,
    spares: u32,
    wait_for_spare: Vec<usize>,
    lives: Stream,
    takes: Stream,
    vendor: Stream,
    restock: Stream,
    arrives: Stream,
}

/// How far a repair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Sought,
    InLine,
    HandsOn,
    /// Nobody is needed: it comes back at a time.
    ByItself,
    Over,
}

pub struct Job {
    part: usize,
    members: Vec<usize>,
    stage: Stage,
    temporary: bool,
    vendor_is_there: bool,
    has_spare: bool,
    takes: Ns,
    arrives: Ns,
    /// A crash keeps it down until then.
    not_before: Ns,
}

#[derive(Default)]
pub struct Crew {
    busy: u32,
    line: Vec<usize>,
}

impl PartState {
    pub fn new(part: &Part, name: &str, luck: Luck) -> PartState {
        let stream = |purpose| Stream::new(luck, name, purpose);
        PartState {
            name: name.to_owned(),
            members: (0..part.count).map(|_| Member { is: Is::Up, born: 0, takes: 0.0 }).collect(),
            hazard: 1.0,
            spares: part.repair.as_ref().and_then(|r| r.spares.as_ref()).map_or(0, |(stock, _)| *stock),
            wait_for_spare: Vec::new(),
            lives: stream("time to failure"),
            takes: stream("repair takes"),
            vendor: stream("vendor comes"),
            restock: stream("restock takes"),
            arrives: stream("crew arrives"),
        }
    }

    fn those(&self, is: Is) -> Vec<usize> {
        (0..self.members.len()).filter(|i| self.members[*i].is == is).collect()
    }

    pub fn working(&self) -> usize {
        self.those(Is::Up).len() + self.those(Is::OnFix).len()
    }

    pub fn unnoticed(&self) -> usize {
        self.those(Is::Unnoticed).len()
    }
}

impl Law {
    /// The value at a uniform number, in nanoseconds.
    fn quantile(&self, u: f64) -> Ns {
        match self {
            Law::Fixed(ns) => *ns,
            Law::Empirical(values) => {
                let mut sorted = values.clone();
                sorted.sort_unstable();
                sorted[((u * sorted.len() as f64) as usize).min(sorted.len() - 1)]
            }
            Law::Exponential(mean) => (-(*mean as f64) * (-u).ln_1p()).round() as Ns,
        }
    }

    pub fn draw(&self, stream: &mut Stream) -> Ns {
        self.quantile(stream.uniform())
    }

    /// -ln of the share that lives longer.
    fn cumulative_hazard(&self, age: Ns) -> f64 {
        match self {
            Law::Fixed(ns) => {
                if age >= *ns {
                    f64::INFINITY
                } else {
                    0.0
                }
            }
            Law::Empirical(values) => {
                let longer = values.iter().filter(|value| **value > age).count();
                -(longer as f64 / values.len() as f64).ln()
            }
            Law::Exponential(mean) => age as f64 / *mean as f64,
        }
    }
}

impl Twin<'_> {
    /// The law that a member lives by, being what it is.
    fn law(&self, part: usize, is: Is) -> Option<Law> {
        match is {
            Is::Up => self.kit[part].fails.clone(),
            Is::OnFix => self.kit[part].repair.as_ref()?.temporary.as_ref().map(|(_, fails)| fails.clone()),
            Is::Failed | Is::Unnoticed => None,
        }
    }

    pub fn start_part(&mut self, part: usize) {
        let (fails, tested) = (self.kit[part].fails.clone(), self.kit[part].last_tested);
        let mut left = Vec::new();
        match &fails {
            Some(law) if !law.is_memoryless() => {
                for member in 0..self.kit[part].count {
                    self.first_life(part, member, law, tested);
                }
            }
            Some(law) if tested > 0 => {
                for member in 0..self.kit[part].count {
                    let life = law.draw(&mut self.parts[part].lives);
                    if life <= tested {
                        self.parts[part].members[member].is = Is::Unnoticed;
                    } else {
                        left.push(life - tested);
                    }
                }
                // The first of those; what is left of the others is drawn anew then.
                if let Some(first) = left.into_iter().min() {
                    self.after(first, Due::PoolFails { part, on_fix: false });
                }
            }
            _ => self.pool_goes_on(part, Is::Up),
        }
        if let Some(every) = self.kit[part].tested {
            self.after(every, Due::Test(part));
        }
    }

    fn first_life(&mut self, part: usize, member: usize, law: &Law, tested: Ns) {
        let u = self.parts[part].lives.uniform();
        let life = law.quantile(u);
        if tested > 0 && life <= tested {
            self.parts[part].members[member].is = Is::Unnoticed;
            return;
        }
        self.parts[part].members[member] = Member { is: Is::Up, born: -tested, takes: -(-u).ln_1p() };
        self.after(life - tested, Due::LifeEnds { part, member });
    }

    /// A member has a new life, as what it is.
    fn new_life(&mut self, part: usize, member: usize) {
        self.void(|due| *due == Due::LifeEnds { part, member });
        let Some(law) = self.law(part, self.parts[part].members[member].is).filter(|law| !law.is_memoryless()) else {
            return;
        };
        let (now, state) = (self.now, &mut self.parts[part]);
        let u = state.lives.uniform();
        let takes = -(-u).ln_1p() / state.hazard;
        let life = if state.hazard == 1.0 { law.quantile(u) } else { law.quantile(1.0 - (-takes).exp()) };
        (state.members[member].born, state.members[member].takes) = (now, takes);
        self.after(life, Due::LifeEnds { part, member });
    }

    /// The next failure of the memoryless members that live by a law: drawn anew.
    fn pool_goes_on(&mut self, part: usize, is: Is) {
        let on_fix = is == Is::OnFix;
        self.void(|due| *due == Due::PoolFails { part, on_fix });
        let members = self.parts[part].those(is).len();
        let Some(Law::Exponential(mean)) = self.law(part, is) else { return };
        if members > 0 {
            let mean_s = mean as f64 / 1e9 / (members as f64 * self.parts[part].hazard);
            let wait_s = -mean_s * (-self.parts[part].lives.uniform()).ln_1p();
            self.after((wait_s * 1e9).round() as Ns, Due::PoolFails { part, on_fix });
        }
    }

    pub fn one_of_pool_fails(&mut self, part: usize, on_fix: bool) {
        let first = self.parts[part].those(if on_fix { Is::OnFix } else { Is::Up })[0];
        self.members_fail(part, &[first], if on_fix { "fix" } else { "itself" }, None, self.kit[part].hidden);
    }

    pub fn member_fails(&mut self, part: usize, member: usize) {
        let on_fix = self.parts[part].members[member].is == Is::OnFix;
        self.members_fail(part, &[member], if on_fix { "fix" } else { "itself" }, None, self.kit[part].hidden);
    }

    /// Everybody fails who works.
    pub fn all_fail(&mut self, part: usize, by: &str) {
        if !self.kit[part].hidden {
            self.stays_down(part, None);
        }
        let who = self.first_working(part, usize::MAX);
        self.members_fail(part, &who, by, None, self.kit[part].hidden);
    }

    pub fn fail_hidden(&mut self, part: usize) {
        let who = self.first_working(part, usize::MAX);
        self.members_fail(part, &who, "drill", None, true);
    }

    /// The first who work: by their numbers where they have ages, else those on their own law first.
    fn first_working(&self, part: usize, members: usize) -> Vec<usize> {
        let state = &self.parts[part];
        let mut who = [state.those(Is::Up), state.those(Is::OnFix)].concat();
        let ages = [Is::Up, Is::OnFix].iter().any(|is| self.law(part, *is).is_some_and(|law| !law.is_memoryless()));
        if ages {
            who.sort_unstable();
        }
        who.truncate(members);
        who
    }

    pub fn crash(&mut self, of: Thing, members: Option<usize>, after: Option<Ns>) {
        let Some(part) = self.plan.index(of) else { return };
        let lasts = members.is_none() && self.stays_down(part, after);
        let who = self.first_working(part, members.unwrap_or(usize::MAX));
        if who.is_empty() && lasts {
            self.tell(format!("{} fails: 0 by drill, hidden false", self.parts[part].name));
        }
        self.members_fail(part, &who, "drill", after, false);
    }

    /// A crash of the whole holds down also who has failed already.
    fn stays_down(&mut self, part: usize, after: Option<Ns>) -> bool {
        let mut lasts = false;
        let mine: Vec<usize> =
            (0..self.jobs.len()).filter(|j| self.jobs[*j].part == part && self.jobs[*j].stage != Stage::Over).collect();
        for job in mine {
            match after {
                Some(after) => {
                    let until = self.now + after;
                    let due = self.jobs[job].not_before;
                    lasts |= until > due;
                    self.jobs[job].not_before = self.jobs[job].not_before.max(until);
                }
                // Whoever would have come back by itself has to be repaired now.
                None if self.jobs[job].stage == Stage::ByItself => {
                    lasts = true;
                    let until = self.jobs[job].not_before;
                    self.jobs[job].stage = Stage::Over;
                    self.void(|due| *due == Due::Repaired(job));
                    for member in self.jobs[job].members.clone() {
                        self.repair(part, member, until);
                    }
                }
                None => {}
            }
        }
        lasts
    }

    fn members_fail(&mut self, part: usize, who: &[usize], by: &str, after: Option<Ns>, hidden: bool) {
        if who.is_empty() {
            return;
        }
        self.tell(format!("{} fails: {} by {by}, hidden {hidden}", self.parts[part].name, who.len()));
        let mut laws = Vec::new();
        for member in who {
            let state = &mut self.parts[part].members[*member];
            laws.push(state.is);
            state.is = if hidden { Is::Unnoticed } else { Is::Failed };
            self.void(|due| *due == Due::LifeEnds { part, member: *member });
        }
        for is in [Is::Up, Is::OnFix] {
            if laws.contains(&is) {
                self.pool_goes_on(part, is);
            }
        }
        match after {
            _ if hidden => {}
            Some(after) => {
                self.jobs.push(Job {
                    part,
                    members: who.to_vec(),
                    stage: Stage::ByItself,
                    temporary: false,
                    vendor_is_there: true,
                    has_spare: false,
                    takes: 0,
                    arrives: 0,
                    not_before: self.now + after,
                });
                self.after(after, Due::Repaired(self.jobs.len() - 1));
            }
            None => who.iter().for_each(|member| self.repair(part, *member, 0)),
        }
    }

    pub fn test(&mut self, part: usize) {
        if self.parts[part].unnoticed() > 0 {
            self.find_hidden(part, false);
        } else {
            self.tell(format!("p{part} is tested"));
        }
        if let Some(every) = self.kit[part].tested {
            self.after(every, Due::Test(part));
        }
    }

    pub fn find_hidden(&mut self, part: usize, on_demand: bool) {
        self.tell(format!("p{part} is found out, on demand {on_demand}"));
        let who = self.parts[part].those(Is::Unnoticed);
        if self.kit[part].repair.is_some() {
            who.iter().for_each(|member| self.parts[part].members[*member].is = Is::Failed);
            who.iter().for_each(|member| self.repair(part, *member, 0));
        } else {
            self.come_back(part, &who, Is::Up);
        }
    }

    fn come_back(&mut self, part: usize, who: &[usize], is: Is) {
        for member in who {
            self.parts[part].members[*member].is = is;
            self.new_life(part, *member);
        }
        self.pool_goes_on(part, is);
    }

    /// A member waits for its repair: vendor and part are sought from now on.
    fn repair(&mut self, part: usize, member: usize, not_before: Ns) {
        let Some(repair) = self.kit[part].repair.clone() else { return };
        let arrives = repair.crew.and_then(|crew| self.plan.crews[crew].1.clone());
        let state = &mut self.parts[part];
        let takes = repair.temporary.as_ref().map_or(&repair.takes, |(takes, _)| takes).draw(&mut state.takes);
        let vendor = repair.vendor.map(|vendor| vendor.draw(&mut state.vendor));
        let arrives = arrives.map_or(0, |arrives| arrives.draw(&mut state.arrives));
        let job = self.jobs.len();
        self.jobs.push(Job {
            part,
            members: vec![member],
            stage: Stage::Sought,
            temporary: repair.temporary.is_some(),
            vendor_is_there: vendor.is_none(),
            has_spare: repair.spares.is_none(),
            takes,
            arrives,
            not_before,
        });
        if let Some((_, restock)) = &repair.spares {
            // What is taken is ordered again.
            let wait = restock.draw(&mut self.parts[part].restock);
            self.after(wait, Due::Restocked(part));
            if self.parts[part].spares > 0 {
                self.parts[part].spares -= 1;
                self.jobs[job].has_spare = true;
            } else {
                self.parts[part].wait_for_spare.push(job);
            }
        }
        if let Some(vendor) = vendor {
            self.after(vendor, Due::VendorComes(job));
        }
        self.may_begin(job);
    }

    pub fn vendor_comes(&mut self, job: usize) {
        self.jobs[job].vendor_is_there = true;
        self.may_begin(job);
    }

    pub fn restocked(&mut self, part: usize) {
        if self.parts[part].wait_for_spare.is_empty() {
            self.parts[part].spares += 1;
        } else {
            let job = self.parts[part].wait_for_spare.remove(0);
            self.jobs[job].has_spare = true;
            self.may_begin(job);
        }
    }

    fn may_begin(&mut self, job: usize) {
        if !self.jobs[job].vendor_is_there || !self.jobs[job].has_spare {
            return;
        }
        match self.crew_of(job) {
            Some(crew) => {
                self.jobs[job].stage = Stage::InLine;
                self.crews[crew].line.push(job);
                self.hands_are_free(crew);
            }
            None => self.hands_on(job),
        }
    }

    fn crew_of(&self, job: usize) -> Option<usize> {
        self.kit[self.jobs[job].part].repair.as_ref()?.crew
    }

    /// As long as there are hands, the first in line has them.
    fn hands_are_free(&mut self, crew: usize) {
        while self.crews[crew].busy < self.plan.crews[crew].0 && !self.crews[crew].line.is_empty() {
            let job = self.crews[crew].line.remove(0);
            self.crews[crew].busy += 1;
            self.hands_on(job);
        }
    }

    fn hands_on(&mut self, job: usize) {
        self.jobs[job].stage = Stage::HandsOn;
        let Job { part, temporary, takes, arrives, .. } = self.jobs[job];
        self.tell(format!("p{part} is under repair, temporary {temporary}"));
        self.after(arrives + takes, Due::Repaired(job));
    }

    pub fn repaired(&mut self, job: usize) {
        if self.jobs[job].stage == Stage::HandsOn
            && let Some(crew) = self.crew_of(job)
        {
            self.crews[crew].busy -= 1;
            self.hands_are_free(crew);
        }
        if self.jobs[job].not_before > self.now {
            self.jobs[job].stage = Stage::ByItself;
            self.at(self.jobs[job].not_before, Due::Repaired(job));
            return;
        }
        self.jobs[job].stage = Stage::Over;
        let Job { part, temporary, .. } = self.jobs[job];
        let who = self.jobs[job].members.clone();
        self.tell(format!("{} is repaired: {}, temporary {temporary}", self.parts[part].name, who.len()));
        self.come_back(part, &who, if temporary { Is::OnFix } else { Is::Up });
    }

    /// New members, whatever state the old ones are in.
    pub fn replace(&mut self, part: usize) {
        self.tell(format!("p{part} is replaced"));
        let mut crew = None;
        for job in 0..self.jobs.len() {
            if self.jobs[job].part != part || self.jobs[job].stage == Stage::Over {
                continue;
            }
            self.void(|due| matches!(due, Due::VendorComes(of) | Due::Repaired(of) if *of == job));
            let taken = self.kit[part].repair.as_ref().is_some_and(|r| r.spares.is_some()) && self.jobs[job].has_spare;
            self.parts[part].spares += u32::from(taken);
            if let Some(of) = self.crew_of(job) {
                crew = Some(of);
                self.crews[of].busy -= u32::from(self.jobs[job].stage == Stage::HandsOn);
                self.crews[of].line.retain(|other| *other != job);
            }
            self.jobs[job].stage = Stage::Over;
        }
        self.parts[part].wait_for_spare.clear();
        if let Some(crew) = crew {
            self.hands_are_free(crew);
        }
        for member in 0..self.parts[part].members.len() {
            self.parts[part].members[member].is = Is::Up;
            self.new_life(part, member);
        }
        self.pool_goes_on(part, Is::Up);
        self.pool_goes_on(part, Is::OnFix);
    }

    /// From now on members fail at this many times their rate.
    pub fn set_hazard(&mut self, part: usize, factor: f64) {
        let before = std::mem::replace(&mut self.parts[part].hazard, factor);
        for member in 0..self.parts[part].members.len() {
            let Member { is, born, takes } = self.parts[part].members[member];
            // A fixed life ends when it would have ended.
            if let Some(law @ Law::Empirical(_)) = self.law(part, is) {
                let used = law.cumulative_hazard(self.now - born);
                if used >= takes {
                    continue;
                }
                let takes = used + (takes - used) * before / factor;
                self.parts[part].members[member].takes = takes;
                let ends = born + law.quantile(1.0 - (-takes).exp());
                if self.when(|due| *due == Due::LifeEnds { part, member }) != Some(ends) {
                    self.void(|due| *due == Due::LifeEnds { part, member });
                    self.at(ends, Due::LifeEnds { part, member });
                }
            }
        }
        self.pool_goes_on(part, Is::Up);
        self.pool_goes_on(part, Is::OnFix);
    }
}
