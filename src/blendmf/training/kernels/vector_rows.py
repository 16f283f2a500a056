"""Rows of a matrix as Numba values in vector registers, with exactly defined rounding.

LLVM vectorises a loop over the factors only if it may reorder sums, and the result of a reordered
sum depends on the processor's vector width. Here the order is fixed instead: every operation works
on a whole row and rounds each element as IEEE 754 requires, and `dot` adds in a documented order.
So results are bit-identical on every processor, and the compiler can use the widest vectors.

A matrix of rows is C-contiguous with `padded_width(d)` columns, the last ones zero, and starts at a
multiple of 64 bytes (`aligned_rows`). In a kernel, `lanes` gives the compiler the width of a row: a
tuple of zeros whose length, which is part of its type, is the width divided by 16.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model
from numpy.typing import DTypeLike, NDArray

LANES = 16
"""Floats in one AVX-512 register; narrower processors use two or four registers."""

ALIGNMENT = 64
"""Bytes of a cache line."""

INT32 = ir.IntType(32)


def padded_width(d: int) -> int:
    """Columns of a matrix of rows that holds d factors: the next multiple of 16."""
    return -(-d // LANES) * LANES


def lanes_of(d: int) -> tuple[int, ...]:
    """The argument `lanes` of a kernel for rows of d factors."""
    return (0,) * (padded_width(d) // LANES)


def aligned_rows(matrix: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Aligned copy of a matrix of shape (n, d), padded with zeros to (n, padded_width(d))."""
    n, d = matrix.shape
    width, item = padded_width(d), np.dtype(dtype).itemsize
    memory = np.zeros(n * width + ALIGNMENT // item, dtype=dtype)
    first = -memory.ctypes.data % ALIGNMENT // item
    rows = memory[first : first + n * width].reshape(n, width)
    rows[:, :d] = matrix
    return rows


class RowType(types.Type):
    """Numba type of a row: the number of its vectors, and the type and number of their elements."""

    def __init__(self, n_vectors: int, dtype: types.Float, n_lanes: int = LANES) -> None:
        self.n_vectors, self.dtype, self.n_lanes = n_vectors, dtype, n_lanes
        super().__init__(name=f"Row({n_vectors}, {dtype}, {n_lanes})")


@register_model(RowType)
class RowModel(models.PrimitiveModel):
    """Represents a row as an array of LLVM vectors."""

    def __init__(self, manager: Any, row: RowType) -> None:
        element = manager.lookup(row.dtype).get_value_type()
        vector = ir.VectorType(element, row.n_lanes)
        super().__init__(manager, row, ir.ArrayType(vector, row.n_vectors))


@intrinsic
def load_row(typing, rows, index, lanes):
    """Row `index` of a matrix of rows."""
    row = RowType(len(lanes), rows.dtype)

    def generate(context, builder, signature, arguments):
        pointers = _pointers(context, builder, signature, arguments, row.n_vectors)
        return row_of(builder, [builder.load(pointer, align=ALIGNMENT) for pointer in pointers])

    return row(rows, index, lanes), generate


@intrinsic
def store_row(typing, rows, index, row):
    """Overwrite row `index` of a matrix of rows."""

    def generate(context, builder, signature, arguments):
        pointers = _pointers(context, builder, signature, arguments, row.n_vectors)
        for vector, pointer in zip(vectors_of(builder, arguments[2]), pointers, strict=True):
            builder.store(vector, pointer, align=ALIGNMENT)
        return context.get_dummy_value()

    return types.void(rows, index, row), generate


@intrinsic
def prefetch_row(typing, rows, index, lanes):
    """Fetch row `index` into the L1 cache, for reading and writing."""

    def generate(context, builder, signature, arguments):
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, INT32, INT32, INT32])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        to_write, nearest, data = (ir.Constant(INT32, number) for number in (1, 3, 1))
        for pointer in _pointers(context, builder, signature, arguments, len(lanes)):
            builder.call(prefetch, [builder.bitcast(pointer, byte), to_write, nearest, data])
        return context.get_dummy_value()

    return types.void(rows, index, lanes), generate


@intrinsic
def scaled(typing, factor, row):
    """``factor * row``."""

    def generate(context, builder, signature, arguments):
        factors = splat(builder, arguments[0], LANES)
        return row_of(
            builder, [builder.fmul(factors, v) for v in vectors_of(builder, arguments[1])]
        )

    return row(row.dtype, row), generate


@intrinsic
def fused(typing, factor, x, y):
    """``factor * x + y``, rounded once; for a number and two rows, or for three numbers."""

    def generate(context, builder, signature, arguments):
        if not isinstance(x, RowType):
            return multiply_add(builder, *arguments)
        factors = splat(builder, arguments[0], LANES)
        of_x, of_y = (vectors_of(builder, row) for row in arguments[1:])
        pairs = zip(of_x, of_y, strict=True)
        return row_of(builder, [multiply_add(builder, factors, a, b) for a, b in pairs])

    factor_type = x.dtype if isinstance(x, RowType) else x
    return x(factor_type, x, x), generate


@intrinsic
def dot(typing, a, b):
    """Inner product of two rows, in a fixed order.

    Lane k of 16 sums the products of the elements k, k + 16, k + 32, ... by one fused operation
    each; then the upper half of the lanes is added to the lower half until one is left.
    """

    def generate(context, builder, signature, arguments):
        (x, y), *others = zip(*(vectors_of(builder, row) for row in arguments), strict=True)
        lanes = builder.fmul(x, y)
        for x, y in others:
            lanes = multiply_add(builder, x, y, lanes)
        half = LANES // 2
        while half:
            lower, upper = (_part(builder, lanes, first, half) for first in (0, half))
            lanes = builder.fadd(lower, upper)
            half //= 2
        return builder.extract_element(lanes, ir.Constant(INT32, 0))

    return a.dtype(a, b), generate


def _pointers(
    context: Any, builder: Any, signature: Any, arguments: Any, n_vectors: int
) -> list[Any]:
    """Addresses of the vectors of the row given by the first two arguments, matrix and index."""
    rows = context.make_array(signature.args[0])(context, builder, arguments[0])
    index = context.cast(builder, arguments[1], signature.args[1], types.uintp)
    first = builder.mul(index, ir.Constant(index.type, n_vectors))
    vector = ir.VectorType(rows.data.type.pointee, LANES).as_pointer()
    row = builder.gep(builder.bitcast(rows.data, vector), [first])
    return [builder.gep(row, [ir.Constant(index.type, n)]) for n in range(n_vectors)]


def vectors_of(builder: Any, row: Any) -> list[Any]:
    """The vectors of a row."""
    return [builder.extract_value(row, n) for n in range(row.type.count)]


def row_of(builder: Any, vectors: list[Any]) -> Any:
    """The row of the given vectors."""
    row = ir.Constant(ir.ArrayType(vectors[0].type, len(vectors)), ir.Undefined)
    for n, vector in enumerate(vectors):
        row = builder.insert_value(row, vector, n)
    return row


def splat(builder: Any, scalar: Any, n_lanes: int) -> Any:
    """Vector with all elements equal to the scalar."""
    undefined = ir.Constant(ir.VectorType(scalar.type, n_lanes), ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
    return builder.shuffle_vector(first, undefined, _positions([0] * n_lanes))


def _part(builder: Any, vector: Any, first: int, count: int) -> Any:
    """Elements first to first + count - 1 of a vector."""
    undefined = ir.Constant(vector.type, ir.Undefined)
    return builder.shuffle_vector(vector, undefined, _positions(range(first, first + count)))


def _positions(numbers: Sequence[int]) -> ir.Constant:
    return ir.Constant(ir.VectorType(INT32, len(numbers)), list(numbers))


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` rounded once, of scalars or vectors."""
    kind = a.type
    is_vector = isinstance(kind, ir.VectorType)
    name = "f32" if (kind.element if is_vector else kind) == ir.FloatType() else "f64"
    if is_vector:
        name = f"v{kind.count}{name}"
    function = ir.FunctionType(kind, [kind] * 3)
    fma = cgutils.get_or_insert_function(builder.module, function, f"llvm.fma.{name}")
    return builder.call(fma, [a, b, c])
