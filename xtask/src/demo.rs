//! The whole path on the examples: three packages published, locked, installed and called; and a project
//! of jitted Python functions, run in two ways.
//!
//! Everything happens in `target/demo`, which is made anew: copies of the examples, and a home of
//! its own for Puck, so that the developer's is not touched. Only the Rust host runs where it is,
//! because it names `puck-runtime` by its path.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::workspace::{cargo, command, root, target_dir};
use crate::{no_arguments, python, setup, steps};

/// In the order in which they build on each other.
const PACKAGES: [(&str, &str); 3] = [
    ("vecmath", "C and LLVM IR"),
    ("linalg", "Rust, imports vecmath"),
    ("stats", "C, imports vecmath and linalg"),
];

/// The verb.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    no_arguments("demo", arguments)?;
    let start = Instant::now();
    setup::ensure()?;
    steps::step(
        "Build the command and the runtime's C library, optimised",
        || {
            steps::run(cargo().args([
                "build",
                "--release",
                "--package",
                "puck",
                "--package",
                "puck-c",
            ]))
        },
    )?;

    let demo = Demo::prepare(
        root().join("target/demo"),
        target_dir().join("release/puck"),
    )?;
    for (name, language) in PACKAGES {
        steps::step(&format!("Publish {name} ({language})"), || {
            demo.publish(name)
        })?;
    }
    steps::step("Search, by signature too", || demo.search())?;
    steps::step("Install for the hosts: lock, unpack, link", || {
        demo.install()
    })?;
    steps::step("Call from Rust: puck-runtime checks the types", || {
        demo.rust_host()
    })?;
    steps::step("Call from C: pkg-config and cc, no Puck library", || {
        demo.c_host()
    })?;
    steps::step("Call from Python: ctypes on the plain library", || {
        demo.python_host()
    })?;
    steps::step("Call from the command line", || demo.command_line())?;
    steps::step(
        "Run jitted functions: plain Numba, then each compiled once and declared",
        || demo.jitted_project(),
    )?;

    steps::headline(&format!("All done in {}", steps::seconds(start.elapsed())));
    steps::note("The environment is target/demo/hosts/.puck; look at it with ls, nm or gdb.");
    Ok(())
}

struct Demo {
    folder: PathBuf,
    puck: PathBuf,
}

impl Demo {
    /// An empty folder with copies of the examples in it.
    fn prepare(folder: PathBuf, puck: PathBuf) -> Result<Demo> {
        if folder.exists() {
            // The store in it is read-only.
            steps::quietly(command("chmod").args(["-R", "u+w"]).arg(&folder))?;
            fs_err::remove_dir_all(&folder)?;
        }
        copy_tree(&root().join("examples"), &folder)?;
        Ok(Demo { folder, puck })
    }

    /// The command, in one of the demo's folders and with the demo's home.
    fn puck(&self, folder: &str) -> Command {
        let mut puck = command(&self.puck);
        puck.current_dir(self.folder.join(folder));
        puck.env("PUCK_HOME", self.folder.join("home"))
            .env_remove("PUCK_REGISTRY");
        puck
    }

    fn publish(&self, name: &str) -> Result<()> {
        if name != "vecmath" {
            steps::run(self.puck(name).arg("install"))?;
        }
        steps::run(self.puck(name).arg("build"))?;
        steps::run(self.puck(name).arg("publish"))?;
        steps::run(self.puck(name).args(["inspect", name]))
    }

    fn search(&self) -> Result<()> {
        steps::run(self.puck("hosts").args(["search", "least-squares"]))?;
        steps::run(
            self.puck("hosts")
                .args(["search", "--signature", "fn(u64, *const f64) -> f64"]),
        )
    }

    fn install(&self) -> Result<()> {
        for arguments in [
            &["lock"][..],
            &["install", "--locked"],
            &["tree"],
            &["environment"],
        ] {
            steps::run(self.puck("hosts").args(arguments))?;
        }
        Ok(())
    }

    fn rust_host(&self) -> Result<()> {
        let host = root().join("examples/hosts/rust");
        // The versions that the workspace is tested with.
        let lock = host.join("Cargo.lock");
        if !lock.exists() {
            fs_err::copy(root().join("Cargo.lock"), &lock)?;
        }
        steps::run(
            cargo()
                .args(["run", "--quiet", "--manifest-path"])
                .arg(host.join("Cargo.toml"))
                .arg("--target-dir")
                .arg(root().join("target/demo-rust-host"))
                .arg("--")
                .args([self.folder.join("hosts"), self.folder.join("data")]),
        )
    }

    fn c_host(&self) -> Result<()> {
        steps::run(
            command("make")
                .arg("--no-print-directory")
                .arg("run")
                .current_dir(self.host("c")),
        )
    }

    fn python_host(&self) -> Result<()> {
        steps::run(
            command("python3")
                .arg("longley.py")
                .current_dir(self.host("python")),
        )
    }

    fn command_line(&self) -> Result<()> {
        let hosts = "hosts";
        steps::run(
            self.puck(hosts)
                .args(["run", "vecmath::dot", "3", "[1,2,3]", "[4,5,6]"]),
        )?;
        steps::run(
            self.puck(hosts)
                .args(["run", "stats::correlation", "16"])
                .args(["@../data/longley.csv:GNP", "@../data/longley.csv:TOTEMP"]),
        )?;
        steps::note("the regression itself; its six columns come from a NumPy file");
        let columns = read_columns(&self.folder.join("data/longley.csv"), 2..8)?;
        fs_err::write(self.folder.join("hosts/x.npy"), npy(&columns))?;
        let zeros = "[0,0,0,0,0,0,0]";
        steps::run(
            self.puck(hosts)
                .args([
                    "run",
                    "stats::ols",
                    "16",
                    "6",
                    "@x.npy",
                    "@../data/longley.csv:TOTEMP",
                ])
                .args([zeros, zeros, "[0]"]),
        )
    }

    /// The option pricer, which prints the same in both ways.
    fn jitted_project(&self) -> Result<()> {
        let python = python::newest()?;
        for mode in ["off", "declare"] {
            steps::note(&format!("PUCK_NUMBA={mode}"));
            steps::run(
                command(&python)
                    .args(["main.py", "--paths", "20000"])
                    .current_dir(self.folder.join("options"))
                    .env("PUCK_NUMBA", mode)
                    .env("PUCK_HOME", self.folder.join("home")),
            )?;
        }
        Ok(())
    }

    fn host(&self, name: &str) -> PathBuf {
        self.folder.join("hosts").join(name)
    }
}

/// Copies a folder without what builds left in it.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    const LEFT_BY_BUILDS: [&str; 6] = [
        "target",
        ".puck",
        "Cargo.lock",
        "Puck.lock",
        "longley",
        "__pycache__",
    ];
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if LEFT_BY_BUILDS.iter().any(|left| name == *left) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &to.join(&name))?;
        } else {
            fs_err::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

/// Some columns of a CSV file with a header, one after the other.
fn read_columns(path: &Path, columns: std::ops::Range<usize>) -> Result<Vec<f64>> {
    let text = fs_err::read_to_string(path)?;
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let mut values = Vec::new();
    for column in columns {
        for row in &rows {
            let cell = row
                .get(column)
                .with_context(|| format!("{}: no column {column}", path.display()))?;
            values.push(
                cell.trim()
                    .parse()
                    .with_context(|| format!("{}: {cell}", path.display()))?,
            );
        }
    }
    Ok(values)
}

/// A one-dimensional NumPy file, format 1.0: magic, header padded to 64 bytes, little-endian doubles.
fn npy(values: &[f64]) -> Vec<u8> {
    let description = format!(
        "{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}",
        values.len()
    );
    let before_text = 10;
    let length = (before_text + description.len() + 1).next_multiple_of(64) - before_text;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{description:<width$}\n", width = length - 1).as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_leaves_out_what_builds_made() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        fs_err::create_dir_all(from.join("package/target")).unwrap();
        fs_err::create_dir_all(from.join("package/src")).unwrap();
        for file in [
            "package/target/junk",
            "package/src/a.c",
            "package/Cargo.lock",
        ] {
            fs_err::write(from.join(file), file).unwrap();
        }
        let to = folder.path().join("to");
        copy_tree(&from, &to).unwrap();
        assert_eq!(
            fs_err::read_to_string(to.join("package/src/a.c")).unwrap(),
            "package/src/a.c"
        );
        assert!(!to.join("package/target").exists());
        assert!(!to.join("package/Cargo.lock").exists());
    }

    #[test]
    fn columns_come_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.csv");
        fs_err::write(&file, "\"a\",\"b\",\"c\"\n1,2,3\n4,5.5,6\n").unwrap();
        assert_eq!(read_columns(&file, 1..3).unwrap(), [2.0, 5.5, 3.0, 6.0]);
        assert!(read_columns(&file, 3..4).is_err());
    }

    #[test]
    fn a_numpy_file_begins_with_an_aligned_header() {
        let bytes = npy(&[1.0, 2.0]);
        let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!(header % 64, 0);
        assert_eq!(bytes[header - 1], b'\n');
        assert_eq!(bytes.len(), header + 16);
        assert_eq!(&bytes[header..header + 8], 1.0f64.to_le_bytes());
    }
}
