"""Alternating least squares, bit-identical for any number of threads."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.als.als_kernels import solve_rows, sum_squared_errors
from blendmf.training.kernels.compiled import RATINGS_PER_TASK, compiled, in_threads, row_tasks
from blendmf.training.parameters import Array, Parameters

Rows = NDArray[np.float64]


class RatingRows(NamedTuple):
    """The training ratings by user or by item, as CSR arrays.

    Row k has the entries ``indptr[k] : indptr[k + 1]`` of `others`, the row indices on the other
    side, and of `centred`, the ratings minus mu.
    """

    indptr: NDArray[np.int32]
    others: NDArray[np.int32]
    centred: NDArray[np.float64]


class AlsEngine:
    """Solves for all users with the items fixed, then for all items with the users fixed.

    Each half of a sweep minimises the objective that `sgd` descends with the same penalties, a sum
    over the training ratings,

        (r - mu - b_u - b_i - p_u . q_i)^2
            + regularization (|p_u|^2 + |q_i|^2) + bias_regularization (b_u^2 + b_i^2),

    in which the penalty of a user or an item grows with its number of ratings. A bias is solved for
    together with the factors of its row; mu stays the training mean. Each row is solved
    independently, in double precision, so the result does not depend on the threads.

    Attributes
    ----------
    threads : int
        Number of training threads.

    References
    ----------
    Y. Zhou, D. Wilkinson, R. Schreiber and R. Pan, "Large-scale parallel collaborative filtering
    for the Netflix prize", AAIM 2008.
    """

    def __init__(
        self,
        parameters: Parameters,
        train: Observations,
        settings: TrainingSettings,
        rating_range: tuple[float, float],
        threads: int = 1,
    ) -> None:
        self.threads = threads
        self._mean = parameters.global_mean
        self._range = (float(rating_range[0]), float(rating_range[1]))
        factors, bias, *_ = settings.penalties
        self._penalties = float(factors), float(bias)
        self._user_rows = _joined(parameters.user_factors, parameters.user_bias)
        self._item_rows = _joined(parameters.item_factors, parameters.item_bias)
        self.keep()
        ratings = train.ratings.astype(np.float64) - self._mean
        by_user = sp.csr_array((ratings, (train.users, train.items)), shape=train.shape)
        by_item = sp.csr_array(by_user.T)
        self._by_user, self._by_item = (
            RatingRows(matrix.indptr, matrix.indices, matrix.data) for matrix in (by_user, by_item)
        )
        self._load_kernels(train)

    def run_epoch(self, learning_rate: float) -> None:
        """Solve for the users, then for the items; the learning rate is not used."""
        del learning_rate
        self.solve_users()
        self.solve_items()

    def solve_users(self) -> None:
        """Set p_u and b_u to their optimum for the current items: the first half of a sweep."""
        self._solve(self._by_user, self._user_rows, self._item_rows)

    def solve_items(self) -> None:
        """Set q_i and b_i to their optimum for the current users: the second half of a sweep."""
        self._solve(self._by_item, self._item_rows, self._user_rows)

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        starts = range(0, len(part), RATINGS_PER_TASK)
        pieces = [self._errors(part, start, start + RATINGS_PER_TASK) for start in starts]
        return math.sqrt(sum(in_threads(pieces, self.threads)) / len(part))

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        return self._parameters().squared_norms()

    def keep(self) -> None:
        """Store a copy of the current parameters."""
        self._kept = self._parameters()

    def kept(self) -> Parameters:
        """Copy of the parameters stored last."""
        return self._kept.copy()

    def _parameters(self) -> Parameters:
        users, items = self._user_rows, self._item_rows
        views = (users[:, -1], items[:, -1], users[:, :-1], items[:, :-1])
        return Parameters(self._mean, *(array.copy() for array in views))

    def _solve(self, ratings: RatingRows, rows: Rows, other_rows: Rows) -> None:
        kernel = compiled(solve_rows)

        def task(begin: int, end: int) -> Callable[[], None]:
            return lambda: kernel(begin, end, *ratings, rows, other_rows, *self._penalties)

        in_threads([task(*bounds) for bounds in row_tasks(ratings.indptr)], self.threads)

    def _errors(self, part: Observations, begin: int, end: int) -> Callable[[], float]:
        """A function that sums the squared errors of a part's ratings from `begin` to `end`."""
        kernel = compiled(sum_squared_errors)
        typed = ((part.users, np.int32), (part.items, np.int32), (part.ratings, np.float32))
        arrays = [np.require(array[begin:end], dtype, ["C", "W"]) for array, dtype in typed]
        return lambda: kernel(*arrays, self._mean, *self._range, self._user_rows, self._item_rows)

    def _load_kernels(self, train: Observations) -> None:
        """Load or compile the kernels by calls on empty ranges."""
        self._errors(train, 0, 0)()
        rows = self._user_rows
        compiled(solve_rows)(0, 0, *self._by_user, rows, rows, *self._penalties)


def _joined(factors: Array | None, bias: Array | None) -> Rows:
    """Factors and biases as a matrix of shape (n, d + 1), the bias in the last column."""
    assert factors is not None
    assert bias is not None
    return np.column_stack([factors, bias]).astype(np.float64)
