"""Whether the intervals of the predictions hold what they say."""

from blendmf.evaluation.interval_coverage import LEVELS
from blendmf.report.outcome.results import Results
from blendmf.report.rst import list_table, literal


def held_by_intervals(results: Results) -> list[str]:
    """How many test ratings are in the intervals of each model that gives some.

    Returns
    -------
    list of str
        Paragraphs and a table of reStructuredText; empty where no model gives intervals.
    """
    metrics = results.metrics.set_index(["model", "metric"])
    percents = [round(100 * level) for level in LEVELS]
    names = [
        name for name in results.rmse.index if (name, f"within_{percents[0]}") in metrics.index
    ]
    if not names:
        return []
    rows = []
    for name in names:
        row = [literal(name)]
        for percent in percents:
            held = metrics.loc[(name, f"within_{percent}")]
            row.append(
                f"{100 * held['mean']:.1f} % ({100 * held['low']:.1f} to {100 * held['high']:.1f})"
            )
        row.append(f"{metrics.loc[(name, 'width_90'), 'mean']:.2f}")
        rows.append(row)
    header = ["Model", *(f"{percent} % intervals hold" for percent in percents), "Width of 90 %"]
    return [
        "For each rating that it predicts, such a model says in which interval the rating will be. "
        "Of the test ratings, its intervals hold (in brackets the 95 % interval over users):",
        list_table(header, rows),
        "Widths are in rating points, on average. An interval is as many predicted standard "
        "deviations wide as validation ratings asked for.",
    ]
