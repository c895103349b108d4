//! Requirements each of which could be met, but not all at once: what leads from one to the other.

use super::report;

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
