//! Builds the copy. What does not compile is found by what rustc says, and left out.

use crate::project::Project;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// More rounds than compiling has stages that hide the mistakes of the next.
const ROUNDS: usize = 12;

/// Leaves out what does not compile, until the rest does.
pub fn settle(project: &mut Project) -> Result<(), String> {
    for round in 1..=ROUNDS {
        project.make()?;
        let messages = cargo(project, &["check", "--lib", "--message-format=json"])?;
        let errors: Vec<&Value> = messages.iter().filter_map(error).collect();
        if errors.is_empty() {
            return project.note_unviable();
        }
        let bad: BTreeSet<u32> = errors.iter().flat_map(|error| blamed(project, error)).collect();
        if bad.is_empty() {
            let said = errors[0]["rendered"].as_str().unwrap_or("an error without text");
            return Err(format!(
                "the copy does not compile, and no mutant is to blame; does the project itself?\n{said}"
            ));
        }
        eprintln!("   round {round}: {} mutants do not compile", bad.len());
        let names: Vec<String> = bad.iter().map(|n| project.name(*n)).collect();
        project.unviable.extend(names);
    }
    Err(format!("the copy does not compile after {ROUNDS} rounds"))
}

/// Builds every test; gives what each test binary is called, and where it is.
pub fn tests(project: &Project) -> Result<Vec<(String, PathBuf)>, String> {
    let messages = cargo(project, &["test", "--release", "--no-run", "--message-format=json"])?;
    if let Some(error) = messages.iter().find_map(error) {
        return Err(error["rendered"].as_str().unwrap_or("the tests do not compile").to_owned());
    }
    let binaries = messages.iter().filter(|m| m["profile"]["test"] == true).filter_map(|m| {
        let name = m["target"]["name"].as_str()?;
        let kind = m["target"]["kind"][0].as_str()?;
        let name = if kind == "lib" { "src" } else { name };
        (kind != "bin").then_some((name.to_owned(), PathBuf::from(m["executable"].as_str()?)))
    });
    let binaries: Vec<_> = binaries.collect();
    if binaries.is_empty() { Err("the build made no tests".to_owned()) } else { Ok(binaries) }
}

/// What others depend on is built once for the project and its copy: only the copy itself is built in a way of its own, by an
/// optimiser that knows less and is done in half of the time.
fn cargo(project: &Project, arguments: &[&str]) -> Result<Vec<Value>, String> {
    let mut command = Command::new("cargo");
    for setting in ["opt-level=1", "codegen-units=16"] {
        command.arg("--config").arg(format!("profile.release.package.firedrill.{setting}"));
    }
    command.args(arguments).arg("--locked").current_dir(project.copy());
    command.env("CARGO_TARGET_DIR", project.root.join("target")).env("CARGO_INCREMENTAL", "1");
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| format!("cargo: {e}; is it installed?"))?;
    let messages = String::from_utf8_lossy(&output.stdout);
    Ok(messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn error(message: &Value) -> Option<&Value> {
    let said = &message["message"];
    (message["reason"] == "compiler-message" && said["level"] == "error" && said["spans"].get(0).is_some())
        .then_some(said)
}

/// The mutants that an error is about: those that the place it points at stands in, else those that it mentions, else those that
/// stand nearest.
fn blamed(project: &Project, error: &Value) -> Vec<u32> {
    let own: Vec<&Value> = error["spans"].as_array().into_iter().flatten().collect();
    let of_children =
        error["children"].as_array().into_iter().flatten().filter_map(|c| c["spans"].as_array()).flatten();
    let mentioned: Vec<&Value> = own.iter().copied().chain(of_children).collect();
    let pointed: Vec<&Value> = own.iter().copied().filter(|span| span["is_primary"] == true).collect();
    for spans in [pointed, mentioned] {
        let found: Vec<u32> = spans.iter().filter_map(|span| innermost(project, span)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    own.iter().filter_map(|span| before(project, span)).collect()
}

fn range(span: &Value) -> Option<(&str, usize, usize)> {
    Some((span["file_name"].as_str()?, span["byte_start"].as_u64()? as usize, span["byte_end"].as_u64()? as usize))
}

fn innermost(project: &Project, span: &Value) -> Option<u32> {
    let (file, from, to) = range(span)?;
    let around = project.places.get(file)?.iter().filter(|(_, r)| r.start <= from && to <= r.end);
    around.min_by_key(|(_, r)| r.len()).map(|(n, _)| *n)
}

fn before(project: &Project, span: &Value) -> Option<u32> {
    let (file, from, _) = range(span)?;
    project.places.get(file)?.iter().filter(|(_, r)| r.end <= from).max_by_key(|(_, r)| r.end).map(|(n, _)| *n)
}
