//! Small scenarios of every kind, from a number.

use std::fmt::Write;

/// Numbers out of a number (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// True so many times of a hundred.
    fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// Milliseconds: even ones, so that much happens at the same time, or odd ones.
    fn ms(&mut self, up_to: u64) -> String {
        if self.percent(40) {
            format!("{}ms", (1 + self.below(up_to.div_ceil(10))) * 10)
        } else {
            format!("{}us", 1 + self.below(up_to * 1_000))
        }
    }
}

/// The text of the scenario of a number.
pub fn scenario(number: u64) -> String {
    let mut dice = Dice(number.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 20_161_010);
    // A scenario has some of what there is, not all of it at once.
    let has = Has::some(&mut dice);
    let horizon_s = 3 + dice.below(8);
    let tiers = 1 + dice.below(4);
    let mut text = format!(
        "Scenario(format: 1, title: \"{number}\", clock: (from: \"2023-01-02T00:00\", zone: \"UTC\", horizon: \"{horizon_s}s\"),\n"
    );
    let uplink = if has.narrow && dice.percent(50) { "uplink: \"2Mbps\"" } else { "" };
    let _ = writeln!(text, "sites: {{\"a\": ({uplink}), \"b\": ()}},");
    let _ = writeln!(text, "links: [{}],", link(&mut dice, &has));
    let _ = writeln!(text, "components: {{\"box 0\": (), \"box 1\": ()}},");
    text.push_str("services: {\n");
    for tier in 0..tiers {
        let _ = writeln!(text, "\"s{tier}\": ({}),", service(&mut dice, &has, tier, tiers));
    }
    text.push_str("},\nfeatures: {\n");
    for feature in 0..2 {
        let _ = writeln!(text, "\"f{feature}\": ({}),", feature_text(&mut dice, &has, tiers));
    }
    text.push_str("},\npeople: {\n");
    for people in 0..1 + dice.below(2) {
        let _ = writeln!(text, "\"p{people}\": ({}),", people_text(&mut dice, &has, horizon_s));
    }
    text.push_str("},\ndrill: [\n");
    if has.drill {
        for _ in 0..1 + dice.below(3) {
            let _ = writeln!(text, "{},", step(&mut dice, &has, tiers, horizon_s));
        }
    }
    text.push_str("])");
    text
}

/// What a scenario has.
struct Has {
    network: bool,
    narrow: bool,
    limits: bool,
    lines: bool,
    patience: bool,
    timeouts: bool,
    retries: bool,
    cancels: bool,
    hedges: bool,
    guards: bool,
    closed: bool,
    bends: bool,
    drill: bool,
    at_once: bool,
}

impl Has {
    fn some(dice: &mut Dice) -> Has {
        Has {
            network: dice.percent(50),
            narrow: dice.percent(30),
            limits: dice.percent(50),
            lines: dice.percent(50),
            patience: dice.percent(30),
            timeouts: dice.percent(70),
            retries: dice.percent(50),
            cancels: dice.percent(40),
            hedges: dice.percent(30),
            guards: dice.percent(30),
            closed: dice.percent(30),
            bends: dice.percent(40),
            drill: dice.percent(50),
            at_once: dice.percent(40),
        }
    }
}

fn link(dice: &mut Dice, has: &Has) -> String {
    let mut text = format!("(between: (\"a\", \"b\"), rtt: \"{}\"", dice.ms(20));
    if has.network && dice.percent(50) {
        let _ = write!(text, ", jitter: \"{}\"", dice.ms(10));
    }
    if has.network && dice.percent(50) {
        text.push_str(", loss: \"10%\"");
    }
    if has.narrow {
        text.push_str(", bandwidth: \"1Mbps\"");
    }
    text + ")"
}

fn service(dice: &mut Dice, has: &Has, tier: u64, tiers: u64) -> String {
    let place = |dice: &mut Dice| {
        let stands_on = if has.drill && dice.percent(50) {
            format!(", stands_on: all([\"box {}\"])", dice.below(2))
        } else {
            String::new()
        };
        format!("(servers: {}, workers: {}{stands_on})", 1 + dice.below(3), 1 + dice.below(2))
    };
    let sites = dice.of(&["a", "a", "ab", "b"]);
    let places: Vec<String> = sites.chars().map(|site| format!("\"{site}\": {}", place(dice))).collect();
    let mean = dice.ms(60);
    let takes = match dice.below(6) {
        0 | 1 => format!("fixed(\"{mean}\")"),
        2 => format!("lognormal(mean: \"{mean}\", cv: 2)"),
        3 => format!("uniform(\"0s\", \"{mean}\")"),
        _ => format!("exponential(mean: \"{mean}\")"),
    };
    let mut text = format!("runs_at: {{{}}}, takes: {takes}", places.join(", "));
    let discipline = match dice.below(6) {
        _ if !has.lines => "fifo",
        0 => "lifo",
        1 => "priority",
        2 => "processor_sharing",
        3 => "codel(target: \"20ms\", interval: \"100ms\")",
        _ => "fifo",
    };
    let _ = write!(text, ", discipline: {discipline}");
    if has.limits && dice.percent(50) && discipline != "processor_sharing" {
        let _ = write!(text, ", queue: {}", dice.below(6));
    }
    if has.limits && dice.percent(30) {
        let _ = write!(text, ", in_flight_max: {}", 1 + dice.below(8));
    }
    if has.limits && dice.percent(30) {
        let _ = write!(text, ", rate_limit: (rate: \"{}/s\", burst: {})", 5 + dice.below(40), 1 + dice.below(5));
    }
    if has.lines && dice.percent(30) {
        let _ = write!(text, ", sheds: by_priority(optional_up_to: \"{}%\")", 50 + dice.below(51));
    }
    let calls: Vec<String> = (tier + 1..tiers).filter(|_| dice.percent(70)).map(|to| format!("s{to}")).collect();
    let calls: Vec<String> = calls.iter().map(|to| call(dice, to)).collect();
    if !calls.is_empty() {
        let _ = write!(text, ", calls: [{}]", calls.join(", "));
        if has.at_once && dice.percent(60) {
            text.push_str(", at_once: true");
        }
        if dice.percent(30) {
            text.push_str(", holds: false");
        }
    }
    text
}

fn call(dice: &mut Dice, to: &str) -> String {
    let kind = if dice.percent(70) { "hard" } else { "soft" };
    let mut text = format!("{kind}(to: \"{to}\"");
    if dice.percent(40) {
        let _ = write!(text, ", times: {}", dice.of(&["2", "0.5", "1.3", "2.25", "0.1"]));
    }
    if dice.percent(20) {
        let _ = write!(text, ", gives_up_after: \"{}\"", dice.ms(100));
    }
    text + ")"
}

fn feature_text(dice: &mut Dice, has: &Has, tiers: u64) -> String {
    let mut calls = vec![call(dice, "s0")];
    if tiers > 1 && dice.percent(40) {
        let to = format!("s{}", 1 + dice.below(tiers - 1));
        calls.push(call(dice, &to));
    }
    let mut text = format!("calls: [{}]", calls.join(", "));
    if has.at_once && dice.percent(50) {
        text.push_str(", at_once: true");
    }
    if dice.percent(30) {
        let _ = write!(text, ", slow_over: \"{}\"", dice.ms(100));
    }
    if has.lines {
        let _ = write!(text, ", priority: {}", dice.of(&["critical", "normal", "optional"]));
    }
    if has.narrow {
        let _ = write!(text, ", size: \"{}B\"", 500 + dice.below(4_000));
    }
    let timeout = dice.of(&["50ms", "100ms", "250ms", "333333us"]);
    if has.timeouts {
        let _ = write!(text, ", timeout: \"{timeout}\"");
    }
    if has.cancels {
        text.push_str(", cancels: true");
    }
    if has.retries && dice.percent(80) {
        text.push_str(&retries(dice));
    }
    if has.hedges && dice.percent(80) {
        let _ = write!(
            text,
            ", hedge: (after: \"{}\", at_most: {})",
            dice.of(&["5ms", "10ms", "20ms", "31ms"]),
            1 + dice.below(7)
        );
    }
    if has.guards && dice.percent(60) {
        let fails = dice.of(&["30%", "50%", "100%"]);
        let (of, opens) = (dice.of(&[1, 3, 10]), dice.of(&["100ms", "777ms", "2s"]));
        let _ =
            write!(text, ", breaker: (fails: \"{fails}\", of_at_least: {of}, over: \"1s\", opens_for: \"{opens}\")");
    }
    if has.guards && dice.percent(60) {
        let _ = write!(text, ", throttle: (k: {}, over: \"{}\")", dice.of(&["1", "1.5", "2"]), dice.of(&["1s", "3s"]));
    }
    text
}

fn retries(dice: &mut Dice) -> String {
    let mut text = format!(", retries: (attempts: {}", 2 + dice.below(3));
    match dice.below(4) {
        0 => {}
        1 => {
            let _ = write!(text, ", after: \"{}\"", dice.ms(50));
        }
        2 => text.push_str(", backoff: full_jitter(base: \"20ms\", at_most: \"60ms\")"),
        _ => text.push_str(", backoff: jitter(base: \"10ms\", factor: \"x3\", at_most: \"1s\", by: \"20%\")"),
    }
    if dice.percent(30) {
        text.push_str(", of_timeouts: false");
    }
    match dice.below(4) {
        0 => text.push_str(", budget: \"20%\""),
        1 => {
            let back = dice.percent(50);
            let tokens = format!(
                "most: 5, retry_costs: 2, failure_costs: 0.5, success_earns: 0.3, stops_at: 1, gives_back: {back}"
            );
            let _ = write!(text, ", tokens: ({tokens})");
        }
        _ => {}
    }
    text + ")"
}

fn people_text(dice: &mut Dice, has: &Has, horizon_s: u64) -> String {
    let closed = has.closed && dice.percent(60);
    let rates: Vec<u64> = (0..2).map(|_| dice.of(&[0, 1, 2, 5])).collect();
    let mut text = format!(
        "users: 10, served_by: \"{}\", uses: {{\"f0\": \"{}/s\", \"f1\": \"{}/s\"}}",
        dice.of(&["a", "a", "b"]),
        1 + rates[0],
        rates[1],
    );
    if has.network {
        let _ = write!(text, ", rtt: \"{}\"", dice.ms(30));
    }
    if closed {
        text.push_str(", waits_for_answers: true");
    } else if dice.percent(30) {
        text.push_str(", arrivals: smooth");
    }
    if has.bends && !closed {
        let points: Vec<String> = (0..1 + dice.below(4))
            .map(|n| format!("(\"{}ms\", \"{}%\")", n * horizon_s * 300 + dice.below(3) * 100, 10 + dice.below(91)))
            .collect();
        let _ = write!(text, ", active: points([{}])", points.join(", "));
    }
    if has.patience {
        let _ = write!(text, ", patience: \"{}\"", dice.ms(300));
    }
    if dice.percent(30) {
        text.push_str(", keeps_trying: \"60%\"");
    }
    text
}

fn step(dice: &mut Dice, has: &Has, tiers: u64, horizon_s: u64) -> String {
    let at = dice.ms(horizon_s * 900);
    let lasts = dice.ms(2_000);
    let what = match dice.below(7) {
        0 | 1 => format!("crash(of: \"box {}\", repaired_after: \"{lasts}\")", dice.below(2)),
        2 => {
            let by = dice.of(&["x3", "x10", "x0.5", "x1.1"]);
            format!("slow(service: \"s{}\", by: \"{by}\", lasts: \"{lasts}\")", dice.below(tiers))
        }
        3 => format!("surge(of: \"p0\", by: \"{}\", lasts: \"{lasts}\")", dice.of(&["x3", "x0.5", "x0"])),
        4 => format!("surge(of: \"p0\", feature: \"f0\", by: \"{}\", lasts: \"{lasts}\")", dice.of(&["x5", "x0.1"])),
        5 if has.network => format!("cut(between: (\"a\", \"b\"), lasts: \"{lasts}\")"),
        _ => format!(
            "gray(of: \"{}\", loses: \"{}%\", lasts: \"{lasts}\")",
            dice.of(&["a", "b", "box 0", "box 1"]),
            10 + dice.below(80)
        ),
    };
    format!("at(\"+{at}\", {what})")
}
