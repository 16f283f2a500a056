"""Parameters as the compiled kernels read them: rows of a block adjacent, padded and aligned."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.training.kernels.vector_rows import aligned_rows
from blendmf.training.parameters import Parameters
from blendmf.training.sgd.blocks import Blocks

LARGEST_SHARE = 0.5
"""Upper bound of `WordCopies.shrinkage`."""


@dataclass
class PackedParameters:
    """Parameters in block order; a term that the variant does not have is None.

    Attributes
    ----------
    global_mean : float
    user_bias, item_bias : ndarray of shape (n_users,) and (n_items,), or None
    user_factors, item_factors, content_factors : matrices of rows, or None
        See `blendmf.training.kernels.vector_rows`.
    user_content : ndarray of shape (n_users, n_terms), or None
        w_u divided by the user's `scale`.
    scale : ndarray of shape (n_users,)
    """

    global_mean: float
    scale: NDArray[Any]
    user_bias: NDArray[Any] | None = None
    item_bias: NDArray[Any] | None = None
    user_factors: NDArray[Any] | None = None
    item_factors: NDArray[Any] | None = None
    content_factors: NDArray[Any] | None = None
    user_content: NDArray[Any] | None = None

    @classmethod
    def pack(cls, parameters: Parameters, blocks: Blocks) -> "PackedParameters":
        """Copy parameters into block order."""
        arrays = parameters.arrays()
        dtype = next(iter(arrays.values())).dtype
        rows = {"user": np.argsort(blocks.user_rows), "item": np.argsort(blocks.item_rows)}

        def packed(name: str, array: NDArray[Any]) -> NDArray[Any]:
            side = name.split("_")[0]
            taken = array[rows[side]] if side in rows else array
            return aligned_rows(taken, dtype) if name.endswith("_factors") else taken

        terms: dict[str, Any] = {name: packed(name, array) for name, array in arrays.items()}
        return cls(parameters.global_mean, np.ones(len(blocks.user_rows), dtype=dtype), **terms)

    def unpack(self, blocks: Blocks, d: int) -> Parameters:
        """Copy of the parameters in the order of users and items, w_u multiplied out."""
        rows = {"user": blocks.user_rows, "item": blocks.item_rows}

        def unpacked(name: str, array: NDArray[Any]) -> NDArray[Any]:
            chosen = rows.get(name.split("_")[0], np.arange(len(array)))
            if name.endswith("_factors"):
                return array[chosen, :d]
            taken = array[chosen]
            if name == "user_content":
                taken *= self.scale[chosen, None]
            return taken

        terms: dict[str, Any] = {name: unpacked(name, a) for name, a in self.terms().items()}
        return Parameters(self.global_mean, **terms)

    def copy(self) -> "PackedParameters":
        """Independent copy; its rows are not aligned."""
        copies: dict[str, Any] = {name: array.copy() for name, array in self.terms().items()}
        return replace(self, scale=self.scale.copy(), **copies)

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        norms = {}
        for name, array in self.terms().items():
            if name == "user_content":
                squares = np.einsum("ut,ut->u", array, array) * self.scale**2
                norms[name] = float(squares.sum(dtype=np.float64))
            else:
                norms[name] = float(np.vdot(array, array))
        return norms

    def item_vectors(self, content: sp.csr_array) -> NDArray[Any] | None:
        """q_i + C_i V as a matrix of rows; `content` has its rows in block order."""
        if self.content_factors is None:
            return self.item_factors
        mapped = content @ self.content_factors
        if self.item_factors is not None:
            mapped += self.item_factors
        return aligned_rows(mapped, mapped.dtype)

    @property
    def variant(self) -> tuple[str, ...]:
        """Terms and precision, such as ``("user_bias-item_bias", "float32")``."""
        return "-".join(self.terms()), self.scale.dtype.name

    def terms(self) -> dict[str, NDArray[Any]]:
        """Arrays of the terms that the variant has, by name."""
        arrays = vars(self).items()
        return {n: a for n, a in arrays if n not in ("global_mean", "scale") and a is not None}


@dataclass(frozen=True)
class WordCopies:
    """One copy of V per user block, so that cells can move words at the same time.

    Attributes
    ----------
    copies : ndarray of shape (B, n_terms, width)
    n_moves : ndarray of uint32, of shape (B, n_terms)
        Steps of each copy's words since the last merge.
    squared_weights : ndarray of shape (n_terms,)
        Mean of c_it^2 over the ratings of items with word t.
    ratings_of_user : ndarray of shape (n_users,)
        In block order.
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
            Ratings of each user and of each item, in the order of the parameters.
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
        c^2 |p_u|^2 + penalty; its mean over all ratings is used. At most 0.5.
        """
        lengths = np.einsum("uf,uf->u", P, P, dtype=np.float64)
        mean_length = self.ratings_of_user @ lengths / self.ratings_of_user.sum()
        shares = learning_rate * (self.squared_weights * mean_length + penalty)
        return np.minimum(shares, LARGEST_SHARE)
