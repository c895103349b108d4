//! A plain web server for the three registries: files, `ETag`s, ranges, and a count of requests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;
use puck_package::Digest;

/// A server that runs until the process ends.
pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// Serves what is below `root`.
    pub(super) fn start(root: &Path) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let server = Self {
            address: listener.local_addr()?,
            requests: Arc::default(),
        };
        let (root, requests) = (root.to_owned(), Arc::clone(&server.requests));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (root, requests) = (root.clone(), Arc::clone(&requests));
                // A client that goes away in the middle of an answer is nobody's concern.
                thread::spawn(move || drop(serve(&stream, &root, &requests)));
            }
        });
        Ok(server)
    }

    /// The address of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// How many requests came since this was asked the last time.
    pub(super) fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::Relaxed)
    }
}

/// Answers the requests of one connection.
fn serve(stream: &TcpStream, root: &Path, requests: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader)? {
        requests.fetch_add(1, Ordering::Relaxed);
        let answer = answer(root, &request);
        (&mut &*stream).write_all(&answer)?;
    }
    Ok(())
}

/// What is looked at of a request.
#[derive(Debug, Default, PartialEq)]
struct Request {
    method: String,
    path: String,
    if_none_match: Option<String>,
    range: Option<String>,
}

impl Request {
    /// The next request; `None` at the end of the connection.
    fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let mut request = Self {
            method: words.next().unwrap_or_default().to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
            ..Self::default()
        };
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let value = value.trim().to_owned();
            match &*name.to_ascii_lowercase() {
                "if-none-match" => request.if_none_match = Some(value),
                "range" => request.range = Some(value),
                "content-length" => length = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
        Ok(Some(request))
    }
}

/// The whole answer, as it is sent.
fn answer(root: &Path, request: &Request) -> Vec<u8> {
    let content = file(root, &request.path).and_then(|path| fs_err::read(path).ok());
    let Some(content) = content else {
        return head("404 Not Found", "", 0).into_bytes();
    };
    let etag = format!("\"{}\"", Digest::of(&content).prefix(16));
    let kind = if request.path.ends_with('/') {
        "text/html"
    } else {
        "application/octet-stream"
    };
    // As long as PyPI and crates.io let their indexes be used without asking again.
    let common = format!(
        "ETag: {etag}\r\nContent-Type: {kind}\r\nAccept-Ranges: bytes\r\nCache-Control: max-age=600\r\n"
    );
    if request.if_none_match.as_deref() == Some(&etag) {
        return head("304 Not Modified", &common, 0).into_bytes();
    }
    let all = content.len();
    let (status, extra, content) = match &request.range {
        None => ("200 OK", String::new(), &content[..]),
        Some(range) => match span(range, all) {
            Some((from, to)) => (
                "206 Partial Content",
                format!("Content-Range: bytes {from}-{}/{all}\r\n", to - 1),
                &content[from..to],
            ),
            None => {
                let extra = format!("Content-Range: bytes */{all}\r\n");
                return head("416 Range Not Satisfiable", &extra, 0).into_bytes();
            }
        },
    };
    let mut bytes = head(status, &format!("{common}{extra}"), content.len()).into_bytes();
    if request.method != "HEAD" {
        bytes.extend(content);
    }
    bytes
}

fn head(status: &str, extra: &str, length: usize) -> String {
    format!("HTTP/1.1 {status}\r\n{extra}Content-Length: {length}\r\n\r\n")
}

/// The file of a path; a folder's is its `index.html`.
fn file(root: &Path, path: &str) -> Option<PathBuf> {
    let relative = Path::new(path.strip_prefix('/')?);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if !relative.components().all(plain) {
        return None;
    }
    let place = root.join(relative);
    Some(if place.is_dir() {
        place.join("index.html")
    } else {
        place
    })
}

/// The part of `length` bytes that a range names: `bytes=5-9`, `bytes=5-` or `bytes=-5`.
fn span(range: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from.parse::<usize>().ok(), to.parse::<usize>().ok()) {
        (Some(from), Some(to)) => (from, to.checked_add(1)?.min(length)),
        (Some(from), None) => (from, length),
        (None, Some(last)) => (length.saturating_sub(last), length),
        (None, None) => return None,
    };
    (from < to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (range, expected) in [
            ("bytes=0-4", Some((0, 5))),
            ("bytes=5-", Some((5, 10))),
            ("bytes=-3", Some((7, 10))),
            ("bytes=-30", Some((0, 10))),
            ("bytes=8-99", Some((8, 10))),
            ("bytes=10-", None),
            ("bytes=-", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(span(range, 10), expected, "{range}");
        }
    }

    #[test]
    fn what_is_served_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("sub")).unwrap();
        fs_err::write(folder.path().join("sub/index.html"), "listing").unwrap();
        fs_err::write(folder.path().join("file"), "0123456789").unwrap();
        let server = Server::start(folder.path()).unwrap();
        let ask = |text: &str| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        let whole = ask("GET /file HTTP/1.1\r\n\r\n");
        assert!(whole.starts_with("HTTP/1.1 200") && whole.ends_with("\r\n\r\n0123456789"));
        let etag = whole.split("ETag: ").nth(1).unwrap();
        let etag = etag.split("\r\n").next().unwrap();
        let same = ask(&format!(
            "GET /file HTTP/1.1\r\nIf-None-Match: {etag}\r\n\r\n"
        ));
        assert!(same.starts_with("HTTP/1.1 304"), "{same}");
        let part = ask("GET /file HTTP/1.1\r\nRange: bytes=8-\r\n\r\n");
        assert!(
            part.contains("bytes 8-9/10") && part.ends_with("\r\n\r\n89"),
            "{part}"
        );
        assert!(ask("GET /sub/ HTTP/1.1\r\n\r\n").ends_with("listing"));
        for bad in ["/../file", "/none", "file"] {
            let refused = ask(&format!("GET {bad} HTTP/1.1\r\n\r\n"));
            assert!(refused.starts_with("HTTP/1.1 404"), "{bad}: {refused}");
        }
        assert_eq!(server.requests(), 7);
        assert_eq!(server.requests(), 0);
    }
}
