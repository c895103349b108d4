//! The few things that are done with objects, by their paths in the registry.

use std::io::Read as _;
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode,
    UpdateVersion, WriteMultipart,
};

use crate::Error;
use crate::storage::Facts;
use crate::storage::blocking;

/// Larger files are uploaded in parts of this size; stores want parts of at least 5 MiB.
const PART: usize = 8 << 20;

/// The objects under a prefix of a store.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    /// Ends this server before or after a request, as a kill would.
    #[cfg(test)]
    pub(super) fault: super::tests::Fault,
}

/// An object that was read, and which state of it that was.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) version: UpdateVersion,
}

impl Objects {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self {
            store,
            prefix: prefix.to_owned(),
            #[cfg(test)]
            fault: super::tests::Fault::default(),
        }
    }

    pub(super) fn path(&self, path: &str) -> Result<Path, Error> {
        let parsed = if self.prefix.is_empty() {
            Path::parse(path)
        } else {
            Path::parse(format!("{}/{path}", self.prefix))
        };
        parsed.map_err(|source| object_store::Error::InvalidPath { source }.into())
    }

    /// A request to the store begins or has ended. Tests may end the server here.
    async fn step(&self) -> Result<(), Error> {
        #[cfg(test)]
        self.fault.step().await?;
        let _ = self;
        Ok(())
    }

    pub(super) async fn get(&self, path: &str) -> Result<Option<Object>, Error> {
        let Some((_, result)) = self.open(path, None).await? else {
            return Ok(None);
        };
        let version = UpdateVersion {
            e_tag: result.meta.e_tag.clone(),
            version: result.meta.version.clone(),
        };
        let bytes = result.bytes().await?;
        Ok(Some(Object { bytes, version }))
    }

    /// The beginning of an answer, whose bytes come when they are asked for.
    pub(super) async fn open(
        &self,
        path: &str,
        range: Option<Range<u64>>,
    ) -> Result<Option<(Facts, GetResult)>, Error> {
        self.step().await?;
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        match self.store.get_opts(&self.path(path)?, options).await {
            Ok(result) => Ok(Some((facts(&result.meta), result))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn head(&self, path: &str) -> Result<Option<Facts>, Error> {
        self.step().await?;
        match self.store.head(&self.path(path)?).await {
            Ok(meta) => Ok(Some(facts(&meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces the state `expected` of an object, or makes one where there is none. Returns its
    /// new state; `None` if it is not, or no longer, in the state that was expected.
    pub(super) async fn put_if(
        &self,
        path: &str,
        bytes: Vec<u8>,
        expected: Option<&UpdateVersion>,
    ) -> Result<Option<UpdateVersion>, Error> {
        self.step().await?;
        let mode = match expected {
            Some(version) => PutMode::Update(version.clone()),
            None => PutMode::Create,
        };
        let path = self.path(path)?;
        let put = self.store.put_opts(&path, bytes.into(), mode.into());
        let written = match put.await {
            Ok(result) => Ok(Some(result.into())),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. }
                | object_store::Error::NotModified { .. },
            ) => Ok(None),
            Err(error) => Err(error.into()),
        };
        self.step().await?;
        written
    }

    pub(super) async fn put(&self, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        self.step().await?;
        self.store.put(&self.path(path)?, bytes.into()).await?;
        self.step().await
    }

    /// Uploads a file, in parts if it is large.
    pub(super) async fn upload(&self, path: &str, file: &FilePath) -> Result<(), Error> {
        self.step().await?;
        let mut reader = Some(fs_err::File::open(file)?);
        let mut upload: Option<WriteMultipart> = None;
        while let Some(mut file) = reader.take() {
            let (part, file) = blocking(move || {
                let mut part = Vec::new();
                (&mut file).take(PART as u64).read_to_end(&mut part)?;
                Ok((part, file))
            })
            .await?;
            let last = part.len() < PART;
            match &mut upload {
                None if last => {
                    self.store.put(&self.path(path)?, part.into()).await?;
                    return self.step().await;
                }
                None => {
                    let parts = self.store.put_multipart(&self.path(path)?).await?;
                    let mut parts = WriteMultipart::new_with_chunk_size(parts, PART);
                    parts.write(&part);
                    upload = Some(parts);
                }
                Some(parts) => {
                    parts.wait_for_capacity(2).await?;
                    parts.write(&part);
                }
            }
            if !last {
                reader = Some(file);
            }
        }
        if let Some(parts) = upload {
            parts.finish().await?;
        }
        self.step().await
    }

    /// Copies an object; whether there was one to copy.
    pub(super) async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        self.step().await?;
        let copied = self.store.copy(&self.path(from)?, &self.path(to)?).await;
        self.step().await?;
        match copied {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an object, which may be gone already.
    pub(super) async fn delete(&self, path: &str) -> Result<(), Error> {
        self.step().await?;
        match self.store.delete(&self.path(path)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => self.step().await,
            Err(error) => Err(error.into()),
        }
    }

    /// All objects below `folder`.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>, Error> {
        self.step().await?;
        let folder = self.path(folder)?;
        Ok(self.store.list(Some(&folder)).try_collect().await?)
    }
}

fn facts(meta: &ObjectMeta) -> Facts {
    let etag = match meta.e_tag.as_deref() {
        Some(tag) if tag.starts_with('"') => tag.to_owned(),
        Some(tag) => format!("\"{}\"", tag.trim_start_matches("W/").trim_matches('"')),
        None => format!(
            "\"{:x}-{:x}\"",
            meta.size,
            meta.last_modified.timestamp_micros()
        ),
    };
    Facts {
        size: meta.size,
        etag,
        modified: meta.last_modified.into(),
    }
}
