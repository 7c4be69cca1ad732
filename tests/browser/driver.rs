//! A real browser, driven as WebDriver says (W3C): a client of ours for the little that is needed.

use super::served::{PATIENCE, soon, within};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A browser with one window for each of several people. It ends with this.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver takes its browser along.
        let _ = self.try_ask("DELETE", "", &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// Starts one, with a profile of its own.
    pub fn start(profile: &Path) -> Browser {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver, of the package chromium-driver");
        let mut browser = Browser { driver, port, session: String::new() };
        until("the driver answers", || browser.http("GET", "/status", "").ok());
        let profile = format!("--user-data-dir={}", profile.display());
        let mut arguments = vec!["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
        arguments.extend(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        arguments.extend(["--window-size=1280,1000", profile.as_str()]);
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let answer = browser.http("POST", "/session", &wanted.to_string()).unwrap();
        browser.session = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}")).to_owned();
        browser
    }

    fn http(&self, method: &str, path: &str, body: &str) -> std::io::Result<Value> {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let port = self.port;
        let length = body.len();
        write!(
            socket,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )?;
        let mut from = BufReader::new(socket);
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if from.read_line(&mut line)? == 0 {
                return Err(std::io::Error::other("no answer"));
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        let answer: Value = serde_json::from_slice(&body)?;
        Ok(answer["value"].clone())
    }

    fn try_ask(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.http(method, &format!("/session/{}{path}", self.session), &body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.try_ask(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert!(answer.get("error").is_none(), "{method} {path} {body}: {answer}");
        answer
    }

    /// Another window, and where it leads.
    pub fn open(&self, address: &str) -> Window<'_> {
        let made = self.ask("POST", "/window/new", &json!({ "type": "tab" }));
        let window = Window { browser: self, handle: made["handle"].as_str().unwrap().to_owned() };
        window.turn();
        self.ask("POST", "/url", &json!({ "url": address }));
        window
    }

    /// What pages have complained about.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", &json!({ "type": "browser" }));
        log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Somebody's window.
pub struct Window<'b> {
    browser: &'b Browser,
    handle: String,
}

impl Window<'_> {
    fn turn(&self) {
        self.browser.ask("POST", "/window", &json!({ "handle": self.handle }));
    }

    /// What a script finds in the page.
    pub fn find(&self, script: &str) -> Value {
        self.turn();
        self.browser.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Everything that can be read.
    pub fn reads(&self) -> String {
        self.find("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Waits until something can be read.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.sees_within(PATIENCE, text);
    }

    /// Waits so long until something can be read.
    #[track_caller]
    pub fn sees_within(&self, patience: Duration, text: &str) {
        let mut last = String::new();
        let seen = within(patience, || {
            last = self.reads();
            last.contains(text).then_some(())
        });
        assert!(seen.is_some(), "{text:?} is not to be read in: {last}");
    }

    /// Waits until something cannot be read any more.
    #[track_caller]
    pub fn sees_no_more(&self, text: &str) {
        let gone = soon(|| (!self.reads().contains(text)).then_some(()));
        assert!(gone.is_some(), "{text:?} still is to be read");
    }

    /// The element that is found by an XPath, as soon as it can be seen.
    #[track_caller]
    fn element(&self, path: &str) -> String {
        let mut said = Value::Null;
        let found = soon(|| {
            self.turn();
            said = self.browser.try_ask("POST", "/element", &json!({ "using": "xpath", "value": path })).ok()?;
            let element = said.as_object()?.values().next()?.as_str()?.to_owned();
            if said.get("error").is_some() {
                return None;
            }
            let shown = self.browser.try_ask("GET", &format!("/element/{element}/displayed"), &Value::Null).ok()?;
            (shown == true).then_some(element)
        });
        found.unwrap_or_else(|| panic!("there is no {path}: {said}"))
    }

    /// Presses a button by the beginning of its name, as a screen reader reads it.
    #[track_caller]
    pub fn press(&self, name: &str) {
        let named = format!("starts-with(normalize-space(.), '{name}') or starts-with(@aria-label, '{name}')");
        let button = self.element(&format!("//button[not(ancestor-or-self::*[@hidden])][{named}]"));
        self.browser.ask("POST", &format!("/element/{button}/click"), &json!({}));
    }

    /// Types into the field with this name.
    #[track_caller]
    pub fn types(&self, field: &str, text: &str) {
        let field = self.element(&format!("//*[@name='{field}'][not(ancestor::*[@hidden])]"));
        self.browser.ask("POST", &format!("/element/{field}/value"), &json!({ "text": text }));
    }

    /// Presses keys, wherever the focus is.
    pub fn keys(&self, keys: &str) {
        self.turn();
        let pressed = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })));
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": pressed.collect::<Vec<_>>() }] });
        self.browser.ask("POST", "/actions", &actions);
    }

    /// Loads the page anew.
    pub fn reload(&self) {
        self.turn();
        self.browser.ask("POST", "/refresh", &json!({}));
    }
}

/// Waits for what has to come.
#[track_caller]
pub fn until<T>(what: &str, tried: impl FnMut() -> Option<T>) -> T {
    soon(tried).unwrap_or_else(|| panic!("in vain: {what}"))
}
