"""The unit in which models are trained: one standard deviation of the training ratings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RatingUnit:
    """Conversion between ratings and standard units, z = (rating - mean) / deviation.

    Step lengths, penalties and priors apply to standardised ratings, so that they fit ratings
    from 1 to 5 as well as from 0 to 100.

    Attributes
    ----------
    mean, deviation : float
        Of the training ratings; the deviation is 1 if all of them are equal.
    """

    mean: float
    deviation: float

    @classmethod
    def of(cls, ratings: NDArray[np.floating]) -> "RatingUnit":
        """Unit of the training ratings, of shape (n,)."""
        exact = ratings.astype(np.float64)
        return cls(float(exact.mean()), float(exact.std()) or 1.0)

    def standardised(self, ratings: NDArray[np.floating]) -> NDArray[np.float64]:
        """Ratings in standard units, of the same shape."""
        return (ratings.astype(np.float64) - self.mean) / self.deviation

    @property
    def scales(self) -> dict[str, float]:
        """Factors that convert the terms of a factorisation from standard units to ratings.

        A product of two factors is in rating units, so that each has the root of the deviation.
        """
        root = float(np.sqrt(self.deviation))
        factors = dict.fromkeys(("user_factors", "item_factors", "content_factors"), root)
        biases = dict.fromkeys(("user_bias", "item_bias", "user_content"), self.deviation)
        return factors | biases


RATINGS_THEMSELVES = RatingUnit(0.0, 1.0)
"""The unit of ratings that are not standardised."""
