//! The call graph: builds, disk, loading, memory, a change, and a cached caller.

use anyhow::{Result, ensure};

use super::scripts::{Ran, Scripts};
use super::targets;
use super::way::{Project, Way};
use crate::findings::{Findings, Measurement};
use crate::row::Unit;
use crate::sample::{Sample, in_turn};
use crate::settings::Settings;

/// What is told of a graph, and in what.
pub(super) const BUILD: (&str, Unit) = ("build from nothing", Unit::Milliseconds);
pub(super) const BUILD_MEMORY: (&str, Unit) = ("peak memory of the build", Unit::Bytes);
pub(super) const CHANGE: (&str, Unit) = ("build after one leaf changed", Unit::Milliseconds);
pub(super) const DISK: (&str, Unit) = ("on disk", Unit::Bytes);
pub(super) const LOAD: (&str, Unit) = ("load in a new process", Unit::Milliseconds);
pub(super) const RUN_MEMORY: (&str, Unit) = ("peak memory of running", Unit::Bytes);
pub(super) const CALLER: (&str, Unit) = ("cached caller of ten functions", Unit::Bytes);
pub(super) const CALLER_LOAD: (&str, Unit) = ("load of the cached caller", Unit::Milliseconds);

/// The subject of every figure.
pub(super) const SUBJECT: &str = "call graph";
/// A cached function that calls nothing, among the ways of [`CALLER_LOAD`].
pub(super) const TRIVIAL: &str = "nothing called";
/// Everything that is installed, among the ways of [`DISK`].
pub(super) const ALL_LEVELS: &str = "Puck, package, all three levels";
/// In the largest graphs, Numba compiles almost all again after a change.
const NUMBA_CHANGES_UP_TO: usize = 60;

/// Measures every size, and holds it against the limits.
pub(super) fn measure(
    settings: &Settings,
    scripts: &Scripts,
    findings: &mut Findings,
) -> Result<()> {
    for &functions in &settings.numba_sizes {
        println!("\n{functions} functions");
        Graph {
            settings,
            scripts,
            functions,
            findings,
        }
        .measure()?;
    }
    findings
        .rows
        .extend(targets::rows(&findings.measurements, &settings.numba_sizes));
    Ok(())
}

struct Graph<'a> {
    settings: &'a Settings,
    scripts: &'a Scripts,
    functions: usize,
    findings: &'a mut Findings,
}

impl Graph<'_> {
    fn measure(&mut self) -> Result<()> {
        let subject = format!("graph-{}", self.functions);
        let projects = Way::ALL.map(|way| Project::new(self.scripts, way, &subject));
        for project in &projects {
            self.build(project)?;
        }
        self.load(&projects)?;
        self.cached_callers(&projects)?;
        self.change(&projects)
    }

    /// From nothing, with what is then on disk.
    fn build(&mut self, project: &Project<'_>) -> Result<()> {
        println!("  build: {}", project.way.title());
        // It takes minutes.
        let rounds = match project.way {
            Way::Numba => 1,
            _ => self.settings.rounds.slow.div_ceil(2),
        };
        let (mut times, mut peaks) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            project.clear()?;
            self.write(project, 0)?;
            let ran = self.compile(project)?;
            times.push(ran.milliseconds);
            peaks.push(ran.memory);
        }
        let way = project.way.title();
        self.add(BUILD, way, Sample::new(times));
        self.add(BUILD_MEMORY, way, Sample::new(peaks));
        self.add(DISK, way, Sample::exact(project.bytes()?));
        if project.way == Way::Package {
            self.add(DISK, ALL_LEVELS, Sample::exact(project.installed_bytes()?));
        }
        Ok(())
    }

    fn write(&self, project: &Project<'_>, revision: usize) -> Result<Ran> {
        let [functions, revision] = [self.functions, revision].map(|number| number.to_string());
        let place = project.place();
        project.run(
            "write_graph.py",
            &[project.way.style(), &functions, &place, &revision],
        )
    }

    fn compile(&self, project: &Project<'_>) -> Result<Ran> {
        match project.way {
            Way::Package => project.install(),
            _ => self.run(project),
        }
    }

    /// Loads the graph and calls its highest layer; where nothing is compiled, compiles it.
    fn run(&self, project: &Project<'_>) -> Result<Ran> {
        let functions = self.functions.to_string();
        project.run(
            "load_graph.py",
            &[project.way.style(), &functions, &project.place()],
        )
    }

    /// In new processes, in turn; all results must be the same bits.
    fn load(&mut self, projects: &[Project<'_>]) -> Result<()> {
        println!("  loading");
        let mut memory = Vec::new();
        let mut results = Vec::new();
        let samples = in_turn(self.settings.rounds.slow, projects, |project| {
            let ran = self.run(project)?;
            memory.push((project.way, ran.number("memory")?));
            results.push((project.way, ran.number("result")?));
            ran.number("load")
        })?;
        are_the_same(&results)?;
        for (project, sample) in projects.iter().zip(samples) {
            let peaks = memory.iter().filter(|(way, _)| *way == project.way);
            let peaks = peaks.map(|(_, bytes)| *bytes).collect();
            self.add(LOAD, project.way.title(), sample);
            self.add(RUN_MEMORY, project.way.title(), Sample::new(peaks));
        }
        Ok(())
    }

    /// A cached caller of the highest layer, and a cached function that calls nothing.
    fn cached_callers(&mut self, projects: &[Project<'_>]) -> Result<()> {
        println!("  cached callers");
        // A drop-in's caller is compiled into the local package itself.
        let callers: Vec<(&Project<'_>, &str)> = projects
            .iter()
            .filter(|project| project.way != Way::DropIn)
            .map(|project| (project, "caller"))
            .chain([(&projects[0], "trivial")])
            .collect();
        let run = |(project, module): &(&Project<'_>, &str)| {
            project.run("load_caller.py", &[module, &project.place()])
        };
        let mut results = Vec::new();
        for caller in &callers {
            let ran = run(caller)?;
            if caller.1 == "caller" {
                results.push((caller.0.way, ran.number("result")?));
                let bytes = caller.0.cached_bytes(caller.1)?;
                ensure!(bytes > 0.0, "{}: nothing cached", caller.0.way.title());
                self.add(CALLER, caller.0.way.title(), Sample::exact(bytes));
            }
        }
        are_the_same(&results)?;
        let rounds = self.settings.rounds.slow;
        let samples = in_turn(rounds, &callers, |caller| run(caller)?.number("load"))?;
        for ((project, module), sample) in callers.iter().zip(samples) {
            let way = match *module {
                "caller" => project.way.title(),
                _ => TRIVIAL,
            };
            self.add(CALLER_LOAD, way, sample);
        }
        Ok(())
    }

    /// Edits a function that calls no other, and builds what has to be built.
    fn change(&mut self, projects: &[Project<'_>]) -> Result<()> {
        let mut results = Vec::new();
        for project in projects {
            if project.way == Way::Numba && self.functions > NUMBA_CHANGES_UP_TO {
                continue;
            }
            println!("  change: {}", project.way.title());
            let written = self.write(project, 1)?;
            if project.way == Way::Numba {
                project.forget(&written.words("reach")?)?;
            }
            let ran = self.compile(project)?;
            let way = project.way.title();
            self.add(CHANGE, way, Sample::exact(ran.milliseconds));
            results.push((project.way, self.run(project)?.number("result")?));
        }
        are_the_same(&results)
    }

    fn add(&mut self, (figure, unit): (&str, Unit), way: &str, sample: Sample) {
        self.findings.measurements.push(Measurement {
            figure: figure.to_owned(),
            subject: SUBJECT.to_owned(),
            way: way.to_owned(),
            size: Some(self.functions),
            unit,
            sample,
        });
    }
}

/// Every bit of every result.
fn are_the_same(results: &[(Way, f64)]) -> Result<()> {
    let Some(&(first, expected)) = results.first() else {
        return Ok(());
    };
    for &(way, result) in results {
        ensure!(
            result.to_bits() == expected.to_bits(),
            "{} returns {result:?}, but {} {expected:?}",
            way.title(),
            first.title()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_compared_bit_by_bit() {
        assert!(are_the_same(&[(Way::Numba, 0.5), (Way::Package, 0.5)]).is_ok());
        let error = are_the_same(&[(Way::Numba, 0.0), (Way::Package, -0.0)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Puck, package returns -0.0, but Numba 0.0"
        );
    }
}
