//! The dynamic linker: open a library, find a symbol, see what is loaded already.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Mutex;

use crate::file::c_path;

/// A library that is loaded, and stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle(NonNull<c_void>);

// SAFETY: the dynamic linker serialises what needs it; a handle is only its key.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

/// Loads the library at `path` with all that it needs, bound at once, its symbols visible to
/// nobody who does not name it.
///
/// # Errors
/// What the dynamic linker says.
pub(crate) fn open(path: &Path) -> Result<Handle, String> {
    let name = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| "its path contains a zero byte".to_owned())?;
    open_system(&name).ok_or_else(|| {
        // SAFETY: the message, if there is one, is a C string that belongs to this thread.
        let message = unsafe { libc::dlerror().as_ref().map(|text| CStr::from_ptr(text)) };
        message.map_or_else(
            || "the dynamic linker gave no reason".to_owned(),
            |text| text.to_string_lossy().into_owned(),
        )
    })
}

/// Loads a library by its name alone, from where the system keeps them (a path is opened as such).
pub(crate) fn open_system(name: &CStr) -> Option<Handle> {
    // SAFETY: the name is a C string. Constructors of the library run: installed packages are
    // trusted as much as any code that is linked in.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    NonNull::new(handle).map(Handle)
}

/// The address of `symbol` in a library; `None` if it exports no such symbol.
pub(crate) fn symbol(library: Handle, symbol: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: a handle from `dlopen` that is never closed, and a C string.
    NonNull::new(unsafe { libc::dlsym(library.0.as_ptr(), symbol.as_ptr()) })
}

/// The path under which the process has loaded a library of the given SONAME, whoever loaded it.
pub(crate) fn loaded(soname: &str) -> Option<PathBuf> {
    with_seen(|seen| {
        seen.look();
        seen.paths.get(soname.as_bytes()).cloned()
    })
}

/// The paths under which the process has loaded libraries of the given SONAMEs.
pub(crate) fn all_loaded<'a>(sonames: impl Iterator<Item = &'a str>) -> Vec<Option<PathBuf>> {
    with_seen(|seen| {
        seen.look();
        sonames
            .map(|soname| seen.paths.get(soname.as_bytes()).cloned())
            .collect()
    })
}

/// The handle of a library that is loaded under that path.
pub(crate) fn open_loaded(path: &Path) -> Option<Handle> {
    let flags = libc::RTLD_NOW | libc::RTLD_LOCAL | libc::RTLD_NOLOAD;
    // SAFETY: a C string; nothing is loaded.
    let handle = unsafe { libc::dlopen(c_path(path).as_ptr(), flags) };
    NonNull::new(handle).map(Handle)
}

/// Whether a library of that SONAME was loaded when [`loaded`] last looked.
pub(crate) fn was_loaded(soname: &CStr) -> bool {
    with_seen(|seen| seen.paths.contains_key(soname.to_bytes()))
}

/// The SONAMEs of the loaded libraries, as last seen.
///
/// The dynamic linker adds libraries at the end of its list, so that each is looked at once as long
/// as none is removed. Otherwise loading many libraries would take time with the square of their
/// number.
struct Seen {
    paths: BTreeMap<Vec<u8>, PathBuf>,
    /// How many libraries there were.
    count: usize,
    /// How many were removed in the life of the process.
    removed: u64,
}

static SEEN: Mutex<Seen> = Mutex::new(Seen::NOTHING);

/// Who finds the list in use goes without: the other may be waiting for the dynamic linker, which
/// may be waiting for this thread.
fn with_seen<T>(body: impl FnOnce(&mut Seen) -> T) -> T {
    match SEEN.try_lock() {
        Ok(mut seen) => body(&mut seen),
        Err(_) => body(&mut Seen { ..Seen::NOTHING }),
    }
}

impl Seen {
    const NOTHING: Self = Self {
        paths: BTreeMap::new(),
        count: 0,
        removed: 0,
    };

    fn look(&mut self) {
        let mut look = Look {
            seen: self,
            index: 0,
        };
        // SAFETY: the callback has the right type, and the argument is what it expects.
        unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut look).cast()) };
    }
}

struct Look<'a> {
    seen: &'a mut Seen,
    /// Of the library that comes next.
    index: usize,
}

/// Called for each loaded library, under the dynamic linker's lock.
unsafe extern "C" fn visit(
    info: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    look: *mut c_void,
) -> c_int {
    // SAFETY: the dynamic linker passes valid facts, and `look` its own `Look`.
    let (info, Look { seen, index }) = unsafe { (&*info, &mut *look.cast::<Look<'_>>()) };
    if *index == 0 && info.dlpi_subs != seen.removed {
        **seen = Seen {
            removed: info.dlpi_subs,
            ..Seen::NOTHING
        };
    }
    *index += 1;
    if *index <= seen.count {
        return 0;
    }
    seen.count = *index;
    // SAFETY: a library that is loaded while the lock is held.
    if let Some(soname) = unsafe { soname(info) }
        && !seen.paths.contains_key(soname)
    {
        // SAFETY: a C string, as above.
        let path = unsafe { CStr::from_ptr(info.dlpi_name) };
        let path = PathBuf::from(OsStr::from_bytes(path.to_bytes()));
        seen.paths.insert(soname.to_owned(), path);
    }
    0
}

/// The SONAME of a loaded library, read from its dynamic section in memory.
///
/// # Safety
/// `info` describes a library that stays loaded as long as the result is used.
unsafe fn soname(info: &libc::dl_phdr_info) -> Option<&[u8]> {
    const DT_STRTAB: i64 = 5;
    const DT_STRSZ: i64 = 10;
    const DT_SONAME: i64 = 14;
    if info.dlpi_phdr.is_null() {
        return None;
    }
    // SAFETY: the dynamic linker's own description.
    let segments =
        unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let dynamic = segments
        .iter()
        .find(|segment| segment.p_type == libc::PT_DYNAMIC)?;
    // Whether a whole range is in a mapped segment: what is said below is not trusted.
    let mapped = |address: u64, length: u64| {
        segments
            .iter()
            .filter(|segment| segment.p_type == libc::PT_LOAD)
            .any(|segment| {
                let start = info.dlpi_addr.wrapping_add(segment.p_vaddr);
                address >= start
                    && address
                        .checked_add(length)
                        .is_some_and(|end| end <= start + segment.p_memsz)
            })
    };
    let address = info.dlpi_addr.wrapping_add(dynamic.p_vaddr);
    if !mapped(address, dynamic.p_memsz) {
        return None;
    }
    // SAFETY: mapped, as just checked; (tag, value) pairs of 64-bit words, aligned by the format.
    let entries = unsafe {
        std::slice::from_raw_parts(
            std::ptr::with_exposed_provenance::<[u64; 2]>(usize::try_from(address).ok()?),
            usize::try_from(dynamic.p_memsz).ok()? / size_of::<[u64; 2]>(),
        )
    };
    let value = |tag: i64| {
        let entry = entries
            .iter()
            .take_while(|[tag, _]| *tag != 0)
            .find(|entry| entry[0] == tag.cast_unsigned())?;
        Some(entry[1])
    };
    let (mut table, size, offset) = (value(DT_STRTAB)?, value(DT_STRSZ)?, value(DT_SONAME)?);
    // glibc turns the offset into an address in place, others (and the vDSO) do not.
    if table < info.dlpi_addr {
        table = table.wrapping_add(info.dlpi_addr);
    }
    if offset >= size || !mapped(table, size) {
        return None;
    }
    // SAFETY: mapped, as just checked.
    let rest = unsafe {
        std::slice::from_raw_parts(
            std::ptr::with_exposed_provenance::<u8>(usize::try_from(table + offset).ok()?),
            usize::try_from(size - offset).ok()?,
        )
    };
    Some(CStr::from_bytes_until_nul(rest).ok()?.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_is_loaded_and_others_are_not() {
        let libc = loaded("libc.so.6").unwrap();
        assert!(libc.is_absolute(), "{libc:?}");
        assert_eq!(loaded("libc.so"), None);
        assert!(was_loaded(c"libc.so.6") && !was_loaded(c"libc.so"));
        assert_eq!(loaded(""), None);
    }

    #[test]
    fn libraries_that_come_and_go_are_noticed() {
        let name = c"libBrokenLocale.so.1";
        let text = name.to_str().unwrap();
        for _ in 0..2 {
            assert_eq!(loaded(text), None);
            let Some(Handle(handle)) = open_system(name) else {
                return;
            };
            assert!(loaded(text).is_some_and(|path| path.ends_with(text)));
            // SAFETY: opened above, and nothing of it is in use.
            unsafe { libc::dlclose(handle.as_ptr()) };
        }
        assert_eq!(loaded(text), None);
    }

    #[test]
    fn symbols_of_a_library() {
        let handle = open(&loaded("libc.so.6").unwrap()).unwrap();
        assert!(symbol(handle, c"strlen").is_some());
        assert_eq!(symbol(handle, c"no.such.symbol"), None);
    }

    #[test]
    fn refusals_name_the_file() {
        assert!(
            open(Path::new("/nonexistent/x.so"))
                .unwrap_err()
                .contains("/nonexistent/x.so")
        );
        assert!(open(Path::new("a\0b")).unwrap_err().contains("zero byte"));
    }
}
