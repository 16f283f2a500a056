"""The canonical tables (ratings, items, tags), and functions that read and write Parquet files.

Every reader produces these tables and every later step uses them, so a new data source needs only a
new reader.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import ArrayLike

from blendmf.common.files import PathLike, reading, replacing

RATINGS_COLUMNS = ["user_id", "item_id", "rating", "timestamp"]
"""``rating`` is float32, ``timestamp`` int64 seconds since 1970; ids are int64 or string."""

ITEMS_COLUMNS = ["item_id", "title", "year", "genres"]
"""``year`` is a nullable integer, ``genres`` a list of strings, possibly empty."""

TAGS_COLUMNS = ["user_id", "item_id", "tag", "timestamp"]
"""``tag`` is free text."""

ROWS_PER_BLOCK = 2**20
"""Number of rows per block of `read_blocks`."""

ROWS_PER_PAGE = 2**16
"""Number of rows that `read_column` copies at a time."""


def write_table(path: PathLike, table: pd.DataFrame) -> None:
    """Write a table as Parquet without its index; equal tables give identical files."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    with replacing(path) as temporary:
        pq.write_table(arrow, temporary, compression="zstd")


def read_table(
    path: PathLike, columns: list[str] | None = None, *, of_users: ArrayLike | None = None
) -> pd.DataFrame:
    """Read a Parquet table, optionally only some columns and only the rows of some users."""
    with reading(path):
        if of_users is not None:
            kind = pq.read_schema(path).field("user_id").type
            where = pc.field("user_id").isin(pa.array(of_users, type=kind))
            return pq.read_table(path, columns=columns, filters=where).to_pandas()
        names = pq.read_schema(path).names if columns is None else columns
        return pd.DataFrame({name: parquet_column(path, name) for name in names}, copy=False)


def read_column(path: PathLike, name: str) -> pd.Series:
    """Read one column of a Parquet table; a numeric column is never in memory twice."""
    with reading(path):
        return parquet_column(path, name)


def parquet_column(path: PathLike, name: str) -> pd.Series:
    """The same for any Parquet file; whatever is wrong with it is raised as it is."""
    with pq.ParquetFile(path) as file:
        kind = file.schema_arrow.field(name).type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            numbers = np.empty(file.metadata.num_rows, dtype=kind.to_pandas_dtype())
            end = 0
            for block in file.iter_batches(ROWS_PER_PAGE, columns=[name], use_threads=False):
                if block.column(0).null_count and pa.types.is_integer(kind):
                    break  # An integer array cannot hold nulls; read the column as a whole.
                end += len(block)
                numbers[end - len(block) : end] = block.column(0).to_numpy(zero_copy_only=False)
            else:
                return pd.Series(numbers, copy=False)
        return file.read(columns=[name])[name].to_pandas()


def read_blocks(path: PathLike, columns: list[str]) -> Iterator[pd.DataFrame]:
    """Yield some columns of a Parquet table: an empty block first, then blocks of rows."""
    with reading(path), pq.ParquetFile(path) as file:
        yield file.schema_arrow.empty_table().select(columns).to_pandas()
        for block in file.iter_batches(ROWS_PER_BLOCK, columns=columns):
            yield block.to_pandas()
