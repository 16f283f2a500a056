"""Matrix factorisation with optional biases, factors and content terms.

The prediction for user u and item i is

    r_hat = mu + b_u + b_i + p_u . (q_i + C_i V) + w_u . C_i

A term that a variant does not use is absent from the model and from its file.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from blendmf.common.files import PathLike
from blendmf.models.observations import Positions, known_positions
from blendmf.models.stored import (
    COMMON,
    Layout,
    Stored,
    model_arrays,
    sparse,
    sparse_arrays,
    sparse_of,
    write_model,
)

Floating = TypeVar("Floating", np.float32, np.float64)

SPARSE_TERMS = ("content", "user_content")

FACTOR_LAYOUT: Layout = {
    **COMMON,
    "global_mean": Stored("", "float64"),
    "user_bias": Stored("m", "float32", optional=True),
    "item_bias": Stored("n", "float32", optional=True),
    "user_factors": Stored("m, d", "float32", optional=True),
    "item_factors": Stored("n, d", "float32", optional=True),
    "content_factors": Stored("t, d", "float32", optional=True),
    **sparse("user_content", "m", "t", optional=True),
    **sparse("content", "n", "t", optional=True),
}
"""Arrays of a file; t is the number of words, d of factors."""

WORDS_GATHERED = 2**22
"""Maximum number of user weights gathered at a time, n_terms per scored pair."""


@dataclass(frozen=True, eq=False)
class FactorModel:
    """A trained factorisation.

    An unknown user or item (a negative position, or one past the end) has no terms of its own; the
    prediction is the sum of the other terms.

    Attributes
    ----------
    n_users, n_items : int
        Sizes of the index.
    rating_range : (float, float)
        Lowest and highest possible rating; predictions are clipped to it.
    global_mean : float
        mu.
    user_bias, item_bias : ndarray of shape (n_users,) and (n_items,), optional
        b_u and b_i.
    user_factors, item_factors : ndarray of shape (n_users, d) and (n_items, d), optional
        p_u and q_i.
    content_factors : ndarray of shape (n_terms, d), optional
        V, which maps words to item factors.
    user_content : csr_array of shape (n_users, n_terms), optional
        w_u, each user's weights of the words.
    content : csr_array of shape (n_items, n_terms), optional
        C, present if and only if there is a content term.
    """

    kind: ClassVar[str] = "factor-model"
    predicts_ratings: ClassVar[bool] = True

    n_users: int
    n_items: int
    rating_range: tuple[float, float]
    global_mean: float
    user_bias: NDArray[np.float32] | None = None
    item_bias: NDArray[np.float32] | None = None
    user_factors: NDArray[np.float32] | None = None
    item_factors: NDArray[np.float32] | None = None
    content_factors: NDArray[np.float32] | None = None
    user_content: sp.csr_array | None = None
    content: sp.csr_array | None = None

    def __post_init__(self) -> None:
        has_content_term = self.content_factors is not None or self.user_content is not None
        if has_content_term != (self.content is not None):
            raise ValueError("a model has a content matrix if and only if it has a content term")

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms that are present, without the content matrix."""
        names = [f.name for f in fields(self)][4:]
        return tuple(n for n in names if n != "content" and getattr(self, n) is not None)

    @cached_property
    def item_vectors(self) -> NDArray[np.float32] | None:
        """q_i + C_i V for every item, of shape (n_items, d); None without factors."""
        vectors = self.item_factors
        if self.content_factors is not None and self.content is not None:
            mapped = self.content @ self.content_factors
            vectors = mapped if vectors is None else vectors + mapped
        return vectors

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Predicted ratings of pairs, clipped to the rating range.

        Parameters
        ----------
        users, items : array of int, of shape (n,)
            Positions, possibly unknown.

        Returns
        -------
        ndarray of shape (n,)
        """
        scores = self._pairs(users, items, np.float64)
        return np.clip(scores, *self.rating_range, out=scores)

    def score_pairs(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float32]:
        """Unclipped scores of pairs in single precision, of shape (n,)."""
        return self._pairs(users, items, np.float32)

    def _pairs(
        self, users: ArrayLike, items: ArrayLike, precision: type[Floating]
    ) -> NDArray[Floating]:
        """Sums of the terms of pairs in the given precision, of shape (n,)."""
        u, user_known = known_positions(users, self.n_users)
        i, item_known = known_positions(items, self.n_items)
        scores = np.full(len(u), self.global_mean, dtype=precision)
        if self.user_bias is not None:
            scores += np.where(user_known, self.user_bias[u], 0.0)
        if self.item_bias is not None:
            scores += np.where(item_known, self.item_bias[i], 0.0)
        both = user_known & item_known
        if self.item_vectors is not None and self.user_factors is not None:
            product = np.einsum("nd,nd->n", self.user_factors[u], self.item_vectors[i])
            scores += np.where(both, product, 0.0)
        if self.user_content is not None and self.content is not None:
            scores += np.where(both, self._weighted_words(u, i), 0.0)
        return scores

    def _weighted_words(self, users: Positions, items: Positions) -> NDArray[np.float32]:
        """w_u . C_i of pairs of known positions, of shape (n,), in blocks to limit memory."""
        assert self.user_content is not None
        assert self.content is not None
        rows = max(1, WORDS_GATHERED // max(1, self.user_content.shape[1]))
        products = np.empty(len(users), dtype=np.float32)
        for start in range(0, len(users), rows):
            piece = slice(start, start + rows)
            of_piece = self.user_content[users[piece]].multiply(self.content[items[piece]])
            products[piece] = np.asarray(of_piece.sum(axis=1)).ravel()
        return products

    def score_users(self, users: ArrayLike) -> NDArray[np.float32]:
        """Scores of all items for some users, unclipped because clipping would create ties.

        Parameters
        ----------
        users : array of int, of shape (m,)
            Positions, possibly unknown.

        Returns
        -------
        ndarray of float32, of shape (m, n_items)
        """
        u, known = known_positions(users, self.n_users)
        scores = np.full((len(u), self.n_items), self.global_mean, dtype=np.float32)
        if self.user_bias is not None:
            scores += np.where(known, self.user_bias[u], 0.0)[:, None]
        if self.item_bias is not None:
            scores += self.item_bias
        if self.item_vectors is not None and self.user_factors is not None:
            own = np.where(known[:, None], self.user_factors[u], 0.0)
            scores += own @ self.item_vectors.T
        if self.user_content is not None and self.content is not None:
            own = (self.user_content[u] @ self.content.T).toarray()
            scores += np.where(known[:, None], own, 0.0)
        return scores

    def save(self, path: PathLike) -> None:
        """Write the terms of the model to one ``.npz`` file."""
        values: dict[str, Any] = {
            "kind": self.kind,
            "shape": [self.n_users, self.n_items],
            "rating_range": self.rating_range,
            "global_mean": self.global_mean,
        }
        for term in (*self.terms, "content"):
            value = getattr(self, term)
            if term in SPARSE_TERMS and value is not None:
                values |= {**sparse_arrays(term, value), f"{term}.shape": value.shape}
            elif value is not None:
                values[term] = value
        write_model(path, FACTOR_LAYOUT, values)

    @classmethod
    def load(cls, path: PathLike) -> "FactorModel":
        """Read a model written by `save`."""
        with model_arrays(path, FACTOR_LAYOUT) as arrays:
            matrices = {
                term: sparse_of(arrays, term, tuple(arrays[f"{term}.shape"]))
                for term in SPARSE_TERMS
                if f"{term}.data" in arrays
            }
            dense = {f.name: arrays[f.name] for f in fields(cls)[4:] if f.name in arrays}
            n_users, n_items = (int(n) for n in arrays["shape"])
            low, high = (float(r) for r in arrays["rating_range"])
            mean = float(arrays["global_mean"])
            return cls(n_users, n_items, (low, high), mean, **dense, **matrices)
