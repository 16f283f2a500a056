"""A page of one study: its findings, its figure and its table, each with how to read it."""

from collections.abc import Sequence

from blendmf.report.pages.page import TABLES, Section, figure, page, paragraphs, table
from blendmf.report.pages.tables import Table
from blendmf.report.pages.texts import explanation


def study_page(
    title: str,
    data: Table,
    *,
    text: str,
    findings: Sequence[str] = (),
    drawing: str | None = None,
    drawing_text: str | None = None,
) -> str:
    """A self-contained page of a study.

    Parameters
    ----------
    title : str
    data : Table
    text : str
        Name of the text that explains the table.
    findings : sequence of str
        What the study found, as plain sentences.
    drawing : str, optional
        The study's figure, an SVG document.
    drawing_text : str, optional
        Name of the text that explains the figure.
    """
    drawn = []
    if drawing is not None:
        drawn = [figure(text, drawing)]
        if drawing_text is not None:
            drawn.append(explanation(drawing_text, {}))
    sections = [
        Section("What was found", [paragraphs(*findings)]),
        Section("Figure", drawn),
        Section("Table", [table("study", data), explanation(text, {})]),
    ]
    return page(title, sections, links={"All data sets": "../../index.html"}, libraries=(TABLES,))
