"""Dividing the ratings into training, validation and test part."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.errors import UserError
from blendmf.streams import stream

PARTS = ("train", "validation", "test")


class Split(NamedTuple):
    """The three parts, rows of the ratings table, and the facts of `split.json`."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    facts: dict[str, Any]


def split(ratings: pd.DataFrame, settings: dict[str, Any], seed: int) -> Split:
    """Put every rating into exactly one part.

    With n ratings in order, the first int(train * n) are for training, those up to
    int((train + validation) * n) for validation, the rest for testing. The scheme says what n
    counts and what the order is: ``per-user-temporal`` and ``random`` divide each user's ratings,
    by time (ties in the table's order) or at random; ``global-temporal`` divides all ratings by
    time. Under the per-user schemes a user with fewer than `min_ratings` ratings stays in
    training whole.

    Parameters
    ----------
    ratings : DataFrame
        Columns user_id, item_id, rating, timestamp.
    settings : dict
        The configuration's `split` block: scheme, train, validation, min_ratings.
    seed : int
        The experiment's seed; only ``random`` draws.

    Raises
    ------
    UserError
        If a part would be empty.
    """
    if settings["scheme"] == "global-temporal":
        part = _divide_all(ratings, settings)
        few = 0
    else:
        part, few = _divide_each_user(ratings, settings, seed)
    parts = [ratings[part == number].reset_index(drop=True) for number in range(len(PARTS))]
    for name, rows in zip(PARTS, parts, strict=True):
        if rows.empty:
            raise UserError(
                f"the {name} part has no ratings (split.scheme: {settings['scheme']}, "
                f"split.train: {settings['train']}, split.validation: {settings['validation']}, "
                f"{len(ratings)} ratings); use more ratings or other shares"
            )
    facts = {
        "scheme": settings["scheme"],
        "shares": {"train": settings["train"], "validation": settings["validation"]},
        "users_kept_whole_in_training": few,
        "reason": f"fewer than {settings['min_ratings']} ratings",
        "parts": {name: _facts(rows) for name, rows in zip(PARTS, parts, strict=True)},
    }
    train, validation, test = parts
    return Split(train, validation, test, facts)


def _divide_all(ratings: pd.DataFrame, settings: dict[str, Any]) -> NDArray[np.int8]:
    order = np.argsort(ratings["timestamp"].to_numpy(), kind="stable")
    part = np.empty(len(ratings), dtype=np.int8)
    ends = _ends(np.array([len(ratings)]), settings)
    part[order] = np.searchsorted(ends[:, 0], np.arange(len(ratings)), side="right")
    return part


def _divide_each_user(
    ratings: pd.DataFrame, settings: dict[str, Any], seed: int
) -> tuple[NDArray[np.int8], int]:
    """Part of each rating, and how many users have too few to be divided."""
    users = pd.factorize(ratings["user_id"])[0]
    if settings["scheme"] == "random":
        rank = stream(seed, "split").random(len(ratings))
    else:
        rank = ratings["timestamp"].to_numpy()
    order = np.lexsort((np.arange(len(ratings)), rank, users))
    counts = np.bincount(users)
    starts = np.cumsum(counts) - counts
    place = np.empty(len(ratings), dtype=np.int64)
    place[order] = np.arange(len(ratings)) - starts[users[order]]
    train_end, validation_end = _ends(counts, settings)
    part = (place >= train_end[users]).astype(np.int8) + (place >= validation_end[users])
    few = counts < settings["min_ratings"]
    part[few[users]] = 0
    return part, int(few.sum())


def _ends(counts: NDArray[np.int64], settings: dict[str, Any]) -> NDArray[np.int64]:
    """Ends of the training and the validation part among `counts` ratings, of shape (2, n)."""
    # Rounded, since the sum of two decimal shares may miss the decimal that is meant.
    both = round(settings["train"] + settings["validation"], 12)
    return np.array([(share * counts).astype(np.int64) for share in (settings["train"], both)])


def _facts(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "ratings": len(rows),
        "users": int(rows["user_id"].nunique()),
        "items": int(rows["item_id"].nunique()),
        "mean_rating": float(rows["rating"].mean(skipna=False)),
        "first_timestamp": int(rows["timestamp"].min()),
        "last_timestamp": int(rows["timestamp"].max()),
    }
