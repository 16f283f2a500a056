"""The outcome of a run in words, as reStructuredText."""

from blendmf.report.outcome.all_models import budgets, comparison_table, denominators
from blendmf.report.outcome.answer import best_model, does_content_help, question
from blendmf.report.outcome.cautions import cautions
from blendmf.report.outcome.data_and_predictions import (
    data_section,
    interval_section,
    published_section,
    svd_sentence,
)
from blendmf.report.outcome.findings import findings
from blendmf.report.outcome.results import Results
from blendmf.report.rst import section


def summarise(results: Results, dataset: str) -> str:
    """Write the outcome as reStructuredText, the answer first, so that a reader may stop anywhere."""
    published = published_section(results.table, results.published, results.evaluation.k)
    parts = [
        section(
            "Question and answer",
            question(dataset),
            does_content_help(results, dataset),
            best_model(results),
        ),
        section("All models", comparison_table(results), budgets(results.best)),
        section("Cautions", cautions(results)),
        section("Which differences hold", *findings(results)),
        section("How certain the predictions are", *interval_section(results)),
        section("Truncated SVD", svd_sentence(results.rank_sweep)),
        section("Published results", *published),
        section("How the metrics are computed", denominators(results)),
        section("Data", *data_section(results.source, results.split, dataset)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
