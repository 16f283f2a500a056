"""Per-user tables of fits with known errors."""

import numpy as np
import pandas as pd

USERS = 120


def per_user(factor=1.0, seed=0, noise=0.0):
    """Errors of 120 users, proportional to `factor`; `noise` is drawn from `seed`."""
    users = np.random.default_rng(1)
    n_ratings = users.integers(3, 30, USERS)
    easy = users.gamma(4, 0.25, USERS)
    luck = 1 + noise * np.random.default_rng(seed).standard_normal(USERS)
    return pd.DataFrame(
        {
            "user_id": np.arange(USERS),
            "n_ratings": n_ratings,
            "squared_error": n_ratings * easy * factor * luck,
        }
    )


def rmse(table):
    return float(np.sqrt(table["squared_error"].sum() / table["n_ratings"].sum()))
