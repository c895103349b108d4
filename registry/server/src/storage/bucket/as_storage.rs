//! What any storage does, by what a bucket does.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use puck_package::{PackageName, index};
use puck_registry::{Description, Offered};
use tempfile::NamedTempFile;

use super::{ATTEMPTS, Bucket, pause};
use crate::Error;
use crate::storage::content::{Body, Content, Facts, within};
use crate::storage::{Change, Decide, Package, Storage};

/// Smaller bodies are read at once.
const SMALL: u64 = 256 << 10;

fn absent(path: &str) -> Error {
    Error::NotFound {
        what: path.to_owned(),
    }
}

impl Storage for Bucket {
    fn location(&self) -> String {
        self.location.clone()
    }

    fn recover(&self) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.agree().await?;
            self.sweep().await
        }
        .boxed()
    }

    fn facts<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Facts, Error>> {
        async move {
            let found = self.objects.head(path).await?;
            found.ok_or_else(|| absent(path))
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        path: &'a str,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Content, Error>> {
        async move {
            let found = match range {
                None => self.objects.open(path, None).await?,
                Some(range) => {
                    // Stores refuse ranges that begin behind the end; what they say then differs.
                    let facts = self.facts(path).await?;
                    let range = within(Some(range), facts.size);
                    if range.is_empty() {
                        let body = Body::Bytes(Bytes::new());
                        return Ok(Content { facts, range, body });
                    }
                    self.objects.open(path, Some(range)).await?
                }
            };
            let (facts, result) = found.ok_or_else(|| absent(path))?;
            let range = result.range.clone();
            let body = if range.end - range.start <= SMALL {
                Body::Bytes(result.bytes().await?)
            } else {
                let pieces = result.into_stream();
                Body::Stream(pieces.map(|piece| piece.map_err(io::Error::other)).boxed())
            };
            Ok(Content { facts, range, body })
        }
        .boxed()
    }

    fn describe(
        &self,
        edit: Arc<dyn Fn(&mut Description) + Send + Sync>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            const PATH: &str = "registry.json";
            for attempt in 0..ATTEMPTS {
                let object = self.objects.get(PATH).await?.ok_or_else(|| absent(PATH))?;
                let before = Description::parse(PATH, &object.bytes)?;
                let mut description = before.clone();
                edit(&mut description);
                if description == before {
                    return Ok(());
                }
                let json = description.to_json();
                let written = self.objects.put_if(PATH, json, Some(&object.version));
                if written.await?.is_some() {
                    return Ok(());
                }
                pause(attempt).await?;
            }
            Err(Error::Busy { attempts: ATTEMPTS })
        }
        .boxed()
    }

    fn names(&self) -> BoxFuture<'_, Result<Vec<PackageName>, Error>> {
        async move {
            let mut names = Vec::new();
            for object in self.objects.list("index").await? {
                if let Some(file) = object.location.filename()
                    && let Ok(name) = file.parse::<PackageName>()
                    && self.objects.path(&index::path(&name))? == object.location
                {
                    names.push(name);
                }
            }
            names.sort();
            Ok(names)
        }
        .boxed()
    }

    fn package<'a>(&'a self, name: &'a PackageName) -> BoxFuture<'a, Result<Package, Error>> {
        self.package_now(name).boxed()
    }

    fn change(
        &self,
        name: PackageName,
        archive: Option<Arc<Offered>>,
        decide: Arc<Decide>,
    ) -> BoxFuture<'_, Result<Option<Change>, Error>> {
        let this = self.clone();
        // Whoever asked may go away; what was begun goes on, or others would have to finish it.
        let work =
            tokio::spawn(async move { this.change_now(&name, archive.as_deref(), &*decide).await });
        work.map(|done| done.unwrap_or(Err(Error::Ending))).boxed()
    }

    fn restore(&self, archive: Arc<Offered>) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let document = &archive.document;
            let place = index::archive_path(&document.name, &document.version);
            self.objects.upload(&place, &archive.path).await
        }
        .boxed()
    }

    fn spool(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new()
    }

    fn private<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, Error>> {
        let found = self.objects.get(path);
        found
            .map(|found| Ok(found?.map(|object| object.bytes)))
            .boxed()
    }

    fn private_names<'a>(&'a self, folder: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        async move {
            let objects = self.objects.list(folder).await?;
            let names = objects
                .iter()
                .filter_map(|object| object.location.filename());
            let mut names: Vec<String> = names.map(str::to_owned).collect();
            names.sort();
            Ok(names)
        }
        .boxed()
    }

    fn write_private<'a>(
        &'a self,
        path: &'a str,
        bytes: Vec<u8>,
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.objects.put(path, bytes).boxed()
    }

    fn remove_private<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        async move {
            let there = self.objects.head(path).await?.is_some();
            self.objects.delete(path).await?;
            Ok(there)
        }
        .boxed()
    }
}
