//! Help, completions, colours, and what is said when.

use insta::assert_snapshot;

use crate::support::{Machine, PUCK};

const VERBS: &[&str] = &[
    "new",
    "build",
    "pack",
    "inspect",
    "publish",
    "add",
    "remove",
    "lock",
    "update",
    "install",
    "uninstall",
    "list",
    "tree",
    "info",
    "search",
    "run",
    "environment",
    "outdated",
    "fetch",
    "vendor",
    "audit",
    "verify",
    "gc",
    "completions",
];

#[test]
fn every_verb_has_help_with_examples() {
    let machine = Machine::new();
    let overview = machine.ok("", "--help");
    for verb in VERBS {
        assert!(
            overview.contains(&format!("\n  {verb} ")),
            "{verb} is not in\n{overview}"
        );
        let help = machine.ok("", &format!("{verb} --help"));
        assert!(help.contains("\nExamples:\n  puck "), "{verb}:\n{help}");
        assert!(help.contains("Usage: puck "), "{verb}:\n{help}");
        machine.ok("", &format!("help {verb}"));
        machine.ok("", &format!("{verb} -h"));
    }
    assert_snapshot!(machine.ok("", "run --help"), @r#"
    Call a function

    In a project the project's environment is used, brought up to date first; elsewhere your own. The
    arguments are checked against the function's signature. Arrays that the function changed are printed
    after the result.

    A function that Numba compiled takes its own arguments, at the end fewer if it has default values:
    its result is printed, and an exception is an error. It also takes 1+2j for a complex number, (1,
    [2,3]) for a tuple, None for a value that may be missing.

    Arguments: numbers (12, 0xff, 1e-9, inf), true, false, arrays ([1,2,3], zeros:100 for zeros), arrays
    from files (@x.npy, @table.csv:COLUMN), "text" for bytes, null for a null pointer. Put -- before
    arguments such as -inf.

    What an array must hold is the function's business: too short a one makes it read what is not there.

    Usage: puck run [OPTIONS] <FUNCTION> [ARGUMENTS]...

    Arguments:
      <FUNCTION>
              The function: PACKAGE::FUNCTION, or PACKAGE.SERIES::FUNCTION

      [ARGUMENTS]...
              Its arguments, in order

    Options:
          --signature <SIGNATURE>
              Which of several functions of the name

          --user
              Use your own environment, also in a project

          --environment <DIR>
              Use this environment, or that of this project

          --format <FORM>
              The form of the output

              Possible values:
              - text: For people
              - json: For programs
              
              [default: text]

          --locked
              Fail if Puck.lock would change

          --offline
              Use only what is on this machine

          --frozen
              Both --locked and --offline

      -h, --help
              Print help (see a summary with '-h')

    Global options:
          --registry <REGISTRY>
              The default registry: a configured name, an address or a folder [env: PUCK_REGISTRY]

      -C, --directory <DIR>
              Work in this folder

      -q, --quiet
              Print only results and errors

          --color <WHEN>
              Colours in what is printed [default: auto]

              Possible values:
              - auto:   On a terminal, unless `NO_COLOR` is set
              - always: Always
              - never:  Never

      -j, --jobs <N>
              How many threads may work at once [default: the number of processors]

    Examples:
      puck run linalg::dot 3 [1,2,3] [4,5,6]
      puck run linalg::axpy 2 10 [1,2] [0.5,0.5] --format json
      puck run stats::mean 16 @longley.csv:GNP
      puck run kernels::f --signature 'fn(f32) -> f32' 0.1
      puck run kernels::g --signature '(x: float64) -> float64' 2
    "#);
    assert_snapshot!(machine.ok("", "--version"), @"
    puck [VERSION]
    ");
    assert!(!machine.home().exists(), "help makes nothing");
}

#[test]
fn completions_for_each_shell() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = machine.ok("", &format!("completions {shell}"));
        for word in ["environment", "uninstall", "signature"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    let script = "$puck completions bash > puck.bash && . ./puck.bash";
    machine
        .program("bash", "", "-ec")
        .arg(script)
        .env("puck", PUCK)
        .ok();
}

#[test]
fn colours_only_where_they_are_wanted() {
    let machine = Machine::new();
    let escape = "\u{1b}[";
    let plain = machine.puck("", "build");
    assert!(!plain.stderr.contains(escape), "{plain}");
    let coloured = machine.puck("", "--color always build");
    assert!(coloured.stderr.contains(escape), "{coloured}");
    for (line, variable) in [
        ("build", "NO_COLOR"),
        ("--color never build", "CLICOLOR_FORCE"),
    ] {
        let run = machine.call("", line).env(variable, "1").run();
        assert!(!run.stderr.contains(escape), "{line}: {run}");
    }
    let forced = machine
        .call("", "build")
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1")
        .run();
    assert!(
        !forced.stderr.contains(escape),
        "NO_COLOR counts more: {forced}"
    );
}

#[test]
fn quiet_says_results_and_errors_alone() {
    let machine = Machine::new();
    machine.ok("", "new kernels");
    assert_snapshot!(machine.puck("kernels", "build --quiet"), @"
    exit 0
    ");
    assert_snapshot!(machine.puck("kernels", "pack --quiet"), @"
    exit 0
    --- stdout
    target/puck/kernels-0.1.0.puck
    ");
    assert_snapshot!(machine.puck("kernels", "run -q kernels::dot 1 [2] [3]"), @"
    exit 0
    --- stdout
    6
    ");
    assert_snapshot!(machine.puck("kernels", "run -q kernels::dott 1 [2] [3]"), @"
    exit 1
    --- stderr
    error: kernels 0.1.0 has no function `dott`

    hint: did you mean `kernels::dot`?
    ");
}

#[test]
fn whoever_reads_the_output_may_go() {
    let machine = Machine::new();
    machine.ok("", "new kernels");
    machine.ok("kernels", "publish");
    let run = machine
        .shell("", "$puck inspect kernels --ir | head -n 1")
        .run();
    assert_eq!(run.stderr, "", "{run}");
}
