//! Registries that are not what they were, or not who they were: refused, and not trusted with a token.

use std::path::PathBuf;

use puck_package::Digest;

use crate::support::Machine;
use crate::support::clients::Clients;
use crate::support::proxy::{Fault, Proxy, Server};
use crate::support::server::expect_sound;

/// Exchanges an archive for another one that is as good, and says so in the index.
fn exchange(machine: &Machine, name: &str, with_index: bool) {
    let other = Machine::new();
    other.ir_package(name, "1.0.0", 666, &[]);
    other.ok(name, "pack");
    let bytes = fs_err::read(other.path(format!("{name}/target/puck/{name}-1.0.0.puck"))).unwrap();
    let archive = machine
        .team()
        .join(format!("archives/{name}/{name}-1.0.0.puck"));
    let before = fs_err::read(&archive).unwrap();
    fs_err::remove_file(&archive).unwrap();
    fs_err::write(&archive, &bytes).unwrap();
    if with_index {
        let path = machine
            .team()
            .join(format!("index/{}/{}/{name}", &name[..2], &name[2..4]));
        let text = fs_err::read_to_string(&path).unwrap();
        let (old, new) = (Digest::of(&before), Digest::of(&bytes));
        let text = text.replace(&old.to_string(), &new.to_string());
        let mut line: serde_json::Value = serde_json::from_str(&text).unwrap();
        line["size"] = bytes.len().into();
        fs_err::remove_file(&path).unwrap();
        fs_err::write(&path, format!("{line}\n")).unwrap();
    }
}

/// Other bytes than those that were locked, or that were seen in the index, are never installed.
#[test]
fn an_exchanged_archive_is_refused() {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let clients = Clients::of(&origin, &proxy);
    for with_index in [false, true] {
        // One machine that has seen the index, one that has not.
        let seen = Machine::new();
        seen.project(&[("third", "1")]);
        seen.from(&clients.url, "project", "lock").ok();
        assert_eq!(seen.read("project/Puck.lock"), clients.lockfile);
        let kept = keep(&origin);
        exchange(&origin, "first", with_index);
        for machine in [seen, Machine::new()] {
            machine.project(&[("third", "1")]);
            machine.write("project/Puck.lock", &clients.lockfile);
            for line in ["install", "install --locked"] {
                let run = machine.from(&clients.url, "project", line).run();
                assert_eq!(run.code, Some(1), "{line}: {run}");
                assert!(run.stderr.contains("first 1.0.0"), "{line}: {run}");
                let seen = ["SHA-256", "as the index says, found"];
                assert!(
                    seen.iter().any(|text| run.stderr.contains(text)),
                    "{line}: {run}"
                );
                assert_eq!(machine.read("project/Puck.lock"), clients.lockfile);
                assert_eq!(machine.environment_key("project"), None);
                machine.expect_tidy();
            }
        }
        restore(&kept);
        let machine = Machine::new();
        machine.project(&[("third", "1")]);
        machine.write("project/Puck.lock", &clients.lockfile);
        machine
            .from(&clients.url, "project", "install --locked")
            .ok();
        clients.expect_installed(&machine);
    }
}

/// Some files of a registry, as they are.
fn keep(origin: &Machine) -> [(PathBuf, Vec<u8>); 2] {
    ["index/fi/rs/first", "archives/first/first-1.0.0.puck"]
        .map(|path| origin.team().join(path))
        .map(|path| (path.clone(), fs_err::read(path).unwrap()))
}

fn restore(kept: &[(PathBuf, Vec<u8>)]) {
    for (path, bytes) in kept {
        fs_err::remove_file(path).unwrap();
        fs_err::write(path, bytes).unwrap();
    }
}

#[test]
fn a_rewritten_log_is_refused_and_both_heads_shown() {
    let head = |machine: &Machine| {
        let log = fs_err::read_to_string(machine.team().join("log.jsonl")).unwrap();
        Digest::of(log.lines().last().unwrap().as_bytes()).hex()
    };
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let clients = Clients::of(&origin, &proxy);
    let machine = Machine::new();
    machine.project(&[("first", "1")]);
    clients.install(&machine).ok();
    // A registry of the same name, with another past.
    let other = Machine::with_team();
    for name in ["third", "second", "first", "fourth"] {
        other.publish_to_team(name, "1.0.0", 666, &[]);
    }
    let usurper = other.serve(&other.team(), "");
    proxy.lead_to(&usurper);
    machine.project(&[("third", "1")]);
    for line in ["install", "update", "info third"] {
        let run = machine.from(&clients.url, "project", line).run();
        assert_eq!(run.code, Some(1), "{line}: {run}");
        for head in [head(&origin), head(&other)] {
            assert!(run.stderr.contains(&head), "{line}: no {head} in {run}");
        }
    }
    proxy.lead_to(&served);
    clients.install(&machine).ok();
    assert_eq!(machine.ok("project", "run third::sum"), "6\n");
}

#[test]
fn old_copies_of_the_index_are_asked_for_again() {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let machine = Machine::new();
    machine.project(&[("first", "1")]);
    machine.from(&proxy.url(), "project", "install").ok();
    let old = fs_err::read(origin.team().join("index/fi/rs/first")).unwrap();
    let stale = Fault::Answer(200, Vec::new(), old);
    origin.publish_to_team("first", "1.1.0", 10, &[]);
    proxy.always("/index/fi", stale.clone());
    let run = machine.from(&proxy.url(), "project", "update").run();
    assert_eq!(run.code, Some(1), "{run}");
    assert!(
        run.stderr.contains("out of date") && run.stderr.contains("first 1.1.0"),
        "{run}"
    );
    assert_eq!(machine.ok("project", "run first::sum"), "1\n");
    proxy.heal();
    proxy.fault("/index/fi", 1, stale);
    machine.from(&proxy.url(), "project", "update").ok();
    machine.from(&proxy.url(), "project", "install").ok();
    assert!(!proxy.faults_left("/index/fi"));
    assert_eq!(machine.ok("project", "run first::sum"), "10\n");
}

const PUBLISH: &str = "/api/v1/publish";

/// Wherever it is sent, the token stays with the registry that it is for.
#[test]
fn the_token_is_sent_nowhere_else() {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let (machine, token) = (Machine::new(), origin.token(&origin.team(), "alice"));
    machine.ir_package("next", "1.0.0", 7, &[]);
    // It has the same files, but is another host.
    let elsewhere = Server::new(&origin.team());
    let to = |path: &str| format!("{}{path}", elsewhere.url());
    for status in [301, 302, 303, 307, 308] {
        proxy.always(PUBLISH, Fault::redirect(status, to("api/v1/publish")));
        let run = machine.publish_with(&proxy.url(), &token, "next").run();
        assert_eq!(run.code, Some(1), "{status}: {run}");
        assert!(run.stderr.contains(&elsewhere.url()), "{status}: {run}");
        proxy.heal();
    }
    // An API that is said to be elsewhere.
    let description = fs_err::read_to_string(origin.team().join("registry.json")).unwrap();
    let moved = description.replace("\"api/v1\"", &format!("\"{}\"", to("api/v1")));
    assert_ne!(moved, description);
    proxy.always("/registry.json", Fault::json(200, &moved));
    let fresh = Machine::new();
    fresh.ir_package("next", "1.0.0", 7, &[]);
    let run = fresh.publish_with(&proxy.url(), &token, "next").run();
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains(&elsewhere.url()), "{run}");
    proxy.heal();
    // Archives may be elsewhere: whoever holds them must not learn the token.
    let archive = "archives/first/first-1.0.0.puck";
    proxy.always(&format!("/{archive}"), Fault::redirect(302, to(archive)));
    let reader = Machine::new();
    reader.project(&[("first", "1")]);
    let install = reader.from(&proxy.url(), "project", "install");
    install.env("PUCK_REGISTRY_TOKEN", &token).ok();
    let seen = elsewhere.seen();
    assert!(seen.iter().any(|seen| seen.path.contains(archive)));
    for seen in seen {
        assert_eq!(seen.header("authorization"), None, "{seen:?}");
        assert!(!format!("{seen:?}").contains(&token), "{seen:?}");
    }
    // Nobody says it aloud, and the server's log least of all.
    assert!(!expect_sound(&origin.team()).contains(&"next 1.0.0".to_owned()));
    let log = fs_err::read_to_string(origin.root().join("server.log")).unwrap();
    assert!(!log.contains(&token), "{log}");
}
