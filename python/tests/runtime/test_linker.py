"""Objects that are compiled in the process, linked and loaded."""

import ctypes
import json

import pytest

import puck
from puck import linker

llvm = pytest.importorskip("llvmlite.binding")


def compiled(text: str) -> bytes:
    """A relocatable object of LLVM IR."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(reloc="pic", codemodel="small")
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_default_triple()
    module.data_layout = str(target.target_data)
    return target.emit_object(module)


TWICE = """
declare double @exp(double)
define double @twice(double %x) {
  %r = call double @exp(double %x)
  %s = fadd double %r, %r
  ret double %s
}
define internal double @unseen(double %x) { ret double %x }
"""


def test_an_object_becomes_a_loaded_library(tmp_path):
    output = tmp_path / "folder" / "made.so"
    linker.link([compiled(TWICE)], output, ["twice"])
    library = linker.load(output)
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(library.address("twice"))
    assert function(0.0) == 2.0
    assert linker.load(output) is library
    with pytest.raises(puck.PackageError, match="does not define `unseen`"):
        library.address("unseen")
    # Nothing but the library is left.
    assert [path.name for path in output.parent.iterdir()] == ["made.so"]


def test_objects_call_each_other_and_packages(environment, tmp_path):
    document = json.loads(environment._native.description("fast-sums", "v1"))
    half = next(f["link-name"] for f in document["functions"] if f["name"] == "half")
    caller = compiled(
        f'declare double @"{half}"(double)\n'
        "declare double @other(double)\n"
        "define double @quarter(double %x) {"
        f' %h = call double @"{half}"(double %x)'
        " %q = call double @other(double %h) ret double %q }"
    )
    other = compiled(
        f'declare double @"{half}"(double)\n'
        f'define double @other(double %x) {{ %h = call double @"{half}"(double %x) ret double %h }}'
    )
    output = tmp_path / "quarter.so"
    linker.link([caller, other], output, ["quarter"], [half])
    library = linker.load(output, [half], environment._native)
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(library.address("quarter"))
    assert function(8.0) == 2.0


def test_what_cannot_be_linked(tmp_path):
    output = tmp_path / "made.so"
    with pytest.raises(puck.PackageError, match="not a relocatable object"):
        linker.link([b"nothing"], output, [])
    with pytest.raises(puck.PackageError, match="does not define nowhere"):
        linker.link([compiled(TWICE)], output, ["nowhere"])
    missing = compiled(
        "declare void @nowhere()\ndefine void @f() { call void @nowhere() ret void }"
    )
    with pytest.raises(puck.PackageError, match="the objects use nowhere"):
        linker.link([missing], output, ["f"])
    with pytest.raises(puck.PackageError, match="is not a link name"):
        linker.link([compiled(TWICE)], output, ["twice"], ["half"])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.so").write_bytes(b"")
    with pytest.raises(puck.PackageError, match=r"cannot load .*empty\.so"):
        linker.load(tmp_path / "empty.so")
