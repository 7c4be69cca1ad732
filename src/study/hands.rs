//! Many things at once, done by whoever has cores for them.

/// Whoever does the work.
pub trait Hands {
    /// So many more things are to come.
    fn expect(&mut self, more: usize) {
        let _ = more;
    }

    /// Whether the work has been given up, for whoever does one thing that takes long.
    fn given_up(&self) -> fn() -> bool {
        || false
    }

    /// Does so many things, and gives what came of them in their order; nothing where the work was given up.
    fn all<T: Send>(&mut self, count: usize, one: impl Fn(usize) -> T + Sync) -> Option<Vec<T>>;
}

/// One thing after the other.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Hands for Alone {
    fn all<T: Send>(&mut self, count: usize, one: impl Fn(usize) -> T + Sync) -> Option<Vec<T>> {
        Some((0..count).map(one).collect())
    }
}
