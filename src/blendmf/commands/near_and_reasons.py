"""Replies about items and scores, as tables: similar items, and the reasons of a score."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from blendmf.common.errors import UserError
from blendmf.common.files import read_json, read_sparse
from blendmf.config.models import model_entry
from blendmf.data.tables import read_table
from blendmf.models.observations import RatingUnit
from blendmf.recommend.explorer import word_labels
from blendmf.recommend.explorer_files import penalty_of
from blendmf.recommend.near_items import (
    item_vectors,
    near_by_factors,
    near_by_words,
    ratings_needed,
)
from blendmf.recommend.reasons import LEAST_SHARE, Reason, reasons_of
from blendmf.recommend.titles import labels
from blendmf.recommend.top_items import decimals_for
from blendmf.recommend.trained_model import TrainedModel, existing

PARTS_OF_SCORE = {
    "base": "mean of all ratings",
    "user": "the user's bias",
    "item": "the item's bias",
    "rest": "everything else",
}
"""Reasons without a name of their own."""


def similar_items(
    trained: TrainedModel, item: int, by: Literal["factors", "words"], n: int
) -> pd.DataFrame:
    """The `n` items that are most similar to an item, as the explorer lists them.

    Returns
    -------
    DataFrame
        ``rank, item_id, title, cosine, n_ratings``; items with a cosine below 0.2 are left out.

    Raises
    ------
    UserError
        If the model has no factors, or the item too few ratings.
    """
    counts = np.bincount(trained.all_ratings.indices, minlength=len(trained.items))
    of = np.array([item])
    if by == "words":
        tfidf = read_sparse(existing(trained.content / "tfidf.npz"))
        [near] = near_by_words(tfidf, counts, n, of)
    else:
        vectors = item_vectors(trained.model, np.arange(len(trained.items)))
        if vectors is None:
            raise UserError(
                f"model {trained.name} has no factors; choose another with --model, or --by words"
            )
        needed = ratings_needed(counts)
        if counts[item] < needed:
            raise UserError(
                f"{labels(trained.items.iloc[[item]])[0]}: has {counts[item]} ratings, and its "
                f"factors say enough from {needed} on; try --by words"
            )
        [near] = near_by_factors(vectors, counts >= needed, counts, n, of)
    items = [other for other, _ in near]
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(near) + 1),
            "item_id": trained.items["item_id"].iloc[items].array,
            "title": labels(trained.items.iloc[items]),
            "cosine": pd.Series([cosine for _, cosine in near], dtype=float),
            "n_ratings": counts[items],
        }
    )


def explanation(trained: TrainedModel, user: int, item: int) -> pd.DataFrame:
    """Reasons of a model's score of a user and an item.

    Returns
    -------
    DataFrame
        ``kind``, ``reason`` and ``amount`` in rating units. Kind "part" adds up to the row of kind
        "score"; kind "rating" is another view of the same score: the influence of each of the
        user's own ratings on it, the largest ones.
    """
    low, high = trained.rating_range
    entry = model_entry(read_json(existing(trained.file.with_name("fit.json")))["settings"])
    words = None
    if entry.uses_content:
        words = read_sparse(existing(trained.content / "tfidf.npz"))
    decimals = decimals_for((low, high))
    fitted = trained.fitted_ratings
    [reasons] = reasons_of(
        trained.model,
        np.array([user]),
        np.array([item]),
        fitted[[user]],
        np.arange(len(trained.items)),
        words=words,
        penalty=penalty_of(entry, RatingUnit.of(fitted.data).deviation),
        decimals=decimals,
        least=LEAST_SHARE * (high - low),
    )
    parts = [reason for reason in reasons if reason[0] != "neighbour"]
    own = [reason for reason in reasons if reason[0] == "neighbour"]
    total = round(sum(amount for _, _, amount in parts), decimals)
    rows = [
        *(("part", name, amount) for name, amount in _named_parts(trained, parts)),
        ("score", "sum of the parts", total),
        *(
            ("rating", _rated(trained, user, other), amount)
            for _, other, amount in own
            if other is not None
        ),
    ]
    return pd.DataFrame(rows, columns=["kind", "reason", "amount"])


def _named_parts(trained: TrainedModel, parts: Sequence[Reason]) -> list[tuple[str, float]]:
    names = []
    if any(kind == "word" for kind, _, _ in parts):
        names = word_labels(read_table(existing(trained.content / "vocabulary.parquet")))
    return [
        (
            f"word: {names[number]}"
            if kind == "word" and number is not None
            else PARTS_OF_SCORE.get(kind) or f"{kind} {1 + (number or 0)}",
            amount,
        )
        for kind, number, amount in parts
    ]


def _rated(trained: TrainedModel, user: int, item: int) -> str:
    title = labels(trained.items.iloc[[item]])[0]
    known = trained.known_rating(user, item)
    return title if known is None else f"{title}, rated {known[0]:g}"
