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
from blendmf.ingest.catalogue import COUNTS
from blendmf.ingest.complete_descriptions import complete_items, complete_users
from blendmf.ingest.ids import with_unified_ids
from blendmf.ingest.raw_tables import Finding, RawTable
from blendmf.ingest.readers import read_raw
from blendmf.ingest.validation import (
    clean_tags,
    drop_unrated,
    keep_core,
    resolve_duplicates,
)

DISTINCT_RATINGS_LISTED = 100

RELEVANT_FROM = 5 / 8
"""Share of the rating range from which on ratings are relevant: 3.5 of 1 to 5 stars."""

LARGEST_CHANGE = 1e-3
"""Share of the rating range by which storing in single precision may change a rating."""

MIN_RELEVANT = 0.1
"""Smallest share of the ratings on either side of a threshold that can tell models apart."""


@dataclass(frozen=True)
class ImportedTables:
    """The canonical tables and the content of `source.json`.

    The tables have the columns of `blendmf.data.tables` and the source's order; items that are
    rated but not described come last. `source` is everything in ``origin.json``, ``rating_range``,
    ``counts``, ``ratings`` (mean, standard deviation, lowest, median and largest value, and
    ascending [value, count] pairs, of a histogram if there are many values),
    ``relevance_threshold``, ``timestamps`` (first and last, seconds since 1970), ``dropped`` and
    ``notes`` (each a list of ``file``, ``count`` and ``what``), and ``doubts``, sentences on why
    results may be wrong. With several files of ratings, their column ``file`` has the number of
    the file, from 0, and ``ratings_files`` their names.
    """

    ratings: pd.DataFrame
    items: pd.DataFrame
    tags: pd.DataFrame
    users: pd.DataFrame
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
    read = read_raw(raw, dataset, origin["format"])
    raw_ratings, unrated = drop_unrated(read.ratings, dataset.unrated)
    tables, decimals = with_unified_ids(replace(read, ratings=raw_ratings))
    raw_ratings, raw_items = tables["ratings"], tables.get("items")
    if raw_ratings.rows.empty:
        cause = "no ratings below the header. Give a file with some."
        if unrated:
            cause = f"every rating is one of dataset.unrated ({dataset.unrated}). Correct the list."
        raise UserError(f"{raw_ratings.file}: {cause}")
    require_range(raw_ratings, (low, high))
    ratings, repeated = resolve_duplicates(raw_ratings, dataset.duplicates)
    least = (dataset.min_user_ratings, dataset.min_item_ratings)
    ratings, outside_core = keep_core(ratings, raw_ratings.file, *least)
    stored = ratings["rating"].to_numpy().astype(np.float32, copy=False)
    refuse_equal_ratings(stored, raw_ratings.file)
    changed = _changed(ratings["rating"].to_numpy(), stored, LARGEST_CHANGE * (high - low))
    what = "ratings that single precision changes by over a thousandth of the rating range"
    rounded = [Finding(raw_ratings.file, changed, what, doubtful=True)] if changed else []
    items, undescribed = complete_items(raw_items, ratings)
    tags, untagged = clean_tags(tables.get("tags"), ratings, items)
    users, undescribed_users = complete_users(tables.get("users"), ratings)
    of_files = ["file"] if "file" in ratings else []
    ratings = ratings[RATINGS_COLUMNS + of_files].astype({"rating": np.float32})
    findings = [finding for table in tables.values() for finding in table.findings]
    findings += [
        *rounded,
        *unrated,
        *decimals,
        *repeated,
        *outside_core,
        *undescribed,
        *untagged,
        *undescribed_users,
    ]
    listed = [({"file": f.file, "count": f.count, "what": f.what}, f.dropped) for f in findings]
    other = _other_edition(origin, dataset, ratings)
    n_described = 0 if raw_items is None else raw_items.rows["item_id"].nunique()
    source = {
        **origin,
        **(dict.fromkeys(("licence", "citation"), f"Unknown: {other}.") if other else {}),
        "rating_range": [low, high],
        **_facts(ratings, tags, {"items": n_described, "users": len(users)}),
        "ratings_files": [] if dataset.csv is None else dataset.csv.ratings.files,
        "relevance_threshold": relevance_threshold(ratings["rating"].to_numpy(), (low, high)),
        "dropped": [finding for finding, dropped in listed if dropped],
        "notes": [finding for finding, dropped in listed if not dropped],
        "doubts": [
            *([f"The data are {other}"] if other else []),
            *(f"{f.file}: {f.count:,} {f.what}" for f in findings if f.doubtful),
        ],
    }
    return ImportedTables(ratings, items, tags, users, source)


def _changed(exact: NDArray[np.floating], stored: NDArray[np.float32], largest: float) -> int:
    """Number of ratings that storing them has changed by more than `largest`."""
    if exact.dtype == stored.dtype:
        return 0
    change = stored.astype(np.float64)
    change -= exact
    return int(np.count_nonzero(np.abs(change, out=change) > largest))


def require_range(ratings: RawTable, rating_range: tuple[float, float]) -> None:
    """Refuse ratings outside the range."""
    low, high = rating_range
    ratings.require(
        ratings.rows["rating"].between(low, high).to_numpy(),
        f"rating(s) outside {low:g} to {high:g}",
        "Correct them, or set dataset.rating_range to the range of the ratings; if the value marks "
        "an item as not rated, list it in dataset.unrated.",
    )


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


def refuse_equal_ratings(values: NDArray[np.floating], file: str) -> None:
    """Refuse ratings that are all equal."""
    if len(values) > 1 and (values == values[0]).all():
        raise UserError(
            f"{file}: all {len(values)} ratings are {values[0]:g}, so that there is nothing to "
            "predict. Such data say who used what, not how much it was liked: they need a model of "
            "implicit feedback, such as implicit's ALS or BPR, which blendmf does not have."
        )


def _other_edition(
    origin: Mapping[str, Any], dataset: DatasetSettings, ratings: pd.DataFrame
) -> str | None:
    """How the data differ from the known edition of a known data set; None if they do not."""
    known = None if dataset.is_own else COUNTS.get(dataset.name)
    if known is not None and known.ratings != len(ratings):
        return (
            f"not the known edition of {dataset.name}: {len(ratings):,} ratings instead of "
            f"{known.ratings:,}"
        )
    if origin.get("checksum_matches") is False:
        return f"not the known edition of {dataset.name}: its checksums differ"
    return None


def _facts(
    ratings: pd.DataFrame, tags: pd.DataFrame, described: Mapping[str, int]
) -> dict[str, Any]:
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
            "items_described": described["items"],
            "users_described": described["users"],
            "ratings": len(ratings),
            "tags": len(tags),
            "density": len(ratings) / (n_users * n_items),
        },
        "ratings": {
            "mean": values.mean(),
            "standard_deviation": values.std(),
            "lowest": values.min(),
            "median": np.median(values),
            "largest": values.max(),
            "distribution": [[float(v), int(n)] for v, n in zip(distinct, counts, strict=True)],
        },
        "timestamps": {"first": seconds.min(), "last": seconds.max()},
    }
