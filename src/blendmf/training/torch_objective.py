"""Prediction and objective of a variant in PyTorch, over any set of ratings and on any device.

Content stays sparse: the words of the items at hand are gathered as bags, and ``embedding_bag``
sums over each bag. Absent terms are left out of the dictionary of parameters.
"""

from dataclasses import dataclass

import scipy.sparse as sp
import torch
from torch import Tensor
from torch.nn.functional import embedding, embedding_bag, huber_loss

USER_TERMS = ("user_bias", "user_factors", "user_content")
ITEM_TERMS = ("item_bias", "item_factors")


@dataclass(frozen=True)
class Bags:
    """Words of m items: item k has ``words[offsets[k]:offsets[k] + lengths[k]]``.

    Attributes
    ----------
    words, weights : Tensor of shape (nnz,)
        Columns of the content matrix and its values there.
    offsets, lengths : Tensor of int64, of shape (m,)
    """

    words: Tensor
    weights: Tensor
    offsets: Tensor
    lengths: Tensor


@dataclass(frozen=True)
class Content:
    """CSR arrays of the content matrix C, of shape (n_items, n_terms), on a device."""

    indptr: Tensor
    indices: Tensor
    data: Tensor

    @classmethod
    def from_csr(cls, matrix: sp.csr_array, dtype: torch.dtype, device: torch.device) -> "Content":
        """Copy a SciPy matrix to the device."""
        return cls(
            torch.tensor(matrix.indptr, dtype=torch.int64, device=device),
            torch.tensor(matrix.indices, dtype=torch.int64, device=device),
            torch.tensor(matrix.data, dtype=dtype, device=device),
        )

    def bags(self, items: Tensor) -> Bags:
        """Words of items, of shape (m,), which may repeat."""
        starts = self.indptr[items]
        lengths = self.indptr[items + 1] - starts
        offsets = lengths.cumsum(0) - lengths
        shifts = torch.repeat_interleave(starts - offsets, lengths)
        positions = shifts + torch.arange(len(shifts), device=items.device)
        return Bags(self.indices[positions], self.data[positions], offsets, lengths)


@dataclass(frozen=True)
class Ratings:
    """Ratings on a device: positions (int64) and values, each of shape (n,)."""

    users: Tensor
    items: Tensor
    values: Tensor

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, chosen: Tensor | slice) -> "Ratings":
        return Ratings(self.users[chosen], self.items[chosen], self.values[chosen])


def predict(
    terms: dict[str, Tensor], global_mean: float, content: Content, ratings: Ratings
) -> Tensor:
    """Unclipped predictions of the ratings' pairs, of shape (n,).

    Parameters
    ----------
    terms : dict of Tensor
        Parameters by name, shaped as in `blendmf.training.parameters.Parameters`.
    """
    users, items = ratings.users, ratings.items
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
        bags = content.bags(items)
        flat = torch.repeat_interleave(users, bags.lengths) * own.shape[1] + bags.words
        scores = scores + _bag_sums(flat, own.reshape(-1, 1), bags)[:, 0]
    return scores


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
            taught = content.bags(ratings.items).words
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
        bags = content.bags(distinct)
        mapped = embedding(which, _bag_sums(bags.words, terms["content_factors"], bags))
        vectors = mapped if vectors is None else vectors + mapped
    return vectors


def _bag_sums(rows: Tensor, table: Tensor, bags: Bags) -> Tensor:
    """Sum over each bag of its weights times the table's rows, of shape (m, table's width)."""
    return embedding_bag(rows, table, bags.offsets, mode="sum", per_sample_weights=bags.weights)
