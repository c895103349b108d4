//! Beside other people's programs: curl as the client, Python's web server in the server's place.

use std::process::{Child, Command, Stdio};

use crate::raw::get;
use crate::running::Running;

const DOT: &str = "dot(n: u64) -> f64";

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30"])
        .args(arguments)
        .output()
        .expect("curl is on the machine");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn curl_with_entity_tags_and_without() {
    let running = Running::start(|_| ());
    running.put("linalg", "1.0.0", &[DOT]);
    running.put("linalg", "1.1.0", &[DOT]);
    let url = |path: &str| format!("{}{path}", running.url.trim_end_matches('/'));
    let index = url("/index/li/na/linalg");
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (body, tag) = (place("body"), place("tag"));
    let status = ["--write-out", "%{http_code}", "--output", &body];

    assert_eq!(curl(&[&status[..], &[&index]].concat()), "200");
    assert_eq!(
        fs_err::read(&body).unwrap(),
        running.file("index/li/na/linalg")
    );
    for compressed in [&[][..], &["--compressed"]] {
        _ = std::fs::remove_file(&tag);
        let first = [&status[..], compressed, &["--etag-save", &tag, &index]].concat();
        assert_eq!(curl(&first), "200");
        assert_eq!(
            fs_err::read(&body).unwrap(),
            running.file("index/li/na/linalg")
        );
        let again = [&status[..], compressed, &["--etag-compare", &tag, &index]].concat();
        assert_eq!(curl(&again), "304");
    }
    // An archive whose transfer broke off.
    let archive = running.file("archives/linalg/linalg-1.0.0.puck");
    fs_err::write(&body, &archive[..100]).unwrap();
    let path = url("/archives/linalg/linalg-1.0.0.puck");
    let resumed = [
        "--continue-at",
        "-",
        "--output",
        &body,
        "--write-out",
        "%{http_code}",
        &path,
    ];
    assert_eq!(curl(&resumed), "206");
    assert_eq!(fs_err::read(&body).unwrap(), archive);
    let token = running.all("alice");
    let bytes = crate::running::archive("signal", "1.0.0", &[DOT]);
    let upload = place("signal.puck");
    fs_err::write(&upload, bytes).unwrap();
    let data = format!("@{upload}");
    let header = format!("Authorization: Bearer {token}");
    let publish = url("/api/v1/publish");
    let published = curl(&["--header", &header, "--data-binary", &data, &publish]);
    assert!(published.contains("\"new\":true"), "{published}");
    assert!(curl(&["--head", &index]).contains("accept-ranges: bytes"));
}

struct Python(Child);

impl Drop for Python {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn read_paths_are_those_of_a_plain_web_server() {
    let running = Running::start(|_| ());
    for name in ["a", "ab", "abc", "linalg", "linalg2"] {
        running.put(name, "1.0.0", &[DOT]);
        running.put(name, "1.1.0-rc.1+build.5", &[DOT]);
    }
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let python = Command::new("python3")
        .args([
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            &port.to_string(),
        ])
        .current_dir(running.directory())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("python3 is on the machine");
    let _python = Python(python);
    let plain = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let begun = std::time::Instant::now();
    while std::net::TcpStream::connect(plain).is_err() {
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let mut paths = vec!["registry.json".to_owned(), "log.jsonl".to_owned()];
    for folder in ["index", "archives"] {
        let mut open = vec![running.directory().join(folder)];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(
                    fs_err::read_dir(path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            } else {
                let relative = path.strip_prefix(running.directory()).unwrap();
                paths.push(relative.display().to_string());
            }
        }
    }
    assert_eq!(paths.len(), 2 + 5 + 10);
    for path in paths {
        for path in [format!("/{path}"), format!("/{}", path.replace('+', "%2B"))] {
            let (ours, theirs) = (get(running.address, &path), get(plain, &path));
            assert_eq!((ours.status, theirs.status), (200, 200), "{path}");
            assert_eq!(ours.body, theirs.body, "{path}");
        }
    }
}
