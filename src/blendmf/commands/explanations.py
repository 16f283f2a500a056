"""The reasons of a model's score of an item for a user, as a table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from blendmf.common.files import read_json, read_sparse
from blendmf.config.models import model_entry
from blendmf.data.tables import read_table
from blendmf.models.observations import RatingUnit
from blendmf.recommend.explorer import word_labels
from blendmf.recommend.explorer_files import penalty_of
from blendmf.recommend.reasons import LEAST_SHARE, Reason, reasons_of
from blendmf.recommend.titles import labels
from blendmf.recommend.top_items import decimals_for
from blendmf.recommend.trained_model import TrainedModel

PARTS_OF_SCORE = {
    "base": "mean of all ratings",
    "user": "the user's bias",
    "item": "the item's bias",
    "rest": "everything else",
}
"""Reasons without a name of their own."""


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
    entry = model_entry(read_json(trained.existing(trained.file.with_name("fit.json")))["settings"])
    words = None
    if entry.uses_content:
        words = read_sparse(trained.existing(trained.content / "tfidf.npz"))
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
        names = word_labels(read_table(trained.existing(trained.content / "vocabulary.parquet")))
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
