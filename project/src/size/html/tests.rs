use puck_package::{LinkMode, Target};

use super::*;
use crate::size::PackageSize;

const HOSTILE: &str = "</script></style><img src=x onerror=alert(1)>\"'&";

fn function(package: usize, name: &str, own: u64, calls: &[usize]) -> FunctionSize {
    FunctionSize {
        package,
        name: name.to_owned(),
        symbol: format!("symbol of {name}"),
        aliases: Vec::new(),
        exports: usize::from(!name.starts_with("internal")),
        signature: Some("fn(f64) -> f64".to_owned()),
        doc: Some(format!("says {name}")),
        own,
        closure: own,
        reached: 1,
        calls: calls.to_vec(),
        system: vec![format!("system {name}")],
    }
}

fn package(name: &str) -> PackageSize {
    let version = semver::Version::new(1, 0, 0);
    PackageSize {
        name: name.parse().unwrap(),
        series: puck_package::Series::of(&version),
        version,
        label: name.to_owned(),
        direct: true,
        target: Target::X86_64V3,
        functions: 2,
        exported: 1,
        other: 0,
        amounts: Amounts::new(10, 20),
    }
}

fn sizes(packages: &[&str], functions: Vec<FunctionSize>) -> Sizes {
    Sizes {
        link: LinkMode::Dynamic,
        target: Target::X86_64V3,
        image: None,
        total: Amounts::new(100, 2500),
        packages: packages.iter().map(|name| package(name)).collect(),
        functions,
    }
}

/// The elements, in order; every one that is opened and must be closed is, in the right order.
fn elements(page: &str) -> Vec<String> {
    // What HTML closes by itself.
    let optional = ["td", "th", "tr", "p", "dt", "dd"];
    let void = ["meta", "input", "rect", "path", "img"];
    let mut names = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = page.strip_prefix("<!doctype html>").expect("a page");
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .collect();
        if tag.starts_with('/') {
            while open
                .last()
                .is_some_and(|last| *last != name && optional.contains(&last.as_str()))
            {
                open.pop();
            }
            assert_eq!(open.pop().as_deref(), Some(&*name), "</{name}> closes it");
            continue;
        }
        assert!(
            tag.matches('"').count().is_multiple_of(2),
            "quotes of <{tag}>"
        );
        names.push(name.clone());
        if ["script", "style"].contains(&name.as_str()) {
            let close = format!("</{name}>");
            rest = &rest[rest.find(&close).expect("is closed") + close.len()..];
        } else if !void.contains(&name.as_str()) {
            if optional.contains(&name.as_str()) {
                while open.last() == Some(&name)
                    || (open
                        .last()
                        .is_some_and(|o| ["td", "th"].contains(&o.as_str()))
                        && ["td", "th"].contains(&name.as_str()))
                {
                    open.pop();
                }
            }
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} are left open");
    names
}

#[test]
fn what_a_page_holds() {
    let functions = vec![
        function(0, "norm", 100, &[1, 2]),
        function(1, "dot", 40, &[2]),
        function(1, "internal_sum", 8, &[]),
    ];
    let page = page(&sizes(&["linalg", "vecmath"], functions));
    let elements = elements(&page);
    assert_eq!(elements.iter().filter(|name| *name == "svg").count(), 4);
    for part in [
        "Stored",
        "100 B",
        "2.5 kB",
        "25.0",
        "vecmath::dot",
        "says dot",
        "symbol of dot",
        "<a href=\"#f2\">vecmath::internal_sum</a>",
        "system norm",
        "<tr id=\"f0\">",
        "id=\"calls\">[[1,2],[2],[]]</script>",
    ] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    // Nothing is fetched from anywhere.
    for part in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(part), "{part}");
    }
}

#[test]
fn packages_write_no_markup() {
    let plain = page(&sizes(&["linalg"], vec![function(0, "x", 100, &[0])]));
    let mut evil = function(0, HOSTILE, 100, &[0]);
    evil.signature = Some(HOSTILE.to_owned());
    let mut sizes = sizes(&["linalg"], vec![evil]);
    sizes.packages[0].label = HOSTILE.to_owned();
    let page = page(&sizes);
    assert_eq!(elements(&page), elements(&plain));
    assert!(!page.contains("<img"), "{page}");
    assert!(page.contains("&lt;img"), "{page}");
}

#[test]
fn the_policy_names_the_script_and_the_style() {
    let page = page(&sizes(&["linalg"], Vec::new()));
    let (_, rest) = page.rsplit_once("<script>").unwrap();
    let (script, _) = rest.split_once("</script>").unwrap();
    let digest = base64(Digest::of(script.as_bytes()).bytes());
    assert!(page.contains(&format!("script-src 'sha256-{digest}'")));
    for text in [SCRIPT, STYLE] {
        assert!(!text.contains("</") && !text.contains("<!--"));
    }
}

#[test]
fn nothing_and_very_much() {
    elements(&page(&sizes(&[], Vec::new())));
    elements(&page(&sizes(&["empty"], vec![function(0, "none", 0, &[])])));
    let many: Vec<_> = (0..2000)
        .map(|i| function(i % 3, &format!("f{i}"), 1, &[i / 2]))
        .collect();
    let page = page(&sizes(&["a", "b", "c"], many));
    elements(&page);
    assert!(page.contains("smaller functions") || page.contains("data-node=\"1999\""));
}
