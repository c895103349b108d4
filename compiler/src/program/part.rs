//! One part of a program: put together from the packages' modules, optimised, compiled.

use std::collections::BTreeMap;

use inkwell::llvm_sys::LLVMLinkage;
use inkwell::module::Module;
use inkwell::targets::TargetTriple;
use puck_package::{Digest, Processor};

use super::prepare::Prepared;
use super::roles::{Role, Roles, Seen};
use crate::cache::Cache;
use crate::codegen::{self, CodegenError};
use crate::error::Error;
use crate::llvm::{DEFAULT_PRIORITY, Session, globals, guarded, order_constructors};
use crate::processor;

/// What parts of a program have in common.
pub(super) struct Common<'a> {
    /// Callees first.
    pub(super) packages: &'a [Prepared<'a>],
    pub(super) processor: &'a Processor,
    pub(super) opt_level: u8,
    pub(super) cache: &'a Cache,
    /// Whether constructors have to say the order of their packages, as they are in several objects.
    pub(super) order: bool,
}

impl Common<'_> {
    /// A part's object. `begin` is called if it has to be compiled.
    ///
    /// Two keys lead to an object that is there: what the part is made of, which is known without
    /// looking into any module; and, if a package changed, the bitcode that is put together, which
    /// may be the same all the same.
    pub(super) fn object(
        &self,
        roles: &Roles<'_>,
        begin: impl FnOnce() + Send,
    ) -> Result<Vec<u8>, Error> {
        let recipe = self.key(format!("{:?}", self.recipe(roles)).as_bytes(), "recipe");
        if let Some(key) = self.cache.get(&recipe)? {
            let key = String::from_utf8_lossy(&key).into_owned();
            if let Some(object) = self.cache.get(&key)? {
                return Ok(object);
            }
        }
        let is_here = |names: &BTreeMap<&str, Role>| {
            let mut roles = names.values();
            roles.any(|role| !matches!(role, Role::Elsewhere(_)))
        };
        let sources: Vec<(usize, Vec<u8>, &BTreeMap<&str, Role>)> = roles
            .iter()
            .filter(|(_, names)| is_here(names))
            .map(|(&number, names)| {
                let package = &self.packages[number];
                let bitcode = package.bitcode(self.processor, self.cache)?;
                Ok((number, bitcode, names))
            })
            .collect::<Result<_, Error>>()?;
        let target = self.processor.target;
        let failed = |fatal| move |message| CodegenError::llvm(target, message, fatal);
        let found = guarded(|| -> Result<Found, String> {
            let session = Session::new();
            let machine = codegen::machine(target, self.opt_level)?;
            let module = session.context().create_module("program");
            module.set_triple(&TargetTriple::create(target.triple()));
            module.set_data_layout(&machine.get_target_data().get_data_layout());
            for (number, bitcode, names) in &sources {
                let name = self.packages[*number].package.document.name.as_str();
                let source = session.parse_lazily(bitcode, name)?;
                select(&source, names);
                if let Some(priority) = self.priority(*number) {
                    order_constructors(&source, priority);
                }
                session.link(&module, source)?;
            }
            let names = roles.values().flat_map(|names| names.iter());
            settle(&module, &names.map(|(name, role)| (*name, *role)).collect());
            if cfg!(debug_assertions) {
                module.verify().map_err(|message| message.to_string())?;
            }
            let bitcode = module.write_bitcode_to_memory();
            let key = self.key(bitcode.as_slice(), "part");
            match self.cache.get(&key) {
                Ok(Some(object)) => {
                    return Ok(Found {
                        key,
                        object,
                        made: false,
                    });
                }
                Ok(None) => {}
                Err(error) => return Err(error.to_string()),
            }
            begin();
            codegen::pipeline(&module, &machine, "thinlto", self.opt_level)?;
            let object = codegen::object(&session, &module, &machine)?;
            Ok(Found {
                key,
                object,
                made: true,
            })
        });
        let found = found.map_err(failed(true))?.map_err(failed(false))?;
        if found.made {
            self.cache.put(&found.key, &found.object)?;
        }
        self.cache.put(&recipe, found.key.as_bytes())?;
        Ok(found.object)
    }

    fn key(&self, content: &[u8], what: &str) -> String {
        format!(
            "{what} {} {} O{} {}",
            processor::identity(),
            Digest::of(content),
            self.opt_level,
            processor::key(self.processor)
        )
    }

    /// The priority of a package's constructors: all have the default one but where linking would
    /// not give the order of the packages.
    fn priority(&self, package: usize) -> Option<u64> {
        let after = (self.packages.len() - package - 1) as u64;
        self.order.then(|| DEFAULT_PRIORITY.saturating_sub(after))
    }

    /// All that a part is made from.
    fn recipe<'r>(&self, roles: &'r Roles<'_>) -> Vec<Source<'_, 'r>> {
        roles
            .iter()
            .map(|(&package, names)| {
                let is_ordered = names.keys().any(|name| name.starts_with("llvm.global_"));
                let priority = self.priority(package).filter(|_| is_ordered);
                (&self.packages[package].summary.digest, priority, names)
            })
            .collect()
    }
}

/// What a part takes from a package.
type Source<'a, 'r> = (&'a Digest, Option<u64>, &'r BTreeMap<&'r str, Role>);

struct Found {
    key: String,
    object: Vec<u8>,
    made: bool,
}

/// Has only what is listed be linked, and all of it.
fn select(module: &Module<'_>, roles: &BTreeMap<&str, Role>) {
    for global in globals(module) {
        if global.is_declaration() {
            continue;
        }
        let name = global.name();
        match roles.get(name.as_str()) {
            Some(Role::Elsewhere(_)) => global.leave_behind(),
            // Linking joins them.
            Some(_) if global.is_llvms_own() => {}
            None if global.is_llvms_own() => global.delete(),
            Some(_) => {
                global.leave_comdat();
                global.set_linkage(LLVMLinkage::LLVMExternalLinkage);
            }
            // Nothing that is linked refers to it.
            None => global.internalise(),
        }
    }
}

/// Gives every symbol of the joined module its linkage.
fn settle(module: &Module<'_>, roles: &BTreeMap<&str, Role>) {
    for global in globals(module) {
        if global.is_llvms_own() {
            continue;
        }
        let Some(role) = roles.get(global.name().as_str()) else {
            continue;
        };
        match role {
            Role::Export => global.export(),
            Role::Own => global.internalise(),
            Role::Shared => global.set_linkage(LLVMLinkage::LLVMExternalLinkage),
            Role::Inlined(_) => global.set_linkage(LLVMLinkage::LLVMAvailableExternallyLinkage),
            Role::Elsewhere(_) => {}
        }
        let hidden = Seen::ByProgram;
        if *role == Role::Shared || [Role::Inlined(hidden), Role::Elsewhere(hidden)].contains(role)
        {
            // Reached directly, not through a table of addresses.
            global.hide();
        }
    }
}
