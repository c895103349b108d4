//! All that a run of the front ends depended on, and its fingerprint.
//!
//! What the manifest does not tell is known only after compiling: headers, the files of a Rust
//! crate. It is written to `inputs.json` in the cache folder, so that the next build can tell that
//! nothing changed without starting a compiler.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use puck_package::{Digest, variables};
use serde::{Deserialize, Serialize};

use super::files::{self, Files};
use super::{Language, SourceError, clang, pattern, python};
use crate::{BuildRequest, temporary};

/// The number of the form of `inputs.json`, and of what a fingerprint is made of.
const FORMAT: u32 = 1;

/// Inputs beyond the manifest and the sources that it names. Paths are relative to the project, or
/// absolute.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inputs {
    format: u32,
    /// Headers of C and C++.
    pub(super) headers: BTreeSet<String>,
    /// Folders that headers are looked for in.
    pub(super) search: BTreeSet<String>,
    /// Other files that count by their content, or by not being there.
    pub(super) files: BTreeSet<String>,
    /// Files that count by place, size and time: tools.
    pub(super) identities: BTreeSet<String>,
    /// Environment variables.
    pub(super) variables: BTreeSet<String>,
    /// Whether something counts that is not known here, such as what a build script reads.
    pub(super) unknown: bool,
}

impl Inputs {
    /// Those of the last run; `None` if there are none that can be read.
    pub(super) fn read(request: &BuildRequest<'_>) -> Option<Self> {
        let bytes = fs_err::read(place(request)).ok()?;
        let inputs: Self = serde_json::from_slice(&bytes).ok()?;
        (inputs.format == FORMAT).then_some(inputs)
    }

    /// Remembers them for the next run.
    pub(super) fn write(&mut self, request: &BuildRequest<'_>) -> Result<(), SourceError> {
        self.format = FORMAT;
        let text = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        Ok(temporary::write(request.cache, &place(request), &text)?)
    }

    /// The digest of all inputs as they are now; `None` if one is gone or cannot be known.
    pub(super) fn fingerprint(
        &self,
        request: &BuildRequest<'_>,
        files: &Files,
    ) -> Result<Option<Digest>, SourceError> {
        if self.unknown {
            return Ok(None);
        }
        let sources = pattern::expand(request.manifest, request.directory)?;
        let mut text = format!("puck sources {FORMAT}\n{:?}\n", request.manifest);
        for (name, header) in clang::headers(request) {
            text.push_str(&format!("{name} {}\n", Digest::of(header.as_bytes())));
        }
        for source in &sources {
            let Some(digest) = files.digest(&source.path) else {
                return Ok(None);
            };
            text.push_str(&format!("{}\0{digest}\n", source.path));
        }
        if sources
            .iter()
            .any(|source| matches!(source.language, Language::C | Language::Cpp))
        {
            text.push_str(&clang::find(request.cache)?.identity);
        }
        if sources
            .iter()
            .any(|source| source.language == Language::Python)
        {
            text.push_str(&python::identity(request)?);
        }
        let headers: Vec<_> = self.headers.iter().map(String::as_str).collect();
        let search: Vec<_> = self.search.iter().cloned().collect();
        let Some(state) = files.state(&headers.join("\n"), &search) else {
            return Ok(None);
        };
        text.push_str(&format!("{state}\n"));
        for path in &self.files {
            text.push_str(&format!(
                "{path}\0{:?}\n",
                files.digest(path).map(|d| d.hex())
            ));
        }
        for path in &self.identities {
            text.push_str(&format!(
                "{:?}\n",
                files::identity(&request.directory.join(path))
            ));
        }
        for name in &self.variables {
            text.push_str(&format!("{name}={:?}\n", variables::get(name)));
        }
        Ok(Some(Digest::of(text.as_bytes())))
    }
}

fn place(request: &BuildRequest<'_>) -> PathBuf {
    Path::new(request.cache).join("inputs.json")
}
