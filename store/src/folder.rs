//! A folder held open, and what is in it: the kernel walks its path only once.
//!
//! Seeing that hundreds of packages are whole is thousands of looks at files. With whole paths most of
//! that time would go into walking the same folders again and again.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};

/// An open folder.
pub(crate) struct Folder {
    descriptor: OwnedFd,
    /// For errors.
    path: PathBuf,
}

impl Folder {
    /// Opens a folder; `None` if there is none.
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(descriptor) => Ok(Some(Self {
                descriptor,
                path: path.to_owned(),
            })),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(None),
            Err(error) => Err(named(error, "open", path)),
        }
    }

    /// The size of the file at a path below the folder; `None` if there is none, or no regular one.
    pub(crate) fn size(&self, file: &str) -> io::Result<Option<u64>> {
        match statat(&self.descriptor, file, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) if FileType::from_raw_mode(found.st_mode).is_file() => {
                Ok(u64::try_from(found.st_size).ok())
            }
            Ok(_) | Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(None),
            Err(error) => Err(named(error, "look at", &self.path.join(file))),
        }
    }

    /// What is in the file at a path below the folder; `None` if there is none.
    pub(crate) fn read(&self, file: &str) -> io::Result<Option<Vec<u8>>> {
        let failed = |error: io::Error| {
            let path = self.path.join(file);
            io::Error::new(
                error.kind(),
                format!("failed to read from file `{}`: {error}", path.display()),
            )
        };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = match openat(&self.descriptor, file, flags, Mode::empty()) {
            Ok(file) => file,
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(failed(error.into())),
        };
        let mut bytes = Vec::with_capacity(4096);
        fs_err::File::from_parts(file.into(), &self.path)
            .into_file()
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        Ok(Some(bytes))
    }

    /// The names in the folder, with whether they are links.
    pub(crate) fn links(&self) -> io::Result<BTreeMap<Vec<u8>, bool>> {
        let failed = |error| named(error, "list", &self.path);
        let mut names = BTreeMap::new();
        for entry in Dir::read_from(&self.descriptor).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let is_link = match entry.file_type() {
                FileType::Unknown => {
                    let name = entry.file_name();
                    let found = statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW);
                    found.is_ok_and(|found| FileType::from_raw_mode(found.st_mode).is_symlink())
                }
                kind => kind.is_symlink(),
            };
            names.insert(entry.file_name().to_bytes().to_vec(), is_link);
        }
        Ok(names)
    }
}

fn named(error: rustix::io::Errno, what: &str, path: &Path) -> io::Error {
    let kind: ErrorKind = error.kind();
    io::Error::new(
        kind,
        format!("failed to {what} `{}`: {error}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_and_what_is_not() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| home.path().join(name);
        fs_err::create_dir(at("sub")).expect("a folder");
        fs_err::write(at("sub/file"), "content").expect("writes");
        fs_err::os::unix::fs::symlink("sub/file", at("link")).expect("a link");

        let folder = Folder::open(home.path()).expect("opens").expect("is there");
        for (name, size) in [
            ("sub/file", Some(7)),
            ("sub", None),
            ("link", None),
            ("none", None),
            ("sub/file/below", None),
        ] {
            assert_eq!(folder.size(name).expect("looks"), size, "{name}");
        }
        let content = folder.read("sub/file").expect("reads");
        assert_eq!(content.as_deref(), Some(&b"content"[..]));
        assert!(folder.read("none").expect("looks").is_none());
        assert!(folder.read("sub").is_err());
        let links = folder.links().expect("lists");
        assert_eq!(links.get(&b"link"[..]), Some(&true));
        assert_eq!(links.get(&b"sub"[..]), Some(&false));
        for absent in ["none", "sub/file"] {
            assert!(Folder::open(&at(absent)).expect("looks").is_none());
        }
    }
}
