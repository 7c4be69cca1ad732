//! The grid: what is run, and for how long.

use firedrill::queueing::MultiServerQueue;

/// Cells that are shown in one table.
pub struct Family {
    /// By this it is kept or left out.
    pub name: &'static str,
    pub title: &'static str,
    /// What it is, in a paragraph.
    pub about: &'static str,
    /// The metrics that the table shows.
    pub shows: &'static [&'static str],
    /// Whether its cells have to agree, or are only told.
    pub cells: Vec<Cell>,
}

/// One scenario.
pub struct Cell {
    pub row: String,
    pub column: String,
    pub text: String,
    pub replications: u64,
    /// Requests of one replication, about.
    pub requests: f64,
    /// When its overload begins, if there is one.
    pub overload_from_s: Option<f64>,
    /// The metrics that are not held to the bounds, but only told.
    pub told: &'static [&'static str],
}

/// Every station can do as many requests per second, whatever its servers: equal spans of time are then equal numbers of requests.
const CAPACITY: f64 = 100.0;
const REPLICATIONS: u64 = 8;
/// No cell at rest has more requests than this, in all of its replications.
const REQUESTS_MAX: f64 = 1.2e6;
const REQUESTS_MIN: f64 = 0.3e6;
/// The half-width of a mean's 95% interval that the lengths are made for.
const HALF_WIDTH: f64 = 0.03;

pub const UTILISATIONS: [f64; 7] = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95];
pub const SERVERS: [u64; 4] = [1, 10, 100, 1_000];

/// Service times: squared coefficient of variation, and the distribution with a mean.
#[derive(Clone, Copy, PartialEq)]
pub struct Takes(pub f64);

impl Takes {
    fn of(self, mean_ms: f64) -> String {
        let mean = format!("{:.0}us", mean_ms * 1e3);
        match self.0 {
            0.0 => format!(r#"fixed("{mean}")"#),
            0.25 => format!(r#"erlang(mean: "{mean}", stages: 4)"#),
            1.0 => format!(r#"exponential(mean: "{mean}")"#),
            scv => format!(r#"lognormal(mean: "{mean}", cv: {})"#, scv.sqrt()),
        }
    }
}

const TAKES: [Takes; 5] = [Takes(0.0), Takes(0.25), Takes(1.0), Takes(4.0), Takes(16.0)];

/// Requests of all replications of a station at rest, and of the warm-up of each.
///
/// Whitt, Planning queueing simulations, Management Science 35 (1989): near saturation a queue is a reflected Brownian motion,
/// whose mean over a time T has the variance `c^3 rho / (2 (1 - rho)^4 T)` with the sum c of both scvs, in units of the time between
/// two services; it forgets its start in some `c / (1 - rho)^2`. Those who do not wait spread as their services do.
fn lengths(rho: f64, servers: u64, takes: Takes) -> (f64, f64) {
    let c = 1.0 + takes.0;
    let m = servers as f64;
    let station =
        MultiServerQueue { servers, service_s: m / CAPACITY, service_scv: 1.0, arrival_scv: 1.0, waiting_max: None };
    let steady = station.steady(rho * CAPACITY).expect("below saturation");
    let waits = steady.wait_probability;
    let mean = m + waits * c / 2.0 / (1.0 - rho);
    let idle = 1.0 - rho;
    // Lognormal services have heavier tails than two moments tell.
    let heavier = if takes.0 > 1.0 { 2.0 } else { 1.0 };
    let of_queue = heavier * waits * c * c * c / (2.0 * rho * idle * idle * idle * idle);
    let of_service = m * m * takes.0 / rho;
    let z = 1.96 / (HALF_WIDTH * mean);
    let wanted = z * z * (of_queue + of_service) * rho;
    let warm_up = rho * (10.0 * waits * c / (idle * idle) + 20.0 * m * c.max(2.0));
    (wanted.clamp(REQUESTS_MIN, REQUESTS_MAX), warm_up)
}

fn scenario(
    horizon_s: f64,
    warm_up_s: f64,
    services: &str,
    feature: &str,
    rate: f64,
    people: &str,
    drill: &str,
) -> String {
    format!(
        r#"Scenario(format: 1, title: "a cell of the grid",
    clock: (from: "2023-01-02T00:00", zone: "UTC", horizon: "{horizon_s:.0}s", warm_up: "{warm_up_s:.0}s"),
    sites: {{"a": ()}},
    services: {{{services}}},
    features: {{"do": ({feature})}},
    people: {{"all": (users: 1000, uses: {{"do": "{:.6}/h"}}, served_by: "a"{people})}},
    drill: [{drill}])"#,
        rate * 3.6,
    )
}

/// Every metric.
const ALL: &[&str] = &["served", "failed", "mean", "p50", "p95", "p99", "backlog", "drained"];

const ONE_CALL: &str = r#"calls: [hard(to: "work")]"#;

fn service(name: &str, servers: u64, takes: Takes, mean_ms: f64, more: &str) -> String {
    format!(r#""{name}": (runs_at: {{"a": (servers: {servers})}}, takes: {}{more}), "#, takes.of(mean_ms))
}

/// Milliseconds that a service of so many servers takes.
fn takes_ms(servers: u64) -> f64 {
    servers as f64 / CAPACITY * 1e3
}

fn at_rest(row: String, column: String, rho: f64, requests: (f64, f64), text: impl Fn(f64, f64) -> String) -> Cell {
    let rate = rho * CAPACITY;
    let (measured_s, warm_up_s) = (requests.0 / REPLICATIONS as f64 / rate, (requests.1 / rate).max(10.0).ceil());
    let horizon_s = (warm_up_s + measured_s).ceil();
    Cell {
        row,
        column,
        text: text(horizon_s, warm_up_s),
        replications: REPLICATIONS,
        requests: horizon_s * rate,
        overload_from_s: None,
        told: &[],
    }
}

fn percent(x: f64) -> String {
    format!("{:.0}%", x * 100.0)
}

/// All families, in the order of the page.
pub fn families() -> Vec<Family> {
    vec![one_tier(), overload(), bounded(), tiers(), retries(), shapes()]
}

fn one_tier() -> Family {
    let mut cells = Vec::new();
    for takes in TAKES {
        for servers in SERVERS {
            for rho in UTILISATIONS {
                let row = format!("scv {}, {servers} servers", takes.0);
                let lengths = lengths(rho, servers, takes);
                let mut cell = at_rest(row, percent(rho), rho, lengths, |horizon_s, warm_up_s| {
                    let work = service("work", servers, takes, takes_ms(servers), "");
                    scenario(horizon_s, warm_up_s, &work, ONE_CALL, rho * CAPACITY, "", "")
                });
                // Near saturation, and where a service is mostly short and at times very long, medians and ends are only told.
                cell.told = if rho >= 0.95 {
                    ALL
                } else if takes.0 > 4.0 {
                    &["p50", "p99"]
                } else {
                    &[]
                };
                cells.push(cell);
            }
        }
    }
    Family {
        name: "rest",
        title: "One tier at rest",
        about: "Poisson arrivals at one service without a limit to its queue. Rows are service times (squared coefficient of \
                variation: 0 fixed, 0.25 Erlang of 4 stages, 1 exponential, 4 and 16 lognormal) and servers, columns are utilisation.",
        shows: &["mean", "p50", "p95", "p99"],
        cells,
    }
}

/// A surge at a half-loaded station: `shape` is what follows the factor.
fn surge(factor: f64, from_s: f64, shape: &str) -> String {
    format!(r#"at("+{from_s:.0}s", surge(of: "all", by: "x{factor:.6}", {shape}))"#)
}

fn overload() -> Family {
    let mut cells = Vec::new();
    for takes in TAKES {
        for servers in SERVERS {
            for rho in [1.05, 1.2, 1.5] {
                let (base, c, m) = (0.5, 1.0 + takes.0, servers as f64);
                let over: f64 = rho - 1.0;
                // So long that what chance adds to the backlog is small beside it: both its spread and its bias.
                let z = 1.96 / (HALF_WIDTH * over);
                let wanted = (z * z * c / REPLICATIONS as f64).max(c / (2.0 * over * over) / 0.01).max(400.0 * m);
                let lasts_s = (wanted.clamp(0.2e6, 3e6) / CAPACITY).ceil();
                let from_s = (20.0 * m * c.max(2.0) / CAPACITY).max(100.0).ceil();
                let horizon_s = from_s + lasts_s * (1.0 + over / (1.0 - base)) * 1.15 + 60.0 * m / CAPACITY + 100.0;
                let work = service("work", servers, takes, takes_ms(servers), "");
                let drill = surge(rho / base, from_s, &format!(r#"lasts: "{lasts_s:.0}s""#));
                cells.push(Cell {
                    row: format!("scv {}, {servers} servers", takes.0),
                    column: percent(rho),
                    text: scenario(horizon_s.ceil(), from_s, &work, ONE_CALL, base * CAPACITY, "", &drill),
                    replications: REPLICATIONS,
                    requests: CAPACITY * (from_s * base + lasts_s * rho + (horizon_s - from_s - lasts_s) * base),
                    overload_from_s: Some(from_s),
                    told: &[],
                });
            }
        }
    }
    Family {
        name: "overload",
        title: "One tier overloaded",
        about: "From half its capacity to as much as the column says, until the backlog is far above what chance makes of it, and back.",
        shows: &["backlog", "drained", "mean", "p99"],
        cells,
    }
}

fn bounded() -> Family {
    let mut cells = Vec::new();
    for takes in [Takes(0.0), Takes(1.0), Takes(4.0)] {
        for servers in [1, 10, 100] {
            for places in [0, 1, 10] {
                let places = places * servers;
                for rho in [0.7, 0.95, 1.2] {
                    let requests = (4e5, 2e4 * (1.0 + takes.0));
                    let row = format!("scv {}, {servers} servers, {places} places", takes.0);
                    let mut cell = at_rest(row, percent(rho), rho, requests, |horizon_s, warm_up_s| {
                        let more = format!(", queue: {places}");
                        let work = service("work", servers, takes, takes_ms(servers), &more);
                        scenario(horizon_s, warm_up_s, &work, ONE_CALL, rho * CAPACITY, "", "")
                    });
                    cell.told = if takes.0 == 1.0 || places == 0 { &[] } else { ALL };
                    cells.push(cell);
                }
            }
        }
    }
    Family {
        name: "bounded",
        title: "A queue with a limit",
        about: "Who finds as many waiting as there are places is turned away. Columns are what is asked over the capacity.",
        shows: &["served", "mean", "p95", "p99"],
        cells,
    }
}

fn tiers() -> Family {
    let mut cells = Vec::new();
    // By tier, from the one that users call: servers, and the part of the load of the busiest.
    type Chain<'a> = (&'a str, &'a [(u64, f64)], f64);
    let chains: [Chain; 6] = [
        ("2 tiers, both 10", &[(10, 1.0), (10, 1.0)], 1.0),
        ("2 tiers, 100 before 10", &[(100, 1.0), (10, 1.0)], 1.0),
        ("2 tiers, 100 before 10, 3 calls", &[(100, 1.0), (10, 1.0)], 3.0),
        ("3 tiers, 1 each", &[(1, 1.0), (1, 1.0), (1, 1.0)], 1.0),
        ("3 tiers, 200, 50 and 10", &[(200, 0.9), (50, 0.9), (10, 1.0)], 1.0),
        ("4 tiers, 100, 40, 20 and 10, 2 calls", &[(100, 0.9), (40, 0.9), (20, 0.9), (10, 1.0)], 2.0),
    ];
    for (name, tiers, calls) in chains {
        for holds in [false, true] {
            for takes in [Takes(0.25), Takes(1.0), Takes(4.0)] {
                for rho in [0.5, 0.7, 0.85] {
                    // Held time of each tier without waits: its own and what is below it; the load of all of it is rho.
                    let names = ["work", "second", "third", "fourth"];
                    let (mut below_ms, mut visits) = (0.0, (1..tiers.len()).fold(1.0, |visits, _| visits * calls));
                    let (mut own, mut busiest) = (Vec::new(), 0.0_f64);
                    for (i, (servers, part)) in tiers.iter().enumerate().rev() {
                        let all_ms = takes_ms(*servers) * part / visits;
                        let held_ms = if holds && i + 1 < tiers.len() { calls * below_ms } else { 0.0 };
                        // A caller that holds has to have something left to do itself.
                        let own_ms = (all_ms - held_ms).max(all_ms * 0.1);
                        below_ms = own_ms + held_ms;
                        busiest = busiest.max(below_ms * visits / takes_ms(*servers));
                        own.push(own_ms);
                        visits /= calls;
                    }
                    let mut services = String::new();
                    for (i, ((servers, _), own_ms)) in tiers.iter().zip(own.iter().rev()).enumerate() {
                        let mut more = String::new();
                        if let Some(next) = names.get(i + 1).filter(|_| i + 1 < tiers.len()) {
                            more = format!(r#", holds: {holds}, calls: [hard(to: "{next}", times: {calls})]"#);
                        }
                        services += &service(names[i], *servers, takes, own_ms / busiest, &more);
                    }
                    let requests = (4e5, 2e4 * (1.0 + takes.0));
                    let row = format!("{name}{}, scv {}", if holds { ", held" } else { "" }, takes.0);
                    let mut cell = at_rest(row, percent(rho), rho, requests, |horizon_s, warm_up_s| {
                        scenario(horizon_s, warm_up_s, &services, ONE_CALL, rho * CAPACITY, "", "")
                    });
                    // One worker at each tier, one after the other: what leaves one is no renewal process.
                    let alone = tiers.iter().all(|(servers, _)| *servers == 1) && takes.0 != 1.0;
                    cell.told = if alone {
                        ALL
                    } else if holds && takes.0 > 1.0 && rho > 0.8 {
                        &["p50", "mean"]
                    } else {
                        &[]
                    };
                    cells.push(cell);
                }
            }
        }
    }
    Family {
        name: "tiers",
        title: "Several tiers",
        about: "A service that calls another, and so on, as often as the row says. Where they are held, workers wait for what they \
                call. Columns are the utilisation of the busiest tier, were there no waits below it.",
        shows: &["mean", "p50", "p95", "p99"],
        cells,
    }
}

fn retries() -> Family {
    let mut cells = Vec::new();
    for (name, servers, queue, timeout) in [
        ("10 servers, timeout of 5 services", 10, None, Some(5.0)),
        ("10 servers, timeout of 2 services", 10, None, Some(2.0)),
        ("100 servers, timeout of 3 services", 100, None, Some(3.0)),
        ("10 servers, 10 places", 10, Some(10), None),
        ("100 servers, 10 places", 100, Some(10), None),
    ] {
        for attempts in [1, 3] {
            for rho in [0.5, 0.7, 0.8, 0.9] {
                let service_s = servers as f64 / CAPACITY;
                let mut feature = ONE_CALL.to_owned();
                if let Some(timeout) = timeout {
                    feature += &format!(r#", timeout: "{:.0}ms""#, timeout * service_s * 1e3);
                }
                if attempts > 1 {
                    feature += &format!(r#", retries: (attempts: {attempts}, after: "{:.0}ms")"#, service_s * 5e3);
                }
                let more = queue.map_or(String::new(), |places| format!(", queue: {places}"));
                let row = format!("{name}, {attempts} attempt{}", if attempts > 1 { "s" } else { "" });
                let mut cell = at_rest(row, percent(rho), rho, (4e5, 4e4), |horizon_s, warm_up_s| {
                    let work = service("work", servers, Takes(1.0), takes_ms(servers), &more);
                    scenario(horizon_s, warm_up_s, &work, &feature, rho * CAPACITY, "", "")
                });
                // A chance queue can begin a storm, and a gap between attempts lies where a percentile is.
                cell.told = match (attempts, timeout) {
                    (3, Some(timeout)) if rho > 0.7 || timeout < 3.0 => ALL,
                    (3, Some(_)) => &["p95", "failed"],
                    (3, None) if rho > 0.8 => ALL,
                    (3, None) => &["failed"],
                    _ => &["failed"],
                };
                cells.push(cell);
            }
        }
    }
    Family {
        name: "retries",
        title: "Timeouts and retries",
        about: "Exponential services. What is refused or comes too late is tried again, after five services. Columns are what users \
                ask over the capacity, before any retry.",
        shows: &["served", "mean", "p95", "p99"],
        cells,
    }
}

fn shapes() -> Family {
    let mut cells = Vec::new();
    let base = 0.6;
    for (name, lasts_s) in [("step", 600.0), ("ramp", 900.0), ("triangle", 900.0), ("school day", 0.0)] {
        for servers in [10, 100] {
            for takes in [Takes(0.25), Takes(1.0), Takes(4.0)] {
                for peak in [0.95, 1.1, 1.4] {
                    let work = service("work", servers, takes, takes_ms(servers), "");
                    let from_s = 300.0;
                    let half_s = lasts_s / 2.0;
                    let lasts = match name {
                        "step" => format!(r#"lasts: "{lasts_s}s""#),
                        "ramp" => format!(r#"ramp: "{lasts_s}s", lasts: "{lasts_s}s""#),
                        _ => format!(r#"ramp: "{half_s}s", falls: "{half_s}s""#),
                    };
                    let (text, horizon_s, from_s) = if name == "school day" {
                        // From midnight to four in the afternoon; the shares are of the peak.
                        const DAY: [(&str, f64); 9] = [
                            ("0s", 2.0),
                            ("6h", 5.0),
                            ("450min", 60.0),
                            ("510min", 100.0),
                            ("570min", 80.0),
                            ("11h", 85.0),
                            ("12h", 55.0),
                            ("13h", 80.0),
                            ("15h", 50.0),
                        ];
                        let points: Vec<String> =
                            DAY.iter().map(|(at, share)| format!(r#"("{at}", "{share}%")"#)).collect();
                        let active = format!(", active: points([{}])", points.join(", "));
                        let text = scenario(57_600.0, 0.0, &work, ONE_CALL, peak * CAPACITY, &active, "");
                        (text, 57_600.0, 0.0)
                    } else {
                        let drill = surge(peak / base, from_s, &lasts);
                        let horizon_s = from_s + lasts_s * 3.0;
                        (scenario(horizon_s, 100.0, &work, ONE_CALL, base * CAPACITY, "", &drill), horizon_s, from_s)
                    };
                    cells.push(Cell {
                        row: format!("{name}, {servers} servers, scv {}", takes.0),
                        column: percent(peak),
                        text,
                        replications: if name == "school day" { 3 } else { 8 },
                        requests: horizon_s * CAPACITY * base,
                        overload_from_s: (peak > 1.0).then_some(from_s),
                        // Where half of the time is above the capacity, the median is a matter of minutes.
                        told: if peak == 1.1 {
                            ALL
                        } else if peak > 1.0 {
                            &["p50"]
                        } else {
                            &[]
                        },
                    });
                }
            }
        }
    }
    Family {
        name: "shapes",
        title: "Loads that change",
        about: "From six tenths of the capacity to the peak of the column and back: at once for ten minutes; in a ramp of a quarter of an \
                hour that ends at once; up and down in a quarter of an hour; and the day of a school, with its bell at 08:30.",
        shows: &["served", "mean", "p95", "p99", "backlog", "drained"],
        cells,
    }
}
