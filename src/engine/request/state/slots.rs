//! Requests that are under way, in a slab: 64 bytes each, and the place of one that is over is used again at once.

/// No request.
pub const NOBODY: u32 = u32::MAX;

/// Nobody waits for it any more; the work is done all the same.
pub const ORPHAN: u16 = 1;
/// Something was left out.
pub const DEGRADED: u16 = 2;
/// It was under way before every request was followed: it takes room, and counts nowhere.
pub const GHOST: u16 = 4;
/// Its client has called it off: it goes no further than the step that is under way.
pub const CANCELLED: u16 = 8;
/// A worker serves it.
pub const SERVED: u16 = 16;
/// It waits in a queue.
pub const QUEUED: u16 = 32;
/// It was turned away, or gave up in a queue.
pub const REFUSED: u16 = 64;
/// One of its branches has failed.
pub const BRANCH_FAILED: u16 = 128;
/// It is a health check.
pub const CHECK: u16 = 256;
/// It has failed where everybody can see that requests fail.
pub const FORESEEN: u16 = 512;
/// It goes without something for another reason than one that everybody can see.
pub const MISSED: u16 = 1_024;

/// It was under way in the flow.
pub const SEAM: u16 = 2_048;

/// It waits until somebody else has an answer to the same.
pub const AWAITS: u16 = 4_096;

/// An attempt of a service for which its caller waits no more: it stands for itself.
pub const DETACHED: u16 = 8_192;

/// Visits of one request to services with a balancer that can be within each other.
pub const LEVELS: usize = 4;

/// A request, an attempt at one, or a branch of one.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// When its user sent it first, in nanoseconds.
    pub started: u64,
    /// When it came to the station where it is.
    pub arrived: u64,
    /// When the service that is under way is over.
    pub until: u64,
    /// The operation that it is at.
    pub pc: u32,
    /// Events for another turn are stale.
    pub turn: u32,
    /// Timers for another life are stale.
    pub life: u32,
    /// Which population and feature.
    pub of: u32,
    /// The call of its client that it is an attempt at, where clients have a policy.
    pub call: u32,
    /// The request that it is a branch of.
    pub parent: u32,
    /// Branches that are under way.
    pub branches: u32,
    pub flags: u16,
    /// Where a service sheds or orders by priority.
    pub class: u8,
    /// How many forks deep it is.
    pub depth: u8,
    /// Which servers balancers have picked, by the level of the visit.
    pub servers: [u16; LEVELS],
}

impl Slot {
    pub fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Slots {
    all: Vec<Slot>,
    free: Vec<u32>,
}

impl std::ops::Index<u32> for Slots {
    type Output = Slot;
    #[inline]
    fn index(&self, id: u32) -> &Slot {
        &self.all[id as usize]
    }
}

impl std::ops::IndexMut<u32> for Slots {
    #[inline]
    fn index_mut(&mut self, id: u32) -> &mut Slot {
        &mut self.all[id as usize]
    }
}

impl Slots {
    /// A place for a request that begins now.
    #[inline]
    pub fn begin(&mut self, of: u32, pc: u32, now: u64, class: u8) -> u32 {
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.all.push(Slot {
                    started: 0,
                    arrived: 0,
                    until: 0,
                    pc: 0,
                    turn: 0,
                    life: 0,
                    of: 0,
                    call: NOBODY,
                    parent: NOBODY,
                    branches: 0,
                    flags: 0,
                    class: 0,
                    depth: 0,
                    servers: [0; LEVELS],
                });
                (self.all.len() - 1) as u32
            }
        };
        let slot = &mut self.all[id as usize];
        slot.started = now;
        slot.arrived = now;
        slot.pc = pc;
        slot.of = of;
        slot.call = NOBODY;
        slot.parent = NOBODY;
        slot.branches = 0;
        slot.flags = 0;
        slot.class = class;
        slot.depth = 0;
        slot.servers = [0; LEVELS];
        id
    }

    /// It is over: whatever was due for it is stale.
    #[inline]
    pub fn end(&mut self, id: u32) {
        let slot = &mut self.all[id as usize];
        slot.life = slot.life.wrapping_add(1);
        slot.turn = slot.turn.wrapping_add(1);
        slot.pc = NOBODY;
        self.free.push(id);
    }

    /// How many there have been at the same time.
    #[inline]
    pub fn places(&self) -> usize {
        self.all.len()
    }

    /// Those that are under way, in the order of their places.
    pub fn under_way(&self) -> Vec<u32> {
        (0..self.all.len() as u32).filter(|id| self.all[*id as usize].pc != NOBODY).collect()
    }
}

/// The name of a request in a timer.
#[inline]
pub fn token(id: u32, life: u32) -> u64 {
    u64::from(life) << 32 | u64::from(id)
}

#[inline]
pub fn is_live(slots: &Slots, token: u64) -> bool {
    let slot = &slots[token as u32];
    slot.life == (token >> 32) as u32 && !slot.is(ORPHAN)
}
