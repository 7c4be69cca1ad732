//! Queueing formulas: pure functions, each with its source.
