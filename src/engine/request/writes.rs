//! Writes on their way to replicas: each is committed by the primary and applied one after another.

use super::state::requests::Requests;

impl Requests {
    /// A station has finished a request: what that writes is committed.
    pub(super) fn write(&mut self, station: u32) {
        for written in self.writers[station as usize].stores.iter_mut().filter(|written| written.open) {
            written.carry += written.per_request;
            while written.carry >= 1.0 {
                written.carry -= 1.0;
                let store = written.store;
                let followers = self.followers.iter_mut().filter(|f| f.store == store && f.contact);
                followers.for_each(|follower| follower.commit(self.now));
            }
        }
    }

    /// The primary is another: whatever was on its way is lost, or does not matter any more.
    pub fn forget_writes(&mut self, store: usize) {
        self.followers.iter_mut().filter(|follower| follower.store == store).for_each(|f| f.behind.clear());
    }

    /// What a replica lacks now, where it follows write by write: seconds since the oldest of them, and how many.
    pub fn lacks(&self, store: usize, replica: usize, now: u64) -> Option<(f64, f64)> {
        let follower = self.followers.iter().find(|f| (f.store, f.replica) == (store, replica))?;
        let lacking = follower.behind.iter().filter(|write| write.1 > now);
        let oldest = lacking.clone().map(|write| write.0).next();
        Some((oldest.map_or(0.0, |oldest| (now - oldest) as f64 * 1e-9), lacking.count() as f64))
    }
}
