//! What the request engine keeps between two of its events, one file a noun.

pub mod asker;
pub mod backend_pool;
pub mod cache;
pub mod client;
pub mod closed_users;
pub mod due;
pub mod felt;
pub mod flow_before;
pub mod link;
pub mod program;
pub mod requests;
pub mod slots;
pub mod source;
pub mod station_queue;
pub mod station_sample;
pub mod writes;
