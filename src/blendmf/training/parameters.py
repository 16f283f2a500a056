"""The parameters of a trained model: terms of each variant, initial values and penalty."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.config.training import TrainingSettings
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import RATINGS_THEMSELVES, Observations, RatingUnit

Array = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Terms:
    """Terms of a variant's prediction, in addition to the global mean."""

    user_bias: bool = True
    item_bias: bool = True
    user_factors: bool = True
    item_factors: bool = True
    content_factors: bool = False
    user_content: bool = False

    @classmethod
    def of_kind(cls, kind: str, blend: str | None = None) -> "Terms":
        """Terms of a trained kind of model: ``mf``, ``mf-content`` or ``content``.

        Raises
        ------
        UserError
            For any other kind or blend.
        """
        content = {"content_factors": True, "user_content": True}
        terms = {
            ("mf", None): cls(),
            ("mf-content", "user"): cls(user_content=True),
            ("mf-content", "item"): cls(content_factors=True),
            ("mf-content", "both"): cls(**content),
            ("content", None): cls(item_bias=False, item_factors=False, **content),
        }
        if (kind, blend) not in terms:
            raise UserError(f"no trained model of kind {kind!r} and blend {blend!r}")
        return terms[kind, blend]

    @property
    def use_content(self) -> bool:
        """Whether any term depends on the items' content."""
        return self.content_factors or self.user_content


@dataclass
class Parameters:
    """Dense parameters of a variant; a term that the variant does not have is None.

    Attributes
    ----------
    global_mean : float
    user_bias, item_bias : ndarray of shape (n_users,) and (n_items,), or None
    user_factors, item_factors : ndarray of shape (n_users, d) and (n_items, d), or None
    content_factors : ndarray of shape (n_terms, d), or None
    user_content : ndarray of shape (n_users, n_terms), or None
    """

    global_mean: float
    user_bias: Array | None = None
    item_bias: Array | None = None
    user_factors: Array | None = None
    item_factors: Array | None = None
    content_factors: Array | None = None
    user_content: Array | None = None

    @classmethod
    def initial(
        cls,
        terms: Terms,
        train: Observations,
        n_terms: int,
        settings: TrainingSettings,
        random: np.random.Generator,
    ) -> "Parameters":
        """Initial values: factors from N(0, init_deviation), everything else zero.

        Factors of users and items without a training rating are zero as well, and stay zero, so
        that untrained values do not affect a prediction.
        """
        n_users, n_items = train.shape
        d = settings.latent_dim

        def factors(n_rows: int, rows: NDArray[np.int32]) -> NDArray[np.float32]:
            drawn = random.normal(0.0, settings.init_deviation, (n_rows, d)).astype(np.float32)
            drawn[np.bincount(rows, minlength=n_rows) == 0] = 0.0
            return drawn

        def zeros(*shape: int) -> NDArray[np.float32]:
            return np.zeros(shape, dtype=np.float32)

        return cls(
            float(train.ratings.mean(dtype=np.float64)),
            zeros(n_users) if terms.user_bias else None,
            zeros(n_items) if terms.item_bias else None,
            factors(n_users, train.users) if terms.user_factors else None,
            factors(n_items, train.items) if terms.item_factors else None,
            zeros(n_terms, d) if terms.content_factors else None,
            zeros(n_users, n_terms) if terms.user_content else None,
        )

    def arrays(self) -> dict[str, Array]:
        """Arrays of the terms that the variant has, by name."""
        named = {f.name: getattr(self, f.name) for f in fields(self)[1:]}
        return {name: array for name, array in named.items() if array is not None}

    def copy(self) -> "Parameters":
        """Independent copy."""
        copies: dict[str, Any] = {name: array.copy() for name, array in self.arrays().items()}
        return replace(self, **copies)

    def squared_norms(self) -> dict[str, float]:
        """Sum of the squares of all entries of each term."""
        return {name: float(np.vdot(array, array)) for name, array in self.arrays().items()}

    def to_model(
        self,
        shape: tuple[int, int],
        rating_range: tuple[float, float],
        content: sp.csr_array,
        unit: RatingUnit = RATINGS_THEMSELVES,
    ) -> FactorModel:
        """Model of `shape` (n_users, n_items) in single precision.

        The parameters are those of ratings standardised by `unit`; the model is in rating units.
        """
        terms: dict[str, Any] = {
            name: (unit.scales[name] * array).astype(np.float32)
            for name, array in self.arrays().items()
        }
        user_content = terms.pop("user_content", None)
        has_content = user_content is not None or self.content_factors is not None
        return FactorModel(
            *shape,
            rating_range,
            unit.mean + unit.deviation * self.global_mean,
            **terms,
            user_content=None if user_content is None else sp.csr_array(user_content),
            content=content.astype(np.float32) if has_content else None,
        )


def penalised_loss(
    squared_error: float, squared_norms: Iterable[float], penalties: Iterable[float]
) -> float:
    """Sum of squared errors plus the sum of each squared norm times its penalty."""
    return squared_error + sum(p * n for p, n in zip(penalties, squared_norms, strict=True))
