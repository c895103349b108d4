//! What is measured of package management, and what of it must hold.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::contestant::{Contestant, Tool};
use super::{Bench, VERSIONS, group};
use crate::place::{remove, set_aside};
use crate::row::{Limit, Row, Unit};
use crate::sample::{Sample, in_turn};

const ALL: [Tool; 3] = [Tool::Puck, Tool::Uv, Tool::Cargo];

/// One thing that every tool is asked to do.
struct Task<'a, 'b> {
    what: &'a str,
    /// Milliseconds that Puck may take.
    limit: f64,
    /// What it is called for the other tools.
    against: [(Tool, &'static str); 2],
    work: fn(&Contestant<'b>) -> Result<f64>,
}

/// Every measurement, in the order of the report.
pub(super) fn all(bench: &Bench<'_>) -> Result<Vec<Row>> {
    stay_on_one_core()?;
    let disk = Folder::new(bench.settings.work.join("disk"))?;
    let memory = Folder::new(format!("/dev/shm/puck-benches-{}", std::process::id()).into())?;
    let mut rows = Vec::new();

    for (place, name, limit) in [(&memory, "tmpfs", 120.0), (&disk, "ext4", 200.0)] {
        let contestants = contestants(bench, &place.0, VERSIONS[0], &[])?;
        let installs = [
            Task {
                what: &format!("install, cold, {name}"),
                limit,
                against: [(Tool::Uv, "uv sync"), (Tool::Cargo, "cargo fetch")],
                work: Contestant::install_cold,
            },
            Task {
                what: &format!("install, new environment, {name}"),
                limit: 20.0,
                against: [(Tool::Uv, "uv sync"), (Tool::Cargo, "")],
                work: Contestant::install_warm,
            },
            Task {
                what: &format!("install, nothing to do, {name}"),
                limit: 10.0,
                against: [(Tool::Uv, "uv sync"), (Tool::Cargo, "cargo fetch")],
                work: Contestant::install_again,
            },
        ];
        for task in installs {
            rows.extend(measure(bench, &contestants, &task)?);
        }
    }
    for (versions, limit) in VERSIONS.into_iter().zip([15.0, 20.0]) {
        let task = Task {
            what: &format!("resolve, 200 × {versions}"),
            limit,
            against: [
                (Tool::Uv, "uv lock"),
                (Tool::Cargo, "cargo generate-lockfile --offline"),
            ],
            work: Contestant::lock_again,
        };
        let contestants = contestants(bench, &memory.0, versions, &[])?;
        rows.extend(measure(bench, &contestants, &task)?);
    }
    let start = Task {
        what: "start (`--version`)",
        limit: 3.0,
        against: [(Tool::Uv, "uv"), (Tool::Cargo, "cargo")],
        work: Contestant::start,
    };
    let plain = contestants(bench, &memory.0, VERSIONS[0], &[])?;
    rows.extend(measure(bench, &plain, &start)?);

    let update = Task {
        what: "update over HTTP, nothing new",
        limit: 10.0,
        against: [
            (Tool::Uv, "uv lock --upgrade"),
            (Tool::Cargo, "cargo update"),
        ],
        work: Contestant::update,
    };
    if bench.settings.wants(update.what) {
        let served = contestants(bench, &memory.0, VERSIONS[0], &[Tool::Puck])?;
        rows.extend(measure(bench, &served, &update)?);
        rows.extend(requests(bench, &served)?);
    }
    Ok(rows)
}

/// Projects of the three tools in a folder, each locked once; those of `http` use the server.
fn contestants<'a>(
    bench: &'a Bench<'a>,
    folder: &Path,
    versions: u64,
    http: &[Tool],
) -> Result<Vec<Contestant<'a>>> {
    ALL.into_iter()
        .map(|tool| {
            let http = http.contains(&tool);
            let contestant = Contestant::new(bench, tool, versions, http, folder)?;
            contestant.lock_first()?;
            Ok(contestant)
        })
        .collect()
}

/// Does a task with all tools in turn. A row for each tool that Puck is compared with.
fn measure<'b>(
    bench: &Bench<'_>,
    contestants: &[Contestant<'b>],
    task: &Task<'_, 'b>,
) -> Result<Vec<Row>> {
    if !bench.settings.wants(task.what) {
        return Ok(Vec::new());
    }
    println!("  {}", task.what);
    let name = |tool| {
        let named = task.against.iter().find(|(other, _)| *other == tool);
        named.map(|(_, name)| *name).filter(|name| !name.is_empty())
    };
    let competing = |contestant: &&Contestant<'b>| {
        contestant.tool == Tool::Puck || name(contestant.tool).is_some()
    };
    let contestants: Vec<_> = contestants.iter().filter(competing).collect();
    let rounds = bench.settings.rounds.fast;
    let samples = in_turn(rounds, &contestants, |contestant| (task.work)(contestant))?;
    let mut samples = contestants.iter().zip(samples);
    let Some((_, puck)) = samples.next() else {
        return Ok(Vec::new());
    };
    let row = |what: &str, plain, limit| Row {
        what: what.to_owned(),
        group: group(),
        unit: Unit::Milliseconds,
        puck: puck.clone(),
        plain,
        limit,
    };
    let mut limit = Some(Limit::Value(task.limit));
    Ok(samples
        .map(|(contestant, sample)| {
            let plain = name(contestant.tool).map(|name| (sample, name.to_owned()));
            row(task.what, plain, limit.take())
        })
        .collect())
}

/// How many requests an update makes that finds nothing new.
fn requests(bench: &Bench<'_>, contestants: &[Contestant<'_>]) -> Result<Vec<Row>> {
    let what = "requests of an update over HTTP";
    let mut counts = Vec::new();
    for contestant in contestants {
        contestant.update()?;
        bench.server.requests();
        contestant.update()?;
        counts.push(Sample::exact(bench.server.requests() as f64));
    }
    let Ok([puck, uv, cargo]) = <[Sample; 3]>::try_from(counts) else {
        return Ok(Vec::new());
    };
    let row = |plain, against: &str, limit| Row {
        what: what.to_owned(),
        group: group(),
        unit: Unit::Count,
        puck: puck.clone(),
        plain: Some((plain, against.to_owned())),
        limit,
    };
    Ok(vec![
        row(uv, "uv lock --upgrade", Some(Limit::Value(1.0))),
        row(cargo, "cargo update", None),
    ])
}

/// A folder to measure in, which goes when all is measured.
struct Folder(PathBuf);

impl Folder {
    fn new(path: PathBuf) -> Result<Self> {
        set_aside(&path)?;
        fs_err::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in nobody's way: the next run begins by setting it aside.
        drop(remove(&self.0));
    }
}

/// Keeps this thread, and the commands that it starts, on the last of the processors.
fn stay_on_one_core() -> Result<()> {
    let last = std::thread::available_parallelism().map_or(1, usize::from) - 1;
    // SAFETY: a set of processors is plain data, for which zeros are valid; it lives for the call.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(last, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set) != 0
    };
    anyhow::ensure!(!failed, "cannot stay on processor {last}");
    Ok(())
}
