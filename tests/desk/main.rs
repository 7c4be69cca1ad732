//! What one meets at the desk: commands, files with mistakes, pictures, and what a terminal shows.
#![cfg(feature = "cli")]

mod bad_files;
mod cli;
#[path = "../common/mod.rs"]
mod common;
mod designs;
mod draw;
mod incidents;
mod interrupted;
mod maintenance;
mod narrow;
mod rare;
mod show;
mod shrink;
mod templates;
mod typed;
mod warnings;
