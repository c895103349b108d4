//! A fresh machine for each test: a home, a registry, a folder to work in.

pub(crate) mod archive;
pub(crate) mod clients;
pub(crate) mod ir;
pub(crate) mod kill;
pub(crate) mod listing;
pub(crate) mod package;
pub(crate) mod proxy;
pub(crate) mod python;
pub(crate) mod run;
#[path = "../../registry/tests/it/sample.rs"]
pub(crate) mod sample;
pub(crate) mod server;
pub(crate) mod sound;
pub(crate) mod team;

use std::path::{Path, PathBuf};

use insta::internals::SettingsBindDropGuard;
use puck_package::variables;
use tempfile::TempDir;

use crate::support::listing::Listing;
use crate::support::run::{Call, Run};

/// The command that is tested.
pub(crate) const PUCK: &str = env!("CARGO_BIN_EXE_puck");

/// A machine that nothing was done on: `home` is Puck's, `work` is where projects are.
///
/// While it is there, snapshots of this thread have its paths, hashes, sizes, times and versions
/// of tools replaced by words.
pub(crate) struct Machine {
    root: TempDir,
    _filters: SettingsBindDropGuard,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new()
            .prefix("puck-test-")
            .tempdir()
            .unwrap();
        for folder in ["work", "user", "temporary"] {
            fs_err::create_dir(root.path().join(folder)).unwrap();
        }
        let filters = filters(root.path());
        Self {
            _filters: filters.bind_to_scope(),
            root,
        }
    }

    /// Everything of this machine.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// `PUCK_HOME`.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The default registry.
    pub(crate) fn registry(&self) -> PathBuf {
        self.home().join("registry")
    }

    /// A path below the folder that projects are in.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("work").join(path)
    }

    /// Writes a file, and the folders it is in.
    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        fs_err::read_to_string(self.path(path)).unwrap()
    }

    /// Replaces a text that must be in a file.
    pub(crate) fn edit(&self, path: impl AsRef<Path>, from: &str, to: &str) {
        let text = self.read(&path);
        assert!(
            text.contains(from),
            "no `{from}` in {}:\n{text}",
            path.as_ref().display()
        );
        self.write(path, text.replace(from, to));
    }

    /// A call of the command in a folder; `line` is split as a shell would split it.
    pub(crate) fn call(&self, folder: &str, line: &str) -> Call {
        self.program(PUCK, folder, line)
    }

    /// A call of any program in a folder, with the same clean environment.
    pub(crate) fn program(&self, program: impl AsRef<Path>, folder: &str, line: &str) -> Call {
        let real_home = PathBuf::from(variables::get(variables::HOME).unwrap_or_default());
        let tools = [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")];
        let mut call = Call::new(program.as_ref(), &self.path(folder), line)
            .env("PUCK_HOME", self.home())
            .env("HOME", self.root().join("user"))
            .env("TMPDIR", self.root().join("temporary"))
            .env("CARGO_NET_OFFLINE", "true")
            .env("PATH", variables::get(variables::PATH).unwrap_or_default());
        for (name, folder) in tools {
            let value = variables::get(name).map_or_else(|| real_home.join(folder), PathBuf::from);
            call = call.env(name, value);
        }
        match variables::get("RUSTUP_TOOLCHAIN") {
            Some(toolchain) => call.env("RUSTUP_TOOLCHAIN", toolchain),
            None => call,
        }
    }

    /// A script for the shell, to which `$puck` is the command.
    pub(crate) fn shell(&self, folder: &str, script: &str) -> Call {
        self.program("/bin/sh", folder, "-ec")
            .arg(script)
            .env("puck", PUCK)
    }

    /// What a call of the command gives.
    pub(crate) fn puck(&self, folder: &str, line: &str) -> Run {
        self.call(folder, line).run()
    }

    /// The standard output of a call that must succeed.
    pub(crate) fn ok(&self, folder: &str, line: &str) -> String {
        self.call(folder, line).ok()
    }

    /// A call that must fail with exit code 1 and change nothing.
    pub(crate) fn refused(&self, folder: &str, line: &str) -> Run {
        self.refuse(self.call(folder, line))
    }

    /// As [`Machine::refused`], for a call that was prepared.
    pub(crate) fn refuse(&self, call: Call) -> Run {
        let before = self.listing();
        let run = call.run();
        assert_eq!(run.code, Some(1), "{run}");
        before.expect_same(&self.listing());
        run
    }

    /// All that is on the machine, but for what builds leave in `target`.
    pub(crate) fn listing(&self) -> Listing {
        Listing::of(self.root(), &["target", "temporary"])
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // What is in the store is read-only, folders too, which only root may remove as it is.
        listing::make_writable(self.root.path());
    }
}

fn filters(root: &Path) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    let root = root.canonicalize().unwrap();
    let root = root.to_str().unwrap().replace('.', r"\.");
    for (pattern, replacement) in [
        (format!("{root}/work").as_str(), "[WORK]"),
        (&format!("{root}/home"), "[HOME]"),
        (&root, "[ROOT]"),
        (r"[0-9a-f]{64}", "[SHA256]"),
        (r"\b\d+ bytes", "[N] bytes"),
        (r"line \d+ column \d+", "line [N] column [N]"),
        (r"([-/])[0-9a-f]{16}\b", "$1[HASH]"),
        (r"puck\.[0-9a-f]{16}\.so", "puck.[HASH].so"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[TIME]"),
        (r"\b\d+(/\d+)* B\b|\b\d+\.\d [kM]B\b", "[SIZE]"),
        // Columns are as wide as what was replaced.
        (r"\[SIZE\] +", "[SIZE]  "),
        (r"puck \d+\.\d+\.\d+", "puck [VERSION]"),
        (r"LLVM \d+\.\d+\.\d+", "LLVM [VERSION]"),
        (r"(clang|rustc) \d+\.\d+\.\d+[^,\n\x22]*", "$1 [VERSION]"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings.set_omit_expression(true);
    settings
}
