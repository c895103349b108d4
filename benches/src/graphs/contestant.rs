//! A graph, divided and linked in one way: what can be measured of it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::child;
use super::division::Division;
use super::graph::{Graph, name};
use super::plain::Plain;
use super::source::Language;
use super::way::Way;
use super::workspace::Workspace;
use crate::place::set_aside;
use crate::settings::Settings;

/// One of those that are compared.
pub(super) struct Contestant<'a> {
    pub(super) way: Way,
    pub(super) division: Division,
    graph: &'a Graph,
    language: Language,
    settings: &'a Settings,
    has_link_modes: bool,
    puck: PathBuf,
    folder: PathBuf,
    /// How often the leaf was changed.
    revision: Cell<usize>,
}

impl<'a> Contestant<'a> {
    /// Works in a folder of its own below `folder`.
    pub(super) fn new(
        settings: &'a Settings,
        graph: &'a Graph,
        language: Language,
        (way, division): (Way, Division),
        folder: &Path,
    ) -> Result<Self> {
        let words = format!("{} {}", division.title(), way.title());
        Ok(Contestant {
            way,
            division,
            graph,
            language,
            settings,
            has_link_modes: super::way::has_link_modes(settings)?,
            puck: fs_err::canonicalize(&settings.puck)?,
            folder: folder.join(words.replace(", ", "-").replace(' ', "-")),
            revision: Cell::new(0),
        })
    }

    /// Milliseconds to build everything from nothing.
    pub(super) fn build(&self) -> Result<f64> {
        set_aside(&self.folder)?;
        self.revision.set(0);
        let functions = 0..self.graph.functions();
        match self.way {
            Way::Puck(_) => {
                let workspace = self.workspace();
                workspace.write_manifests()?;
                functions
                    .into_iter()
                    .try_for_each(|one| workspace.write(one, 0))?;
                workspace.install()
            }
            _ => {
                let plain = self.plain();
                functions
                    .into_iter()
                    .try_for_each(|one| plain.write(one, 0))?;
                plain.build()
            }
        }
    }

    /// Milliseconds to build what has to be built when a function changed that calls no other.
    pub(super) fn build_after_change(&self) -> Result<f64> {
        let leaf = self.graph.leaf();
        self.revision.set(self.revision.get() + 1);
        match self.way {
            Way::Puck(_) => {
                let workspace = self.workspace();
                workspace.write(leaf, self.revision.get())?;
                workspace.install()
            }
            _ => {
                let plain = self.plain();
                plain.write(leaf, self.revision.get())?;
                plain.build_after(leaf)
            }
        }
    }

    /// Bytes of all installed libraries, each file once.
    pub(super) fn library_bytes(&self) -> Result<f64> {
        let folder = match self.way {
            Way::Puck(_) => self.workspace().libraries(),
            _ => self.folder.join("lib"),
        };
        let mut files = BTreeSet::new();
        find_files(&folder, &mut files)?;
        let libraries = files
            .iter()
            .filter(|file| file.extension().is_some_and(|extension| extension == "so"));
        total(libraries)
    }

    /// Bytes of the packages' archives, where there are such.
    pub(super) fn archive_bytes(&self) -> Result<Option<f64>> {
        if !matches!(self.way, Way::Puck(_)) {
            return Ok(None);
        }
        let mut files = BTreeSet::new();
        find_files(&self.workspace().archives(), &mut files)?;
        total(files.iter()).map(Some)
    }

    /// Microseconds from nothing loaded to the first result of a function of the highest layer, in a
    /// new process; and that result.
    pub(super) fn open(&self) -> Result<(f64, f64)> {
        let text = child::output(&[vec!["open".to_owned()], self.places(1)].concat())?;
        let (time, result) = text
            .trim()
            .split_once(' ')
            .context("a child printed no pair")?;
        Ok((time.parse::<f64>()? / 1e3, result.parse()?))
    }

    /// The arguments of a child that calls functions of the highest layer, at most so many.
    pub(super) fn places(&self, count: usize) -> Vec<String> {
        let tops = self.graph.tops().rev().take(count);
        match self.way {
            Way::Puck(_) => {
                let workspace = self.workspace();
                let project = workspace.project().display().to_string();
                ["puck".to_owned(), project]
                    .into_iter()
                    .chain(tops.map(|function| workspace.qualified(function)))
                    .collect()
            }
            _ => {
                let plain = self.plain();
                let place = |function| {
                    [
                        plain.library(function).display().to_string(),
                        name(function),
                    ]
                };
                ["libraries".to_owned()]
                    .into_iter()
                    .chain(tops.flat_map(place))
                    .collect()
            }
        }
    }

    fn plain(&self) -> Plain<'_> {
        Plain {
            graph: self.graph,
            language: self.language,
            division: self.division,
            way: self.way,
            clang: &self.settings.clang,
            folder: &self.folder,
        }
    }

    fn workspace(&self) -> Workspace<'_> {
        Workspace {
            graph: self.graph,
            language: self.language,
            division: self.division,
            mode: match self.way {
                Way::Puck(mode) => mode,
                _ => super::way::Mode::Dynamic,
            },
            has_link_modes: self.has_link_modes,
            puck: &self.puck,
            clang: &self.settings.clang,
            folder: &self.folder,
        }
    }
}

/// The files below a folder, by the places that links lead to.
fn find_files(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = fs_err::canonicalize(entry?.path())?;
        if path.is_dir() {
            find_files(&path, files)?;
        } else {
            files.insert(path);
        }
    }
    Ok(())
}

fn total<'a>(mut files: impl Iterator<Item = &'a PathBuf>) -> Result<f64> {
    files.try_fold(0.0, |sum, file| {
        Ok(sum + fs_err::metadata(file)?.len() as f64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_linked_to_twice_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let lib = folder.path().join("lib/deeper");
        fs_err::create_dir_all(&lib).unwrap();
        fs_err::write(folder.path().join("store.so"), [0; 100]).unwrap();
        for name in ["a.so", "b.so"] {
            fs_err::os::unix::fs::symlink("../../store.so", lib.join(name)).unwrap();
        }
        fs_err::write(lib.join("c.so"), [0; 7]).unwrap();
        let mut files = BTreeSet::new();
        find_files(&folder.path().join("lib"), &mut files).unwrap();
        assert_eq!(total(files.iter()).unwrap(), 107.0);
    }
}
