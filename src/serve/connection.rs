//! Connections: one request each, in a thread of its own, within limits of time and size.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::guard;
use super::request::{
    LONGEST_BODY, LONGEST_HEAD, Method, Refusal, Request, end_of_head, parse, refusal,
};
use super::response::{Response, STILL_HERE, event, events_head};
use super::site::{Answer, Feed, Site};
use crate::provenance::Stopwatch;

/// How long a client may take to send its request, and to take one part of the response.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the end of a connection may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// The most connections at once, and how many of them may listen to events.
const MOST: usize = 96;
const MOST_STREAMS: usize = 64;

/// How often a stream of events looks whether its client is still there.
const LOOK: Duration = Duration::from_millis(250);

/// How many looks without an event pass before a stream says that it is still there.
const SILENT_LOOKS: u32 = 40;

/// The numbers of connections and of streams.
#[derive(Debug, Default)]
pub(super) struct Load {
    all: AtomicUsize,
    streams: AtomicUsize,
}

/// One of a limited number, until it is dropped.
struct Place<'l>(&'l AtomicUsize);

impl<'l> Place<'l> {
    fn take(taken: &'l AtomicUsize, most: usize) -> Option<Self> {
        let place = Self(taken);
        (taken.fetch_add(1, Ordering::SeqCst) < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers a client in a thread of its own. Refuses it at once if there are too many.
pub(super) fn accept(stream: TcpStream, site: &Arc<Site>, load: &Arc<Load>) {
    let (site, load) = (Arc::clone(site), Arc::clone(load));
    // Without a thread, the connection is closed.
    let _ = std::thread::Builder::new().spawn(move || {
        let Some(_place) = Place::take(&load.all, MOST) else {
            let busy = Response::text(503, "too many connections");
            let _ = stream.set_write_timeout(Some(FAREWELL));
            let _ = (&stream).write_all(&busy.bytes(true));
            return;
        };
        // A client that goes away is no error of the server.
        let _ = answer(&stream, &site, &load);
        let _ = end(&stream);
    });
}

fn answer(mut stream: &TcpStream, site: &Site, load: &Load) -> std::io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let request = match read(stream)? {
        Ok(request) => request,
        Err(refused) => return stream.write_all(&Response::from(refused).bytes(true)),
    };
    let has_body = request.method != Method::Head;
    let response = match guard::check(&request, site.port, &site.token) {
        Err(refused) => refused.into(),
        Ok(()) => match site.answer(&request) {
            Answer::Now(response) => response,
            Answer::Feed(feed) if has_body => match Place::take(&load.streams, MOST_STREAMS) {
                Some(_place) => return follow(stream, feed),
                None => Response::text(503, "too many pages are open"),
            },
            Answer::Feed(_) => Response::text(200, "a stream of events"),
        },
    };
    stream.write_all(&response.bytes(has_body))
}

/// Reads a request to the end of its body.
fn read(mut stream: &TcpStream) -> std::io::Result<Result<Request, Refusal>> {
    let stopwatch = Stopwatch::start();
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    let mut wanted = None;
    loop {
        if let (None, Some(end)) = (&wanted, end_of_head(&bytes)) {
            match parse(&bytes[..end]) {
                Ok(request) => wanted = Some((end + request.length, request)),
                Err(refused) => return Ok(Err(refused)),
            }
        }
        match wanted {
            Some((length, request)) if bytes.len() >= length => return Ok(Ok(request)),
            None if bytes.len() > LONGEST_HEAD => {
                return Ok(Err(refusal(431, "the head of the request is too long")));
            }
            _ => {}
        }
        let Some(left) = PATIENCE.checked_sub(stopwatch.elapsed()).filter(|left| !left.is_zero())
        else {
            return Ok(Err(refusal(408, "the request took too long")));
        };
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut part) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => bytes.extend_from_slice(&part[..n]),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends events until the client goes away.
fn follow(mut stream: &TcpStream, mut feed: Feed<'_>) -> std::io::Result<()> {
    stream.write_all(&events_head())?;
    stream.set_read_timeout(Some(Duration::from_millis(1)))?;
    let mut silent = 0;
    loop {
        silent += 1;
        match feed.next(LOOK) {
            Some(data) => {
                stream.write_all(&event(&data))?;
                silent = 0;
            }
            None if silent % SILENT_LOOKS == 0 => stream.write_all(STILL_HERE)?,
            None => {}
        }
        // A client sends nothing more. It has gone if its side is closed.
        if let Ok(0) = stream.peek(&mut [0]) {
            return Ok(());
        }
    }
}

/// Ends a connection so that the client gets the whole response, also if it still sends.
fn end(mut stream: &TcpStream) -> std::io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let stopwatch = Stopwatch::start();
    let (mut rest, mut part) = (LONGEST_HEAD + LONGEST_BODY, [0; 4096]);
    while let Some(left) = FAREWELL.checked_sub(stopwatch.elapsed()).filter(|left| !left.is_zero())
    {
        stream.set_read_timeout(Some(left))?;
        let n = stream.read(&mut part)?;
        rest = rest.saturating_sub(n);
        if n == 0 || rest == 0 {
            break;
        }
    }
    Ok(())
}
