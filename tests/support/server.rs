//! `puck registry serve` in the background, killed and started again at will, and what is asked of
//! it without `puck`.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use puck_package::Digest;
use puck_registry::Registry;
use serde_json::Value;

use crate::support::Machine;
use crate::support::run::Call;

/// Longer than anything takes on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs, unless it was killed.
pub(crate) struct Served<'m> {
    machine: &'m Machine,
    directory: PathBuf,
    options: String,
    address: SocketAddr,
    child: Child,
}

/// An answer, whole.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Machine {
    /// Serves a registry on a free port; `options` are those of the command.
    pub(crate) fn serve(&self, directory: &Path, options: &str) -> Served<'_> {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let (child, address) = start(self, directory, options, any).unwrap();
        Served {
            machine: self,
            directory: directory.to_owned(),
            options: options.to_owned(),
            address,
            child,
        }
    }

    /// A new token for a registry in a folder.
    pub(crate) fn token(&self, directory: &Path, user: &str) -> String {
        let call = self.call("", &format!("registry token create --user {user}"));
        call.arg(directory).ok().trim().to_owned()
    }

    /// A call of the command with the registry at `url`.
    pub(crate) fn from(&self, url: &str, folder: &str, line: &str) -> Call {
        self.call(folder, line).env("PUCK_REGISTRY", url)
    }
}

impl Served<'_> {
    /// `http://127.0.0.1:PORT/`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it without a warning.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, as an operator does.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().cast_signed();
        // SAFETY: no memory is involved; the process was not waited for yet.
        unsafe { libc::kill(pid, libc::SIGTERM) };
    }

    /// What it ends with, when it was asked to.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts it again at the same address, after it ended.
    pub(crate) fn restart(&mut self) {
        let begin = Instant::now();
        loop {
            match start(self.machine, &self.directory, &self.options, self.address) {
                Ok((child, _)) => {
                    self.child = child;
                    return;
                }
                // Somebody's connection may have got the port meanwhile.
                Err(said) => assert!(
                    said.contains("cannot listen") && begin.elapsed() < PATIENCE,
                    "{said}"
                ),
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The most memory that it ever had, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs_err::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse::<u64>().unwrap() << 10
    }

    /// What it answers to a GET.
    pub(crate) fn get(&self, path: &str) -> Reply {
        ask(self.address, "GET", path, &[], &[]).unwrap()
    }

    /// Publishes an archive as a client would that sends once.
    pub(crate) fn post(&self, token: &str, archive: &[u8]) -> io::Result<Reply> {
        post(self.address, token, archive)
    }
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Reply {
    /// The header of that name, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(found, _)| found == name);
        header.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }
}

/// Starts a server and waits until it listens; what it said if it ends before.
fn start(
    machine: &Machine,
    directory: &Path,
    options: &str,
    address: SocketAddr,
) -> Result<(Child, SocketAddr), String> {
    let log = machine.root().join("server.log");
    let line = format!("registry serve --format json --address {address} {options}");
    let mut child = machine
        .call("", &line)
        .arg(directory)
        .command()
        .stdout(Stdio::piped())
        .stderr(fs_err::File::create(&log).unwrap().into_parts().0)
        .spawn()
        .unwrap();
    let mut said = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut said).unwrap();
    let Ok(listening) = serde_json::from_str::<Value>(&said) else {
        child.wait().unwrap();
        return Err(fs_err::read_to_string(log).unwrap());
    };
    let address = listening["address"].as_str().unwrap().parse().unwrap();
    Ok((child, address))
}

/// Publishes an archive as a client would that sends once.
pub(crate) fn post(address: SocketAddr, token: &str, archive: &[u8]) -> io::Result<Reply> {
    let headers = [
        ("Authorization", format!("Bearer {token}")),
        ("Puck-Sha256", Digest::of(archive).hex()),
    ];
    ask(address, "POST", "/api/v1/publish", &headers, archive)
}

/// One request on a connection of its own; an answer that ends early is an error.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // Of this version, so that no answer comes in chunks.
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
    stream.write_all(head.as_bytes())?;
    // Who is refused may be told so before all was sent.
    let sent = stream.write_all(body);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(end) = end else {
        sent?;
        read?;
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let body = answer.split_off(end + 4);
    let head = String::from_utf8_lossy(&answer).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let reply = Reply {
        status: status.and_then(|s| s.parse().ok()).unwrap_or_default(),
        headers: lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect(),
        body,
    };
    let length = reply.header("content-length").and_then(|l| l.parse().ok());
    let bodiless = method == "HEAD" || reply.status == 304;
    if !bodiless && length.is_some_and(|length: usize| length != reply.body.len()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(reply)
}

/// Fails unless a registry's log, index and archives say the same, and nothing is left of what was
/// under way. Returns every version that is published, as `NAME VERSION`.
#[track_caller]
pub(crate) fn expect_sound(directory: &Path) -> Vec<String> {
    let registry = Registry::open(directory).unwrap();
    // Whoever writes next finishes what was left.
    registry.recover().unwrap();
    let log = registry.verify_log().unwrap();
    assert!(!directory.join("pending.json").exists());
    let mut published = Vec::new();
    let mut files = Vec::new();
    for name in registry.names().unwrap() {
        for line in registry.versions(&name).unwrap() {
            let archive = registry.archive_path(&name, &line.version);
            assert_eq!(
                Digest::of_file(&archive).unwrap(),
                line.sha256,
                "{archive:?}"
            );
            assert_eq!(
                fs_err::metadata(&archive).unwrap().len(),
                line.size,
                "{archive:?}"
            );
            published.push(format!("{name} {}", line.version));
            files.push(archive);
        }
    }
    let mut unique = published.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(
        unique.len(),
        published.len(),
        "twice in the index: {published:?}"
    );
    assert_eq!(log.entries, published.len() as u64, "lines of the log");
    for folder in fs_err::read_dir(directory.join("archives"))
        .into_iter()
        .flatten()
    {
        for file in fs_err::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            assert!(files.contains(&file), "{} is in no index", file.display());
        }
    }
    published
}
