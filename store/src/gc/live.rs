//! What living processes have open, as Linux tells in `/proc`.
//!
//! Processes of other users cannot be looked at by anybody but root; how many there are is counted.
//! Elsewhere than on Linux, and of processes on other machines and in other containers, nothing is
//! known.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::roots::name_below;
use crate::Result;

/// What is open.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Live {
    /// Packages, by folder.
    pub(super) packages: BTreeSet<String>,
    /// Libraries, by key.
    pub(super) libraries: BTreeSet<String>,
    /// Environments, by key.
    pub(super) environments: BTreeSet<String>,
    /// How many processes could not be looked at.
    pub(super) unseen: usize,
}

/// Looks at all processes for files below `home`.
pub(super) fn look(home: &Path) -> Result<Live> {
    let mut live = Live::default();
    let home = match fs::canonicalize(home) {
        Ok(home) => home,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(live),
        Err(error) => return Err(error.into()),
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return Ok(live);
    };
    for process in processes {
        let process = process?.path();
        let is_number = |name: &OsStr| name.as_bytes().iter().all(u8::is_ascii_digit);
        if process.file_name().is_some_and(is_number)
            && let Err(error) = live.add_process(&process, &home)
            && error.kind() == ErrorKind::PermissionDenied
        {
            live.unseen += 1;
        }
        // Any other error: the process has ended meanwhile.
    }
    Ok(live)
}

impl Live {
    fn add_process(&mut self, process: &Path, home: &Path) -> io::Result<()> {
        // A process of another name space of users may hide one of these and show the others.
        let maps = BufReader::new(fs::File::open(process.join("maps"))?);
        for line in maps.split(b'\n') {
            if let Some(path) = path_of_mapping(&line?) {
                self.add(&path, home);
            }
        }
        for link in ["cwd", "exe"] {
            if let Ok(path) = fs::read_link(process.join(link)) {
                self.add(&path, home);
            }
        }
        for descriptor in fs::read_dir(process.join("fd"))? {
            // Closed meanwhile, if it cannot be read.
            if let Ok(path) = fs::read_link(descriptor?.path()) {
                self.add(&path, home);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, home: &Path) {
        let name = |area| name_below(path, home, area).map(str::to_owned);
        self.packages.extend(name("packages"));
        self.libraries.extend(name("libraries"));
        self.environments.extend(name("environments"));
    }
}

/// The file of a line of `/proc/PID/maps`: the sixth field, in which only line feeds are escaped.
fn path_of_mapping(line: &[u8]) -> Option<PathBuf> {
    let start = line.iter().position(|byte| *byte == b'/')?;
    let path = line.get(start..)?;
    // Of a removed package nothing can be kept.
    if path.ends_with(b" (deleted)") {
        return None;
    }
    let text = path.split(|byte| *byte == b'\\').enumerate();
    let mut bytes = Vec::with_capacity(path.len());
    for (i, part) in text {
        match part.strip_prefix(b"012") {
            Some(rest) if i > 0 => {
                bytes.push(b'\n');
                bytes.extend(rest);
            }
            _ => {
                if i > 0 {
                    bytes.push(b'\\');
                }
                bytes.extend(part);
            }
        }
    }
    Some(PathBuf::from(OsStr::from_bytes(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings() {
        let prefix = "7f7bd6fdc000-7f7bd6fdd000 r--p 00000000 fe:01 1182410                    ";
        for (rest, expected) in [
            ("/h/a b.so", Some("/h/a b.so")),
            ("/h/a\\012b\\c", Some("/h/a\nb\\c")),
            ("/h/a.so (deleted)", None),
            ("[heap]", None),
            ("", None),
        ] {
            let line = format!("{prefix}{rest}");
            let found = path_of_mapping(line.as_bytes());
            assert_eq!(found.as_deref(), expected.map(Path::new), "{line}");
        }
    }

    #[test]
    fn open_files_and_the_current_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| folder.path().join(path);
        for path in ["packages/held/lib", "packages/free", "environments/entered"] {
            fs::create_dir_all(at(path)).expect("folders");
        }
        fs::write(at("packages/held/lib/x.so"), "x").expect("writes");
        let _held = fs::File::open(at("packages/held/lib/x.so")).expect("opens");
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .current_dir(at("environments/entered"))
            .spawn()
            .expect("sleep starts");
        let live = look(folder.path()).expect("looks");
        child.kill().expect("it ends");
        child.wait().expect("it has ended");
        assert_eq!(live.packages, BTreeSet::from(["held".to_owned()]));
        assert_eq!(live.environments, BTreeSet::from(["entered".to_owned()]));
    }
}
