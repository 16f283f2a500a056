"""Sequential per-rating SGD: the reference for the engines, written out factor by factor.

`blendmf.training.sgd.sgd_kernels` states the updates. The reference uses the same order of
operations and rounding, so the block engine must give the same bits.
"""

import numpy as np
import scipy.sparse as sp
from numba import njit

from blendmf.evaluation.rating_metrics import rmse
from blendmf.training.kernels.compiled import compiled
from blendmf.training.kernels.vector_rows import LANES, fused
from blendmf.training.sgd.blocks import Blocks
from blendmf.training.sgd.sgd_kernels import SMALLEST_SCALE


def sgd_epoch(order, users, items, ratings, mu, b_u, b_i, P, Q, V, W, scale, C, step):
    """Process the ratings in `order` and update the parameters in place.

    Arguments are those of `blendmf.training.sgd.sgd_kernels.sgd_cell`, with factors as plain
    matrices and without padding.
    """
    lr, keep, keep_b, keep_w, keep_v, clip = step
    indptr, indices, data = C
    zero = mu - mu  # in the precision of the parameters; a literal 0 would widen the arithmetic
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
    """Inner product in the order of `blendmf.training.kernels.vector_rows.dot`."""
    lanes = np.zeros(LANES, dtype=p.dtype)
    for f in range(len(p)):
        lanes[f % LANES] = fused(p[f], z[f], lanes[f % LANES])
    half = LANES // 2
    while half:
        for k in range(half):
            lanes[k] += lanes[half + k]
        half //= 2
    return lanes[0]


class SequentialSgd:
    """Single-core per-rating SGD in one random order, in the precision of the parameters."""

    def __init__(self, parameters, train, content, settings, rating_range, random):
        self._parameters = parameters.copy()
        self._train = train
        self._settings = settings
        self._rating_range = rating_range
        self._type = next(iter(parameters.arrays().values())).dtype.type
        self._content = sp.csr_array(content, dtype=self._type)
        self._order = Blocks.deal(train, 1, random).order
        self._scale = np.ones(train.shape[0], dtype=self._type)

    def run_epoch(self, learning_rate):
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

    def rmse(self, part):
        self.keep()
        return rmse(self.kept().to_model(part.shape, self._rating_range, self._content), part)

    def keep(self):
        self._kept = self._parameters.copy()
        if self._kept.user_content is not None:
            self._kept.user_content *= self._scale[:, None]

    def kept(self):
        return self._kept
