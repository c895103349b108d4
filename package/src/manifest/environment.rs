//! `[environment]`: how the packages of the project's environment are linked.

use super::{FunctionPath, ManifestError};
use crate::positioned::{Placed, Value};
use crate::{LinkMode, TargetCpu};

/// `[environment]`
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentSection {
    /// How packages are linked, if it says so.
    pub link: Option<LinkMode>,
    /// What the packages' IR is compiled for, if it says so.
    pub target_cpu: Option<TargetCpu>,
    /// What [`LinkMode::Lto`] keeps beside the functions of direct dependencies, as it is listed.
    pub keep: Vec<Placed<FunctionPath>>,
    /// The line that the table stands on, from 1.
    pub line: usize,
}

pub(super) fn environment(value: Value<'_, '_>) -> Result<EnvironmentSection, ManifestError> {
    let line = value.line();
    let table = value.table("[environment]")?;
    table.expect_keys(&["link", "target-cpu", "keep"])?;
    let keep = table.or_default("keep", Value::array)?;
    Ok(EnvironmentSection {
        link: table.or_default("link", |value| value.parse().map(Some))?,
        target_cpu: table
            .or_default("target-cpu", |value| value.map_string(target_cpu).map(Some))?,
        keep: keep
            .into_iter()
            .map(|value| {
                let line = value.line();
                value.parse().map(|value| Placed { value, line })
            })
            .collect::<Result<_, _>>()?,
        line,
    })
}

fn target_cpu(text: &str) -> Result<TargetCpu, String> {
    text.parse()
        .map_err(|error| format!("{error}; `native` is the processor of this machine"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Manifest, Target};

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(text, Path::new("Puck.toml"))
    }

    #[test]
    fn a_whole_table() {
        let manifest = parse(
            "[dependencies]\n[environment]\nlink = \"lto\"\ntarget-cpu = \"native\"\n\
             keep = [\"stats.v1::mean\",\n\"linalg\"]\n",
        );
        let section = manifest.unwrap().environment.unwrap();
        assert_eq!(section.link, Some(LinkMode::Lto));
        assert_eq!(section.target_cpu, Some(TargetCpu::Native));
        assert_eq!(section.line, 2);
        let kept = section.keep.iter();
        let kept: Vec<_> = kept.map(|k| format!("{} {}", k.line, k.value)).collect();
        assert_eq!(kept, ["5 stats.v1::mean", "6 linalg"]);

        let manifest = parse("[environment]\ntarget-cpu = \"x86-64-v3\"\n").unwrap();
        let section = manifest.environment.unwrap();
        let level = TargetCpu::Level(Target::X86_64V3);
        assert_eq!((section.link, section.target_cpu), (None, Some(level)));
        assert!(section.keep.is_empty());
        assert_eq!(parse("").unwrap().environment, None);
    }

    #[test]
    fn of_a_crate() {
        let of_cargo = "[package.metadata.puck.environment]\nlink = \"image\"\n";
        let whole = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[build]\nsources = [\"a.c\"]\n";
        let package = parse(whole).unwrap().package.unwrap();
        let manifest = Manifest::parse_cargo(of_cargo, Path::new("Cargo.toml"), package);
        let section = manifest.unwrap().unwrap().environment.unwrap();
        assert_eq!(section.link, Some(LinkMode::Image));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected, hint) in [
            (
                "target_cpu = \"native\"",
                ":2: unknown key `target_cpu` in [environment]",
                "did you mean `target-cpu`?",
            ),
            (
                "link = \"static\"",
                ":2: `link`: unknown link mode `static`: expected one of dynamic, image, lto",
                "",
            ),
            (
                "link = 1",
                ":2: `link`: expected a string, found integer",
                "",
            ),
            ("link = \"lot\"", "did you mean `lto`?", ""),
            (
                "target-cpu = \"haswell\"",
                ":2: `target-cpu`: unknown target `haswell`: expected one of x86-64, x86-64-v2, \
                 x86-64-v3, x86-64-v4; `native` is the processor of this machine",
                "",
            ),
            (
                "keep = \"a\"",
                ":2: `keep`: expected an array, found string",
                "",
            ),
            (
                "keep = [\"a\",\n\"a:b\"]",
                ":3: `keep`: `a:b` names no function such as `linalg::dot`",
                "",
            ),
        ] {
            let error = parse(&format!("[environment]\n{text}\n")).unwrap_err();
            let shown = error.to_string();
            assert!(shown.contains(expected), "{text}: {shown}");
            assert!(error.hint().unwrap_or_default().contains(hint), "{text}");
        }
    }
}
