"""What the data is: the canonical tables, and the observed ratings as arrays of positions.

Every reader ends in these tables and every later step starts from them, so a new source of
data needs a reader and nothing else.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.files import PathLike, replacing

RATINGS_COLUMNS = ["user_id", "item_id", "rating", "timestamp"]
"""``rating`` is float32, ``timestamp`` int64 seconds since 1970; ids are int64 or string."""

ITEMS_COLUMNS = ["item_id", "title", "year", "genres"]
"""``year`` is a nullable integer, ``genres`` a list of strings, empty where none is known."""

TAGS_COLUMNS = ["user_id", "item_id", "tag", "timestamp"]
"""``tag`` is free text as its author wrote it."""


def write_table(path: PathLike, table: pd.DataFrame) -> None:
    """Write a table as Parquet, without its index and with the same bytes for the same rows."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    with replacing(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd")


def read_table(path: PathLike, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a Parquet table, whole or only `columns`."""
    return pq.read_table(path, columns=columns).to_pandas()


@dataclass(frozen=True)
class Observations:
    """Observed ratings of one part, as positions in the users' and the items' index.

    Attributes
    ----------
    users, items : ndarray of int32, of shape (n,)
        Row and column of each rating.
    ratings : ndarray of float32, of shape (n,)
    shape : (n_users, n_items)
        Size of the whole matrix, the same for every part.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    ratings: NDArray[np.float32]
    shape: tuple[int, int]

    @classmethod
    def from_matrix(cls, matrix: sp.csr_array) -> "Observations":
        """Observations of a CSR matrix, row by row; an explicit zero is a rating of zero."""
        users = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        return cls(
            users,
            matrix.indices.astype(np.int32, copy=False),
            matrix.data.astype(np.float32, copy=False),
            (int(matrix.shape[0]), int(matrix.shape[1])),
        )

    def to_matrix(self) -> sp.csr_array:
        """CSR matrix of shape (n_users, n_items)."""
        return sp.csr_array((self.ratings, (self.users, self.items)), shape=self.shape)

    def __len__(self) -> int:
        return len(self.ratings)
