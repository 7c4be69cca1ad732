//! What a rehearsal lets through its doors: every route for every seat, whatever is wrong with the request; what is acknowledged is
//! kept whatever happens; everybody sees what happens.
#![allow(clippy::disallowed_methods, reason = "browsers and programs live by the clock on the wall")]

mod common;
mod served;

use firedrill::rehearse::Log;
use serde_json::{Value, json};
use served::{Answer, DRILL, Request, Served, folder, hostile, texts};
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What can be asked for, and whether by POST.
const PAGES: [&str; 7] = ["/", "/app.js", "/app.css", "/dom.js", "/charts.js", "/player.js", "/facilitator.js"];
const READS: [&str; 2] = ["/api/screen", "/api/stream"];
const POSTS: [&str; 4] = ["/api/do", "/api/next", "/api/review", "/api/log"];

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flaw {
    Nothing,
    WrongHost,
    HostOfAnotherPort,
    NoHost,
    TwoHosts,
    WrongOrigin,
    NullOrigin,
    NoOrigin,
    WrongToken,
    HalfAToken,
    NoToken,
    WrongMethod,
    WrongType,
    NotJson,
    NoDeed,
    TooLarge,
    AnothersDeed,
}

const FLAWS: [Flaw; 17] = [
    Flaw::Nothing,
    Flaw::WrongHost,
    Flaw::HostOfAnotherPort,
    Flaw::NoHost,
    Flaw::TwoHosts,
    Flaw::WrongOrigin,
    Flaw::NullOrigin,
    Flaw::NoOrigin,
    Flaw::WrongToken,
    Flaw::HalfAToken,
    Flaw::NoToken,
    Flaw::WrongMethod,
    Flaw::WrongType,
    Flaw::NotJson,
    Flaw::NoDeed,
    Flaw::TooLarge,
    Flaw::AnothersDeed,
];

fn serve(name: &str) -> (Served, PathBuf) {
    let file = folder(name).join("drill.ron");
    fs::write(&file, DRILL).unwrap();
    (Served::start(&file), file)
}

/// Something that no other seat may do.
fn deed_of_another(seat: &str) -> Value {
    match seat {
        "facilitator" => json!({ "order": { "measure": "fail over by hand" } }),
        "operations" => json!({ "tell": { "text": "all is well" } }),
        "communications" => json!({ "decide": { "text": "we wait" } }),
        "incident commander" => json!({ "call_vendor": { "component": "a/db" } }),
        "vendor" => json!({ "switch_over": { "group": "db", "to": "b/db" } }),
        _ => json!({ "pause": {} }),
    }
}

fn flawed(request: Request, flaw: Flaw, path: &str, seat: &str) -> Request {
    let deed = |deed: Value| json!({ "who": "Ada", "deed": deed }).to_string();
    let good = if path == "/api/do" { deed(json!({ "look": { "at": "readers" } })) } else { "{}".to_owned() };
    let request = if request.method == "POST" { request.with_body(good) } else { request };
    match flaw {
        Flaw::Nothing => request,
        Flaw::WrongHost => request.with("Host", "evil.example:4747"),
        Flaw::HostOfAnotherPort => request.with("Host", "127.0.0.1:1"),
        Flaw::NoHost => request.without("Host"),
        Flaw::TwoHosts => {
            let mut request = request;
            request.headers.push(("Host".to_owned(), "evil.example".to_owned()));
            request
        }
        Flaw::WrongOrigin => request.with("Origin", "http://evil.example"),
        Flaw::NullOrigin => request.with("Origin", "null"),
        Flaw::NoOrigin => request.without("Origin"),
        Flaw::WrongToken => request.with("Authorization", "Bearer 0123456789abcdef0123456789abcdef"),
        Flaw::HalfAToken => {
            let half =
                request.headers.iter().find(|(name, _)| name == "Authorization").map(|(_, v)| v[..20].to_owned());
            request.with("Authorization", &half.unwrap())
        }
        Flaw::NoToken => request.without("Authorization"),
        Flaw::WrongMethod => {
            let mut request = request;
            request.method = if request.method == "POST" { "PUT" } else { "DELETE" }.to_owned();
            request
        }
        Flaw::WrongType => request.with("Content-Type", "text/plain"),
        Flaw::NotJson => request.with_body("{\"who\": "),
        Flaw::NoDeed => request.with_body("{\"who\": \"Ada\", \"deed\": {\"reboot\": {}}}"),
        Flaw::TooLarge => request.with_body(" ".repeat((16 << 10) + 1)),
        Flaw::AnothersDeed => request.with_body(deed(deed_of_another(seat))),
    }
}

/// What has to come back: said here once more, without looking at how the doors are made.
fn expected(path: &str, seat: &str, flaw: Flaw) -> u16 {
    let (api, posts) = (path.starts_with("/api/"), POSTS.contains(&path));
    match flaw {
        Flaw::WrongHost | Flaw::HostOfAnotherPort | Flaw::NoHost | Flaw::TwoHosts => return 421,
        Flaw::WrongOrigin | Flaw::NullOrigin => return 403,
        Flaw::NoOrigin if posts => return 403,
        Flaw::WrongType if posts => return 415,
        Flaw::TooLarge if posts => return 413,
        Flaw::WrongMethod => return 405,
        Flaw::WrongToken | Flaw::HalfAToken | Flaw::NoToken if api => return 401,
        Flaw::NotJson | Flaw::NoDeed if path == "/api/do" => return 400,
        Flaw::AnothersDeed if path == "/api/do" => return 403,
        _ => {}
    }
    let leads_only = ["/api/next", "/api/log", "/api/review"].contains(&path);
    if leads_only && seat != "facilitator" { 403 } else { 200 }
}

fn has_its_headers(answer: &Answer, what: &str) {
    let header = |name: &str| answer.headers.get(name).map_or("", String::as_str);
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
    assert!(!policy.contains("script-src 'unsafe") && !policy.contains('*'), "{what}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{what}: {policy}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header("referrer-policy"), "no-referrer", "{what}");
    assert_eq!(header("cache-control"), "no-store", "{what}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{what}");
    assert_eq!(header("access-control-allow-origin"), "", "{what}");
}

#[test]
fn every_door_opens_to_whom_it_should_and_to_nobody_else() {
    let (served, _) = serve("doors");
    let seats: Vec<String> = served.tokens.keys().cloned().collect();
    assert_eq!(seats.len(), 6);
    let mut asked = 0;
    for seat in &seats {
        for path in PAGES.iter().chain(&READS).chain(&POSTS) {
            let method = if POSTS.contains(path) { "POST" } else { "GET" };
            // What is wrong with a body is nothing to whoever sends none.
            let of_a_body =
                [Flaw::WrongType, Flaw::NotJson, Flaw::NoDeed, Flaw::TooLarge, Flaw::AnothersDeed, Flaw::NoOrigin];
            let flaws = FLAWS.iter().filter(|flaw| method == "POST" || !of_a_body.contains(flaw));
            for flaw in flaws {
                let request = flawed(served.request(method, path, seat), *flaw, path, seat);
                let what = format!("{method} {path} from {seat} with {flaw:?}");
                let answer = request.try_send().unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(answer.status, expected(path, seat, *flaw), "{what}: {}", answer.body);
                has_its_headers(&answer, &what);
                asked += 1;
                // Not faster than a seat may ask.
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
    assert!(asked > 1_000, "{asked} requests");
    // Nothing of all that was done, but what was right.
    let done: Vec<Value> = served.log().into_iter().map(|entry| entry["deed"].clone()).collect();
    let deeds = |name: &str| done.iter().filter(|deed| deed.get(name).is_some()).count();
    // The way to the next thing asks for nothing in its body: whatever stands there, it goes.
    assert_eq!((deeds("look"), deeds("reach"), done.len()), (6, 4, 10), "{done:?}");
}

#[test]
fn what_is_not_there_is_not_there() {
    let (served, _) = serve("nothing");
    for path in
        ["/review/0123456789abcdef0123456789abcdef", "/../Cargo.toml", "/api", "/api/", "/app.js/", "/index.html"]
    {
        let answer = served.request("GET", path, "facilitator").send();
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
        has_its_headers(&answer, path);
    }
}

#[test]
fn who_asks_without_end_has_to_wait() {
    let (served, _) = serve("rates");
    let statuses: Vec<u16> = (0..200).map(|_| served.request("GET", "/api/screen", "observer").send().status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    assert_eq!(served.request("GET", "/api/screen", "operations").send().status, 200, "others need not wait");
}

#[test]
fn who_holds_connections_open_leaves_some_to_others() {
    let (served, _) = serve("connections");
    let connect = || std::net::TcpStream::connect(&served.host).unwrap();
    let held: Vec<std::net::TcpStream> = (0..128).map(|_| connect()).collect();
    // One more of this address is closed, whatever it asks.
    let refused = (0..100).all(|_| served.request("GET", "/", "").try_send().is_err());
    assert!(refused, "one address has taken more than half of all places");
    drop(held);
    let again = served::soon(|| served.request("GET", "/", "").try_send().ok());
    assert_eq!(again.map(|answer| answer.status), Some(200));
}

#[test]
fn a_review_opens_once_and_players_wait_for_the_end() {
    let (served, _) = serve("review");
    let review = |seat: &str| served.request("POST", "/api/review", seat).with_body("{}").send();
    assert_eq!(review("operations").status, 403);
    assert_eq!(served.does("facilitator", "Fay", &json!({ "end": {} })).status, 200);
    let made = review("operations");
    assert_eq!(made.status, 200, "{}", made.body);
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let open = || served.request("GET", made["open"].as_str().unwrap(), "").send();
    let opened = open();
    assert_eq!(opened.status, 200);
    assert_eq!(opened.headers["content-type"], "text/html; charset=utf-8");
    has_its_headers(&opened, "a review");
    assert!(!opened.headers["content-security-policy"].contains("script-src"));
    assert_eq!(open().status, 404, "once");
    // When play is over nothing can be done any more.
    let order = json!({ "order": { "measure": "fail over by hand" } });
    assert_eq!(served.does("operations", "Ada", &order).status, 409);
}

#[test]
fn whatever_people_type_stays_text() {
    let (served, _) = serve("hostile");
    let hostile = hostile();
    assert_eq!(hostile.len(), 200);
    let seats: Vec<&String> = served.tokens.keys().collect();
    for (seat, texts_of_seat) in seats.iter().zip(hostile.chunks(hostile.len().div_ceil(seats.len()))) {
        for text in texts_of_seat {
            let who: String = text.chars().take(60).collect();
            let answer = served.does(seat, &who, &json!({ "say": { "text": text } }));
            assert_eq!(answer.status, 200, "{text:?}: {}", answer.body);
        }
        let screen = served.screen(seat);
        let said = texts(&screen, "talk");
        for text in texts_of_seat {
            assert!(said.contains(text), "{text:?} is not what was said");
        }
        let answer = served.request("GET", "/api/screen", seat).send();
        assert_eq!(answer.headers["content-type"], "application/json");
        // One event is one line: no text can make another.
        let (kind, of_stream) = served.stream(seat).event();
        assert_eq!((kind.as_str(), texts(&of_stream, "talk")), ("screen", said));
    }
    let last = hostile.iter().find(|text| text.contains("<img")).unwrap();
    served.does("observer", last, &json!({ "sit": {} }));
    served.does("facilitator", "", &json!({ "end": {} }));
    let made = served.request("POST", "/api/review", "facilitator").with_body("{}").send();
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let review = served.request("GET", made["open"].as_str().unwrap(), "").send().body;
    for page in PAGES.iter().map(|path| served.request("GET", path, "").send().body).chain([review]) {
        let markup =
            ["<script>document", "<img src=x", "<svg onload", "<b id=pwned", "<base href=//", "<iframe srcdoc"];
        for payload in markup {
            assert!(!page.contains(payload), "{payload} is markup in {}", &page[..page.len().min(200)]);
        }
    }
}

/// A number drawn from a number: moments that differ, and are the same whenever this runs.
fn drawn(index: u64) -> u64 {
    index.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17).wrapping_mul(0xd134_2543_de82_ef95) >> 40
}

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let (mut served, file) = serve("killed");
    let tokens = served.tokens.clone();
    let mut acknowledged: Vec<String> = Vec::new();
    let kills: u64 = common::campaign(10, 100);
    for kill in 0..kills {
        let run = json!({ "run": { "speed": 10.0 } });
        assert_eq!(served.does("facilitator", "Fay", &run).status, 200);
        let seats: Vec<String> = tokens.keys().cloned().collect();
        let requests: Vec<Request> = seats.iter().map(|seat| served.request("POST", "/api/do", seat)).collect();
        let (acknowledges, heard) = mpsc::channel();
        let talks = std::thread::spawn(move || {
            for n in 0.. {
                let text = format!("kill {kill}, word {n}");
                let body = json!({ "who": "Ada", "deed": { "say": { "text": text } } }).to_string();
                match requests[n % requests.len()].clone().with_body(body).try_send() {
                    Ok(answer) if answer.status == 200 => acknowledges.send(text).unwrap(),
                    Ok(answer) => assert_eq!(answer.status, 429, "{}", answer.body),
                    Err(_) => break,
                }
            }
        });
        // Three times in four after a first word, however slow the machine is; the fourth may be killed before any.
        if kill % 4 != 3 {
            acknowledged.extend(heard.recv());
        }
        std::thread::sleep(Duration::from_micros(drawn(kill) % 150_000));
        served.kill();
        talks.join().unwrap();
        acknowledged.extend(heard.iter());
        served = Served::start(&file);
        assert_eq!(served.tokens, tokens, "links go on working");
    }
    let said: Vec<String> =
        served.log().iter().filter_map(|entry| entry["deed"]["say"]["text"].as_str().map(str::to_owned)).collect();
    assert!(acknowledged.len() as u64 > kills / 2, "only {} words in {kills} lives", acknowledged.len());
    let mut kept = said.iter();
    for text in &acknowledged {
        assert!(kept.any(|said| said == text), "{text:?} was acknowledged, and is gone");
    }
    // What was on its way when it was killed may be there: one word for each time.
    assert!(said.len() as u64 <= acknowledged.len() as u64 + kills, "{} said", said.len());
    // Time goes on where it had got to, and never back.
    let at: Vec<i64> = served.log().iter().map(|entry| entry["at_ns"].as_i64().unwrap()).collect();
    assert!(at.is_sorted());
    drop(served);
    let log = Log::read(&fs::read_to_string(file.with_extension("jsonl")).unwrap()).unwrap();
    assert_eq!(log.entries.len(), at.len());
}

#[test]
#[expect(clippy::print_stderr, reason = "how long it took is for whoever asks with --nocapture, and no test")]
fn twenty_at_once_all_see_it() {
    let (served, _) = serve("twenty");
    let seats: Vec<&String> = served.tokens.keys().cycle().take(20).collect();
    let mut streams: Vec<served::Stream> = seats.iter().map(|seat| served.stream(seat)).collect();
    for stream in &mut streams {
        assert_eq!(stream.event().0, "screen");
    }
    served.does("facilitator", "Fay", &json!({ "run": { "speed": 60.0 } }));
    let (began_at, took) = std::thread::scope(|scope| {
        let watch = |mut stream: served::Stream| {
            stream.screen_where(|screen| texts(screen, "talk").contains(&"evacuate".to_owned()));
            Instant::now()
        };
        let watching: Vec<_> = streams.into_iter().map(|stream| scope.spawn(move || watch(stream))).collect();
        let began = Instant::now();
        let speak = json!({ "speak": { "from": "CEO", "text": "evacuate" } });
        assert_eq!(served.does("facilitator", "Fay", &speak).status, 200);
        (began, watching.into_iter().map(|seen| seen.join().unwrap()).max().unwrap())
    });
    eprintln!("the last of twenty saw it after {:?}", took.duration_since(began_at));
}

#[test]
fn whoever_comes_back_finds_the_screen_as_it_is() {
    let (served, file) = serve("again");
    served.does("operations", "Ada", &json!({ "sit": {} }));
    let mut stream = served.stream("operations");
    assert_eq!(stream.event().1["now_s"], 3_000.0);
    drop(stream);
    served.does("facilitator", "Fay", &json!({ "reach": { "to_s": 4_500.0 } }));
    served.does("operations", "Ada", &json!({ "order": { "measure": "fail over by hand" } }));
    let (_, again) = served.stream("operations").event();
    assert_eq!(again["now_s"], 4_500.0);
    assert_eq!(texts(&again, "done"), ["orders: fail over by hand"]);
    assert_eq!(again, served.screen("operations"));
    // A program that is started again too.
    served.kill();
    let served = Served::start(&file);
    assert_eq!(again, served.screen("operations"));
    // While nothing changes but the clock, only the clock is sent.
    let mut stream = served.stream("operations");
    stream.event();
    served.does("facilitator", "Fay", &json!({ "run": { "speed": 1.0 } }));
    let (kind, clock) = std::iter::repeat_with(|| stream.event()).find(|(kind, _)| kind == "clock").unwrap();
    assert_eq!((kind.as_str(), clock.as_object().unwrap().len()), ("clock", 2));
    assert!(clock["now_s"].as_f64().unwrap() >= 4_500.0);
}
