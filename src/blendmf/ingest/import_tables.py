"""Import: raw files read into validated canonical tables, with a summary."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.files import read_json
from blendmf.config.dataset import DatasetSettings
from blendmf.data.tables import RATINGS_COLUMNS
from blendmf.ingest.raw_tables import RawTable, RawTables
from blendmf.ingest.readers import read_raw
from blendmf.ingest.validation import clean_tags, complete_items, resolve_duplicates, unify_ids

DISTINCT_RATINGS_LISTED = 100

RELEVANT_FROM = 5 / 8
"""Share of the rating range from which on ratings are relevant: 3.5 of 1 to 5 stars."""

MIN_RELEVANT = 0.1
"""Smallest share of the ratings on either side of a threshold that can tell models apart."""


@dataclass(frozen=True)
class ImportedTables:
    """The canonical tables and the content of `source.json`.

    The tables have the columns of `blendmf.data.tables` and the source's order; items that are
    rated but not described come last. `source` is everything in ``origin.json``, ``rating_range``,
    ``counts``, ``ratings`` (mean, standard deviation, ascending [value, count] pairs),
    ``relevance_threshold``,
    ``timestamps`` (first and last, seconds since 1970), ``dropped`` and ``notes`` (each a list of
    ``file``, ``count`` and ``what``).
    """

    ratings: pd.DataFrame
    items: pd.DataFrame
    tags: pd.DataFrame
    source: dict[str, Any]


def import_tables(raw: Path, dataset: DatasetSettings) -> ImportedTables:
    """Read a folder of raw files and its ``origin.json`` into validated canonical tables.

    Raises
    ------
    UserError
        If the data cannot be used; the message names the file, the lines and a remedy.
    """
    origin = read_json(raw / "origin.json")
    low, high = _rating_range(dataset, origin)
    tables = _with_unified_ids(read_raw(raw, dataset, origin["format"]))
    raw_ratings, raw_items = tables["ratings"], tables.get("items")
    if raw_ratings.rows.empty:
        raise UserError(f"{raw_ratings.file}: no ratings below the header. Give a file with some.")
    raw_ratings.require(
        raw_ratings.rows["rating"].between(low, high).to_numpy(),
        f"rating(s) outside {low:g} to {high:g}",
        "Correct them, or set dataset.rating_range to the range of the ratings.",
    )
    ratings, repeated = resolve_duplicates(raw_ratings, dataset.duplicates)
    items, undescribed = complete_items(raw_items, ratings)
    tags, untagged = clean_tags(tables.get("tags"), ratings, items)
    ratings = ratings[RATINGS_COLUMNS].astype({"rating": np.float32})
    findings = [finding for table in tables.values() for finding in table.findings]
    findings += [*repeated, *undescribed, *untagged]
    listed = [({"file": f.file, "count": f.count, "what": f.what}, f.dropped) for f in findings]
    n_described = 0 if raw_items is None else raw_items.rows["item_id"].nunique()
    source = {
        **origin,
        "rating_range": [low, high],
        **_facts(ratings, tags, n_described),
        "relevance_threshold": relevance_threshold(ratings["rating"].to_numpy(), (low, high)),
        "dropped": [finding for finding, dropped in listed if dropped],
        "notes": [finding for finding, dropped in listed if not dropped],
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


def relevance_threshold(ratings: NDArray[np.floating], rating_range: tuple[float, float]) -> float:
    """Rating from which on an item is relevant, unless the configuration states one.

    It lies at `RELEVANT_FROM` of the range. If fewer than `MIN_RELEVANT` of the ratings, or of the
    others, are on one side of that, it lies between the two neighbouring rating values that divide
    the ratings most evenly; the higher pair if two are equally even.

    Parameters
    ----------
    ratings : ndarray of shape (n,)
    rating_range : (float, float)
        Lowest and highest possible rating.
    """
    low, high = rating_range
    threshold = low + RELEVANT_FROM * (high - low)
    values, counts = np.unique(ratings.astype(np.float64), return_counts=True)
    relevant = counts[values >= threshold].sum() / len(ratings)
    if len(values) < 2 or MIN_RELEVANT <= relevant <= 1 - MIN_RELEVANT:
        return float(threshold)
    above = np.cumsum(counts[::-1])[::-1][1:]
    unevenness = np.abs(2 * above - len(ratings))
    cut = np.flatnonzero(unevenness == unevenness.min())[-1]
    return float((values[cut] + values[cut + 1]) / 2)


def _with_unified_ids(read: RawTables) -> dict[str, RawTable]:
    """Give every id column the same type in all tables, int64 or str."""
    given = {"ratings": read.ratings, "items": read.items, "tags": read.tags}
    tables = {name: table for name, table in given.items() if table is not None}
    for column in ("user_id", "item_id"):
        holders = [name for name, table in tables.items() if column in table.rows]
        unified = unify_ids(*(tables[name].rows[column] for name in holders))
        for name, ids in zip(holders, unified, strict=True):
            rows = tables[name].rows.assign(**{column: ids})
            tables[name] = replace(tables[name], rows=rows)
    return tables


def _facts(ratings: pd.DataFrame, tags: pd.DataFrame, n_described: int) -> dict[str, Any]:
    n_users, n_items = ratings["user_id"].nunique(), ratings["item_id"].nunique()
    values = ratings["rating"].to_numpy(dtype=np.float64)
    by_value = pd.Series(values).value_counts().sort_index()
    distinct, counts = by_value.index.to_numpy(), by_value.to_numpy()
    if len(distinct) > DISTINCT_RATINGS_LISTED:
        counts, edges = np.histogram(values, bins=DISTINCT_RATINGS_LISTED)
        distinct = (edges[1:] + edges[:-1]) / 2
    seconds = ratings["timestamp"]
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
            "distribution": [[float(v), int(n)] for v, n in zip(distinct, counts, strict=True)],
        },
        "timestamps": {"first": seconds.min(), "last": seconds.max()},
    }
