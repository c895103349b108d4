//! The example, as two processes.

use std::env;
use std::process::Command;

/// The largest library of a caller of three functions, in bytes.
const LARGEST: u64 = 8 << 10;

#[test]
fn hundreds_of_callers_are_compiled_once() {
    let folder = tempfile::tempdir().unwrap();
    // Cargo puts examples beside `deps/`, where this test is.
    let tests = env::current_exe().unwrap();
    let example = tests
        .parent()
        .unwrap()
        .with_file_name("examples")
        .join("hundreds");
    for expected in [
        "callers: 300 (0 from the cache)",
        "callers: 300 (300 from the cache)",
    ] {
        let output = Command::new(&example).arg(folder.path()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(expected), "{text}");
        let largest = text.lines().find_map(|line| line.strip_prefix("largest: "));
        let largest = largest
            .and_then(|line| line.strip_suffix(" bytes"))
            .unwrap();
        assert!(largest.parse::<u64>().unwrap() <= LARGEST, "{text}");
    }
}
