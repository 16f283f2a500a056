"""The data set and its division, in a paragraph and a table."""

from collections.abc import Mapping
from typing import Any

from blendmf.report.rst import escaped, list_table, literal


def described(source: Mapping[str, Any], scheme: str, dataset: str) -> str:
    """Counts of the data, how it was split and what was dropped.

    Parameters
    ----------
    source : mapping
        As ``data/source.json`` has it.
    scheme, dataset : str
        Names of the split and of the data set.
    """
    counts, ratings = source["counts"], source["ratings"]
    low, high = source["rating_range"]
    text = (
        f"{literal(dataset)}: {counts['ratings']:,} ratings from {low:g} to {high:g} (mean "
        f"{ratings['mean']:.3f}) by {counts['users']:,} users of {counts['items_rated']:,} items, "
        f"{100 * counts['density']:.1f} % of all pairs; {counts['tags']:,} tags. "
        f"Split: {literal(scheme)}."
    )
    dropped = [
        f"{found['count']:,} in {escaped(found['file'])} ({escaped(found['what'])})"
        for found in source["dropped"]
        if found["count"]
    ]
    return text + (f" Dropped: {'; '.join(dropped)}." if dropped else " Nothing was dropped.")


def split_table(split: Mapping[str, Any]) -> str:
    """Ratings, users and items of each part."""
    names = {"train": "Training", "validation": "Validation", "test": "Test"}
    rows = [
        [title, *(f"{split['parts'][part][count]:,}" for count in ("ratings", "users", "items"))]
        for part, title in names.items()
    ]
    return list_table(["Part", "Ratings", "Users", "Items"], rows)
