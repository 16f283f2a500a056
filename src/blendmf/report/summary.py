"""The outcome of a run in words, from the run's own numbers."""

from blendmf.report.outcome.all_models import budgets, comparison_table, denominators
from blendmf.report.outcome.answer import best_model, does_content_help, question
from blendmf.report.outcome.cautions import cautions
from blendmf.report.outcome.data_set import described, split_table
from blendmf.report.outcome.findings import findings
from blendmf.report.outcome.other_sections import beside_published
from blendmf.report.outcome.results import Results
from blendmf.report.outcome.truncated_svd import svd_against_factorisation
from blendmf.report.outcome.uncertainty import held_by_intervals
from blendmf.report.rst import html_file, section


def summarise(results: Results, dataset: str, figures: str) -> str:
    """Tell what came of a run, the answer first: a busy reader may stop after any section.

    Parameters
    ----------
    results : Results
    dataset : str
        Name of the data set.
    figures : str
        Path of a file of HTML with the figures that matter, as the text's own folder has it.

    Returns
    -------
    str
        reStructuredText with sections underlined by hyphens.
    """
    k = results.evaluation.k
    split = results.split
    parts = [
        section(
            "Question and answer",
            question(dataset),
            does_content_help(results, dataset),
            best_model(results),
        ),
        section("All models", comparison_table(results), budgets(results.best)),
        html_file(figures),
        section("What to beware of", cautions(results)),
        section("Which differences hold", *findings(results)),
        section("How sure the predictions are", *held_by_intervals(results)),
        section("Truncated SVD", svd_against_factorisation(results.rank_sweep)),
        section("Beside published figures", *beside_published(results.table, results.published, k)),
        section("What the figures count", denominators(results)),
        section("Data", described(results.source, split["scheme"], dataset), split_table(split)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
