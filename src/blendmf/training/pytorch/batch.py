"""Predictions and explicit gradients of a batch of ratings in PyTorch.

The objective is that of per-rating SGD (`blendmf.training.sgd.sgd_kernels`): each rating adds
(e^2 + penalties) / 2, where e is the error, clipped to [-clip, clip] in the gradients (Huber loss).
Every gradient is taken at the values before the batch and is summed per row. The SGD step scales
the sum by `damping`; Adam and gradient descent use the sum itself.

Shapes depend on the size of the batch only, so a GPU never has to wait for the host. Each table
therefore has an extra last row, which is always zero; unused slots point to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from blendmf.models.observations import Observations
from blendmf.training.pytorch.content import Content
from blendmf.training.pytorch.device import repeatable
from blendmf.training.pytorch.touched_rows import TouchedRows, damping

SMALLEST_LEFT = 1e-12
"""Smallest factor by which the penalty of one batch may shrink w_u."""


class Ratings(NamedTuple):
    """Ratings on a device: row indices (int32) and values, each of shape (n,)."""

    users: Tensor
    items: Tensor
    values: Tensor

    @classmethod
    def on_device(cls, part: Observations, dtype: torch.dtype, device: torch.device) -> "Ratings":
        """Copy the ratings of a part to the device."""
        return cls(
            torch.tensor(part.users, dtype=torch.int32, device=device),
            torch.tensor(part.items, dtype=torch.int32, device=device),
            torch.tensor(part.ratings, dtype=dtype, device=device),
        )

    def take(self, chosen: Tensor | slice) -> "Ratings":
        """Ratings at the given positions, in that order."""
        return Ratings(*(array[chosen] for array in self))

    def pieces(self, size: int, start: int = 0) -> Iterator["Ratings"]:
        """Ratings from position `start` on, at most `size` at a time."""
        for first in range(start, len(self.values), size):
            yield self.take(slice(first, first + size))


@dataclass(frozen=True)
class Tables:
    """The parameters on a device and the settings of a step.

    Attributes
    ----------
    terms : dict of Tensor
        Parameters by name, shaped as in `blendmf.training.parameters.Parameters` plus the zero
        row. ``user_content`` holds v_u, where w_u = scale[u] v_u.
    scale : Tensor of shape (n_users + 1,)
        s_u of each user. SGD shrinks w_u through s_u, so that a step writes only the words of the
        rated items.
    content : Content
    global_mean : float
    penalties : dict of float
        L2 penalty per rating, by term.
    error_clip : float
    product_dtype : torch.dtype
        Precision in which factors are multiplied; parameters and sums keep that of `terms`.
    """

    terms: dict[str, Tensor]
    scale: Tensor
    content: Content
    global_mean: float
    penalties: dict[str, float]
    error_clip: float
    product_dtype: torch.dtype

    def fold_scale(self) -> None:
        """Multiply s_u into v_u, so that v_u = w_u and s_u = 1."""
        if "user_content" in self.terms:
            self.terms["user_content"].mul_(self.scale[:, None])
            self.scale.fill_(1.0)


Change = tuple[Tensor, Tensor, Tensor]
"""A table, indices of its rows, and the new values of these rows."""


class Batch:
    """A batch of ratings, predicted on creation.

    If memory runs out, no parameter changes: all allocations come before the first write.

    Parameters
    ----------
    tables : Tables
    ratings : Ratings
    capacity : int, optional
        Upper bound on the number of words of the ratings' items, counted per rating; used with a
        ``user_content`` term only. By default the host counts them and so waits for the device.

    Attributes
    ----------
    predicted : Tensor of shape (n,)
        Predictions, not clipped.
    """

    def __init__(self, tables: Tables, ratings: Ratings, capacity: int | None = None) -> None:
        self._tables, self._values = tables, ratings.values
        terms, content = tables.terms, tables.content
        users, items = ratings.users.long(), ratings.items.long()
        self._rated = users, items
        once = torch.ones_like(ratings.values)
        self._users = TouchedRows.of(users, len(tables.scale) - 1, once)
        self._items = TouchedRows.of(items, len(content.squared_norms) - 1, once)
        if "content_factors" in terms:
            rows = self._items.rows
            self._words = content.words(rows, content.most_words(len(rows)))
        if "user_content" in terms:
            self._own_words = content.words(items, capacity)
        self._user_vectors = terms["user_factors"].index_select(0, self._users.rows)
        self._item_vectors = self._mapped_items()
        self._p = self._per_rating(self._user_vectors, self._users)
        self._z = self._per_rating(self._item_vectors, self._items)
        self.predicted = self._predict()

    def __len__(self) -> int:
        return len(self._values)

    def move(self, learning_rate: Tensor) -> None:
        """Move the parameters by a damped step of SGD."""
        changes = []
        for term, touched, descent, curvature in self._gradients():
            table, penalty = self._tables.terms[term], self._tables.penalties[term]
            old = table.index_select(0, touched.rows)
            step = _damped_step(learning_rate, penalty, touched.counts, curvature)
            step, shrinkage = _as_columns(old, step, penalty * touched.counts)
            changes.append((table, touched.rows, old + step * (descent - shrinkage * old)))
        if "user_content" in self._tables.terms:
            changes.append(self._move_own_words(learning_rate))
        _write(changes)

    def add_gradients(self, gradients: dict[str, Tensor], weight: float) -> None:
        """Add the gradient of the objective, times `weight`, to `gradients`, by term.

        The scale of w_u must be 1.
        """
        changes = []
        for term, touched, descent, _ in self._gradients():
            table, penalty = self._tables.terms[term], self._tables.penalties[term]
            old, total = (t.index_select(0, touched.rows) for t in (table, gradients[term]))
            (shrinkage,) = _as_columns(old, penalty * touched.counts)
            total = total + weight * (shrinkage * old - descent)
            changes.append((gradients[term], touched.rows, total))
        if "user_content" in self._tables.terms:
            W, total = self._tables.terms["user_content"], gradients["user_content"]
            counts = torch.zeros_like(self._tables.scale)
            counts.index_add_(0, self._users.rows, self._users.counts)
            self._add_to_own_words(total, -weight * self._errors())
            penalty = self._tables.penalties["user_content"]
            total.addcmul_(W, counts[:, None], value=weight * penalty)
        _write(changes)

    def _per_rating(self, vectors: Tensor, touched: TouchedRows) -> Tensor:
        return vectors.to(self._tables.product_dtype).index_select(0, touched.slots)

    def _mapped_items(self) -> Tensor:
        """z_i = q_i + C_i V of the touched items."""
        terms, rows = self._tables.terms, self._items.rows
        V = terms.get("content_factors")
        if V is None:
            return terms["item_factors"].index_select(0, rows)
        if "item_factors" in terms:
            vectors = terms["item_factors"].index_select(0, rows)
        else:
            vectors = V.new_zeros((len(rows), V.shape[1]))
        words = self._words
        return vectors.index_add_(
            0, words.owners, words.weights[:, None] * V.index_select(0, words.words)
        )

    def _predict(self) -> Tensor:
        terms, (users, items) = self._tables.terms, self._rated
        scores = self._tables.global_mean + terms["user_bias"].index_select(0, users)
        if "item_bias" in terms:
            scores = scores + terms["item_bias"].index_select(0, items)
        scores = scores + (self._p * self._z).sum(dim=1, dtype=scores.dtype)
        if "user_content" in terms:
            own = self._own_words
            v = terms["user_content"].view(-1)
            products = v.index_select(0, self._own_positions()) * own.weights
            scores = scores + self._tables.scale[users] * torch.zeros_like(scores).index_add_(
                0, own.owners, products
            )
        return scores

    def _errors(self) -> Tensor:
        clip = self._tables.error_clip
        return (self._values - self.predicted).clamp(-clip, clip)

    def _gradients(self) -> Iterator[tuple[str, TouchedRows, Tensor, Tensor]]:
        """Name, touched rows, negative gradient and curvature of each term except w_u.

        Both are sums over the ratings, without the penalty. The curvature of one rating is 1 for a
        bias, |z_i|^2 for p_u, |p_u|^2 for q_i and C_it^2 |p_u|^2 for V_t.
        """
        users, items, terms = self._users, self._items, self._tables.terms
        e = self._errors()
        p_squared, z_squared = (
            vectors.square().sum(dim=1).index_select(0, touched.slots)
            for vectors, touched in ((self._user_vectors, users), (self._item_vectors, items))
        )
        yield "user_bias", users, users.sums(e), users.counts
        along_z = users.sums(e[:, None] * self._z)
        yield "user_factors", users, along_z, users.sums(z_squared)
        if "item_bias" in terms:
            yield "item_bias", items, items.sums(e), items.counts
        along_p, curvature = items.sums(e[:, None] * self._p), items.sums(p_squared)
        if "item_factors" in terms:
            yield "item_factors", items, along_p, curvature
        if "content_factors" in terms:
            owners, found, weights = self._words
            words = TouchedRows.of(found, self._tables.content.n_terms, items.counts[owners])
            yield (
                "content_factors",
                words,
                words.sums(weights[:, None] * along_p.index_select(0, owners)),
                words.sums(weights.square() * curvature[owners]),
            )

    def _own_positions(self) -> Tensor:
        """Index of each of `_own_words` in the flattened table; of a zero for unused entries."""
        W, own = self._tables.terms["user_content"], self._own_words
        used = own.words < W.shape[1]
        users, _ = self._rated
        return torch.where(used, users[own.owners] * W.shape[1] + own.words, W.numel() - 1)

    def _add_to_own_words(self, table: Tensor, steps: Tensor) -> None:
        """Add each rating's step, of shape (n,), times its item's words to a user-word table.

        This is the last operation that allocates memory.
        """
        own = self._own_words
        values = steps[own.owners] * own.weights
        table.view(-1).index_add_(0, self._own_positions(), values)

    def _move_own_words(self, learning_rate: Tensor) -> Change:
        """Take the gradient step in v_u; return the change of s_u, which the penalty shrinks."""
        users, (_, items) = self._users, self._rated
        penalty, scale = self._tables.penalties["user_content"], self._tables.scale
        curvature = users.sums(self._tables.content.squared_norms[items])
        step = _damped_step(learning_rate, penalty, users.counts, curvature)
        # The lower bound keeps the division by the new scale finite.
        left = (1 - step * penalty * users.counts).clamp(min=SMALLEST_LEFT)
        shrunk = scale[users.rows] * left
        steps = (step / shrunk)[users.slots] * self._errors()
        self._add_to_own_words(self._tables.terms["user_content"], steps)
        return scale, users.rows, shrunk


def _damped_step(lr: Tensor, penalty: float, counts: Tensor, curvature: Tensor) -> Tensor:
    """Step length of each row, with h = lr (penalty + mean curvature) in `damping`."""
    mean = curvature / counts.clamp(min=1)
    return lr * damping(counts, lr * (penalty + mean))


def _as_columns(values: Tensor, *vectors: Tensor) -> list[Tensor]:
    """Vectors of shape (m,), as columns of shape (m, 1) if `values` is a matrix."""
    return [vector[:, None] if values.ndim == 2 else vector for vector in vectors]


def _write(changes: list[Change]) -> None:
    # The rows are distinct, so plain writes are repeatable; sorting would allocate memory.
    with repeatable(False):
        for table, rows, values in changes:
            table.index_copy_(0, rows, values)
