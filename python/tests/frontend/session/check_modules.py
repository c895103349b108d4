"""What is in a module: helpers once, names, slots, bodies that may be inlined, several modules."""

import base64
import re

import kernels
import llvmlite.binding as llvm
import loading
import numpy as np
import pytest

from puck.frontend import FrontEndError, Session

ONE = "float64(float64)"


def _module(*names, signature=ONE, **options):
    session = loading.session()
    return session.module(
        [session.compile(getattr(kernels, name), signature, name=name) for name in names], **options
    )


def _definitions(module, part):
    return [
        function.name
        for function in module.llvm.functions
        if part in function.name and not function.is_declaration
    ]


def test_helpers_are_merged_once():
    session = loading.session()
    vector = "float64[::1]"
    functions = [
        session.compile(kernels.sorted_copy, f"{vector}({vector})"),
        session.compile(kernels.doubled, f"{vector}({vector})"),
        session.compile(kernels.table, f"{vector}(int64)"),
    ]
    module = session.module(functions)
    names = [f.name for f in module.llvm.functions if not f.is_declaration]
    assert len(names) == len(set(names))
    assert len(_definitions(module, "NRT_decref")) <= 1
    # LLVM numbers what it finds twice.
    ours = ("sample.v1.", "python.entry.")
    assert not [n for n in names if re.search(r"\.\d+$", n) and not n.startswith(ours)]


def test_only_exports_and_the_table_are_visible():
    module = _module("uses_helper_a", "uses_helper_b", "printed")
    visible = {
        value.name
        for value in (*module.llvm.functions, *module.llvm.global_variables)
        if not value.is_declaration and value.linkage == llvm.Linkage.external
    }
    assert visible == set(module.symbols)
    assert all(name.startswith("sample.v1.") for name in visible)
    assert len(visible) == 3 * 3 + 1


def test_nothing_of_the_process_is_undefined():
    module = _module("printed", "with_value", "in_python", "smooth", signature="(float64,)")
    undefined = {
        value.name
        for value in (*module.llvm.functions, *module.llvm.global_variables)
        if value.is_declaration and not value.name.startswith("llvm.")
    }
    assert not [
        name for name in undefined if re.match(r"NRT_|numba_|_?Py|_ZN|puck\.|\.numba", name)
    ]


def test_environments_are_listed_only_where_they_are_read():
    plain = _module("uses_helper_a", cpython=False)
    assert plain.imports.table is None
    assert plain.description["environments"] == {}
    assert plain.host_imports == []
    printed = _module("printed", cpython=False)
    assert list(printed.description["environments"]) == ["environment.0"]
    assert printed.description["environments"]["environment.0"]["module"] == "kernels"


def test_functions_of_one_type_share_the_code_that_converts_objects():
    module = _module("uses_helper_a", "uses_helper_b", "smooth", "triple")
    assert len(_definitions(module, "python.entry")) == 1


def test_entries_can_be_left_out():
    module = _module("smooth", c=False, cpython=False)
    assert [export["abi"] for export in module.exports] == ["numba-cpu-1"]
    assert module.description["functions"][0]["c"] is None


def test_pairs_of_reference_counts_are_gone():
    module = _module("row_views", signature="float64(float64[:, ::1])", cpython=False)
    text = str(module.llvm)
    assert not re.search(r"call .*@NRT_(incref|decref)", text)
    assert not module.host_imports


def test_code_is_for_any_processor():
    text = str(_module("dot", signature="float64(float64[::1], float64[::1])").llvm)
    assert "target-cpu" not in text
    # Vectors are for the compiler of each target.
    assert "<4 x double>" not in text
    assert "<2 x double>" not in text


def test_small_bodies_may_be_inlined():
    module = _module("smooth", "uses_helper_a", "with_value")
    bodies = module.inline["bodies"]
    by_name = {f["name"]: f for f in module.description["functions"]}
    assert by_name["smooth"]["link-name"] in bodies
    assert by_name["smooth"]["inline"] is not None
    # It allocates through the table.
    assert by_name["with_value"]["inline"] is None
    body = llvm.parse_bitcode(base64.b64decode(bodies[by_name["smooth"]["link-name"]]))
    body.verify()
    function = body.get_function(by_name["smooth"]["link-name"])
    assert function.linkage == llvm.Linkage.available_externally


def test_several_modules_of_one_session(tmp_path):
    session = loading.session()
    smooth = session.compile(kernels.smooth, ONE)
    table = session.compile(kernels.table, "float64[::1](int64)")
    alone = session.module([table])
    together = session.module([smooth, table])
    assert smooth.link_name not in alone.symbols
    assert smooth.link_name in together.symbols
    for module in (alone, together):
        loaded = loading.Loaded(module, tmp_path)
        np.testing.assert_array_equal(loaded.call("table", 4), kernels.table(4))


def test_a_declared_result_is_that_of_the_export():
    session = loading.session()
    assert str(session.compile(kernels.triple, "float64(int64)").portable) == "(i64)->f64"
    compiled = session.compile(kernels.factorial, "float64(float64)")
    assert str(compiled.portable) == "(f64)->f64"


def test_defaults_give_types_to_parameters_that_are_left_out():
    session = loading.session()
    compiled = session.compile(kernels.checked, "(float64,)")
    assert str(compiled.portable) == "(f64,f64,f64)->f64"


def test_typed_containers_are_for_the_same_numba_only():
    from numba import njit, types

    def length(items):
        return len(items)

    session = loading.session()
    compiled = session.compile(njit(length), (types.ListType(types.float64),))
    module = session.module([compiled])
    described = module.description["functions"][0]
    assert described["signature"] == "(numba<ListType[float64]>)->i64"
    assert described["c"] is None
    assert described["pickled-type"]


def test_vectorized_functions_are_exported_for_one_element(tmp_path):
    session = loading.session()
    module = session.module([session.compile(kernels.add, "float64(float64, float64)")])
    assert loading.Loaded(module, tmp_path).call("add", 1.0, 2.5) == 3.5


def test_link_names_follow_from_types():
    session = Session("fast-sums", "v0_3", loading.SOURCES)
    compiled = session.compile(kernels.smooth, ONE)
    assert compiled.link_name == "fast_sums.v0_3.smooth." + _digits("numba-cpu-1 (f64)->f64")
    assert compiled.cpython_link_name.endswith(_digits("cpython-1 (f64)->f64"))
    assert compiled.c_link_name.endswith(_digits("fn(*mut f64,*mut *mut c_void,f64)->i32"))


def _digits(text):
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:8]


def test_overloads_that_are_the_same_to_c_have_one_view():
    session = loading.session()
    functions = [
        session.compile(kernels.row_views, f"float64(float64[{dimensions}])")
        for dimensions in (":, ::1", ":, :")
    ]
    module = session.module(functions)
    assert [f["c"] is not None for f in module.description["functions"]] == [True, False]


def test_two_functions_of_one_name_and_type_are_refused():
    session = loading.session()
    functions = [
        session.compile(kernels.triple, ONE, name="same"),
        session.compile(kernels.smooth, ONE, name="same"),
    ]
    with pytest.raises(FrontEndError, match=r"`same` is exported twice for \(f64\)->f64"):
        session.module(functions)
