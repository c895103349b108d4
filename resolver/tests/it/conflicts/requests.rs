//! What else is asked beside the requirements: a day, an exact version, the lowest versions.

use puck_resolver::{Before, Request, Strategy, Update};

use super::report_of;
use crate::scenario::{request, time, versions};

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
