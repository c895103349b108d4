//! The protocol with a front end that is a script: a real process, and every way in which it fails.

mod answers;
mod changes;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::source::testing::{Project, Told};
use crate::source::{Described, Language, Sources};

/// Runs as `puck.frontend`: does what the Python source says, in place of compiling it.
const FRONT_END: &str = include_str!("../../../tests/it/fixtures/front_end.py");

/// A project with one Python source, and a Python that has the packages `names` beside `puck`.
fn project_with(source: &str, names: &[&str]) -> Project {
    let manifest = "[build]\nsources = [\"*.py\"]\npython = \"bin/python\"\n";
    let project = Project::new(&[("Puck.toml", manifest), ("kernels.py", source)]);
    project.write("packages/puck/__init__.py", "");
    project.write("packages/puck/frontend/__init__.py", "");
    project.write("packages/puck/frontend/__main__.py", FRONT_END);
    for name in names {
        project.write(&format!("packages/{name}/__init__.py"), "");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
        project.write(
            &format!("packages/{name}-1.0.dist-info/METADATA"),
            &metadata,
        );
    }
    let packages = project.path("packages");
    // Neither what the machine has installed nor what the shell says.
    let script = format!(
        "#!/bin/sh\nPYTHONPATH={} exec python3 -S \"$@\"\n",
        packages.display()
    );
    program(&project, "bin/python", &script);
    project
}

fn project(source: &str) -> Project {
    project_with(source, &["numba", "llvmlite"])
}

fn program(project: &Project, path: &str, text: &str) {
    project.write(path, text);
    let mode = std::fs::Permissions::from_mode(0o755);
    fs_err::set_permissions(project.path(path), mode).expect("executable");
}

fn built(project: &Project) -> (Sources, Told) {
    project.sources().unwrap_or_else(|error| panic!("{error}"))
}

fn message(project: &Project) -> String {
    let error = project.sources().expect_err("an error was expected");
    let left = fs_err::read_dir(project.path("target/puck/cache/temporary"));
    assert_eq!(
        left.map_or(0, Iterator::count),
        0,
        "something was left behind"
    );
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "expected `{part}` in:\n{text}");
    }
}

#[test]
fn an_answer_becomes_a_module_and_its_description() {
    let project =
        project("import sys\nanswer['warnings'].append('slow')\nprint('said', file=sys.stderr)");
    let (sources, told) = built(&project);
    assert_eq!(told.warnings(), "slow\nsaid");
    assert_eq!(sources.tools, ["python 3.11.7", "numba 0.67.0"]);
    let module = &sources.modules[0];
    assert_eq!(
        (module.path.as_str(), module.language),
        ("kernels.py", Language::Python)
    );
    assert_eq!(
        module.exports.as_deref(),
        Some(&["p.v1.f.00000001".to_owned()][..])
    );
    let Described {
        functions,
        host_imports,
        share,
    } = &sources.described;
    assert_eq!(
        functions[0].declared.as_deref(),
        Some("(x: float64) -> float64")
    );
    assert_eq!(functions[0].doc.as_deref(), Some("Twice x."));
    assert!(host_imports.is_empty());
    assert!(share["share/numba.json"].starts_with(b"{"));
}

#[test]
fn the_request_says_all_that_the_manifest_does() {
    let mut project = project(
        "import json, os, pathlib, sys, tempfile\n\
         (pathlib.Path(request['directory']) / 'seen.json').write_text(json.dumps(request))\n\
         assert sys.flags.safe_path and os.getcwd() == request['directory']\n\
         assert tempfile.gettempdir() == str(output.parent), tempfile.gettempdir()\n",
    );
    project.write("sub/more.py", "");
    project.write(
        "Puck.toml",
        "[build]\nsources = [\"*.py\", \"sub/*.py\"]\npython = \"bin/python\"\ndebug = true\nopt-level = 2\n\
         [[function]]\nname = \"dot\"\nsymbol = \"kernels.dot_\"\nnumba = \"float64(float64)\"\n\
         [[function]]\nname = \"sum\"\nnumba = [\"int8()\", \"int16()\"]\n\
         [dependencies]\nvec-math = \"2\"\n",
    );
    project.dependencies = vec![crate::module::tests::dependency("vec-math", "2.1.0", &[])];
    project.environment = Some(project.path("environment"));
    built(&project);
    let text = fs_err::read(project.path("seen.json")).expect("written");
    let mut seen: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    for key in ["directory", "output", "environment"] {
        let path = seen[key].take();
        assert!(
            Path::new(path.as_str().expect("a path")).is_absolute(),
            "{key}"
        );
    }
    let expected = serde_json::json!({
        "format": 1, "package": "p", "version": "1.0.0", "series": "v1",
        "directory": null, "environment": null, "output": null,
        "sources": ["kernels.py", "sub/more.py"],
        "functions": [
            {"name": "dot", "object": "kernels.dot_", "numba": ["float64(float64)"]},
            {"name": "sum", "object": "sum", "numba": ["int8()", "int16()"]},
        ],
        "dependencies": [{"name": "vec-math", "series": "v2"}],
        "opt-level": 2, "debug": true,
    });
    assert_eq!(seen, expected);
}

#[test]
fn faults_of_the_sources_have_their_place_and_a_hint() {
    let fail = |error: &str, code: i32| {
        format!(
            "import sys\n(output / 'error.json').write_text({error:?})\n\
             print('Traceback', file=sys.stderr)\nsys.exit({code})"
        )
    };
    let whole = r#"{"message": "`g` takes a str", "hint": "give it bytes", "file": "kernels.py", "line": 7}"#;
    let found = message(&project(&fail(whole, 2)));
    assert_eq!(found, "kernels.py:7: `g` takes a str\nhint: give it bytes");
    let found = message(&project(&fail(r#"{"message": "no functions"}"#, 2)));
    assert_eq!(found, "no functions");
    for (error, code) in [(whole, 1), ("oops", 2), (r#"{"message": ""}"#, 2)] {
        let found = message(&project(&fail(error, code)));
        contains(&found, &["crashed", "exit status", "Traceback"]);
    }
}

#[test]
fn crashes_show_the_end_of_what_was_said() {
    let found = message(&project(
        "for i in range(100): print('line', i, file=__import__('sys').stderr)\n1/0",
    ));
    contains(
        &found,
        &[
            "crashed (Python 3.",
            "ZeroDivisionError",
            "line 99",
            "lines before)",
        ],
    );
    assert!(!found.contains("line 1\n"), "{found}");
    let found = message(&project("import os\nos.kill(os.getpid(), 9)"));
    contains(&found, &["crashed", "signal: 9"]);
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let found = message(&project_with("", &[]));
    contains(
        &found,
        &[
            "lacks what Python sources are compiled with: numba",
            "-m pip install puck numba",
        ],
    );

    let manifest = |python: &str| format!("[build]\nsources = [\"*.py\"]\npython = \"{python}\"\n");
    let project = project("");
    project.write("Puck.toml", &manifest("gone/python"));
    contains(
        &message(&project),
        &[
            "`python` in [build] names `gone/python`, which does not exist",
            "PUCK_PYTHON=",
        ],
    );
    for (said, expected) in [
        ("exit 3", "does not say its version"),
        ("echo hello", "does not say that it is Python"),
        (
            "echo '{\"version\": \"3.10.2\", \"packages\": {}}'",
            "is version 3.10.2; expected 3.11 or newer",
        ),
    ] {
        program(&project, "other", &format!("#!/bin/sh\n{said}\n"));
        project.write("Puck.toml", &manifest("other"));
        contains(
            &message(&project),
            &["cannot be used: it", expected, "install Python 3.11"],
        );
    }
}

#[test]
fn functions_of_numba_need_a_python_file() {
    let project = Project::new(&[
        (
            "Puck.toml",
            "[build]\nsources = [\"*.ll\"]\n[[function]]\nname = \"f\"\nnumba = \"void()\"\n",
        ),
        ("a.ll", "define void @f() { ret void }"),
    ]);
    contains(
        &message(&project),
        &[
            "[[function]] `f` has `numba`",
            "hint: list its file in `sources`",
        ],
    );
}

/// A build that is killed takes the front end along.
#[test]
fn the_front_end_goes_with_whom_it_works_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pid = folder.path().join("pid");
    let sleep = format!(
        "import os, pathlib, time\npathlib.Path({:?}).write_text(str(os.getpid()))\ntime.sleep(60)",
        pid.display().to_string()
    );
    let worker = std::thread::spawn(move || {
        // The thread that starts it ends, as a killed process's threads do.
        let mut command = std::process::Command::new("python3");
        command.args(["-c", &sleep]);
        super::process::bind(&mut command);
        let child = command.spawn().expect("started");
        while !fs_err::read_to_string(&pid).is_ok_and(|text| !text.is_empty()) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        child
    });
    let mut child = worker.join().expect("ended");
    let status = child.wait().expect("waited for");
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(status.signal(), Some(9));
}
