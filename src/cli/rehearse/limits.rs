//! Limits on what browsers may ask for.

use axum::serve::Listener;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// Bytes of what a browser sends.
pub const BODY_MAX: usize = 16 << 10;
/// Browsers that look at screens.
pub const STREAMS_MAX: usize = 160;
/// Connections at once, idle ones too.
pub const CONNECTIONS_MAX: usize = 256;
/// Connections of one address: whoever opens them and says nothing leaves as many to the others.
pub const CONNECTIONS_OF_ONE: usize = CONNECTIONS_MAX / 2;
/// A connection on which nothing has come or gone for so long is closed. A browser that looks at a screen hears something sooner.
const SILENT_MAX: Duration = Duration::from_secs(30);
/// Requests of one seat: so many at once, and so many in a second.
const BURST: f64 = 60.0;
const PER_SECOND: f64 = 20.0;

/// How often each seat has asked lately: a bucket of tokens for each.
#[derive(Debug, Default)]
pub struct Rates(Mutex<BTreeMap<String, (f64, Option<Instant>)>>);

impl Rates {
    /// Whether a seat may ask once more now.
    pub fn may_ask(&self, seat: &str) -> bool {
        #[expect(clippy::disallowed_methods, reason = "browsers ask by the clock on the wall")]
        let now = Instant::now();
        let Ok(mut seats) = self.0.lock() else { return false };
        let (left, last) = seats.entry(seat.to_owned()).or_insert((BURST, None));
        let since_s = last.map_or(0.0, |last| now.duration_since(last).as_secs_f64());
        *left = (*left + since_s * PER_SECOND).min(BURST);
        *last = Some(now);
        let may = *left >= 1.0;
        if may {
            *left -= 1.0;
        }
        may
    }
}

/// Takes no more connections than so many at once: the others wait in the system's queue. Those that are too many of one address
/// are closed.
pub struct Doorway {
    listener: TcpListener,
    places: Arc<Semaphore>,
    of_one: BTreeMap<IpAddr, Arc<Semaphore>>,
}

impl Doorway {
    /// Listens there.
    pub fn new(listener: TcpListener) -> Doorway {
        Doorway { listener, places: Arc::new(Semaphore::new(CONNECTIONS_MAX)), of_one: BTreeMap::new() }
    }

    /// A place of an address, if it has one left.
    fn place_of(&mut self, from: IpAddr) -> Option<OwnedSemaphorePermit> {
        if self.of_one.len() > CONNECTIONS_MAX {
            self.of_one.retain(|_, places| places.available_permits() < CONNECTIONS_OF_ONE);
        }
        let places = self.of_one.entry(from).or_insert_with(|| Arc::new(Semaphore::new(CONNECTIONS_OF_ONE)));
        Arc::clone(places).try_acquire_owned().ok()
    }
}

/// A connection that holds its place until it ends.
pub struct Held {
    stream: TcpStream,
    silent: Pin<Box<Sleep>>,
    _places: [OwnedSemaphorePermit; 2],
}

impl Held {
    /// Something has come or gone.
    fn is_alive(&mut self) {
        self.silent.as_mut().reset(tokio::time::Instant::now() + SILENT_MAX);
    }
}

impl Listener for Doorway {
    type Io = Held;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Held, SocketAddr) {
        let place = Arc::clone(&self.places).acquire_owned().await.expect("nobody closes it");
        loop {
            let (stream, from) = Listener::accept(&mut self.listener).await;
            if let Some(of_one) = self.place_of(from.ip()) {
                let silent = Box::pin(tokio::time::sleep(SILENT_MAX));
                return (Held { stream, silent, _places: [place, of_one] }, from);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl AsyncRead for Held {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context, into: &mut ReadBuf) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, into) {
            Poll::Pending if self.silent.as_mut().poll(context).is_ready() => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
            ready => {
                if into.filled().len() > before {
                    self.is_alive();
                }
                ready
            }
        }
    }
}

impl AsyncWrite for Held {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.is_alive();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_without_end_has_to_wait() {
        let rates = Rates::default();
        let allowed = (0..1_000).filter(|_| rates.may_ask("observer")).count();
        assert!((60..200).contains(&allowed), "{allowed} at once");
        assert!(rates.may_ask("operations"), "another seat is another bucket");
    }
}
