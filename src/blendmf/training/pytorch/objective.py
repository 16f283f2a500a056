"""Prediction and objective of a variant in PyTorch, over any set of ratings and on any device.

Content stays sparse: the words of the items at hand are gathered and summed by item. Absent terms
are left out of the dictionary of parameters.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import embedding, huber_loss

from blendmf.models.observations import Observations
from blendmf.training.pytorch.content import Content, Words

USER_TERMS = ("user_bias", "user_factors", "user_content")
ITEM_TERMS = ("item_bias", "item_factors")

RATINGS_AT_ONCE = 262_144
"""Longest piece of the ratings whose predictions are held in memory together."""


@dataclass(frozen=True)
class Ratings:
    """Ratings on a device: positions (int32) and values, each of shape (n,)."""

    users: Tensor
    items: Tensor
    values: Tensor

    @classmethod
    def from_observations(
        cls, part: Observations, dtype: torch.dtype, device: torch.device
    ) -> "Ratings":
        """Copy the ratings of a part to the device."""
        return cls(
            torch.tensor(part.users, dtype=torch.int32, device=device),
            torch.tensor(part.items, dtype=torch.int32, device=device),
            torch.tensor(part.ratings, dtype=dtype, device=device),
        )

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, chosen: Tensor | slice) -> "Ratings":
        return Ratings(self.users[chosen], self.items[chosen], self.values[chosen])

    def pieces(self) -> Iterator["Ratings"]:
        """All ratings in their order, at most `RATINGS_AT_ONCE` at a time."""
        for start in range(0, len(self), RATINGS_AT_ONCE):
            yield self[start : start + RATINGS_AT_ONCE]


def predict(
    terms: dict[str, Tensor], global_mean: float, content: Content, ratings: Ratings
) -> Tensor:
    """Unclipped predictions of the ratings' pairs, of shape (n,).

    Parameters
    ----------
    terms : dict of Tensor
        Parameters by name, shaped as in `blendmf.training.parameters.Parameters`.
    """
    users, items = ratings.users.long(), ratings.items.long()
    scores = torch.full_like(ratings.values, global_mean)
    if "user_bias" in terms:
        scores = scores + _rows(terms["user_bias"], users)
    if "item_bias" in terms:
        scores = scores + _rows(terms["item_bias"], items)
    vectors = _item_vectors(terms, content, items)
    if vectors is not None and "user_factors" in terms:
        scores = scores + (embedding(users, terms["user_factors"]) * vectors).sum(dim=1)
    if "user_content" in terms:
        own = terms["user_content"]
        words = content.words(items)
        places = users[words.owners] * own.shape[1] + words.words
        weights = own.reshape(-1).index_select(0, places)
        scores = scores.index_add(0, words.owners, weights * words.weights)
    return scores


def rmse(
    terms: dict[str, Tensor],
    global_mean: float,
    content: Content,
    ratings: Ratings,
    rating_range: tuple[float, float],
) -> float:
    """RMSE over the ratings, predictions clipped to the rating range."""
    total = 0.0
    with torch.no_grad():
        for piece in ratings.pieces():
            predicted = predict(terms, global_mean, content, piece).clamp(*rating_range)
            total += (predicted - piece.values).square().sum().item()
    return math.sqrt(total / len(ratings))


def objective(
    terms: dict[str, Tensor],
    global_mean: float,
    content: Content,
    ratings: Ratings,
    penalties: dict[str, float],
    error_clip: float,
) -> Tensor:
    """Sum over the ratings of what one step of per-rating SGD descends.

    Each rating adds (e^2 + penalties) / 2, where the penalties are those of its user's and its
    item's rows and of its item's words. Beyond `error_clip` the square goes on as a line (Huber's
    loss), whose gradient is that of the cut error.

    Parameters
    ----------
    penalties : dict of float
        L2 penalty per rating, by term.
    """
    predicted = predict(terms, global_mean, content, ratings)
    total = huber_loss(predicted, ratings.values, reduction="sum", delta=error_clip)
    counts = row_counts(terms, content, ratings)
    for name, array in terms.items():
        norms = array.square() if array.ndim == 1 else array.square().sum(dim=1)
        total = total + penalties[name] / 2 * (counts[name] * norms).sum()
    return total


def row_counts(terms: dict[str, Tensor], content: Content, ratings: Ratings) -> dict[str, Tensor]:
    """How many of the ratings teach each row of each term, by name, of shape (n_rows,)."""
    counts = {}
    for name, array in terms.items():
        if name in USER_TERMS:
            taught = ratings.users
        elif name in ITEM_TERMS:
            taught = ratings.items
        else:
            taught = content.words(ratings.items).words
        counts[name] = torch.bincount(taught, minlength=len(array))
    return counts


def _rows(vector: Tensor, positions: Tensor) -> Tensor:
    return embedding(positions, vector[:, None])[:, 0]


def _item_vectors(terms: dict[str, Tensor], content: Content, items: Tensor) -> Tensor | None:
    """q_i + C_i V of each rating's item, of shape (n, d); None without item factors."""
    vectors = None
    if "item_factors" in terms:
        vectors = embedding(items, terms["item_factors"])
    if "content_factors" in terms:
        distinct, which = torch.unique(items, return_inverse=True)
        words = content.words(distinct)
        mapped = embedding(which, _sums_by_item(terms["content_factors"], words, len(distinct)))
        vectors = mapped if vectors is None else vectors + mapped
    return vectors


def _sums_by_item(table: Tensor, words: Words, m: int) -> Tensor:
    """Sum over each of m items' words of weight times the table's row, of shape (m, width)."""
    rows = words.weights[:, None] * table.index_select(0, words.words)
    return rows.new_zeros((m, table.shape[1])).index_add(0, words.owners, rows)
