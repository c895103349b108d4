//! JIT callers: LLVM IR that only declares installed functions, compiled and bound at run time.
