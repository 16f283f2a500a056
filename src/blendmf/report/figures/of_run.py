"""The figures of a run, each drawn from the tables of the run."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from blendmf.report.figures.alternative_texts import (
    cold_start_text,
    comparison_text,
    differences_text,
    rank_sweep_text,
    ratings_text,
    strata_text,
)
from blendmf.report.figures.comparison import plot_comparison, plot_differences
from blendmf.report.figures.rank_sweep import plot_rank_sweep
from blendmf.report.figures.ratings import plot_ratings
from blendmf.report.figures.strata import plot_cold_start, plot_strata


class RunTables(NamedTuple):
    """What figures are drawn from; `results/README.md` describes the tables.

    Attributes
    ----------
    parts : (DataFrame, DataFrame, DataFrame)
        Columns item_id and rating of the training, validation and test part.
    metrics, differences, table, strata, rank_sweep : DataFrame
        Tables of the comparison, and of the rank sweep.
    kinds : mapping of str
        Kind of each model.
    reference, blended : str or None
        The model that others are compared with, and the best blended one.
    k : int
        Length of the ranked lists.
    """

    parts: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
    metrics: pd.DataFrame
    differences: pd.DataFrame
    table: pd.DataFrame
    strata: pd.DataFrame
    rank_sweep: pd.DataFrame
    kinds: Mapping[str, str]
    reference: str | None
    blended: str | None
    k: int


class RunFigure(NamedTuple):
    """A figure of a run.

    Attributes
    ----------
    draw : callable
        Draws it from `RunTables`; for phones if its argument `narrow` is true.
    text : callable
        Alternative text, which states the finding.
    """

    draw: Callable[..., Figure]
    text: Callable[[RunTables], str]


RATINGS = RunFigure(
    lambda run, narrow: plot_ratings(run.parts[0], run.parts[1], run.parts[2], narrow),
    lambda run: ratings_text(*run.parts),
)
COMPARISON = RunFigure(
    lambda run, narrow: plot_comparison(run.metrics, run.kinds, run.k, narrow=narrow),
    lambda run: comparison_text(run.metrics, run.differences),
)
DIFFERENCES = RunFigure(
    lambda run, narrow: plot_differences(
        run.differences, run.kinds, run.reference, run.k, narrow=narrow
    ),
    lambda run: differences_text(run.differences, run.metrics, run.reference, run.blended),
)
COLD_START = RunFigure(
    lambda run, narrow: plot_cold_start(run.strata, run.kinds, narrow=narrow),
    lambda run: cold_start_text(run.strata, run.kinds),
)
STRATA = RunFigure(
    lambda run, narrow: plot_strata(run.strata, run.kinds, run.k, narrow=narrow),
    lambda run: strata_text(run.strata, run.k),
)
RANK_SWEEP = RunFigure(
    lambda run, narrow: plot_rank_sweep(run.rank_sweep, narrow=narrow),
    lambda run: rank_sweep_text(run.rank_sweep),
)
