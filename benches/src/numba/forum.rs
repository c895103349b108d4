//! A small example's sizes: a callee of some instructions, and a caller of it.

use anyhow::Result;

use super::scripts::Scripts;
use super::way::{Project, Way};
use crate::findings::Findings;
use crate::row::{Row, Unit};
use crate::sample::Sample;
use crate::settings::Settings;

const FIGURE: &str = "sizes of a small callee and its caller";
const CALLEE: &str = "foo, the callee";
const CALLER: &str = "bar, the caller";

/// Builds the example in each way and looks at its files.
pub(super) fn measure(
    _settings: &Settings,
    scripts: &Scripts,
    findings: &mut Findings,
) -> Result<()> {
    println!("\na small example");
    let mut sizes = Vec::new();
    for way in [Way::Numba, Way::Numbox, Way::Package] {
        let project = Project::new(scripts, way, "forum");
        project.clear()?;
        project.run("write_forum.py", &[way.style(), &project.place()])?;
        if way == Way::Package {
            project.install()?;
        }
        project.run("load_caller.py", &["bar", &project.place()])?;
        let callee = match way {
            Way::Package => project.bytes()?,
            _ => project.cached_bytes("foo")?,
        };
        for (subject, bytes) in [(CALLEE, callee), (CALLER, project.cached_bytes("bar")?)] {
            let sample = Sample::exact(bytes);
            findings.add(FIGURE, subject, way.title(), Unit::Bytes, sample.clone());
            sizes.push((subject, way, sample));
        }
    }
    findings.rows.extend(rows(&sizes));
    findings.notes.push(
        "The small example is rebuilt from a description: `foo` has 20 · 10 · 10 steps and asks `np.finfo`; its \
         author told 22.7 kB and 31.3 kB for Numba, 7.8 kB, 8.8 kB and 31.4 kB for a proxy, its callee and its \
         caller. Sizes are those of `.nbc` files; of the package, of what is installed for this processor."
            .into(),
    );
    Ok(())
}

fn rows(sizes: &[(&str, Way, Sample)]) -> Vec<Row> {
    let of = |subject: &str, wanted: Way| {
        let found = sizes
            .iter()
            .find(|(one, way, _)| *one == subject && *way == wanted);
        found.map(|(_, _, sample)| sample.clone())
    };
    let mut rows = Vec::new();
    for subject in [CALLEE, CALLER] {
        for plain in [Way::Numba, Way::Numbox] {
            if let (Some(puck), Some(other)) = (of(subject, Way::Package), of(subject, plain)) {
                rows.push(Row {
                    what: subject.to_owned(),
                    group: FIGURE.to_owned(),
                    unit: Unit::Bytes,
                    puck,
                    plain: Some((other, plain.title().to_owned())),
                    limit: None,
                });
            }
        }
    }
    rows
}
