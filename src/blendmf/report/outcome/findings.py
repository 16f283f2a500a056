"""Which differences between the models hold."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from blendmf.common.wording import enumerated, p_value
from blendmf.evaluation.bootstrap import smallest_p_value
from blendmf.evaluation.verdict import Difference, Finding, against
from blendmf.report.number_format import MISSING
from blendmf.report.outcome.reference import reference_model
from blendmf.report.outcome.results import Results
from blendmf.report.rst import list_table, literal

ORDER: tuple[Finding, ...] = (
    "better",
    "perhaps better",
    "not told apart",
    "perhaps worse",
    "worse",
)


def findings(results: Results) -> list[str]:
    """Every model against the reference, on rating error and on ranking the catalogue.

    Returns
    -------
    list of str
        Paragraphs and tables of reStructuredText; empty where nothing can be compared.
    """
    reference = reference_model(results.rmse, results.models, results.validated)
    if reference is None:
        return []
    k = results.evaluation.k
    titles = {"rmse": "test RMSE", "full_ndcg_at_k": f"NDCG\\@{k} over the whole catalogue"}
    pieces = [
        piece
        for metric, title in titles.items()
        for piece in _of(results, metric, title, reference)
    ]
    return [*pieces, _how_to_read(results)] if pieces else []


def _of(results: Results, metric: str, title: str, reference: str) -> list[str]:
    """Sentence and table of one metric."""
    found = against(results.differences, metric, reference)
    if not found:
        return []
    best_first = sorted(
        found,
        key=lambda name: -found[name].value if found[name].higher_is_better else found[name].value,
    )
    values = results.metrics[results.metrics["metric"] == metric].set_index("model")["mean"]
    return [
        _sentence(found, best_first, title, reference),
        _table(found, best_first, values, reference),
    ]


def _sentence(
    found: dict[str, Difference], names: Sequence[str], title: str, reference: str
) -> str:
    by_finding = {
        finding: [literal(name) for name in names if found[name].finding == finding]
        for finding in ORDER
    }
    phrases = [
        _phrase(finding, models) for finding, models in by_finding.items() if len(models) > 0
    ]
    return f"By {title}, against {literal(reference)}: {'; '.join(phrases)}."


def _phrase(finding: Finding, models: Sequence[str]) -> str:
    verb = "is" if len(models) == 1 else "are"
    if finding == "not told apart":
        return f"{enumerated(models)} {verb} **not told apart** from it"
    return f"**{finding}** {verb} {enumerated(models)}"


def _table(
    found: dict[str, Difference], names: Sequence[str], values: pd.Series, reference: str
) -> str:
    rows = [
        [
            literal(name),
            f"{values[name]:.4f}",
            f"{found[name].value:+.4f}",
            f"{found[name].low:+.4f} to {found[name].high:+.4f}",
            p_value(found[name].p_holm).removeprefix("p ").removeprefix("= "),
            _or_dash(found[name].effect_size, "+.2f"),
            f"{100 * found[name].share_better:.0f} %",
            _or_dash(found[name].seed_sd, ".4f"),
            found[name].finding,
        ]
        for name in names
    ]
    header = [
        "Model",
        "Value",
        f"Minus {literal(reference)} ({values[reference]:.4f})",
        "95 % interval",
        "Corrected p",
        "Effect size",
        "Users better",
        "Seed s.d.",
        "Finding",
    ]
    return list_table(header, rows)


def _or_dash(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else MISSING


def _how_to_read(results: Results) -> str:
    resamples, pairs = results.evaluation.bootstrap_resamples, results.n_pairs("rmse")
    smallest = smallest_p_value(resamples, max(pairs, 1))
    return (
        "Intervals and p-values are of the users alone, all models on the same "
        f"{resamples:,} resamples; p-values are corrected by Holm among the pairs of models of one "
        f"metric ({pairs:,} for RMSE, where {smallest:.2g} is the smallest that so many resamples "
        "can show). *Effect size*: the difference over the standard deviation of what users "
        "contribute to it (d\\ :sub:`z`); 0.2 counts as small, 0.5 as medium, 0.8 as large. *Users "
        "better*: share of the users whom the model serves better, ties being half. *Seed s.d.*: "
        "standard deviation of the difference over training seeds, which no interval has in it; "
        "what another search might have chosen is in neither. "
        "*Perhaps*: the interval leaves out 0, but the corrected p-value is not below 0.05, or "
        "another seed may turn the difference. All other metrics and pairs are in the table of "
        "differences."
    )
