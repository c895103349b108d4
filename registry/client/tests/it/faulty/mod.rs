//! A web server for tests that serves a directory well, and fails on demand.
//!
//! Uses the standard library and `fs_err` only, so that other crates' tests may include it by
//! `#[path]`.
//! It knows ETags, ranges, `If-Range` and kept connections, like the servers that registries are
//! served by; [`Server::fault`] says what goes wrong with which requests, and how often.

mod http;

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub(crate) use http::{Answer, Seen, gzip};
use http::{answer_from, read_request};

/// What goes wrong with an answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The connection is reset after so many bytes of the body.
    Reset(usize),
    /// The connection ends after so many bytes of the body, as if that were all.
    Cut(usize),
    /// Nothing comes after so many bytes of the body, and the connection stays.
    Stall(usize),
    /// The body comes one byte at a time, with a wait before each.
    Slow(Duration),
    /// The header promises that many bytes more or fewer than there are, and the body has them.
    Length(i64),
    /// The header promises no length, and that many bytes more or fewer come than there are.
    NoLength(i64),
    /// One byte of the body is another.
    Flip(usize),
    /// A status, with headers and a body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The body is compressed, asked for or not.
    Gzip,
    /// Ranges are not known: the whole file is answered with.
    NoRange,
    /// Neither ranges nor ETags, as with the plainest of servers.
    Plain,
    /// No answer at all: the connection ends.
    Hang,
}

impl Fault {
    /// An answer of that status, and no more.
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), Vec::new())
    }

    pub(crate) fn redirect(status: u16, to: impl Into<String>) -> Self {
        Self::Answer(status, vec![("Location", to.into())], Vec::new())
    }

    pub(crate) fn json(status: u16, json: &str) -> Self {
        let kind = vec![("Content-Type", "application/json".to_owned())];
        Self::Answer(status, kind, json.as_bytes().to_vec())
    }

    pub(crate) fn page() -> Self {
        let kind = vec![("Content-Type", "text/html; charset=utf-8".to_owned())];
        Self::Answer(200, kind, b"<!doctype html><title>Log in</title>".to_vec())
    }
}

struct Planned {
    path: String,
    times: usize,
    fault: Fault,
}

/// A server on a port of this machine, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

/// Answers as a good server does: to a request, with ranges or not, with ETags or not.
type Origin = dyn Fn(&Seen, bool, bool) -> io::Result<Answer> + Send + Sync;

struct State {
    origin: Box<Origin>,
    planned: Mutex<Vec<Planned>>,
    seen: Mutex<Vec<Seen>>,
    over: AtomicBool,
}

impl Server {
    /// Serves `directory`.
    pub(crate) fn new(directory: &Path) -> Self {
        let directory = directory.to_owned();
        Self::before(move |request, ranges, etags| {
            Ok(answer_from(&directory, request, ranges, etags))
        })
    }

    /// Gives the answers of another server, `origin`, on which see [`Origin`]. Without an answer of
    /// it there is none here.
    pub(crate) fn before(
        origin: impl Fn(&Seen, bool, bool) -> io::Result<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            origin: Box::new(origin),
            planned: Mutex::default(),
            seen: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if served.over.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&served);
                // A client that went away is no matter here.
                thread::spawn(move || stream.and_then(|stream| state.serve(&stream)));
            }
        });
        Self { address, state }
    }

    /// `http://127.0.0.1:PORT/`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Has the next `times` requests whose path begins with `path` go wrong. Of several faults that
    /// fit, the one that was asked for first goes first.
    pub(crate) fn fault(&self, path: &str, times: usize, fault: Fault) {
        let path = path.to_owned();
        self.state
            .planned
            .lock()
            .unwrap()
            .push(Planned { path, times, fault });
    }

    /// The same, for ever.
    pub(crate) fn always(&self, path: &str, fault: Fault) {
        self.fault(path, usize::MAX, fault);
    }

    /// From now on nothing goes wrong.
    pub(crate) fn heal(&self) {
        self.state.planned.lock().unwrap().clear();
    }

    /// Whether requests whose path begins with `path` are to go wrong yet.
    pub(crate) fn faults_left(&self, path: &str) -> bool {
        let planned = self.state.planned.lock().unwrap();
        planned.iter().any(|p| p.path == path && p.times > 0)
    }

    /// The requests since the last call, oldest first.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.seen.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        while let Some(request) = read_request(stream)? {
            let mut seen = request.seen.clone();
            let fault = self.next_fault(&seen.path);
            // What was not read makes the end of a connection a reset.
            if !matches!(fault, Some(Fault::Reset(_))) {
                request.take_in(stream)?;
                seen.body = request.body(stream)?;
            }
            self.seen.lock().unwrap().push(seen.clone());
            let answer = match &fault {
                Some(Fault::Answer(status, headers, body)) => Answer {
                    status: *status,
                    headers: headers
                        .iter()
                        .map(|(n, v)| ((*n).to_owned(), v.clone()))
                        .collect(),
                    body: body.clone(),
                },
                Some(Fault::NoRange) => (self.origin)(&seen, false, true)?,
                Some(Fault::Plain) => (self.origin)(&seen, false, false)?,
                _ => (self.origin)(&seen, true, true)?,
            };
            if !send(stream, &seen, answer, fault.as_ref(), &self.over)? {
                break;
            }
        }
        stream.shutdown(Shutdown::Both)
    }

    fn next_fault(&self, path: &str) -> Option<Fault> {
        let mut planned = self.planned.lock().unwrap();
        let at = planned
            .iter()
            .position(|p| path.starts_with(&p.path) && p.times > 0)?;
        let next = &mut planned[at];
        if next.times != usize::MAX {
            next.times -= 1;
        }
        Some(next.fault.clone())
    }
}

/// Answers; whether the connection may be used again.
fn send(
    mut stream: &TcpStream,
    request: &Seen,
    mut answer: Answer,
    fault: Option<&Fault>,
    over: &AtomicBool,
) -> io::Result<bool> {
    let mut length = answer.body.len() as i64;
    match fault {
        Some(Fault::Hang) => return Ok(false),
        Some(Fault::Length(more)) => {
            length += more;
            let body = usize::try_from(length).unwrap_or(0);
            answer.body.resize(body, b'x');
        }
        Some(Fault::NoLength(more)) => {
            let body = usize::try_from(length + more).unwrap_or(0);
            answer.body.resize(body, b'x');
        }
        Some(Fault::Flip(at)) => {
            if let Some(byte) = answer.body.get_mut(*at) {
                *byte ^= 1;
            }
        }
        Some(Fault::Gzip) => {
            answer.body = gzip(&answer.body);
            length = answer.body.len() as i64;
            answer
                .headers
                .push(("Content-Encoding".to_owned(), "gzip".to_owned()));
        }
        _ => {}
    }
    let mut head = format!("HTTP/1.1 {} X\r\n", answer.status);
    if !matches!(fault, Some(Fault::NoLength(_))) {
        head += &format!("Content-Length: {length}\r\n");
    }
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    if request.method == "HEAD" {
        return Ok(true);
    }
    let body = &answer.body;
    match fault {
        Some(Fault::Reset(after) | Fault::Cut(after)) => {
            stream.write_all(&body[..(*after).min(body.len())])?;
            stream.flush()?;
            // So that what was written is read before the connection ends.
            thread::sleep(Duration::from_millis(20));
            Ok(false)
        }
        Some(Fault::Stall(after)) => {
            stream.write_all(&body[..(*after).min(body.len())])?;
            while !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(10));
            }
            Ok(false)
        }
        Some(Fault::NoLength(_)) => stream.write_all(body).map(|()| false),
        Some(Fault::Slow(wait)) => {
            for byte in body {
                thread::sleep(*wait);
                stream.write_all(&[*byte])?;
            }
            Ok(true)
        }
        _ => stream.write_all(body).map(|()| true),
    }
}
