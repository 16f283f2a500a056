"""Synthetic table of strata of a comparison, for tests of its figures."""

import numpy as np
import pandas as pd

BINS = {
    "user-history": [("11-20", 11, 120), ("21-50", 21, 0), ("51+", 51, 9000)],
    "cold-start": [("0", 0, 120), ("1", 1, 0), ("2", 2, 400), ("201+", 201, 9000)],
    "year": [(str(year), year, 20 * (year - 1995)) for year in range(1996, 2019)],
}


def stratum_rows(rmse, strata=tuple(BINS)):
    """Rows of every model and stratum, by its RMSE; NaN for a model that predicts no ratings.

    Models without an RMSE have the best lists; if there are none, the first model does.
    """
    best = [model for model, error in rmse.items() if np.isnan(error)][:1] or list(rmse)[:1]
    rows = [
        {
            "model": model,
            "stratum": stratum,
            "bin": label,
            "lower": lower,
            "n_ratings": n,
            "n_users": n // 4,
            "n_full_users": n // 4,
            "rmse": error + 0.2 / (1 + lower) if n else np.nan,
            "full_ndcg_at_k": (0.1 if model in best else 0.05) if n else np.nan,
        }
        for model, error in rmse.items()
        for stratum in strata
        for label, lower, n in BINS[stratum]
    ]
    table = pd.DataFrame(rows)
    return table.assign(rmse_low=table["rmse"] - 0.02, rmse_high=table["rmse"] + 0.02)


def kinds(rmse):
    """Kind of each model: the prefix of its name."""
    known = ("mf-content", "mf", "content", "bias")
    return {name: next((k for k in known if name.startswith(k)), name) for name in rmse}
