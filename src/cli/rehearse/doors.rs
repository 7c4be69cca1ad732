//! What browsers can reach: the page, the screen of a seat as a stream of events, and the one door through which a seat does
//! something. Every request is looked at in the same order: the host, the origin, the token, the rate, the body.

use super::keeper::{Done, Refused, Screens, Shown, What, Wish};
use super::limits::{BODY_MAX, Rates, STREAMS_MAX};
use super::tokens::{Tokens, token};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use firedrill::rehearse::{Deed, Entry, FACILITATOR};
use futures_util::stream;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot, watch};

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/app.css");
/// The scripts of the page: modules, each of which says what it needs of the others.
const SCRIPTS: [(&str, &str); 5] = [
    ("/app.js", include_str!("page/app.js")),
    ("/dom.js", include_str!("page/dom.js")),
    ("/charts.js", include_str!("page/charts.js")),
    ("/player.js", include_str!("page/player.js")),
    ("/facilitator.js", include_str!("page/facilitator.js")),
];

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Nothing from anywhere else, no script or style that does not lie beside the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A review stands alone: its style is in it, and it has no script.
const REVIEW_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// Reviews that are ready to be opened.
const TICKETS_MAX: usize = 16;

/// Makes the page of a review; nothing where the program is being ended.
pub type Review = Box<dyn Fn(&[Entry]) -> Option<String> + Send + Sync>;

/// What the doors know.
pub struct Doors {
    /// Who may sit where.
    pub tokens: Tokens,
    /// Hosts under which this may be asked, with their port.
    pub hosts: Vec<String>,
    /// To whoever keeps the rehearsal.
    pub wishes: Sender<Wish>,
    /// What stands on all screens.
    pub screens: watch::Receiver<Screens>,
    /// Makes the review of a log.
    pub review: Review,
    /// How often each seat has asked.
    pub rates: Rates,
    /// Streams that are open.
    pub streams: Arc<Semaphore>,
    /// Reviews that can be opened once, by the words of their links.
    pub tickets: Mutex<BTreeMap<String, Arc<str>>>,
    /// The last review, and of how many entries of the log: one that everybody asks for is made once.
    pub made: tokio::sync::Mutex<Option<(usize, Arc<str>)>>,
}

impl Doors {
    /// The doors of a rehearsal.
    pub fn new(
        tokens: Tokens,
        hosts: Vec<String>,
        wishes: Sender<Wish>,
        screens: watch::Receiver<Screens>,
        review: Review,
    ) -> Doors {
        Doors {
            tokens,
            hosts,
            wishes,
            screens,
            review,
            rates: Rates::default(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            tickets: Mutex::default(),
            made: tokio::sync::Mutex::default(),
        }
    }

    /// Everything that can be asked.
    pub fn router(self) -> Router {
        let doors = Arc::new(self);
        let asset =
            |kind: &'static str, text: &'static str| get(move || async move { ([(header::CONTENT_TYPE, kind)], text) });
        let page = Router::new();
        let page = SCRIPTS.iter().fold(page, |page, (at, script)| page.route(at, asset(JAVASCRIPT, script)));
        page.route("/", asset("text/html; charset=utf-8", PAGE))
            .route("/app.css", asset("text/css; charset=utf-8", STYLE))
            .route("/api/screen", get(screen))
            .route("/api/stream", get(stream_of_screens))
            .route("/api/do", post(do_it))
            .route("/api/next", post(to_next_thing))
            .route("/api/review", post(review))
            .route("/api/log", post(log))
            .route("/review/{ticket}", get(open_review))
            .fallback(|| async { refuse(StatusCode::NOT_FOUND, "there is nothing here") })
            .method_not_allowed_fallback(|| async { refuse(StatusCode::METHOD_NOT_ALLOWED, "not in this way") })
            .layer(from_fn_with_state(Arc::clone(&doors), look))
            .layer(from_fn(with_policy))
            .with_state(doors)
    }
}

/// A refusal, in words.
fn refuse(status: StatusCode, why: &str) -> Response {
    let json = serde_json::json!({ "error": why }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Says to the browser what it may do with what it gets.
async fn with_policy(request: Request, next: Next) -> Response {
    let is_review = request.uri().path().starts_with("/review/");
    let mut response = next.run(request).await;
    let policy = if is_review { REVIEW_POLICY } else { POLICY };
    let fixed = [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The host first: a name that is not ours may be somebody's who wants our browser to ask us. Then, of whoever wants something done,
/// the origin and the kind of the body.
async fn look(State(doors): State<Arc<Doors>>, request: Request, next: Next) -> Response {
    if let Err(refused) = is_asked_rightly(&doors, request.method(), request.headers()) {
        return *refused;
    }
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, BODY_MAX).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(_) => refuse(StatusCode::PAYLOAD_TOO_LARGE, "that is too much at once"),
    }
}

fn is_asked_rightly(doors: &Doors, method: &Method, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    if !doors.hosts.iter().any(|known| known == host) || headers.get_all(header::HOST).iter().count() != 1 {
        return Err(refuse(StatusCode::MISDIRECTED_REQUEST, "this host is not known here").into());
    }
    let origin = text(header::ORIGIN);
    if headers.contains_key(header::ORIGIN) && origin.and_then(|origin| origin.strip_prefix("http://")) != Some(host) {
        return Err(refuse(StatusCode::FORBIDDEN, "this comes from another page").into());
    }
    if *method != Method::POST {
        return Ok(());
    }
    if origin.is_none() {
        return Err(refuse(StatusCode::FORBIDDEN, "this does not say which page it comes from").into());
    }
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    match kind.split(';').next().map(str::trim) {
        Some("application/json") => Ok(()),
        _ => Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON").into()),
    }
}

/// The seat whose token a request carries, unless it asks too often.
fn seat_of(doors: &Doors, headers: &HeaderMap) -> Result<String, Box<Response>> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let Some(seat) = doors.tokens.seat_of(token) else {
        return Err(refuse(StatusCode::UNAUTHORIZED, "this link is not one of this rehearsal").into());
    };
    if !doors.rates.may_ask(seat) {
        return Err(refuse(StatusCode::TOO_MANY_REQUESTS, "slower, please").into());
    }
    Ok(seat.to_owned())
}

async fn screen(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Response {
    let seat = match seat_of(&doors, &headers) {
        Ok(seat) => seat,
        Err(refused) => return *refused,
    };
    match doors.screens.borrow().get(&seat) {
        Some(screen) => ([(header::CONTENT_TYPE, "application/json")], screen.whole.to_string()).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "there is no such seat"),
    }
}

/// The screen of a seat, now and whenever it changes.
async fn stream_of_screens(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Response {
    let seat = match seat_of(&doors, &headers) {
        Ok(seat) => seat,
        Err(refused) => return *refused,
    };
    let Ok(permit) = Arc::clone(&doors.streams).try_acquire_owned() else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "too many browsers are looking");
    };
    let mut screens = doors.screens.clone();
    screens.mark_changed();
    let events =
        stream::unfold((screens, seat, None::<Shown>, permit), |(mut screens, seat, before, permit)| async move {
            loop {
                screens.changed().await.ok()?;
                let shown = screens.borrow_and_update().get(&seat).cloned()?;
                if let Some(event) = what_changed(before.as_ref(), &shown) {
                    return Some((Ok::<Event, Infallible>(event), (screens, seat, Some(shown), permit)));
                }
            }
        });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(10))).into_response()
}

/// The whole screen where more than the clock has changed since.
fn what_changed(before: Option<&Shown>, shown: &Shown) -> Option<Event> {
    match before {
        Some(before) if before.still == shown.still && before.clock == shown.clock => None,
        Some(before) if before.still == shown.still => Some(Event::default().event("clock").data(&*shown.clock)),
        _ => Some(Event::default().event("screen").data(&*shown.whole)),
    }
}

/// What a browser sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    /// Who, as they call themselves.
    #[serde(default)]
    who: String,
    /// What.
    deed: Deed,
}

async fn do_it(State(doors): State<Arc<Doors>>, headers: HeaderMap, body: Bytes) -> Response {
    let seat = match seat_of(&doors, &headers) {
        Ok(seat) => seat,
        Err(refused) => return *refused,
    };
    let sent: Sent = match serde_json::from_slice(&body) {
        Ok(sent) => sent,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, &format!("this is not understood: {why}")),
    };
    answer(wish(&doors, seat, sent.who, What::Deed(sent.deed)).await)
}

async fn to_next_thing(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Response {
    match facilitator(&doors, &headers) {
        Ok(seat) => answer(wish(&doors, seat, String::new(), What::ToNextThing).await),
        Err(refused) => *refused,
    }
}

/// The seat, if it is the facilitator's.
fn facilitator(doors: &Doors, headers: &HeaderMap) -> Result<String, Box<Response>> {
    let seat = seat_of(doors, headers)?;
    if seat == FACILITATOR {
        Ok(seat)
    } else {
        Err(refuse(StatusCode::FORBIDDEN, "that is not for this seat to do").into())
    }
}

/// The whole log, for the facilitator; the review shows everybody what there is to see.
async fn log(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Response {
    let seat = match facilitator(&doors, &headers) {
        Ok(seat) => seat,
        Err(refused) => return *refused,
    };
    match wish(&doors, seat, String::new(), What::Log).await {
        Ok(done) => {
            let lines: Vec<String> = done.log.iter().filter_map(|entry| serde_json::to_string(entry).ok()).collect();
            ([(header::CONTENT_TYPE, "application/json")], format!("[{}]", lines.join(","))).into_response()
        }
        Err(refused) => say_no(&refused),
    }
}

/// Makes the review, and a link that opens it once: a browser opens pages without a token.
async fn review(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Response {
    let seat = match seat_of(&doors, &headers) {
        Ok(seat) => seat,
        Err(refused) => return *refused,
    };
    let log = match wish(&doors, seat.clone(), String::new(), What::Log).await {
        Ok(done) => done.log,
        Err(refused) => return say_no(&refused),
    };
    let is_over = log.iter().rev().any(|entry| matches!(entry.deed, Deed::End {}));
    if !is_over && seat != FACILITATOR {
        return refuse(StatusCode::FORBIDDEN, "the review comes when play is over");
    }
    let Some(page) = review_of(&doors, log).await else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "the review could not be made");
    };
    let ticket = token();
    if let Ok(mut tickets) = doors.tickets.lock() {
        while tickets.len() >= TICKETS_MAX {
            tickets.pop_first();
        }
        tickets.insert(ticket.clone(), page);
    }
    let json = serde_json::json!({ "open": format!("/review/{ticket}") }).to_string();
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// The review of a log: the one that has been made already, where nothing was done since. One is made at a time.
async fn review_of(doors: &Arc<Doors>, log: Vec<Entry>) -> Option<Arc<str>> {
    let mut made = doors.made.lock().await;
    if let Some((_, page)) = made.as_ref().filter(|(entries, _)| *entries == log.len()) {
        return Some(Arc::clone(page));
    }
    let entries = log.len();
    let making = Arc::clone(doors);
    let page: Arc<str> = tokio::task::spawn_blocking(move || (making.review)(&log)).await.ok()??.into();
    *made = Some((entries, Arc::clone(&page)));
    Some(page)
}

async fn open_review(
    State(doors): State<Arc<Doors>>,
    axum::extract::Path(ticket): axum::extract::Path<String>,
) -> Response {
    let page = doors.tickets.lock().ok().and_then(|mut tickets| tickets.remove(&ticket));
    match page {
        Some(page) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page.to_string()).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "this review has been opened: ask for it again"),
    }
}

async fn wish(doors: &Doors, seat: String, who: String, what: What) -> Result<Done, Refused> {
    let (answer, answered) = oneshot::channel();
    let gone = || Refused::NotNow("the rehearsal is not kept any more".to_owned());
    doors.wishes.send(Wish { seat, who, what, answer }).map_err(|_| gone())?;
    answered.await.map_err(|_| gone())?
}

fn answer(done: Result<Done, Refused>) -> Response {
    match done {
        Ok(done) => {
            let json = serde_json::to_string(&done).expect("plain data");
            ([(header::CONTENT_TYPE, "application/json")], json).into_response()
        }
        Err(refused) => say_no(&refused),
    }
}

fn say_no(refused: &Refused) -> Response {
    match refused {
        Refused::NotYours(why) => refuse(StatusCode::FORBIDDEN, why),
        Refused::NotNow(why) => refuse(StatusCode::CONFLICT, why),
    }
}
