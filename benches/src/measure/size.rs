//! Bytes on disk: installed libraries and the archive.

use std::path::Path;

use anyhow::Result;
use puck_package::Target;

use crate::row::{Limit, Row, Unit};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::subject::Subject;

pub(super) fn measure(_: &Settings, subject: &Subject) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut plain_libraries = Vec::new();
    for target in Target::DEFAULTS {
        let plain = fs_err::read(subject.plain_library(target))?;
        rows.push(Row {
            what: format!("installed library, {target}"),
            group: subject.group(),
            unit: Unit::Bytes,
            puck: size_of(&subject.installed_library(target)?)?,
            plain: Some((
                Sample::exact(plain.len() as f64),
                "clang -O3 -shared, stripped",
            )),
            limit: Some(Limit::Ratio(1.10)),
        });
        plain_libraries.extend(plain);
    }
    let compressed = zstd::encode_all(plain_libraries.as_slice(), 19)?;
    rows.push(Row {
        what: "archive: three targets and IR".into(),
        group: subject.group(),
        unit: Unit::Bytes,
        puck: size_of(&subject.archive())?,
        plain: Some((
            Sample::exact(compressed.len() as f64),
            "zstd -19 of the three libraries",
        )),
        limit: Some(Limit::Ratio(2.0)),
    });
    Ok(rows)
}

fn size_of(path: &Path) -> Result<Sample> {
    Ok(Sample::exact(fs_err::metadata(path)?.len() as f64))
}
