//! Falls: when a population that waits for answers has become smaller. Who thought has left at once, who waits leaves with his answer.

/// No more falls than this are told apart.
const FALLS_MAX: usize = 64;
/// What is less of a change than that is none.
const SAME: f64 = 1e-9;

/// How many there are, and when and how much they have become fewer.
#[derive(Debug, Clone, Default)]
pub struct Falls {
    users: f64,
    /// When, in seconds, and which share has stayed.
    falls: Vec<(f64, f64)>,
}

impl Falls {
    /// So many are there from now on.
    pub fn are_there(&mut self, now_s: f64, users: f64) {
        if users < self.users * (1.0 - SAME) {
            self.falls.push((now_s, users / self.users));
            if self.falls.len() > FALLS_MAX {
                let (_, first) = self.falls.remove(0);
                self.falls[0].1 *= first;
            }
        }
        self.users = users;
    }

    /// Nobody waits who came before a time.
    pub fn forget(&mut self, before_s: f64) {
        self.falls.retain(|(at_s, _)| *at_s >= before_s);
    }

    /// Of those who came at a time and wait still, the share that stays.
    pub fn stay_of(&self, came_s: f64) -> f64 {
        self.falls.iter().filter(|(at_s, _)| *at_s >= came_s * (1.0 - 1e-12)).map(|(_, stayed)| stayed).product()
    }
}
