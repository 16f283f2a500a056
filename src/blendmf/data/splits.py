"""Split of the ratings into training, validation and test part, and the tags known in training."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream

PARTS = ("train", "validation", "test")
PAIR = ["user_id", "item_id"]
NUMBERS = np.arange(len(PARTS), dtype=np.int8)

OF_THE_REST = ("folds", "given")
"""Schemes whose share of validation is one of the ratings that are not tested."""

ITEMS_PER_STRATUM = 20
"""Number of items of similar popularity in a stratum of `draw_items`."""


@dataclass(frozen=True, eq=False)
class Split:
    """The ratings and the part of each rating.

    Attributes
    ----------
    ratings : DataFrame
        The ratings that were split.
    part : ndarray of int8, of shape (n,)
        Index in `PARTS` of each rating's part.
    facts : dict
        Contents of `split.json`.
    """

    ratings: pd.DataFrame
    part: NDArray[np.int8]
    facts: dict[str, Any]

    @property
    def train(self) -> pd.DataFrame:
        """Ratings of the training part, selected on each access to save memory."""
        return _rows(self.ratings, self.part, "train")

    @property
    def validation(self) -> pd.DataFrame:
        """Ratings of the validation part, selected on each access."""
        return _rows(self.ratings, self.part, "validation")

    @property
    def test(self) -> pd.DataFrame:
        """Ratings of the test part, selected on each access."""
        return _rows(self.ratings, self.part, "test")


def split(
    ratings: pd.DataFrame,
    *,
    scheme: str,
    train: float,
    validation: float | str | list[str],
    min_ratings: int,
    folds: int,
    fold: int,
    fold_rule: str,
    test: str | list[str] | None,
    files: Sequence[str],
    seed: int,
) -> Split:
    """Assign every rating to exactly one part.

    Of n ordered ratings, the first int(train * n) are for training, those up to
    int((train + validation) * n) for validation, the rest for testing. ``per-user-temporal`` and
    ``random`` split each user's ratings, by time (ties in the order of the table) or at random;
    ``global-temporal`` splits all ratings by time. Under the per-user schemes all ratings of a user
    with fewer than `min_ratings` stay in training. ``cold-items`` hides whole items (`draw_items`),
    so that no tested item has a training rating. ``folds`` tests on one of several folds
    (`fold_of`), and ``given`` on the files `test`; of the other ratings the share `validation` is
    drawn for validation, unless it names files of a given split.

    Parameters
    ----------
    ratings : DataFrame
        Columns user_id, item_id, rating, timestamp, and with several files ``file``, the position
        of each rating's file in `files`.
    scheme, train, validation, min_ratings, folds, fold, fold_rule, test
        As in `blendmf.config.protocol.SplitSettings`.
    files : sequence of str
        Names of the files of the ratings.
    seed : int
        The experiment's seed; used by ``random``, ``cold-items`` and ``folds``.

    Raises
    ------
    UserError
        If a part is empty.
    """
    few = 0
    share = validation if isinstance(validation, float) else 0.0
    # Rounded, because the sum of two decimal fractions may not be the intended one.
    ends = (train, round(train + share, 12))
    match scheme:
        case "global-temporal":
            part = _divide_all(ratings, ends)
        case "cold-items":
            part = _divide_items(ratings, ends, stream(seed, "split", "items"))
        case "folds":
            tested = fold_of(len(ratings), folds, fold_rule, seed) == fold
            part = _divide_rest(tested, share, stream(seed, "split", "validation"))
        case "given":
            tested, validated = (_in_files(ratings, files, names) for names in (test, validation))
            part = _divide_rest(tested, share, stream(seed, "split", "validation"))
            part[validated] = PARTS.index("validation")
        case _:
            at_random = stream(seed, "split") if scheme == "random" else None
            part, few = divide_each_user(ratings, ends, min_ratings, at_random)
    sizes = np.bincount(part, minlength=len(PARTS))
    for name, size in zip(PARTS, sizes, strict=True):
        if not size:
            whole = (
                f"; {few} of {ratings['user_id'].nunique()} users have fewer than {min_ratings} "
                "ratings (split.min_ratings) and stay whole in training, but split.scheme: "
                "global-temporal divides them too"
            )
            raise UserError(
                f"the {name} part has no ratings (split.scheme: {scheme}, split.train: {train}, "
                f"split.validation: {validation}, {len(ratings)} ratings of "
                f"{ratings['item_id'].nunique()} items); use more of them or other shares"
                f"{whole if few else ''}"
            )
    facts: dict[str, Any] = {
        "scheme": f"folds, {fold} of {folds}" if scheme == "folds" else scheme,
        "shares": ({} if scheme in OF_THE_REST else {"train": train}) | {"validation": validation},
        "users_kept_whole_in_training": few,
        "reason": f"fewer than {min_ratings} ratings",
        "parts": {name: _facts(_rows(ratings, part, name)) for name in PARTS},
    }
    if scheme == "cold-items":
        facts["items_hidden"] = {name: facts["parts"][name]["items"] for name in PARTS[1:]}
    return Split(ratings.drop(columns="file", errors="ignore"), part, facts)


def _rows(ratings: pd.DataFrame, part: NDArray[np.int8], name: str) -> pd.DataFrame:
    return ratings[part == PARTS.index(name)].reset_index(drop=True)


def _divide_all(ratings: pd.DataFrame, ends: tuple[float, float]) -> NDArray[np.int8]:
    order = np.argsort(ratings["timestamp"].to_numpy(), kind="stable")
    part = np.empty(len(ratings), dtype=np.int8)
    counts = _counts(np.array([len(ratings)]), ends)
    part[order] = np.repeat(NUMBERS, np.diff([0, *counts[:, 0], len(ratings)]))
    return part


def fold_of(n_ratings: int, folds: int, rule: str, seed: int) -> NDArray[np.int64]:
    """Fold of each rating, from 1, of shape (n_ratings,); sizes differ by at most one.

    By the rule ``rows``, folds are consecutive rows of the ratings file, as in the folds u1 to u5
    of ml-100k; by ``random``, the rows are shuffled first.
    """
    numbers = 1 + np.arange(n_ratings) * folds // max(n_ratings, 1)
    return stream(seed, "split", "folds").permutation(numbers) if rule == "random" else numbers


def _in_files(
    ratings: pd.DataFrame, files: Sequence[str], names: float | str | list[str] | None
) -> NDArray[np.bool_]:
    """Mask of the ratings of some files; of none for a share or None."""
    named = [names] if isinstance(names, str) else names if isinstance(names, list) else []
    if "file" not in ratings:
        return np.zeros(len(ratings), dtype=bool)
    numbers = [number for number, file in enumerate(files) if file in named]
    return ratings["file"].isin(numbers).to_numpy()


def _divide_rest(
    tested: NDArray[np.bool_], validation: float, random: np.random.Generator
) -> NDArray[np.int8]:
    """Draw the validation part, a share of the ratings that are not tested."""
    part = np.where(tested, PARTS.index("test"), PARTS.index("train")).astype(np.int8)
    rest = random.permutation(np.flatnonzero(~tested))
    part[rest[: int(validation * len(rest))]] = PARTS.index("validation")
    return part


def _divide_items(
    ratings: pd.DataFrame, ends: tuple[float, float], random: np.random.Generator
) -> NDArray[np.int8]:
    # Numbered by id, so that the draw does not depend on the order of the table.
    items, _ = pd.factorize(ratings["item_id"], sort=True)
    return draw_items(np.bincount(items), ends, random)[items]


def draw_items(
    popularity: NDArray[np.int64], ends: tuple[float, float], random: np.random.Generator
) -> NDArray[np.int8]:
    """Part of each item: 0 for training, 1 for validation, 2 for test.

    Items are sorted by popularity and cut into strata of `ITEMS_PER_STRATUM`; each stratum is
    shuffled and divided among the parts. Every item is equally likely to be held out. Held-out
    items are as popular as the others, so the shares approximately hold for the ratings too.

    Parameters
    ----------
    popularity : ndarray of shape (n_items,)
        Number of ratings of each item.
    ends : (float, float)
        Cumulative shares at the ends of the training and validation parts, in (0, 1).
    random : Generator

    Returns
    -------
    ndarray of int8, of shape (n_items,)
    """
    n_items = len(popularity)
    stratum = np.empty(n_items, dtype=np.int64)
    stratum[np.lexsort((random.random(n_items), -popularity))] = (
        np.arange(n_items) // ITEMS_PER_STRATUM
    )
    shuffled = np.lexsort((random.random(n_items), stratum))
    size = np.bincount(stratum)
    first = np.repeat(np.cumsum(size) - size, size)
    # The k-th of n shuffled items gets a position in [k / n, (k + 1) / n), so each part gets its
    # share of every stratum up to one item, with random rounding.
    offset = np.repeat(random.random(len(size)), size)
    place = (np.arange(n_items) - first + offset) / np.repeat(size, size)
    part = np.empty(n_items, dtype=np.int8)
    part[shuffled] = np.searchsorted(ends, place, side="right")
    return part


def divide_each_user(
    ratings: pd.DataFrame,
    ends: tuple[float, float],
    min_ratings: int,
    random: np.random.Generator | None,
) -> tuple[NDArray[np.int8], int]:
    """Divide each user's ratings by time, or at random.

    Parameters
    ----------
    ratings : DataFrame
        Columns user_id, and timestamp unless at random.
    ends : (float, float)
        Cumulative shares at the ends of the training and validation parts.
    min_ratings : int
        Users with fewer ratings stay whole in training.
    random : Generator, optional

    Returns
    -------
    (ndarray of int8 of shape (n,), int)
        Index in `PARTS` of each rating's part, and the number of users that stay whole.
    """
    users = pd.factorize(ratings["user_id"])[0].astype(np.int32)
    rank = random.random(len(ratings)) if random else ratings["timestamp"].to_numpy()
    counts = np.bincount(users)
    few = counts < min_ratings
    train_end, validation_end = np.where(few, counts, _counts(counts, ends))
    sizes = np.column_stack([train_end, validation_end - train_end, counts - validation_end])
    part = np.empty(len(ratings), dtype=np.int8)
    # Sorted by user and rank, the parts of each user are consecutive.
    part[_order(users, rank)] = np.repeat(np.tile(NUMBERS, len(counts)), sizes.ravel())
    return part, int(few.sum())


def _order(users: NDArray[np.int32], rank: NDArray[Any]) -> NDArray[np.int64]:
    """Stable order by user and then by rank."""
    if np.issubdtype(rank.dtype, np.integer):
        first, n_moments = int(rank.min()), int(rank.max()) - int(rank.min()) + 1
        if (int(users.max()) + 1) * n_moments < 2**63:
            # One combined key needs one sort, which is fast if the ratings are already in order.
            key = users * np.int64(n_moments)
            key += rank
            key -= first
            return np.argsort(key, kind="stable")
    return np.lexsort((rank, users))


def _counts(counts: NDArray[np.int64], ends: tuple[float, float]) -> NDArray[np.int64]:
    """Ends of the training and the validation part among `counts` ratings, of shape (2, n)."""
    return np.array([(share * counts).astype(np.int64) for share in ends])


def _facts(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "ratings": len(rows),
        "users": int(rows["user_id"].nunique()),
        "items": int(rows["item_id"].nunique()),
        "mean_rating": float(rows["rating"].mean(skipna=False)),
        "first_timestamp": int(rows["timestamp"].min()),
        "last_timestamp": int(rows["timestamp"].max()),
    }


def tags_known_in_training(tags: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """Tags that belong to a training rating and were written before the held-out ratings.

    A tag is kept if its author rated the same item in training and wrote the tag no later than the
    author's last training rating.

    Parameters
    ----------
    tags, train : DataFrame
        Columns ``user_id, item_id, timestamp`` and any other. Training ratings by users without
        tags are not needed.
    """
    last_rating = train.groupby("user_id")["timestamp"].max()
    return tags[~written_after(tags, last_rating) & on_rated_pair(tags, [train])]


def written_after(tags: pd.DataFrame, last_rating: pd.Series) -> "pd.Series[bool]":
    """Mask of tags written after their author's last training rating, or if there is none.

    Parameters
    ----------
    tags : DataFrame
        Columns ``user_id, timestamp``.
    last_rating : Series
        Timestamp of each user's last training rating, by user.
    """
    # The cast is needed without tags: pandas would then return a column of text.
    latest = tags["user_id"].map(last_rating).astype(np.float64)
    return ~(tags["timestamp"] <= latest)


def on_rated_pair(tags: pd.DataFrame, rated: Iterable[pd.DataFrame]) -> "pd.Series[bool]":
    """Mask of tags on an item that their author rated.

    Parameters
    ----------
    tags : DataFrame
        Columns ``user_id, item_id``.
    rated : iterable of DataFrame
        Blocks of ratings, with columns ``user_id, item_id``.
    """
    pairs = pd.MultiIndex.from_frame(pd.concat([block[PAIR] for block in rated]))
    return pd.Series(pd.MultiIndex.from_frame(tags[PAIR]).isin(pairs), index=tags.index)
