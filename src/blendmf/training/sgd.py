"""Stochastic gradient descent, one rating at a time, compiled for the CPU by Numba.

For a rating r of item i by user u, with z = q_i + C_i V and the error e = r - r_hat cut to
[-clip, clip], every term moves along the gradient of (e^2 + penalties) / 2, all of them from the
values before the step:

    b_u += lr (e - reg_b b_u)             p_u += lr (e z - reg p_u)
    b_i += lr (e - reg_b b_i)             q_i += lr (e p_u - reg q_i)
    w_u += lr (e C_i - reg_w w_u)         V_t += lr (e C_it p_u - reg_v V_t)  for words t of item i

The penalty of w_u touches all words of the vocabulary although C_i has a few. It is kept as
w_u = s_u v_u with one number s_u per user: shrinking w_u multiplies s_u, and only the words of
the item are written (L. Bottou, "Stochastic Gradient Descent Tricks", 2012, section 5.1).

A term that a variant does not have is passed as None; Numba compiles one kernel per variant, in
which the branches of absent terms do not exist.
"""

import math
from typing import Any

import numpy as np
import scipy.sparse as sp
from numba import njit
from numpy.typing import NDArray

from blendmf.data.observations import Observations
from blendmf.training.parameters import Parameters
from blendmf.training.settings import TrainingSettings

# Sums may be reordered for speed; NaN and infinity keep their meaning, divergence shows by them.
REORDER = {"reassoc", "contract", "nsz", "arcp"}

SMALLEST_SCALE = 1e-4


@njit(cache=True, fastmath=REORDER, error_model="numpy")
def sgd_epoch(order, users, items, ratings, mu, b_u, b_i, P, Q, V, W, scale, C, step):  # type: ignore[no-untyped-def]
    """Go through the ratings in `order` and move the parameters in place.

    Parameters
    ----------
    order : ndarray of int, of shape (n,)
    users, items, ratings : ndarray of shape (n,)
    mu : float
    b_u, b_i, P, Q, V, W : ndarray or None
        Terms as `Parameters` shapes them; W holds v_u, so that w_u = scale[u] * W[u].
    scale : ndarray of shape (n_users,)
        s_u of each user.
    C : (indptr, indices, data)
        The content matrix's CSR arrays.
    step : (lr, keep, keep_b, keep_w, keep_v, clip)
        Of one precision with the parameters; keep = 1 - lr reg is what a step leaves of a factor,
        and so on for the other penalties.
    """
    lr, keep, keep_b, keep_w, keep_v, clip = step
    indptr, indices, data = C
    zero = mu - mu  # of the precision of the parameters; a literal 0 would widen the arithmetic
    d = 0 if P is None else P.shape[1]
    # Scratch rows: with them each inner loop writes one row, which the compiler can vectorise.
    z = np.zeros(d, dtype=ratings.dtype)
    gradient = np.zeros(d, dtype=ratings.dtype)
    for n in order:
        u, i = users[n], items[n]
        first, last = indptr[i], indptr[i + 1]

        score = mu
        if b_u is not None:
            score += b_u[u]
        if b_i is not None:
            score += b_i[i]
        if P is not None:
            for f in range(d):
                z[f] = zero if Q is None else Q[i, f]
            if V is not None:
                for k in range(first, last):
                    t, c = indices[k], data[k]
                    for f in range(d):
                        z[f] += c * V[t, f]
            for f in range(d):
                score += P[u, f] * z[f]
        if W is not None:
            own = zero
            for k in range(first, last):
                own += W[u, indices[k]] * data[k]
            score += scale[u] * own

        e = lr * min(max(ratings[n] - score, -clip), clip)

        if b_u is not None:
            b_u[u] = keep_b * b_u[u] + e
        if b_i is not None:
            b_i[i] = keep_b * b_i[i] + e
        if P is not None:
            for f in range(d):
                gradient[f] = e * P[u, f]
                P[u, f] = keep * P[u, f] + e * z[f]
            if Q is not None:
                for f in range(d):
                    Q[i, f] = keep * Q[i, f] + gradient[f]
            if V is not None:
                for k in range(first, last):
                    t, c = indices[k], data[k]
                    for f in range(d):
                        V[t, f] = keep_v * V[t, f] + c * gradient[f]
        if W is not None:
            scale[u] *= keep_w
            taught = e / scale[u]
            for k in range(first, last):
                W[u, indices[k]] += taught * data[k]
            if scale[u] < SMALLEST_SCALE:
                W[u] *= scale[u]
                scale[u] = 1


@njit(cache=True, fastmath=REORDER, error_model="numpy")
def sum_of_squared_errors(users, items, ratings, mu, b_u, b_i, P, Z, W, scale, C, low, high):  # type: ignore[no-untyped-def]
    """Sum over the ratings of (r - r_hat)^2, with r_hat clipped to [low, high].

    Z of shape (n_items, d) holds q_i + C_i V; the other parameters are those of `sgd_epoch`.
    """
    indptr, indices, data = C
    zero = mu - mu
    total = 0.0
    for n in range(len(ratings)):
        u, i = users[n], items[n]
        score = mu
        if b_u is not None:
            score += b_u[u]
        if b_i is not None:
            score += b_i[i]
        if P is not None:
            for f in range(P.shape[1]):
                score += P[u, f] * Z[i, f]
        if W is not None:
            own = zero
            for k in range(indptr[i], indptr[i + 1]):
                own += W[u, indices[k]] * data[k]
            score += scale[u] * own
        e = ratings[n] - min(max(score, low), high)
        total += e * e
    return total


def unsigned(positions: NDArray[Any]) -> NDArray[np.uint32]:
    """The same positions as 32-bit unsigned numbers, which the kernels need not check for signs."""
    return positions.astype(np.uint32)


class SgdEngine:
    """Per-rating SGD on one core, in an order drawn anew for each epoch.

    The arithmetic is of the precision of the parameters: float32 in training, float64 where a
    test compares with exact numbers.
    """

    def __init__(
        self,
        parameters: Parameters,
        train: Observations,
        content: sp.csr_array,
        settings: TrainingSettings,
        rating_range: tuple[float, float],
        random: np.random.Generator,
    ) -> None:
        self._parameters = parameters
        self._train = train
        self._settings = settings
        self._rating_range = rating_range
        self._random = random
        arrays = parameters.arrays()
        self._type = next(iter(arrays.values())).dtype.type
        self._content = sp.csr_array(content, dtype=self._type)
        self._csr = (
            unsigned(self._content.indptr),
            unsigned(self._content.indices),
            self._content.data,
        )
        self._scale = np.ones(train.shape[0], dtype=self._type)
        self._train_arrays = self._arrays(train)
        self._compile()

    def _compile(self) -> None:
        """Have the kernels of this variant compiled or loaded, by a run over no ratings."""
        t = self._train
        nothing = Observations(t.users[:0], t.items[:0], t.ratings[:0], t.shape)
        self._run(np.arange(0), 0.0)
        self._sum_of_squared_errors(nothing)

    def run_epoch(self, learning_rate: float) -> None:
        """Go once through all training ratings, in random order."""
        self._run(self._random.permutation(len(self._train)), learning_rate)

    def _run(self, order: NDArray[np.int64], learning_rate: float) -> None:
        p = self._parameters
        keep = (1 - learning_rate * penalty for penalty in self._settings.penalties)
        step = (learning_rate, *keep, self._settings.error_clip)
        sgd_epoch(
            order,
            *self._train_arrays,
            self._type(p.global_mean),
            p.user_bias,
            p.item_bias,
            p.user_factors,
            p.item_factors,
            p.content_factors,
            p.user_content,
            self._scale,
            self._csr,
            tuple(self._type(x) for x in step),
        )

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        return math.sqrt(self._sum_of_squared_errors(part) / len(part))

    def _sum_of_squared_errors(self, part: Observations) -> float:
        p = self._parameters
        item_vectors = p.item_factors
        if p.content_factors is not None:
            mapped = self._content @ p.content_factors
            item_vectors = mapped if item_vectors is None else item_vectors + mapped
        return sum_of_squared_errors(
            *self._arrays(part),
            self._type(p.global_mean),
            p.user_bias,
            p.item_bias,
            p.user_factors,
            item_vectors,
            p.user_content,
            self._scale,
            self._csr,
            *(self._type(r) for r in self._rating_range),
        )

    def _arrays(self, part: Observations) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        ratings = part.ratings.astype(self._type, copy=False)
        return unsigned(part.users), unsigned(part.items), ratings

    def parameters(self) -> Parameters:
        """Copy of the current parameters, w_u multiplied out."""
        current = self._parameters.copy()
        if current.user_content is not None:
            current.user_content *= self._scale[:, None]
        return current
