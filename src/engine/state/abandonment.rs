//! Users who have no session.

/// Users of a population who should be there and are not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Away {
    /// They will look again.
    pub waiting: f64,
    /// They have stopped trying, for this session.
    pub gone: f64,
    /// Their session has ended with the server that held it, and they have not noticed yet, or tried in vain.
    pub dropped: f64,
    /// Change of the three per second in the span that is open.
    pub waiting_slope: f64,
    pub gone_slope: f64,
    pub dropped_slope: f64,
    pub next_clicks_slope: f64,
    /// Log-ins per second of those who come back, and of those who were dropped.
    pub returns: f64,
    /// How many of those who were dropped log in again per second while that works: each with the next click.
    pub next_clicks: f64,
}

impl Away {
    /// Log-ins per second of those who look again, and of those who click again, while a share of all requests fails.
    pub fn works_again(&self, failing: f64, looks_again_s: f64) -> f64 {
        self.waiting * (1.0 - failing) / looks_again_s + self.clicks_again(failing)
    }

    /// Of those, the ones who were dropped.
    pub fn clicks_again(&self, failing: f64) -> f64 {
        if self.dropped > 0.0 { self.next_clicks * (1.0 - failing) } else { 0.0 }
    }

    /// Where there are not as many, each kind has its part of those.
    pub fn no_more_than(&mut self, most: f64) {
        let all = self.all();
        if all > most && all > 0.0 {
            self.waiting *= most / all;
            self.gone *= most / all;
            self.dropped *= most / all;
        }
    }

    /// All of them.
    pub fn all(&self) -> f64 {
        self.waiting + self.gone + self.dropped
    }
}
