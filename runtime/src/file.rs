//! Files, through the C library alone.
//!
//! The calls are those of `std::fs`, whose code lies elsewhere in the program: fetching it from
//! memory takes longer than what it does. Errors carry no path: who calls adds it.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// A file that is open for reading.
pub(crate) struct File(OwnedFd);

/// What the system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
}

impl File {
    pub(crate) fn open(path: &CStr) -> io::Result<Self> {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        loop {
            // SAFETY: a C string.
            let descriptor = unsafe { libc::open(path.as_ptr(), flags) };
            if descriptor >= 0 {
                // SAFETY: just opened, and nobody else's.
                return Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }));
            }
            interrupted()?;
        }
    }

    /// Reads from `offset`: as much as fits, or less where the file ends.
    pub(crate) fn read_at<'a>(&self, bytes: &'a mut [u8], offset: u64) -> io::Result<&'a [u8]> {
        let beyond = |_| io::Error::from(io::ErrorKind::InvalidInput);
        let mut filled = 0;
        while let Some(rest @ [_, ..]) = bytes.get_mut(filled..) {
            let at = libc::off_t::try_from(offset + filled as u64).map_err(beyond)?;
            // SAFETY: `rest` may be written to, as long as it is.
            let read = unsafe {
                libc::pread(self.0.as_raw_fd(), rest.as_mut_ptr().cast(), rest.len(), at)
            };
            match usize::try_from(read) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(_) => interrupted()?,
            }
        }
        Ok(bytes.get(..filled).unwrap_or_default())
    }

    pub(crate) fn status(&self) -> io::Result<Status> {
        let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
        // SAFETY: an open file, and a place for the answer.
        if unsafe { libc::fstat(self.0.as_raw_fd(), status.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: filled by a call that succeeded.
        let status = unsafe { status.assume_init() };
        Ok(Status {
            device: status.st_dev,
            inode: status.st_ino,
            size: u64::try_from(status.st_size).unwrap_or(0),
        })
    }
}

/// A path for the C library; one with a zero byte, which names nothing, becomes empty.
pub(crate) fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
}

/// What a symbolic link holds; `None` if it is none, cannot be read, or does not fit.
pub(crate) fn read_link<'a>(path: &CStr, bytes: &'a mut [u8]) -> Option<&'a [u8]> {
    // SAFETY: a C string, and `bytes` may be written to, as long as it is.
    let length = unsafe { libc::readlink(path.as_ptr(), bytes.as_mut_ptr().cast(), bytes.len()) };
    let length = usize::try_from(length).ok()?;
    (length < bytes.len()).then(|| bytes.get(..length))?
}

/// The error of the last call, unless it was only interrupted.
fn interrupted() -> io::Result<()> {
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::Interrupted {
        Ok(())
    } else {
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_links() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs_err::write(&path, "some text").unwrap();
        let file = File::open(&c_path(&path)).unwrap();
        let metadata = fs_err::metadata(&path).unwrap();
        assert_eq!(file.status().unwrap().size, metadata.len());
        let mut bytes = [0; 5];
        assert_eq!(file.read_at(&mut bytes, 0).unwrap(), b"some ");
        assert_eq!(file.read_at(&mut bytes, 7).unwrap(), b"xt");
        assert_eq!(file.read_at(&mut bytes, 99).unwrap(), b"");
        assert!(file.read_at(&mut bytes, u64::MAX).is_err());
        let gone = File::open(&c_path(&folder.path().join("gone")))
            .err()
            .unwrap();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);

        let link = folder.path().join("link");
        fs_err::os::unix::fs::symlink("four", &link).unwrap();
        assert_eq!(read_link(&c_path(&link), &mut bytes), Some(&b"four"[..]));
        assert_eq!(read_link(&c_path(&link), &mut bytes[..4]), None);
        assert_eq!(read_link(&c_path(&path), &mut bytes), None);
    }
}
