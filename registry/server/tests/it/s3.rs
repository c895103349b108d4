//! Registries in a bucket of a server that speaks S3, as PyPI has it: moto.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use puck_registry_server::access::Identity;
use puck_registry_server::storage::{Bucket, Storage};
use puck_registry_server::{Error, Service, StorageLocation};
use semver::Version;
use tempfile::TempDir;

use crate::sample::pack;
use crate::storages::{log_of, publish};

/// What pip installs, beside the tests' other files.
const REQUIREMENTS: [&str; 4] = [
    "moto[s3]==5.2.5",
    "Flask==3.1.3",
    "flask-cors==6.0.5",
    "Werkzeug==3.1.9",
];

/// Answers one request after the other: moto looks at a condition and writes in two steps. Ends when
/// its input does.
const SERVER: &str = r#"
import os, sys, threading
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app))
print(server.port, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
"#;

/// A server with an empty bucket, `registries`.
struct Moto {
    process: Child,
    port: u16,
}

impl Moto {
    fn start() -> Self {
        let mut process = Command::new("python3")
            .args(["-c", SERVER])
            .env("PYTHONPATH", installed())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 runs");
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("moto says its port");
        let moto = Self { process, port };
        moto.make_bucket();
        moto
    }

    fn make_bucket(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = "PUT /registries HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
                       Connection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 200 "), "{answer}");
    }

    /// A server of its own over the bucket.
    async fn bucket(&self, prefix: &str) -> Result<Bucket, Error> {
        bucket_at(self.port, prefix).await
    }

    async fn service(&self, prefix: &str) -> Service {
        let bucket = self.bucket(prefix).await.unwrap();
        Service::over(Arc::new(bucket)).await.unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn bucket_at(port: u16, prefix: &str) -> Result<Bucket, Error> {
    let location: StorageLocation = format!("s3://registries/{prefix}").parse().unwrap();
    let endpoint = format!("http://127.0.0.1:{port}");
    let settings = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "somebody"),
        ("AWS_SECRET_ACCESS_KEY", "something"),
        ("AWS_REGION", "us-east-1"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Bucket::open_with(&location, settings.into_iter()).await
}

/// Where moto is installed: by whichever test comes first.
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs_err::create_dir_all(folder).unwrap();
    let lock = fs_err::File::create(folder.join("moto.lock")).unwrap();
    lock.file().lock().unwrap();
    let place = folder.join(REQUIREMENTS[0].replace(['[', ']', '='], "-"));
    if place.exists() {
        return place;
    }
    let unfinished = TempDir::new_in(folder).unwrap();
    let output = Command::new("python3")
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(["--no-warn-script-location", "--target"])
        .arg(unfinished.path())
        .args(REQUIREMENTS)
        .output()
        .expect("python3 runs");
    assert!(
        output.status.success(),
        "these tests need moto from PyPI, or what pip is configured for:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs_err::rename(unfinished.keep(), &place).unwrap();
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_share_a_bucket() {
    const SERVERS: usize = 3;
    const EACH: usize = 4;
    let moto = Moto::start();
    let files = TempDir::new().unwrap();
    let mut work = Vec::new();
    for server in 0..SERVERS {
        let service = moto.service("shared").await;
        for i in 0..EACH {
            let name = format!("pack-{i}");
            let archive = pack(files.path(), &name, &format!("1.{server}.0"), &["f()"]);
            let service = service.clone();
            work.push(tokio::spawn(
                async move { publish(&service, archive).await },
            ));
        }
    }
    for published in work {
        assert!(published.await.unwrap().unwrap().new);
    }
    let service = moto.service("shared").await;
    assert_eq!(log_of(&service).await.len(), SERVERS * EACH);
    let names = service.names().await.unwrap();
    assert_eq!(names.len(), EACH);
    for name in &names {
        assert_eq!(service.versions(name).await.unwrap().len(), SERVERS);
    }
    // Another registry in the same bucket.
    let other = moto.service("other").await;
    assert!(other.names().await.unwrap().is_empty());
    assert_eq!(other.description().await.unwrap().name, "other");
}

/// S3's entity tags are hashes of the bytes: that no state comes again is what this relies on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yanking_back_and_forth_never_makes_a_state_that_was() {
    let moto = Moto::start();
    let files = TempDir::new().unwrap();
    let bucket = moto.bucket("").await.unwrap();
    let service = Service::over(Arc::new(bucket.clone())).await.unwrap();
    publish(&service, pack(files.path(), "linalg", "1.0.0", &["f()"]))
        .await
        .unwrap();
    let (name, who) = ("linalg".parse().unwrap(), Identity::operator());
    let mut tags = Vec::new();
    for yanked in [true, false, true, false] {
        tags.push(bucket.facts("index/li/na/linalg").await.unwrap().etag);
        let version = Version::new(1, 0, 0);
        assert!(
            service
                .yank(&name, &version, yanked, None, &who)
                .await
                .unwrap()
        );
    }
    tags.push(bucket.facts("index/li/na/linalg").await.unwrap().etag);
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_any_storage_does() {
    let moto = Moto::start();
    crate::storages::does_all(&moto.service("all").await).await;
}

#[tokio::test]
async fn a_bucket_that_is_not_there() {
    let moto = Moto::start();
    let location: StorageLocation = "s3://nobodys".parse().unwrap();
    let endpoint = format!("http://127.0.0.1:{}", moto.port);
    let settings = [
        ("AWS_ENDPOINT_URL".to_owned(), endpoint),
        ("AWS_ACCESS_KEY_ID".to_owned(), "somebody".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "something".to_owned()),
    ];
    let error = Bucket::open_with(&location, settings.into_iter())
        .await
        .unwrap_err();
    assert!(error.hint().unwrap().contains("AWS_*"), "{error}");
    assert!(!format!("{error:?}").contains("something"), "{error:?}");
}

/// As a child this publishes version after version, until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below, to be killed"]
async fn publishes_until_killed() {
    let arguments: Vec<String> = std::env::args().collect();
    let [.., port, child] = arguments.as_slice() else {
        return;
    };
    let files = TempDir::new().unwrap();
    let bucket = bucket_at(port.parse().unwrap(), "killed").await.unwrap();
    let service = Service::over(Arc::new(bucket)).await.unwrap();
    for i in 0.. {
        // The children take turns at two packages, each with versions of its own.
        let (name, version) = (format!("pack-{}", i % 2), format!("1.{child}.{i}"));
        let published = publish(&service, pack(files.path(), &name, &version, &["f()"])).await;
        if published.is_ok() {
            let mut out = std::io::stdout().lock();
            out.write_all(format!("published {name} {version}\n").as_bytes())
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_publishes_survive_kills_of_two_servers() {
    const ROUNDS: u64 = 5;
    let moto = Moto::start();
    drop(moto.service("killed").await);
    let child = |number: u64| {
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--nocapture",
                "--exact",
                "s3::publishes_until_killed",
            ])
            .args([moto.port.to_string(), number.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut children = [2 * round, 2 * round + 1].map(child);
        for (i, child) in children.iter_mut().enumerate() {
            let millis = 700 + (round * 131 + i as u64 * 57) % 400;
            std::thread::sleep(std::time::Duration::from_millis(millis));
            child.kill().unwrap();
        }
        for child in children {
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let whole = text
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            acknowledged.extend(whole.filter_map(|line| {
                let (_, version) = line.trim().split_once("published ")?;
                Some(version.to_owned())
            }));
        }
    }
    assert!(
        !acknowledged.is_empty(),
        "no child lived long enough to publish"
    );
    let service = moto.service("killed").await;
    let logged: Vec<String> = log_of(&service)
        .await
        .iter()
        .map(|entry| format!("{} {}", entry.name, entry.version))
        .collect();
    let mut listed = Vec::new();
    for name in service.names().await.unwrap() {
        for line in service.versions(&name).await.unwrap() {
            listed.push(format!("{} {}", line.name, line.version));
            let place = puck_package::index::archive_path(&line.name, &line.version);
            assert_eq!(service.facts(&place).await.unwrap().size, line.size);
        }
    }
    for version in &acknowledged {
        let times = logged.iter().filter(|logged| *logged == version).count();
        assert_eq!(times, 1, "{version}");
    }
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    assert_eq!(sorted(listed), sorted(logged));
}

/// As a child this publishes into the bucket that its variables name.
#[tokio::test]
#[ignore = "run by the test below, with variables set"]
async fn publishes_where_variables_say() {
    let location: StorageLocation = "s3://registries/variables".parse().unwrap();
    let service = Service::open(&location).await.unwrap();
    assert_eq!(service.location(), "s3://registries/variables");
    let files = TempDir::new().unwrap();
    publish(&service, pack(files.path(), "linalg", "1.0.0", &["f()"]))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_name_the_store() {
    let moto = Moto::start();
    let child = |endpoint: &str| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "s3::publishes_where_variables_say"])
            .env(endpoint, format!("http://127.0.0.1:{}", moto.port))
            .env("AWS_ACCESS_KEY_ID", "somebody")
            .env("AWS_SECRET_ACCESS_KEY", "something")
            .output()
            .unwrap()
    };
    for endpoint in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        let output = child(endpoint);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{endpoint}: {said}");
        assert!(said.contains("1 passed"), "{said}");
    }
    let service = moto.service("variables").await;
    assert_eq!(log_of(&service).await.len(), 1);
}
