"""The outcome of a run: in words, as reStructuredText, and in brief, as facts."""

from typing import Any

from blendmf.report.outcome.all_models import budgets, comparison_table, denominators
from blendmf.report.outcome.answer import (
    answer_sentences,
    best_model,
    does_content_help,
    question,
)
from blendmf.report.outcome.cautions import caution_sentences, cautions
from blendmf.report.outcome.data_and_predictions import (
    data_section,
    interval_section,
    published_section,
    svd_sentence,
)
from blendmf.report.outcome.findings import findings
from blendmf.report.outcome.results import Results
from blendmf.report.rst import plain, section

BEST = 3
"""Number of models in the brief."""


def brief(results: Results, dataset: str) -> dict[str, Any]:
    """The outcome in brief, in plain text: the answer, the best models and the cautions.

    ``best`` has the models with the lowest test RMSE and their 95 % intervals, null if unknown.
    """
    columns = {"model": "model", "rmse": "rmse", "low": "rmse_low", "high": "rmse_high"}
    predicting = results.table.dropna(subset="rmse").sort_values("rmse", kind="stable")
    return {
        "dataset": dataset,
        "question": plain(question(dataset)),
        "answer": plain(answer_sentences(results, dataset)[0]),
        "best": [
            {key: _or_null(row[column]) for key, column in columns.items()}
            for row in predicting.head(BEST).to_dict("records")
        ],
        "cautions": [plain(caution) for caution in caution_sentences(results)],
    }


def _or_null(value: Any) -> Any:
    return None if value != value else value  # NaN is no number of JSON


def summarise(results: Results, dataset: str) -> str:
    """Outcome as reStructuredText, the answer first, so that a reader may stop anywhere."""
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
