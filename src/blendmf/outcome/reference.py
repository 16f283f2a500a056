"""Which models stand for plain and for blended factorisation."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

PLAIN, BLENDED = "mf", "mf-content"


def best_of_kind(
    kind: str,
    rmse: pd.Series,
    models: Mapping[str, Mapping[str, Any]],
    best: Sequence[Mapping[str, Any]],
) -> str | None:
    """The model that stands for a kind: the best on validation where all of it were searched.

    Otherwise validation does not tell, and the one of the lowest test RMSE is taken.

    Parameters
    ----------
    kind : str
    rmse : Series
        Test RMSE by model.
    models : mapping
        The configuration's models: name to an entry with its `kind`.
    best : sequence of mapping
        What searches chose: `model`, and `value`, the validation RMSE.

    Returns
    -------
    str or None
        None where there is no such model.
    """
    of_kind = [str(name) for name in rmse.index if models[name]["kind"] == kind]
    validation = pd.Series({found["model"]: found["value"] for found in best}, dtype="float64")
    scores = validation if chosen_by_validation(of_kind, best) else rmse
    return str(scores[of_kind].idxmin()) if of_kind else None


def chosen_by_validation(names: Sequence[str], best: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the validation RMSE of all these models is known, since they were searched."""
    return set(names) <= {found["model"] for found in best}


def reference_model(
    rmse: pd.Series,
    models: Mapping[str, Mapping[str, Any]],
    best: Sequence[Mapping[str, Any]],
) -> str | None:
    """The model that all others are set against: the best plain factorisation.

    Without one it is the model of the lowest test RMSE, and None where nothing predicts ratings.
    """
    if rmse.empty:
        return None
    return best_of_kind(PLAIN, rmse, models, best) or str(rmse.idxmin())
