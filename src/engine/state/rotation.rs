//! Servers that have died behind balancers.

/// Those of one station.
#[derive(Debug, Clone, Default)]
pub struct Rotation {
    /// It served when somebody last looked.
    pub serves: bool,
    pub dead: Vec<DeadServer>,
    pub token: u32,
}

/// A server that is dead.
#[derive(Debug, Clone, Copy)]
pub struct DeadServer {
    /// Which of the servers of the station, from 1.
    pub number: u32,
    /// It gets no requests any more.
    pub ejected: bool,
    /// What is due for another token is void.
    pub token: u32,
}
