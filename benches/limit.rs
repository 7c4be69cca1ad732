//! How fast single requests could be followed at all: bare loops that draw, queue, count and sum waits, and nothing else; and
//! their queues alone. Each of them on the queues of `firedrill::event_list` with variates by ziggurat, on a heap of four children
//! written by hand with the same variates, and on the heap of the standard library with variates by inversion.
//!
//! An element is an event: an arrival, a departure or a timeout that fires. Only ratios of one run mean anything.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use firedrill::dist::exponential;
use firedrill::event_list::{EventList, Timers};
use firedrill::load::load;
use firedrill::num;
use firedrill::rng::{Luck, Stream};
use firedrill::run::{Traffic, follow};
use firedrill::scenario::{Choice, Source};
use firedrill::world::World;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

const MILLISECOND: f64 = 1e6;

/// Events of one turn of a loop.
const EVENTS: u64 = 1_000_000;

fn stream(purpose: &str) -> Stream {
    Stream::new(Luck { seed: 1, replication: 0 }, "limit", purpose)
}

/// What a loop turns on.
trait Queue: Sized {
    const NAME: &str;
    fn new() -> Self;
    fn push(&mut self, at: u64, what: u64);
    fn pop(&mut self) -> Option<(u64, u64)>;
    fn exponential(stream: &mut Stream) -> f64;
}

fn after<Q: Queue>(now: u64, mean: f64, stream: &mut Stream) -> u64 {
    now + (mean * Q::exponential(stream)) as i64 as u64
}

impl Queue for EventList<u64> {
    const NAME: &str = "event list, ziggurat";

    fn new() -> Self {
        EventList::new()
    }

    #[inline]
    fn push(&mut self, at: u64, what: u64) {
        EventList::push(self, at, what);
    }

    #[inline]
    fn pop(&mut self) -> Option<(u64, u64)> {
        EventList::pop(self)
    }

    #[inline]
    fn exponential(stream: &mut Stream) -> f64 {
        exponential(stream)
    }
}

/// A heap in which each entry has four children: half as deep, and the children lie side by side.
struct Heap4(Vec<(u64, u64)>);

impl Queue for Heap4 {
    const NAME: &str = "4-ary heap, ziggurat";

    fn new() -> Self {
        Heap4(Vec::new())
    }

    #[inline]
    fn push(&mut self, at: u64, what: u64) {
        let heap = &mut self.0;
        let mut hole = heap.len();
        heap.push((at, what));
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if heap[parent].0 <= at {
                break;
            }
            heap[hole] = heap[parent];
            hole = parent;
        }
        heap[hole] = (at, what);
    }

    #[inline]
    fn pop(&mut self) -> Option<(u64, u64)> {
        let heap = &mut self.0;
        let last = heap.pop()?;
        let Some(&first) = heap.first() else { return Some(last) };
        let mut hole = 0;
        loop {
            let child = 4 * hole + 1;
            let Some(children) = heap.get(child..(child + 4).min(heap.len())) else { break };
            let least = if let &[a, b, c, d] = children {
                // Two and two, without a branch.
                let (left, right) = (usize::from(b.0 < a.0), 2 + usize::from(d.0 < c.0));
                if c.0.min(d.0) < a.0.min(b.0) { right } else { left }
            } else {
                (1..children.len()).fold(0, |least, i| if children[i].0 < children[least].0 { i } else { least })
            };
            match children.get(least) {
                Some(&(at, what)) if at < last.0 => heap[hole] = (at, what),
                _ => break,
            }
            hole = child + least;
        }
        heap[hole] = last;
        Some(first)
    }

    #[inline]
    fn exponential(stream: &mut Stream) -> f64 {
        exponential(stream)
    }
}

impl Queue for BinaryHeap<Reverse<(u64, u64)>> {
    const NAME: &str = "BinaryHeap, inversion";

    fn new() -> Self {
        BinaryHeap::new()
    }

    #[inline]
    fn push(&mut self, at: u64, what: u64) {
        BinaryHeap::push(self, Reverse((at, what)));
    }

    #[inline]
    fn pop(&mut self) -> Option<(u64, u64)> {
        BinaryHeap::pop(self).map(|Reverse(due)| due)
    }

    #[inline]
    fn exponential(stream: &mut Stream) -> f64 {
        -num::ln(stream.uniform())
    }
}

const ARRIVAL: u64 = u64::MAX;
const DEPARTURE: u64 = u64::MAX - 1;

/// A service of 50 ms on so many servers, which are busy nine tenths of the time: the sum of all waits.
fn station<Q: Queue>(servers: u64) -> u64 {
    let service = 50.0 * MILLISECOND;
    let between = service / (0.9 * servers as f64);
    let (mut arrivals, mut services) = (stream("arrivals"), stream("services"));
    let mut queue = Q::new();
    let mut waiting: VecDeque<u64> = VecDeque::new();
    let (mut busy, mut waits, mut events) = (0, 0, 0);
    queue.push(0, ARRIVAL);
    while let Some((now, what)) = queue.pop() {
        events += 1;
        if events == EVENTS {
            break;
        }
        if what == ARRIVAL {
            queue.push(after::<Q>(now, between, &mut arrivals), ARRIVAL);
            if busy < servers {
                busy += 1;
                queue.push(after::<Q>(now, service, &mut services), DEPARTURE);
            } else {
                waiting.push_back(now);
            }
        } else if let Some(since) = waiting.pop_front() {
            waits += now - since;
            queue.push(after::<Q>(now, service, &mut services), DEPARTURE);
        } else {
            busy -= 1;
        }
    }
    waits
}

/// Who is in the system: a token is live until its place is given back.
#[derive(Default)]
struct Requests {
    tokens: Vec<u64>,
    free: Vec<u64>,
}

impl Requests {
    /// A place and how often it was given, below [`DEPARTURE`].
    #[inline]
    fn enter(&mut self) -> u64 {
        match self.free.pop() {
            Some(place) => self.tokens[place as usize],
            None => {
                self.tokens.push(self.tokens.len() as u64);
                self.tokens.len() as u64 - 1
            }
        }
    }

    #[inline]
    fn is_live(&self, token: u64) -> bool {
        self.tokens[token as u32 as usize] == token
    }

    #[inline]
    fn leave(&mut self, token: u64) {
        let place = token as u32 as usize;
        self.tokens[place] = (token + (1 << 32)) & !(1 << 63);
        self.free.push(place as u64);
    }
}

/// How the timeouts of the station of impatient users are kept.
trait Timeouts {
    type Queue: Queue;
    const NAME: &str;
    fn new(length: u64) -> Self;
    fn set(&mut self, queue: &mut Self::Queue, now: u64, token: u64);
    fn cancelled(&mut self);
    /// The next event: when, what, and whether it is a timeout.
    fn next(&mut self, queue: &mut Self::Queue, requests: &Requests) -> Option<(u64, u64, bool)>;
}

/// In lines.
struct Lines(Timers, usize);

impl Timeouts for Lines {
    type Queue = EventList<u64>;
    const NAME: &str = "event list and timers, ziggurat";

    fn new(length: u64) -> Self {
        let mut timers = Timers::new();
        let class = timers.class(length);
        Lines(timers, class)
    }

    #[inline]
    fn set(&mut self, _: &mut Self::Queue, now: u64, token: u64) {
        self.0.set(self.1, now, token);
    }

    #[inline]
    fn cancelled(&mut self) {
        self.0.cancelled(self.1);
    }

    #[inline]
    fn next(&mut self, queue: &mut Self::Queue, requests: &Requests) -> Option<(u64, u64, bool)> {
        if self.0.next_at() < queue.next_at()
            && let Some((at, _, token)) = self.0.pop_due(queue.next_at(), |token| requests.is_live(token))
        {
            return Some((at, token, true));
        }
        queue.pop().map(|(at, what)| (at, what, false))
    }
}

/// Among the events, where the dead stay until their time comes.
struct Among<Q>(u64, std::marker::PhantomData<Q>);

/// Marks a timeout among events.
const TIMEOUT: u64 = 1 << 63;

impl<Q: Queue> Timeouts for Among<Q> {
    type Queue = Q;
    const NAME: &str = Q::NAME;

    fn new(length: u64) -> Self {
        Among(length, std::marker::PhantomData)
    }

    #[inline]
    fn set(&mut self, queue: &mut Q, now: u64, token: u64) {
        queue.push(now + self.0, token | TIMEOUT);
    }

    #[inline]
    fn cancelled(&mut self) {}

    #[inline]
    fn next(&mut self, queue: &mut Q, requests: &Requests) -> Option<(u64, u64, bool)> {
        loop {
            let (at, what) = queue.pop()?;
            if what == ARRIVAL || what & TIMEOUT == 0 {
                return Some((at, what, false));
            }
            if requests.is_live(what & !TIMEOUT) {
                return Some((at, what & !TIMEOUT, true));
            }
        }
    }
}

/// The station with 50 servers, where every request has a timeout of a second, which hardly ever fires.
fn impatient<M: Timeouts>() -> u64 {
    let service = 50.0 * MILLISECOND;
    let (mut arrivals, mut services) = (stream("arrivals"), stream("services"));
    let mut queue = M::Queue::new();
    let mut timeouts = M::new(1_000_000_000);
    let mut requests = Requests::default();
    let mut waiting: VecDeque<(u64, u64)> = VecDeque::new();
    let (mut busy, mut waits, mut events, mut fired) = (0, 0, 0, 0);
    queue.push(0, ARRIVAL);
    while let Some((now, what, timeout)) = timeouts.next(&mut queue, &requests) {
        events += 1;
        if events == EVENTS {
            break;
        }
        if timeout {
            fired += 1;
        } else if what == ARRIVAL {
            queue.push(after::<M::Queue>(now, service / 45.0, &mut arrivals), ARRIVAL);
            let token = requests.enter();
            timeouts.set(&mut queue, now, token);
            if busy < 50 {
                busy += 1;
                queue.push(after::<M::Queue>(now, service, &mut services), token);
            } else {
                waiting.push_back((now, token));
            }
        } else {
            requests.leave(what);
            timeouts.cancelled();
            if let Some((since, token)) = waiting.pop_front() {
                waits += now - since;
                queue.push(after::<M::Queue>(now, service, &mut services), token);
            } else {
                busy -= 1;
            }
        }
    }
    waits + fired
}

/// PHOLD (Fujimoto, "Performance of Time Warp under synthetic workloads", 1990): 1,024 processes with 16 events each, which they
/// send to one another.
fn phold<Q: Queue>() -> u64 {
    let mut stream = stream("phold");
    let mut queue = Q::new();
    let mut seen = [0_u64; 1_024];
    for i in 0..16 * 1_024 {
        queue.push(after::<Q>(0, MILLISECOND, &mut stream), i % 1_024);
    }
    for _ in 0..EVENTS {
        let Some((now, to)) = queue.pop() else { break };
        seen[to as usize % 1_024] += now & 1;
        queue.push(after::<Q>(now, MILLISECOND, &mut stream), stream.bits() >> 54);
    }
    seen.iter().sum()
}

/// The same station through the front door: a scenario, its users and their path to it, every metric and histogram on.
fn engine(servers: u64, timeout: &str) -> (Arc<World>, u64) {
    let per_s = servers as f64 * 18.0;
    // An arrival and a departure each.
    let horizon_s = EVENTS as f64 / 2.0 / per_s;
    let text = format!(
        r#"Scenario(format: 1, title: "a station", clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "{horizon_s}s"),
        sites: {{"a": ()}},
        services: {{"work": (runs_at: {{"a": (servers: {servers})}}, takes: exponential(mean: "50ms"))}},
        features: {{"do": (calls: [hard(to: "work")]{timeout})}},
        people: {{"all": (users: 1000, uses: {{"do": "{}/s"}}, served_by: "a")}})"#,
        per_s / 1_000.0
    );
    let (_, world) = load(&Source::new("station.ron", text), &Choice::default()).unwrap_or_else(|e| panic!("{e}"));
    let events = followed(&world);
    (world, events)
}

fn followed(world: &Arc<World>) -> u64 {
    let luck = Luck { seed: 1, replication: 0 };
    let run = follow(world, luck, Traffic::every_request()).unwrap_or_else(|e| panic!("{e}"));
    run.outcome.traffic.events
}

fn engines(c: &mut Criterion) {
    for (name, servers, timeout) in
        [("M-M-1", 1, ""), ("M-M-50", 50, ""), ("M-M-50 with timeouts", 50, r#", timeout: "1s""#)]
    {
        let (world, events) = engine(servers, timeout);
        let mut group = c.benchmark_group(name);
        group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        group.throughput(Throughput::Elements(events));
        group.bench_function("engine, through the front door", |b| b.iter(|| followed(&world)));
        group.finish();
    }
}

/// A loop and its name.
type Make = (&'static str, fn() -> u64);

fn loops(c: &mut Criterion) {
    fn three(c: &mut Criterion, name: &str, makes: [Make; 3]) {
        let mut group = c.benchmark_group(name);
        group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        group.throughput(Throughput::Elements(EVENTS));
        for (make, run) in makes {
            group.bench_function(make, |b| b.iter(run));
        }
        group.finish();
    }
    type Std = BinaryHeap<Reverse<(u64, u64)>>;
    three(
        c,
        "M-M-1",
        [
            (EventList::NAME, || station::<EventList<u64>>(1)),
            (Heap4::NAME, || station::<Heap4>(1)),
            (Std::NAME, || station::<Std>(1)),
        ],
    );
    three(
        c,
        "M-M-50",
        [
            (EventList::NAME, || station::<EventList<u64>>(50)),
            (Heap4::NAME, || station::<Heap4>(50)),
            (Std::NAME, || station::<Std>(50)),
        ],
    );
    three(
        c,
        "M-M-50 with timeouts",
        [
            (Lines::NAME, impatient::<Lines>),
            (Among::<Heap4>::NAME, impatient::<Among<Heap4>>),
            (Among::<Std>::NAME, impatient::<Among<Std>>),
        ],
    );
    three(
        c,
        "PHOLD",
        [(EventList::NAME, phold::<EventList<u64>>), (Heap4::NAME, phold::<Heap4>), (Std::NAME, phold::<Std>)],
    );
}

/// The hold model (Jones, "An empirical comparison of priority-queue and event-set implementations", 1986): pop one, push one.
fn hold<Q: Queue>(c: &mut Criterion, name: &str) {
    let mut group = c.benchmark_group("hold");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    for pending in [10_u64, 1_000, 100_000, 8_000_000] {
        let mut stream = stream("hold");
        let mut queue = Q::new();
        // Each of them with the variates by ziggurat: this is about the queue.
        let mut ahead = || (1e9 * exponential(&mut stream)) as i64 as u64;
        for i in 0..pending {
            queue.push(ahead(), i);
        }
        let mut turn = |turns: u64| {
            for _ in 0..turns {
                if let Some((now, what)) = queue.pop() {
                    queue.push(now + ahead(), what);
                }
            }
        };
        turn(2 * pending);
        let turns = pending.clamp(100_000, EVENTS);
        group.throughput(Throughput::Elements(turns));
        group.bench_function(BenchmarkId::new(name, pending), |b| b.iter(|| turn(turns)));
    }
    group.finish();
}

fn holds(c: &mut Criterion) {
    hold::<EventList<u64>>(c, "event list");
    hold::<Heap4>(c, "4-ary heap");
    hold::<BinaryHeap<Reverse<(u64, u64)>>>(c, "BinaryHeap");
}

/// A response, whose timer is cancelled, and the next request with its timer; any of those in flight responds. The timeout is
/// twenty times the mean time of a response.
fn respond<M: Timeouts>(c: &mut Criterion, name: &str) {
    let mut group = c.benchmark_group("timers, a response");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    for in_flight in [50_u64, 10_000, 100_000] {
        let step = 1_000;
        let mut stream = stream("responses");
        let mut queue = M::Queue::new();
        let mut timeouts = M::new(20 * step * in_flight);
        let mut requests = Requests::default();
        let mut flying: Vec<u64> = (0..in_flight).map(|_| requests.enter()).collect();
        let mut now = 0;
        for &token in &flying {
            timeouts.set(&mut queue, now, token);
        }
        // The response itself, after which timeouts may be due.
        queue.push(now, ARRIVAL);
        let mut turn = |turns: u64| {
            let mut responses = 0;
            while responses < turns {
                let Some((at, _, fired)) = timeouts.next(&mut queue, &requests) else { break };
                if fired {
                    continue;
                }
                (now, responses) = (at, responses + 1);
                let one = ((u128::from(stream.bits()) * u128::from(in_flight)) >> 64) as usize;
                requests.leave(flying[one]);
                timeouts.cancelled();
                flying[one] = requests.enter();
                timeouts.set(&mut queue, now, flying[one]);
                queue.push(now + step, ARRIVAL);
            }
        };
        turn(60 * in_flight);
        group.throughput(Throughput::Elements(100_000));
        group.bench_function(BenchmarkId::new(name, in_flight), |b| b.iter(|| turn(100_000)));
    }
    group.finish();
}

fn timers(c: &mut Criterion) {
    respond::<Lines>(c, "timers");
    respond::<Among<BinaryHeap<Reverse<(u64, u64)>>>>(c, "BinaryHeap, lazily");
}

criterion_group!(benches, engines, loops, holds, timers);
criterion_main!(benches);
