//! Finding packages by name, keyword and signature.

use std::cmp::Reverse;

use puck_package::index::Export;
use puck_package::{IndexLine, PackageName, Signature};
use semver::Version;

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
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The package.
    pub name: PackageName,
    /// Its newest release, or pre-release if it has no release.
    pub version: Version,
    /// One line about it.
    pub description: String,
    /// Words to be found by.
    pub keywords: Vec<String>,
    /// The exports that matched; with no signature and no word for a function's name, none.
    pub exports: Vec<Export>,
}

impl Registry {
    /// The packages that match `query`, the best first.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn search(&self, query: &Query) -> Result<Vec<Hit>, Error> {
        let words: Vec<String> = query
            .text
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let signature = query.signature.as_ref().map(Signature::canonical);
        let mut hits = Vec::new();
        for name in self.names()? {
            let lines = self.versions(&name)?;
            let newest = lines
                .into_iter()
                .filter(|line| !line.yanked)
                .max_by_key(|line| (line.version.pre.is_empty(), line.version.clone()));
            if let Some(line) = newest
                && let Some((rank, exports)) = rank(&line, &words, signature.as_deref())
            {
                let IndexLine {
                    name,
                    version,
                    description,
                    keywords,
                    ..
                } = line;
                hits.push((
                    rank,
                    Hit {
                        name,
                        version,
                        description,
                        keywords,
                        exports,
                    },
                ));
            }
        }
        hits.sort_by(|(rank, hit), (other_rank, other)| {
            (Reverse(rank), &hit.name).cmp(&(Reverse(other_rank), &other.name))
        });
        Ok(hits.into_iter().map(|(_, hit)| hit).collect())
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
