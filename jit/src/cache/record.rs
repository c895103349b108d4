//! What is known of a cached caller.

use std::collections::{BTreeMap, BTreeSet};

use puck_compiler::{Caller, Shape};
use puck_package::{Digest, LinkName};
use puck_runtime::Environment;
use serde::{Deserialize, Serialize};

/// Changes when older records mean something else.
const FORMAT: u32 = 1;

/// The JSON beside a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Record {
    format: u32,
    /// Of the record, with the digest of nothing in this place: a damaged record counts as none.
    check: Digest,
    /// Of the library.
    pub(crate) size: u64,
    /// Of the library.
    pub(crate) sha256: Digest,
    /// The key of the environment that the caller was last found to be valid in.
    pub(super) environment: Digest,
    /// The packages of that environment that the caller depends on: the SONAME, and the archive's
    /// digest.
    pub(super) packages: BTreeMap<String, Digest>,
    /// What the caller declares.
    pub(super) callees: Vec<Declared>,
    /// What the library calls.
    pub(crate) imports: Vec<LinkName>,
    /// What was compiled with the caller, and the digests of the bodies.
    pub(crate) inlined: BTreeMap<LinkName, Digest>,
    /// What the caller defines.
    pub(crate) definitions: BTreeMap<String, Shape>,
}

/// An installed function as a caller declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Declared {
    /// `linalg::dot`, or a link name.
    pub(super) symbol: String,
    /// The type.
    #[serde(rename = "type")]
    pub(super) shape: Shape,
    /// What it meant.
    pub(super) link_name: LinkName,
}

impl Record {
    /// The record of a caller that was compiled for `environment`.
    pub(crate) fn new(caller: &Caller, environment: &Environment, library: &[u8]) -> Self {
        let callees = caller.callees.iter().map(|callee| Declared {
            symbol: callee.symbol.clone(),
            shape: callee.shape.clone(),
            link_name: callee.import.link_name.clone(),
        });
        let imports = caller.imports.iter().map(|import| import.link_name.clone());
        let inlined = caller
            .inlined
            .iter()
            .map(|inlined| (inlined.import.link_name.clone(), inlined.body));
        let mut record = Self {
            format: FORMAT,
            check: Digest::of(b""),
            size: library.len() as u64,
            sha256: Digest::of(library),
            environment: environment.key(),
            packages: BTreeMap::new(),
            callees: callees.collect(),
            imports: imports.collect(),
            inlined: inlined.collect(),
            definitions: caller.definitions.clone(),
        };
        record.now_of(environment);
        record
    }

    /// Reads a record; `None` if it is damaged or of another format.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_slice(bytes).ok()?;
        let check = record.check.hex();
        let place = bytes
            .windows(check.len())
            .position(|text| text == check.as_bytes())?;
        let mut unchecked = bytes.to_vec();
        let nothing = Digest::of(b"").hex();
        unchecked
            .get_mut(place..place + check.len())?
            .copy_from_slice(nothing.as_bytes());
        (record.format == FORMAT && Digest::of(&unchecked) == record.check).then_some(record)
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut record = self.clone();
        record.check = Digest::of(b"");
        record.check = Digest::of(&record.json());
        record.json()
    }

    fn json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("all keys are strings");
        bytes.push(b'\n');
        bytes
    }

    /// Notes that the caller is valid in `environment`.
    pub(crate) fn now_of(&mut self, environment: &Environment) {
        self.environment = environment.key();
        let sonames: BTreeSet<String> = self.functions().map(LinkName::soname).collect();
        // Read before: that is what the caller was compiled against, or checked.
        let packages = environment.packages().unwrap_or_default().iter();
        self.packages = packages
            .filter(|package| sonames.contains(&package.soname))
            .map(|package| (package.soname.clone(), package.sha256))
            .collect();
    }

    /// All installed functions that the caller has to do with.
    fn functions(&self) -> impl Iterator<Item = &LinkName> {
        let declared = self.callees.iter().map(|callee| &callee.link_name);
        declared.chain(&self.imports).chain(self.inlined.keys())
    }
}
