//! One function's body as a module of its own.

use inkwell::llvm_sys::LLVMLinkage;
use inkwell::targets::TargetTriple;
use puck_package::{Digest, LinkName, Target};

use super::Body;
use super::prepare::{body_name, is_table};
use crate::codegen::machine;
use crate::llvm::{Kind, Session, declare_untyped, globals};

/// The body of `function` in what was prepared; `None` if it must not be copied.
pub(super) fn extract(prepared: &[u8], function: &LinkName) -> Result<Option<Body>, String> {
    let session = Session::new();
    let (name, own) = (function.to_string(), body_name(function));
    let module = session.context().create_module(&name);
    let target = Target::ALL[0].base();
    module.set_triple(&TargetTriple::create(target.triple()));
    module.set_data_layout(&machine(target, 0)?.get_target_data().get_data_layout());
    declare_untyped(&module, &own);
    let package = session.parse_lazily(prepared, "package")?;
    session.link(&module, package)?;

    let mut instructions = 0;
    let mut body = None;
    for (index, global) in globals(&module).into_iter().enumerate() {
        if global.is_declaration() {
            if is_table(&global) {
                // Bound to its own library, whose table is filled when that is loaded.
                return Ok(None);
            }
            continue;
        }
        let is_body = global.name() == own;
        global.forget_number();
        if global.kind() == Kind::Function {
            match global.instructions() {
                Ok(count) => instructions += count,
                Err(_) => return Ok(None),
            }
        }
        if is_body {
            body = Some(global);
            continue;
        }
        if global.local_bound().is_some() {
            return Ok(None);
        }
        global.internalise();
        if global.kind() == Kind::Variable {
            // A name that does not change with what else the package has.
            global.set_linkage(LLVMLinkage::LLVMPrivateLinkage);
            global.rename(&format!("{name}.{index}"));
        }
    }
    let Some(body) = body else {
        return Ok(None);
    };
    let declared = globals(&module)
        .into_iter()
        .find(|global| global.name() == name);
    if let Some(declaration) = declared {
        declaration.replace_with(body);
        declaration.delete();
    }
    body.rename(&name);
    if module.verify().is_err() {
        return Ok(None);
    }
    let callees = globals(&module)
        .into_iter()
        .filter(|global| global.is_declaration() && global.kind() == Kind::Function)
        .filter_map(|global| global.name().parse().ok())
        .collect();
    let bitcode = module.write_bitcode_to_memory().as_slice().to_vec();
    Ok(Some(Body {
        digest: Digest::of(&bitcode),
        bitcode,
        instructions,
        callees,
    }))
}
