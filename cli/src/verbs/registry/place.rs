//! Where the registry is that a verb works on.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;

use clap::Args;
use puck_registry_server::http::block_on;
use puck_registry_server::{Service, StorageLocation};

use crate::failure::Failure;
use crate::settings::Settings;

/// A registry that is ours.
#[derive(Debug, Args)]
pub(super) struct PlaceArguments {
    /// The registry's folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "DIR")]
    place: OsString,
}

impl PlaceArguments {
    /// The registry, opened to be changed.
    pub(super) fn service(&self, settings: &Settings) -> Result<Service, Failure> {
        let location = location(&self.place, settings)?;
        Ok(block_on(Service::open(&location))??)
    }

    /// As [`PlaceArguments::service`], of a registry that may begin now.
    pub(super) fn new_service(&self, settings: &Settings) -> Result<Service, Failure> {
        make(&location(&self.place, settings)?)?;
        self.service(settings)
    }
}

/// Makes the folder in which a registry begins, if it is not there.
pub(super) fn make(location: &StorageLocation) -> Result<(), Failure> {
    let StorageLocation::Directory(directory) = location else {
        return Ok(());
    };
    match fs_err::create_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let directory = directory.display();
            let message = format!("there is no registry at {directory}, nor the folder above it");
            Err(Failure::new(message).hint(format!("`mkdir -p {directory}` makes both")))
        }
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// The place that `text` names.
pub(super) fn location(text: &OsStr, settings: &Settings) -> Result<StorageLocation, Failure> {
    let location = match text.to_str() {
        Some(text) => text.parse()?,
        None => StorageLocation::Directory(text.into()),
    };
    Ok(match location {
        StorageLocation::Directory(directory) => {
            StorageLocation::Directory(settings.directory.join(directory))
        }
        bucket @ StorageLocation::Bucket { .. } => bucket,
    })
}
