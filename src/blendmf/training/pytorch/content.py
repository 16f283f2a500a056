"""The sparse content matrix on a device, and the words of a batch's items."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor


class Words(NamedTuple):
    """Words of m items, one entry per item and word, padded to `capacity` entries.

    Attributes
    ----------
    owners : Tensor of int64, of shape (capacity,)
        Index of the entry's item among the m items.
    words : Tensor of int64, of shape (capacity,)
        Column of the content matrix; n_terms, one past the last, in padding.
    weights : Tensor of shape (capacity,)
        Value of the content matrix; 0 in padding.
    """

    owners: Tensor
    words: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Content:
    """CSR arrays of the content matrix C, of shape (n_items, n_terms), on a device.

    An extra item without words is appended.

    Attributes
    ----------
    indptr, indices, data : Tensor
    squared_norms : Tensor of shape (n_items + 1,)
        |C_i|^2 of each item.
    n_terms : int
    """

    indptr: Tensor
    indices: Tensor
    data: Tensor
    squared_norms: Tensor
    n_terms: int
    _longest: NDArray[np.int64]

    @classmethod
    def from_csr(cls, matrix: sp.csr_array, dtype: torch.dtype, device: torch.device) -> "Content":
        """Copy a SciPy matrix to the device."""
        lengths = np.diff(matrix.indptr, append=matrix.indptr[-1])

        def tensor(array: NDArray[Any], dtype: torch.dtype = torch.int64) -> Tensor:
            return torch.tensor(array, dtype=dtype, device=device)

        return cls(
            tensor(np.append(matrix.indptr, matrix.indptr[-1])),
            tensor(matrix.indices),
            tensor(matrix.data, dtype),
            tensor(np.append(matrix.multiply(matrix).sum(axis=1), 0.0), dtype),
            int(matrix.shape[1]),
            np.cumsum(np.sort(lengths)[::-1]),
        )

    def most_words(self, m: int) -> int:
        """Largest total number of words of m distinct items."""
        return int(self._longest[min(m, len(self._longest)) - 1])

    def words(self, items: Tensor, capacity: int | None = None) -> Words:
        """Words of items.

        Parameters
        ----------
        items : Tensor of int64, of shape (m,)
            Items, which may repeat.
        capacity : int, optional
            Upper bound on their total number of words. By default the host counts them and so waits
            for the device.
        """
        starts = self.indptr.index_select(0, items)
        lengths = self.indptr.index_select(0, items + 1) - starts
        ends = lengths.cumsum(0)
        capacity = int(lengths.sum()) if capacity is None else capacity
        entries = torch.arange(capacity, device=items.device)
        owners = torch.searchsorted(ends, entries, right=True)
        used = owners < len(items)
        owners = owners.clamp(max=len(items) - 1)
        shifts = (starts + lengths - ends).index_select(0, owners)
        positions = torch.where(used, entries + shifts, 0)
        return Words(
            owners,
            torch.where(used, self.indices.index_select(0, positions), self.n_terms),
            torch.where(used, self.data.index_select(0, positions), 0.0),
        )
