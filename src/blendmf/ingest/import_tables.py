"""From raw files to the canonical tables: read, validated, counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from blendmf.common.errors import UserError
from blendmf.common.files import read_json
from blendmf.config.dataset import DatasetSettings
from blendmf.data.tables import RATINGS_COLUMNS
from blendmf.ingest.raw_tables import Finding, RawTable, RawTables
from blendmf.ingest.readers import read_raw
from blendmf.ingest.validation import (
    check_range,
    clean_tags,
    complete_items,
    resolve_duplicates,
    unify_ids,
)

DISTINCT_RATINGS_LISTED = 100


@dataclass(frozen=True)
class ImportedTables:
    """The canonical tables and what `source.json` says of them.

    Attributes
    ----------
    ratings, items, tags : DataFrame
        As `blendmf.data.tables` describes them, in the source's order; items that are rated but
        not described come last.
    source : dict
        Everything in ``origin.json``, and ``rating_range`` ([low, high]), ``counts``,
        ``ratings`` (mean, standard deviation, and [value, count] pairs in ascending order),
        ``timestamps`` (first and last, seconds since 1970), ``dropped`` and ``notes`` (each a
        list of ``file``, ``count`` and ``what``).
    """

    ratings: pd.DataFrame
    items: pd.DataFrame
    tags: pd.DataFrame
    source: dict[str, Any]


def import_tables(raw: Path, dataset: DatasetSettings) -> ImportedTables:
    """Read a folder of raw files into validated canonical tables.

    Parameters
    ----------
    raw : Path
        Folder of the raw files and of ``origin.json``, which says how to read them.
    dataset : DatasetSettings

    Raises
    ------
    UserError
        If the data cannot be used as it is; the message names the file, the lines and a remedy.
    """
    origin = read_json(raw / "origin.json")
    rating_range = _rating_range(dataset, origin)
    tables = _with_unified_ids(read_raw(raw, dataset, origin["format"]))
    if tables.ratings.rows.empty:
        raise UserError(
            f"{tables.ratings.file}: no ratings below the header. Give a file with some."
        )
    check_range(tables.ratings, rating_range)
    ratings, repeated = resolve_duplicates(tables.ratings, dataset.duplicates)
    items, undescribed = complete_items(tables.items, ratings)
    tags, untagged = clean_tags(tables.tags, ratings, items)
    ratings = ratings[RATINGS_COLUMNS].astype({"rating": np.float32})
    read = [t for t in (tables.ratings, tables.items, tables.tags) if t is not None]
    findings = [finding for table in read for finding in table.findings]
    findings += [*repeated, *undescribed, *untagged]
    n_described = 0 if tables.items is None else tables.items.rows["item_id"].nunique()
    source = {
        **origin,
        "rating_range": list(rating_range),
        **_facts(ratings, tags, n_described),
        "dropped": _told(findings, dropped=True),
        "notes": _told(findings, dropped=False),
    }
    return ImportedTables(ratings, items, tags, source)


def _rating_range(dataset: DatasetSettings, origin: Mapping[str, Any]) -> tuple[float, float]:
    given = dataset.rating_range or origin.get("rating_range")
    if given is None:
        raise UserError(
            "dataset.rating_range: missing; state the lowest and highest possible rating of your "
            "data, such as [1, 5]"
        )
    low, high = (float(bound) for bound in given)
    if not low < high:
        raise UserError(
            f"dataset.rating_range: [{low:g}, {high:g}] is empty; the lowest comes first"
        )
    return low, high


def _with_unified_ids(tables: RawTables) -> RawTables:
    """Make every id column int64 or str, alike in all tables."""
    names = ("ratings", "items", "tags")
    given: dict[str, RawTable] = {
        name: table for name in names if (table := getattr(tables, name)) is not None
    }
    rows = {name: table.rows for name, table in given.items()}
    for column in ("user_id", "item_id"):
        holders = [name for name in rows if column in rows[name]]
        unified = unify_ids(*(rows[name][column] for name in holders))
        for name, ids in zip(holders, unified, strict=True):
            rows[name] = rows[name].assign(**{column: ids})
    return RawTables(**{name: replace(given[name], rows=rows[name]) for name in given})


def _facts(ratings: pd.DataFrame, tags: pd.DataFrame, n_described: int) -> dict[str, Any]:
    n_users, n_items = ratings["user_id"].nunique(), ratings["item_id"].nunique()
    values = ratings["rating"].to_numpy(dtype=np.float64)
    return {
        "counts": {
            "users": n_users,
            "items_rated": n_items,
            "items_described": n_described,
            "ratings": len(ratings),
            "tags": len(tags),
            "density": len(ratings) / (n_users * n_items),
        },
        "ratings": {
            "mean": values.mean(),
            "standard_deviation": values.std(),
            "distribution": _distribution(values),
        },
        "timestamps": {
            "first": ratings["timestamp"].min(),
            "last": ratings["timestamp"].max(),
        },
    }


def _distribution(values: np.ndarray) -> list[list[float]]:
    """How often each value occurs; of very many values, how many lie around equidistant ones."""
    by_value = pd.Series(values).value_counts().sort_index()
    distinct, counts = by_value.index.to_numpy(), by_value.to_numpy()
    if len(distinct) > DISTINCT_RATINGS_LISTED:
        counts, edges = np.histogram(values, bins=DISTINCT_RATINGS_LISTED)
        distinct = (edges[1:] + edges[:-1]) / 2
    return [[float(value), int(count)] for value, count in zip(distinct, counts, strict=True)]


def _told(findings: list[Finding], *, dropped: bool) -> list[dict[str, Any]]:
    return [
        {"file": f.file, "count": f.count, "what": f.what} for f in findings if f.dropped is dropped
    ]
