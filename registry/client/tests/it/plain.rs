//! A plain web server in place of a registry's own: Python's.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use puck_registry_client::Client;

use crate::scene::{Scene, name, read, versions};

struct Python(Child);

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves the scene's registry; the address.
fn serve(scene: &Scene) -> (Python, String) {
    let mut child = Command::new("python3")
        .args([
            "-u",
            "-m",
            "http.server",
            "0",
            "--bind",
            "127.0.0.1",
            "--directory",
        ])
        .arg(scene.registry.directory())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python3 is installed");
    // Serving HTTP on 127.0.0.1 port 40001 (http://127.0.0.1:40001/) ...
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.split(['(', ')']).nth(1).unwrap().to_owned();
    (Python(child), address)
}

#[test]
fn all_that_needs_no_api() {
    let scene = Scene::usual();
    let (_python, address) = serve(&scene);
    let client = || {
        let mut settings = scene.settings();
        settings.url = address.parse().unwrap();
        Client::new(settings).unwrap()
    };
    assert_eq!(versions(&client(), "linalg").unwrap(), "1.0.0, 1.1.0");
    assert_eq!(versions(&client(), "nothing").unwrap(), "");
    scene.publish("linalg", "1.2.0");
    scene.publish("nothing", "1.0.0");
    assert_eq!(
        versions(&client(), "linalg").unwrap(),
        "1.0.0, 1.1.0, 1.2.0"
    );
    assert_eq!(versions(&client(), "nothing").unwrap(), "1.0.0");
    let names = [name("linalg"), name("nothing"), name("stats")];
    assert_eq!(client().names().unwrap(), names);
    client().prefetch(&names).unwrap();
    assert_eq!(
        read(&client(), &scene.line()).unwrap(),
        scene.archive_bytes()
    );
    assert!(
        client()
            .owners(&name("linalg"))
            .unwrap_err()
            .to_string()
            .contains("can only be read")
    );
}
