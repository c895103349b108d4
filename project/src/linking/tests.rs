use puck_package::document::PackageDocument;

use super::*;

/// A package with functions of these names.
fn package(name: &str, version: &str, functions: &[&str]) -> PackageDocument {
    let series = puck_package::Series::of(&version.parse().unwrap());
    let functions: Vec<_> = functions
        .iter()
        .enumerate()
        .map(|(i, function)| {
            let signature = if i % 2 == 0 { "fn()" } else { "fn(i32)" };
            let link_name = LinkName::new(
                &name.parse().unwrap(),
                &series,
                &function.parse().unwrap(),
                &signature.parse().unwrap(),
            );
            serde_json::json!({"name": function, "signature": signature, "link-name": link_name})
        })
        .collect();
    serde_json::from_value(serde_json::json!({
        "format": 1, "name": name, "version": version, "functions": functions,
        "targets": {}, "files": {}, "tools": {"puck": "1", "llvm": "1"}, "opt-level": 3,
    }))
    .unwrap()
}

fn shown(path: &str, packages: &[PackageDocument]) -> String {
    let packages: Vec<_> = packages.iter().collect();
    match named(&path.parse().unwrap(), &packages) {
        Ok(names) => {
            let names = names.iter().map(|name| {
                let (series, function) = (name.series(), name.function());
                format!("{}.{series}.{function}", name.package_symbol())
            });
            names.collect::<Vec<_>>().join(" ")
        }
        Err(nothing) => format!("{} {:?}", nothing.reason, nothing.near),
    }
}

#[test]
fn what_is_kept() {
    let packages = [
        package("fast-sums", "0.3.1", &["sum", "mean", "sum", "sum"]),
        package("linalg", "1.2.0", &["dot", "axpy"]),
        package("linalg", "2.0.0", &["dot"]),
    ];
    for (path, expected) in [
        ("linalg", "linalg.v1.axpy linalg.v1.dot linalg.v2.dot"),
        ("linalg.v1", "linalg.v1.axpy linalg.v1.dot"),
        ("linalg::dot", "linalg.v1.dot linalg.v2.dot"),
        ("linalg.v2::dot", "linalg.v2.dot"),
        // Both overloads; the same signature twice is one link name.
        ("fast-sums::sum", "fast_sums.v0_3.sum fast_sums.v0_3.sum"),
        (
            "linalgo::dot",
            "no package `linalgo` is installed Some(\"linalg\")",
        ),
        ("x", "no package `x` is installed None"),
        (
            "linalg::dto",
            "`linalg` has no function `dto` Some(\"linalg::dot\")",
        ),
        ("linalg.v2::axpy", "`linalg` has no function `axpy` None"),
        (
            "linalg.v3::dot",
            "of `linalg` v1 and v2 is installed, and not v3 None",
        ),
    ] {
        assert_eq!(shown(path, &packages), expected, "{path}");
    }
}
