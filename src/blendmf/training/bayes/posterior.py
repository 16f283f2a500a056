"""Bayesian matrix factorisation: from Gibbs sweeps to a model of draws."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blendmf.common.job_log import progress
from blendmf.config.training import TrainingSettings
from blendmf.models.bayesian_factor_model import LEVELS, NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.drift import predicted_position
from blendmf.models.moments import AMID, GAPS
from blendmf.models.observations import Observations
from blendmf.models.user_prior import PriorDraw, UserPrior
from blendmf.training.bayes.chosen import Chosen
from blendmf.training.bayes.cold_start_offsets import ColdRatings, Offsets
from blendmf.training.bayes.gibbs import Draw, GibbsSampler
from blendmf.training.bayes.gibbs_kernels import add_scores
from blendmf.training.kernels.compiled import compiled
from blendmf.training.loop import Epoch, GoesOn

Traces = dict[str, list[float]]
"""Values of some quantities in each kept draw of a chain."""


def sample_posterior(
    sampler: GibbsSampler,
    validation: Observations,
    settings: TrainingSettings,
    rating_range: tuple[float, float],
    goes_on: GoesOn,
    chosen: Chosen | None = None,
) -> tuple[BayesianFactorModel, Sequence[Epoch], Traces]:
    """Run Gibbs sweeps and keep draws spread evenly over the sweeps after the burn-in.

    No validation rating affects the draws. The validation part determines the position in the
    users' order of ratings without a known time (its mean position), and thereby whether there are
    moment effects (`AMID`), the prediction bias for users and items without training ratings, the
    widths of the intervals, and the reported validation error.

    Parameters
    ----------
    sampler : GibbsSampler
    validation : Observations
    settings : TrainingSettings
        ``epochs`` (sweeps), ``burn_in`` (discarded sweeps) and ``draws`` (about that many kept).
    rating_range : (float, float)
    goes_on : GoesOn
        Called after each sweep with its validation RMSE; sampling stops if it returns False.
    chosen : Chosen, optional
        What an earlier fit's validation part determined, if there is none here.

    Returns
    -------
    (BayesianFactorModel, sequence of Epoch, dict of list)
        One epoch per sweep, with the training RMSE of its draw and the validation RMSE of the mean
        prediction so far. For each kept draw, its own ``training RMSE`` and, if there are
        validation ratings, ``validation RMSE``, and the standard deviation of its ``noise``.
    """
    position, epochs = predicted_position(sampler.times, validation), settings.epochs
    if chosen is not None and chosen.position is not None:
        position = chosen.position
    if settings.moments and abs(position) < AMID:
        sampler.add_moments()
    burn_in = min(settings.burn_in, epochs - 1)
    every = max(1, round((epochs - burn_in) / settings.draws))
    mean = _MeanPrediction(validation, position, sampler, rating_range)
    kept = _Kept((epochs - burn_in - 1) // every + 1)
    history: list[Epoch] = []
    traces: Traces = {}
    for epoch in progress(range(1, epochs + 1), "sweeps"):
        train_rmse = sampler.sweep()
        is_kept = epoch > burn_in and (epochs - epoch) % every == 0
        if is_kept or not len(kept):
            draw = sampler.current(position)
            mean.add(draw, alone=not len(kept))
        if is_kept:
            kept.append(draw)
            values = {
                "training RMSE": train_rmse,
                "validation RMSE": mean.rmse_of_draw,
                "noise": math.sqrt(draw.user_prior.noise_variance),
            }
            for name, value in values.items():
                if not math.isnan(value):
                    traces.setdefault(name, []).append(value)
        rmse = mean.rmse()
        history.append(Epoch(epoch, math.nan, train_rmse, rmse, math.nan))
        if not goes_on(epoch, rmse):
            break
    if not len(kept):
        kept.append(draw)
    offsets = mean.offsets() if chosen is None else chosen.offsets
    kept.move(sampler, offsets)
    prior = UserPrior.of_draws(
        kept.user_priors, sampler.rated_features, position, settings.noise_freedom
    )
    model = replace(
        kept.model(sampler, rating_range, prior),
        cold_offsets=np.array(offsets, dtype=np.float32),
        widths=NORMAL_WIDTHS if chosen is None else chosen.widths,
    )
    return calibrated(model, validation), history, traces


def calibrated(model: BayesianFactorModel, validation: Observations) -> BayesianFactorModel:
    """The model with interval widths from the validation ratings, if there are any."""
    if not len(validation):
        return model
    users, items = validation.users, validation.items
    errors = np.abs(validation.ratings - model.predict(users, items, validation.times))
    widths = np.quantile(errors / model.deviation(users, items), LEVELS, method="higher")
    return replace(model, widths=widths)


class _Kept:
    """The kept draws, in preallocated arrays."""

    def __init__(self, n_draws: int) -> None:
        self._most, self._length = n_draws, 0
        self.user_priors: list[PriorDraw] = []

    def __len__(self) -> int:
        return self._length

    def append(self, draw: Draw) -> None:
        """Add a draw."""
        if not self._length:
            self._user_rows = np.empty((self._most, *draw.user_rows.shape), np.float32)
            self._item_rows = np.empty((self._most, *draw.item_rows.shape), np.float32)
            self._user_slopes = np.zeros(len(draw.user_slopes))
            self._moments = [np.zeros(len(of_gap)) for of_gap in draw.moment_effects]
            self._user_variance = np.zeros(len(draw.user_variance))
            self._item_variance = np.zeros(len(draw.item_variance))
        self._user_rows[self._length] = draw.user_rows
        self._item_rows[self._length] = draw.item_rows
        self._user_slopes += draw.user_slopes
        for total, of_gap in zip(self._moments, draw.moment_effects, strict=True):
            total += of_gap
        self._user_variance += draw.user_variance
        self._item_variance += draw.item_variance
        self.user_priors.append(draw.user_prior)
        self._length += 1

    def move(self, sampler: GibbsSampler, by: Offsets) -> None:
        """Add offsets to the biases of users and items without training ratings."""
        kept = slice(self._length)
        self._user_rows[kept, sampler.users_without, 0] += np.float32(by.of_users)
        self._item_rows[kept, sampler.items_without, 0] += np.float32(by.of_items)

    def model(
        self, sampler: GibbsSampler, rating_range: tuple[float, float], user_prior: UserPrior
    ) -> BayesianFactorModel:
        """Model of the draws so far, with the interval widths of normal errors."""
        times, moments = sampler.times, None
        if self._moments and times is not None:
            pairs = zip(GAPS, self._moments, strict=True)
            effects = [total[times.groups(gap)] for gap, total in pairs]
            moments = (np.stack(effects) / self._length).astype(np.float32)
        return BayesianFactorModel(
            self._user_rows.shape[1],
            self._item_rows.shape[1],
            (float(rating_range[0]), float(rating_range[1])),
            sampler.global_mean,
            self._user_rows[: self._length],
            self._item_rows[: self._length],
            (self._user_variance / self._length).astype(np.float32),
            (self._item_variance / self._length).astype(np.float32),
            NORMAL_WIDTHS,
            user_prior,
            (self._user_slopes / self._length).astype(np.float32),
            times,
            moments,
        )


class _MeanPrediction:
    """Mean prediction of the draws for the validation part.

    Attributes
    ----------
    rmse_of_draw : float
        Validation RMSE of the last draw alone, without offsets.
    """

    def __init__(
        self,
        validation: Observations,
        position: float,
        sampler: GibbsSampler,
        rating_range: tuple[float, float],
    ) -> None:
        self._validation, self._range = validation, rating_range
        self._away = np.zeros(len(validation))
        self._moments: list[tuple[NDArray[np.int64], NDArray[np.bool_]]] = []
        if sampler.times is not None and validation.times is not None:
            at = validation.users, validation.times
            self._away = sampler.times.positions(*at, position).astype(np.float64) - position
            nearest, distance = sampler.times.nearest(*at)
            self._moments = [(sampler.times.groups(gap)[nearest], distance <= gap) for gap in GAPS]
        self._global_mean = sampler.global_mean
        self._cold = ColdRatings(validation, sampler.users_without, sampler.items_without)
        self._total = np.zeros(len(validation))
        self._n_draws, self._rmse, self.rmse_of_draw = 0, math.nan, math.nan

    def add(self, draw: Draw, alone: bool) -> None:
        """Add a draw to the mean; `alone` restarts the mean with it."""
        if alone:
            self._total[:], self._n_draws = 0.0, 0
        part = self._validation
        own = draw.user_slopes[part.users] * self._away
        scores = (self._global_mean, part.users, part.items, draw.user_rows, draw.item_rows)
        compiled(add_scores)(*scores, own)
        for (group, within), of_gap in zip(self._moments, draw.moment_effects, strict=False):
            own += within * of_gap[group]
        self.rmse_of_draw = self._rmse_of(own)
        self._total += own
        self._n_draws += 1
        self._rmse = self._rmse_of(self._cold.shifted(self._total / self._n_draws, self.offsets()))

    def offsets(self) -> Offsets:
        """Offsets for users and items without training ratings."""
        return self._cold.offsets(np.clip(self._total / self._n_draws, *self._range))

    def rmse(self) -> float:
        """Validation RMSE of the mean prediction plus offsets."""
        return self._rmse

    def _rmse_of(self, predicted: NDArray[np.float64]) -> float:
        if not len(predicted):
            return math.nan
        errors = np.clip(predicted, *self._range) - self._validation.ratings
        return float(np.sqrt(np.mean(errors**2)))
