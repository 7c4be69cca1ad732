//! Repairs: vendor, spare part, crew, hands; and what becomes of them when the part is replaced.

use super::core::Engine;
use super::event::Event;
use super::lives::Struck;
use super::state::nodes::{Job, Law, RepairStreams, Stage};
use super::state::waits::Wait;
use crate::dist::Sampler;
use crate::observe::{ObservationId, Occurrence, Refusal};
use crate::units::{Duration, Time};
use crate::world::{CrewId, NodeId, ServiceId};

impl<'w> Engine<'w> {
    /// Failed members come back: all together after a time that the drill says, or else each by a repair of its own.
    pub(super) fn begin_repairs(
        &mut self,
        id: NodeId,
        struck: &Struck,
        repaired_after: Option<Duration>,
        why: Option<ObservationId>,
    ) {
        if let Some(takes) = repaired_after {
            let index = self.new_job(Job {
                node: id,
                members: struck.members(),
                who: struck.who.clone(),
                temporary: false,
                takes,
                arrives: Duration::ZERO,
                not_before: self.now.after(takes),
                why,
                stage: Stage::ByItself,
                wants_vendor: false,
                on_call: None,
                called: self.now,
                has_spare: false,
                without_at: None,
                stuck: false,
                token: 0,
            });
            self.repair_ends_after(index, takes);
            return;
        }
        for i in 0..struck.members() as usize {
            self.begin_repair(id, struck.who.get(i).copied(), self.now, why);
        }
    }

    /// A crash of the whole hits also what has failed already: that is not back before the others are. What would have come
    /// back by itself, and now has to be repaired, is back when both is over. Says whether there was any.
    pub(super) fn crash_what_is_down(&mut self, id: NodeId, repaired_after: Option<Duration>) -> bool {
        let mut any = false;
        for index in 0..self.state.jobs.len() as u32 {
            let job = &mut self.state.jobs[index as usize];
            if job.node != id || job.stage == Stage::Free {
                continue;
            }
            if let Some(takes) = repaired_after {
                let until = self.now.after(takes);
                any |= until > job.not_before;
                job.not_before = job.not_before.max(until);
            } else if job.stage == Stage::ByItself {
                any = true;
                let (members, who, not_before, why) = (job.members, job.who.clone(), job.not_before, job.why);
                self.end_job(index);
                for i in 0..members as usize {
                    self.begin_repair(id, who.get(i).copied(), not_before, why);
                }
            }
        }
        any
    }

    /// One member is to be repaired. Vendor and spare part are sought side by side, from now on; whatever chance says about
    /// this repair is drawn now, so that nothing that happens meanwhile gives it another's luck.
    pub(super) fn begin_repair(
        &mut self,
        id: NodeId,
        member: Option<u32>,
        not_before: Time,
        why: Option<ObservationId>,
    ) {
        let Some(repair) = &self.world.nodes[id.at()].repair else { return };
        let (takes, temporary) = match &repair.temporary {
            Some((takes, _)) => (takes, true),
            None => (&repair.takes, false),
        };
        let takes = takes.draw(&mut self.repair_luck(id).takes);
        let vendor = repair.vendor.as_ref().map_or(Duration::ZERO, |v| v.draw(&mut self.repair_luck(id).vendor));
        let hands = repair.crew.and_then(|crew| self.world.crews[crew.at()].arrives.as_ref());
        let arrives = hands.map_or(Duration::ZERO, |arrives| arrives.draw(&mut self.repair_luck(id).arrives));
        let on_call = (self.people_decide() && vendor > Duration::ZERO).then_some(vendor);
        let index = self.new_job(Job {
            node: id,
            members: 1,
            who: member.into_iter().collect(),
            temporary,
            takes,
            arrives,
            not_before,
            why,
            stage: Stage::Sought,
            wants_vendor: vendor > Duration::ZERO,
            on_call,
            called: self.now,
            has_spare: false,
            without_at: None,
            stuck: false,
            token: 0,
        });
        if let Some((_, law)) = &repair.spares {
            let restock = law.draw(&mut self.repair_luck(id).restock);
            let state = &mut self.state.nodes[id.at()];
            state.on_order += 1;
            let at = self.now.after(restock);
            self.events.push_drawn(self.now, at, Event::Restocked(id), || Wait::of(law));
            if state.spares == 0 {
                state.waiting_for_spare.push_back(index);
            } else {
                state.spares -= 1;
                self.state.jobs[index as usize].has_spare = true;
            }
        }
        if vendor > Duration::ZERO && on_call.is_none() {
            self.vendor_is_called(id);
            self.vendor_is_due(index, vendor);
        }
        self.if_all_is_there(index);
    }

    /// The node's own luck in repairing, made when it is first needed.
    pub(super) fn repair_luck(&mut self, id: NodeId) -> &mut RepairStreams {
        let (luck, name) = (self.luck, &self.world.nodes[id.at()].name);
        self.state.nodes[id.at()].repairs.get_or_insert_with(|| Box::new(RepairStreams::new(luck, name)))
    }

    fn new_job(&mut self, job: Job) -> u32 {
        match self.state.jobs_free.pop() {
            Some(index) => {
                let place = &mut self.state.jobs[index as usize];
                *place = Job { token: place.token, ..job };
                index
            }
            None => {
                self.state.jobs.push(job);
                (self.state.jobs.len() - 1) as u32
            }
        }
    }

    /// A repair is over, or void: nothing that was due for it counts any more.
    fn end_job(&mut self, index: u32) {
        let job = &mut self.state.jobs[index as usize];
        job.stage = Stage::Free;
        job.who = Vec::new();
        job.token += 1;
        self.state.jobs_free.push(index);
    }

    fn repair_ends_after(&mut self, index: u32, takes: Duration) {
        let token = self.state.jobs[index as usize].token;
        self.events.push(self.now.after(takes), Event::RepairDone { job: index, token });
    }

    pub(super) fn restocked(&mut self, id: NodeId) {
        let state = &mut self.state.nodes[id.at()];
        state.on_order -= 1;
        match state.waiting_for_spare.pop_front() {
            Some(index) => {
                self.state.jobs[index as usize].has_spare = true;
                self.if_all_is_there(index);
            }
            None => state.spares += 1,
        }
    }

    /// Somebody calls the vendor, for all members of a node that wait for one.
    pub(super) fn call_vendor(&mut self, id: NodeId) -> Result<(), Refusal> {
        let mut any = false;
        for index in 0..self.state.jobs.len() {
            let job = &mut self.state.jobs[index];
            if job.node != id || job.stage != Stage::Sought {
                continue;
            }
            if let Some(takes) = job.on_call.take() {
                job.called = self.now;
                self.vendor_is_called(id);
                self.vendor_is_due(index as u32, takes);
                any = true;
            }
        }
        any.then_some(()).ok_or(Refusal::NothingToDo)
    }

    /// Members of a node that would get a temporary fix, and on which nobody works yet, are repaired for good. How long that takes
    /// is luck of its own, so that it moves nothing that comes later.
    pub(super) fn repair_for_good(&mut self, id: NodeId) -> Result<(), Refusal> {
        let mut any = false;
        for index in 0..self.state.jobs.len() {
            let job = &self.state.jobs[index];
            let waits = matches!(job.stage, Stage::Sought | Stage::Ready);
            let Some(repair) = &self.world.nodes[id.at()].repair else { break };
            if job.node != id || !waits || !job.temporary {
                continue;
            }
            let takes = repair.takes.draw(&mut self.repair_luck(id).for_good);
            (self.state.jobs[index].temporary, self.state.jobs[index].takes) = (false, takes);
            any = true;
        }
        any.then_some(()).ok_or(Refusal::NothingToDo)
    }

    fn promise_of(&self, id: NodeId) -> Option<Duration> {
        self.world.nodes[id.at()].repair.as_ref()?.vendor_promises
    }

    /// A vendor who has promised anything is on the way.
    fn vendor_is_called(&mut self, id: NodeId) {
        if self.promise_of(id).is_some() {
            self.see(Occurrence::VendorCalled(id));
        }
    }

    /// The vendor comes after a time that was drawn.
    fn vendor_is_due(&mut self, index: u32, takes: Duration) {
        let job = &self.state.jobs[index as usize];
        let (node, event) = (job.node, Event::RepairReady { job: index, token: job.token });
        let at = self.now.after(takes);
        match self.world.nodes[node.at()].repair.as_ref().and_then(|repair| repair.vendor.as_ref()) {
            Some(law) => self.events.push_drawn(self.now, at, event, || Wait::of(law)),
            None => self.events.push(at, event),
        }
    }

    /// The vendor has come.
    pub(super) fn vendor_comes(&mut self, index: u32, token: u32) {
        let job = &mut self.state.jobs[index as usize];
        if job.token == token {
            job.wants_vendor = false;
            let (node, called, why) = (job.node, job.called, job.why);
            let waited = self.now.since(called);
            if self.promise_of(node).is_some() {
                self.see_because(Occurrence::VendorCame { node, waited }, why);
            }
            self.if_all_is_there(index);
        }
    }

    /// When vendor and spare part are both there, the repair waits for the crew: first come, first served.
    fn if_all_is_there(&mut self, index: u32) {
        let job = &self.state.jobs[index as usize];
        let repair = self.world.nodes[job.node.at()].repair.as_ref();
        let wants_spare = repair.is_some_and(|r| r.spares.is_some()) && !job.has_spare;
        if job.wants_vendor || wants_spare {
            return;
        }
        if let Some(crew) = repair.and_then(|r| r.crew) {
            self.state.crews[crew.at()].waiting.push_back(index);
            self.state.jobs[index as usize].stage = Stage::Ready;
            return self.hands_go_on(crew);
        }
        self.hands_on(index);
    }

    /// Repairs at once that a crew may have under way now.
    pub(super) fn hands_of(&self, crew: CrewId) -> u32 {
        let crew = &self.world.crews[crew.at()];
        let at_work = crew.hours.as_ref().is_none_or(|hours| hours.hold(&self.world.calendar, self.now));
        if at_work { crew.hands_at(self.now) } else { 0 }
    }

    /// Repairs go on as hands are free; of a crew that works through services, when it is clear which of these still serve.
    pub(super) fn hands_go_on(&mut self, id: CrewId) {
        if self.world.crews[id.at()].needs.is_empty() {
            self.hands_begin(id);
        }
    }

    /// As many repairs as a crew has hands free for begin: those that come first, and of these who has waited longest.
    fn hands_begin(&mut self, id: CrewId) {
        let crew = &self.world.crews[id.at()];
        while self.state.crews[id.at()].busy < self.hands_of(id) {
            let (jobs, missing) = (&self.state.jobs, self.missing_for(id));
            let waiting = self.state.crews[id.at()].waiting.iter().enumerate();
            let waiting = waiting.filter(|(_, job)| self.may_begin(**job, missing));
            let next = waiting.min_by_key(|(_, job)| crew.rank(jobs[**job as usize].node)).map(|(place, _)| place);
            let state = &mut self.state.crews[id.at()];
            let Some(job) = next.and_then(|place| state.waiting.remove(place)) else {
                self.would_have_begun(id);
                return self.tell_what_is_missing(id, missing);
            };
            state.busy += 1;
            self.hands_on(job);
        }
        self.wait_for_hands(id);
    }

    /// The repairs for which hands are free, if it were not for a service: from now on it counts when they can do without.
    fn would_have_begun(&mut self, id: CrewId) {
        let (crew, state) = (&self.world.crews[id.at()], &self.state.crews[id.at()]);
        let free = self.hands_of(id).saturating_sub(state.busy) as usize;
        let mut waiting: Vec<u32> = state.waiting.iter().copied().collect();
        waiting.sort_by_key(|job| crew.rank(self.state.jobs[*job as usize].node));
        for job in waiting.into_iter().take(free) {
            if self.state.jobs[job as usize].without_at.is_none() {
                self.can_do_without(job, id);
            }
        }
    }

    /// Whoever works through services can do without them after a time, that counts from when the repair would have begun.
    fn can_do_without(&mut self, index: u32, id: CrewId) {
        let Some(law) = &self.world.crews[id.at()].without else { return };
        let node = self.state.jobs[index as usize].node;
        let at = self.now.after(law.draw(&mut self.repair_luck(node).without));
        self.state.jobs[index as usize].without_at = Some(at);
        self.events.push_drawn(self.now, at, Event::HandsChange(id), || Wait::of(law));
    }

    /// Whether a repair that waits for a crew can begin, where that lacks a service.
    pub(super) fn may_begin(&self, job: u32, missing: Option<ServiceId>) -> bool {
        missing.is_none() || self.state.jobs[job as usize].without_at.is_some_and(|at| at <= self.now)
    }

    /// A service that a crew works through and that does not serve.
    pub(super) fn missing_for(&self, id: CrewId) -> Option<ServiceId> {
        let needs = &self.world.crews[id.at()].needs;
        needs.iter().find(|service| !self.serves_where_needed(**service, None)).copied()
    }

    /// Repairs that wait for a service, and not for hands, are told once.
    fn tell_what_is_missing(&mut self, id: CrewId, missing: Option<ServiceId>) {
        let Some(service) = missing else { return };
        for i in 0..self.state.crews[id.at()].waiting.len() {
            let job = &mut self.state.jobs[self.state.crews[id.at()].waiting[i] as usize];
            if !std::mem::replace(&mut job.stuck, true) {
                let (node, why) = (job.node, job.why);
                self.see_because(Occurrence::RepairStuck { node, service }, why);
            }
        }
    }

    /// What has changed has gone through everything: crews that work through services begin what they can.
    pub(super) fn go_on_with_repairs(&mut self) {
        for i in 0..self.world.crews.len() {
            if !self.world.crews[i].needs.is_empty() && !self.state.crews[i].waiting.is_empty() {
                self.hands_begin(CrewId::new(i));
            }
        }
    }

    /// Whoever waits for a crew that is not there waits until it comes.
    fn wait_for_hands(&mut self, id: CrewId) {
        let crew = &self.world.crews[id.at()];
        let opens = crew.hours.as_ref().map_or(self.now, |hours| hours.next(&self.world.calendar, self.now));
        let state = &mut self.state.crews[id.at()];
        if opens > self.now && !state.waiting.is_empty() && state.comes_at != Some(opens) {
            state.comes_at = Some(opens);
            self.events.push(opens, Event::HandsChange(id));
        }
    }

    fn hands_on(&mut self, index: u32) {
        let job = &mut self.state.jobs[index as usize];
        job.stage = Stage::HandsOn;
        let (id, temporary, why) = (job.node, job.temporary, job.why);
        let takes = Duration(job.takes.0.saturating_add(job.arrives.0));
        let event = Event::RepairDone { job: index, token: job.token };
        self.see_because(Occurrence::RepairBegan { node: id, temporary }, why);
        let (at, laws) = (self.now.after(takes), self.laws_of_hands(id, temporary));
        match laws {
            Some((takes, None)) => self.events.push_drawn(self.now, at, event, || Wait::of(takes)),
            Some((takes, Some(arrives))) => {
                self.events.push_drawn(self.now, at, event, || Wait::Sum(arrives.clone(), takes.clone()));
            }
            None => self.events.push(at, event),
        }
    }

    /// By which laws hands take their time, and come.
    pub(super) fn laws_of_hands(&self, id: NodeId, temporary: bool) -> Option<(&'w Sampler, Option<&'w Sampler>)> {
        let world = self.world;
        let repair = world.nodes[id.at()].repair.as_ref()?;
        let arrives = repair.crew.and_then(|crew| world.crews[crew.at()].arrives.as_ref());
        let takes = repair.temporary.as_ref().filter(|_| temporary).map_or(&repair.takes, |(takes, _)| takes);
        Some((takes, arrives))
    }

    pub(super) fn repair_done(&mut self, index: u32, token: u32) {
        let job = &mut self.state.jobs[index as usize];
        if job.token != token {
            return;
        }
        let (id, members, temporary, why) = (job.node, job.members, job.temporary, job.why);
        let (stage, not_before) = (job.stage, job.not_before);
        if stage == Stage::HandsOn && self.is_in_vain(index) {
            return;
        }
        let job = &mut self.state.jobs[index as usize];
        if not_before > self.now {
            job.stage = Stage::ByItself;
            let token = job.token;
            self.events.push(not_before, Event::RepairDone { job: index, token });
        }
        if stage == Stage::HandsOn {
            self.free_hands(id);
        }
        if not_before > self.now {
            return;
        }
        let who = std::mem::take(&mut self.state.jobs[index as usize].who);
        self.end_job(index);
        let seen = self.see_because(Occurrence::Repaired { node: id, members, temporary }, why);
        let state = &mut self.state.nodes[id.at()];
        state.failed -= members;
        if temporary {
            state.temporary += members;
        }
        self.touch_node(id, Some(seen));
        self.lives_begin(id, &who, if temporary { Law::Temporary } else { Law::Own });
    }

    /// Whether a repair whose hands are done has not succeeded: they begin again, and that takes as long as any other.
    fn is_in_vain(&mut self, index: u32) -> bool {
        let job = &self.state.jobs[index as usize];
        let (id, token, temporary, why) = (job.node, job.token, job.temporary, job.why);
        let fails = self.world.nodes[id.at()].repair.as_ref().map_or(0.0, |repair| repair.fails);
        if fails <= 0.0 || !self.repair_luck(id).fails.chance(fails) {
            return false;
        }
        let Some((law, _)) = self.laws_of_hands(id, temporary) else { return false };
        let takes = law.draw(&mut self.repair_luck(id).again);
        self.see_because(Occurrence::RepairFailed(id), why);
        let event = Event::RepairDone { job: index, token };
        self.events.push_drawn(self.now, self.now.after(takes), event, || Wait::of(law));
        true
    }

    /// The crew of a node has hands free: the next repair that waits for it begins.
    fn free_hands(&mut self, id: NodeId) {
        let Some(crew) = self.world.nodes[id.at()].repair.as_ref().and_then(|r| r.crew) else { return };
        self.state.crews[crew.at()].busy -= 1;
        self.hands_go_on(crew);
    }

    /// All repairs of a node are void. Parts that they have got go back on the shelf, and parts that they wait for when they
    /// come; hands go on to whoever is next, which is none of these.
    pub(super) fn call_repairs_off(&mut self, id: NodeId) {
        let mut hands = 0;
        for index in 0..self.state.jobs.len() as u32 {
            let job = &self.state.jobs[index as usize];
            if job.node == id && job.stage != Stage::Free {
                hands += u32::from(job.stage == Stage::HandsOn);
                self.state.nodes[id.at()].spares += u32::from(job.has_spare);
                self.end_job(index);
            }
        }
        self.state.nodes[id.at()].waiting_for_spare.clear();
        if let Some(crew) = self.world.nodes[id.at()].repair.as_ref().and_then(|r| r.crew) {
            let jobs = &self.state.jobs;
            self.state.crews[crew.at()].waiting.retain(|index| jobs[*index as usize].stage == Stage::Ready);
            for _ in 0..hands {
                self.free_hands(id);
            }
        }
    }
}
