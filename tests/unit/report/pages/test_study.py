import pandas as pd

from blendmf.report.pages.study import study_page
from blendmf.report.pages.tables import shown_table
from report_files import SVG

TABLE = shown_table(pd.DataFrame({"arm": ["as configured"]}), "Variants", file="audit.csv")


def test_a_study_has_its_findings_its_figure_and_its_table():
    html = study_page(
        *("Audit", TABLE),
        text="audit-table",
        findings=["Content helps <everywhere>."],
        drawing=SVG.format("it"),
        drawing_text="audit",
    )
    assert "<p>Content helps &lt;everywhere&gt;.</p>" in html
    assert "<figcaption>What it shows</figcaption>" in html
    assert 'data-table="study-data"' in html
    assert "Compare models within a variant" in html


def test_without_findings_and_figure_only_the_table_is_there():
    html = study_page("Folds", TABLE, text="folds-table")
    assert 'id="what-was-found"' not in html
    assert 'id="figure"' not in html
