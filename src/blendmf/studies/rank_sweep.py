"""Truncated SVD compared with matrix factorisation at the same ranks: errors and seconds."""

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp

from blendmf.common.job_log import progress
from blendmf.common.random_streams import stream
from blendmf.config.models import SvdEntry, TrainedEntry
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models.observations import Observations
from blendmf.models.svd import fit_svd, singular_triplets
from blendmf.training.fit import fit_model


def rank_sweep(
    ranks: Sequence[int],
    svd: SvdEntry,
    entry: TrainedEntry | None,
    train: Observations,
    validation: Observations,
    test: Observations,
    *,
    rating_range: tuple[float, float],
    seed: int,
    threads: int = 1,
) -> pd.DataFrame:
    """Fit both methods at every rank that the matrix can have.

    `entry` has the settings of the factorisation except its number of factors; None skips it. The
    shrinkages of the biases in `svd` apply at every rank. The number of threads does not affect the
    result. Columns: ``method`` (svd, mf), ``rank``, ``validation_rmse``, ``test_rmse``,
    ``seconds``.
    """
    possible = [rank for rank in ranks if rank < min(train.shape)]
    rows = []
    if possible:
        # The first decomposition of a process also loads the solver, which must not be timed.
        singular_triplets(sp.csr_array(np.eye(3)), 1, stream(seed, "rank_sweep", "warm-up"))
    for rank in progress(possible, "ranks"):
        start = time.perf_counter()
        random = stream(seed, "rank_sweep", rank)
        fitted = fit_svd(train, rating_range, rank, random, svd.user_shrinkage, svd.item_shrinkage)
        seconds = time.perf_counter() - start
        rows.append(("svd", rank, rmse(fitted, validation), rmse(fitted, test), seconds))
        if entry is None:
            continue
        fit = fit_model(
            entry.with_params({"latent_dim": rank}),
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
