//! The registry's server beside nginx: requests a second for the same files on the same machine.
//!
//! `puck-benches serving --puck FILE --work DIR` starts both over one directory and has wrk ask
//! each in turn, 64 connections at a time: for an index file, for the same with its entity tag
//! (304), and for an archive of 100 kB. Both log every request to a file, as they do unless told
//! otherwise. wrk takes a part of the machine, too, and the same from both.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use fs_err as fs;

/// The word that asks for this on the command line.
pub(crate) const VERB: &str = "serving";

const ROUNDS: usize = 5;
const SECONDS: &str = "3s";
/// Puck's requests a second are to be at least this part of nginx's.
const LEAST: f64 = 0.5;
const INDEX: &str = "index/li/na/linalg";
const ARCHIVE: &str = "archives/linalg/linalg-1.0.0.puck";

/// A server that ends with this value.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Told to end, nginx ends its workers; killed, it would leave them.
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        if !told.is_ok_and(|told| told.success()) {
            _ = self.child.kill();
        }
        _ = self.child.wait();
    }
}

/// Measures, and says whether every limit holds.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let value = |flag: &str| {
        let place = arguments.iter().position(|argument| argument == flag);
        place
            .and_then(|place| arguments.get(place + 1))
            .map(PathBuf::from)
            .with_context(|| format!("expected {flag} and its value"))
    };
    let (puck, work) = (value("--puck")?, value("--work")?.join("serving"));
    let registry = work.join("registry");
    make_registry(&registry)?;
    let puck = start_puck(&puck, &registry, &work)?;
    let nginx = start_nginx(&registry, &work)?;
    let tag = |server: &Server| etag(&format!("{}{INDEX}", server.url));
    let (our_tag, their_tag) = (tag(&puck)?, tag(&nginx)?);

    let mut holds = true;
    println!("{:<24} {:>12} {:>12} {:>7}", "", "puck", "nginx", "ratio");
    for (what, path, conditional) in [
        ("index file, 200", INDEX, false),
        ("index file, 304", INDEX, true),
        ("archive of 100 kB", ARCHIVE, false),
    ] {
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            let ask = |server: &Server, tag: &str| {
                wrk(&format!("{}{path}", server.url), conditional.then_some(tag))
            };
            rates.push((ask(&puck, &our_tag)?, ask(&nginx, &their_tag)?));
        }
        let ratio = median(rates.iter().map(|(ours, theirs)| ours / theirs));
        println!(
            "{what:<24} {:>10.0}/s {:>10.0}/s {ratio:>7.2}{}",
            median(rates.iter().map(|(ours, _)| *ours)),
            median(rates.iter().map(|(_, theirs)| *theirs)),
            if ratio < LEAST { "  too slow" } else { "" },
        );
        holds &= ratio >= LEAST;
    }
    let memory = peak_memory(puck.child.id())?;
    println!("most memory of puck: {} MiB", memory >> 10);
    Ok(holds)
}

/// A registry with an index file of 2 kB and an archive of 100 kB: what is in them is of no
/// consequence to who serves them.
fn make_registry(registry: &Path) -> Result<()> {
    if registry.exists() {
        fs::remove_dir_all(registry)?;
    }
    let line = format!(
        "{{\"name\":\"linalg\",\"filler\":\"{}\"}}\n",
        "x".repeat(470)
    );
    let description = "{\"format\":1,\"name\":\"bench\",\"api\":\"api/v1\"}\n";
    for (path, bytes) in [
        ("registry.json", description.as_bytes().to_vec()),
        (INDEX, line.repeat(4).into_bytes()),
        (
            ARCHIVE,
            (0..100_000_u32).map(|i| ((i * 7919) >> 8) as u8).collect(),
        ),
    ] {
        let place = registry.join(path);
        fs::create_dir_all(place.parent().context("it is in a folder")?)?;
        fs::write(place, bytes)?;
    }
    Ok(())
}

fn start_puck(puck: &Path, registry: &Path, work: &Path) -> Result<Server> {
    let mut child = Command::new(puck)
        .args(["registry", "serve", "--address", "127.0.0.1:0"])
        .arg(registry)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(work.join("puck.log"))?.into_parts().0)
        .spawn()
        .with_context(|| format!("cannot run {}", puck.display()))?;
    let mut line = String::new();
    let stdout = child.stdout.take().context("it is piped")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let url = line
        .trim()
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .to_owned();
    ensure!(url.starts_with("http://"), "the server said {line:?}");
    Ok(Server { child, url })
}

fn start_nginx(registry: &Path, work: &Path) -> Result<Server> {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (root, folder) = (fs::canonicalize(registry)?, fs::canonicalize(work)?);
    let (root, folder) = (root.display(), folder.display());
    let config = format!(
        "daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/nginx.err;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log {folder}/nginx.log; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n\
         server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n"
    );
    let path = work.join("nginx.conf");
    fs::write(&path, config)?;
    let child = Command::new("nginx")
        .arg("-c")
        .arg(fs::canonicalize(&path)?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run nginx: install it, e.g. `apt-get install nginx-light wrk`")?;
    let server = Server {
        child,
        url: format!("http://127.0.0.1:{port}/"),
    };
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(server);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("nginx does not listen; see {folder}/nginx.err")
}

fn etag(url: &str) -> Result<String> {
    let output = Command::new("curl").args(["-sI", url]).output()?;
    let head = String::from_utf8(output.stdout)?;
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("etag"))
        .map(|(_, tag)| tag.trim().to_owned())
        .with_context(|| format!("{url} has no entity tag: {head}"))
}

/// Requests a second.
fn wrk(url: &str, tag: Option<&str>) -> Result<f64> {
    let mut command = Command::new("wrk");
    command.args(["-t2", "-c64", "-d", SECONDS]);
    if let Some(tag) = tag {
        command.arg("-H").arg(format!("If-None-Match: {tag}"));
    }
    let output = command.arg(url).output().context("cannot run wrk")?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(
        !text.contains("Non-2xx") && !text.contains("Socket errors"),
        "{url}: {text}"
    );
    text.lines()
        .find_map(|line| line.strip_prefix("Requests/sec:")?.trim().parse().ok())
        .with_context(|| format!("wrk said {text}"))
}

/// The most memory that a process has had, in KiB.
fn peak_memory(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .split(' ')
                .next()?
                .parse()
                .ok()
        })
        .context("the system does not tell")
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
