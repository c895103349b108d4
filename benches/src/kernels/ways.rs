//! The ways in which kernels are built.

use anyhow::{Context as _, Result};

use super::callers::{Callers, Calling};
use super::catalog::{self, Kernel};
use super::functions::Place;
use super::plain::Plain;
use super::project::Published;
use crate::place::set_aside;
use crate::row::Limit;
use crate::settings::Settings;

/// A way of building, and what it made.
pub(super) struct Way {
    pub(super) name: String,
    /// What must hold beside the whole program.
    pub(super) limit: Option<Limit>,
    /// Where each kernel's function is, in their order.
    places: Vec<Place>,
}

impl Way {
    fn new(name: impl Into<String>, place: impl Fn(Kernel) -> Place) -> Way {
        Way {
            name: name.into(),
            limit: None,
            places: Kernel::ALL.into_iter().map(place).collect(),
        }
    }

    /// Where a kernel's function is.
    pub(super) fn place(&self, kernel: Kernel) -> &Place {
        &self.places[kernel as usize]
    }
}

/// Builds everything; the whole program comes first.
pub(super) fn prepare(settings: &Settings) -> Result<Vec<Way>> {
    let folder = settings.work.join("kernels");
    set_aside(&folder)?;
    let sources = catalog::sources();
    let plain = Plain::new(&settings.clang, &folder.join("plain"), &sources)?;
    let visible: Vec<String> = Kernel::ALL
        .iter()
        .map(|kernel| format!("{}_{}", kernel.package(), kernel.function()))
        .collect();
    let (whole, linker) = plain.whole(&visible)?;
    let one_source = plain.one_source(&visible)?;
    let separate = plain.separate("separate", &["-march=native", "-fno-plt"])?;
    let library = |path: &std::path::Path| Place::Library(path.display().to_string());
    let mut ways = vec![
        Way::new(format!("one program (by {linker})"), |_| library(&whole)),
        Way::new("one source", |_| library(&one_source)),
        Way::new("separate libraries", |kernel| {
            library(&separate.library(kernel.package()))
        }),
    ];

    let published = Published::new(settings, &folder, &sources)?;
    let mut dynamic = None;
    for mode in published.modes() {
        let project = published.install(mode, &Kernel::ALL.map(Kernel::package))?;
        let way = Way::new(format!("Puck, {}", mode.name), |_| {
            Place::Project(project.display().to_string())
        });
        ways.push(Way {
            limit: (mode.name == "lto").then_some(Limit::Ratio(1.03)),
            ..way
        });
        // The first mode is the one in which callers are compiled.
        dynamic.get_or_insert(project);
    }

    let Some(project) = dynamic.filter(|_| Callers::can_be_compiled().unwrap_or(false)) else {
        return Ok(ways);
    };
    let callers = Callers::new(settings, &folder, &project, &sources)?;
    for calling in Calling::ALL {
        let places: Vec<Place> = Kernel::ALL
            .into_iter()
            .map(|kernel| {
                let source = sources
                    .iter()
                    .find(|source| source.name == kernel.package())
                    .context("a kernel has a source")?;
                callers.compile(source, calling)
            })
            .collect::<Result<_>>()?;
        ways.push(Way::new(calling.name(), |kernel| {
            places[kernel as usize].clone()
        }));
    }
    Ok(ways)
}
