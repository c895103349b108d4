//! What the source's compiler chose for a processor, which is chosen again for each target.

use std::collections::BTreeSet;

use inkwell::module::Module;

use crate::llvm::{Global, Kind, globals};

/// What every function has that clang compiles for `x86-64` and nothing more. Only newer versions
/// of it name `cmov`.
const BASELINE: [&str; 7] = ["+cmov", "+cx8", "+fxsr", "+mmx", "+sse", "+sse2", "+x87"];

/// Removes processors and their features from all functions. A feature that the source asks for
/// (`__attribute__((target("avx2")))`) stays: it looks at the processor by itself, or leaves that to
/// its callers.
///
/// Asked for is what functions have beyond the others. Where clang was told of no processor, `plain`,
/// it is what they have beyond the baseline, even if all of them do.
pub(super) fn strip(module: &Module<'_>, plain: bool) {
    let functions: Vec<_> = globals(module)
        .into_iter()
        .filter(|global| global.kind() == Kind::Function)
        .collect();
    let features = |function: &Global<'_>| -> BTreeSet<String> {
        let text = function
            .string_attribute("target-features")
            .unwrap_or_default();
        text.split(',')
            .filter(|feature| feature.starts_with('+'))
            .map(str::to_owned)
            .collect()
    };
    let mut everywhere: Option<BTreeSet<String>> = None;
    for function in functions
        .iter()
        .filter(|function| !function.is_declaration())
    {
        // Written by hand, for no processor: says nothing of what the others have in common.
        // Rust's compiler names the processor, and features where there are some.
        if function.string_attribute("target-features").is_none()
            && function.string_attribute("target-cpu").is_none()
        {
            continue;
        }
        let own = features(function);
        everywhere = Some(match everywhere {
            Some(everywhere) => everywhere.intersection(&own).cloned().collect(),
            None => own,
        });
    }
    let mut everywhere = everywhere.unwrap_or_default();
    if plain {
        everywhere.retain(|feature| BASELINE.contains(&feature.as_str()));
    }
    for function in functions {
        let own = features(&function);
        let extra: Vec<&str> = own.difference(&everywhere).map(String::as_str).collect();
        let kept = (!function.is_declaration() && !extra.is_empty()).then(|| extra.join(","));
        for attribute in ["target-cpu", "tune-cpu"] {
            function.set_string_attribute(attribute, None);
        }
        function.set_string_attribute("target-features", kept.as_deref());
    }
}
