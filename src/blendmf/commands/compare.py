"""The command compare: two models of a data set, or two results folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blendmf.commands.options import ResultsOption, complete_compared
from blendmf.commands.output import FormatOption, OutputOption, note, show
from blendmf.commands.results_folder import (
    COMPARISON,
    configuration_of,
    read_figures,
    results_folder,
)
from blendmf.common.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("rmse", "mae", "rated_precision_at_k", "rated_ndcg_at_k", "full_ndcg_at_k")
"""Metrics of two folders that are compared."""


def compare(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A", help="A model, or a results folder.", autocompletion=complete_compared
        ),
    ],
    b: Annotated[
        str,
        typer.Argument(
            metavar="B", help="What A is compared with.", autocompletion=complete_compared
        ),
    ],
    settings: Annotated[
        bool, typer.Option("--settings", help="Of two folders: list the settings that differ.")
    ] = False,
    results: ResultsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Compare two models of a data set on every metric, or two results folders.

    For two models: the difference (A minus B), its 95 % interval over the users, the p-value
    corrected among all pairs of models, and what holds about A. For two folders: the figures of
    the models that both have. Their test ratings may differ, so that no interval says whether such
    a difference holds.
    """
    folders = [Path(name) for name in (a, b)]
    if all(folder.is_dir() for folder in folders):
        one, other = (results_folder(folder, COMPARISON) for folder in folders)
        _compare_folders(one, other, settings, form, output)
        return
    if settings or any("/" in name for name in (a, b)):
        missing = next((str(folder) for folder in folders if not folder.is_dir()), a)
        raise UserError(f"{missing}: no such folder; name two results folders, or two models")
    folder = results_folder(results, COMPARISON)
    k = configuration_of(folder).get("evaluation", {}).get("k")
    note(f"A: {a}, B: {b}, of {folder}; the difference is A minus B")
    shown = ["metric", "difference", "low", "high", "p_holm", "finding"]
    show(model_differences(folder, a, b), form, output, shown=shown, k=k)


def model_differences(folder: Path, a: str, b: str) -> pd.DataFrame:
    """Every metric of model `a` minus that of model `b`, from ``comparison/differences.csv``.

    Raises
    ------
    UserError
        If a model is not in the comparison, or both are the same.
    """
    import pandas as pd

    from blendmf.evaluation.verdict import against

    differences = read_figures(
        folder, "comparison/differences.csv", ("model_a", "model_b", "metric")
    )
    known = sorted({*differences["model_a"], *differences["model_b"]})
    for name in (a, b):
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"; perhaps you mean: {close[0]}" if close else ""
            raise UserError(f"{name}: no such model in {folder}; it has {', '.join(known)}{hint}")
    if a == b:
        raise UserError(f"{a}: compared with itself; name two models")
    rows = []
    for metric in differences["metric"].unique():
        found = against(differences, metric, b).get(a)
        if found is not None:
            rows.append(
                {
                    "metric": metric,
                    "difference": found.value,
                    "low": found.low,
                    "high": found.high,
                    "p_value": found.p_value,
                    "p_holm": found.p_holm,
                    "effect_size": found.effect_size,
                    "share_a_better": found.share_better,
                    "seed_sd": found.seed_sd,
                    "finding": found.finding,
                }
            )
    return pd.DataFrame(rows)


def _compare_folders(
    a: Path, b: Path, settings: bool, form: FormatOption, output: OutputOption
) -> None:
    import pandas as pd

    note(f"A: {a}, B: {b}")
    without = [folder for folder in (a, b) if not configuration_of(folder)]
    if settings and without:
        raise UserError(f"{without[0]}: has no manifest.json with the settings of its run")
    differing = list(differing_settings(configuration_of(a), configuration_of(b)))
    if settings:
        show(pd.DataFrame(differing, columns=["setting", "a", "b"]), form, output)
        return
    unknown = [f"{folder}: has no manifest.json with its settings" for folder in without]
    note(unknown[0] if unknown else _summary(differing))
    tables = [read_figures(f, COMPARISON, ("model",)).set_index("model") for f in (a, b)]
    both = [name for name in tables[0].index if name in tables[1].index]
    if not both:
        raise UserError(f"{a} and {b} have no model in common")
    rows = [
        (model, metric, *values, values[0] - values[1])
        for model in both
        for metric in METRICS
        if all(metric in table for table in tables)
        for values in [[float(table[metric][model]) for table in tables]]
    ]
    table = pd.DataFrame(rows, columns=["model", "metric", "a", "b", "difference"])
    show(table.dropna(ignore_index=True), form, output)


def _summary(differing: Sequence[tuple[str, str, str]]) -> str:
    if not differing:
        return "All settings are the same"
    shown = ", ".join(f"{name} ({one} and {other})" for name, one, other in differing[:3])
    more = f", and {len(differing) - 3} more: --settings lists them" if len(differing) > 3 else ""
    return f"Settings that differ: {shown}{more}"


def differing_settings(
    a: Mapping[str, Any], b: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Dotted key and both values of each setting that differs; a missing one is an en dash."""
    one, other = dict(flat(a)), dict(flat(b))
    for name in dict.fromkeys([*one, *other]):
        values = [str(values.get(name, "\N{EN DASH}")) for values in (one, other)]
        if values[0] != values[1]:
            yield name, values[0], values[1]


def flat(block: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Settings of nested blocks by dotted keys."""
    for name, value in block.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
