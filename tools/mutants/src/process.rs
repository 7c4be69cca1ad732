//! One test in a process of its own, within limits.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A test, and the binary that it is in.
#[derive(Debug, Clone)]
pub struct Test {
    pub suite: String,
    pub binary: PathBuf,
    pub name: String,
}

impl Test {
    pub fn label(&self) -> String {
        format!("{} {}", self.suite, self.name)
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Passed,
    Failed,
    /// It took far longer than usual.
    TooLong,
}

/// The tests of a binary, without those that are ignored.
pub fn list(suite: &str, binary: &Path, copy: &Path) -> Result<Vec<Test>, String> {
    let names = |more: &[&str]| {
        let mut command = Command::new(binary);
        command.args(["--list", "--format", "terse"]).args(more).current_dir(copy);
        let output = command.output().map_err(|e| format!("{}: {e}", binary.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok::<_, String>(text.lines().filter_map(|l| Some(l.strip_suffix(": test")?.to_owned())).collect::<Vec<_>>())
    };
    let ignored = names(&["--ignored"])?;
    let all = names(&[])?.into_iter().filter(|name| !ignored.contains(name));
    Ok(all.map(|name| Test { suite: suite.to_owned(), binary: binary.to_owned(), name }).collect())
}

/// Runs a test, with at most so many seconds of processor time. Gives how it ended and what it took of that.
pub fn run(test: &Test, copy: &Path, setting: (&str, &str), cpu_s: f64) -> Result<(End, f64), String> {
    // Whoever runs away takes no more memory than a test ever does. What it took is said last.
    let script = "ulimit -c 0; ulimit -v 6000000 2>/dev/null; ulimit -t \"$1\"; shift; \"$@\" >/dev/null 2>&1; r=$?; times; exit $r";
    let limit = cpu_s.ceil().max(1.0);
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", &limit.to_string()]);
    command.arg(&test.binary).args(["--exact", &test.name, "--test-threads", "1"]).current_dir(copy);
    command.env("CARGO_MANIFEST_DIR", copy).env("INSTA_WORKSPACE_ROOT", copy).env("INSTA_UPDATE", "no");
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true").env("RUST_BACKTRACE", "0").env(setting.0, setting.1);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().map_err(|e| format!("{}: {e}", test.label()))?;
    // A test that waits takes no processor time, and a busy machine makes everything wait.
    let patience = Duration::from_secs_f64(30.0 + 10.0 * limit);
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            let took = processor_s(&mut child);
            // A test that has used up its time is ended by a signal, which a shell tells as 128 and more.
            let killed = status.code().is_none_or(|code| code > 128) && took >= 0.8 * limit;
            let end = if status.success() {
                End::Passed
            } else if killed {
                End::TooLong
            } else {
                End::Failed
            };
            return Ok((end, took));
        }
        if started.elapsed() > patience {
            let _ = Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
            return Ok((End::TooLong, limit));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// What a shell's `times` says last: `0m0.012s 0m0.004s` of all that it has started.
fn processor_s(child: &mut Child) -> f64 {
    let mut text = String::new();
    if let Some(mut out) = child.stdout.take() {
        let _ = std::io::Read::read_to_string(&mut out, &mut text);
    }
    let last = text.lines().last().unwrap_or_default();
    let seconds = |word: &str| {
        let (minutes, rest) = word.trim_end_matches('s').split_once('m')?;
        Some(minutes.parse::<f64>().ok()? * 60.0 + rest.parse::<f64>().ok()?)
    };
    last.split_whitespace().filter_map(seconds).sum()
}
