//! Versions that match but do not offer the functions that are called.

use super::report;

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
