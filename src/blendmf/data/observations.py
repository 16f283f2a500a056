"""What a model learns from: the observed ratings of one part as arrays of positions."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True)
class Observations:
    """Observed ratings of one part, as positions in the users' and the items' index.

    Attributes
    ----------
    users, items : ndarray of int32, of shape (n,)
        Row and column of each rating.
    ratings : ndarray of float32, of shape (n,)
    shape : (n_users, n_items)
        Size of the whole matrix, the same for every part.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    ratings: NDArray[np.float32]
    shape: tuple[int, int]

    @classmethod
    def from_matrix(cls, matrix: sp.csr_array) -> "Observations":
        """Observations of a CSR matrix, row by row; an explicit zero is a rating of zero."""
        users = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        return cls(
            users,
            matrix.indices.astype(np.int32, copy=False),
            matrix.data.astype(np.float32, copy=False),
            (int(matrix.shape[0]), int(matrix.shape[1])),
        )

    def to_matrix(self) -> sp.csr_array:
        """CSR matrix of shape (n_users, n_items)."""
        return sp.csr_array((self.ratings, (self.users, self.items)), shape=self.shape)

    def __len__(self) -> int:
        return len(self.ratings)
