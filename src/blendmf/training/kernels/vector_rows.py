"""Rows of a matrix as values that Numba holds in vector registers, with exactly defined rounding.

LLVM leaves a loop over the factors in scalar order unless it may reorder sums, and a reordered sum
hangs on the processor's vector width. Here the order is written down instead: every operation is
on a whole row, rounds element by element as IEEE 754 says, and `dot` adds in a stated order. So the
result is the same to the last bit on every processor, and the compiler can use the widest vectors
that it finds.

A matrix of rows is C-contiguous with `padded_width(d)` columns, the last ones zero, and starts at a
multiple of 64 bytes (`aligned_rows`). In a kernel, `lanes` tells the compiler how wide a row is: a
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
"""Floats that one AVX-512 register holds; narrower processors take two or four for it."""

ALIGNMENT = 64
"""Bytes of a cache line."""

INT32 = ir.IntType(32)


def padded_width(d: int) -> int:
    """Columns of a matrix of rows that holds d factors: the next multiple of 16."""
    return -(-d // LANES) * LANES


def lanes_of(d: int) -> tuple[int, ...]:
    """What a kernel takes as `lanes` for rows of d factors."""
    return (0,) * (padded_width(d) // LANES)


def aligned_rows(matrix: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Copy of a matrix of shape (n, d) as rows of shape (n, padded_width(d)), zeros behind d."""
    n, d = matrix.shape
    width, item = padded_width(d), np.dtype(dtype).itemsize
    memory = np.zeros(n * width + ALIGNMENT // item, dtype=dtype)
    first = -memory.ctypes.data % ALIGNMENT // item
    rows = memory[first : first + n * width].reshape(n, width)
    rows[:, :d] = matrix
    return rows


class RowType(types.Type):
    """Numba's type of a row: how many vectors of 16 it is, and of which elements."""

    def __init__(self, n_vectors: int, dtype: types.Float) -> None:
        self.n_vectors = n_vectors
        self.dtype = dtype
        super().__init__(name=f"Row({n_vectors}, {dtype})")


@register_model(RowType)
class RowModel(models.PrimitiveModel):
    """A row is an array of LLVM vectors, each as wide as the widest register there is."""

    def __init__(self, manager: Any, row: RowType) -> None:
        element = manager.lookup(row.dtype).get_value_type()
        super().__init__(manager, row, ir.ArrayType(ir.VectorType(element, LANES), row.n_vectors))


@intrinsic
def load_row(typing, rows, index, lanes):
    """Row `index` of a matrix of rows."""
    row = RowType(len(lanes), rows.dtype)

    def generate(context, builder, signature, arguments):
        pointers = _pointers(context, builder, signature, arguments, row.n_vectors)
        return _row(builder, [builder.load(pointer, align=ALIGNMENT) for pointer in pointers])

    return row(rows, index, lanes), generate


@intrinsic
def store_row(typing, rows, index, row):
    """Overwrite row `index` of a matrix of rows."""

    def generate(context, builder, signature, arguments):
        pointers = _pointers(context, builder, signature, arguments, row.n_vectors)
        for vector, pointer in zip(_vectors(builder, arguments[2]), pointers, strict=True):
            builder.store(vector, pointer, align=ALIGNMENT)
        return context.get_dummy_value()

    return types.void(rows, index, row), generate


@intrinsic
def prefetch_row(typing, rows, index, lanes):
    """Have row `index` brought into the nearest cache, to be read and written soon."""

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
        factors = _splat(builder, arguments[0])
        return _row(builder, [builder.fmul(factors, v) for v in _vectors(builder, arguments[1])])

    return row(row.dtype, row), generate


@intrinsic
def fused(typing, factor, x, y):
    """``factor * x + y``, rounded once; of a number and two rows, or of three numbers."""

    def generate(context, builder, signature, arguments):
        if not isinstance(x, RowType):
            return _multiply_add(builder, *arguments)
        factors = _splat(builder, arguments[0])
        of_x, of_y = (_vectors(builder, row) for row in arguments[1:])
        pairs = zip(of_x, of_y, strict=True)
        return _row(builder, [_multiply_add(builder, factors, a, b) for a, b in pairs])

    factor_type = x.dtype if isinstance(x, RowType) else x
    return x(factor_type, x, x), generate


@intrinsic
def dot(typing, a, b):
    """Inner product of two rows, in a stated order.

    Lane k of 16 sums the products of the elements k, k + 16, k + 32, ... by one fused operation
    each; then the upper half of the lanes is added to the lower half until one is left.
    """

    def generate(context, builder, signature, arguments):
        (x, y), *others = zip(*(_vectors(builder, row) for row in arguments), strict=True)
        lanes = builder.fmul(x, y)
        for x, y in others:
            lanes = _multiply_add(builder, x, y, lanes)
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
    """Addresses of the vectors of the row that the first two arguments, matrix and index, name."""
    rows = context.make_array(signature.args[0])(context, builder, arguments[0])
    index = context.cast(builder, arguments[1], signature.args[1], types.uintp)
    first = builder.mul(index, ir.Constant(index.type, n_vectors))
    vector = ir.VectorType(rows.data.type.pointee, LANES).as_pointer()
    row = builder.gep(builder.bitcast(rows.data, vector), [first])
    return [builder.gep(row, [ir.Constant(index.type, n)]) for n in range(n_vectors)]


def _vectors(builder: Any, row: Any) -> list[Any]:
    """The vectors that a row is made of."""
    return [builder.extract_value(row, n) for n in range(row.type.count)]


def _row(builder: Any, vectors: list[Any]) -> Any:
    """A row made of vectors."""
    row = ir.Constant(ir.ArrayType(vectors[0].type, len(vectors)), ir.Undefined)
    for n, vector in enumerate(vectors):
        row = builder.insert_value(row, vector, n)
    return row


def _splat(builder: Any, scalar: Any) -> Any:
    """Vector whose elements all are the scalar."""
    undefined = ir.Constant(ir.VectorType(scalar.type, LANES), ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
    return builder.shuffle_vector(first, undefined, _positions([0] * LANES))


def _part(builder: Any, vector: Any, first: int, count: int) -> Any:
    """Elements first to first + count - 1 of a vector."""
    undefined = ir.Constant(vector.type, ir.Undefined)
    return builder.shuffle_vector(vector, undefined, _positions(range(first, first + count)))


def _positions(numbers: Sequence[int]) -> ir.Constant:
    return ir.Constant(ir.VectorType(INT32, len(numbers)), list(numbers))


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` rounded once, of scalars or vectors."""
    kind = a.type
    is_vector = isinstance(kind, ir.VectorType)
    name = "f32" if (kind.element if is_vector else kind) == ir.FloatType() else "f64"
    if is_vector:
        name = f"v{kind.count}{name}"
    function = ir.FunctionType(kind, [kind] * 3)
    fma = cgutils.get_or_insert_function(builder.module, function, f"llvm.fma.{name}")
    return builder.call(fma, [a, b, c])
