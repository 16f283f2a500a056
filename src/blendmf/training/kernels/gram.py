"""Gram matrices of rows, in tiles that stay in vector registers; called by kernels.

Every element is a sum in the order of the rows, by one fused operation per row, so its bits do not
depend on the processor.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from blendmf.training.kernels.vector_rows import (
    ALIGNMENT,
    RowType,
    multiply_add,
    row_of,
    splat,
    vectors_of,
)

HEIGHT = 4
"""Rows of a tile."""

LANES = 8
"""Columns of a vector; a row of few factors would leave much of a longer one unused."""

TILES = ((0,), (0, 0), (0, 0, 0))
"""Tiles of one to three vectors, as a type: with `HEIGHT` rows they fit 16 registers."""


@njit(error_model="numpy")
def aligned_zeros(n_rows, n_columns, dtype):
    """Zeros that start at a multiple of `ALIGNMENT` bytes."""
    memory = np.zeros(n_rows * n_columns + ALIGNMENT, dtype)
    first = (ALIGNMENT - memory.ctypes.data % ALIGNMENT) % ALIGNMENT // memory.itemsize
    return memory[first : first + n_rows * n_columns].reshape((n_rows, n_columns))


@njit(error_model="numpy")
def empty_gram(width, n_columns):
    """Zeros for the Gram matrix of rows of `width` elements, with whole tiles."""
    return aligned_zeros(-(-width // HEIGHT) * HEIGHT, n_columns, np.float32)


@njit(error_model="numpy")
def add_gram(gram, block, n, width):
    """Add ``block[:n].T @ block[:n]`` to `gram`, at least to its upper triangle.

    Parameters
    ----------
    gram : ndarray of float32, of shape (at least `width`, columns)
        Made by `empty_gram`.
    block : ndarray of float32, of shape (at least n, columns)
        Aligned; the columns from `width` on must be finite. `columns` is a multiple of `LANES`.
    """
    end = -(-width // LANES) * LANES
    for row in range(0, width, HEIGHT):
        column = row // LANES * LANES
        while column < end:
            if end - column == LANES:
                _add_tile(gram, block, n, row, column, TILES[0])
            elif end - column == 2 * LANES:
                _add_tile(gram, block, n, row, column, TILES[1])
            else:
                _add_tile(gram, block, n, row, column, TILES[2])
            column += 3 * LANES


@njit(error_model="numpy")
def _add_tile(gram, block, n, row, column, lanes):
    tile = _load_tile(gram, row, column, lanes)
    for k in range(n):
        tile = _add_outer(tile, block, k, row, column, lanes)
    _store_tile(gram, row, column, tile, lanes)


@intrinsic
def _load_tile(typing, matrix, row, column, lanes):
    """Tile of `HEIGHT` rows and ``len(lanes)`` vectors."""
    tile = RowType(HEIGHT * len(lanes), matrix.dtype, LANES)

    def generate(context, builder, signature, arguments):
        places = _tile_places(context, builder, signature, arguments, len(lanes))
        return row_of(builder, [builder.load(place, align=4 * LANES) for place in places])

    return tile(matrix, row, column, lanes), generate


@intrinsic
def _store_tile(typing, matrix, row, column, tile, lanes):
    """Overwrite a tile."""

    def generate(context, builder, signature, arguments):
        places = _tile_places(context, builder, signature, arguments, len(lanes))
        for vector, place in zip(vectors_of(builder, arguments[3]), places, strict=True):
            builder.store(vector, place, align=4 * LANES)
        return context.get_dummy_value()

    return types.void(matrix, row, column, tile, lanes), generate


@intrinsic
def _add_outer(typing, tile, block, k, row, column, lanes):
    """The tile plus ``block[k, row + i] * block[k, column + j]`` at (i, j)."""

    def generate(context, builder, signature, arguments):
        given, _, _, row_index, column_index, _ = arguments
        start = [arguments[1], arguments[2]], [signature.args[1], signature.args[2]]
        left = _place(context, builder, *start, row_index, signature.args[3])
        right = _place(context, builder, *start, column_index, signature.args[4])
        rows = [
            builder.load(_vector_place(builder, right, number), align=4 * LANES)
            for number in range(len(lanes))
        ]
        sums = iter(vectors_of(builder, given))
        added = []
        for number in range(HEIGHT):
            factor = builder.load(builder.gep(left, [ir.Constant(ir.IntType(64), number)]))
            factors = splat(builder, factor, LANES)
            added += [multiply_add(builder, factors, vector, next(sums)) for vector in rows]
        return row_of(builder, added)

    return tile(tile, block, k, row, column, lanes), generate


def _tile_places(
    context: Any, builder: Any, signature: Any, arguments: Any, n_vectors: int
) -> list[Any]:
    """Addresses of the vectors of the tile at (row, column), the arguments after the matrix."""
    places = []
    for number in range(HEIGHT):
        row = builder.add(arguments[1], ir.Constant(arguments[1].type, number))
        start = [arguments[0], row], signature.args[:2]
        place = _place(context, builder, *start, arguments[2], signature.args[2])
        places += [_vector_place(builder, place, n) for n in range(n_vectors)]
    return places


def _place(
    context: Any, builder: Any, start: Any, kinds: Any, column: Any, column_type: Any
) -> Any:
    """Address of the element (row, column) of a C-contiguous matrix."""
    matrix = context.make_array(kinds[0])(context, builder, start[0])
    row, column = (
        context.cast(builder, value, kind, types.intp)
        for value, kind in ((start[1], kinds[1]), (column, column_type))
    )
    columns = cgutils.unpack_tuple(builder, matrix.shape)[1]
    return builder.gep(matrix.data, [builder.add(builder.mul(row, columns), column)])


def _vector_place(builder: Any, place: Any, number: int) -> Any:
    vector = ir.VectorType(place.type.pointee, LANES).as_pointer()
    return builder.gep(builder.bitcast(place, vector), [ir.Constant(ir.IntType(64), number)])
