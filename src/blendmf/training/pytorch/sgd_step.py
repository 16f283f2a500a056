"""One mini-batch of stochastic gradient descent in PyTorch, its gradients written out.

The gradients are those of per-rating SGD (`blendmf.training.sgd.reference`), of all ratings of a
batch, from the values before the batch. A row with n ratings in the batch moves by the sum of their
n steps times `damping(n, h)`, where h = lr (penalty + curvature). The curvature is the change of a
prediction per unit of the step, averaged over the n ratings: 1 for a bias, |z|^2 for p_u, |p_u|^2
for q_i, C_it^2 |p_u|^2 for V_t, |C_i|^2 for w_u. A batch of one rating is thus a step of per-rating
SGD, and in a larger batch no row overshoots because it occurs often.

Shapes depend on the batch's size alone, and nothing waits for the device.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from blendmf.training.pytorch.content import Content
from blendmf.training.pytorch.device import repeatable
from blendmf.training.pytorch.objective import Ratings
from blendmf.training.pytorch.torch_rows import Touched, damping

SMALLEST_LEFT = 1e-12
"""Smallest part of w_u that a batch's penalty may leave."""


@dataclass(frozen=True)
class Tables:
    """The parameters on a device, and what a step along them hangs on.

    Attributes
    ----------
    terms : dict of Tensor
        Parameters by name, shaped as in `blendmf.training.parameters.Parameters` but with one row
        more, which is always zero. ``user_content`` holds v_u, where w_u = scale[u] v_u.
    scale : Tensor of shape (n_users + 1,)
        s_u of each user; `blendmf.training.sgd.reference` says why.
    content : Content
    global_mean : float
    penalties : dict of float
        L2 penalty per rating, by term.
    error_clip : float
    multiplied_as : torch.dtype
        Precision of the factors that are multiplied; parameters and sums keep their own.
    """

    terms: dict[str, Tensor]
    scale: Tensor
    content: Content
    global_mean: float
    penalties: dict[str, float]
    error_clip: float
    multiplied_as: torch.dtype

    def fold_scale(self) -> None:
        """Multiply s_u into v_u, so that v_u is w_u."""
        if "user_content" in self.terms:
            self.terms["user_content"].mul_(self.scale[:, None])
            self.scale.fill_(1.0)


@dataclass(frozen=True)
class Side:
    """The users, items or words of a batch, and the number of ratings that teach each of them."""

    touched: Touched
    counts: Tensor

    @classmethod
    def of(cls, entries: Tensor, n_rows: int, ratings: Tensor) -> "Side":
        """Of entries, of shape (n,), which stand for so many ratings each."""
        touched = Touched.of(entries, n_rows)
        return cls(touched, touched.sums(ratings))


class Change(NamedTuple):
    """New values of rows of a table."""

    table: Tensor
    rows: Tensor
    values: Tensor


class Batch:
    """A batch of ratings, whose errors are found on creation, and what it teaches.

    Parameters
    ----------
    tables : Tables
    ratings : Ratings
    learning_rate : Tensor of shape ()
    capacity : int
        At least the number of words of the ratings' items, each counted as often as it is rated;
        read only where users weigh words.
    """

    def __init__(
        self, tables: Tables, ratings: Ratings, learning_rate: Tensor, capacity: int
    ) -> None:
        self._tables, self._lr = tables, learning_rate
        terms, content = tables.terms, tables.content
        users, items = ratings.users.long(), ratings.items.long()
        self._rated = users, items
        once = torch.ones_like(ratings.values)
        self._users = Side.of(users, len(tables.scale) - 1, once)
        self._items = Side.of(items, content.n_items, once)
        if "content_factors" in terms:
            rows = self._items.touched.rows
            self._words = content.words(rows, content.most_words(len(rows)))
        if "user_content" in terms:
            self._own_words = content.words(items, capacity)
        p, z = terms["user_factors"].index_select(0, self._users.touched.rows), self._item_vectors()
        self._p, self._p_squared = self._of_each_rating(p, self._users)
        self._z, self._z_squared = self._of_each_rating(z, self._items)
        clip = tables.error_clip
        self._errors = (ratings.values - self._scores()).clamp(-clip, clip)

    def teach(self) -> None:
        """Move the parameters.

        Either all of it is done or, where memory runs out, nothing: everything that takes memory
        comes before the first table is written.
        """
        changes = self._changes()
        if "user_content" in self._tables.terms:
            changes.append(self._teach_own_words())
        # Rows are distinct, so that plain writes are repeatable; sorting them would take memory.
        with repeatable(False):
            for table, rows, values in changes:
                table.index_copy_(0, rows, values)

    def _of_each_rating(self, vectors: Tensor, side: Side) -> tuple[Tensor, Tensor]:
        """The vector of each rating's row, in the precision for products, and its squared norm."""
        factors = vectors.to(self._tables.multiplied_as)
        norms = vectors.square().sum(dim=1)
        return tuple(rows.index_select(0, side.touched.slots) for rows in (factors, norms))

    def _item_vectors(self) -> Tensor:
        """q_i + C_i V of the touched items."""
        terms, rows = self._tables.terms, self._items.touched.rows
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

    def _scores(self) -> Tensor:
        """Unclipped predictions."""
        terms, (users, items) = self._tables.terms, self._rated
        scores = self._tables.global_mean + terms["user_bias"].index_select(0, users)
        if "item_bias" in terms:
            scores = scores + terms["item_bias"].index_select(0, items)
        scores = scores + (self._p * self._z).sum(dim=1, dtype=scores.dtype)
        if "user_content" in terms:
            W, own = terms["user_content"], self._own_words
            products = W.view(-1).index_select(0, self._places_of_own_words()) * own.weights
            scores = scores + self._tables.scale[users] * torch.zeros_like(scores).index_add_(
                0, own.owners, products
            )
        return scores

    def _changes(self) -> list[Change]:
        """New values of all rows but those of w_u."""
        users, items, terms = self._users, self._items, self._tables.terms
        e = self._errors
        changes = [
            self._moved("user_bias", users, users.touched.sums(e), users.counts),
            self._moved(
                "user_factors",
                users,
                users.touched.sums(e[:, None] * self._z),
                users.touched.sums(self._z_squared),
            ),
        ]
        if "item_bias" in terms:
            changes.append(self._moved("item_bias", items, items.touched.sums(e), items.counts))
        along_p = items.touched.sums(e[:, None] * self._p)
        p_squared = items.touched.sums(self._p_squared)
        if "item_factors" in terms:
            changes.append(self._moved("item_factors", items, along_p, p_squared))
        if "content_factors" in terms:
            owners, found, weights = self._words
            words = Side.of(found, self._tables.content.n_terms, items.counts[owners])
            gradient = words.touched.sums(weights[:, None] * along_p.index_select(0, owners))
            curvature = words.touched.sums(weights.square() * p_squared[owners])
            changes.append(self._moved("content_factors", words, gradient, curvature))
        return changes

    def _moved(self, term: str, side: Side, gradient: Tensor, curvature: Tensor) -> Change:
        """New values of a term's touched rows.

        `gradient` and `curvature` are sums over the ratings that teach a row, the gradient without
        the penalty's part.
        """
        table, penalty = self._tables.terms[term], self._tables.penalties[term]
        rows = side.touched.rows
        old = table.index_select(0, rows)
        step = self._lr * self._damping(side, penalty, curvature)
        shrinkage = penalty * side.counts
        if old.ndim == 2:
            step, shrinkage = step[:, None], shrinkage[:, None]
        return Change(table, rows, old + step * (gradient - shrinkage * old))

    def _damping(self, side: Side, penalty: float, curvature: Tensor) -> Tensor:
        mean = curvature / side.counts.clamp(min=1)
        return damping(side.counts, self._lr * (penalty + mean))

    def _places_of_own_words(self) -> Tensor:
        """Where in v, flat, the weight of each word lies; the zero row's for unused entries."""
        W, own = self._tables.terms["user_content"], self._own_words
        used = own.words < W.shape[1]
        users, _ = self._rated
        return torch.where(used, users[own.owners] * W.shape[1] + own.words, W.numel() - 1)

    def _teach_own_words(self) -> Change:
        """Add to v_u what the batch teaches; the new s_u, which the penalty shrinks."""
        users, (_, items) = self._users, self._rated
        penalty, scale = self._tables.penalties["user_content"], self._tables.scale
        rows, slots = users.touched.rows, users.touched.slots
        curvature = users.touched.sums(self._tables.content.squared_norms[items])
        step = self._lr * self._damping(users, penalty, curvature)
        # Never so little that the words' steps could not be divided by it.
        left = (1 - step * penalty * users.counts).clamp(min=SMALLEST_LEFT)
        shrunk = scale[rows] * left
        own = self._own_words
        taught = (step / shrunk)[slots] * self._errors
        v = self._tables.terms["user_content"].view(-1)
        v.index_add_(0, self._places_of_own_words(), taught[own.owners] * own.weights)
        return Change(scale, rows, shrunk)
