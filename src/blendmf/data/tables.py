"""What the data is: the canonical tables.

Every reader ends in these tables and every later step starts from them, so a new source of
data needs a reader and nothing else.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

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
