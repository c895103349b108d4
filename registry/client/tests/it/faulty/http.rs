//! Requests read, files answered with: as much of HTTP as a file server needs.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// A request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// The header of that name, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(found, _)| found == name);
        header.map(|(_, value)| value.as_str())
    }
}

/// A request whose head was seen, but not taken from the connection.
pub(super) struct Request {
    pub(super) seen: Seen,
    head: usize,
}

impl Request {
    pub(super) fn take_in(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.read_exact(&mut vec![0; self.head])
    }

    pub(super) fn body(&self, mut stream: &TcpStream) -> io::Result<Vec<u8>> {
        let length = self
            .seen
            .header("content-length")
            .and_then(|text| text.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body)?;
        Ok(body)
    }
}

/// An answer, whole; its length is not among the headers.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The next request on a connection; `None` when there is none.
pub(super) fn read_request(mut stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut buffer = vec![0; 64 << 10];
    let head = loop {
        let count = stream.peek(&mut buffer)?;
        if count == 0 {
            return Ok(None);
        }
        if !buffer[0].is_ascii_uppercase() {
            // TLS, perhaps.
            stream.write_all(b"HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n")?;
            return Ok(None);
        }
        if let Some(end) = buffer[..count]
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
        {
            break end + 4;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let text = String::from_utf8_lossy(&buffer[..head]);
    let mut lines = text.split("\r\n");
    let mut words = lines
        .next()
        .unwrap_or_default()
        .split(' ')
        .map(str::to_owned);
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let seen = Seen {
        method,
        path,
        headers,
        body: Vec::new(),
    };
    Ok(Some(Request { seen, head }))
}

/// What a good server answers.
pub(super) fn answer_from(directory: &Path, request: &Seen, ranges: bool, etags: bool) -> Answer {
    let path = request.path.split('?').next().unwrap_or_default();
    let file = directory.join(path.trim_start_matches('/'));
    let plain = |status| Answer {
        status,
        headers: Vec::new(),
        body: Vec::new(),
    };
    if path.contains("..") || !file.is_file() {
        return plain(404);
    }
    let body = fs_err::read(&file).unwrap();
    let etag = format!("\"{:08x}-{}\"", crc32(&body), body.len());
    let mut answer = plain(200);
    if etags {
        answer.headers.push(("ETag".to_owned(), etag.clone()));
        if request.header("if-none-match") == Some(&etag) {
            answer.status = 304;
            return answer;
        }
    }
    let unchanged = request.header("if-range").is_none_or(|known| known == etag);
    let range = request.header("range").filter(|_| ranges && unchanged);
    let Some(range) = range.and_then(|range| range.strip_prefix("bytes=")) else {
        answer.body = body;
        return answer;
    };
    let (from, to) = range.split_once('-').unwrap();
    let length = body.len();
    let start = match (from.parse::<usize>(), to.parse::<usize>()) {
        (Ok(from), _) => from,
        (Err(_), Ok(last)) => length.saturating_sub(last),
        _ => 0,
    };
    if start >= length {
        let unsatisfied = format!("bytes */{length}");
        answer.status = 416;
        answer
            .headers
            .push(("Content-Range".to_owned(), unsatisfied));
        return answer;
    }
    let range = format!("bytes {start}-{}/{length}", length - 1);
    answer.status = 206;
    answer.headers.push(("Content-Range".to_owned(), range));
    answer.body = body[start..].to_vec();
    answer
}

/// `bytes` in gzip's form, without being any smaller.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for chunk in bytes.chunks(0xffff) {
        let size = chunk.len() as u16;
        all.push(0);
        all.extend(size.to_le_bytes());
        all.extend((!size).to_le_bytes());
        all.extend(chunk);
    }
    all.extend([1, 0, 0, 0xff, 0xff]);
    all.extend(crc32(bytes).to_le_bytes());
    all.extend((bytes.len() as u32).to_le_bytes());
    all
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc))
    })
}
