//! What packages that are linked together use of the system's libraries.

use std::collections::BTreeMap;

use puck_package::SystemImport;

/// `imports` without repetitions: each symbol once, with the newest of its versions.
///
/// Within one library a symbol is bound once. Newer versions of a function do what older ones do, as
/// far as that was ever promised.
pub(crate) fn newest<'a>(imports: impl IntoIterator<Item = &'a SystemImport>) -> Vec<SystemImport> {
    let mut chosen: BTreeMap<&str, &SystemImport> = BTreeMap::new();
    for import in imports {
        chosen
            .entry(&import.symbol)
            .and_modify(|known| {
                if order(import) > order(known) {
                    *known = import;
                }
            })
            .or_insert(import);
    }
    chosen.into_values().cloned().collect()
}

/// `GLIBC_2.29` as its numbers; none comes before all.
fn order(import: &SystemImport) -> Option<Vec<u32>> {
    let version = import.version.as_deref()?;
    let numbers = version
        .rsplit_once('_')
        .map_or(version, |(_, numbers)| numbers);
    Some(
        numbers
            .split('.')
            .map(|number| number.parse().unwrap_or(0))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_and_the_newest() {
        let import = |symbol: &str, library: &str, version: Option<&str>| SystemImport {
            symbol: symbol.to_owned(),
            library: library.to_owned(),
            version: version.map(str::to_owned),
        };
        let all = [
            import("exp", "libm.so.6", Some("GLIBC_2.2.5")),
            import("sin", "libm.so.6", None),
            import("exp", "libm.so.6", Some("GLIBC_2.29")),
            import("exp", "libm.so.6", Some("GLIBC_2.3")),
            import("sin", "libm.so.6", Some("GLIBC_2.2.5")),
            import("__udivti3", "libgcc_s.so.1", Some("GCC_3.0")),
        ];
        let expected = [5, 2, 4].map(|index| all[index].clone());
        assert_eq!(newest(&all), expected);
    }
}
