//! Finding packages by name, keyword and signature.

use std::cmp::Reverse;

use puck_package::index::Export;
use puck_package::{IndexLine, PackageName, Signature};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{Error, Registry};

/// What is looked for; what is empty or `None` matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Words that must all occur in the name, the keywords, the names of functions or the
    /// description.
    pub text: String,
    /// A type that an export must have; names of parameters are of no consequence.
    pub signature: Option<Signature>,
}

/// A package that was found, at its newest version that is not yanked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hit {
    /// The package.
    pub name: PackageName,
    /// Its newest release, or pre-release if it has no release.
    pub version: Version,
    /// One line about it.
    #[serde(default)]
    pub description: String,
    /// Words to be found by.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// The exports that matched; with no signature and no word for a function's name, none.
    #[serde(default)]
    pub exports: Vec<Export>,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// The packages, the best first.
    pub hits: Vec<Hit>,
    /// Why packages were passed over that cannot be read.
    pub skipped: Vec<Error>,
}

impl Registry {
    /// The packages that match `query`, the best first. A package whose index file is damaged is
    /// passed over.
    ///
    /// # Errors
    /// If the index cannot be listed.
    pub fn search(&self, query: &Query) -> Result<Found, Error> {
        let mut newest = Vec::new();
        let mut skipped = Vec::new();
        for name in self.names()? {
            match self.versions(&name) {
                Ok(lines) => newest.extend(shown_version(&lines).cloned()),
                Err(error) => skipped.push(error),
            }
        }
        let hits = query.among(&newest);
        Ok(Found { hits, skipped })
    }
}

/// The version by which searches show a package: the newest release that is not yanked, or
/// pre-release if there is no release; `None` if all are yanked.
#[must_use]
pub fn shown_version(lines: &[IndexLine]) -> Option<&IndexLine> {
    let lines = lines.iter().filter(|line| !line.yanked);
    lines.max_by_key(|line| (line.version.pre.is_empty(), &line.version))
}

impl Query {
    /// The packages that match, the best first, of which each line in `shown` stands for one.
    pub fn among<'a>(&self, shown: impl IntoIterator<Item = &'a IndexLine>) -> Vec<Hit> {
        let words: Vec<String> = self
            .text
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let signature = self.signature.as_ref().map(Signature::canonical);
        let ranked = shown.into_iter().filter_map(|line| {
            let (rank, exports) = rank(line, &words, signature.as_deref())?;
            Some((rank, line, exports))
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by_key(|(rank, line, _)| (Reverse(*rank), &line.name));
        let hit = |(_, line, exports): (u32, &IndexLine, Vec<Export>)| Hit {
            name: line.name.clone(),
            version: line.version.clone(),
            description: line.description.clone(),
            keywords: line.keywords.clone(),
            exports,
        };
        ranked.into_iter().map(hit).collect()
    }
}

/// How well `line` matches, higher being better, and by which exports; `None` if it does not.
fn rank(line: &IndexLine, words: &[String], signature: Option<&str>) -> Option<(u32, Vec<Export>)> {
    let has_type = |export: &&Export| {
        signature.is_none_or(|signature| export.signature.canonical() == signature)
    };
    let typed: Vec<&Export> = line.exports.iter().filter(has_type).collect();
    if signature.is_some() && typed.is_empty() {
        return None;
    }
    let mut total = 0;
    for word in words {
        let best = [
            (100, line.name.as_str() == word),
            (
                50,
                line.keywords
                    .iter()
                    .any(|keyword| keyword.to_lowercase() == *word),
            ),
            (40, line.name.as_str().starts_with(word.as_str())),
            (
                30,
                typed
                    .iter()
                    .any(|export| export.name.as_str().to_lowercase() == *word),
            ),
            (20, line.name.as_str().contains(word.as_str())),
            (10, line.description.to_lowercase().contains(word.as_str())),
            (5, typed.iter().any(|export| named(export, word))),
        ];
        total += best.iter().find(|(_, holds)| *holds)?.0;
    }
    let exports = typed
        .into_iter()
        .filter(|export| signature.is_some() || words.iter().any(|word| named(export, word)))
        .cloned()
        .collect();
    Some((total, exports))
}

fn named(export: &Export, word: &str) -> bool {
    export.name.as_str().to_lowercase().contains(word)
}
