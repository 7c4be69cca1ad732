//! Whoever keeps a rehearsal: one thread that owns the session, its log and its clock. Nothing is acknowledged before it is on
//! disk.

use super::super::files::FileError;
use firedrill::rehearse::{Deed, Denied, Entry, FACILITATOR, Header, LINE_MAX, Screen, Session};
use firedrill::units::{Duration, Time};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration as Span, Instant};
use tokio::sync::{oneshot, watch};

/// How often the clock is looked at while it runs.
const TICK: Span = Span::from_millis(100);
/// How often it is written down how far the run has got.
const WRITE_DOWN_EVERY: Span = Span::from_secs(2);
/// A clock that was not looked at for so long has slept: the run stands instead of jumping.
const ASLEEP_AFTER: Span = Span::from_secs(5);

/// The screen of every seat, made at the same moment.
pub type Screens = Arc<BTreeMap<String, Shown>>;

/// The screen of a seat, as JSON.
#[derive(Debug, Clone)]
pub struct Shown {
    /// All of it.
    pub whole: Arc<str>,
    /// The same without the clock: what did not change need not be sent again, ten times a second.
    pub still: Arc<str>,
    /// What the clock shows.
    pub clock: Arc<str>,
}

impl Shown {
    fn new(mut screen: Screen) -> Shown {
        let whole = Arc::from(json(&screen));
        let (now_s, now) = (std::mem::take(&mut screen.now_s), std::mem::take(&mut screen.now));
        let clock = serde_json::json!({ "now_s": now_s, "now": now }).to_string();
        Shown { whole, still: Arc::from(json(&screen)), clock: Arc::from(clock) }
    }
}

/// Something that a browser wants.
#[derive(Debug)]
pub struct Wish {
    /// From which seat.
    pub seat: String,
    /// Who, as they call themselves.
    pub who: String,
    /// What.
    pub what: What,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Done, Refused>>,
}

/// Why something is not done.
#[derive(Debug)]
pub enum Refused {
    /// Another seat may do it, and not this one.
    NotYours(String),
    /// Nobody can do it now.
    NotNow(String),
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Refused {
        match denied {
            Denied::NotYours => Refused::NotYours(denied.to_string()),
            _ => Refused::NotNow(denied.to_string()),
        }
    }
}

/// What is wanted.
#[derive(Debug)]
pub enum What {
    /// Something that is written in the log.
    Deed(Deed),
    /// The clock runs until the next thing happens.
    ToNextThing,
    /// The log so far.
    Log,
}

/// What has been done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Done {
    /// Why the run did not do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The log so far, where it was asked for.
    #[serde(skip)]
    pub log: Vec<Entry>,
}

/// Keeps a rehearsal.
pub struct Keeper {
    session: Session,
    path: PathBuf,
    file: fs::File,
    screens: watch::Sender<Screens>,
    /// Where the clock stops by itself.
    stops_at: Option<Time>,
    looked_at: Instant,
    written_at: Instant,
}

impl Keeper {
    /// Begins a log, or goes on with one: `session` stands where it has got to, and `whole` of its bytes are whole lines.
    pub fn new(
        session: Session,
        path: &Path,
        log: Option<usize>,
        header: &Header,
    ) -> Result<(Keeper, watch::Receiver<Screens>), FileError> {
        let failed = |source| FileError::Write { path: path.to_owned(), source };
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create(log.is_none()).create_new(log.is_none());
        let mut file = options.open(path).map_err(failed)?;
        file.try_lock().map_err(|_| FileError::InUse { path: path.to_owned() })?;
        match log {
            // What was being written when the writer was killed was never acknowledged.
            Some(whole) => file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0)).map(|_| ())),
            None => writeln!(file, "{}", json(header)).and_then(|()| file.sync_all()),
        }
        .map_err(failed)?;
        let (screens, seen) = watch::channel(Screens::default());
        let now = now();
        let keeper =
            Keeper { session, path: path.to_owned(), file, screens, stops_at: None, looked_at: now, written_at: now };
        keeper.show();
        Ok((keeper, seen))
    }

    /// Goes back before anybody plays: a branch of its own.
    pub fn back(&mut self, to: Time, name: String) -> Result<(), String> {
        if self.session.has_just_gone_back_to(to) {
            return Ok(());
        }
        match self.put(FACILITATOR, "", Deed::Back { to_s: to.seconds(), name }) {
            Ok(_) => self.show(),
            Err(Refused::NotYours(why) | Refused::NotNow(why)) => return Err(why),
        }
        Ok(())
    }

    /// Does what is wanted, and lets the clock run, until nobody wants anything any more.
    pub fn keep(mut self, wishes: &Receiver<Wish>) {
        loop {
            match wishes.recv_timeout(TICK) {
                Ok(wish) => {
                    self.tick();
                    let done = self.grant(&wish.seat, &wish.who, wish.what);
                    self.show();
                    // Whoever asked may be gone.
                    let _ = wish.answer.send(done);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.tick() {
                        self.show();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if self.session.speed().is_some() {
            let _ = self.write_down();
        }
    }

    /// Lets the run follow the clock. Says whether time has passed.
    fn tick(&mut self) -> bool {
        let now = now();
        let passed = now.duration_since(self.looked_at);
        self.looked_at = now;
        let Some(speed) = self.session.speed() else { return false };
        if passed > ASLEEP_AFTER {
            let _ = self.put(FACILITATOR, "", Deed::Pause {});
            return true;
        }
        let by = Duration::from_seconds(passed.as_secs_f64() * speed);
        let to = self.session.now().after(by);
        let stop = self.stops_at.filter(|stop| *stop <= to);
        self.session.advance(stop.unwrap_or(to));
        let over = self.session.speed().is_none();
        if stop.is_some() || over {
            self.stops_at = None;
            let _ = self.write_down();
            let _ = self.put(FACILITATOR, "", Deed::Pause {});
        } else if now.duration_since(self.written_at) >= WRITE_DOWN_EVERY {
            let _ = self.write_down();
        }
        true
    }

    fn grant(&mut self, seat: &str, who: &str, what: What) -> Result<Done, Refused> {
        match what {
            What::Log => Ok(Done { refused: None, log: self.session.entries().to_vec() }),
            What::ToNextThing => {
                let next = self.session.next_thing();
                self.put(seat, who, Deed::Reach { to_s: next.seconds() })
            }
            What::Deed(deed) => {
                if matches!(deed, Deed::Run { .. } | Deed::Pause {} | Deed::Back { .. } | Deed::End {}) {
                    self.stops_at = None;
                }
                // Where the run has got to comes before what is done there.
                if self.session.speed().is_some()
                    && self.written_at != self.looked_at
                    && !matches!(deed, Deed::Reach { .. })
                {
                    self.write_down()?;
                }
                self.put(seat, who, deed)
            }
        }
    }

    /// Writes down how far the run has got.
    fn write_down(&mut self) -> Result<(), Refused> {
        self.written_at = self.looked_at;
        let to_s = self.session.now().seconds();
        self.put(FACILITATOR, "", Deed::Reach { to_s }).map(|_| ())
    }

    /// Does something, and puts it on disk. What could not be written has not happened: the session is what the log says.
    fn put(&mut self, seat: &str, who: &str, deed: Deed) -> Result<Done, Refused> {
        let before = self.session.entries().len();
        let entry = self.session.act(seat, who, &clock(), deed)?.clone();
        let line = json(&entry) + "\n";
        let at = self.file.stream_position();
        let written = match line.len() <= LINE_MAX {
            true => self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data()),
            false => Err(std::io::Error::other("a line that is too long")),
        };
        if let Err(error) = written {
            self.session = Session::resume(self.session.plan().clone(), self.session.entries()[..before].to_vec());
            if let Ok(at) = at {
                let _ = self.file.set_len(at).and_then(|()| self.file.seek(SeekFrom::Start(at)).map(|_| ()));
            }
            return Err(Refused::NotNow(format!("{} cannot be written: {error}", self.path.display())));
        }
        Ok(Done { refused: entry.refused, log: Vec::new() })
    }

    /// Makes the screen of every seat anew.
    fn show(&self) {
        let seats = self.session.plan().seats.iter().map(|seat| seat.name.clone());
        let screen = |seat: String| {
            let screen = self.session.screen(&seat)?;
            Some((seat, Shown::new(screen)))
        };
        self.screens.send_replace(Arc::new(seats.filter_map(screen).collect()));
    }
}

/// Plain data as JSON: it can always be written.
fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data")
}

#[expect(
    clippy::disallowed_methods,
    reason = "people play by the clock on the wall; the run sees only what the log says"
)]
fn now() -> Instant {
    Instant::now()
}

/// The time on the wall, for the log.
fn clock() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "for the review, which tells who did what when; the run never sees it"
    )]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    firedrill::rehearse::clock_text(since.as_millis() as i64)
}
