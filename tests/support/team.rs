//! A registry in a folder of a machine, to be served to others.

use std::path::{Path, PathBuf};

use puck_registry::Registry;

use crate::support::Machine;
use crate::support::listing::Listing;
use crate::support::run::Call;

impl Machine {
    /// A machine with a registry `team`, of nothing.
    pub(crate) fn with_team() -> Self {
        let machine = Self::new();
        machine.make_registry("team", &[]);
        machine
    }

    /// The same with packages: `third` needs `first` and `second`, and `fourth` needs `third`.
    pub(crate) fn with_packages() -> Self {
        let machine = Self::with_team();
        machine.publish_to_team("first", "1.0.0", 1, &[]);
        machine.publish_to_team("second", "1.0.0", 2, &[]);
        machine.publish_to_team("third", "1.0.0", 3, &["first", "second"]);
        machine.publish_to_team("fourth", "1.0.0", 4, &["third"]);
        machine
    }

    /// Makes a registry called `name`, with packages that need nothing; where it is.
    pub(crate) fn make_registry(&self, name: &str, packages: &[(&str, u32)]) -> PathBuf {
        let directory = self.root().join(name);
        Registry::create(&directory, name).unwrap();
        for (package, constant) in packages {
            self.ir_package(package, "1.0.0", *constant, &[]);
            self.publish_into(&directory, package);
        }
        directory
    }

    /// Publishes the package in a folder right into a registry's folder.
    pub(crate) fn publish_into(&self, registry: &Path, folder: &str) {
        let publish = self.call(folder, "publish");
        publish.env("PUCK_REGISTRY", registry).ok();
    }

    /// A call that publishes the package in a folder to the registry at `url`.
    pub(crate) fn publish_with(&self, url: &str, token: &str, folder: &str) -> Call {
        let publish = self.from(url, folder, "publish");
        publish.env("PUCK_REGISTRY_TOKEN", token)
    }

    /// Where the registry `team` is.
    pub(crate) fn team(&self) -> PathBuf {
        self.root().join("team")
    }

    /// Publishes a package of [`Machine::ir_package`] right into the registry's folder.
    pub(crate) fn publish_to_team(&self, name: &str, version: &str, constant: u32, needs: &[&str]) {
        self.ir_package(name, version, constant, needs);
        self.publish_into(&self.team(), name);
    }

    /// What of the home is the same on all machines that installed the same: neither caches nor
    /// what is named after the machine's folders.
    pub(crate) fn store_listing(&self) -> Listing {
        Listing::of(&self.home(), &["index", "projects"])
    }
}
