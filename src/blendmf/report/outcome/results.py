"""Results of a run that the outcome reports, and the models that represent each kind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import pandas as pd

from blendmf.config.models import Entry
from blendmf.config.protocol import ContentSettings, EvaluationSettings
from blendmf.evaluation.compare import has_enough_words

PLAIN, BLENDED = "mf", "mf-content"

NEARLY_ALL = 0.95
"""Share of users or ratings from which on the others cannot tell models apart."""

RANKING_COLUMNS = ("rated_precision_at_k", "rated_recall_at_k", "full_ndcg_at_k")
"""Columns of the report's table that depend on which items are relevant."""


@dataclass(frozen=True, eq=False)
class Results:
    """Tables, facts and settings of a run; `results/README.md` describes the files.

    `best` has the ``best.json`` of each searched model, `fitted_on` the part that each statistic
    was fitted on, found by recomputation, and `validated` the validation RMSE of the models for
    which it is known, from the function `validated`. `r_hats` has the split R-hat of the validation
    error of the Bayesian models, from the function `r_hats`. `text` are the facts of the items'
    text (``content.json``), `lists` the denominators of the rated lists (a block of
    ``metrics.json``).
    """

    table: pd.DataFrame
    metrics: pd.DataFrame
    differences: pd.DataFrame
    strata: pd.DataFrame
    rank_sweep: pd.DataFrame
    best: Sequence[Mapping[str, Any]]
    source: Mapping[str, Any]
    text: Mapping[str, Any]
    lists: Mapping[str, Any]
    split: Mapping[str, Any]
    leakage: Mapping[str, Any]
    fitted_on: pd.DataFrame
    models: Mapping[str, Entry]
    content: ContentSettings
    evaluation: EvaluationSettings
    published: Sequence[Mapping[str, Any]]
    validated: Mapping[str, float]
    r_hats: Mapping[str, float]

    @property
    def missing_words(self) -> str | None:
        """Why the items' text cannot answer the question about content; None if it can."""
        n_items, without = self.text["items"], self.text["items_without_terms"]
        if without == n_items:
            return "no item text, so the second question was not asked"
        if has_enough_words(self.text):
            return None
        return (
            f"only {n_items - without:,} of {n_items:,} items have words, too few to answer the "
            "second question"
        )

    @property
    def vacuous(self) -> dict[str, str]:
        """Columns of the table that cannot tell models apart on these data, and why."""
        reasons: dict[str, str] = {}
        users, k, relevant = (self.lists[key] for key in ("n_users", "k", "relevant_share"))
        short = self.lists["n_users_with_up_to_k_candidates"]
        if short >= NEARLY_ALL * users:
            reasons |= dict.fromkeys(
                ("rated_precision_at_k", "rated_recall_at_k"),
                f"{short:,} of {users:,} users have at most {k} test ratings, so that every model "
                "lists all of them",
            )
        if not 1 - NEARLY_ALL <= relevant <= NEARLY_ALL:
            which = "nearly all" if relevant > 1 / 2 else "nearly no"
            reasons |= dict.fromkeys(
                RANKING_COLUMNS,
                f"{which} test ratings are relevant ({100 * relevant:.1f} %)",
            )
        return reasons

    @property
    def rmse(self) -> pd.Series:
        """Test RMSE of the models that predict ratings, in ascending order."""
        return self.table.set_index("model")["rmse"].dropna().sort_values(kind="stable")

    def n_pairs(self, metric: str) -> int:
        """Number of pairs of models compared on a metric."""
        return int((self.differences["metric"] == metric).sum())

    def of_kind(self, kind: str) -> list[str]:
        """Models of a kind that predict ratings, by ascending test RMSE."""
        return [str(name) for name in self.rmse.index if self.models[name].kind == kind]

    def best_of_kind(self, kind: str) -> str | None:
        """Model that represents a kind, or None; see the function `best_of_kind`."""
        return best_of_kind(kind, self.rmse, self.models, self.validated)


def validated(
    best: Iterable[Mapping[str, Any]], fits: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, float]:
    """Validation RMSE of every model for which it is known.

    `best` are results of searches: `model`, and `value`, the validation RMSE. `fits` are pairs of a
    model without a search and a mapping with `validation_rmse`, None without validation ratings;
    the model's RMSE is the mean over its fits.
    """
    values: dict[str, list[Any]] = {}
    for model, fit in fits:
        values.setdefault(model, []).append(fit["validation_rmse"])
    means = {model: fmean(found) for model, found in values.items() if None not in found}
    return {found["model"]: found["value"] for found in best} | means


def r_hats(fits: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, float]:
    """The largest split R-hat of the validation RMSE of each Bayesian model, as far as it is known.

    `fits` are pairs of a model and its ``fit.json``.
    """
    largest: dict[str, float] = {}
    for model, fit in fits:
        found = (fit.get("convergence") or {}).get("validation RMSE")
        if found:
            largest[model] = max(largest.get(model, 0.0), found["r_hat"])
    return largest


def best_of_kind(
    kind: str, rmse: pd.Series, models: Mapping[str, Entry], validated: Mapping[str, float]
) -> str | None:
    """The model that represents a kind: the best on validation, if known for all of the kind.

    Otherwise it is the model with the lowest test RMSE; None if there is no such model. `rmse` has
    the test RMSE by model, `validated` the validation RMSE.
    """
    names = [str(name) for name in rmse.index if models[name].kind == kind]
    scores = validated if set(names) <= validated.keys() else rmse
    return min(names, key=lambda name: scores[name], default=None)


def reference_model(
    rmse: pd.Series, models: Mapping[str, Entry], validated: Mapping[str, float]
) -> str | None:
    """The model with which all others are compared: the best plain factorisation.

    Without one it is the model with the lowest test RMSE; None if no model predicts ratings.
    """
    if rmse.empty:
        return None
    return best_of_kind(PLAIN, rmse, models, validated) or str(rmse.idxmin())
