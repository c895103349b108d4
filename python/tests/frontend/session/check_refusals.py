"""What bad input gets: the place, what is wrong, and what to do."""

import sys

import kernels
import loading
import pytest
import refused

from puck.frontend import FrontEndError, _capture

REFUSED = [
    ("of_text", "int64(unicode_type)", r"parameter 1 is text \(`str`\)", "array of its bytes"),
    ("of_none", "(float64,)", "parameter 2 is `none`", "Optional(T)"),
    ("of_list", "float64(List(float64))", "parameter 1 is a Python list", "numba.typed.List"),
    ("of_box", (refused.Box.class_type.instance_type,), "the jitclass `Box`", "a record"),
    ("boxed", "(float64,)", "the result is the jitclass `Box`", "a record"),
    ("counting", "(int64,)", "the result is a generator", "return an array"),
    ("from_large", "float64(int64)", "a global array that is larger than 1 MB", "as a parameter"),
    ("through_large", "float64(int64)", "through `from_large`", "as a parameter"),
    ("from_strided", "float64(int64)", "not contiguous", "contiguous"),
    ("c_cosine", "float64(float64)", r"a C function by its address \(ctypes", "build the C source"),
    ("mistyped", "float64(float64)", "Unknown attribute 'no_such_attribute'", "try the function"),
    (
        "misses_name",
        "float64(float64)",
        "'not_defined_anywhere' is not defined",
        "define or import",
    ),
    ("many", "float64(float64)", r"any number of arguments \(`\*args`\)", "take a tuple"),
    ("from_large", "float64(int64, int64)", "have 1 and 2 parameters", "types of all parameters"),
    ("from_large", "float32[:", "no signature of `from_large`", "write it as Numba does"),
    ("from_large", "nonsense(x)", "no signature of `from_large`", "write it as Numba does"),
]


@pytest.mark.parametrize(("name", "signature", "message", "hint"), REFUSED)
def test_functions(name, signature, message, hint):
    session = loading.session()
    with pytest.raises(FrontEndError, match=message) as caught:
        session.module([session.compile(getattr(refused, name), signature, name=name)])
    error = caught.value
    assert error.hint is not None
    assert hint in error.hint
    assert error.file == "refused.py"
    source = (loading.SOURCES / error.file).read_text().splitlines()
    nearby = "\n".join(source[max(error.line - 3, 0) : error.line + 2])
    assert f"def {name}(" in nearby
    assert "0x" not in str(error)


@pytest.mark.parametrize(("name", "kind"), [("Box", "JitClassType"), ("LARGE", "ndarray")])
def test_what_is_no_function(name, kind):
    with pytest.raises(FrontEndError, match=f"`{name}` is of the type `{kind}`"):
        loading.session().compile(getattr(refused, name), "float64(float64)", name=name)


def test_linear_algebra_without_scipy(monkeypatch):
    for module in ("scipy", "scipy.linalg", "scipy.linalg.cython_lapack"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FrontEndError, match="required for linear algebra") as caught:
        loading.session().compile(refused.solved, "float64[:](float64[:, ::1], float64[::1])")
    assert caught.value.hint == "install scipy beside numba: linear algebra is SciPy's"


def test_names():
    with pytest.raises(FrontEndError, match="`a-b` cannot be the name"):
        loading.session().compile(kernels.triple, "float64(float64)", name="a-b")


def test_a_numba_without_what_is_needed(monkeypatch):
    monkeypatch.setattr(_capture._State, "installed", False)
    monkeypatch.setattr(_capture, "_USED", [(_capture.codegen.JITCPUCodegen, "no_such_method")])
    with pytest.raises(FrontEndError, match=r"lacks JITCPUCodegen\.no_such_method") as caught:
        _capture.install()
    assert "from 0.63" in caught.value.hint
