"""Which models stand for plain and for blended factorisation."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

import pandas as pd

from blendmf.config.models import Entry

PLAIN, BLENDED = "mf", "mf-content"


def best_of_kind(
    kind: str,
    rmse: pd.Series,
    models: Mapping[str, Entry],
    validated: Sequence[Mapping[str, Any]],
) -> str | None:
    """The model that stands for a kind: the best on validation where that is known of all of it.

    Otherwise validation does not tell, and the one of the lowest test RMSE is taken.

    Parameters
    ----------
    kind : str
    rmse : Series
        Test RMSE by model.
    models : mapping
        The configuration's models: name to an entry with its `kind`.
    validated : sequence of mapping
        As the function of this name has it.

    Returns
    -------
    str or None
        None where there is no such model.
    """
    of_kind = [str(name) for name in rmse.index if models[name].kind == kind]
    known = {found["model"]: found["value"] for found in validated}
    validation = pd.Series(known, dtype="float64")
    scores = validation if chosen_by_validation(of_kind, validated) else rmse
    return str(scores[of_kind].idxmin()) if of_kind else None


def chosen_by_validation(names: Sequence[str], validated: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the validation RMSE of all these models is known."""
    return set(names) <= {found["model"] for found in validated}


def validated(
    best: Sequence[Mapping[str, Any]], fits: Iterable[tuple[str, Mapping[str, Any]]]
) -> list[dict[str, Any]]:
    """Validation RMSE of every model of which it is known: `model` and `value`.

    Parameters
    ----------
    best : sequence of mapping
        What searches chose: `model`, and `value`, the validation RMSE.
    fits : iterable of (str, mapping)
        Of models that are trained without a search: the model and what a fit came to, with its
        `validation_rmse`, which is None where there is nothing to validate on.
    """
    found = [{"model": outcome["model"], "value": outcome["value"]} for outcome in best]
    values: dict[str, list[float | None]] = {}
    for model, fit in fits:
        values.setdefault(model, []).append(fit["validation_rmse"])
    for model, of_model in values.items():
        known = [value for value in of_model if value is not None]
        if len(known) == len(of_model):
            found.append({"model": model, "value": fmean(known)})
    return found


def reference_model(
    rmse: pd.Series,
    models: Mapping[str, Entry],
    validated: Sequence[Mapping[str, Any]],
) -> str | None:
    """The model that all others are set against: the best plain factorisation.

    Without one it is the model of the lowest test RMSE, and None where nothing predicts ratings.
    """
    if rmse.empty:
        return None
    return best_of_kind(PLAIN, rmse, models, validated) or str(rmse.idxmin())
