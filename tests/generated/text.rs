//! How a plan is written.

use super::{Component, Feature, Maintenance, Names, People, Plan, Service, Step};

/// `name: (fields), ` of a map.
fn entries(list: impl IntoIterator<Item = (String, String)>) -> String {
    list.into_iter().map(|(name, body)| format!("\"{name}\": {body},\n")).collect()
}

impl Plan {
    /// The scenario of this plan under these names.
    pub fn text(&self, names: Names) -> String {
        self.text_with(names, "", "", "")
    }

    /// The same with more sites, links and components in it.
    pub fn text_with(&self, names: Names, sites: &str, links: &str, components: &str) -> String {
        let warm_up = if self.warm_up { ", warm_up: \"1h\"" } else { "" };
        format!(
            "Scenario(format: 1, title: \"generated\",\n\
             clock: (from: \"2024-03-04T06:00\", zone: \"Europe/Oslo\", horizon: \"{}min\"{warm_up}),\n\
             sites: {{{}{sites}}},\nlinks: [{}{links}],\ncomponents: {{{}{components}}},\ncrews: {{{}}},\n\
             groups: {{{}}},\nservices: {{{}}},\nqueues: {{{}}},\nstores: {{{}}},\nfeatures: {{{}}},\n\
             weeks: {{{}}},\npeople: {{{}}},\nstrategies: {{{}}},\nmaintenance: {{{}}},\ndrill: [{}])",
            self.horizon_min,
            entries((0..self.sites.len()).map(|i| (names('S', i), "()".to_owned()))),
            self.link_text(names),
            entries(self.components.iter().enumerate().map(|(i, c)| (names('C', i), self.component_text(i, c, names)))),
            entries(self.crew.iter().map(|(at_once, arrives)| {
                let arrives = arrives.as_ref().map_or(String::new(), |a| format!(", arrives: {a}"));
                (names('W', 0), format!("(at_once: {at_once}{arrives})"))
            })),
            entries(self.has_group().then(|| {
                (names('G', 0), format!("(members: [\"{}\", \"{}\"])", names('S', 0), names('S', 1)))
            })),
            entries(self.services.iter().enumerate().map(|(i, s)| (names('V', i), self.service_text(i, s, names)))),
            entries(self.queue.iter().map(|(at, workers, takes_ms, fresh_min)| {
                (
                    names('Q', 0),
                    format!(
                        "(at: \"{}\", workers: {workers}, takes: fixed(\"{takes_ms}ms\"), fresh_within: \"{fresh_min}min\", \
                         also_fed: \"1/s\")",
                        self.place(*at, names)
                    ),
                )
            })),
            entries(self.store.iter().map(|(at, written, replica)| {
                let replicas = entries((usize::from(*at != 4 || !self.has_group())..self.sites.len()).map(|i| (names('S', i), replica.clone())));
                let primary = if *at == 4 { self.place(*at, names) } else { names('S', 0) };
                (names('D', 0), format!("(primary: \"{primary}\", replicas: {{{replicas}}}, also_written: \"{written}/s\")"))
            })),
            entries(self.features.iter().enumerate().map(|(i, f)| (names('F', i), self.feature_text(f, names)))),
            entries([(
                names('K', 0),
                "(weekdays: [(\"00:00\", \"2%\"), (\"08:00\", \"60%\"), (\"15:00\", \"20%\")], sunday: [(\"12:00\", \"5%\")])"
                    .to_owned(),
            )]),
            entries(self.people.iter().enumerate().map(|(i, p)| (names('P', i), self.people_text(p, names)))),
            entries(self.strategy_text(names)),
            entries(self.maintenance.iter().map(|m| (names('M', 0), self.maintenance_text(m, names)))),
            self.drill.iter().enumerate().map(|(i, step)| self.step_text(i, step, names)).collect::<String>(),
        )
    }

    pub fn has_group(&self) -> bool {
        self.sites.len() > 1
    }

    /// A site, or the group where there is one.
    fn place(&self, index: usize, names: Names) -> String {
        if index == 4 && self.has_group() { names('G', 0) } else { names('S', index % self.sites.len()) }
    }

    fn link_text(&self, names: Names) -> String {
        let mut text = String::new();
        let pairs = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)];
        for (i, ((a, b), link)) in pairs.into_iter().zip(&self.links).enumerate() {
            let wanted = b == a + 1 || self.sites.get(b).is_some_and(|more| *more);
            if a < self.sites.len() && b < self.sites.len() && wanted {
                let bandwidth = link.bandwidth.map_or(String::new(), |b| format!(", bandwidth: \"{b}\""));
                let (a, b) = (names('S', a), names('S', b));
                let rtt_ms = link.rtt_ms << i;
                let jitter_ms = link.jitter_ms;
                text += &format!(
                    "(between: (\"{a}\", \"{b}\"), rtt: \"{rtt_ms}ms\", jitter: \"{jitter_ms}ms\"{bandwidth}, \
                     loss: \"{}\"),\n",
                    link.loss
                );
            }
        }
        text
    }

    fn component_text(&self, index: usize, c: &Component, names: Names) -> String {
        let mut text = format!("(count: {}, needs: {}", c.count, c.count.saturating_sub(c.spare).max(1));
        if let Some(at) = c.at {
            text += &format!(", at: \"{}\"", names('S', at % self.sites.len()));
        }
        if let (Some((kind, a, b)), true) = (c.gate, index > 0) {
            let (a, b) = (a % index, b % index);
            let list = if a == b {
                format!("[\"{}\"]", names('C', a))
            } else {
                format!("[\"{}\", \"{}\"]", names('C', a), names('C', b))
            };
            text += &match kind {
                0 => format!(", stands_on: all({list})"),
                1 => format!(", stands_on: any({list})"),
                _ => format!(", stands_on: k_of_n(1, {list})"),
            };
        }
        if let Some(fails) = &c.fails {
            text += &format!(", fails: {fails}");
            text += if c.stationary { ", starts: stationary" } else { "" };
        }
        if let Some(takes) = &c.takes {
            text += &format!(", repair: (takes: {takes}");
            if let (Some(_), true) = (&self.crew, c.with_crew) {
                text += &format!(", crew: \"{}\"", names('W', 0));
            }
            if c.stock {
                text += ", spares: (stock: 1, restock: fixed(\"5h\"))";
            }
            if c.temporary {
                text += ", temporary: (takes: fixed(\"10min\"), fails: exponential(mean: \"9h\"))";
            }
            text.push(')');
        }
        text += if c.hidden { ", hidden: true, tested_every: \"1h\"" } else { "" };
        text.push(')');
        text
    }

    fn service_text(&self, index: usize, s: &Service, names: Names) -> String {
        let mut placements = String::new();
        for site in self.sites_of(s) {
            placements += &format!("\"{}\": (servers: {}, workers: {}),", names('S', site), s.servers, s.workers);
        }
        let mut text = format!("(runs_at: {{{placements}}}, takes: {}, holds: {}{}", s.takes, s.holds, s.each);
        if let Some(queue) = s.queue {
            text += &format!(", queue: {queue}");
        }
        let later = index + 1..self.services.len();
        if !later.is_empty() && !s.calls.is_empty() {
            let calls: String = s
                .calls
                .iter()
                .map(|(hard, to, times)| {
                    let kind = if *hard { "hard" } else { "soft" };
                    let to = later.start + to % later.len();
                    format!("{kind}(to: \"{}\", times: {times}, gives_up_after: \"1s\"),", names('V', to))
                })
                .collect();
            text += &format!(", calls: [{calls}]");
        }
        if let (Some(on), false) = (s.stands_on, self.components.is_empty()) {
            text += &format!(", stands_on: all([\"{}\"])", names('C', on % self.components.len()));
        }
        if s.starts_s > 0 {
            text += &format!(", starts_in: \"{}s\"", s.starts_s);
        }
        text += if s.warms { ", warms: (takes: \"10min\", slower: \"x3\")" } else { "" };
        if s.feeds && self.queue.is_some() {
            text += &format!(", feeds: {{\"{}\": 0.5}}", names('Q', 0));
        }
        if s.writes && self.store.is_some() {
            text += &format!(", writes: {{\"{}\": 1}}", names('D', 0));
        }
        text.push(')');
        text
    }

    fn sites_of(&self, s: &Service) -> Vec<usize> {
        let chosen: Vec<usize> = (0..self.sites.len()).filter(|i| s.sites >> i & 1 == 1).collect();
        if chosen.is_empty() { vec![0] } else { chosen }
    }

    fn feature_text(&self, f: &Feature, names: Names) -> String {
        let call = |i: usize| format!("hard(to: \"{}\"),", names('V', i % self.services.len()));
        let calls = call(f.service) + &f.also.map_or(String::new(), call);
        let mut text = format!("(calls: [{calls}], size: \"{}\"{}", f.size, f.each);
        if let Some(timeout_s) = f.timeout_s {
            text += &format!(", timeout: \"{timeout_s}s\"");
        }
        if let Some(slow_over_ms) = f.slow_over_ms {
            text += &format!(", slow_over: \"{slow_over_ms}ms\"");
        }
        if f.fresh && self.queue.is_some() {
            text += &format!(", fresh: [\"{}\"]", names('Q', 0));
        }
        if f.reads && self.store.is_some() && self.sites.len() > 1 {
            text += &format!(", reads: {{\"{}\": \"5s\"}}", names('D', 0));
        }
        text.push(')');
        text
    }

    fn people_text(&self, p: &People, names: Names) -> String {
        let active = match p.active {
            0 => "always".to_owned(),
            1 => format!("week(\"{}\")", names('K', 0)),
            2 => {
                let points: String =
                    p.shares.iter().enumerate().map(|(i, s)| format!("(\"{}min\", \"{s}%\"),", i * 97)).collect();
                format!("points([{points}])")
            }
            _ => "sinusoid(mean: \"40%\", swing: \"80%\", peak: \"12:00\", step: \"30min\")".to_owned(),
        };
        let uses = entries(
            p.rates
                .iter()
                .take(self.features.len())
                .enumerate()
                .map(|(i, rate)| (names('F', i), format!("\"{rate}\""))),
        );
        format!(
            "(users: {}, zone: \"Europe/Oslo\", active: {active}, uses: {{{uses}}}, served_by: \"{}\", \
             keeps_trying: \"{}%\", arrivals: {}, rtt: \"{}ms\")",
            p.users,
            self.place(p.served_by, names),
            p.keeps_trying,
            if p.smooth { "smooth" } else { "poisson" },
            p.rtt_ms
        )
    }

    fn strategy_text(&self, names: Names) -> Option<(String, String)> {
        let f = self.failover.as_ref().filter(|_| self.has_group())?;
        let mut text = format!("detect: {}, decide: {}, steer: {}", f.detect, f.decide, f.steer);
        for ((takes, fails), phase) in f.phases.iter().zip(["fence", "promote", "start", "warm", "verify"]) {
            text += &format!(", {phase}: (takes: {takes}, fails: \"{fails}\")");
        }
        text += &format!(", fails_on_demand: \"{}\"", f.on_demand);
        if let Some(by_hand) = &f.by_hand {
            text += &format!(", if_it_fails: by_hand({by_hand})");
        }
        if let Some(failback_min) = f.failback_min {
            text += &format!(", failback: after(\"{failback_min}min\")");
        }
        text += &format!(", first_back_takes_over: {}", f.first_back);
        Some((names('Y', 0), format!("(failover: {{\"{}\": ({text})}})", names('G', 0))))
    }

    fn maintenance_text(&self, m: &Maintenance, names: Names) -> String {
        let order = ["all_at_once", "rolling", "all_at_once"][m.rolling as usize % 3];
        let told = if m.told { "told_at: \"+10min\", " } else { "" };
        let abort = if m.abort { ", abort: (after: \"2h\", rollback: fixed(\"20min\"))" } else { "" };
        format!(
            "({told}starts: \"+{}s\", announced: \"1h\", takes: {}, takes_down: [\"{}\"], order: {order}, \
             only_if_healthy: {}{abort})",
            self.horizon_min * 20 + 7,
            m.takes,
            self.breakable(m.of, names),
            m.only_if_healthy
        )
    }

    /// A component or a site.
    fn breakable(&self, index: usize, names: Names) -> String {
        let index = index % (self.components.len() + self.sites.len());
        match index.checked_sub(self.components.len()) {
            Some(site) => names('S', site),
            None => names('C', index),
        }
    }

    fn step_text(&self, index: usize, step: &Step, names: Names) -> String {
        // Every step has a second of its own.
        let part_s = self.horizon_min * 60 / (self.drill.len() as u64 + 1);
        let at_s = part_s * index as u64 + (part_s * step.jitter_s) / 61 + 1;
        let lasts = step.lasts_min.map_or(String::new(), |m| format!(", lasts: \"{m}min\""));
        let of = self.breakable(step.of, names);
        let act = match step.kind {
            0 | 1 => {
                let after = step.lasts_min.map_or(String::new(), |m| format!(", repaired_after: \"{m}min\""));
                format!("crash(of: \"{of}\"{after})")
            }
            2 => format!("gray(of: \"{of}\", loses: \"{}%\"{lasts})", step.share),
            3 => {
                format!("slow(service: \"{}\", by: \"{}\"{lasts})", names('V', step.of % self.services.len()), step.by)
            }
            4 if self.has_group() => {
                format!("cut(between: (\"{}\", \"{}\"){lasts})", names('S', 0), names('S', 1))
            }
            5 => {
                let people = names('P', step.of % self.people.len());
                format!("surge(of: \"{people}\", by: \"{}\", ramp: \"7min\"{lasts})", step.by)
            }
            6 if self.has_group() && self.failover.is_some() => {
                format!("fail_over(group: \"{}\", to: \"{}\")", names('G', 0), names('S', 1))
            }
            7 => "decide(\"something\")".to_owned(),
            _ => "tell(\"something\")".to_owned(),
        };
        format!("at(\"+{at_s}s\", {act}),\n")
    }
}
