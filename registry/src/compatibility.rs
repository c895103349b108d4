//! Whether a release keeps what its compatibility series promised.
//!
//! Within a series every release exports at least what the release before it exports: a caller
//! that was linked against the older one works with the newer. Both neighbours of a new release
//! are looked at, since a release may be published out of order: 1.0.1 after 1.1.0.
//!
//! Pre-releases promise nothing, so none is a neighbour; but one must keep what the release below
//! it promised, for it takes that release's place in an environment. Yanked releases promise
//! nothing either: yanking is the way to take a mistaken export back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use puck_package::index::Export;
use puck_package::{IndexLine, PackageName, Series};
use semver::Version;

/// A release that breaks a promise of its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incompatible {
    /// The package.
    pub name: PackageName,
    /// The older of the two releases.
    pub older: Version,
    /// The newer one, which lacks exports of the older.
    pub newer: Version,
    /// Which of the two is being published.
    pub offered: Version,
    /// What the older exports and the newer does not.
    pub removed: Vec<Export>,
    /// What the newer exports under the names of what it removed.
    pub instead: Vec<Export>,
}

impl std::error::Error for Incompatible {}

impl Incompatible {
    pub(crate) fn hint(&self) -> String {
        if self.offered == self.newer {
            format!(
                "keep these functions as they were, or publish with a version outside series {}",
                Series::of(&self.newer)
            )
        } else {
            format!(
                "what {} adds to its series must be in {} too, which is published already",
                self.older, self.newer
            )
        }
    }
}

impl fmt::Display for Incompatible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            older,
            newer,
            offered,
            ..
        } = self;
        if offered == newer {
            write!(f, "{name} {newer} removes or changes what {older} exports:")?;
        } else {
            write!(f, "{name} {older} exports what {newer} removes or changes:")?;
        }
        // Old and new form of a function next to each other.
        let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (sign, exports) in [('-', &self.removed), ('+', &self.instead)] {
            for export in exports {
                let line = format!("{sign} {}", declaration(export));
                let of_name = lines.entry(export.name.as_str()).or_default();
                // A function of Numba has several entry points.
                if !of_name.contains(&line) {
                    of_name.push(line);
                }
            }
        }
        lines
            .values()
            .flatten()
            .try_for_each(|line| write!(f, "\n{line}"))
    }
}

/// An export as it would be declared: `fn dot(n: u64, x: *const f64) -> f64`; as its own language has
/// it where that is known: `dot(x: float64[::1]) -> float64`.
pub(crate) fn declaration(export: &Export) -> String {
    if let Some(declared) = &export.declared {
        return format!("{}{declared}", export.name);
    }
    let signature = export.signature.to_string();
    let types = signature.strip_prefix("fn").unwrap_or(&signature);
    format!("fn {}{types}", export.name)
}

/// Checks `line`, which is to join the published `lines` of its package.
pub(crate) fn check(line: &IndexLine, lines: &[IndexLine]) -> Result<(), Box<Incompatible>> {
    let series = Series::of(&line.version);
    let promising = || {
        lines.iter().filter(|other| {
            series.contains(&other.version) && other.version.pre.is_empty() && !other.yanked
        })
    };
    let before = promising().filter(|other| other.version < line.version);
    if let Some(older) = before.max_by(|a, b| a.version.cmp(&b.version)) {
        keeps(older, line, &line.version)?;
    }
    if line.version.pre.is_empty() {
        let after = promising().filter(|other| other.version > line.version);
        if let Some(newer) = after.min_by(|a, b| a.version.cmp(&b.version)) {
            keeps(line, newer, &line.version)?;
        }
    }
    Ok(())
}

fn keeps(older: &IndexLine, newer: &IndexLine, offered: &Version) -> Result<(), Box<Incompatible>> {
    let key = |export: &Export| {
        let Export {
            name,
            abi,
            signature,
            declared: _,
            needs: _,
            link_name,
        } = export;
        // Conventions beside C's tell by the link name alone what pointers point to.
        let link_name = link_name.clone();
        (name.clone(), abi.clone(), signature.canonical(), link_name)
    };
    let missing = |from: &IndexLine, in_: &IndexLine| -> Vec<Export> {
        let known: BTreeSet<_> = in_.exports.iter().map(key).collect();
        from.exports
            .iter()
            .filter(|export| !known.contains(&key(export)))
            .cloned()
            .collect()
    };
    let removed = missing(older, newer);
    if removed.is_empty() {
        return Ok(());
    }
    let mut instead = missing(newer, older);
    instead.retain(|export| removed.iter().any(|gone| gone.name == export.name));
    Err(Box::new(Incompatible {
        name: older.name.clone(),
        older: older.version.clone(),
        newer: newer.version.clone(),
        offered: offered.clone(),
        removed,
        instead,
    }))
}

#[cfg(test)]
mod tests {
    use puck_package::Digest;
    use puck_package::document::ABI_C;

    use super::*;

    fn line(version: &str, exports: &[&str]) -> IndexLine {
        let export = |declaration: &&str| {
            let (name, types) = declaration.split_once('(').unwrap();
            Export {
                name: name.parse().unwrap(),
                abi: ABI_C.to_owned(),
                signature: format!("fn({types}").parse().unwrap(),
                declared: None,
                needs: None,
                link_name: None,
            }
        };
        IndexLine {
            format: 1,
            name: "linalg".parse().unwrap(),
            version: version.parse().unwrap(),
            sha256: Digest::of(b""),
            size: 0,
            description: String::new(),
            keywords: Vec::new(),
            dependencies: Vec::new(),
            exports: exports.iter().map(export).collect(),
            imports: Vec::new(),
            targets: Vec::new(),
            yanked: false,
            yank_reason: None,
            changed: None,
            time: String::new(),
        }
    }

    /// What is published already, what is offered, and whether that is compatible.
    type Case = (
        &'static [(&'static str, &'static [&'static str])],
        &'static str,
        &'static [&'static str],
        bool,
    );

    #[test]
    fn rules() {
        let cases: [Case; 14] = [
            (&[], "1.0.0", &["f()"], true),
            (&[("1.0.0", &["f()"])], "1.0.1", &["f()"], true),
            (&[("1.0.0", &["f()"])], "1.1.0", &["f()", "g()"], true),
            (&[("1.0.0", &["f()", "g()"])], "1.1.0", &["f()"], false),
            // Names of parameters are of no consequence; types are.
            (&[("1.0.0", &["f(n: u64)"])], "1.1.0", &["f(m: u64)"], true),
            (&[("1.0.0", &["f(n: u64)"])], "1.1.0", &["f(n: u32)"], false),
            // An overload more is not a change.
            (
                &[("1.0.0", &["f(n: u64)"])],
                "1.1.0",
                &["f(n: u64)", "f(n: u32)"],
                true,
            ),
            // Another series.
            (&[("1.0.0", &["f()"])], "2.0.0", &["g()"], true),
            (&[("0.3.0", &["f()"])], "0.3.1", &["g()"], false),
            (&[("0.3.0", &["f()"])], "0.4.0", &["g()"], true),
            // Only the neighbours count; a newer one is one, too.
            (&[("1.1.0", &["f()"])], "1.0.1", &["f()", "g()"], false),
            (&[("1.1.0", &["f()", "g()"])], "1.0.1", &["f()"], true),
            // A pre-release keeps promises, but makes none.
            (&[("1.0.0", &["f()"])], "1.1.0-rc.1", &["g()"], false),
            (&[("2.0.0-rc.1", &["f()"])], "2.0.0", &["g()"], true),
        ];
        for (published, version, exports, compatible) in cases {
            let lines: Vec<_> = published
                .iter()
                .map(|(v, exports)| line(v, exports))
                .collect();
            let result = check(&line(version, exports), &lines);
            assert_eq!(
                result.is_ok(),
                compatible,
                "{published:?}, then {version}: {result:?}"
            );
        }
    }

    /// A release whose `dot` has entry points of Numba's and Python's with these fingerprints.
    fn of_numba(version: &str, fingerprint: &str, declared: &str) -> IndexLine {
        let mut line = line(version, &["dot()", "dot()"]);
        for (export, abi) in line.exports.iter_mut().zip(["numba-cpu-1", "cpython-1"]) {
            export.abi = abi.to_owned();
            export.declared = Some(declared.to_owned());
            let link_name = format!("linalg.v1.dot.{fingerprint}");
            export.link_name = Some(link_name.parse().unwrap());
        }
        line
    }

    #[test]
    fn types_that_c_cannot_tell_apart_are_others_all_the_same() {
        let older = of_numba("1.0.0", "00000001", "(x: readonly) -> float64");
        let renamed = of_numba("1.1.0", "00000001", "(y: readonly) -> float64");
        assert!(check(&renamed, std::slice::from_ref(&older)).is_ok());
        let other = of_numba("1.1.0", "00000002", "(x: writable) -> float64");
        let error = check(&other, &[older]).unwrap_err();
        insta::assert_snapshot!(error, @r"
        linalg 1.1.0 removes or changes what 1.0.0 exports:
        - dot(x: readonly) -> float64
        + dot(x: writable) -> float64
        ");
    }

    #[test]
    fn yanked_releases_promise_nothing() {
        let mut mistake = line("1.1.0", &["f()", "typo()"]);
        let fixed = line("1.2.0", &["f()"]);
        assert!(check(&fixed, &[line("1.0.0", &["f()"]), mistake.clone()]).is_err());
        mistake.yanked = true;
        assert!(check(&fixed, &[line("1.0.0", &["f()"]), mistake]).is_ok());
    }

    #[test]
    fn the_difference_is_shown() {
        let older = line(
            "1.0.0",
            &["dot(n: u64, x: *const f64) -> f64", "gone()", "kept()"],
        );
        let newer = line(
            "1.1.0",
            &["dot(n: u64, x: *const f32) -> f32", "kept()", "new()"],
        );
        let error = check(&newer, std::slice::from_ref(&older)).unwrap_err();
        insta::assert_snapshot!(format!("{error}\n{}", error.hint()), @r"
        linalg 1.1.0 removes or changes what 1.0.0 exports:
        - fn dot(n: u64, x: *const f64) -> f64
        + fn dot(n: u64, x: *const f32) -> f32
        - fn gone()
        keep these functions as they were, or publish with a version outside series v1
        ");
        let error = check(&older, &[newer]).unwrap_err();
        insta::assert_snapshot!(format!("{error}\n{}", error.hint()), @r"
        linalg 1.0.0 exports what 1.1.0 removes or changes:
        - fn dot(n: u64, x: *const f64) -> f64
        + fn dot(n: u64, x: *const f32) -> f32
        - fn gone()
        what 1.0.0 adds to its series must be in 1.1.0 too, which is published already
        ");
    }
}
