//! Clang and the other programs that building and testing need: found, installed, or asked for.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{steps, workspace};

/// The oldest clang that sources are compiled with.
const OLDEST_CLANG: u32 = 14;
/// The newest clang whose bitcode the pinned LLVM reads.
const NEWEST_CLANG: u32 = 23;

/// A program that must be there, how it is recognised, and Debian's package for it.
struct Tool {
    what: &'static str,
    present: fn() -> bool,
    package: &'static str,
}

const TOOLS: [Tool; 6] = [
    Tool {
        what: "a C compiler (cc)",
        present: || runs("cc", "--version"),
        package: "gcc",
    },
    Tool {
        what: "the C library's headers",
        present: has_libc_headers,
        package: "libc6-dev",
    },
    Tool {
        what: "the C++ library (LLVM needs it)",
        present: has_libstdcxx,
        package: "g++",
    },
    Tool {
        what: "make (libffi is built with it)",
        present: || runs("make", "--version"),
        package: "make",
    },
    Tool {
        what: "pkg-config",
        present: || runs("pkg-config", "--version"),
        package: "pkg-config",
    },
    Tool {
        what: "Python 3 with pip",
        present: has_pip,
        package: "python3-pip",
    },
];

/// Makes sure that every tool is there: as root by apt, else by saying what to type.
pub(crate) fn ensure() -> Result<()> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !(tool.present)()).collect();
    let clang = clang();
    if missing.is_empty() && clang.is_some() {
        return Ok(());
    }
    let mut names: Vec<&str> = missing.iter().map(|tool| tool.what).collect();
    if clang.is_none() {
        names.push("clang");
    }
    let what = names.join(", ");
    let packages: Vec<String> = missing.iter().map(|tool| tool.package.to_owned()).collect();

    if !runs("apt-get", "--version") {
        bail!(
            "missing: {what}. Install them with this system's package manager; clang must be \
             {OLDEST_CLANG} to {NEWEST_CLANG}, and may be named by PUCK_CLANG"
        );
    }
    if !is_root() {
        bail!(
            "missing: {what}. Install them with\n\n    {}\n",
            advice(&packages, clang.is_none())
        );
    }
    steps::step(&format!("Install what is missing: {what}"), || {
        install(packages, clang.is_none())
    })
}

/// The command line of a clang that can be used, newest first.
pub(crate) fn clang() -> Option<String> {
    if let Some(named) = std::env::var("PUCK_CLANG")
        .ok()
        .filter(|name| !name.is_empty())
    {
        return Some(named);
    }
    let numbered = (OLDEST_CLANG..=NEWEST_CLANG)
        .rev()
        .map(|number| format!("clang-{number}"));
    std::iter::once("clang".to_owned())
        .chain(numbered)
        .find(|name| {
            let version = steps::output_of(Command::new(name).arg("--version"));
            version
                .as_deref()
                .and_then(clang_version)
                .is_some_and(is_supported)
        })
}

/// Is there the test runner `cargo nextest`?
pub(crate) fn has_nextest() -> bool {
    steps::output_of(workspace::cargo().args(["nextest", "--version"])).is_some()
}

/// Is there `cargo deny`?
pub(crate) fn has_deny() -> bool {
    steps::output_of(workspace::cargo().args(["deny", "--version"])).is_some()
}

fn install(mut packages: Vec<String>, with_clang: bool) -> Result<()> {
    apt(&["update"])?;
    if with_clang {
        let names = steps::output_of(Command::new("apt-cache").args([
            "search",
            "--names-only",
            "^clang-[0-9]+$",
        ]))
        .context("apt-cache does not run")?;
        let newest = newest_clang(&names).with_context(|| {
            format!(
                "apt offers no clang from {OLDEST_CLANG} to {NEWEST_CLANG}; name one by PUCK_CLANG"
            )
        })?;
        packages.push(newest);
    }
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages.iter().map(String::as_str));
    apt(&arguments)
}

/// Runs apt-get without questions, silent unless it fails.
fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command
        .arg("-qq")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    steps::note(&format!("apt-get {}", arguments.join(" ")));
    let output = command.output().context("cannot run apt-get")?;
    if !output.status.success() {
        bail!(
            "apt-get {} failed: {}\n{}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// What somebody who may not install has to ask for.
fn advice(packages: &[String], with_clang: bool) -> String {
    let mut line = "sudo apt-get update && sudo apt-get install --yes".to_owned();
    for package in packages {
        line.push(' ');
        line.push_str(package);
    }
    if with_clang {
        let names = steps::output_of(Command::new("apt-cache").args([
            "search",
            "--names-only",
            "^clang-[0-9]+$",
        ]));
        line.push(' ');
        line.push_str(
            &names
                .as_deref()
                .and_then(newest_clang)
                .unwrap_or_else(|| "clang".into()),
        );
    }
    line
}

/// The newest supported package among the lines of `apt-cache search`.
fn newest_clang(listing: &str) -> Option<String> {
    let newest = listing
        .lines()
        .filter_map(|line| {
            line.split_whitespace()
                .next()?
                .strip_prefix("clang-")?
                .parse()
                .ok()
        })
        .filter(|&number| is_supported(number))
        .max()?;
    Some(format!("clang-{newest}"))
}

/// The major version in what `clang --version` prints.
fn clang_version(text: &str) -> Option<u32> {
    let after = text.split("clang version ").nth(1)?;
    after
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn is_supported(version: u32) -> bool {
    (OLDEST_CLANG..=NEWEST_CLANG).contains(&version)
}

fn runs(program: &str, argument: &str) -> bool {
    steps::output_of(Command::new(program).arg(argument)).is_some()
}

fn is_root() -> bool {
    steps::output_of(Command::new("id").arg("-u")).as_deref() == Some("0")
}

fn has_pip() -> bool {
    steps::output_of(Command::new("python3").args(["-m", "pip", "--version"])).is_some()
}

fn has_libc_headers() -> bool {
    // gcc names a file by its path if it has it, and by what was asked if it has not.
    compiler_has("crt1.o")
}

fn has_libstdcxx() -> bool {
    compiler_has("libstdc++.so") || compiler_has("libstdc++.a")
}

fn compiler_has(file: &str) -> bool {
    steps::output_of(Command::new("cc").arg(format!("-print-file-name={file}")))
        .is_some_and(|path| path != file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_clang_that_can_be_read_is_chosen() {
        let listing = "clang-13 - C, C++ and Objective-C compiler\n\
                       clang-9 - C compiler\nclang-19 - C compiler\nclang-22 - C compiler\n\
                       clang-31 - C compiler\nclang-format-19 - formatter\n";
        assert_eq!(newest_clang(listing), Some("clang-22".into()));
        assert_eq!(newest_clang("clang-13 - C compiler\n"), None);
        assert_eq!(newest_clang(""), None);
    }

    #[test]
    fn versions_are_read_from_what_clang_says() {
        let cases = [
            (
                "Debian clang version 22.1.8 (1~deb12u1)\nTarget: x86_64",
                Some(22),
            ),
            ("clang version 14.0.6", Some(14)),
            ("Apple clang version 17.0.0 (clang-1700)", Some(17)),
            ("gcc (Debian 12.2.0) 12.2.0", None),
            ("clang version devel", None),
        ];
        for (text, expected) in cases {
            assert_eq!(clang_version(text), expected, "{text}");
        }
    }

    #[test]
    fn advice_can_be_pasted() {
        assert_eq!(
            advice(&["make".into(), "g++".into()], false),
            "sudo apt-get update && sudo apt-get install --yes make g++"
        );
    }
}
