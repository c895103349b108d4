//! Where two signatures differ, in words.

use puck_package::Signature;

/// The first difference between what was asked for and what there is; `None` if there is none.
pub(crate) fn difference(asked: &Signature, existing: &Signature) -> Option<String> {
    let (few, many) = (asked.parameters.len(), existing.parameters.len());
    if few != many {
        let s = if many == 1 { "" } else { "s" };
        return Some(format!("it takes {many} argument{s}, not {few}"));
    }
    let mut pairs = asked
        .parameters
        .iter()
        .zip(&existing.parameters)
        .enumerate();
    if let Some((index, (asked, existing))) = pairs.find(|(_, (a, e))| a.ty != e.ty) {
        let name = existing
            .name
            .as_ref()
            .map_or_else(String::new, |name| format!(" (`{name}`)"));
        let (number, asked, existing) = (index + 1, &asked.ty, &existing.ty);
        return Some(format!(
            "argument {number}{name} is `{existing}`, not `{asked}`"
        ));
    }
    match (&asked.result, &existing.result) {
        (asked, existing) if asked == existing => None,
        (Some(asked), None) => Some(format!("it returns nothing, not `{asked}`")),
        (None, Some(existing)) => Some(format!("it returns `{existing}`, which was left out")),
        (Some(asked), Some(existing)) => Some(format!("it returns `{existing}`, not `{asked}`")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let cases = [
            ("fn()", "fn()", None),
            ("fn(u64)", "fn(n: u64)", None),
            ("fn()", "fn(n: u64)", Some("it takes 1 argument, not 0")),
            (
                "fn(f64, f64, f64)",
                "fn(f64, f64)",
                Some("it takes 2 arguments, not 3"),
            ),
            (
                "fn(u64, i32)",
                "fn(n: u64, k: u32)",
                Some("argument 2 (`k`) is `u32`, not `i32`"),
            ),
            (
                "fn(*const f64)",
                "fn(*mut f64)",
                Some("argument 1 is `*mut f64`, not `*const f64`"),
            ),
            (
                "fn(*const M)",
                "fn(*const c_void)",
                Some("argument 1 is `*const c_void`, not `*const M`"),
            ),
            (
                "fn() -> f32",
                "fn() -> f64",
                Some("it returns `f64`, not `f32`"),
            ),
            ("fn() -> f32", "fn()", Some("it returns nothing, not `f32`")),
            (
                "fn()",
                "fn() -> f64",
                Some("it returns `f64`, which was left out"),
            ),
            (
                "fn(u8)",
                "fn(extern \"C\" fn(f64) -> f64)",
                Some("argument 1 is `extern \"C\" fn(f64) -> f64`, not `u8`"),
            ),
        ];
        for (asked, existing, expected) in cases {
            let found = difference(&asked.parse().unwrap(), &existing.parse().unwrap());
            assert_eq!(found.as_deref(), expected, "{asked} / {existing}");
        }
    }
}
