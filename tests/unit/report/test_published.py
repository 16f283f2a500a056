import re
from pathlib import Path

import pytest
import yaml
from blendmf.config.validate import complete_config
from docutils import nodes
from docutils.core import publish_doctree, publish_parts

from blendmf.common.errors import UserError
from blendmf.report.outcome.other_sections import beside_published
from outcomes import results

ROOT = Path(__file__).parents[3]

PUBLISHED = [
    {"system": "SVD++", "rmse": 0.98, "mae": 0.77, "recall": 0.7, "note": "k=20, *tuned* by_ them"},
    {"system": "1. Cosine", "precision": 0.41},
    {"system": "- Best", "rmse": 0.5, "mae": 0.25, "precision": 1, "recall": 0},
]


def beside(published):
    return "\n\n".join(beside_published(results().table, published, 10))


def published_rows():
    """Cells of the table, as docutils reads them."""
    (table,) = publish_doctree(beside(PUBLISHED)).findall(nodes.table)
    return [
        [cell.astext() for cell in row.findall(nodes.entry)] for row in table.findall(nodes.row)
    ]


def test_nothing_published_is_no_table():
    assert beside_published(results().table, [], 10) == ("", "")


def test_published_figures_stand_among_the_models_by_rmse():
    head, *rows = published_rows()
    assert head == ["System", "RMSE", "MAE", "Precision@10, rated", "Recall@10, rated"]
    assert [row[0].split(" (")[0] for row in rows] == [
        *["- Best", "mf-content", "SVD++", "mf", "svd"],
        *["popularity", "1. Cosine"],
    ]


def test_a_published_row_has_its_note_and_dashes_what_it_leaves_out():
    rows = {row[0]: row[1:] for row in published_rows()}
    dash = "\N{EN DASH}"
    assert rows["SVD++ (k=20, *tuned* by_ them)"] == ["0.9800", "0.7700", dash, "0.7000"]
    assert rows["1. Cosine"] == [dash, dash, "0.4100", dash]
    assert rows["- Best"] == ["0.5000", "0.2500", "1.0000", "0.0000"]
    assert rows["mf"] == ["0.9850", "0.5000", "0.5000", "0.5000"]


def test_the_models_of_the_run_stand_out():
    page = publish_parts(beside(PUBLISHED), writer="html")["body"]
    assert "<strong>mf-content</strong>" in page
    assert "<strong>SVD++" not in page


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({"rmse": 0.9}, "published.0"),
        ({"system": "SVD++", "rmse": "0.9"}, "published.0.rmse"),
        ({"system": "SVD++", "precision": 57.39}, "published.0.precision"),
        ({"system": "SVD++", "ndcg": 0.5}, "published.0.ndcg"),
    ],
)
def test_a_published_row_that_cannot_be_shown_is_refused_by_its_key(entry, key):
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    with pytest.raises(UserError, match=re.escape(key)):
        complete_config(config | {"published": [entry]}, schema)
