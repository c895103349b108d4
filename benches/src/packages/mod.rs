//! Package management, measured: Puck, uv and cargo on the same graph of packages, in one run.
//!
//! All three take their packages from one [`server`] in this process; Puck also from the directory
//! that is served. The measured commands run on one core, the server on the others.
//!
//! | module | |
//! |---|---|
//! | [`graph`], [`source`] | 200 packages that depend on each other, and what is in them |
//! | [`registry`], [`wheels`], [`crates`] | what each tool is offered |
//! | [`contestant`] | one tool: its folders, and what it is asked to do |
//! | [`measure`] | what is measured, and what of it must hold |

mod contestant;
mod crates;
mod graph;
mod measure;
mod registry;
mod server;
mod source;
mod wheels;

use std::path::PathBuf;

use anyhow::Result;

use crate::findings::Findings;
use crate::settings::Settings;
use graph::{EDGES, Graph, PACKAGES};
use registry::Packages;
use server::Server;

/// How many versions of each package there are, in the two registries of each tool.
const VERSIONS: [u64; 2] = [1, 10];

const ABOUT: &str = "\
A graph of packages in ten layers, each package depending on three or four below it, as function \
packages with three functions and three targets each, as wheels, and as crates. All are served by one \
plain web server; where nothing else is said, Puck reads the same registry as a directory. The commands \
run on one core. *Cold*: nothing in the cache and nothing installed, from a lockfile. *New environment*: \
all in the cache. uv installs into an empty environment that was made before; cargo only fetches. \
*Resolve*: without a lockfile, with a warm cache. Nothing is removed while it is measured.";

/// What the rows are about.
pub(crate) fn group() -> String {
    format!("{PACKAGES} packages, {EDGES} edges")
}

/// Everything that is measured with.
struct Bench<'a> {
    settings: &'a Settings,
    graph: Graph,
    packages: Packages,
    server: Server,
    python: PathBuf,
}

impl<'a> Bench<'a> {
    /// Makes what is missing: the packages of all three tools, and the server of them.
    fn prepare(settings: &'a Settings) -> Result<Self> {
        let graph = Graph::new();
        let packages = Packages::prepare(settings, &graph)?;
        let root = packages.served();
        let server = Server::start(root)?;
        for versions in VERSIONS {
            let wheels = root.join(format!("simple-{versions}"));
            if !wheels.exists() {
                let making = root.join("making");
                if making.exists() {
                    fs_err::remove_dir_all(&making)?;
                }
                wheels::write_index(&graph, &packages, versions, &making)?;
                fs_err::rename(making, wheels)?;
            }
            // The address in it is that of this run.
            let path = format!("crates-{versions}");
            let url = server.url(&path);
            crates::write_index(&graph, &packages, versions, &root.join(path), &url)?;
        }
        Ok(Self {
            settings,
            graph,
            packages,
            server,
            python: contestant::python()?,
        })
    }
}

/// Measures everything.
pub(crate) fn run(settings: &Settings) -> Result<Findings> {
    println!("\n{}", group());
    let bench = Bench::prepare(settings)?;
    Ok(Findings {
        about: ABOUT.to_owned(),
        rows: measure::all(&bench)?,
        ..Findings::default()
    })
}
