"""PureSVD: truncated SVD of the ratings themselves, an unrated item counting as zero."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations
from blendmf.models.svd import singular_triplets


@dataclass(frozen=True, eq=False)
class PureSvdModel(FactorModel):
    """Ranks items by p_u . q_i alone; predicts no rating.

    The global mean is zero and there are no biases, so that a user or item outside the index
    scores zero, as one without training ratings does.
    """

    kind: ClassVar[str] = "pure-svd"
    predicts_ratings: ClassVar[bool] = False

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Scores of pairs, to rank by, in double precision and unclipped, of shape (n,)."""
        return self.score_pairs(users, items).astype(np.float64)


def fit_pure_svd(
    train: Observations, rating_range: tuple[float, float], rank: int, random: np.random.Generator
) -> PureSvdModel:
    """Best rank-k approximation of the matrix of ratings with zeros where unrated.

    With its truncated SVD U S Vt, p_u = U_u sqrt(S) and q_i = V_i sqrt(S), so that the scores of
    a user are the projection r_u V Vt of the user's ratings.

    Parameters
    ----------
    rank : int
        At least 1 and below the number of users and of items.
    random : Generator
        Draws the solver's start vector.

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin, "Performance of recommender algorithms on top-N
    recommendation tasks", RecSys 2010.
    """
    U, s, Vt = singular_triplets(train.to_matrix(), rank, random)
    root = np.sqrt(s)
    return PureSvdModel(
        *train.shape,
        rating_range,
        0.0,
        user_factors=(U * root).astype(np.float32),
        item_factors=(Vt.T * root).astype(np.float32),
    )
