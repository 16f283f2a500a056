"""Whether a system is better than another one, or was luckier with the users of the test part."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy import Evaluation
from benchmarks.problem import Problem
from benchmarks.scores import user_errors, user_precision_recall
from blendmf.common.random_streams import stream
from blendmf.evaluation.bootstrap import (
    UserSums,
    bootstrap,
    bootstrap_p_values,
    holm,
    percentile_interval,
)

COLUMNS = [
    *("data_set", "metric", "system", "reference", "value", "of_reference"),
    *("difference", "low", "high", "p_value", "p_holm"),
]

Scores = Mapping[str, NDArray[np.float64]]


def differences_from(
    reference: str,
    scores: Scores,
    problem: Problem,
    evaluation: Evaluation,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Difference of every system from one of them, on every metric, paired over the users.

    Parameters
    ----------
    reference : str
    scores : mapping
        Predicted rating of each test pair, of shape (n,), by system; the reference among them.
    problem : Problem
    evaluation : Evaluation
    resamples : int
        Of the users.
    seed : int

    Returns
    -------
    DataFrame
        One row per metric and system; columns as in `COLUMNS`. ``difference`` is the system's
        value less the reference's, ``low`` and ``high`` bound its 95 % interval, and ``p_holm`` is
        ``p_value`` corrected among the systems.
    """
    systems = list(scores)
    sums = _sums(scores, problem, evaluation)
    drawn = bootstrap(sums, resamples, stream(seed, "peers", problem.name))
    place = systems.index(reference)
    others = [number for number in range(len(systems)) if number != place]
    tables = []
    for metric, of_metric in sums.items():
        values = of_metric.value()
        differences = drawn[metric][:, others] - drawn[metric][:, [place]]
        low, high = percentile_interval(differences)
        p_values = bootstrap_p_values(differences, len(of_metric.weights))
        table = {
            "system": [systems[number] for number in others],
            "value": values[others],
            "of_reference": values[place],
            "difference": values[others] - values[place],
            "low": low,
            "high": high,
            "p_value": p_values,
            "p_holm": holm(p_values),
        }
        tables.append(pd.DataFrame(table).assign(metric=metric))
    found = pd.concat(tables, ignore_index=True)
    return found.assign(data_set=problem.name, reference=reference)[COLUMNS]


def _sums(scores: Scores, problem: Problem, evaluation: Evaluation) -> dict[str, UserSums]:
    """Each metric's sums over users, a column for each system."""
    test = problem.test
    errors = [user_errors(own, test, problem.rating_range) for own in scores.values()]
    lists = [user_precision_recall(own, test, *evaluation) for own in scores.values()]
    n_ratings = errors[0].n_ratings.astype(np.float64)
    sums = {
        "rmse": UserSums(np.column_stack([own.squared for own in errors]), n_ratings, root=True),
        "mae": UserSums(np.column_stack([own.absolute for own in errors]), n_ratings),
    }
    for name in ("precision", "recall"):
        of_users = np.column_stack([own[name] for own in lists])
        sums[f"{name}_at_{evaluation.k}"] = UserSums(of_users, np.ones(len(of_users)))
    return sums
