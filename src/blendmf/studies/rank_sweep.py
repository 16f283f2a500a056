"""Truncated SVD beside matrix factorisation at the same ranks: error and seconds."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.common.job_log import progress
from blendmf.common.random_streams import stream
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models.observations import Observations
from blendmf.models.svd import fit_svd, singular_triplets
from blendmf.training.fit import fit_model


def rank_sweep(
    ranks: Sequence[int],
    shrinkage: Mapping[str, float],
    entry: Mapping[str, Any] | None,
    training: Mapping[str, Any],
    train: Observations,
    validation: Observations,
    test: Observations,
    *,
    rating_range: tuple[float, float],
    seed: int,
    threads: int = 1,
) -> pd.DataFrame:
    """Fit both methods at every rank.

    Parameters
    ----------
    ranks : sequence of int
        A rank that the matrix does not have is left out.
    shrinkage : mapping
        ``user_shrinkage`` and ``item_shrinkage`` of the biases that truncated SVD takes away.
    entry : mapping or None
        The factorisation's entry in the configuration, with its chosen settings; every rank is
        trained with them, only the number of factors differs. None leaves it out.
    training : mapping
        The configuration's `training` block.
    train, validation, test : Observations
    rating_range : (float, float)
    seed : int
    threads : int
        Threads that may train; the outcome does not hang on it.

    Returns
    -------
    DataFrame
        Columns method (svd, mf), rank, validation_rmse, test_rmse, and seconds of the fit.
    """
    possible = [rank for rank in ranks if rank < min(train.shape)]
    rows = []
    if possible:
        # The first decomposition of a process loads the solver, which is no part of its time.
        singular_triplets(sp.csr_array(np.eye(3)), 1, stream(seed, "rank_sweep", "warm-up"))
    for rank in progress(possible, "ranks"):
        start = time.perf_counter()
        random = stream(seed, "rank_sweep", rank)
        svd = fit_svd(train, rating_range, rank, random, **shrinkage)
        seconds = time.perf_counter() - start
        rows.append(("svd", rank, rmse(svd, validation), rmse(svd, test), seconds))
        if entry is None:
            continue
        own = {**entry, "training": {**entry.get("training", {}), "latent_dim": rank}}
        fit = fit_model(
            own,
            training,
            train,
            validation,
            None,
            rating_range=rating_range,
            seed=seed,
            name=("rank_sweep", rank),
            threads=threads,
        )
        rows.append(("mf", rank, rmse(fit.model, validation), rmse(fit.model, test), fit.seconds))
    columns = ["method", "rank", "validation_rmse", "test_rmse", "seconds"]
    return pd.DataFrame(rows, columns=columns)
