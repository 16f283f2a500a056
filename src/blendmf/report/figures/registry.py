"""The figures of a run: one line each."""

FIGURES = {
    "ratings": "blendmf.report.figures.of_run:RATINGS",
    "comparison": "blendmf.report.figures.of_run:COMPARISON",
    "differences": "blendmf.report.figures.of_run:DIFFERENCES",
    "cold-start": "blendmf.report.figures.of_run:COLD_START",
    "strata": "blendmf.report.figures.of_run:STRATA",
    "rank-sweep": "blendmf.report.figures.of_run:RANK_SWEEP",
}
"""Every `RunFigure` as ``module:object``, by the name of its file.

Names and not imports, because the rules list them and need no drawing library. The report shows a
figure under "Further figures" unless it has a place of its own, with the text
``report/pages/texts/NAME.rst`` if there is one.
"""
