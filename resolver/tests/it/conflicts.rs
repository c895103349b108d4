//! What is said when nothing can be chosen: the text, then the hints.

use puck_resolver::{Before, Error, Request, Strategy, Update};

use crate::scenario::{Registry, request, time, versions};

/// The report of a request that cannot be met.
fn report(table: &str, asked: &str) -> String {
    report_of(table, &request(asked))
}

fn report_of(table: &str, request: &Request) -> String {
    let error = Registry::new(table).resolve(request).unwrap_err();
    assert!(matches!(error, Error::Conflict(_)));
    let hints = error.hint().unwrap_or_default();
    let hints = hints
        .lines()
        .map(|hint| format!("\nhint: {hint}"))
        .collect::<String>();
    format!("{error}{}{hints}", if hints.is_empty() { "" } else { "\n" })
}

#[test]
fn unknown_package() {
    let table = "
        linalg 1.0.0
    ";
    insta::assert_snapshot!(report(table, "linlag ^1"), @r"
    no choice of versions meets all requirements of your project

    Your project requires `linlag ^1`, a package that does not exist.

    hint: there is a package named `linalg`
    ");
}

#[test]
fn unknown_package_like_no_other() {
    let table = "
        linalg 1.0.0
    ";
    insta::assert_snapshot!(report(table, "cholesky ^1"), @r"
    no choice of versions meets all requirements of your project

    Your project requires `cholesky ^1`, a package that does not exist.

    hint: check the name `cholesky`, and that the registry it is in is the one asked
    ");
}

#[test]
fn unknown_dependency() {
    let table = "
        linalg 1.0.0: vecmat ^1 @v1
        vecmath 1.0.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmat ^1`, a package that does not exist, the requirements of your project cannot be met.

    hint: there is a package named `vecmath`
    ");
}

#[test]
fn no_version_matches() {
    let table = "
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "vecmath ^3"), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^3`, which no version matches.

    Versions of vecmath: 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `^3` all requirements could be met
    "#);
}

#[test]
fn no_version_new_enough() {
    let table = "
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "vecmath ^1.2"), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^1.2`, which no version matches.

    Versions of vecmath: 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `^1.2` all requirements could be met
    "#);
}

#[test]
fn no_version_of_a_dependency_matches() {
    let table = "
        linalg 1.0.0: vecmath ^2 @v2
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^2`, which no version matches, the requirements of your project cannot be met.

    Versions of vecmath: 1.1.0 and 1.0.0
    ");
}

#[test]
fn only_yanked() {
    let table = "
        vecmath 1.0.0
        vecmath 1.1.0
        vecmath 1.2.0 yanked
    ";
    insta::assert_snapshot!(report(table, "vecmath ^1.2"), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^1.2`, but 1.2.0 is yanked.

    Versions of vecmath: 1.2.0 (yanked), 1.1.0 and 1.0.0

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    hint: with `vecmath = "1.1.0"` in place of `^1.2` all requirements could be met
    "#);
}

#[test]
fn all_yanked() {
    let table = "
        vecmath 1.0.0 yanked
        vecmath 1.1.0 yanked
    ";
    insta::assert_snapshot!(report(table, "vecmath ^1"), @r"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^1`, but 1.1.0 and 1.0.0 are yanked.

    Versions of vecmath: 1.1.0 (yanked) and 1.0.0 (yanked)

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    ");
}

#[test]
fn yanked_dependency() {
    let table = "
        linalg 1.0.0: vecmath =1.2.0 @v1
        vecmath 1.1.0
        vecmath 1.2.0 yanked
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath =1.2.0`, but 1.2.0 is yanked, the requirements of your project cannot be met.

    Versions of vecmath: 1.2.0 (yanked) and 1.1.0

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    ");
}

#[test]
fn only_pre_releases() {
    let table = "
        vecmath 1.0.0
        vecmath 2.0.0-beta.1
        vecmath 2.0.0-beta.2
    ";
    insta::assert_snapshot!(report(table, "vecmath ^2"), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^2`, which only a pre-release could match.

    Versions of vecmath: 2.0.0-beta.2, 2.0.0-beta.1 and 1.0.0

    hint: to accept the pre-release, name it: `vecmath = "2.0.0-beta.2"`
    hint: with `vecmath = "1.0.0"` in place of `^2` all requirements could be met
    "#);
}

#[test]
fn pre_release_of_a_dependency() {
    let table = "
        linalg 1.0.0: vecmath ^2 @v2
        vecmath 1.0.0
        vecmath 2.0.0-beta.1
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^2`, which only a pre-release could match, the requirements of your project cannot be met.

    Versions of vecmath: 2.0.0-beta.1 and 1.0.0

    hint: a pre-release is only used where it is named; there is vecmath 2.0.0-beta.1
    ");
}

#[test]
fn direct_against_dependency() {
    let table = "
        linalg 1.2.0: vecmath ^1.1 @v1
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1; vecmath =1.0.0"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.2.0 depends on `vecmath ^1.1`, your project requires vecmath 1.1.0.
    And because your project requires `vecmath =1.0.0`, the requirements of your project cannot be met.

    Versions of vecmath: 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `=1.0.0` all requirements could be met
    "#);
}

#[test]
fn two_dependencies() {
    let table = "
        linalg 1.0.0: vecmath =1.0.0 @v1
        stats 0.3.0: vecmath ^1.1 @v1
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1; stats ^0.3"), @r"
    no choice of versions meets all requirements of your project

    Because stats 0.3.0 depends on `vecmath ^1.1` and linalg 1.0.0 depends on `vecmath =1.0.0`, linalg 1.0.0 and stats 0.3.0 cannot be used together.
    And because your project requires `linalg ^1` and `stats ^0.3`, the requirements of your project cannot be met.

    Versions of vecmath: 1.1.0 and 1.0.0
    ");
}

#[test]
fn diamond_with_several_versions() {
    let table = "
        linalg 1.0.0: vecmath =1.0.0 @v1
        linalg 1.1.0: vecmath =1.0.0 @v1
        stats 0.3.0: vecmath ^1.1 @v1
        stats 0.3.1: vecmath ^1.2 @v1
        vecmath 1.0.0
        vecmath 1.1.0
        vecmath 1.2.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1; stats ^0.3"), @r"
    no choice of versions meets all requirements of your project

    Because every version of linalg depends on `vecmath =1.0.0` and stats 0.3.0 depends on `vecmath ^1.1`, every version of linalg and stats 0.3.0 cannot be used together. (1)

    Because every version of linalg depends on `vecmath =1.0.0` and stats 0.3.1 depends on `vecmath ^1.2`, every version of linalg and stats 0.3.1 cannot be used together.
    And because every version of linalg and stats 0.3.0 cannot be used together (1), every version of linalg and every version of stats cannot be used together.
    And because your project requires `linalg ^1` and `stats ^0.3`, the requirements of your project cannot be met.

    Versions of vecmath: 1.2.0, 1.1.0 and 1.0.0
    ");
}

#[test]
fn deep_chain() {
    let table = "
        a 1.0.0: b ^1 @v1
        b 1.0.0: c ^1 @v1
        c 1.0.0: d ^1.1 @v1
        d 1.0.0
        d 1.1.0
    ";
    insta::assert_snapshot!(report(table, "a ^1; d =1.0.0"), @r#"
    no choice of versions meets all requirements of your project

    Because c 1.0.0 depends on `d ^1.1` and b 1.0.0 depends on `c ^1`, b 1.0.0 depends on d 1.1.0.
    And because a 1.0.0 depends on `b ^1`, a 1.0.0 depends on d 1.1.0.
    And because your project requires `a ^1` and `d =1.0.0`, the requirements of your project cannot be met.

    Versions of d: 1.1.0 and 1.0.0

    hint: with `d = "1.1.0"` in place of `=1.0.0` all requirements could be met
    "#);
}

#[test]
fn compiled_against_another_series() {
    let table = "
        stats 0.3.0: vecmath >=1.5, <3 @v1
        vecmath 1.0.0
        vecmath 2.0.0
    ";
    insta::assert_snapshot!(report(table, "stats ^0.3"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `stats ^0.3` and stats 0.3.0 depends on `vecmath >=1.5, <3` (compiled against series v1), which no version in series v1 matches, the requirements of your project cannot be met.

    Versions of vecmath: 2.0.0 and 1.0.0

    hint: what was compiled against vecmath v1 cannot use 2.0.0; a release of it built with `vecmath >=1.5, <3` is needed
    ");
}

#[test]
fn series_pins_the_conflict() {
    let table = "
        stats 0.3.0: vecmath >=1.1, <3 @v1
        vecmath 1.0.0
        vecmath 1.1.0
        vecmath 2.0.0
    ";
    insta::assert_snapshot!(report(table, "stats ^0.3; vecmath =1.0.0"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `stats ^0.3` and stats 0.3.0 depends on `vecmath >=1.1, <3` (compiled against series v1), your project requires vecmath 1.1.0.
    And because your project requires `vecmath =1.0.0`, the requirements of your project cannot be met.

    Versions of vecmath: 2.0.0, 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `=1.0.0` all requirements could be met
    "#);
}

#[test]
fn spanning_requirement() {
    let table = "
        kernels 1.0.0: base =1.0.0 @v1
        kernels 2.0.0: base =1.1.0 @v1
        base 1.0.0
        base 1.1.0
        base 1.2.0
    ";
    insta::assert_snapshot!(report(table, "kernels >=1, <3; base ^1.2"), @r#"
    no choice of versions meets all requirements of your project

    Because kernels 1.0.0 depends on `base =1.0.0` and in series v1 kernels 1.0.0 is all that matches `kernels >=1, <3`, `kernels >=1, <3` in series v1 depends on base 1.0.0. (1)

    Because kernels 2.0.0 depends on `base =1.1.0` and in series v2 kernels 2.0.0 is all that matches `kernels >=1, <3`, `kernels >=1, <3` in series v2 depends on base 1.1.0.
    And because `kernels >=1, <3` in series v1 depends on base 1.0.0 (1), `kernels >=1, <3` in series v1 and v2 depends on base 1.0.0 or 1.1.0.
    And because your project requires `kernels >=1, <3` and `base ^1.2`, the requirements of your project cannot be met.

    Versions of base: 1.2.0, 1.1.0 and 1.0.0
    Versions of kernels: 2.0.0 and 1.0.0

    hint: with `base = "1.1.0"` in place of `^1.2` all requirements could be met
    "#);
}

#[test]
fn the_same_package_twice() {
    let table = "
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "vecmath =1.0.0; vecmath ^1.1"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `vecmath =1.0.0` and `vecmath ^1.1`, the requirements of your project cannot be met.

    Versions of vecmath: 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `=1.0.0` all requirements could be met
    hint: with `vecmath = "1.0.0"` in place of `^1.1` all requirements could be met
    "#);
}

#[test]
fn depends_on_another_version_of_itself() {
    let table = "
        a 1.0.0
        a 1.1.0: a =1.0.0 @v1
    ";
    insta::assert_snapshot!(report(table, "a ^1.1"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `a ^1.1` and a 1.1.0 depends on another version of itself, the requirements of your project cannot be met.

    Versions of a: 1.1.0 and 1.0.0

    hint: with `a = "1.0.0"` in place of `^1.1` all requirements could be met
    "#);
}

#[test]
fn many_versions() {
    let table = "
        linalg 1.0.0: vecmath ^2 @v2
        vecmath 1.0.0
        vecmath 1.1.0
        vecmath 1.2.0
        vecmath 1.3.0
        vecmath 1.4.0
        vecmath 1.5.0
        vecmath 1.6.0
        vecmath 1.7.0
        vecmath 1.8.0
        vecmath 1.9.0
        vecmath 1.10.0
        vecmath 1.11.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^2`, which no version matches, the requirements of your project cannot be met.

    Versions of vecmath: 1.11.0, 1.10.0, 1.9.0, 1.8.0, 1.7.0, 1.6.0, 1.5.0 and 5 older
    ");
}

#[test]
fn many_dependants() {
    let table = "
        linalg 1.0.0: vecmath ^1.0 @v1
        linalg 1.1.0: vecmath ^1.1 @v1
        linalg 1.2.0: vecmath ^1.2 @v1
        linalg 1.3.0: vecmath ^1.3 @v1
        linalg 1.4.0: vecmath ^1.4 @v1
        linalg 1.5.0: vecmath ^1.5 @v1
        vecmath 1.0.0
        vecmath 1.1.0
        vecmath 1.2.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1.3"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1.3` and linalg 1.3.0, 1.4.0 and 1.5.0 depend on `vecmath ^1.3`, `vecmath ^1.4` or `vecmath ^1.5`, which no version matches, the requirements of your project cannot be met.

    Versions of linalg: 1.5.0, 1.4.0, 1.3.0, 1.2.0, 1.1.0 and 1.0.0
    Versions of vecmath: 1.2.0, 1.1.0 and 1.0.0

    hint: with `linalg = "1.2.0"` in place of `^1.3` all requirements could be met
    "#);
}

#[test]
fn older_dependants_all_fail() {
    let table = "
        linalg 1.0.0: vecmath ^1.1 @v1
        linalg 1.1.0: vecmath ^1.1 @v1
        linalg 1.2.0: vecmath ^1.1 @v1
        linalg 1.3.0: vecmath ^1.1 @v1
        linalg 1.4.0: vecmath ^1.1 @v1
        linalg 1.5.0: vecmath ^1.1 @v1
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1; vecmath =1.0.0"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and every version of linalg depends on `vecmath ^1.1`, your project requires vecmath 1.1.0.
    And because your project requires `vecmath =1.0.0`, the requirements of your project cannot be met.

    Versions of vecmath: 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `=1.0.0` all requirements could be met
    "#);
}

#[test]
fn three_way() {
    let table = "
        a 1.0.0: c ^1.1 @v1
        b 1.0.0: c <1.3 @v1; d ^1 @v1
        d 1.0.0: c ^1.3 @v1
        c 1.1.0
        c 1.2.0
        c 1.3.0
    ";
    insta::assert_snapshot!(report(table, "a ^1; b ^1"), @r"
    no choice of versions meets all requirements of your project

    Because d 1.0.0 depends on `c ^1.3` and b 1.0.0 depends on `c <1.3`, b 1.0.0 and d 1.0.0 cannot be used together.
    And because your project requires `b ^1` and b 1.0.0 depends on `d ^1`, the requirements of your project cannot be met.

    Versions of c: 1.3.0, 1.2.0 and 1.1.0
    ");
}

#[test]
fn shared_cause() {
    let table = "
        a 1.0.0: b ^1 @v1; c ^1 @v1
        b 1.0.0: d =1.0.0 @v1
        b 1.1.0: d =1.1.0 @v1
        c 1.0.0: d =1.2.0 @v1
        c 1.1.0: d =1.3.0 @v1
        d 1.0.0
        d 1.1.0
        d 1.2.0
        d 1.3.0
    ";
    insta::assert_snapshot!(report(table, "a *"), @r"
    no choice of versions meets all requirements of your project

    Because b 1.0.0 depends on `d =1.0.0` and c 1.0.0 depends on `d =1.2.0`, b 1.0.0 and c 1.0.0 cannot be used together. (1)

    Because b 1.0.0 depends on `d =1.0.0` and c 1.1.0 depends on `d =1.3.0`, b 1.0.0 and c 1.1.0 cannot be used together.
    And because b 1.0.0 and c 1.0.0 cannot be used together (1), b 1.0.0 and every version of c cannot be used together. (2)

    Because c 1.0.0 depends on `d =1.2.0` and c 1.1.0 depends on `d =1.3.0`, every version of c depends on d 1.2.0 or 1.3.0.
    And because b 1.1.0 depends on `d =1.1.0`, b 1.1.0 and every version of c cannot be used together.
    And because b 1.0.0 and every version of c cannot be used together (2), every version of b and every version of c cannot be used together.
    And because a 1.0.0 depends on `b ^1`, a 1.0.0 and every version of c cannot be used together.
    And because your project requires `a *` and a 1.0.0 depends on `c ^1`, the requirements of your project cannot be met.

    Versions of d: 1.3.0, 1.2.0, 1.1.0 and 1.0.0
    ");
}

#[test]
fn in_development() {
    let table = "
        local 0.1.0: vecmath >=1, <3
        vecmath 0.9.0
    ";
    insta::assert_snapshot!(report(table, "local *"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `local *` and local 0.1.0 depends on `vecmath >=1, <3`, which no version matches, the requirements of your project cannot be met.

    Versions of vecmath: 0.9.0
    ");
}

const FUNCTIONS: &str = "
    vecmath 1.0.0 => dot(f64)
    vecmath 1.1.0 => dot(f64)
    vecmath 1.2.0 => dot(f64) norm(f64)
    linalg 1.3.0: vecmath ^1 @v1 calls dot(f64) norm(f64)
    linalg 1.4.0: vecmath ^1 @v1 calls dot(f32)
";

#[test]
fn function_that_only_later_versions_offer() {
    insta::assert_snapshot!(report(FUNCTIONS, "linalg =1.3.0; vecmath <1.2"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg =1.3.0` and linalg 1.3.0 depends on `vecmath ^1` and calls `vecmath.v1.norm` as `fn(a: f64)`, which vecmath 1.0.0 and 1.1.0 do not offer, your project requires vecmath 1.2.0.
    And because your project requires `vecmath <1.2`, the requirements of your project cannot be met.

    Versions of linalg: 1.4.0 and 1.3.0
    Versions of vecmath: 1.2.0, 1.1.0 and 1.0.0

    hint: with `vecmath = "1.2.0"` in place of `<1.2` all requirements could be met
    "#);
}

#[test]
fn function_of_other_types() {
    insta::assert_snapshot!(report(FUNCTIONS, "linalg ^1.4"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1.4` and linalg 1.4.0 depends on `vecmath ^1` and calls `vecmath.v1.dot.c1ea1640`, which no version of vecmath offers, the requirements of your project cannot be met.

    Versions of linalg: 1.4.0 and 1.3.0
    Versions of vecmath: 1.2.0, 1.1.0 and 1.0.0

    hint: in vecmath 1.2.0, `dot` is `fn(a: f64)`; whoever calls it has to be built against that
    hint: with `linalg = "1.3.0"` in place of `^1.4` all requirements could be met
    "#);
}

#[test]
fn no_version_that_links() {
    insta::assert_snapshot!(report(FUNCTIONS, "linalg ^1; vecmath =1.1.0"), @r#"
    no choice of versions meets all requirements of your project

    Because linalg 1.3.0 depends on `vecmath ^1` and calls `vecmath.v1.norm` as `fn(a: f64)`, which vecmath 1.0.0 and 1.1.0 do not offer, and linalg 1.4.0 depends on `vecmath ^1` and calls `vecmath.v1.dot.c1ea1640`, which no version of vecmath offers, every version of linalg depends on vecmath 1.2.0.
    And because your project requires `linalg ^1` and `vecmath =1.1.0`, the requirements of your project cannot be met.

    Versions of vecmath: 1.2.0, 1.1.0 and 1.0.0

    hint: in vecmath 1.2.0, `dot` is `fn(a: f64)`; whoever calls it has to be built against that
    hint: with `vecmath = "1.2.0"` in place of `=1.1.0` all requirements could be met
    "#);
}

#[test]
fn function_that_is_nowhere() {
    let table = "
        vecmath 1.0.0 => dot(f64)
        linalg 1.0.0: vecmath ^1 @v1 calls norm(f64) sum(f64)
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^1` and calls `vecmath.v1.norm.452595af` and `vecmath.v1.sum.452595af`, which vecmath 1.0.0 does not offer, the requirements of your project cannot be met.

    Versions of vecmath: 1.0.0
    ");
}

#[test]
fn function_that_a_yanked_version_offers() {
    let table = "
        vecmath 1.0.0 => dot(f64)
        vecmath 1.1.0 yanked => dot(f64) sum(f64)
        linalg 1.0.0: vecmath ^1 @v1 calls sum(f64)
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^1` and calls `vecmath.v1.sum` as `fn(a: f64)`, which vecmath 1.0.0 does not offer, and 1.1.0 is yanked, the requirements of your project cannot be met.

    Versions of vecmath: 1.1.0 (yanked) and 1.0.0

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    hint: vecmath 1.1.0 offers this `sum`
    ");
}

#[test]
fn two_that_link_with_different_versions() {
    let table = "
        vecmath 1.0.0 => dot(f64)
        vecmath 1.1.0 => sum(f64)
        left 1.0.0: vecmath ^1 @v1 calls dot(f64)
        right 1.0.0: vecmath ^1 @v1 calls sum(f64)
    ";
    insta::assert_snapshot!(report(table, "left *; right *"), @r"
    no choice of versions meets all requirements of your project

    Because right 1.0.0 depends on `vecmath ^1` and calls `vecmath.v1.sum` as `fn(a: f64)`, which vecmath 1.0.0 does not offer, and left 1.0.0 depends on `vecmath ^1` and calls `vecmath.v1.dot` as `fn(a: f64)`, which vecmath 1.1.0 does not offer, left 1.0.0 and right 1.0.0 cannot be used together.
    And because your project requires `left *` and `right *`, the requirements of your project cannot be met.

    Versions of vecmath: 1.1.0 and 1.0.0
    ");
}

const DATED: &str = "
    vecmath 1.0.0 2026-01-01
    vecmath 1.1.0 2026-02-01
    vecmath 1.2.0 2026-03-01
    linalg 1.0.0 2026-01-02: vecmath ^1.1 @v1
    linalg 1.1.0 2026-01-03: vecmath ^1.2 @v1
";

fn before(requirements: &str, limit: &str) -> Request {
    request(requirements).before(Some(Before {
        time: time(limit),
        origin: format!("`--before {limit}`"),
    }))
}

#[test]
fn published_too_late() {
    insta::assert_snapshot!(report_of(DATED, &before("vecmath ^1.2", "2026-02-15")), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^1.2`, but 1.2.0 was published on 2026-03-01, after `--before 2026-02-15`.

    Versions of vecmath: 1.2.0 (published 2026-03-01), 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `^1.2` all requirements could be met
    hint: without `--before 2026-02-15` all requirements could be met, with vecmath 1.2.0
    "#);
}

#[test]
fn dependencies_published_too_late() {
    insta::assert_snapshot!(report_of(DATED, &before("linalg ^1", "2026-01-15")), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and every version of linalg depends on `vecmath ^1.1` or `vecmath ^1.2`, but 1.2.0 and 1.1.0 were published after `--before 2026-01-15`, the requirements of your project cannot be met.

    Versions of vecmath: 1.2.0 (published 2026-03-01), 1.1.0 (published 2026-02-01) and 1.0.0

    hint: without `--before 2026-01-15` all requirements could be met, with vecmath 1.2.0
    ");
}

#[test]
fn exactly_a_version_that_does_not_fit() {
    let name = "vecmath".parse().unwrap();
    let update = Update::Precise(name, "1.0.0".parse().unwrap());
    let request = request("linalg ^1").locked(versions("linalg 1.0.0; vecmath 1.1.0"));
    insta::assert_snapshot!(report_of(DATED, &request.update(update)), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and every version of linalg depends on `vecmath ^1.1` or `vecmath ^1.2`, but exactly 1.0.0 was asked for, the requirements of your project cannot be met.

    Versions of vecmath: 1.2.0, 1.1.0 and 1.0.0
    ");
}

#[test]
fn lowest() {
    let table = "
        linalg 1.0.0: vecmath ^1 @v1
        vecmath 1.0.0: base ^1 @v1
        vecmath 1.1.0: base ^1 @v1
    ";
    let request = request("linalg ^1").strategy(Strategy::Lowest);
    insta::assert_snapshot!(report_of(table, &request), @r"
    no choice of versions meets all requirements of your project

    Because linalg 1.0.0 depends on `vecmath ^1` and every version of vecmath depends on `base ^1`, a package that does not exist, linalg 1.0.0 cannot be used.
    And because your project requires `linalg ^1`, the requirements of your project cannot be met.

    hint: check the name `base`, and that the registry it is in is the one asked
    ");
}

#[test]
fn of_no_use_here() {
    let table = "
        linalg 1.0.0: vecmath ^1 @v1
        vecmath 1.0.0 unusable
        vecmath 1.1.0 yanked
        vecmath 1.2.0 unusable
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^1`, but 1.2.0 and 1.0.0 cannot be used (no code for this machine) and 1.1.0 is yanked, the requirements of your project cannot be met.

    Versions of vecmath: 1.2.0 (no code for this machine), 1.1.0 (yanked) and 1.0.0 (no code for this machine)

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    ");
}

#[test]
fn patched() {
    let table = "
        linalg 1.0.0: vecmath ^1 @v1
        vecmath 2.0.0 from=../vecmath
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^1`, which no version matches, the requirements of your project cannot be met.

    Versions of vecmath: 2.0.0 (from ../vecmath)
    ");
}
