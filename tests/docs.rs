//! The documentation holds: every command in it runs, every snippet is read, every link leads somewhere.
//!
//! Blocks of a page run in the order of the page, in a folder of the page's own that has `scenarios/` in it.
//!
//! - `console`: lines after `$ ` are commands. Their exit code is 0, or what `exit=3` says for the last command.
//! - `console,exact`: what follows a command is what it says; a line `[...]` stands for any number of lines.
//! - `ron`: a whole scenario, which has no mistakes; with `file=school.ron` it is also written to that file.
//! - `ron,fragment`: sections of a scenario, which have no mistakes in the frame of [`FRAME`].
#![cfg(all(feature = "cli", unix))]

mod common;

use firedrill::load::{check, load};
use firedrill::report::diagnostics::render;
use firedrill::scenario::{Choice, Source, syntax};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a line stands for that is left out of shown output.
const LEFT_OUT: &str = "[...]";

/// Pages whose `ron` blocks are wrong on purpose.
const WRONG_ON_PURPOSE: [&str; 1] = ["docs/reference/errors.md"];

/// Pages whose commands are whole studies. The short form leaves them out; their snippets, links and blocks are looked at all
/// the same, and README.md has a study, too.
const LONG: [&str; 3] =
    ["docs/how-to/compare-designs.md", "docs/how-to/explain-a-run.md", "docs/how-to/run-a-study-on-many-machines.md"];

/// The sections around a fragment that does not have them itself: name and text.
const FRAME: [(&str, &str); 12] = [
    ("format", "1"),
    ("title", "\"a fragment\""),
    ("clock", r#"(from: "2024-03-04T00:00", zone: "Europe/Oslo", horizon: "30d")"#),
    ("sites", r#"{"oslo": (), "bergen": ()}"#),
    ("links", r#"[(between: ("oslo", "bergen"), rtt: "8ms", bandwidth: "10Gbps")]"#),
    (
        "components",
        r#"{
            "feed a": (at: "oslo", fails: exponential(mean: "1y"), repair: (takes: fixed("4h"))),
            "feed b": (at: "oslo", fails: exponential(mean: "1y"), repair: (takes: fixed("4h"))),
            "array a": (at: "oslo"),
            "array b": (at: "bergen"),
            "mechanism": (hidden: true, fails: exponential(mean: "1y")),
        }"#,
    ),
    ("groups", r#"{"home": (members: ["oslo", "bergen"]), "storage": (members: ["array a", "array b"])}"#),
    (
        "services",
        r#"{
            "web": (runs_at: {"oslo": (servers: 8), "bergen": (servers: 8)}, takes: fixed("50ms")),
            "core": (runs_at: {"oslo": (servers: 8), "bergen": (servers: 8)}, takes: fixed("5ms")),
        }"#,
    ),
    ("queues", r#"{"notifications": (at: "home", workers: 4, takes: fixed("20ms"), fresh_within: "5m")}"#),
    (
        "stores",
        r#"{"content": (primary: "home", replicas: {"bergen": async(applies: "500/s"), "oslo": async(applies: "500/s")})}"#,
    ),
    ("features", r#"{"lessons": (calls: [hard(to: "web")])}"#),
    ("people", r#"{"schools": (users: 1000, uses: {"lessons": "1/min"}, served_by: "home")}"#),
];

struct Block {
    page: String,
    line: usize,
    info: Vec<String>,
    text: String,
}

impl Block {
    fn is(&self, what: &str) -> bool {
        self.info.iter().any(|i| i == what)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.info.iter().find_map(|i| i.strip_prefix(name)?.strip_prefix('='))
    }

    fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages, by their paths from the root.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                pages.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    pages.sort();
    pages
}

fn text_of(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text_of(page).lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => {
                let info = info.split(',').map(|i| i.trim().to_owned()).collect();
                open = Some(Block { page: page.to_owned(), line: index + 1, info, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block is never closed");
    blocks
}

/// The commands of a block, each with the lines that are shown below it.
fn commands(block: &Block) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    let mut lines = block.text.lines();
    while let Some(line) = lines.next() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                let mut command = command.to_owned();
                while command.ends_with('\\') {
                    command.pop();
                    command.push_str(lines.next().unwrap_or_default().trim_start().trim_start_matches("> "));
                }
                commands.push((command, Vec::new()));
            }
            None => {
                let shown = commands.last_mut().unwrap_or_else(|| panic!("{}: output before a command", block.place()));
                shown.1.push(line.trim_end().to_owned());
            }
        }
    }
    commands
}

/// What a reader with a checkout types, as one with the program types it. Nothing for what is not the program's.
fn as_installed(command: &str) -> Option<String> {
    if command.starts_with("cargo test") || command.starts_with("cargo install") || command.starts_with("cargo build") {
        return None;
    }
    Some(command.replace("cargo run --release --", "firedrill").replace("cargo run --", "firedrill"))
}

#[expect(clippy::disallowed_methods, reason = "the shell finds its tools by the path of this environment")]
fn run(folder: &Path, command: &str) -> (i32, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_firedrill"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .env("COLUMNS", "100")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stdout).unwrap())
}

/// Whether the shown lines are what was said, where `[...]` stands for any lines; if not, the first that is not there.
fn differs(shown: &[String], said: &str) -> Option<String> {
    let said: Vec<&str> = said.lines().map(str::trim_end).collect();
    let mut parts: Vec<&[String]> = shown.split(|line| line.trim() == LEFT_OUT).collect();
    let last_is_open = parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty());
    let first_is_open = parts.len() > 1 && parts[0].is_empty();
    parts.retain(|part| !part.is_empty());
    let mut from = 0;
    for (index, part) in parts.iter().enumerate() {
        let fits = |at: usize| part.iter().zip(&said[at..]).all(|(a, b)| a == b);
        let is_fixed = index == 0 && !first_is_open;
        let ends = said.len().checked_sub(part.len());
        let found = match ends {
            None => None,
            Some(_) if is_fixed => fits(0).then_some(0),
            Some(end) if index + 1 == parts.len() && !last_is_open => (end >= from && fits(end)).then_some(end),
            Some(end) => (from..=end).find(|at| fits(*at)),
        };
        let Some(at) = found else {
            let best = part.iter().find(|line| !said.contains(&line.as_str())).unwrap_or(&part[0]);
            return Some(best.clone());
        };
        from = at + part.len();
    }
    (parts.len() <= 1 && !last_is_open && !first_is_open && from != said.len()).then(|| "the end".to_owned())
}

/// Runs a page; gives what does not hold.
fn run_page(page: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs").join(page.replace('/', "-"));
    let _ = fs::remove_dir_all(&folder);
    for scenarios in ["scenarios", "scenarios/incidents"] {
        fs::create_dir_all(folder.join(scenarios)).unwrap();
        for entry in fs::read_dir(root().join(scenarios)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), folder.join(scenarios).join(entry.file_name())).unwrap();
            }
        }
    }
    for block in blocks(page) {
        if let Some(file) = block.value("file") {
            fs::write(folder.join(file), &block.text).unwrap();
        }
        if !block.is("console") {
            continue;
        }
        let commands = commands(&block);
        let last = commands.len();
        for (index, (command, shown)) in commands.into_iter().enumerate() {
            let Some(typed) = as_installed(&command) else { continue };
            let expected = match block.value("exit") {
                Some(code) if index + 1 == last => code.parse().unwrap(),
                _ => 0,
            };
            if block.is("serve") {
                // It serves until somebody presses Ctrl-C.
                let (_, said) = run(&folder, &format!("timeout -s INT 3 {typed} --listen 127.0.0.1:0"));
                if !said.contains("A link for each seat") {
                    wrong.push(format!("{}: `{command}` does not serve; it says:\n{said}", block.place()));
                }
                continue;
            }
            let (code, said) = run(&folder, &typed);
            if code != expected {
                wrong.push(format!("{}: `{command}` ends with {code}, not {expected}:\n{said}", block.place()));
            } else if block.is("exact")
                && let Some(line) = differs(&shown, &said)
            {
                wrong.push(format!("{}: `{command}` does not say {line:?}; it says:\n{said}", block.place()));
            }
        }
    }
    wrong
}

#[test]
fn every_command_runs_and_says_what_is_shown() {
    let mut pages = pages();
    assert!(LONG.iter().all(|long| pages.iter().any(|page| page == long)), "a long page is gone");
    if common::campaign(true, false) {
        pages.retain(|page| !LONG.contains(&page.as_str()));
    }
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = pages.iter().map(|page| scope.spawn(|| run_page(page))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_command_is_in_a_block_that_runs() {
    for page in pages() {
        for block in blocks(&page) {
            let is_command = |line: &str| line.trim_start_matches("$ ").starts_with("firedrill ");
            let is_run = block.is("console") || block.is("ron");
            assert!(is_run || !block.text.lines().any(is_command), "{}: write ```console", block.place());
            assert!(!block.is("console") || !commands(&block).is_empty(), "{}: no command", block.place());
        }
    }
}

/// A fragment with what is missing around it.
fn framed(fragment: &str) -> String {
    let tree = syntax::parse(&format!("({fragment})"));
    let own: BTreeSet<String> = (tree.root.iter())
        .flat_map(|root| &tree.nodes[*root].entries)
        .filter_map(|entry| entry.key.as_ref().map(|key| key.text.clone()))
        .collect();
    let mut text = String::from("Scenario(\n");
    for (name, value) in FRAME.iter().filter(|(name, _)| !own.contains(*name)) {
        text.push_str(&format!("{name}: {value},\n"));
    }
    text + fragment + ")\n"
}

#[test]
fn every_snippet_of_a_scenario_has_no_mistakes() {
    let mut wrong = Vec::new();
    for page in pages().into_iter().filter(|page| !WRONG_ON_PURPOSE.contains(&page.as_str())) {
        for block in blocks(&page).into_iter().filter(|block| block.is("ron") && block.value("exit").is_none()) {
            let text = if block.is("fragment") { framed(&block.text) } else { block.text.clone() };
            let source = Source::new(block.place(), text);
            if let Err(mistakes) = check(&source) {
                wrong.push(render(&source, &mistakes.0, false));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_link_leads_to_a_page() {
    for page in pages() {
        let text = text_of(&page);
        let folder = root().join(&page).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { root().join(&page) } else { folder.join(file) };
            assert!(path.exists(), "{page}: {target} does not exist");
            if !heading.is_empty() && path.extension().is_some_and(|e| e == "md") {
                let there = fs::read_to_string(&path).unwrap();
                let anchors: Vec<String> = there.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
                assert!(anchors.iter().any(|a| a == heading), "{page}: {target} has no such heading");
            }
        }
    }
}

/// The anchor of a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
}

/// The sources that define the format.
const FORMAT_SOURCES: [&str; 14] = [
    "src/scenario/file.rs",
    "src/scenario/services.rs",
    "src/scenario/backups.rs",
    "src/scenario/menu.rs",
    "src/scenario/balancer.rs",
    "src/scenario/client.rs",
    "src/scenario/design.rs",
    "src/scenario/objective.rs",
    "src/scenario/people.rs",
    "src/scenario/response.rs",
    "src/scenario/drill.rs",
    "src/scenario/runbook.rs",
    "src/scenario/rehearsal.rs",
    "src/dist.rs",
];

/// What a file of scenario has in its types: type, and the names of its fields and variants as a file writes them.
fn names_of_types(source: &str) -> Vec<(String, Vec<String>)> {
    let mut types: Vec<(String, Vec<String>)> = Vec::new();
    let mut is_written = false;
    let mut inside = false;
    for line in source.lines() {
        if line.starts_with("#[derive(") {
            is_written = line.contains("Deserialize");
        }
        let opened = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
        if let Some(rest) = opened.filter(|rest| is_written && rest.ends_with('{')) {
            types.push((rest.trim_end_matches(" {").to_owned(), Vec::new()));
            inside = true;
        } else if line == "}" {
            inside = false;
        }
        if !inside || line.trim_start().starts_with(['#', '/']) || opened.is_some() {
            continue;
        }
        let code = line.trim().trim_start_matches("pub ");
        let word: String = code.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if word.is_empty() {
            continue;
        }
        let mut written = String::new();
        for (index, c) in word.chars().enumerate() {
            if c.is_uppercase() && index > 0 {
                written.push('_');
            }
            written.push(c.to_ascii_lowercase());
        }
        types.last_mut().unwrap().1.push(written);
    }
    types
}

/// The page that one reads, and the page of what few files say.
const FORMAT_PAGES: [&str; 2] = ["docs/reference/format.md", "docs/reference/format-rare.md"];

/// Whether a page has a row for a field, below the heading of its type.
fn has_row(page: &str, name: &str, field: &str) -> bool {
    let heading = format!(" `{name}`");
    let section = page.lines().skip_while(|line| !(line.starts_with('#') && line.ends_with(&heading))).skip(1);
    let mut rows = section.take_while(|line| !line.starts_with('#')).filter_map(|line| line.strip_prefix("| "));
    rows.any(|first| first.starts_with(&format!("`{field}`")) || first.starts_with(&format!("`{field}(")))
}

#[test]
fn every_field_of_the_format_is_in_the_reference_once() {
    let pages = FORMAT_PAGES.map(text_of);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in FORMAT_SOURCES {
        for (name, fields) in names_of_types(&text_of(file)) {
            // A keyword cannot be a field: files write `for`.
            let written =
                |field: &String| if name == "Condition" && field == "lasts" { "for".to_owned() } else { field.clone() };
            for field in fields.iter().filter(|field| *field != "broken").map(written) {
                seen += 1;
                let times = pages.iter().filter(|page| has_row(page, &name, &field)).count();
                if times != 1 {
                    wrong.push(format!("{name}.{field}: {times} times"));
                }
            }
        }
    }
    assert!(seen > 150, "only {seen} fields were found in the sources");
    assert!(wrong.is_empty(), "the reference of the format does not explain {wrong:?}");
}

#[test]
fn the_clients_that_a_page_writes_out_are_the_presets() {
    let written = &blocks("docs/reference/clients.md")[0].text;
    let features = |fragment: &str| {
        let source = Source::new("clients", framed(fragment));
        load(&source, &Choice::default()).unwrap_or_else(|wrong| panic!("{wrong}")).1.features.clone()
    };
    for name in ["grpc", "aws_standard", "envoy", "hystrix"] {
        let preset = format!("features: {{\"lessons\": (calls: [hard(to: \"web\")], client: {name})}},");
        let [preset] = &features(&preset)[..] else { panic!("one feature") };
        let written = features(written).into_iter().find(|feature| feature.name == name).unwrap();
        assert_eq!((written.timeout_s, written.client), (preset.timeout_s, preset.client), "{name}");
        assert_eq!(written.retries, preset.retries, "{name}");
    }
}

/// Numbers that pages tell in prose or tables: arguments of a run, a path in its JSON, the value, and how it is told.
const TOLD: [(&[&str], &str, f64, &str, &str); 8] = [
    (&[], "/people/oslo students/user_minutes_lost", 53_153_496.0, "README.md", "53,153,496"),
    (&[TWO_PERCENT], "/people/oslo students/user_minutes_lost", 6_176_655.0, "README.md", "6,176,655"),
    (&[TWO_PERCENT], "/people/oslo students/downtime_s", 14_444.07, "README.md", "4 h 0 min 44 s"),
    (&["--strategy=active-active"], "/people/oslo students/degraded_s", 998.0, STORY, "degraded for 17 min"),
    (&["--variant=absorbing load"], "/people/us students/degraded_s", 8_416.6, STORY, "2 h 20 min"),
    (&["--variant=replication broken"], "/people/us students/stale_s", 73_421.0, STORY, "20 h 23 min"),
    (&["--strategy=wait for the real repair"], "/people/oslo students/downtime_s", 99_060.0, STORY, "27 h 31 min"),
    (&[], "/queues/notifications/backlog_max", 11_017_982.0, STORY, "some 11 million items"),
];
const STORY: &str = "docs/stories/2016-10.md";
const TWO_PERCENT: &str = "--set=strategies.as it happened.failover.oslo/storage.fails_on_demand=2%";

#[test]
fn the_numbers_that_pages_tell_are_those_of_the_runs() {
    for (args, path, value, page, told) in TOLD {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
        command.args(["run", "scenarios/itslearning-2016-10.ron", "--json"]).args(args).current_dir(root());
        let json: serde_json::Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let seen = json.pointer(path).and_then(|v| v.as_f64()).unwrap_or_else(|| panic!("no {path}"));
        assert!((seen - value).abs() <= 1e-3 * value, "{args:?} {path} is {seen}, and {page} tells {value}");
        assert!(text_of(page).contains(told), "{page} no longer tells {told}");
    }
}

#[test]
fn the_product_speaks_only_of_itself() {
    for page in pages() {
        for (index, line) in text_of(&page).lines().enumerate() {
            for word in ["/work/", "/tmp/", "/home/", "index.crates.io", "TODO", "FIXME"] {
                assert!(!line.contains(word), "{page}:{}: {word}", index + 1);
            }
        }
    }
}
