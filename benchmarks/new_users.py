"""``make new-users``: test error of users that join after a fit, against users of the fit.

    python -m benchmarks.new_users results/ml-100k

Users are divided into folds. The users of a fold are left out of a fit and folded in with their
training ratings; their test error is compared with that of a fit with all users.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from blendmf import BayesianMF, Bias, ItemNeighbours, MatrixFactorization
from blendmf.common.files import write_csv
from blendmf.common.random_streams import stream
from blendmf.data.tables import read_table
from blendmf.estimators.estimator import RatingEstimator

FOLDS = 10
SEED = 42
ESTIMATORS: tuple[RatingEstimator, ...] = (
    BayesianMF(threads=2),
    MatrixFactorization(latent_dim=16, threads=2),
    MatrixFactorization(optimiser="als", latent_dim=10, regularization=0.15, epochs=15),
    ItemNeighbours(),
    Bias(),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every estimator and write the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.new_users", description=__doc__)
    parser.add_argument("results", type=Path, help="results folder of a data set with a split")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/new-users.csv"))
    options = parser.parse_args(arguments)
    train, test = (
        read_table(options.results / "split" / f"{name}.parquet") for name in ("train", "test")
    )
    table = pd.DataFrame([measured(estimator, train, test) for estimator in ESTIMATORS])
    write_csv(options.output, table)
    print(table.to_string(index=False))


def measured(
    estimator: RatingEstimator, train: pd.DataFrame, test: pd.DataFrame
) -> dict[str, object]:
    """Test RMSE of all users in a fit, folded in, and unknown; milliseconds per new user."""
    users = np.unique(train["user_id"])
    fold = dict(zip(users, stream(SEED, "folds").permutation(len(users)) % FOLDS, strict=True))
    of_train, of_test = train["user_id"].map(fold), test["user_id"].map(fold)
    errors: dict[str, list[np.ndarray]] = {"folded_in": [], "unknown": []}
    seconds = 0.0
    for number in range(FOLDS):
        model = estimator.fit(train[of_train != number])
        tested = test[of_test == number]
        errors["unknown"].append(model.predict(tested) - tested["rating"])
        start = time.perf_counter()
        joined = model.fold_in(train[of_train == number])
        seconds += time.perf_counter() - start
        errors["folded_in"].append(joined.predict(tested) - tested["rating"])
    errors["in_the_fit"] = [estimator.fit(train).predict(test) - test["rating"]]
    rmse = {name: np.sqrt(np.mean(np.concatenate(of) ** 2)) for name, of in errors.items()}
    loss = rmse["folded_in"] - rmse["in_the_fit"]
    per_user = 1000 * seconds / len(users)
    return {
        "estimator": " ".join(repr(estimator).split()),
        **rmse,
        "loss": loss,
        "milliseconds_per_user": per_user,
    }


if __name__ == "__main__":
    main()
