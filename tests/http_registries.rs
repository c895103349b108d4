//! Registries that are away, several at once, and some that are not for everybody.

use crate::support::Machine;
use crate::support::proxy::Proxy;

#[test]
fn offline_after_all_was_fetched() {
    let machine = Machine::new();
    let directory = machine.make_registry("team", &[("first", 1), ("second", 2)]);
    let mut served = machine.serve(&directory, "");
    let url = served.url();
    let client = Machine::new();
    client.project(&[("first", "1")]);
    client.from(&url, "project", "install").ok();
    served.kill();
    // A new environment of what is in the store, from a lockfile, in another folder.
    client.write("copy/Puck.toml", client.read("project/Puck.toml"));
    client.write("copy/Puck.lock", client.read("project/Puck.lock"));
    for line in [
        "install --offline",
        "install --frozen",
        "install --locked",
        "install",
    ] {
        client.from(&url, "copy", line).ok();
        assert_eq!(client.ok("copy", "run first::sum"), "1\n");
    }
    client.project(&[("first", "1"), ("second", "1")]);
    for (line, variable, asked) in [
        ("install --offline", "", "--offline"),
        ("install --frozen", "", "--frozen"),
        ("install", "1", "PUCK_OFFLINE"),
    ] {
        let call = client
            .from(&url, "project", line)
            .env("PUCK_OFFLINE", variable);
        let run = client.refuse(call);
        assert!(run.stderr.contains(asked), "{line}: {run}");
        let frozen = asked == "--frozen";
        assert!(frozen || run.stderr.contains("second"), "{line}: {run}");
    }
    served.restart();
    client.from(&url, "project", "install").ok();
    assert_eq!(client.ok("project", "run second::sum"), "2\n");
}

/// A name belongs to one registry; the other is not even asked about it.
#[test]
fn two_registries_at_once() {
    let machine = Machine::new();
    let team = machine.make_registry("team", &[("ours", 1), ("shared", 10)]);
    let public = machine.make_registry("public", &[("theirs", 2), ("shared", 20), ("ours", 666)]);
    let (team, public) = (machine.serve(&team, ""), machine.serve(&public, ""));
    let (to_team, to_public) = (Proxy::before(&team), Proxy::before(&public));
    let client = Machine::new();
    let config = format!(
        "registry = \"public\"\n\n[registries]\nteam = \"{}\"\npublic = \"{}\"\n",
        to_team.url(),
        to_public.url()
    );
    fs_err::create_dir_all(client.home()).unwrap();
    fs_err::write(client.home().join("config.toml"), config).unwrap();
    let needs = "[dependencies]\n\
                 ours = { version = \"1\", registry = \"team\" }\n\
                 theirs = \"1\"\nshared = \"1\"\n";
    client.write("project/Puck.toml", needs);
    client.ok("project", "install");
    for (function, result) in [("ours", "1\n"), ("theirs", "2\n"), ("shared", "20\n")] {
        assert_eq!(
            client.ok("project", &format!("run {function}::sum")),
            result
        );
    }
    let lockfile = client.read("project/Puck.lock");
    assert!(
        lockfile.contains("registry+team") && lockfile.contains("registry+public"),
        "{lockfile}"
    );
    let asked = |proxy: &Proxy, name: &str| {
        let seen = proxy.seen();
        seen.iter().any(|seen| seen.path.contains(name))
    };
    assert!(
        !asked(&to_public, "ours"),
        "the public registry was told of a private name"
    );
    assert!(!asked(&to_team, "shared"));

    // While its registry is away, another one does not stand in for it.
    drop(team);
    let fresh = Machine::new();
    fresh.write("project/Puck.toml", needs);
    fresh.write("project/Puck.lock", &lockfile);
    fs_err::create_dir_all(fresh.home()).unwrap();
    fs_err::copy(
        client.home().join("config.toml"),
        fresh.home().join("config.toml"),
    )
    .unwrap();
    for line in ["install", "install --locked", "update"] {
        let call = fresh.call("project", line).env("PUCK_HTTP_RETRIES", "0");
        let run = call.run();
        assert_eq!(run.code, Some(1), "{line}: {run}");
        assert!(
            run.stderr.contains(to_team.url().trim_end_matches('/')),
            "{line}: {run}"
        );
        assert!(!asked(&to_public, "ours"), "{line}");
    }
    fresh.expect_tidy();
}

/// Whoever may not read may not learn what there is.
#[test]
fn a_private_registry_is_read_with_a_token() {
    let machine = Machine::new();
    let directory = machine.make_registry("team", &[("first", 1)]);
    let served = machine.serve(&directory, "--private");
    let token = machine.token(&directory, "alice");
    let client = Machine::new();
    client.project(&[("first", "1")]);
    for token in [None, Some("puck_x")] {
        let mut call = client.from(&served.url(), "project", "install");
        if let Some(token) = token {
            call = call.env("PUCK_REGISTRY_TOKEN", token);
        }
        let run = call.run();
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.stderr.contains("token"), "{run}");
        assert_eq!(client.environment_key("project"), None);
    }
    for path in [
        "/registry.json",
        "/log.jsonl",
        "/index/fi/rs/first",
        "/index/no/th/nothing",
    ] {
        assert_eq!(served.get(path).status, 401, "{path}");
    }
    let call = client.from(&served.url(), "project", "install");
    call.env("PUCK_REGISTRY_TOKEN", token).ok();
    assert_eq!(client.ok("project", "run first::sum"), "1\n");
}
