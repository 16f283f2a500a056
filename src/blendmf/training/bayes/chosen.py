"""What the validation part of a Bayesian model's fit determines for a fit without one."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.training.bayes.cold_start_offsets import Offsets


class Chosen(NamedTuple):
    """Position in the users' order, offsets of cold users and items, and widths of intervals.

    `position` is None if ratings after all known ones are to be predicted.
    """

    position: float | None
    offsets: Offsets
    widths: NDArray[np.float64]

    @classmethod
    def by(cls, model: BayesianFactorModel, *, keeps_position: bool) -> Self:
        """What the validation part of a model's fit determined."""
        offsets = (0.0, 0.0) if model.cold_offsets is None else model.cold_offsets.tolist()
        position = model.user_prior.position if keeps_position and model.user_prior else None
        return cls(position, Offsets(*offsets), model.widths)
