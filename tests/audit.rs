//! What packages may touch, and what a policy refuses.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;

const TALKS: &str = "\
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int talks(int n)
{
    char *text = malloc(64);
    memset(text, n, 64);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    long sent = send(s, text, 64, 0);
    close(s);
    free(text);
    return (int)sent;
}
";

/// A machine with `talks`, which reaches the network; `asks`, which calls it; `pure`, which reaches
/// nothing.
fn machine(policy: &str) -> Machine {
    let machine = Machine::new();
    machine.publish("talks", "1.0.0", TALKS, "");
    let asks = "#include <math.h>\n#include <talks.h>\n\
                double asks(double x) { return talks_talks(1) + exp(x); }\n";
    machine.publish("asks", "1.0.0", asks, "talks = \"1\"\n");
    machine.publish("pure", "1.0.0", "int pure(int x) { return x + 1; }\n", "");
    machine.write(
        "project/Puck.toml",
        format!("[dependencies]\nasks = \"1\"\npure = \"1\"\n\n{policy}"),
    );
    machine
}

#[test]
fn packages_and_what_they_call() {
    let machine = machine("");
    assert_snapshot!(machine.puck("project", "audit"), @"
    exit 0
    --- stdout
    asks 1.0.0
        mathematics exp
    pure 1.0.0
        nothing but its own memory
    talks 1.0.0 (indirect)
        memory      free malloc
        files       close
        network     send socket
    all
        memory, mathematics, files, network
    ");
    assert_snapshot!(machine.puck("project", "audit pure talks"), @"
    exit 0
    --- stdout
    pure 1.0.0
        nothing but its own memory
    talks 1.0.0 (indirect)
        memory      free malloc
        files       close
        network     send socket
    all
        memory, files, network
    ");
    let json: Value = serde_json::from_str(&machine.ok("project", "audit --format json")).unwrap();
    let symbols = &json["packages"][2]["uses"]["network"];
    assert_eq!(*symbols, serde_json::json!(["send", "socket"]), "{json}");
    assert_eq!(json["all"]["network"], *symbols);
    // Without a project: the newest that the registry has.
    assert_snapshot!(machine.puck("", "audit talks"), @"
    exit 0
    --- stdout
    talks 1.0.0
        memory      free malloc
        files       close
        network     send socket
    ");
    assert_snapshot!(machine.refused("project", "audit tasks"), @"
    exit 1
    --- stderr
    error: no package `tasks` in the registry [HOME]/registry

    hint: did you mean `asks`?
    ");
}

#[test]
fn policies() {
    let machine = machine("[policy]\ndeny = [\"network\", \"process\"]\n");
    let run = machine.puck("project", "install");
    assert_snapshot!(run, @"
    exit 1
    --- stderr
    error: talks 1.0.0 calls `send`, `socket` and so reaches `network`; [WORK]/project/Puck.toml denies `network`, `process`

    hint: `puck audit talks` shows all that it calls; take other packages, or change [policy] in [WORK]/project/Puck.toml
    ");
    assert!(
        !machine.path("project/.puck").is_symlink(),
        "nothing was activated"
    );
    assert!(!machine.path("project/Puck.lock").exists());
    assert_snapshot!(machine.puck("project", "audit"), @"
    exit 1
    --- stdout
    asks 1.0.0
        mathematics exp
    pure 1.0.0
        nothing but its own memory
    talks 1.0.0 (indirect)
        memory      free malloc
        files       close
        network     send socket (denied)
    all
        memory, mathematics, files, network
        denied: network

    --- stderr
    error: talks 1.0.0 reaches `network`, which [policy] does not allow
    ");

    // What is allowed installs; what is not is not added.
    machine.write(
        "project/Puck.toml",
        "[dependencies]\npure = \"1\"\n\n[policy]\ndeny = [\"network\"]\n",
    );
    machine.ok("project", "install");
    let key = machine.environment_key("project");
    machine.write(
        "project/Puck.toml",
        "[dependencies]\npure = \"1\"\nasks = \"1\"\n\n[policy]\ndeny = [\"network\"]\n",
    );
    assert_eq!(machine.puck("project", "install").code, Some(1));
    assert_eq!(machine.environment_key("project"), key);
    machine.edit("project/Puck.toml", "\"network\"", "\"time\"");
    machine.ok("project", "install");
    machine.edit("project/Puck.toml", "\"time\"", "\"networks\"");
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: [WORK]/project/Puck.toml:6: `deny`: `networks` is not a capability: expected `memory`, `strings`, `mathematics`, `files`, `network`, `process`, `threads`, `time`, `randomness`, `errors`, `system`, `anything`, `host`, `other`
    ");
}
