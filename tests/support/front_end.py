"""Stands in for puck.frontend: the module and the description of the package `kernels`."""

import hashlib
import json
import pathlib
import sys

request = json.load(open(sys.argv[1]))
output = pathlib.Path(request["output"])
prefix = f"{request['package']}.{request['series']}"


def fingerprint(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def link_name(name, canonical):
    return f"{prefix}.{name}.{fingerprint(canonical)}"


imports = {
    "NRT_MemInfo_alloc_aligned": "numba-runtime",
    "PyErr_Occurred": "python",
    "numba_gamma": "numba-runtime",
}
table = f"{prefix}.host_imports.{fingerprint(''.join(name + chr(10) for name in imports))}"
SQUARES = link_name("squares", "fn(*mut ArrayF64x1,*mut *mut c_void,i64)->i32")
ROOT = link_name("root", "fn(*mut f64,*mut *mut c_void,f64)->i32")
PYTHON = link_name("python", "fn(*mut i32,*mut *mut c_void)->i32")
digest = bytes(range(20))
escaped = "".join(f"\\{byte:02x}" for byte in digest)

module = f"""
@"{table}" = global [3 x ptr] zeroinitializer, align 8
@digest = internal constant [20 x i8] c"{escaped}"
@exception = internal constant {{ ptr, i32, ptr, ptr, i32 }} {{ ptr @digest, i32 20, ptr @digest, ptr null, i32 0 }}
%array = type {{ ptr, ptr, i64, i64, ptr, i64, i64 }}

define internal ptr @allocate(i64 %size, i32 %align) {{
  %function = load ptr, ptr @"{table}", align 8
  %block = musttail call ptr %function(i64 %size, i32 %align)
  ret ptr %block
}}

define internal ptr @occurred() {{
  %function = load ptr, ptr getelementptr (i8, ptr @"{table}", i64 8), align 8
  %error = musttail call ptr %function()
  ret ptr %error
}}

define internal double @gamma(double %x) {{
  %function = load ptr, ptr getelementptr (i8, ptr @"{table}", i64 16), align 8
  %y = musttail call double %function(double %x)
  ret double %y
}}

define i32 @"{SQUARES}"(ptr %result, ptr %exception, i64 %n) {{
entry:
  %bytes = mul i64 %n, 8
  %owner = call ptr @allocate(i64 %bytes, i32 32)
  %place = getelementptr i8, ptr %owner, i64 24
  %data = load ptr, ptr %place, align 8
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %square = mul i64 %i, %i
  %item = uitofp i64 %square to double
  %at = getelementptr double, ptr %data, i64 %i
  store double %item, ptr %at, align 8
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  %a = insertvalue %array zeroinitializer, ptr %owner, 0
  %b = insertvalue %array %a, i64 %n, 2
  %c = insertvalue %array %b, i64 8, 3
  %d = insertvalue %array %c, ptr %data, 4
  %e = insertvalue %array %d, i64 %n, 5
  %f = insertvalue %array %e, i64 8, 6
  store %array %f, ptr %result, align 8
  ret i32 0
}}

define i32 @"{ROOT}"(ptr %result, ptr %exception, double %x) {{
  %negative = fcmp olt double %x, 0.0
  br i1 %negative, label %raise, label %go
raise:
  store ptr @exception, ptr %exception, align 8
  ret i32 1
go:
  %y = call double @gamma(double %x)
  store double %y, ptr %result, align 8
  ret i32 0
}}

define i32 @"{PYTHON}"(ptr %result, ptr %exception) {{
  %error = call ptr @occurred()
  %none = icmp eq ptr %error, null
  %value = select i1 %none, i32 7, i32 0
  store i32 %value, ptr %result, align 4
  ret i32 0
}}
"""


def function(name, symbol, signature):
    return {"name": name, "abi": "c", "signature": signature, "link-name": symbol}


def needs(name, symbol, *reached):
    # The native functions are not here: the C views stand for them.
    return {"name": name, "link-name": symbol, "c": symbol, "host-imports": list(reached)}


description = {
    "format": 1,
    "abi": "numba-cpu-1",
    "functions": [
        needs("squares", SQUARES, "NRT_MemInfo_alloc_aligned"),
        needs("root", ROOT, "numba_gamma"),
        needs("python", PYTHON, "PyErr_Occurred"),
    ],
    "exceptions": {
        digest.hex(): {
            "class": "builtins.ValueError",
            "arguments": ["\"negative: 'x'\""],
            "location": ["root", "kernels.py", 12],
        }
    },
}
answer = {
    "format": 1,
    "tools": ["python 3.11.7", "numba 0.67.0"],
    "inputs": request["sources"],
    "functions": [
        function(
            "squares",
            SQUARES,
            "fn(result: *mut ArrayF64x1, exception: *mut *mut c_void, n: i64) -> i32",
        ),
        function("root", ROOT, "fn(result: *mut f64, exception: *mut *mut c_void, x: f64) -> i32"),
        function("python", PYTHON, "fn(result: *mut i32, exception: *mut *mut c_void) -> i32"),
    ],
    "host-imports": [{"symbol": name, "provider": by} for name, by in imports.items()],
    "share": {"numba.json": "numba.json", "numba.h": "numba.h"},
}
(output / "numba.json").write_text(json.dumps(description))
(output / "numba.h").write_text("struct ArrayF64x1 { void *owner; };\n")
(output / "module.bc").write_text(module)
(output / "front-end.json").write_text(json.dumps(answer))
