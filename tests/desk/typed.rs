//! The command as it is typed: what it says, and what it leaves.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
    command.args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("COLUMNS", "100");
    command
}

/// Exit code, standard output and standard error.
pub fn firedrill(args: &[&str]) -> (i32, String, String) {
    told(command(args).stdin(Stdio::null()).output().unwrap())
}

pub fn with_input(args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    told(child.wait_with_output().unwrap())
}

pub fn told(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// A folder of its own for one test.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// All keys of what is told as JSON.
pub fn keys(value: &serde_json::Value, found: &mut impl FnMut(&str)) {
    match value {
        serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| {
            found(key);
            keys(value, found);
        }),
        serde_json::Value::Array(items) => items.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

/// Every key is on the page of the JSON.
pub fn all_documented(json: &serde_json::Value) {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/json.md")).unwrap();
    let documented: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    keys(json, &mut |key| assert!(documented.contains(key), "{key} is not in docs/reference/json.md"));
}
