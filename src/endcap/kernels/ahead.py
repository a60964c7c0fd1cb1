"""Asking memory ahead of time: what will be read soon comes while other work goes on.

An answer reads a few short runs out of arrays that no cache holds. Read one after another, each run waits for memory by itself;
asked for together, they wait at the same time.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types

from endcap.kernels.lanes import Typed, instruction

_LINE, _MOST_LINES = 64, 16
_READ, _KEEP, _DATA = 0, 3, 1


@instruction
def ask(_typing: Any, array: Any, at: Any) -> Typed:
    """Have the cache line with ``array[at]`` come, where ``at`` counts through all rows of the array. Nothing is read: a place
    beyond the end does no harm."""
    del at

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values, place = args
        data = context.make_array(signature.args[0])(context, builder, values).data
        where = builder.bitcast(builder.gep(data, [place]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [where.type, number, number, number])
        fetch = builder.module.declare_intrinsic("llvm.prefetch.p0", fnty=kind)
        builder.call(fetch, [where, number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(array, types.intp), build


@njit(nogil=True, cache=True)
def ask_run(array, start, end):  # type: ignore[no-untyped-def]
    """Have the first cache lines of ``array[start:end]`` come, so many that the processor sees by itself where it goes on."""
    step = _LINE // array.itemsize
    last = min(end, start + _MOST_LINES * step) - 1
    at = start
    while at < last:
        ask(array, at)
        at += step
    ask(array, last)
