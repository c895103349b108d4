//! `puck` before a plain web server in the place of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::Machine;
use crate::support::server::expect_sound;

/// A plain web server.
struct Plain {
    child: Child,
    address: SocketAddr,
}

impl Plain {
    /// Python's, which knows neither ETags nor ranges.
    fn serve(machine: &Machine, directory: &Path) -> Self {
        let line = "-u -m http.server 0 --bind 127.0.0.1 --directory";
        let mut command = machine
            .program("python3", "", line)
            .arg(directory)
            .command();
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("Python is there");
        let mut said = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut said).unwrap();
        let mut words = said.split(' ').skip_while(|word| *word != "port").skip(1);
        let port = words
            .next()
            .unwrap_or_else(|| panic!("{said}"))
            .parse()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self { child, address }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn a_plain_web_server_is_a_registry_to_read() {
    let machine = Machine::new();
    let directory = machine.make_registry("team", &[("first", 1)]);
    let plain = Plain::serve(&machine, &directory);
    let url = plain.url();
    let client = Machine::new();
    client.project(&[("first", "1")]);
    client.from(&url, "project", "install").ok();
    assert_eq!(client.ok("project", "run first::sum"), "1\n");
    assert!(client.from(&url, "", "search first").ok().contains("first"));
    assert!(client.from(&url, "", "info first").ok().contains("1.0.0"));

    client.ir_package("next", "1.0.0", 7, &[]);
    let run = client.publish_with(&url, "puck_x", "next").run();
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("can only be read"), "{run}");
    assert!(run.stderr.contains("hint: "), "{run}");

    // Changes come through, though nothing tells of them but the log.
    machine.ir_package("first", "1.1.0", 10, &[]);
    machine.publish_into(&directory, "first");
    client.from(&url, "project", "update").ok();
    client.from(&url, "project", "install").ok();
    assert_eq!(client.ok("project", "run first::sum"), "10\n");

    // Once it was served by Puck, the description promises an API that Python does not have.
    drop(machine.serve(&directory, ""));
    let fresh = Machine::new();
    fresh.ir_package("next", "1.0.0", 7, &[]);
    let run = fresh.publish_with(&url, "puck_x", "next").run();
    assert_eq!(run.code, Some(1), "{run}");
    assert!(
        run.stderr.contains("501") || run.stderr.contains("can only be read"),
        "{run}"
    );
    assert_eq!(expect_sound(&directory).len(), 2);
    client.expect_tidy();
}
