"""Parity of the training engines: every variant trained by each engine, scored on the test part.

All train the full number of epochs and are compared at the last one. With early stopping, the last
digits of nearly equal validation errors would decide which epochs are compared.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.job_log import progress
from blendmf.config.models import Entry, TrainedEntry, model_entry
from blendmf.config.training import TrainingSettings
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models.observations import Observations
from blendmf.training.fit import fit_model

TOLERANCE = 0.002
"""Largest difference of test RMSE between engines that counts as agreement, in rating points."""

COMPARED_MODELS = {
    "mf": {"kind": "mf"},
    "mf-content-user": {"kind": "mf-content", "blend": "user"},
    "mf-content-item": {"kind": "mf-content", "blend": "item"},
    "mf-content-both": {"kind": "mf-content", "blend": "both"},
    "content": {"kind": "content"},
}
"""Entry of each compared model, without training settings."""


class ParityFit(NamedTuple):
    """One fit by one engine, a row of ``parity.csv``.

    `difference` is the test RMSE minus the numba engine's with the same model, seed and settings;
    `agrees` is whether its size is at most `tolerance` and the fit did not diverge; `seconds` is
    the time of the fit.
    """

    model: str
    seed: int
    engine: str
    device: str
    test_rmse: float
    difference: float
    seconds: float
    tolerance: float
    agrees: bool


def parity(
    models: Mapping[str, Entry],
    training: TrainingSettings,
    train: Observations,
    test: Observations,
    content: sp.csr_array,
    *,
    rating_range: tuple[float, float],
    seed: int,
    seeds: int,
    threads: int = 1,
) -> list[ParityFit]:
    """Train every variant by SGD in Numba, and in PyTorch on each available device.

    A variant uses the training settings of the first configured model of its kind, or `training`
    without one. `seeds` is the number of fits of each variant, from different random streams;
    `threads` are those of the numba engine and do not affect the result. `content` is of shape
    (n_items, n_terms). Fits are in the order of variant and seed, the numba engine first.
    """
    from blendmf.training.pytorch.device import present_devices

    engines = [("numba", "cpu"), *(("torch", device) for device in present_devices())]
    runs = [(variant, number) for variant in COMPARED_MODELS for number in range(1, seeds + 1)]
    no_validation = Observations(train.users[:0], train.items[:0], train.ratings[:0], train.shape)
    fits = []
    for variant, number in progress(runs, "parity"):
        entry = COMPARED_MODELS[variant]
        own = next(
            (
                model.training
                for model in models.values()
                if isinstance(model, TrainedEntry) and model.kind == entry["kind"]
            ),
            training,
        )
        reference = math.nan
        for engine, device in engines:
            settings = own.model_dump() | {"optimiser": "sgd", "engine": engine, "device": device}
            fit = fit_model(
                model_entry({**entry, "training": settings}),
                train,
                no_validation,
                content,
                rating_range=rating_range,
                seed=seed,
                name=("parity", variant, number),
                threads=threads,
            )
            test_rmse = rmse(fit.model, test)
            reference = test_rmse if engine == "numba" else reference
            difference = test_rmse - reference
            agrees = abs(difference) <= TOLERANCE and not fit.diverged
            result = (test_rmse, difference, fit.seconds, TOLERANCE, agrees)
            fits.append(ParityFit(variant, number, engine, device, *result))
    return fits


def check_parity(fits: Sequence[Mapping[str, Any]]) -> str:
    """Summarise rows of ``parity.csv`` in a sentence.

    Raises a UserError that names the fits if an engine does not agree.
    """
    apart = [
        f"{row['model']} seed {row['seed']} {row['engine']} {row['device']}: "
        f"{row['test_rmse']:.4f} ({row['difference']:+.4f})"
        for row in fits
        if not row["agrees"]
    ]
    if apart:
        raise UserError(
            f"the engines differ by more than {TOLERANCE} in test RMSE: {'; '.join(apart)}. A "
            "smaller training.batch_size follows the numba engine more closely; with "
            "training.mixed_precision on, try without"
        )
    compared = [row for row in fits if row["engine"] != "numba"]
    largest = max(abs(row["difference"]) for row in compared)
    return (
        f"{len(compared)} fits by PyTorch agree with Numba: test RMSE differs by at most "
        f"{largest:.5f}, tolerance {TOLERANCE}\n"
    )
