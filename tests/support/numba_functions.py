"""Stands in for puck.frontend: the package `kernels` with functions as Numba compiles them. All but one
need nothing of the process."""

import hashlib
import json
import pathlib
import sys

request = json.load(open(sys.argv[1]))
output = pathlib.Path(request["output"])
prefix = f"{request['package']}.{request['series']}"
digest = bytes(range(20))
table = f"{prefix}.host_imports.{hashlib.sha256(b'PyErr_Occurred' + bytes([10])).hexdigest()[:8]}"
escaped = "".join(f"\\{byte:02x}" for byte in digest)

module = f"""
@"{table}" = global [1 x ptr] zeroinitializer, align 8
@digest = internal constant [20 x i8] c"{escaped}"
@exception = internal constant {{ ptr, i32, ptr, ptr, i32 }} {{ ptr @digest, i32 20, ptr @digest, ptr null, i32 0 }}
@table = internal constant [6 x double] [double 0.0, double 1.0, double 2.0, double 3.0, double 4.0, double 5.0]
%array = type {{ ptr, ptr, i64, i64, ptr, i64, i64 }}
"""
entries, described = [], []


def fingerprint(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def define(name, portable, declared, signature, body, *parameters, needs=()):
    """A function with both of its entry points, which have the same code here."""
    global module
    canonical = f"fn({','.join(part.split(': ')[-1] for part in signature)})->i32"
    native = f"{prefix}.{name}.{fingerprint(f'numba-cpu-1 {portable}')}"
    view = f"{prefix}.{name}.{fingerprint(canonical)}"
    for abi, link_name in [("numba-cpu-1", native), ("c", view)]:
        module += f'define i32 @"{link_name}"{body}\n'
        entries.append({"name": name, "abi": abi, "signature": f"fn({', '.join(signature)}) -> i32",
                        "link-name": link_name, "declared": declared, "doc": None,
                        "needs": list(needs)})
    described.append({"name": name, "signature": portable, "parameters": list(parameters),
                      "link-name": native, "c": view, "cpython": None,
                      "host-imports": ["PyErr_Occurred"] if needs else [], "python": bool(needs)})


PLACES = ["result: *mut f64", "exception: *mut *mut c_void"]
define("divide", "(f64,f64)->f64", "(x: float64, y: float64 = 2.0) -> float64",
       [*PLACES, "x: f64", "y: f64"], """(ptr %r, ptr %e, double %x, double %y) {
  %zero = fcmp oeq double %y, 0.0
  br i1 %zero, label %raise, label %go
raise:
  store ptr @exception, ptr %e, align 8
  ret i32 1
go:
  %z = fdiv double %x, %y
  store double %z, ptr %r, align 8
  ret i32 0
}""", {"name": "x"}, {"name": "y", "default": 2.0})
for bits, ty in [(64, "double"), (32, "float")]:
    define("same", f"(f{bits})->f{bits}", f"(x: float{bits}) -> float{bits}",
           [f"result: *mut f{bits}", PLACES[1], f"x: f{bits}"],
           f"(ptr %r, ptr %e, {ty} %x) {{ store {ty} %x, ptr %r ret i32 0 }}", {"name": "x"})
define("halves", "((i64,f64))->m.Pair(a:i64,b:f64)", "(p: tuple[int64, float64]) -> Pair",
       ["result: *mut Pair", PLACES[1], "p: *const TupleI64F64"], """(ptr %r, ptr %e, ptr %p) {
  %a = load i64, ptr %p
  %at = getelementptr i8, ptr %p, i64 8
  %b = load double, ptr %at
  %a2 = sdiv i64 %a, 2
  %b2 = fmul double %b, 0.5
  store i64 %a2, ptr %r
  %to = getelementptr i8, ptr %r, i64 8
  store double %b2, ptr %to
  ret i32 0
}""", {"name": "p"})
define("table", "(i64)->array<f64,1,C,rw,al>", "(n: int64) -> float64[::1]",
       ["result: *mut ArrayF64x1", PLACES[1], "n: i64"], """(ptr %r, ptr %e, i64 %n) {
  %a = insertvalue %array zeroinitializer, i64 %n, 2
  %b = insertvalue %array %a, i64 8, 3
  %c = insertvalue %array %b, ptr @table, 4
  %d = insertvalue %array %c, i64 %n, 5
  %f = insertvalue %array %d, i64 8, 6
  store %array %f, ptr %r, align 8
  ret i32 0
}""", {"name": "n"})
define("fill", "(array<f64,2,C,rw,al>,f64)->void", "(x: float64[:, ::1], value: float64) -> None",
       ["result: *mut c_void", PLACES[1], "x: *const ArrayF64x2", "value: f64"],
       """(ptr %r, ptr %e, ptr %x, double %value) {
  %place = getelementptr i8, ptr %x, i64 32
  %data = load ptr, ptr %place
  store double %value, ptr %data
  ret i32 0
}""", {"name": "x"}, {"name": "value"})
define("nothing", "(opt<f64>)->opt<f64>", "(x: float64 | None) -> float64 | None",
       ["result: *mut f64", PLACES[1], "x: *const OptionalF64"], """(ptr %r, ptr %e, ptr %x) {
  %flag = getelementptr i8, ptr %x, i64 8
  %some = load i8, ptr %flag
  %is = icmp eq i8 %some, 0
  %none = select i1 %is, i32 -2, i32 0
  %v = load double, ptr %x
  store double %v, ptr %r
  ret i32 %none
}""", {"name": "x"})
define("asks", "()->i32", "() -> int32", ["result: *mut i32", PLACES[1]], f"""(ptr %r, ptr %e) {{
  %function = load ptr, ptr @"{table}", align 8
  %error = call ptr %function()
  store i32 7, ptr %r
  ret i32 0
}}""", needs=["python"])

description = {
    "format": 1, "abi": "numba-cpu-1", "package": request["package"], "series": request["series"],
    "functions": described,
    "exceptions": {digest.hex(): {"class": "builtins.ZeroDivisionError",
                                  "arguments": ["'division by zero'"],
                                  "location": ["divide", "kernels.py", 12]}},
}
answer = {
    "format": 1,
    "tools": ["python 3.11.7", "numba 0.67.0"],
    "inputs": request["sources"],
    "functions": entries,
    "host-imports": [{"symbol": "PyErr_Occurred", "provider": "python"}],
    "share": {"numba.json": "numba.json", "numba.h": "numba.h"},
}
(output / "numba.json").write_text(json.dumps(description))
(output / "numba.h").write_text("#pragma once\n")
(output / "module.bc").write_text(module)
(output / "front-end.json").write_text(json.dumps(answer))
