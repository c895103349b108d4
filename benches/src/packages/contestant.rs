//! The tools, each with a cache and a project in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::Bench;
use super::graph::name;
use crate::place::{milliseconds, set_aside, succeed, write};

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tool {
    Puck,
    Uv,
    Cargo,
}

/// A tool at work in a folder.
pub(super) struct Contestant<'a> {
    bench: &'a Bench<'a>,
    pub(super) tool: Tool,
    versions: u64,
    /// Puck takes its packages from the server too, not from the directory.
    http: bool,
    folder: PathBuf,
}

impl<'a> Contestant<'a> {
    /// A project in `folder` that needs all packages, in the registry with that many versions.
    pub(super) fn new(
        bench: &'a Bench<'a>,
        tool: Tool,
        versions: u64,
        http: bool,
        folder: &Path,
    ) -> Result<Self> {
        let contestant = Self {
            bench,
            tool,
            versions,
            http,
            folder: folder.join(format!("{tool:?}-{versions}-{http}").to_lowercase()),
        };
        contestant.write_project()?;
        contestant.write_cache()?;
        Ok(contestant)
    }

    fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    fn lockfile(&self) -> PathBuf {
        self.project().join(match self.tool {
            Tool::Puck => "Puck.lock",
            Tool::Uv => "uv.lock",
            Tool::Cargo => "Cargo.lock",
        })
    }

    /// What the project sees of its environment; cargo has none.
    fn environment(&self) -> PathBuf {
        self.project().join(match self.tool {
            Tool::Puck => ".puck",
            Tool::Uv => ".venv",
            Tool::Cargo => "target",
        })
    }

    fn write_project(&self) -> Result<()> {
        let roots: Vec<String> = self.bench.graph.roots().into_iter().map(name).collect();
        let table: String = roots.iter().map(|n| format!("{n} = \"1.0\"\n")).collect();
        let (file, text) = match self.tool {
            Tool::Puck => ("Puck.toml", format!("[dependencies]\n{table}")),
            Tool::Uv => {
                let list: Vec<_> = roots.iter().map(|n| format!("\"{n}>=1.0,<2\"")).collect();
                let text = format!(
                    "[project]\nname = \"app\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\n\
                     dependencies = [{}]\n\n\
                     [[tool.uv.index]]\nname = \"bench\"\nurl = \"{}\"\ndefault = true\n",
                    list.join(", "),
                    self.bench.server.url(&format!("simple-{}/", self.versions))
                );
                ("pyproject.toml", text)
            }
            Tool::Cargo => {
                write(&self.project().join("src/lib.rs"), "")?;
                let text = format!(
                    "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
                     [workspace]\n\n[dependencies]\n{table}"
                );
                ("Cargo.toml", text)
            }
        };
        write(&self.project().join(file), &text)
    }

    fn write_cache(&self) -> Result<()> {
        fs_err::create_dir_all(self.cache())?;
        if self.tool == Tool::Cargo {
            let url = self.bench.server.url(&format!("crates-{}/", self.versions));
            let text = format!(
                "[source.crates-io]\nreplace-with = \"bench\"\n\n\
                 [source.bench]\nregistry = \"sparse+{url}\"\n"
            );
            write(&self.cache().join("config.toml"), &text)?;
        }
        Ok(())
    }

    /// The tool with these arguments, in the project.
    fn command(&self, arguments: &[&str]) -> Command {
        let settings = self.bench.settings;
        let program = match self.tool {
            Tool::Puck => &settings.puck,
            Tool::Uv => &settings.uv,
            Tool::Cargo => &settings.cargo,
        };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.project());
        // Nothing of whoever runs this may count.
        for (variable, _) in std::env::vars_os() {
            let text = variable.to_string_lossy();
            if ["PUCK_", "UV_", "CARGO", "PIP_", "VIRTUAL_ENV", "RUST"]
                .iter()
                .any(|prefix| text.starts_with(prefix))
            {
                command.env_remove(&variable);
            }
        }
        match self.tool {
            Tool::Puck => command.env("PUCK_HOME", self.cache()),
            Tool::Uv => command
                .env("UV_CACHE_DIR", self.cache())
                .env("UV_PYTHON", &self.bench.python)
                .env("UV_PYTHON_DOWNLOADS", "never")
                .env("UV_NO_PROGRESS", "1"),
            Tool::Cargo => command.env("CARGO_HOME", self.cache()),
        };
        command
    }

    /// As [`command`](Self::command), with the registry named where that is an option.
    fn with_registry(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        if self.tool == Tool::Puck {
            if self.http {
                let path = super::registry::name_of(self.versions);
                command.arg("--registry").arg(self.bench.server.url(&path));
            } else {
                let directory = self.bench.packages.registry(self.versions);
                command.arg("--registry").arg(directory);
            }
        }
        command
    }

    /// From a lockfile to an installed environment; cargo fetches.
    fn install_command(&self) -> Command {
        self.with_registry(match self.tool {
            Tool::Puck => &["install", "--locked", "--quiet"],
            Tool::Uv => &["sync", "--frozen", "--quiet"],
            Tool::Cargo => &["fetch", "--locked", "--quiet"],
        })
    }

    fn lock_command(&self) -> Command {
        self.with_registry(match self.tool {
            Tool::Puck => &["lock", "--quiet"],
            Tool::Uv => &["lock", "--quiet"],
            Tool::Cargo => &["generate-lockfile", "--offline", "--quiet"],
        })
    }

    /// Makes the lockfile, and fills the cache with what resolving needs.
    pub(super) fn lock_first(&self) -> Result<()> {
        let mut command = match self.tool {
            Tool::Cargo => self.command(&["generate-lockfile", "--quiet"]),
            _ => self.lock_command(),
        };
        succeed(&mut command)
    }

    /// Milliseconds for an installation with nothing in the cache.
    pub(super) fn install_cold(&self) -> Result<f64> {
        set_aside(&self.cache())?;
        self.write_cache()?;
        self.forget_environment()?;
        milliseconds(&mut self.install_command())
    }

    /// Milliseconds for an installation when everything is in the cache but no environment.
    pub(super) fn install_warm(&self) -> Result<f64> {
        self.forget_environment()?;
        if self.tool == Tool::Puck {
            set_aside(&self.cache().join("environments"))?;
        }
        milliseconds(&mut self.install_command())
    }

    /// Milliseconds for an installation when there is nothing to do.
    pub(super) fn install_again(&self) -> Result<f64> {
        milliseconds(&mut self.install_command())
    }

    /// Milliseconds for a resolution without a lockfile, with a warm cache.
    pub(super) fn lock_again(&self) -> Result<f64> {
        fs_err::remove_file(self.lockfile())?;
        milliseconds(&mut self.lock_command())
    }

    /// Milliseconds for an update that finds nothing new.
    pub(super) fn update(&self) -> Result<f64> {
        milliseconds(&mut self.with_registry(match self.tool {
            Tool::Uv => &["lock", "--upgrade", "--quiet"],
            _ => &["update", "--quiet"],
        }))
    }

    /// Milliseconds for a process that only says its version.
    pub(super) fn start(&self) -> Result<f64> {
        milliseconds(&mut self.command(&["--version"]))
    }

    /// Leaves the project without an environment; uv gets an empty one, which is not measured.
    fn forget_environment(&self) -> Result<()> {
        match self.tool {
            Tool::Puck => match fs_err::remove_file(self.environment()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
            Tool::Uv => {
                set_aside(&self.environment())?;
                succeed(&mut self.command(&["venv", "--quiet"]))
            }
            Tool::Cargo => Ok(()),
        }
    }
}

/// The Python that environments are made for: the program itself, not what leads to it.
pub(super) fn python() -> Result<PathBuf> {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .context("uv needs a Python: cannot run python3")?;
    ensure!(output.status.success(), "python3 failed");
    Ok(String::from_utf8(output.stdout)?.trim().into())
}
