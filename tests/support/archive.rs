//! Archives that no honest `puck` writes, put into a registry that vouches for them.

use std::io::Read as _;
use std::path::PathBuf;

use puck_package::Digest;
use serde_json::Value;
use tar::EntryType;

use crate::support::Machine;

/// An archive taken apart.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) entries: Vec<Entry>,
}

/// An entry of a tar, whatever it says.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) kind: EntryType,
    pub(crate) link: Option<String>,
    pub(crate) content: Vec<u8>,
}

impl Entry {
    pub(crate) fn file(path: &str, content: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            kind: EntryType::Regular,
            link: None,
            content: content.into(),
        }
    }

    pub(crate) fn special(path: &str, kind: EntryType, link: Option<&str>) -> Self {
        Self {
            kind,
            link: link.map(str::to_owned),
            ..Self::file(path, b"")
        }
    }

    /// Writes the header by hand: the library refuses what is tested here.
    fn append(&self, tar: &mut tar::Builder<impl std::io::Write>) {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..self.path.len()].copy_from_slice(self.path.as_bytes());
        header.set_entry_type(self.kind);
        header.set_mode(0o644);
        header.set_size(self.content.len() as u64);
        if let Some(link) = &self.link {
            header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        }
        header.set_cksum();
        tar.append(&header, &self.content[..]).unwrap();
    }
}

impl Parts {
    pub(crate) fn of(archive: &[u8]) -> Self {
        let bytes = zstd::decode_all(archive).unwrap();
        let mut tar = tar::Archive::new(&bytes[..]);
        let entries = tar.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            Entry::file(&path, &content)
        });
        Self {
            entries: entries.collect(),
        }
    }

    pub(crate) fn with(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Changes `package.json`.
    pub(crate) fn document(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut document = serde_json::from_slice(&self.entries[0].content).unwrap();
        change(&mut document);
        self.entries[0].content = serde_json::to_vec_pretty(&document).unwrap();
        self
    }

    /// Changes the file whose path ends so.
    pub(crate) fn file(mut self, end: &str, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.path.ends_with(end))
            .unwrap();
        change(&mut entry.content);
        self
    }

    pub(crate) fn pack(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for entry in &self.entries {
            entry.append(&mut tar);
        }
        zstd::encode_all(&tar.into_inner().unwrap()[..], 1).unwrap()
    }
}

impl Machine {
    /// Where the default registry has an archive.
    pub(crate) fn archive(&self, name: &str, version: &str) -> PathBuf {
        self.registry()
            .join(format!("archives/{name}/{name}-{version}.puck"))
    }

    /// The parts of a published archive.
    pub(crate) fn parts(&self, name: &str, version: &str) -> Parts {
        Parts::of(&fs_err::read(self.archive(name, version)).unwrap())
    }

    /// Where the default registry has a package's index lines. The name has four letters or more.
    pub(crate) fn index(&self, name: &str) -> PathBuf {
        self.registry()
            .join(format!("index/{}/{}/{name}", &name[..2], &name[2..4]))
    }

    /// Changes the index lines of a package, each as JSON.
    pub(crate) fn edit_index(&self, name: &str, change: impl Fn(&mut Value)) {
        let path = self.index(name);
        let mut text = String::new();
        for line in fs_err::read_to_string(&path).unwrap().lines() {
            let mut value = serde_json::from_str(line).unwrap();
            change(&mut value);
            text += &format!("{value}\n");
        }
        fs_err::write(path, text).unwrap();
    }

    /// Puts bytes in place of a published archive; the index says that this is how it should be.
    pub(crate) fn replace_archive(&self, name: &str, version: &str, bytes: &[u8]) {
        fs_err::remove_file(self.archive(name, version)).unwrap();
        fs_err::write(self.archive(name, version), bytes).unwrap();
        self.edit_index(name, |line| {
            if line["version"] == version {
                line["sha256"] = Digest::of(bytes).to_string().into();
                line["size"] = bytes.len().into();
            }
        });
    }
}
