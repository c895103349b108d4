"""Optimisation: simpler code without pairs of reference counts, and nothing for one processor.

What LLVM does not have is Numba's pass that removes an increment of a reference count together with
the decrement that undoes it. It works on functions that have been simplified and have their callees
inlined, so these steps are those of `numba.core.codegen`, without what the compiler of each target
does better: vectorising and unrolling.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm


def simplify(module: llvm.ModuleRef, machine: Any, level: int = 3) -> None:
    """Optimises `module` for any processor."""
    # As `CPUCodeLibrary._optimize_final_module`: first cheaply, so that pairs are in one function…
    builder = _builder(machine, 0)
    manager = builder.getModulePassManager()
    manager.add_loop_rotate_pass()
    manager.add_instruction_combine_pass()
    manager.add_jump_threading_pass()
    manager.add_refprune_pass()
    manager.run(module, builder)
    # … then with inlining.
    builder = _builder(machine, level)
    manager = builder.getModulePassManager()
    manager.add_refprune_pass()
    manager.add_global_dead_code_eliminate_pass()
    manager.run(module, builder)


def remove_names(module: llvm.ModuleRef, machine: Any) -> None:
    """Removes the names of values and of what is internal."""
    builder = _builder(machine, 0)
    manager = llvm.create_new_module_pass_manager()
    manager.add_strip_non_debug_symbols_pass()
    manager.run(module, builder)


def drop_unused(module: llvm.ModuleRef, machine: Any) -> None:
    """Removes what nothing needs."""
    builder = _builder(machine, 0)
    manager = llvm.create_new_module_pass_manager()
    manager.add_global_dead_code_eliminate_pass()
    manager.run(module, builder)


def _builder(machine: Any, level: int) -> llvm.PassBuilder:
    options = llvm.create_pipeline_tuning_options(level)
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_unrolling = False
    options.loop_interleaving = False
    return llvm.create_pass_builder(machine, options)
