"""Stochastic gradient descent, one rating at a time: the reference that fast engines agree with.

For a rating r of item i by user u, with z = q_i + C_i V and the error e = r - r_hat cut to
[-clip, clip], every term moves along the gradient of (e^2 + penalties) / 2, all of them from the
values before the step:

    b_u += lr (e - reg_b b_u)             p_u += lr (e z - reg p_u)
    b_i += lr (e - reg_b b_i)             q_i += lr (e p_u - reg q_i)
    w_u += lr (e C_i - reg_w w_u)         V_t += lr (e C_it p_u - reg_v V_t)  for words t of item i

The penalty of w_u touches all words of the vocabulary although C_i has a few. It is kept as
w_u = s_u v_u with one number s_u per user: shrinking w_u multiplies s_u, and only the words of
the item are written (L. Bottou, "Stochastic Gradient Descent Tricks", 2012, section 5.1).

Sums are added up in a stated order and every step rounds as it is written, so that the parallel
engine (`blendmf.training.sgd.block_sgd`) can be held to the same bits.

A term that a variant does not have is passed as None; Numba compiles one kernel per variant, in
which the branches of absent terms do not exist.
"""

import math

import numpy as np
import scipy.sparse as sp
from numba import njit

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.kernels.compiled import compiled
from blendmf.training.kernels.vector_rows import LANES, fused
from blendmf.training.loop import HostEngine
from blendmf.training.parameters import Parameters
from blendmf.training.sgd.blocks import Blocks

SMALLEST_SCALE = 1e-4
"""s_u below which it is multiplied into v_u, long before it could underflow."""


def sgd_epoch(order, users, items, ratings, mu, b_u, b_i, P, Q, V, W, scale, C, step):
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
    p, z = np.zeros(d, dtype=ratings.dtype), np.zeros(d, dtype=ratings.dtype)
    for n in order:
        u, i = users[n], items[n]
        words = range(indptr[i], indptr[i + 1])

        score = mu
        if b_u is not None:
            score += b_u[u]
        if b_i is not None:
            score += b_i[i]
        if P is not None:
            for f in range(d):
                p[f] = P[u, f]
                z[f] = zero if Q is None else Q[i, f]
                if V is not None:
                    for k in words:
                        z[f] = fused(data[k], V[indices[k], f], z[f])
            score += _dot(p, z)
        if W is not None:
            own = zero
            for k in words:
                own = fused(W[u, indices[k]], data[k], own)
            score += scale[u] * own

        e = lr * min(max(ratings[n] - score, -clip), clip)

        if b_u is not None:
            b_u[u] = keep_b * b_u[u] + e
        if b_i is not None:
            b_i[i] = keep_b * b_i[i] + e
        for f in range(d):
            P[u, f] = fused(e, z[f], keep * p[f])
            if Q is not None:
                Q[i, f] = fused(e, p[f], keep * Q[i, f])
            if V is not None:
                for k in words:
                    t = indices[k]
                    V[t, f] = fused(data[k], e * p[f], keep_v * V[t, f])
        if W is not None:
            scale[u] *= keep_w
            own_step = e / scale[u]
            for k in words:
                W[u, indices[k]] += own_step * data[k]
            if scale[u] < SMALLEST_SCALE:
                for t in range(W.shape[1]):
                    W[u, t] *= scale[u]
                scale[u] = 1


@njit(error_model="numpy")
def _dot(p, z):
    """Inner product in the order that `blendmf.training.kernels.vector_rows.dot` states."""
    lanes = np.zeros(LANES, dtype=p.dtype)
    for f in range(len(p)):
        lanes[f % LANES] = fused(p[f], z[f], lanes[f % LANES])
    half = LANES // 2
    while half:
        for k in range(half):
            lanes[k] += lanes[half + k]
        half //= 2
    return lanes[0]


class SgdEngine(HostEngine):
    """Per-rating SGD on one core, the ratings in one order that is drawn at the start.

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
        self._parameters = self._kept = parameters
        self._train = train
        self._settings = settings
        self._rating_range = rating_range
        self._type = next(iter(parameters.arrays().values())).dtype.type
        self._content = sp.csr_array(content, dtype=self._type)
        self._order = Blocks.deal(train, 1, random).order
        self._scale = np.ones(train.shape[0], dtype=self._type)

    def run_epoch(self, learning_rate: float) -> None:
        """Go once through all training ratings."""
        p, t, c = self._parameters, self._train, self._content
        keep = (1 - learning_rate * penalty for penalty in self._settings.penalties)
        step = (learning_rate, *keep, self._settings.error_clip)
        compiled(sgd_epoch, *p.arrays(), self._type.__name__)(
            self._order,
            *(t.users, t.items, t.ratings.astype(self._type)),
            *(self._type(p.global_mean), p.user_bias, p.item_bias),
            *(p.user_factors, p.item_factors, p.content_factors, p.user_content),
            *(self._scale, (c.indptr, c.indices, c.data)),
            tuple(self._type(x) for x in step),
        )

    def rmse(self, part: Observations) -> float:
        """RMSE of the current parameters, predictions clipped to the rating range."""
        model = self.parameters().to_model(part.shape, self._rating_range, self._content)
        errors = model.predict(part.users, part.items) - part.ratings
        return math.sqrt(np.mean(errors**2))

    def parameters(self) -> Parameters:
        """Copy of the current parameters, w_u multiplied out."""
        current = self._parameters.copy()
        if current.user_content is not None:
            current.user_content *= self._scale[:, None]
        return current
