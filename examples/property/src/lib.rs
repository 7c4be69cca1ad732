//! A design that is held to its objectives: see `tests`.
