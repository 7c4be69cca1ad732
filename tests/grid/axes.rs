//! The axes of the grid: what is combined with what. They were written down before anybody had seen what comes of them.

/// A run of twenty minutes; what troubles it comes after five, and lasts for one.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// What users ask, over the capacity.
    pub load: f64,
    pub servers: u64,
    pub whose: Whose,
    pub client: Client,
    pub calls: Calls,
    pub trouble: Trouble,
}

/// Who asks next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Somebody else, whatever became of the last.
    Open,
    /// Who waits gives up after half a minute on average.
    Impatient,
    /// The same user, after the answer and a thought of a minute.
    Closed,
}

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    Waits,
    /// It gives up after ten seconds.
    TimesOut,
    /// It tries once more, a second later.
    TriesAgain,
}

/// Whom the service calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    Nobody,
    /// One at another site, which has twice the capacity; its own worker waits meanwhile.
    Held,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Everything takes three times as long.
    Slow,
    /// Twice as many users.
    Surge,
    /// It is down, and everybody who waits is lost.
    Crash,
    /// No way leads to the other site.
    Cut,
}

pub const LOADS: [f64; 3] = [0.5, 0.8, 1.1];
pub const SERVERS: [u64; 2] = [10, 100];
pub const WHOSE: [Whose; 3] = [Whose::Open, Whose::Impatient, Whose::Closed];
pub const CLIENTS: [Client; 3] = [Client::Waits, Client::TimesOut, Client::TriesAgain];
pub const CALLS: [Calls; 2] = [Calls::Nobody, Calls::Held];
pub const TROUBLES: [Trouble; 5] = [Trouble::None, Trouble::Slow, Trouble::Surge, Trouble::Crash, Trouble::Cut];

/// Seconds that a service takes.
const TAKES_S: f64 = 0.2;

impl Cell {
    /// All of them.
    pub fn all() -> Vec<Cell> {
        let mut cells = Vec::new();
        for load in LOADS {
            for servers in SERVERS {
                for whose in WHOSE {
                    for client in CLIENTS {
                        for calls in CALLS {
                            for trouble in TROUBLES {
                                // Where nobody is called no way can be cut.
                                if calls == Calls::Held || trouble != Trouble::Cut {
                                    cells.push(Cell { load, servers, whose, client, calls, trouble });
                                }
                            }
                        }
                    }
                }
            }
        }
        cells
    }

    /// The scenario.
    pub fn text(&self) -> String {
        let Cell { load, servers, .. } = *self;
        let held_s = if self.calls == Calls::Held { TAKES_S + 0.05 + 0.01 } else { TAKES_S };
        // Who waits for answers clicks once in a minute and the time that it takes.
        let every_s = if self.whose == Whose::Closed { 60.0 + held_s } else { 60.0 };
        let users = (load * servers as f64 / held_s * every_s).round();
        let calls = if self.calls == Calls::Held { r#", calls: [hard(to: "db")]"# } else { "" };
        let whose = match self.whose {
            Whose::Open => "",
            Whose::Impatient => r#", patience: "30s""#,
            Whose::Closed => ", waits_for_answers: true",
        };
        let client = match self.client {
            Client::Waits => "",
            Client::TimesOut => r#", timeout: "10s""#,
            Client::TriesAgain => r#", timeout: "10s", retries: (attempts: 2, after: "1s")"#,
        };
        let trouble = match self.trouble {
            Trouble::None => "",
            Trouble::Slow => r#"at("+5m", slow(service: "web", by: "x3", lasts: "1m"))"#,
            Trouble::Surge => r#"at("+5m", surge(of: "all", by: "x2", lasts: "1m"))"#,
            Trouble::Crash => r#"at("+5m", crash(of: "part", repaired_after: "1m"))"#,
            Trouble::Cut => r#"at("+5m", cut(between: ("a", "b"), lasts: "1m"))"#,
        };
        let callee = 2.0 * servers as f64 * 0.05 / held_s;
        format!(
            r#"Scenario(format: 1, title: "a cell", clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "20m"),
            sites: {{"a": (), "b": ()}}, links: [(between: ("a", "b"), rtt: "10ms")], components: {{"part": (at: "a")}},
            services: {{
                "web": (runs_at: {{"a": (servers: {servers}, stands_on: all(["part"]))}}, takes: exponential(mean: "200ms"){calls}),
                "db": (runs_at: {{"b": (servers: {})}}, takes: exponential(mean: "50ms"))}},
            features: {{"do": (calls: [hard(to: "web")]{client})}},
            people: {{"all": (users: {users}, uses: {{"do": "1/min"}}, served_by: "a"{whose})}},
            drill: [{trouble}])"#,
            callee.ceil() as u64
        )
    }
}
