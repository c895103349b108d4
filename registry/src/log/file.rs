//! The log as a file of the registry directory: its end, appending, the torn line.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use fs_err as fs;
use puck_package::Digest;

use super::{LogEntry, LogState, follow};
use crate::Error;

/// How much is read at once when looking for the last line.
const CHUNK: u64 = 4096;

/// The last complete line of the log at `path`, and how far the log goes.
///
/// Reads the end of the file only.
pub(crate) fn last(path: &Path) -> Result<(LogState, Option<LogEntry>), Error> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((LogState::default(), None));
        }
        Err(error) => return Err(error.into()),
    };
    let mut start = file.metadata()?.len();
    let mut tail = Vec::new();
    // Until the tail holds a whole line: from one line feed, or the beginning, to another.
    let (from, to) = loop {
        let mut feeds = (0..tail.len())
            .rev()
            .filter(|&i| tail.get(i) == Some(&b'\n'));
        match (feeds.next(), feeds.next()) {
            (Some(end), Some(before)) => break (before + 1, end),
            (Some(end), None) if start == 0 => break (0, end),
            (None, _) if start == 0 => return Ok((LogState::default(), None)),
            _ => {}
        }
        let size = CHUNK.max(tail.len() as u64).min(start);
        start -= size;
        file.seek(SeekFrom::Start(start))?;
        let mut chunk = Vec::new();
        (&mut file).take(size).read_to_end(&mut chunk)?;
        chunk.append(&mut tail);
        tail = chunk;
    };
    let line = tail.get(from..to).unwrap_or_default();
    let entry = LogEntry::parse(&format!("the last line of {}", path.display()), line)?;
    let length = start + to as u64 + 1;
    let state = LogState {
        entries: entry.number,
        head: Some(Digest::of(line)),
        length,
    };
    Ok((state, Some(entry)))
}

/// Appends `entry`, and makes sure that it stays. A torn line must have been cut off before.
pub(crate) fn append(path: &Path, entry: &LogEntry) -> std::io::Result<()> {
    let new = !fs::exists(path)?;
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?;
    let length = file.metadata()?.len();
    let written = file
        .write_all(format!("{}\n", entry.to_json()).as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a line would be cut off later; better not to leave it.
        let _ = file.set_len(length);
    }
    written?;
    if new {
        crate::beside::sync_directory(path.parent().unwrap_or(Path::new(".")))
    } else {
        Ok(())
    }
}

/// Cuts off what follows the last complete line, if anything does.
pub(crate) fn cut_torn_line(path: &Path, state: &LogState) -> std::io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > state.length => {
            let file = fs::OpenOptions::new().write(true).open(path)?;
            file.set_len(state.length)?;
            file.sync_all()
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Reads the whole log at `path`, checking that each line follows from the one before.
pub(crate) fn read(path: &Path) -> Result<(LogState, Vec<LogEntry>), Error> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    follow(&path.display().to_string(), &bytes, LogState::default())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use puck_package::Digest;
    use semver::Version;

    use super::*;
    use crate::log::Action;

    fn entry(version: u64) -> LogEntry {
        LogEntry {
            format: 1,
            number: 0,
            previous: None,
            action: Action::Publish,
            name: "linalg".parse().unwrap(),
            version: Version::new(1, version, 0),
            sha256: Digest::of(&version.to_le_bytes()),
            reason: None,
            time: "2026-08-04T12:00:00Z".to_owned(),
        }
    }

    fn log(entries: u64) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.jsonl");
        for version in 0..entries {
            let (state, _) = last(&path).unwrap();
            append(&path, &entry(version).after(&state)).unwrap();
        }
        (directory, path)
    }

    #[test]
    fn the_end_is_found_without_reading_all() {
        for count in [0, 1, 2, 100] {
            let (_directory, path) = log(count);
            let (state, entries) = read(&path).unwrap();
            assert_eq!(state.entries, count);
            assert_eq!(last(&path).unwrap(), (state, entries.last().cloned()));
        }
    }

    #[test]
    fn lines_longer_than_a_chunk() {
        let (_directory, path) = log(1);
        let (state, _) = last(&path).unwrap();
        let mut long = entry(1).after(&state);
        long.version.build = semver::BuildMetadata::new(&"b".repeat(9000)).unwrap();
        append(&path, &long).unwrap();
        assert_eq!(last(&path).unwrap().1, Some(long));
        assert_eq!(read(&path).unwrap().0, last(&path).unwrap().0);
    }

    #[test]
    fn a_torn_line_is_ignored_then_cut_off() {
        for count in [0, 1, 3] {
            let (_directory, path) = log(count);
            let (state, _) = last(&path).unwrap();
            let mut file = fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&path)
                .unwrap();
            file.write_all(br#"{"format":1,"num"#).unwrap();
            assert_eq!(last(&path).unwrap().0, state);
            assert_eq!(read(&path).unwrap().0, state);
            cut_torn_line(&path, &state).unwrap();
            append(&path, &entry(9).after(&state)).unwrap();
            assert_eq!(read(&path).unwrap().1.len() as u64, count + 1);
        }
    }

    #[test]
    fn a_rewritten_past_is_found() {
        let (_directory, path) = log(4);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let changed = lines[1].replace("1.1.0", "1.7.0");
        for (rewritten, line) in [
            ([lines[0], &changed, lines[2], lines[3]].join("\n"), 3),
            ([lines[0], lines[2], lines[3]].join("\n"), 2),
            ([lines[1], lines[2], lines[3]].join("\n"), 1),
            ([lines[0], lines[1], lines[1], lines[2]].join("\n"), 3),
        ] {
            fs::write(&path, rewritten + "\n").unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(
                error.contains(&format!("log.jsonl:{line}: the log was rewritten")),
                "{error}"
            );
        }
        fs::write(&path, "oops\n").unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .to_string()
                .contains("log.jsonl:1 is not valid")
        );
        assert!(last(&path).is_err());
    }
}
