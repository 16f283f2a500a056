"""What a run tells on the console: the plan before it, the answer after it."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blendmf.common.wording import duration
from blendmf.config.experiment import Experiment
from blendmf.resources.size import Size

WIDTH = 100
MOST_CAUTIONS = 4


def plan(
    experiment: Experiment, sizes: Mapping[str, Size], jobs: int, cores: int | None, seconds: float
) -> str:
    """The data sets with their `sizes`, the models, their trials, the jobs and the expected time.

    `cores` is None if the jobs run elsewhere.
    """
    names = list(experiment.models)
    searched = len(experiment.searched)
    trials = (
        f"{searched} of the models are searched, {experiment.search.trials} trials each"
        if searched
        else "none, all settings are as configured"
    )
    where = "on a cluster" if cores is None else f"on {cores} core{'s' * (cores != 1)}"
    waiting = ", without waiting in its queue" if cores is None else ""
    entries = [
        *(("Data", f"{name}: {_size(size)}") for name, size in sizes.items()),
        ("Models", f"{len(names)}: {', '.join(names)}"),
        ("Search", trials),
        ("Jobs", f"{jobs} {where}; jobs that are done already are not repeated"),
        ("Time", f"about {duration(seconds)} expected{waiting}"),
    ]
    return "\n".join(_entry(name, text) for name, text in entries)


def _size(size: Size) -> str:
    if not size.ratings:
        return "size not known yet"
    if size.guessed:
        return f"about {size.ratings:,} ratings"
    return f"{size.ratings:,} ratings, {size.users:,} users, {size.items:,} items"


def closing(
    brief: Mapping[str, Any], report: Path, outcome: Path, *, only_answer: bool = False
) -> str:
    """The answer, the best models and the cautions of a `brief`, and where to read on.

    `report` is shown if it exists, otherwise `outcome`. With `only_answer` the models and cautions
    are left out.
    """
    where = f"Report: {report}" if report.is_file() else f"In words: {outcome}"
    answer = _entry("Answer", brief["answer"])
    if only_answer:
        return f"{answer}\n{where}"
    lines = [answer]
    best: Sequence[Mapping[str, Any]] = brief["best"]
    width = max((len(one["model"]) for one in best), default=0)
    lines += ["Best models by test RMSE, with 95 % intervals:"] * bool(best)
    lines += [f"  {one['model']:{width}}  {one['rmse']:.4f}{_interval(one)}" for one in best]
    cautions: Sequence[str] = brief["cautions"]
    lines += [f"Cautions: {len(cautions)}" if cautions else "Cautions: none"]
    lines += [
        textwrap.shorten(f"- {caution}", 2 * WIDTH, placeholder=" ...")
        for caution in cautions[:MOST_CAUTIONS]
    ]
    if len(cautions) > MOST_CAUTIONS:
        lines.append(f"- and {len(cautions) - MOST_CAUTIONS} more in {outcome}")
    return "\n".join([*lines, where])


def _interval(one: Mapping[str, Any]) -> str:
    return "" if one["low"] is None else f" ({one['low']:.4f} to {one['high']:.4f})"


def _entry(name: str, text: str) -> str:
    return f"{name + ':':8}{text}"
