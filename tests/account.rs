//! `puck login`, `logout`, `yank` and `owner`, with a registry that is served; and where tokens go.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;

use crate::support::Machine;

/// A registry that is served, and a machine that calls it `team`.
fn served() -> (Machine, Machine, String) {
    let origin = Machine::new();
    let directory = origin.root().join("team");
    fs_err::create_dir(&directory).unwrap();
    puck_registry::Registry::create(&directory, "team").unwrap();
    let token = origin.token(&directory, "alice");
    (origin, Machine::new(), token)
}

/// Hands `token` to `puck login`.
fn login(machine: &Machine, token: &str) -> crate::support::run::Run {
    let script = format!("printf '%s\\n' '{token}' | \"$puck\" login team --token-stdin");
    machine
        .shell("", &script)
        .env("PUCK_HOME", machine.home())
        .run()
}

#[test]
fn known_and_forgotten() {
    let (origin, machine, token) = served();
    let directory = origin.root().join("team");
    let server = origin.serve(&directory, "");
    machine.ok("", &format!("config set registries.team {}", server.url()));
    machine.ok("", "config set registry team");
    machine.c_package("answer", "1.0.0", "int answer(void) { return 42; }\n", "");
    let run = machine.puck("answer", "publish");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("puck login"), "{run}");

    // A token that the registry does not know is not kept.
    let wrong = format!("{}x", &token[..token.len() - 1]);
    let run = login(&machine, &wrong);
    assert_eq!(run.code, Some(1), "{run}");
    assert!(!run.to_string().contains(&wrong), "{run}");
    let credentials = machine.home().join("credentials.toml");
    assert!(!credentials.exists());

    let run = login(&machine, &token);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stderr.contains("Logged in to http://127.0.0.1:"),
        "{run}"
    );
    assert!(run.stderr.contains(" as alice"), "{run}");
    let mode = fs_err::metadata(&credentials).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    machine.ok("answer", "publish --dry-run");
    machine.ok("answer", "publish");

    assert_eq!(machine.ok("", "owner list answer"), "alice\n");
    assert_snapshot!(machine.puck("", "owner add answer bob"), @"
    exit 0
    --- stderr
           Added bob to the owners of `answer`
                 now: alice, bob
    ");
    assert_snapshot!(machine.puck("", "owner remove answer bob"), @"
    exit 0
    --- stderr
         Removed bob from the owners of `answer`
                 now: alice
    ");
    let last = machine.puck("", "owner remove answer alice");
    assert_eq!(last.code, Some(1), "a package has an owner: {last}");

    assert_snapshot!(machine.puck("", "yank answer@1.0.0 --reason 'it is 43'"), @"
    exit 0
    --- stderr
          Yanked answer 1.0.0 in `team`
    ");
    let info = machine.ok("", "info answer");
    assert!(
        info.starts_with("answer 1.0.0 (yanked: it is 43)\n"),
        "{info}"
    );
    machine.ok("", "yank answer@1.0.0 --undo");
    assert!(machine.ok("", "info answer").starts_with("answer 1.0.0\n"));

    machine.ok("", "logout team");
    let again = machine.puck("", "logout team");
    assert!(again.stderr.contains("there was no token"), "{again}");
    let run = machine.puck("", "yank answer@1.0.0");
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.stderr.contains("puck login"), "{run}");
}

/// Answers each connection with 404, and tells what was asked until `count` of them came.
fn listen(count: usize) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for connection in listener.incoming().take(count) {
            let mut connection = connection.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !request.ends_with(b"\r\n\r\n") {
                let read = connection.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
                if read == 0 {
                    break;
                }
            }
            let answer =
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            connection.write_all(answer).unwrap();
            asked.push(String::from_utf8(request).unwrap().to_lowercase());
        }
        asked
    });
    (url, asked)
}

/// Locks a project whose manifest says that `name` is at `url`, with tokens in variables.
fn lock_with_tokens(
    machine: &Machine,
    name: &str,
    url: &str,
    flag: &str,
) -> crate::support::run::Call {
    let manifest =
        format!("[dependencies]\nanswer = {{ version = \"1\", registry = \"{name}\" }}\n");
    let manifest = format!("{manifest}[registries]\n{name} = \"{url}\"\n");
    machine.write("project/Puck.toml", manifest);
    let special = format!("PUCK_REGISTRY_{}_TOKEN", name.to_uppercase());
    machine
        .call("project", &format!("lock {flag}"))
        .env("PUCK_HTTP_RETRIES", "0")
        .env("PUCK_REGISTRY_TOKEN", "puck_general")
        .env(&special, "puck_special")
}

/// A project that somebody else wrote says where `team` is. Tokens in variables go there only if the
/// user said so too.
#[test]
fn a_manifest_does_not_lead_tokens_elsewhere() {
    let elsewhere = "https://team.example";
    for (configured, variable, flag, sent) in [
        ("", false, "", None),
        ("", false, "--registry team", None),
        (elsewhere, false, "", None),
        (elsewhere, false, "--registry team", None),
        ("URL", false, "", Some("puck_special")),
        ("", true, "", Some("puck_special")),
        ("", false, "--registry URL", Some("puck_general")),
        (elsewhere, false, "--registry URL", Some("puck_general")),
        ("known to login", false, "", Some("puck_special")),
    ] {
        let machine = Machine::new();
        let (url, asked) = listen(1);
        let [configured, flag] = [configured, flag].map(|text| text.replace("URL", &url));
        if configured == "known to login" {
            let kept = format!("[registries.\"{url}/\"]\ntoken = \"puck_kept\"\n");
            let path = machine.home().join("credentials.toml");
            fs_err::create_dir_all(machine.home()).unwrap();
            fs_err::write(&path, kept).unwrap();
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        } else if !configured.is_empty() {
            machine.ok("", &format!("config set registries.team {configured}"));
        }
        let mut call = lock_with_tokens(&machine, "team", &url, &flag);
        if variable {
            call = call.env("PUCK_REGISTRY_TEAM", &url);
        }
        let run = call.run();
        assert_eq!(run.code, Some(1), "{run}");
        assert!(!run.to_string().contains("puck_"), "{run}");
        let asked = asked.join().unwrap().concat();
        let token = asked.split_once("authorization: bearer ");
        let token = token.and_then(|(_, rest)| rest.lines().next());
        assert_eq!(token, sent, "{configured} {variable} {flag}: {asked}");
    }
}

/// Nor may it take the name that needs no configuration, but for a folder, as `puck vendor` does.
#[test]
fn a_manifest_does_not_lead_the_built_in_name_elsewhere() {
    let machine = Machine::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for flag in ["", "--registry local"] {
        let run = lock_with_tokens(&machine, "local", &url, flag).run();
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.stderr.contains("`local` is a folder"), "{run}");
    }
    assert!(listener.accept().is_err(), "it was asked");
}

/// The first token, or the first start of the server, is the registry's beginning.
#[test]
fn a_registry_begins_with_its_first_token_or_server() {
    let machine = Machine::new();
    machine.ok("", "registry token create --user alice new");
    assert!(machine.path("new/registry.json").exists());
    let directory = machine.path("served");
    drop(machine.serve(&directory, ""));
    assert!(directory.join("registry.json").exists());
    for verb in ["token create --user alice", "serve"] {
        let run = machine.puck("", &format!("registry {verb} no/such"));
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.stderr.contains("`mkdir -p "), "{run}");
    }
    assert!(!machine.path("no").exists());
}
