//! What the source's compiler chose for a processor, which is chosen again for each target.

use std::collections::BTreeSet;

use inkwell::module::Module;

use crate::llvm::{Global, Kind, globals};

/// Removes processors and their features from all functions. A feature that only some functions of
/// the module have was asked for by the source (`__attribute__((target("avx2")))`), which looks at
/// the processor by itself: those functions keep it.
pub(super) fn strip(module: &Module<'_>) {
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
        if function.string_attribute("target-features").is_none() {
            continue;
        }
        let own = features(function);
        everywhere = Some(match everywhere {
            Some(everywhere) => everywhere.intersection(&own).cloned().collect(),
            None => own,
        });
    }
    let everywhere = everywhere.unwrap_or_default();
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
