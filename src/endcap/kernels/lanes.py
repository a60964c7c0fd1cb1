"""Many candidates in the registers of the processor at once: what :mod:`endcap.kernels.trees` does to all of them.

A loop over an array that changes in memory reads and writes it anew at every step. Here the bits of up to :data:`LANES`
candidates are one value: Numba keeps it in registers from the first test of a tree to the last, as wide as the processor has
them (512 bits with AVX-512, 256 with AVX2, 128 with SSE2 and NEON). The functions are a few instructions of LLVM each, since
Numba has no words for such a value; they check no bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, models, register_model

WIDTH = 16
"""How many candidates one part of the registers holds."""

FEWEST_PARTS, MOST_PARTS = 4, 8
"""How many parts go side by side. Fewer leave the processor waiting, more find no room in its registers."""

LANES = WIDTH * MOST_PARTS
"""How many candidates go side by side at most."""

LEAVES = 32
"""How many leaves a tree can have: as many as a lane has bits."""

DE_BRUIJN, SHIFT = 0x077CB531, 27
"""The words 2^0 … 2^31 times this differ in the five bits that are left of the product after the shift."""

_CACHE_LINE = 64
_INT, _LONG = ir.IntType(32), ir.IntType(64)
_FLOATS, _BITS = ir.VectorType(ir.FloatType(), WIDTH), ir.VectorType(_INT, WIDTH)
_DOUBLES, _PLACES = ir.VectorType(ir.DoubleType(), WIDTH), ir.VectorType(_LONG, WIDTH)
_POINTERS, _FLAGS = ir.VectorType(ir.DoubleType().as_pointer(), WIDTH), ir.VectorType(ir.IntType(1), WIDTH)

Typed = tuple[Any, Callable[..., Any]]


class Alive(types.Type):
    """The leaves that each candidate of so many ``parts`` may still end in, a bit for each."""

    def __init__(self, parts: int) -> None:
        super().__init__(name=f"Alive({parts})")
        self.parts = parts


@register_model(Alive)
class _AliveModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Alive) -> None:
        super().__init__(manager, of, ir.ArrayType(_BITS, of.parts))  # type: ignore[no-untyped-call]


def instruction(build: Callable[..., Typed | None]) -> Any:
    """A function that kernels call and that compiles to what ``build`` says."""
    return intrinsic(build)


@instruction
def every_leaf(_typing: Any, parts: Any) -> Typed | None:
    """Every leaf of every candidate of so many ``parts``, a number that is known when the kernel is compiled."""
    if not isinstance(parts, types.IntegerLiteral):
        return None
    alive = Alive(parts.literal_value)

    def build(_context: Any, _builder: Any, _signature: Any, _args: Any) -> ir.Constant:
        return ir.Constant(ir.ArrayType(_BITS, alive.parts), [_same(_BITS, 2**32 - 1)] * alive.parts)

    return alive(parts), build


@instruction
def strike(_typing: Any, alive: Any, block: Any, row: Any, threshold: Any, kept: Any) -> Typed:
    """What is left ``alive`` when those whose feature is above the ``threshold`` lose the leaves that are not in ``kept``.

    The feature is row ``row`` of ``block``, float32 (n_features, WIDTH × parts). One that is no number is not above.
    """
    del row, threshold, kept

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        before, values, at, limit, left = args
        first = builder.gep(_data(context, builder, signature, 1, values), [builder.mul(at, at.type(WIDTH * alive.parts))])
        limits, lefts = _spread(builder, limit, _FLOATS), _spread(builder, left, _BITS)
        after = before
        for part in range(alive.parts):
            bits = builder.extract_value(before, part)
            above = builder.fcmp_ordered(">", builder.load(_part(builder, first, part, _FLOATS), align=4), limits)
            struck = builder.select(above, builder.and_(bits, lefts), bits)
            after = builder.insert_value(after, struck, part)
        return after

    return alive(alive, block, types.intp, types.float32, types.uint32), build


@instruction
def add_leaves(_typing: Any, alive: Any, leaves: Any, tree: Any, sums: Any) -> Typed:
    """Add to ``sums``, float64 (WIDTH × parts,), what row ``tree`` of ``leaves``, float64 (n_trees, LEAVES), has for the first
    leaf that is ``alive``: at the place that its lone bit times :data:`DE_BRUIJN` says."""
    del tree

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        left, values, at, totals = args
        row = builder.gep(_data(context, builder, signature, 1, values), [builder.mul(at, at.type(LEAVES))])
        start = _spread(builder, builder.ptrtoint(row, _LONG), _PLACES)
        kind = ir.FunctionType(_DOUBLES, [_POINTERS, _INT, _FLAGS, _DOUBLES])
        gather = builder.module.declare_intrinsic(f"llvm.masked.gather.v{WIDTH}f64.v{WIDTH}p0", fnty=kind)
        first = _data(context, builder, signature, 3, totals)
        for part in range(alive.parts):
            bits = builder.extract_value(left, part)
            lowest = builder.and_(bits, builder.neg(bits))
            place = builder.lshr(builder.mul(lowest, _same(_BITS, DE_BRUIJN)), _same(_BITS, SHIFT))
            bytes_in = builder.shl(builder.zext(place, _PLACES), _same(_PLACES, 3))
            where = builder.inttoptr(builder.add(start, bytes_in), _POINTERS)
            given = builder.call(gather, [where, _INT(8), _same(_FLAGS, 1), ir.Constant(_DOUBLES, ir.Undefined)])
            to = _part(builder, first, part, _DOUBLES)
            builder.store(builder.fadd(builder.load(to, align=8), given), to, align=8)
        return context.get_dummy_value()

    return types.void(alive, leaves, types.intp, sums), build


@njit(nogil=True, cache=True)
def room(like, size):  # type: ignore[no-untyped-def]
    """Room for so many numbers of the type of ``like`` from where a cache line begins, so that no register is filled from two.
    Nobody knows what is in it."""
    per_line = _CACHE_LINE // like.itemsize
    whole = np.empty(size + per_line, dtype=like.dtype)
    off = (whole.ctypes.data % _CACHE_LINE) // like.itemsize
    first = (per_line - off) % per_line
    return whole[first : first + size]


def _data(context: Any, builder: Any, signature: Any, at: int, array: Any) -> Any:
    """Where the values of an array that is an argument begin."""
    return context.make_array(signature.args[at])(context, builder, array).data


def _part(builder: Any, first: Any, part: int, kind: ir.VectorType) -> Any:
    """A pointer to the ``part``-th vector from ``first`` on."""
    return builder.bitcast(builder.gep(first, [_LONG(part * WIDTH)]), kind.as_pointer())


def _same(kind: ir.VectorType, value: int) -> ir.Constant:
    return ir.Constant(kind, [value] * WIDTH)


def _spread(builder: Any, value: Any, kind: ir.VectorType) -> Any:
    """A vector with the same value in all places."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, _INT(0))
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), _same(_BITS, 0))
