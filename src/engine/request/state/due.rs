//! What is due for single requests.

/// What is due, in eight bytes: a kind, what it is for, and the turn for which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due(u64);

/// Kinds of what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request goes on.
    Step,
    /// A source sends its next request.
    Arrive,
    /// The patience of somebody in a queue is at its end.
    Patience,
    /// The next of those who share workers is done.
    Shared,
    /// A call is tried again.
    Retry,
    /// A call has taken so long that a second attempt sets out.
    Hedge,
    /// A user has thought.
    Think,
    /// A health check sets out, or has got no answer in time.
    Check,
    /// A call of a service has waited for a connection for long enough.
    Connect,
    /// The time of a server that was ejected for its errors is over.
    Outlier,
}

const KINDS: [Kind; 10] = [
    Kind::Step,
    Kind::Arrive,
    Kind::Patience,
    Kind::Shared,
    Kind::Retry,
    Kind::Hedge,
    Kind::Think,
    Kind::Check,
    Kind::Connect,
    Kind::Outlier,
];

const TURN_BITS: u64 = (1 << 28) - 1;

impl Due {
    #[inline]
    pub fn new(kind: Kind, id: u32, turn: u32) -> Due {
        Due((kind as u64) << 60 | (u64::from(turn) & TURN_BITS) << 32 | u64::from(id))
    }

    #[inline]
    pub fn kind(self) -> Kind {
        KINDS[((self.0 >> 60) as usize).min(KINDS.len() - 1)]
    }

    #[inline]
    pub fn id(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    pub fn is_for(self, turn: u32) -> bool {
        (self.0 >> 32) & TURN_BITS == u64::from(turn) & TURN_BITS
    }
}
