"""Checks of ratings and tags.

A check either refuses the data with an error that names the lines, or repairs the data and reports
a finding. Nothing is dropped silently.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.data.tables import TAGS_COLUMNS
from blendmf.ingest.ids import unify_ids
from blendmf.ingest.raw_tables import Finding, RawTable

SORTED = 0.95
"""Smallest share of ascending steps in sorted rows; half of them ascend by chance."""

Checked = tuple[pd.DataFrame, list[Finding]]


def resolve_duplicates(ratings: RawTable, policy: str) -> Checked:
    """Keep one rating of each (user, item) pair.

    The policy ``error`` refuses a second rating with a `UserError` that names the first lines.
    ``last`` keeps the newest one; of equal timestamps, the later row. ``mean`` keeps the same row,
    with the mean rating of the pair.
    """
    rows = ratings.rows
    in_order = pair_keys(rows)
    in_order.sort()
    repeated_pairs = in_order[1:][in_order[1:] == in_order[:-1]]
    if not len(repeated_pairs):
        return rows, []
    pair = pair_keys(rows)
    if policy == "error":
        ratings.require(
            ~pd.Series(pair).duplicated().to_numpy(),
            "rating(s) of an item that the same user has rated further up",
            "Keep one of each, or set dataset.duplicates to last or mean.",
        )
    # Only the rows of repeated pairs need sorting.
    repeated = np.flatnonzero(pd.Series(pair).isin(repeated_pairs))
    seconds = rows["timestamp"].to_numpy()[repeated]
    order = repeated[np.lexsort((seconds, pair[repeated]))]
    is_newest = np.append(pair[order][1:] != pair[order][:-1], True)
    is_kept = np.ones(len(rows), dtype=bool)
    is_kept[order[~is_newest]] = False
    if policy == "mean":
        group = np.cumsum(is_newest) - is_newest
        values = rows["rating"].to_numpy(dtype=np.float64, copy=True)
        values[order[is_newest]] = np.bincount(group, values[order]) / np.bincount(group)
        rows = rows.assign(rating=values)
    what = {
        "last": "older ratings of a pair that was rated again (dataset.duplicates: last)",
        "mean": "older ratings of a pair, included in its mean (dataset.duplicates: mean)",
    }[policy]
    kept = rows[is_kept].reset_index(drop=True)
    return kept, [Finding(ratings.file, len(rows) - len(kept), what, dropped=True)]


def pair_keys(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Number each row; equal numbers mean the same user and item."""
    items, names = pd.factorize(rows["item_id"])
    keys = np.asarray(pd.factorize(rows["user_id"])[0], dtype=np.int64)
    keys *= len(names)
    keys += items
    return keys


def sorted_by_item(rows: pd.DataFrame) -> bool:
    """Whether each user's rows are in ascending order of their items, up to a few."""
    users = pd.factorize(rows["user_id"])[0]
    items = pd.factorize(unify_ids(rows["item_id"])[0], sort=True)[0]
    by_user = np.argsort(users, kind="stable")
    same_user = np.diff(users[by_user]) == 0
    steps = np.diff(items[by_user])[same_user]
    return len(steps) > 0 and bool((steps >= 0).mean() >= SORTED)


def drop_unrated(ratings: RawTable, values: Sequence[float]) -> tuple[RawTable, list[Finding]]:
    """The table without rows whose rating is one of `values`, which mark an item as not rated."""
    marked = ratings.rows["rating"].isin(values).to_numpy()
    if not marked.any():
        return ratings, []
    kept = np.flatnonzero(~marked)
    shown = ", ".join(f"{value:g}" for value in values)
    what = f"rows marked as not rated (dataset.unrated: {shown})"
    return ratings.rows_at(kept), [Finding(ratings.file, int(marked.sum()), what, dropped=True)]


def keep_core(ratings: pd.DataFrame, file: str, of_user: int, of_item: int) -> Checked:
    """The largest part in which every user and every item has enough ratings (a core).

    Parameters
    ----------
    ratings : DataFrame
        Columns user_id and item_id.
    file : str
        Name of the file, for the findings.
    of_user, of_item : int
        Smallest number of ratings of a user and of an item.

    Raises
    ------
    UserError
        If nothing is left.
    """
    kept = ratings
    while True:
        enough = np.ones(len(kept), dtype=bool)
        for column, least in (("user_id", of_user), ("item_id", of_item)):
            codes = pd.factorize(kept[column])[0]
            enough &= np.bincount(codes)[codes] >= least
        if enough.all():
            break
        kept = kept[enough]
        if kept.empty:
            raise UserError(
                f"{file}: no ratings are left if users have at least {of_user} and items at least "
                f"{of_item}. Lower dataset.min_user_ratings or min_item_ratings."
            )
    dropped = len(ratings) - len(kept)
    what = (
        f"ratings of users with fewer than {of_user} or of items with fewer than {of_item} "
        "(dataset.min_user_ratings, min_item_ratings)"
    )
    findings = [Finding(file, dropped, what, dropped=True)] if dropped else []
    return kept.reset_index(drop=True), findings


def clean_tags(tags: RawTable | None, ratings: pd.DataFrame, items: pd.DataFrame) -> Checked:
    """Tags with text; without a source of tags, an empty table of the right types.

    Tags on unknown items and by users without ratings are kept and counted.
    """
    if tags is None:
        ids = ratings[["user_id", "item_id"]].iloc[:0]
        no_tags = ids.assign(tag=pd.Series([], dtype="str"), timestamp=pd.Series([], dtype="int64"))
        return no_tags, []
    text = tags.rows["tag"].fillna("").str.strip()
    kept = tags.rows[(text != "").to_numpy()].reset_index(drop=True)[TAGS_COLUMNS]
    of_unknown_items = int((~kept["item_id"].isin(items["item_id"])).sum())
    by_unknown_users = int((~kept["user_id"].isin(ratings["user_id"].unique())).sum())
    findings = [
        Finding(tags.file, len(tags.rows) - len(kept), "tags without text", dropped=True),
        Finding(tags.file, of_unknown_items, "tags on items that are not rated or described: kept"),
        Finding(tags.file, by_unknown_users, "tags by users without ratings: kept"),
    ]
    return kept, [finding for finding in findings if finding.count]
