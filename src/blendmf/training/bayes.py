"""Bayesian matrix factorisation: a model made of draws from the posterior."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from blendmf.data.observations import Observations
from blendmf.log import progress
from blendmf.models.bayesian_factor_model import LEVELS, NORMAL_WIDTHS, BayesianFactorModel
from blendmf.training.drift import predicted_place
from blendmf.training.gibbs import Draw, GibbsSampler
from blendmf.training.loop import Epoch, GoesOn
from blendmf.training.settings import TrainingSettings


def sample_posterior(
    sampler: GibbsSampler,
    validation: Observations,
    settings: TrainingSettings,
    rating_range: tuple[float, float],
    goes_on: GoesOn,
) -> tuple[BayesianFactorModel, Sequence[Epoch]]:
    """Sweep, and keep draws that are spread evenly over the sweeps after the first ones.

    The validation part has no say in the draws. It tells for which place in a user's order ratings
    are to be predicted (where its own stand on average), what users and items without ratings
    take after, how wide intervals have to be, and how well the kept draws predict after each sweep.

    Parameters
    ----------
    sampler : GibbsSampler
    validation : Observations
    settings : TrainingSettings
        ``epochs`` sweeps, of which the first ``burn_in`` are left out, and about ``draws`` kept.
    rating_range : (float, float)
    goes_on : GoesOn
        Sampling ends where it says no.

    Returns
    -------
    (BayesianFactorModel, sequence of Epoch)
        An epoch is a sweep. Its training RMSE is that of the sweep's own draw, its validation RMSE
        that of the model that would end with it.
    """
    place, epochs = predicted_place(validation), settings.epochs
    burn_in = min(settings.burn_in, epochs - 1)
    every = max(1, round((epochs - burn_in) / settings.draws))
    mean = _MeanPrediction(validation, sampler.global_mean, rating_range)
    kept = _Kept((epochs - burn_in - 1) // every + 1)
    choices = _choices(sampler, validation, rating_range)
    history: list[Epoch] = []
    with threadpool_limits(1, "blas"):
        for epoch in progress(range(1, epochs + 1), "sweeps"):
            train_rmse = sampler.sweep()
            if burn_in // 2 < epoch <= burn_in:
                for choice in choices:
                    choice.judge(place)
            is_kept = epoch > burn_in and (epochs - epoch) % every == 0
            if is_kept or not len(kept):
                draw = sampler.current(place)
            if is_kept:
                kept.append(draw)
                mean.add(draw)
            rmse = mean.rmse() if len(kept) else mean.rmse_of(draw)
            history.append(Epoch(epoch, math.nan, train_rmse, rmse, math.nan))
            if not goes_on(epoch, rmse):
                break
        if not len(kept):
            kept.append(draw)
        return calibrated(kept.model(sampler.global_mean, rating_range), validation), history


def calibrated(model: BayesianFactorModel, validation: Observations) -> BayesianFactorModel:
    """The model with intervals as wide as validation ratings ask for, if there are some."""
    if not len(validation):
        return model
    users, items = validation.users, validation.items
    errors = np.abs(validation.ratings - model.predict(users, items))
    widths = np.quantile(errors / model.deviation(users, items), LEVELS, method="higher")
    return replace(model, widths=widths)


class _Choice:
    """What users, or items, without training ratings take after, as validation says of them.

    Parameters
    ----------
    said : callable
        What each choice says of the ratings of a part.
    settle : callable
        Takes the number of the choice.
    part : Observations
        The validation ratings by such users, or of such items.
    """

    def __init__(
        self,
        said: Callable[[Observations, float], list[NDArray[np.float64]]],
        settle: Callable[[int], None],
        part: Observations,
        rating_range: tuple[float, float],
    ) -> None:
        self._said, self._settle, self._part, self._range = said, settle, part, rating_range
        self._totals: NDArray[np.float64] = np.zeros(1)
        self._n_draws = 0

    def judge(self, place: float) -> None:
        """Take one more draw into account, and settle on the choice that is best so far."""
        if not len(self._part):
            return
        self._totals = self._totals + np.array(self._said(self._part, place))
        self._n_draws += 1
        predicted = np.clip(self._totals / self._n_draws, *self._range)
        errors = ((predicted - self._part.ratings) ** 2).sum(axis=1)
        self._settle(int(errors.argmin()))


def _choices(
    sampler: GibbsSampler, validation: Observations, rating_range: tuple[float, float]
) -> tuple[_Choice, _Choice]:
    by_users = validation.where(np.isin(validation.users, sampler.users_without()))
    of_items = validation.where(np.isin(validation.items, sampler.items_without()))
    return (
        _Choice(
            sampler.said_of_users_without, sampler.choose_users_without, by_users, rating_range
        ),
        _Choice(
            sampler.said_of_items_without, sampler.choose_items_without, of_items, rating_range
        ),
    )


class _Kept:
    """The draws that the model is made of, in arrays that are as long as there will be draws."""

    def __init__(self, n_draws: int) -> None:
        self._most, self._length = n_draws, 0

    def __len__(self) -> int:
        return self._length

    def append(self, draw: Draw) -> None:
        """Keep one more draw."""
        if not self._length:
            self._user_rows = np.empty((self._most, *draw.user_rows.shape), np.float32)
            self._item_rows = np.empty((self._most, *draw.item_rows.shape), np.float32)
            self._variance = np.zeros(len(draw.noise_variance))
        self._user_rows[self._length] = draw.user_rows
        self._item_rows[self._length] = draw.item_rows
        self._variance += draw.noise_variance
        self._length += 1

    def model(self, global_mean: float, rating_range: tuple[float, float]) -> BayesianFactorModel:
        """The model of the draws so far, with intervals as if errors were normal."""
        return BayesianFactorModel(
            self._user_rows.shape[1],
            self._item_rows.shape[1],
            (float(rating_range[0]), float(rating_range[1])),
            global_mean,
            self._user_rows[: self._length],
            self._item_rows[: self._length],
            (self._variance / self._length).astype(np.float32),
            NORMAL_WIDTHS,
        )


class _MeanPrediction:
    """What the draws so far, together, predict for the validation part."""

    def __init__(
        self, validation: Observations, global_mean: float, rating_range: tuple[float, float]
    ) -> None:
        self._validation, self._global_mean, self._range = validation, global_mean, rating_range
        self._total = np.zeros(len(validation))
        self._n_draws = 0

    def add(self, draw: Draw) -> None:
        """Take one more draw into the mean."""
        self._total += self._said(draw)
        self._n_draws += 1

    def rmse(self) -> float:
        """Validation RMSE of the mean."""
        return self._rmse(self._total / self._n_draws)

    def rmse_of(self, draw: Draw) -> float:
        """Validation RMSE of one draw by itself."""
        return self._rmse(self._said(draw))

    def _said(self, draw: Draw) -> NDArray[np.float64]:
        p = draw.user_rows[self._validation.users]
        q = draw.item_rows[self._validation.items]
        said = np.einsum("nd,nd->n", p[:, 1:], q[:, 1:]).astype(np.float64)
        return self._global_mean + said + p[:, 0] + q[:, 0]

    def _rmse(self, predicted: NDArray[np.float64]) -> float:
        if not len(predicted):
            return math.nan
        errors = np.clip(predicted, *self._range) - self._validation.ratings
        return float(np.sqrt(np.mean(errors**2)))
