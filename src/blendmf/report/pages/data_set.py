"""The report of one data set: a page with the answer, and all figures and tables behind it."""

from markupsafe import Markup

from blendmf.report.pages.data_set_parts import Parts, ReportFiles
from blendmf.report.pages.page import CHARTS, COMPARISON, TABLES, Section, facts, heading, page
from blendmf.report.pages.texts import html_of, sections_of

MANIFEST_FACTS = ("regenerate", "regenerate_with_variations", "own_data")


def report_page(files: ReportFiles) -> str:
    """The report as one self-contained HTML page, the answer first."""
    words = {title: html_of(body) for title, body in sections_of(files.outcome).items()}
    nothing = Markup()
    shown = Parts(files)
    sections = [
        Section("Question and answer", [words["Question and answer"]]),
        Section(
            "All models",
            [
                shown.models(),
                shown.text("comparison-table"),
                *shown.drawn("comparison"),
                words["How the metrics are computed"],
            ],
        ),
        Section("Cautions", [words.get("Cautions", nothing)]),
        Section(
            "Which differences hold",
            [
                words.get("Which differences hold", nothing),
                *shown.drawn("differences"),
                heading("Is one model better than another, and for whom?"),
                shown.comparison(),
                heading("All differences"),
                shown.differences(),
                shown.text("differences-table"),
            ],
        ),
        Section(
            "Where the models differ",
            [*shown.drawn("cold-start"), *shown.drawn("strata"), shown.strata()],
        ),
        Section(
            "How certain the predictions are",
            [words.get("How certain the predictions are", nothing)],
        ),
        Section("Search", [*shown.charted("search"), *shown.trials()]),
        Section("Training", shown.charted("learning-curves")),
        Section(
            "Truncated SVD",
            [
                words.get("Truncated SVD", nothing),
                *shown.drawn("rank-sweep"),
                shown.plain("rank_sweep", "Truncated SVD and factorisation by rank"),
                *shown.drawn("convergence"),
                shown.plain("small_matrix", "Errors on the small matrix"),
            ],
        ),
        Section("Published results", [words.get("Published results", nothing)]),
        Section(
            "Data",
            [
                words["Data"],
                *shown.drawn("ratings"),
                heading("Future information in the training part"),
                shown.leakage(),
                shown.text("leakage"),
                heading("What was fitted on which part"),
                shown.plain("fitted_on", "Statistics and the parts that change them"),
                shown.text("fitted-on"),
                facts(
                    files.source, summary="Source of the data: origin, licence, what was dropped"
                ),
            ],
        ),
        Section(
            "How it was run, and how to run it again",
            [
                shown.text("method"),
                facts(
                    {key: files.manifest[key] for key in MANIFEST_FACTS if files.manifest.get(key)}
                ),
                facts(
                    files.manifest, summary="Manifest: versions, configuration, checksums, machine"
                ),
                heading("Memory and time of every job"),
                shown.plain("usage", "Requested and used memory and time"),
                shown.text("usage"),
            ],
        ),
    ]
    if further := shown.further():
        sections.insert(-2, Section("Further figures", further))
    title = f"Matrix factorisation on {files.dataset}"
    return page(title, sections, links=files.links, libraries=(TABLES, CHARTS, COMPARISON))
