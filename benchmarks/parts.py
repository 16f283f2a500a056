"""``make parts``: what the parts of the Bayesian model and other step lengths are worth.

    python -m benchmarks.parts results/ml-100k [results/ml-latest-small]

Every variant is fitted to the training part of a run and scored on its validation part. The test
part is not read.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from blendmf import BayesianMF, MatrixFactorization
from blendmf.common.files import write_csv
from blendmf.data.tables import read_table
from blendmf.estimators.estimator import RatingEstimator

SEEDS = (1, 2, 3)
BAYES = BayesianMF(threads=2, drift=False, feedback=False, noise_freedom=None)
SGD = MatrixFactorization(threads=2)

VARIANTS: Mapping[str, tuple[RatingEstimator, bool]] = {
    "bayes, ratings only": (BAYES, False),
    "and each user's own noise": (replace(BAYES, noise_freedom=20.0), False),
    "and drift": (replace(BAYES, noise_freedom=20.0, drift=True), False),
    "and who rated what (the default)": (BayesianMF(threads=2), False),
    "and words (the default of bayes-content)": (BayesianMF(threads=2), True),
    "mf, inverse decay 0.03 and 0.1 (the default)": (SGD, False),
    "constant step length 0.01": (replace(SGD, learning_rate=0.01, learning_rate_decay=0.0), False),
    "constant step length 0.02": (replace(SGD, learning_rate=0.02, learning_rate_decay=0.0), False),
}
"""Each estimator by its name in the table, and whether it is given the items' words."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit all variants and write the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.parts", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="results folders of data sets")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/parts.csv"))
    options = parser.parse_args(arguments)
    table = pd.DataFrame(
        [
            {"variant": name, "data_set": folder.name, **measured(estimator, has_words, folder)}
            for folder in options.results
            for name, (estimator, has_words) in VARIANTS.items()
        ]
    )
    write_csv(options.output, table)
    print(table.to_string(index=False))


def measured(estimator: RatingEstimator, has_words: bool, results: Path) -> dict[str, float]:
    """Validation RMSE as the mean over seeds, and its standard deviation."""
    train, validation = (
        read_table(results / "split" / f"{part}.parquet") for part in ("train", "validation")
    )
    items = read_table(results / "data/items.parquet") if has_words else None
    errors = []
    for seed in SEEDS:
        model = replace(estimator, seed=seed).fit(train, items=items)
        errors.append(np.sqrt(np.mean((model.predict(validation) - validation["rating"]) ** 2)))
    return {"rmse": float(np.mean(errors)), "sd": float(np.std(errors, ddof=1))}


if __name__ == "__main__":
    main()
