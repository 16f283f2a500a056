"""Parameters in the kernels' layout: rows of a block adjacent, padded and aligned."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.training.kernels.vector_rows import aligned_rows
from blendmf.training.parameters import Parameters
from blendmf.training.sgd.blocks import Blocks

FACTORS = {"user_factors", "item_factors", "content_factors"}

LARGEST_SHARE = 0.5
"""Upper bound of `WordCopies.shrinkage`."""


@dataclass(frozen=True)
class PackedParameters:
    """Parameters in block order.

    Attributes
    ----------
    terms : Parameters
        Factors are matrices of rows (`blendmf.training.kernels.vector_rows`); ``user_content`` is
        w_u divided by the user's scale.
    scale : ndarray of shape (n_users,)
    """

    terms: Parameters
    scale: NDArray[Any]

    @classmethod
    def pack(cls, parameters: Parameters, blocks: Blocks) -> "PackedParameters":
        """Copy parameters into block order."""
        arrays = parameters.arrays()
        dtype = next(iter(arrays.values())).dtype
        users, items = np.argsort(blocks.user_rows), np.argsort(blocks.item_rows)
        packed: dict[str, Any] = {n: _reordered(n, a, users, items) for n, a in arrays.items()}
        for name in FACTORS & packed.keys():
            packed[name] = aligned_rows(packed[name], dtype)
        return cls(replace(parameters, **packed), np.ones(len(users), dtype=dtype))

    def unpack(self, blocks: Blocks, d: int) -> Parameters:
        """Copy of the parameters in the order of users and items, with w_u multiplied out."""
        unpacked: dict[str, Any] = {}
        for name, array in self.terms.arrays().items():
            cut = array[:, :d] if name in FACTORS else array
            unpacked[name] = _reordered(name, cut, blocks.user_rows, blocks.item_rows)
        if "user_content" in unpacked:
            unpacked["user_content"] *= self.scale[blocks.user_rows, None]
        return replace(self.terms, **unpacked)

    def copy(self) -> "PackedParameters":
        """Independent copy; its rows are not aligned."""
        return PackedParameters(self.terms.copy(), self.scale.copy())

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        norms = replace(self.terms, user_content=None).squared_norms()
        v = self.terms.user_content
        if v is not None:
            squares = np.einsum("ut,ut->u", v, v) * self.scale**2
            norms["user_content"] = float(squares.sum(dtype=np.float64))
        return norms

    def item_vectors(self, content: sp.csr_array) -> NDArray[Any] | None:
        """q_i + C_i V as a matrix of rows; `content` has its rows in block order."""
        if self.terms.content_factors is None:
            return self.terms.item_factors
        mapped = content @ self.terms.content_factors
        if self.terms.item_factors is not None:
            mapped += self.terms.item_factors
        return aligned_rows(mapped, mapped.dtype)

    @property
    def variant(self) -> tuple[str, ...]:
        """Terms and precision, such as ``("user_bias-item_bias", "float32")``."""
        return "-".join(self.terms.arrays()), self.scale.dtype.name


def _reordered(
    name: str, array: NDArray[Any], users: NDArray[np.int64], items: NDArray[np.int64]
) -> NDArray[Any]:
    """Copy of a term with its rows in the given order of users or items."""
    if name == "content_factors":
        return array.copy()
    return array[users if name.startswith("user") else items]


@dataclass(frozen=True)
class WordCopies:
    """One copy of V per user block, so that cells can move words at the same time.

    Attributes
    ----------
    copies : ndarray of shape (B, n_terms, width)
    n_moves : ndarray of uint32, of shape (B, n_terms)
        Number of steps of each copy's words since the last merge.
    squared_weights : ndarray of shape (n_terms,)
        Mean of c_it^2 over the ratings of items with word t.
    ratings_of_user : ndarray of shape (n_users,)
        Number of ratings of each user, in block order.
    """

    copies: NDArray[Any]
    n_moves: NDArray[np.uint32]
    squared_weights: NDArray[np.float64]
    ratings_of_user: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        V: NDArray[Any],
        n_blocks: int,
        content: sp.csr_array,
        user_counts: NDArray[np.int64],
        item_counts: NDArray[np.int64],
    ) -> "WordCopies":
        """Copy V, a matrix of rows.

        Parameters
        ----------
        content : csr_array of shape (n_items, n_terms)
        user_counts, item_counts : ndarray of shape (n_users,) and (n_items,)
            Number of ratings of each user and of each item, in block order.
        """
        n_terms, width = V.shape
        copies = aligned_rows(np.tile(V, (n_blocks, 1)), V.dtype)
        ratings = (content != 0).T @ item_counts
        squares = content.multiply(content).T @ item_counts
        return cls(
            copies.reshape(n_blocks, n_terms, width),
            np.zeros((n_blocks, n_terms), dtype=np.uint32),
            squares / np.maximum(ratings, 1),
            user_counts.astype(np.float64),
        )

    def shrinkage(
        self, P: NDArray[Any], learning_rate: float, penalty: float
    ) -> NDArray[np.float64]:
        """Share of the distance to its optimum that one step moves a word, of shape (n_terms,).

        For a rating of user u and weight c the objective's curvature along V_t is at most
        c^2 |p_u|^2 + penalty; its mean over all ratings is used. At most `LARGEST_SHARE`.
        """
        lengths = np.einsum("uf,uf->u", P, P, dtype=np.float64)
        mean_length = self.ratings_of_user @ lengths / self.ratings_of_user.sum()
        shares = learning_rate * (self.squared_weights * mean_length + penalty)
        return np.minimum(shares, LARGEST_SHARE)
