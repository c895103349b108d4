//! The few files that the linker reads and writes, kept in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use libwild::{FileSystem, FileType, InputFileData, OutputFileData, OutputOptions};

/// The path of the version script among them.
pub(super) const VERSION_SCRIPT: &str = "/exports.version";
/// The path that the linker is told to write to.
pub(super) const OUTPUT: &str = "/library.so";

/// The path of an object among the linker's inputs.
pub(super) fn object(index: usize) -> String {
    format!("/object-{index}.o")
}

/// Inputs by path, and the output once it is there. Clones share the same files.
#[derive(Clone)]
pub(super) struct MemoryFiles {
    inputs: Arc<BTreeMap<String, Arc<[u8]>>>,
    output: Arc<Mutex<Option<Vec<u8>>>>,
}

impl MemoryFiles {
    pub(super) fn new(inputs: BTreeMap<String, Arc<[u8]>>) -> Self {
        Self {
            inputs: Arc::new(inputs),
            output: Arc::default(),
        }
    }

    /// What the linker wrote, if it got that far.
    pub(super) fn into_output(self) -> Option<Vec<u8>> {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn input(&self, path: &Path) -> Option<&Arc<[u8]>> {
        self.inputs.get(path.to_str()?)
    }
}

/// The error for a path that is none of the inputs.
fn not_found(path: &Path) -> libwild::error::Error {
    let message = format!("{} is not among the linker's inputs", path.display());
    std::io::Error::new(ErrorKind::NotFound, message).into()
}

#[derive(Debug)]
pub(super) struct Input(Arc<[u8]>);

impl InputFileData for Input {
    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

pub(super) struct Output {
    bytes: Vec<u8>,
    destination: Arc<Mutex<Option<Vec<u8>>>>,
}

impl OutputFileData for Output {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn finish(self) -> libwild::error::Result {
        *self
            .destination
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(self.bytes);
        Ok(())
    }
}

impl FileSystem for MemoryFiles {
    type Input = Input;
    type Output = Output;

    fn open_input(
        &self,
        path: &Path,
        _prepopulate_maps: bool,
    ) -> libwild::error::Result<(Input, Option<Arc<File>>)> {
        let bytes = self.input(path).ok_or_else(|| not_found(path))?;
        Ok((Input(Arc::clone(bytes)), None))
    }

    fn file_type(&self, path: &Path) -> libwild::error::Result<FileType> {
        self.input(path)
            .map(|_| FileType::File)
            .ok_or_else(|| not_found(path))
    }

    fn canonicalize(&self, path: &Path) -> libwild::error::Result<PathBuf> {
        Ok(path.to_path_buf())
    }

    fn remove_file(&self, path: &Path) -> libwild::error::Result<()> {
        Err(not_found(path))
    }

    fn rename_file(&self, path: &Path, _new_path: &Path) -> libwild::error::Result<()> {
        Err(not_found(path))
    }

    fn create_output(
        &self,
        _path: Arc<Path>,
        options: OutputOptions,
    ) -> libwild::error::Result<Output> {
        // A malformed object can ask for any size, by an alignment for instance.
        let inputs: usize = self.inputs.values().map(|bytes| bytes.len()).sum();
        let size = usize::try_from(options.size)
            .ok()
            .filter(|size| *size <= inputs.saturating_mul(4).saturating_add(16 << 20))
            .ok_or_else(|| {
                let size = options.size;
                libwild::error!("a library of {size} bytes from inputs of {inputs}")
            })?;
        Ok(Output {
            bytes: vec![0; size],
            destination: Arc::clone(&self.output),
        })
    }

    fn write_auxiliary(&self, _path: &Path, _bytes: &[u8]) -> libwild::error::Result {
        Ok(())
    }
}
