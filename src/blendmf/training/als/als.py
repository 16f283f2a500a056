"""Alternating least squares, the same to the last bit for any number of threads."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.als.als_kernels import solve_rows, sum_squared_errors
from blendmf.training.kernels.compiled import compiled
from blendmf.training.kernels.row_tasks import RATINGS_PER_TASK, in_threads, row_tasks
from blendmf.training.loop import HostEngine
from blendmf.training.parameters import Array, Parameters

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """The training ratings seen from the users or from the items.

    Attributes
    ----------
    indptr, others : ndarray of int
        CSR arrays: row k has ratings with the rows ``others[indptr[k] : indptr[k + 1]]`` of the
        other side.
    centred : ndarray of float64
        Those ratings, less mu.
    tasks : sequence of (int, int)
        Ranges of rows with about `RATINGS_PER_TASK` ratings each.
    """

    indptr: NDArray[np.int32]
    others: NDArray[np.int32]
    centred: NDArray[np.float64]
    tasks: Sequence[tuple[int, int]]

    @classmethod
    def of_rows(cls, centred: sp.csr_array) -> "Side":
        """The side that is the rows of a matrix of ratings less mu."""
        return cls(centred.indptr, centred.indices, centred.data, row_tasks(centred.indptr))


class AlsEngine(HostEngine):
    """Solves for all users with the items fixed, then for all items with the users fixed.

    Each half of a sweep minimises the objective that `sgd` descends with the same penalties, a sum
    over the training ratings,

        (r - mu - b_u - b_i - p_u . q_i)^2
            + regularization (|p_u|^2 + |q_i|^2) + bias_regularization (b_u^2 + b_i^2),

    in which the penalty of a user or an item grows with its number of ratings. A bias is solved for
    together with the factors of its side; mu stays the training mean. Each row is solved by itself,
    in double precision, so that it does not matter which thread has it.

    Attributes
    ----------
    threads : int
        Threads that do the work.

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
        self._penalties = tuple(
            float(settings.penalty_of_term[term]) for term in ("user_factors", "user_bias")
        )
        self._user_rows = _joined(parameters.user_factors, parameters.user_bias)
        self._item_rows = _joined(parameters.item_factors, parameters.item_bias)
        self._kept = self.parameters()
        ratings = train.ratings.astype(np.float64) - self._mean
        centred = sp.csr_array((ratings, (train.users, train.items)), shape=train.shape)
        self._users = Side.of_rows(centred)
        self._items = Side.of_rows(sp.csr_array(centred.T))
        self._load_kernels(train)

    def run_epoch(self, learning_rate: float) -> None:
        """Solve for the users, then for the items; there is no step that could have a length."""
        del learning_rate
        self.solve_users()
        self.solve_items()

    def solve_users(self) -> None:
        """The first half of a sweep: the best p_u and b_u for the items as they are."""
        self._solve(self._users, self._user_rows, self._item_rows)

    def solve_items(self) -> None:
        """The second half of a sweep: the best q_i and b_i for the users as they are."""
        self._solve(self._items, self._item_rows, self._user_rows)

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        starts = range(0, len(part), RATINGS_PER_TASK)
        pieces = [self._errors(part, start, start + RATINGS_PER_TASK) for start in starts]
        return math.sqrt(sum(in_threads(pieces, self.threads)) / len(part))

    def parameters(self) -> Parameters:
        """Copy of the current parameters."""
        users, items = self._user_rows, self._item_rows
        return Parameters(
            self._mean,
            user_bias=users[:, -1].copy(),
            item_bias=items[:, -1].copy(),
            user_factors=users[:, :-1].copy(),
            item_factors=items[:, :-1].copy(),
        )

    def _solve(self, side: Side, rows: Rows, other_rows: Rows) -> None:
        kernel = compiled(solve_rows)
        ratings = (side.indptr, side.others, side.centred)

        def task(begin: int, end: int) -> Callable[[], None]:
            return lambda: kernel(begin, end, *ratings, rows, other_rows, *self._penalties)

        in_threads([task(begin, end) for begin, end in side.tasks], self.threads)

    def _errors(self, part: Observations, begin: int, end: int) -> Callable[[], float]:
        """What sums the squared errors of some of a part's ratings."""
        kernel = compiled(sum_squared_errors)
        of_kind = ((part.users, np.int32), (part.items, np.int32), (part.ratings, np.float32))
        arrays = [np.require(array[begin:end], kind, ["C", "W"]) for array, kind in of_kind]
        return lambda: kernel(*arrays, self._mean, *self._range, self._user_rows, self._item_rows)

    def _load_kernels(self, train: Observations) -> None:
        """Have the kernels loaded or compiled, by calls that find nothing to do."""
        self._errors(train, 0, 0)()
        side = self._users
        self._solve(Side(side.indptr, side.others, side.centred, [(0, 0)]), *2 * [self._user_rows])


def _joined(factors: Array | None, bias: Array | None) -> Rows:
    """Factors and bias of one side as a matrix of shape (n, d + 1), the bias in the last column."""
    assert factors is not None
    assert bias is not None
    return np.column_stack([factors, bias]).astype(np.float64)
