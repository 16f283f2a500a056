"""A complete model of every kind, with arbitrary parameters."""

import numpy as np
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.models.baselines import PopularityModel, RandomModel
from blendmf.models.bayesian_factor_model import NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import ItemNeighboursModel
from blendmf.models.rating_times import RatingTimes
from blendmf.models.svd import PureSvdModel
from blendmf.models.user_prior import UserPrior

M, N, T, D, S, R, K, RANGE = 4, 6, 3, 2, 5, 2, 8, (0.5, 5.0)
random = stream(1, "model files")


def drawn(*shape: int) -> np.ndarray:
    return random.standard_normal(shape).astype(np.float32)


def sizes(*shape: int) -> np.ndarray:
    return np.abs(drawn(*shape))


def sparse(*shape: int) -> sp.csr_array:
    return sp.csr_array(np.abs(drawn(*shape)))


BIAS = FactorModel(M, N, RANGE, 3.0, drawn(M), drawn(N))
MF = FactorModel(M, N, RANGE, 3.0, drawn(M), drawn(N), drawn(M, D), drawn(N, D))
W = 2 + D
PRIOR = UserPrior(
    0.5, 20.0, sizes(S), drawn(S, W), drawn(S, W, W), drawn(N), drawn(N, R), drawn(S, R, W),
    drawn(2), drawn(S, 2, W),
)  # fmt: skip
BAYES = BayesianFactorModel(
    M, N, RANGE, 3.0, drawn(S, M, 1 + D), drawn(S, N, 1 + D), sizes(M), sizes(N), NORMAL_WIDTHS,
    PRIOR, drawn(M), RatingTimes(np.arange(0, 10, 2), np.arange(K)), drawn(2, K), drawn(2),
)  # fmt: skip
COMPLETE = {
    "factor-model": FactorModel(
        M, N, RANGE, 3.0, drawn(M), drawn(N), drawn(M, D), drawn(N, D), drawn(T, D),
        sparse(M, T), sparse(N, T),
    ),
    "bayesian-factor-model": BAYES,
    "item-neighbours": ItemNeighboursModel(BIAS, sparse(M, N), sparse(N, N), 3.0),
    "pure-svd": PureSvdModel(M, N, RANGE, 0.0, None, None, drawn(M, D), drawn(N, D)),
    "popularity": PopularityModel(M, np.arange(N)),
    "random": RandomModel(M, N, RANGE, 3.0, 1.0, 7),
}  # fmt: skip
