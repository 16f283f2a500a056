"""Whether the engines agree: every variant trained by each of them, scored on the test part.

All train the full number of epochs and are compared at the last. Early stopping would compare
their luck: where validation RMSE is nearly level, its last digits decide which epoch is the best.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
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
"""Largest difference of test RMSE between engines that counts as agreement, in rating steps."""

VARIANTS = {
    "mf": {"kind": "mf"},
    "mf-content-user": {"kind": "mf-content", "blend": "user"},
    "mf-content-item": {"kind": "mf-content", "blend": "item"},
    "mf-content-both": {"kind": "mf-content", "blend": "both"},
    "content": {"kind": "content"},
}


class Outcome(NamedTuple):
    """One fit by one engine.

    `difference` is its test RMSE less that of the numba engine with the same model, seed and
    settings; `agrees` says whether that is at most `tolerance`; `seconds` is the time of the fit.
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
) -> list[Outcome]:
    """Train every variant by SGD in Numba and in PyTorch on each device that the machine has.

    Parameters
    ----------
    models : mapping of str to Entry
        The configured models; a variant uses the training settings of the first of its kind.
    training : TrainingSettings
        Settings of variants without such a model.
    train, test : Observations
    content : csr_array of shape (n_items, n_terms)
    rating_range : (float, float)
    seed : int
        The experiment's seed.
    seeds : int
        Fits of each variant from different random streams.
    threads : int
        Number of threads of the numba engine.

    Returns
    -------
    list of Outcome
        The numba engine's first, then those that are compared with it, by variant and seed.
    """
    from blendmf.training.pytorch.device import present_devices

    engines = [("numba", "cpu"), *(("torch", device) for device in present_devices())]
    fits = [(variant, number) for variant in VARIANTS for number in range(1, seeds + 1)]
    nothing = Observations(train.users[:0], train.items[:0], train.ratings[:0], train.shape)
    outcomes = []
    for variant, number in progress(fits, "parity"):
        reference = math.nan
        for engine, device in engines:
            fit = fit_model(
                _entry(variant, models, training, engine, device),
                train,
                nothing,
                content,
                rating_range=rating_range,
                seed=seed,
                name=("parity", variant, number),
                threads=threads,
            )
            test_rmse = rmse(fit.model, test)
            reference = test_rmse if engine == "numba" else reference
            outcomes.append(
                Outcome(
                    variant,
                    number,
                    engine,
                    device,
                    test_rmse,
                    test_rmse - reference,
                    fit.seconds,
                    TOLERANCE,
                    abs(test_rmse - reference) <= TOLERANCE and not fit.diverged,
                )
            )
    return outcomes


def check_parity(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Say how well the engines agree.

    Parameters
    ----------
    outcomes : sequence of mapping
        Rows of ``parity.csv``: the fields of `Outcome` by name.

    Returns
    -------
    str

    Raises
    ------
    UserError
        If any row does not agree; names them.
    """
    apart = [row for row in outcomes if not row["agrees"]]
    if apart:
        raise UserError(
            f"the engines differ by more than {TOLERANCE} in test RMSE: "
            + "; ".join(_lines(apart))
            + ". A smaller training.batch_size follows the numba engine more closely; "
            "where training.mixed_precision is on, try without"
        )
    compared = [row for row in outcomes if row["engine"] != "numba"]
    largest = max(abs(row["difference"]) for row in compared)
    return (
        f"{len(compared)} fits by PyTorch agree with Numba: test RMSE differs by at most "
        f"{largest:.5f}, tolerance {TOLERANCE}\n"
    )


def _entry(
    variant: str,
    models: Mapping[str, Entry],
    training: TrainingSettings,
    engine: str,
    device: str,
) -> Entry:
    kind = VARIANTS[variant]["kind"]
    of_kind = (
        m.training for m in models.values() if isinstance(m, TrainedEntry) and m.kind == kind
    )
    own = next(of_kind, training).model_dump()
    values = own | {"optimiser": "sgd", "engine": engine, "device": device}
    return model_entry({**VARIANTS[variant], "training": values})


def _lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield (
            f"{row['model']} seed {row['seed']} {row['engine']} {row['device']}: "
            f"{row['test_rmse']:.4f} ({row['difference']:+.4f})"
        )
