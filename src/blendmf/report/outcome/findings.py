"""Which differences between the models hold."""

from collections.abc import Mapping
from typing import get_args

import pandas as pd

from blendmf.common.wording import enumerated, p_value
from blendmf.evaluation.bootstrap import smallest_p_value
from blendmf.evaluation.verdict import Difference, Finding, against
from blendmf.report.number_format import or_dash
from blendmf.report.outcome.results import Results, reference_model
from blendmf.report.rst import list_table, literal


def findings(results: Results) -> list[str]:
    """Compare every model with the reference, by test RMSE and by full-protocol NDCG.

    Returns paragraphs and tables of reStructuredText, none if nothing can be compared.
    """
    reference = reference_model(results.rmse, results.models, results.validated)
    if reference is None:
        return []
    k = results.evaluation.k
    titles = {"rmse": "test RMSE", "full_ndcg_at_k": f"NDCG\\@{k} over the whole catalogue"}
    pieces = []
    for metric, title in titles.items():
        found = against(results.differences, metric, reference)
        if found:
            sign = -1 if next(iter(found.values())).higher_is_better else 1
            found = dict(sorted(found.items(), key=lambda item: sign * item[1].value))
            of_metric = results.metrics[results.metrics["metric"] == metric]
            values = of_metric.set_index("model")["mean"]
            pieces += [finding_sentence(found, title, reference), _table(found, values, reference)]
    return [*pieces, _how_to_read(results)] if pieces else []


def finding_sentence(found: Mapping[str, Difference], title: str, reference: str) -> str:
    """Say which models are better, worse or not distinguishable from the reference."""
    phrases = []
    for finding in get_args(Finding):
        models = [literal(name) for name, one in found.items() if one.finding == finding]
        verb = "is" if len(models) == 1 else "are"
        if models and finding == "not distinguishable":
            phrases.append(f"{enumerated(models)} {verb} **{finding}** from it")
        elif models:
            phrases.append(f"**{finding}** {verb} {enumerated(models)}")
    return f"By {title}, against {literal(reference)}: {'; '.join(phrases)}."


def _table(found: Mapping[str, Difference], values: pd.Series, reference: str) -> str:
    rows = [
        [
            literal(name),
            f"{values[name]:.4f}",
            f"{one.value:+.4f}",
            f"{one.low:+.4f} to {one.high:+.4f}",
            p_value(one.p_holm).removeprefix("p ").removeprefix("= "),
            or_dash(one.effect_size, "+.2f"),
            f"{100 * one.share_better:.0f} %",
            or_dash(one.seed_sd),
            one.finding,
        ]
        for name, one in found.items()
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


def _how_to_read(results: Results) -> str:
    resamples, pairs = results.evaluation.bootstrap_resamples, results.n_pairs("rmse")
    smallest = smallest_p_value(resamples, max(pairs, 1))
    return (
        "Intervals and p-values account for the choice of users only, with the same "
        f"{resamples:,} resamples for all models. P-values have Holm's correction for the pairs "
        f"of models on one metric ({pairs:,} for RMSE; {smallest:.2g} is the smallest value that "
        "so many resamples can show). *Effect size*: the difference divided by the standard "
        "deviation of the users' contributions to it (d\\ :sub:`z`); 0.2 counts as small, 0.5 as "
        "medium, 0.8 as large. *Users better*: share of the users with a better value under the "
        "model, ties counting half. *Seed s.d.*: standard deviation of the difference over "
        "training seeds, which the intervals do not include; neither includes what another "
        "search might have chosen. *Perhaps*: the interval excludes 0, but the corrected p-value "
        "is not below 0.05, or another seed may reverse the difference. The table of differences "
        "has all other metrics and pairs."
    )
