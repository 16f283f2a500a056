"""Copies of the words' factors, one per user block, so that cells can teach words side by side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.training.kernels.vector_rows import aligned_rows

LONGEST = 0.5
"""Largest share of its way that one rating is taken to move a word."""


@dataclass(frozen=True)
class WordCopies:
    """What `sgd_kernels.run_cells_and_merges` needs besides the parameters.

    Attributes
    ----------
    copies : ndarray of shape (B, n_terms, width)
    taught : ndarray of uint32, of shape (B, n_terms)
        How often each copy's words were taught since the last merge.
    squared_weights : ndarray of shape (n_terms,)
        Mean of c_it^2 over the ratings that teach word t.
    ratings_of_user : ndarray of shape (n_users,)
        In the order of the blocks.
    """

    copies: NDArray[Any]
    taught: NDArray[np.uint32]
    squared_weights: NDArray[np.float64]
    ratings_of_user: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        V: NDArray[Any],
        n_blocks: int,
        content: sp.csr_array,
        counts: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> "WordCopies":
        """Copies of V, a matrix of rows.

        Parameters
        ----------
        content : csr_array of shape (n_items, n_terms)
        counts : (ndarray of shape (n_users,), ndarray of shape (n_items,))
            Ratings of each user and of each item, ordered as the parameters and `content` are.
        """
        n_terms, width = V.shape
        copies = aligned_rows(np.tile(V, (n_blocks, 1)), V.dtype)
        of_user, of_item = counts
        taught = (content != 0).T @ of_item
        squares = content.multiply(content).T @ of_item
        return cls(
            copies.reshape(n_blocks, n_terms, width),
            np.zeros((n_blocks, n_terms), dtype=np.uint32),
            squares / np.maximum(taught, 1),
            of_user.astype(np.float64),
        )

    def shrinkage(
        self, P: NDArray[Any], learning_rate: float, penalty: float
    ) -> NDArray[np.float64]:
        """Share of its way that one rating moves each word's factors, of shape (n_terms,).

        For the rating of user u and weight c the objective's curvature along V_t is at most
        c^2 |p_u|^2 + penalty; the mean over the ratings stands for all of them.
        """
        lengths = np.einsum("uf,uf->u", P, P, dtype=np.float64)
        mean_length = self.ratings_of_user @ lengths / self.ratings_of_user.sum()
        shares = learning_rate * (self.squared_weights * mean_length + penalty)
        return np.minimum(shares, LONGEST)
