"""Files of models: the arrays that each kind stores, checked when they are read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from blendmf.common.files import PathLike, read_arrays, reading, write_arrays

Arrays = dict[str, np.ndarray]

NAMES = "arrays"
"""Array with the names of all arrays of the model, so that a lost one is noticed."""

ENTRIES = "entries"
"""Length of an array whose length nothing else determines."""


class Stored(NamedTuple):
    """What an array of a model's file must be.

    Attributes
    ----------
    shape : str
        Sizes, such as ``"m, 1 + d"``; empty for a single number. A letter is the same size
        everywhere in the file.
    type : str
        Part of NumPy's name of the type; ``"text"`` for text.
    sizes : str
        Sizes that the array's values are, such as ``"m, n"``.
    optional : bool
        Whether a model may lack it.
    finite : bool
    least : float
        Smallest possible value.
    """

    shape: str
    type: str
    sizes: str = ""
    optional: bool = False
    finite: bool = True
    least: float = -np.inf


Layout = Mapping[str, Stored]
"""The arrays of a kind of model by name; those with `sizes` first."""

KIND: Layout = {"kind": Stored("", "text")}

COMMON: Layout = {
    **KIND,
    "shape": Stored("2", "int64", sizes="m, n"),
    "rating_range": Stored("2", "float64"),
}
"""Arrays of most kinds; m is the number of users, n of items."""


def sparse(name: str, rows: str, columns: str, *, optional: bool = False) -> Layout:
    """The arrays of a CSR matrix, of which an optional one stores its shape."""
    layout = {
        f"{name}.data": Stored(ENTRIES, "float32", optional=optional),
        f"{name}.indices": Stored(ENTRIES, "int", optional=optional, least=0),
        f"{name}.indptr": Stored(f"{rows} + 1", "int", optional=optional, least=0),
    }
    shape = {f"{name}.shape": Stored("2", "int64", sizes=f"{rows}, {columns}", optional=True)}
    return (shape if optional else {}) | layout


def sparse_arrays(name: str, matrix: sp.csr_array) -> Arrays:
    """The arrays of a CSR matrix without its shape."""
    return {f"{name}.{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}


def sparse_of(arrays: Arrays, name: str, shape: tuple[int, int]) -> sp.csr_array:
    """The CSR matrix of some arrays; raises a ValueError unless they are one."""
    parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    matrix = sp.csr_array(parts, shape=shape)
    # An index outside of the matrix would end the process.
    matrix.check_format(full_check=True)
    return matrix


def write_model(path: PathLike, layout: Layout, values: Mapping[str, Any]) -> None:
    """Write a model's arrays and numbers, with their names."""
    arrays = {
        name: np.asarray(value, np.float64 if layout[name].type == "float64" else None)
        for name, value in values.items()
    }
    write_arrays(path, {**arrays, NAMES: np.array([*arrays, NAMES])})


@contextmanager
def model_arrays(path: PathLike, layout: Layout) -> Iterator[Arrays]:
    """Arrays of a model's file, which are those of the layout.

    Arrays that were added to the file later are left out.

    Raises
    ------
    UserError
        If an array is missing, unknown, or not what the layout says, or if the block raises any
        other exception.
    """
    with reading(path):
        arrays = read_arrays(path)
        if NAMES not in arrays:
            raise ValueError(f"not a complete model: it has no array {NAMES}")
        names = [name for name in map(str, arrays[NAMES].ravel()) if name != NAMES]
        needed = {name for name, stored in layout.items() if not stored.optional}
        if missing := sorted((needed | {*names}) - arrays.keys() | needed - {*names}):
            raise ValueError(f"not a complete model: it has no array {', '.join(missing)}")
        if unknown := sorted({*names} - layout.keys()):
            raise ValueError(f"unknown arrays: {', '.join(unknown)}")
        _check({name: arrays[name] for name in layout if name in names}, layout)
        yield {name: arrays[name] for name in names}


def _check(arrays: Arrays, layout: Layout) -> None:
    known: dict[str, int] = {}
    for name, array in arrays.items():
        stored = layout[name]
        kind = "text" if array.dtype.kind == "U" else array.dtype.name
        if stored.type not in kind:
            raise ValueError(f"{name} is {kind}, not {stored.type}")
        if not _fits(array.shape, stored.shape, known):
            raise ValueError(f"{name} has the shape {array.shape}, not ({_shown(stored, known)})")
        if stored.sizes and not _fits(array.ravel().tolist(), stored.sizes, known):
            raise ValueError(f"{name} is {array.tolist()}, which does not fit the other arrays")
        if kind == "text" or not array.size:
            continue
        smallest, largest = array.min(), array.max()  # both are NaN if any value is
        if np.isnan(smallest) or (stored.finite and not np.isfinite([smallest, largest]).all()):
            raise ValueError(f"{name} has values that are no finite numbers")
        if smallest < stored.least:
            raise ValueError(f"{name} has the value {smallest:g}, below {stored.least:g}")
    low, high = arrays.get("rating_range", (0.0, 1.0))
    if not low < high:
        raise ValueError(f"rating_range is {low} to {high}")


def _fits(found: tuple[int, ...] | list[int], shape: str, known: dict[str, int]) -> bool:
    """Whether sizes are those of a shape; letters that are not known yet get their size."""
    wanted = [size.strip() for size in shape.split(",") if size]
    if len(found) != len(wanted):
        return False
    for size, text in zip(found, wanted, strict=True):
        terms = text.split(" + ")
        numbers = sum(int(term) for term in terms if term.isdecimal())
        letters = [term for term in terms if not term.isdecimal() and term != ENTRIES]
        expected = [known.setdefault(letter, size - numbers) for letter in letters]
        if size < numbers or (text != ENTRIES and numbers + sum(expected) != size):
            return False
    return True


def _shown(stored: Stored, known: Mapping[str, int]) -> str:
    """A shape with its known letters."""
    letters = [f"{name} = {size}" for name, size in known.items() if name in stored.shape]
    return stored.shape + (f" with {', '.join(letters)}" if letters else "")
