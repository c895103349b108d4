//! A store whose entity tags are hashes of the bytes, as S3's are: the same bytes, the same tag.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};
use puck_package::Digest;
use tokio::sync::Mutex;

type Answer<'t, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 't>>;

#[derive(Debug, Default)]
pub(super) struct Hashing {
    store: InMemory,
    /// Held from looking at a tag to writing.
    writing: Mutex<()>,
    /// Whether conditions on writes are of no consequence.
    pub(super) ignores: bool,
}

impl fmt::Display for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashing")
    }
}

impl Hashing {
    async fn tag(&self, path: &Path) -> Result<String> {
        let bytes = self.store.get(path).await?.bytes().await?;
        Ok(format!("\"{}\"", Digest::of(&bytes).prefix(32)))
    }
}

impl ObjectStore for Hashing {
    fn put_opts<'a, 'b, 't>(
        &'a self,
        path: &'b Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Answer<'t, PutResult>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        Box::pin(async move {
            let _writing = self.writing.lock().await;
            if self.ignores {
                options.mode = PutMode::Overwrite;
            } else if let PutMode::Update(expected) = &options.mode {
                let tag = self.tag(path).await.ok();
                if tag != expected.e_tag {
                    return Err(Error::Precondition {
                        path: path.to_string(),
                        source: "it has another tag".into(),
                    });
                }
                options.mode = PutMode::Overwrite;
            }
            let written = self.store.put_opts(path, payload, options).await?;
            let e_tag = Some(self.tag(path).await?);
            Ok(PutResult { e_tag, ..written })
        })
    }

    fn get_opts<'a, 'b, 't>(&'a self, path: &'b Path, options: GetOptions) -> Answer<'t, GetResult>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        Box::pin(async move {
            let _writing = self.writing.lock().await;
            let mut result = self.store.get_opts(path, options).await?;
            result.meta.e_tag = Some(self.tag(path).await?);
            Ok(result)
        })
    }

    fn put_multipart_opts<'a, 'b, 't>(
        &'a self,
        path: &'b Path,
        options: PutMultipartOptions,
    ) -> Answer<'t, Box<dyn MultipartUpload>>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        self.store.put_multipart_opts(path, options)
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        Box::pin(self.store.list(prefix).into_stream())
    }

    fn list_with_delimiter<'a, 'b, 't>(&'a self, prefix: Option<&'b Path>) -> Answer<'t, ListResult>
    where
        'a: 't,
        'b: 't,
        Self: 't,
    {
        self.store.list_with_delimiter(prefix)
    }

    fn copy_opts<'a, 'b, 'c, 't>(
        &'a self,
        from: &'b Path,
        to: &'c Path,
        options: CopyOptions,
    ) -> Answer<'t, ()>
    where
        'a: 't,
        'b: 't,
        'c: 't,
        Self: 't,
    {
        self.store.copy_opts(from, to, options)
    }
}

/// What all tests use.
pub(super) fn store() -> Arc<Hashing> {
    Arc::default()
}
