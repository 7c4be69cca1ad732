//! A rehearsal that is served by the real program, and somebody who asks it in plain HTTP.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::disallowed_methods, reason = "browsers and programs live by the clock on the wall")]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Nothing here takes so long, unless it never comes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A site with a database that can be switched over by hand, and a vendor who comes when called.
pub const DRILL: &str = r#"Scenario(
    format: 1,
    title: "a database that nobody fails over",
    clock: (from: "2024-03-04T08:00", zone: "UTC", horizon: "12h"),
    sites: {"a": (), "b": ()},
    links: [(between: ("a", "b"), rtt: "10ms")],
    components: {
        "a/db": (at: "a", repair: (takes: fixed("1h"), vendor: fixed("2h"))),
        "b/db": (at: "b"),
    },
    groups: {"db": (members: ["a/db", "b/db"])},
    services: {"web": (runs_at: {"a": (servers: 8, workers: 8)}, takes: exponential(mean: "50ms"), stands_on: all(["db"]))},
    features: {"read": (calls: [hard(to: "web")])},
    people: {"readers": (users: 1000, uses: {"read": "2/min"}, served_by: "a")},
    strategies: {"people": (
        failover: {"db": (detect: probe(every: "10s", fails: 3), promote: (takes: fixed("30s")), fails_on_demand: "100%")},
        runbook: {"fail over by hand": (lead: fixed("10m"), does: [switch_over(group: "db", to: "b/db")])},
    )},
    drill: [at("+60m", crash(of: "a/db"))],
    rehearsal: (about: "You run a small library.", from: "+50m", to: "+8h"),
)"#;

/// An empty folder of this test.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("served-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A program that serves a rehearsal. It ends with this.
pub struct Served {
    child: Child,
    /// Where it listens.
    pub host: String,
    /// The token of each seat.
    pub tokens: BTreeMap<String, String>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Serves a file, with its log beside it, under a port that is free.
    pub fn start(file: &Path) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_firedrill"))
            .arg("rehearse")
            .arg(file)
            .args(["--listen", "127.0.0.1:0", "--draws", "2", "--log"])
            .arg(file.with_extension("jsonl"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let (mut host, mut tokens) = (String::new(), BTreeMap::new());
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).unwrap() > 0, "it ended: {all}");
            all.push_str(&line);
            if line.starts_with("Log: ") || line.contains("Ctrl-C ends") {
                break;
            }
            if let Some((seat, link)) = line.trim_end().split_once("  http://").filter(|(_, link)| !link.contains(','))
            {
                let (at, token) = link.trim().split_once("/#").unwrap();
                at.clone_into(&mut host);
                tokens.insert(seat.trim().to_owned(), token.to_owned());
            }
        }
        assert!(tokens.len() > 1, "no links: {all}");
        // Whatever else it says is not waited for.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Served { child, host, tokens }
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The token of a seat.
    pub fn token(&self, seat: &str) -> &str {
        &self.tokens[seat]
    }

    /// What a seat's browser would send, as it should be.
    pub fn request(&self, method: &str, path: &str, seat: &str) -> Request {
        let token = self.tokens.get(seat).cloned();
        let mut headers = vec![("Host".to_owned(), self.host.clone())];
        headers.extend(token.map(|token| ("Authorization".to_owned(), format!("Bearer {token}"))));
        if method == "POST" {
            headers.push(("Origin".to_owned(), format!("http://{}", self.host)));
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        Request {
            to: self.host.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: String::new(),
        }
    }

    /// A seat does something.
    pub fn does(&self, seat: &str, who: &str, deed: &Value) -> Answer {
        self.request("POST", "/api/do", seat).with_body(json!({ "who": who, "deed": deed }).to_string()).send()
    }

    /// The screen of a seat.
    pub fn screen(&self, seat: &str) -> Value {
        let answer = self.request("GET", "/api/screen", seat).send();
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The whole log, as the facilitator gets it.
    pub fn log(&self) -> Vec<Value> {
        let answer = self.request("POST", "/api/log", "facilitator").with_body("{}").send();
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// The stream of a seat's screens.
    pub fn stream(&self, seat: &str) -> Stream {
        let mut socket = TcpStream::connect(&self.host).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(self.request("GET", "/api/stream", seat).text().as_bytes()).unwrap();
        let mut from = BufReader::new(socket);
        let mut status = String::new();
        from.read_line(&mut status).unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            from.read_line(&mut line).unwrap();
        }
        Stream { from, rest: String::new() }
    }
}

/// A request of HTTP/1.1, of which every part can be wrong.
#[derive(Debug, Clone)]
pub struct Request {
    to: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    body: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
}

impl Request {
    /// With a body.
    pub fn with_body(mut self, body: impl Into<String>) -> Request {
        self.body = body.into();
        self
    }

    /// Without a header.
    pub fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// With another value of a header.
    pub fn with(self, name: &str, value: &str) -> Request {
        let mut changed = self.without(name);
        changed.headers.push((name.to_owned(), value.to_owned()));
        changed
    }

    fn text(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let Request { method, path, body, .. } = self;
        let length = if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        format!("{method} {path} HTTP/1.1\r\n{headers}{length}\r\n{body}")
    }

    /// Asks, or says why nobody answers.
    pub fn try_send(self) -> std::io::Result<Answer> {
        let mut socket = TcpStream::connect(&self.to)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.write_all(self.with("Connection", "close").text().as_bytes())?;
        let mut from = BufReader::new(socket);
        let mut line = String::new();
        from.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("no status: {line}")))?;
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let mut body = String::new();
        // A stream of events has no end: its head is the answer.
        if headers.get("content-type").is_none_or(|kind| kind != "text/event-stream") {
            from.read_to_string(&mut body)?;
        }
        Ok(Answer { status, headers, body })
    }

    /// Asks.
    pub fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.path);
        self.try_send().unwrap_or_else(|error| panic!("{what}: {error}"))
    }
}

/// Events as they come.
pub struct Stream {
    from: BufReader<TcpStream>,
    rest: String,
}

impl Stream {
    /// The next event: its kind and its data.
    pub fn event(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim_start().to_owned())
                };
                let (kind, data) = (field("event:"), field("data:"));
                self.rest = rest.to_owned();
                if let Some(data) = data {
                    return (kind.unwrap_or_default(), serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            let mut size = String::new();
            assert!(self.from.read_line(&mut size).unwrap() > 0, "the stream ended");
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            self.from.read_exact(&mut chunk).unwrap();
            self.rest.push_str(std::str::from_utf8(&chunk[..size]).unwrap());
        }
    }

    /// The first screen of which something holds.
    pub fn screen_where(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let (kind, screen) = self.event();
            if kind == "screen" && holds(&screen) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "it never came");
        }
    }
}

/// Texts of a list of lines of a screen.
pub fn texts(screen: &Value, of: &str) -> Vec<String> {
    let lines = screen[of].as_array().unwrap();
    lines.iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}

/// Tries until it is there, or nobody would wait any longer.
pub fn soon<T>(tried: impl FnMut() -> Option<T>) -> Option<T> {
    within(PATIENCE, tried)
}

/// Tries until it is there, or so much time has passed.
pub fn within<T>(patience: Duration, mut tried: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    while began.elapsed() < patience {
        if let Some(there) = tried() {
            return Some(there);
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    None
}

/// Names and messages that try to be more than text.
pub fn hostile() -> Vec<String> {
    let payloads = [
        "<script>document.title='pwned'</script>",
        "<img src=x onerror=\"document.title='pwned'\">",
        "<svg onload=document.title='pwned'>",
        "\"><b id=pwned>",
        "' onmouseover='document.title=1",
        "javascript:document.title='pwned'",
        "</title><script>1</script>",
        "</script><script>document.title='pwned'</script>",
        "<!-- --><iframe srcdoc=\"<b>\">",
        "{{constructor.constructor('1')()}}",
        "${document.title='pwned'}",
        "<style>*{display:none}</style>",
        "<base href=//evil>",
        "<meta http-equiv=refresh content=0>",
        "<a href=javascript:1>x</a>",
        "&lt;b&gt;&amp;#60;",
        "\u{202e}txet\u{202c}",
        "a\u{0}b\u{1b}[31mred",
        "data: {}\n\nevent: screen\ndata: {}",
        "\u{1f525}\u{200d}\u{2066}<i>",
    ];
    let wraps = ["{}", "x{}", "{} y", "<{}>", "\"{}\"", "'{}'", "{}\r\n", "`{}`", "\\{}", "]]>{}"];
    wraps.iter().flat_map(|wrap| payloads.iter().map(|payload| wrap.replace("{}", payload))).collect()
}
