//! Answers that are not what they should be.

use super::*;

#[test]
fn bad_answers_are_refused() {
    let cases: &[(&str, &str)] = &[
        ("import sys; sys.exit(0)", "`front-end.json` cannot be read"),
        (
            "answer['format'] = 2",
            "front-end.json has format 2; expected 1",
        ),
        (
            "del answer['format']",
            "front-end.json cannot be read: missing field `format`",
        ),
        (
            "del answer['functions']",
            "front-end.json cannot be read: missing field `functions`",
        ),
        ("answer['functions'] = []", "it exports no function"),
        (
            "answer['functions'][0]['abi'] = 'fast'",
            "the calling convention `fast`, which is not known",
        ),
        (
            "answer['functions'][0]['abi'] = 'cpython-1'",
            "has the calling convention `cpython-1`, but the signature",
        ),
        (
            "answer['functions'][0]['abi'] = 'c'",
            "has the link name `p.v1.f.00000001`; expected p.v1.f.",
        ),
        (
            "answer['functions'][0]['signature'] = 'fn(struct)'",
            "invalid signature",
        ),
        (
            "answer['functions'][0]['link-name'] = 'q.v1.f.00000001'",
            "has the link name `q.v1.f.00000001`; expected one of p.v1.so of `f`",
        ),
        (
            "answer['functions'][0]['link-name'] = 'p.v2.f.00000001'",
            "expected one of p.v1.so",
        ),
        (
            "answer['functions'][0]['link-name'] = 'p.v1.g.00000001'",
            "expected one of p.v1.so",
        ),
        (
            "answer['functions'][0]['link-name'] = 'f'",
            "`f` is not a link name",
        ),
        (
            "answer['functions'][0]['name'] = 'a b'",
            "`a b` is not a function name",
        ),
        (
            "answer['functions'][0]['needs'] = ['python', 'somebody']",
            "`f` needs `somebody`, which is none of numba-runtime, numba, scipy",
        ),
        (
            "answer['functions'] *= 2",
            "two functions have the link name `p.v1.f.00000001`",
        ),
        (
            "answer['host-imports'] = [{'symbol': 'x', 'provider': 'me'}]",
            "nobody is known to provide `x`: `me` is none of numba-runtime, numba,",
        ),
        (
            "answer['host-imports'] = [{'symbol': s, 'provider': 'python'} for s in 'ba']",
            "host import `b` stands before `a`",
        ),
        (
            "answer['imports'] = [{'package': 'q', 'link-name': 'q.v1.f.00000001'}]",
            "it calls `q.v1.f.00000001`, which no installed version of `q` offers",
        ),
        ("answer['tools'] = ['a\\nb']", "names no tool and no file"),
        ("answer['share'] = {}", "no `numba.json`"),
        (
            "numba = {'package': 'p'}",
            "numba.json cannot be read: missing field `series`",
        ),
        (
            "numba = {'package': 'q', 'series': 'v1', 'functions': []}",
            "numba.json is of q v1; expected p v1",
        ),
        (
            "numba = {'package': 'p', 'series': 'v1', 'functions': []}",
            "numba.json does not describe `p.v1.f.00000001`",
        ),
        (
            "numba = {'package': 'p', 'series': 'v1', 'functions': [{'name': 'f', \
             'signature': '(f64)->f64', 'link-name': 'p.v1.f.00000001'}]}",
            "`p.v1.f.00000001` has not the fingerprint of `numba-cpu-1 (f64)->f64`, ",
        ),
        (
            "numba = {'package': 'p', 'series': 'v1', 'functions': [{'name': 'f', 'signature': '', \
             'pickled-type': '', 'link-name': 'p.v1.f.00000001', 'c': 'p.v1.f.00000001'}]}",
            "describes `p.v1.f.00000001`, which is no `f` of the calling convention `c`",
        ),
        (
            "answer['share']['../x'] = 'numba.json'",
            "`share/../x` is deeper than one folder",
        ),
        (
            "answer['share']['..'] = 'numba.json'",
            "has a part that is `.` or `..`",
        ),
        (
            "answer['share']['a b'] = 'numba.json'",
            "has a character other than",
        ),
        (
            "answer['share']['x'] = '../request.json'",
            "`../request.json` is not the name of a file",
        ),
        ("answer['share']['x'] = 'gone'", "`gone` cannot be read"),
        (
            "(output / 'link').symlink_to('/etc/passwd'); answer['share']['x'] = 'link'",
            "`link` is not a file",
        ),
        (
            "(output / 'folder').mkdir(); answer['share']['x'] = 'folder'",
            "`folder` is not a file",
        ),
        (
            "(output / 'module.bc').symlink_to('/dev/null')",
            "`module.bc` is not a file",
        ),
    ];
    for (source, expected) in cases {
        let found = message(&project(source));
        let hint = "hint: this is a fault of the Python package";
        contains(&found, &[expected, "gave what cannot be used", hint]);
    }
}

/// Cut or spoilt at any place, an answer is taken or refused, never a panic.
#[test]
fn spoilt_answers_are_refused() {
    let project = project("");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = r#"{"format": 1, "tools": ["python 3.11.7"], "inputs": ["a.py"], "functions": [
        {"name": "f", "abi": "numba-cpu-1", "link-name": "p.v1.f.00000001", "doc": "",
         "signature": "fn(*mut f64, *mut *mut c_void) -> i32"}],
        "host-imports": [{"symbol": "NRT_Free", "provider": "numba-runtime"}],
        "share": {"numba.json": "numba.json"}, "warnings": []}"#;
    let numba = r#"{"package": "p", "series": "v1", "functions": [{"name": "f", "signature": "",
        "link-name": "p.v1.f.00000001", "pickled-type": ""}]}"#;
    for (name, content) in [("module.bc", ""), ("numba.json", numba)] {
        fs_err::write(folder.path().join(name), content).expect("written");
    }
    let read = |text: &str| {
        fs_err::write(folder.path().join("front-end.json"), text).expect("written");
        project.with(|request| crate::source::python::answer::read(request, folder.path()))
    };
    let answer = read(text).expect("a good answer");
    assert!(answer.table.is_some() && answer.described.functions[0].doc.is_none());
    for (at, _) in text.char_indices() {
        let cut = &text[..at];
        assert!(read(cut).is_err(), "{cut}");
        for other in ["", "9", "\"", "}", "../"] {
            let _ = read(&format!("{cut}{other}{}", &text[at + 1..]));
        }
    }
}
