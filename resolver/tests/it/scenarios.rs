//! The scenarios of `tests/scenarios/*.toml`: packages, a request, and what comes of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use puck_resolver::{Before, Error, Request, Strategy, Update};
use serde::Deserialize;

use crate::scenario::{Registry, chosen, request, time, versions};

/// However slow the machine: what takes longer does not end for the right reason.
const LONGEST: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// For all scenarios that have none of their own; see `scenario`.
    #[serde(default)]
    packages: String,
    scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    packages: Option<String>,
    /// Packages that take the place of others.
    patch: Option<String>,
    ask: String,
    locked: Option<String>,
    /// `*`, or names.
    update: Option<String>,
    /// A name and a version.
    precise: Option<String>,
    #[serde(default)]
    resolution: Resolution,
    before: Option<String>,
    /// What is chosen.
    chosen: Option<String>,
    /// How many packages are chosen.
    count: Option<usize>,
    /// Texts that are found in the error, in this order.
    error: Option<Vec<String>>,
    /// Texts that are found in its hints.
    #[serde(default)]
    hints: Vec<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Resolution {
    #[default]
    Highest,
    Lowest,
    LowestDirect,
}

impl Scenario {
    fn request(&self) -> Request {
        let names = |names: &str| Update::Packages(names.split(';').map(name).collect());
        let update = match (&self.update, &self.precise) {
            (Some(everything), _) if everything == "*" => Update::Everything,
            (Some(some), _) => names(some),
            (None, Some(precise)) => {
                let (name, version) = versions(precise).remove(0);
                Update::Precise(name, version)
            }
            (None, None) => Update::Nothing,
        };
        request(&self.ask)
            .locked(self.locked.as_deref().map(versions).unwrap_or_default())
            .update(update)
            .strategy(match self.resolution {
                Resolution::Highest => Strategy::Highest,
                Resolution::Lowest => Strategy::Lowest,
                Resolution::LowestDirect => Strategy::LowestDirect,
            })
            .before(self.before.as_deref().map(|limit| Before {
                time: time(limit),
                origin: format!("`--before {limit}`"),
            }))
    }

    /// What is not as expected.
    fn complaint(&self, shared: &str) -> Option<String> {
        let mut registry = Registry::new(self.packages.as_deref().unwrap_or(shared));
        registry.patch(self.patch.as_deref().unwrap_or_default());
        let started = Instant::now();
        let answer = registry.resolve(&self.request());
        if started.elapsed() > LONGEST {
            return Some(format!("took {:?}", started.elapsed()));
        }
        match (answer, &self.error) {
            (Ok(resolution), None) => {
                let found = chosen(&resolution);
                let expected = self.chosen.as_ref().unwrap_or(&found);
                let count = self.count.unwrap_or(resolution.packages.len());
                (found != *expected || resolution.packages.len() != count)
                    .then(|| format!("chose {found}"))
            }
            (Ok(resolution), Some(_)) => Some(format!("chose {}", chosen(&resolution))),
            (Err(error), None) => Some(error.to_string()),
            (Err(error), Some(expected)) => self.unexpected(&error, expected),
        }
    }

    fn unexpected(&self, error: &Error, expected: &[String]) -> Option<String> {
        let text = error.to_string();
        let hints = error.hint().unwrap_or_default();
        let mut rest = text.as_str();
        for words in expected {
            match rest.split_once(words.as_str()) {
                Some((_, after)) => rest = after,
                None => return Some(format!("no `{words}` in its place in: {text}")),
            }
        }
        let missing = self.hints.iter().find(|hint| !hints.contains(*hint))?;
        Some(format!("no hint `{missing}` in: {hints}"))
    }
}

fn name(text: &str) -> puck_package::PackageName {
    text.trim().parse().unwrap()
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs_err::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn all() {
    let mut complaints = Vec::new();
    let mut count = 0;
    for path in files() {
        let file: File = toml::from_str(&fs_err::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for scenario in &file.scenario {
            count += 1;
            if let Some(complaint) = scenario.complaint(&file.packages) {
                let file = path.file_name().unwrap().to_string_lossy();
                complaints.push(format!("{file}: {}: {complaint}", scenario.name));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n\n"));
    assert!(count >= 60, "only {count} scenarios were found");
}
