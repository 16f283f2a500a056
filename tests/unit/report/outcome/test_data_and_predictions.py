import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from docutils import nodes
from docutils.core import publish_doctree, publish_parts

from blendmf.common.errors import UserError
from blendmf.config.checks import experiment
from blendmf.report.number_format import MISSING
from blendmf.report.outcome.data_and_predictions import published_section
from outcomes import DROPPED, PUBLISHED, outcome, results

ROOT = Path(__file__).parents[4]


def test_dropped_rows_are_listed():
    assert "Nothing was dropped." in outcome()
    text = outcome(source=results().source | {"dropped": DROPPED})
    assert r"Dropped: 2 in tags\_1.csv (tags without text)." in text


def test_the_counts_of_the_parts_are_in_a_table():
    text = outcome()
    assert "100,836 ratings from 0.5 to 5 (mean 3.502) by 610 users of 9,724 items" in text
    assert "* - Training - 70,312 - 610 - 8,335" in text


def test_the_coverage_of_prediction_intervals_is_in_a_table():
    assert "How certain the predictions are" not in outcome()
    names = [f"within_{percent}" for percent in (50, 80, 90, 95)]
    rows = [("mf", name, 0.512, 0.5, 0.52) for name in names] + [("mf", "width_90", 3.456, 3, 4)]
    intervals = pd.DataFrame(rows, columns=["model", "metric", "mean", "low", "high"])
    text = outcome(metrics=pd.concat([results().metrics, intervals.assign(n_users=610)]))
    assert "How certain the predictions are" in text
    assert f"* - ``mf`` {'- 51.2 % (50.0 to 52.0) ' * 4}- 3.46" in text


def test_svd_and_factorisation_are_compared_at_the_ranks_chosen_by_validation():
    text = outcome()
    assert "best on validation at rank 5 and reaches test RMSE 1.0100" in text
    assert "best at rank 20 and reaches 0.9850, 0.0250 lower" in text
    sweep = results().rank_sweep
    assert "Truncated SVD" not in outcome(rank_sweep=sweep[sweep["method"] == "svd"])
    assert "Truncated SVD" not in outcome(rank_sweep=sweep[:0])


def published(entries):
    return "\n\n".join(published_section(results().table, entries, 10))


def test_published_results_and_models_are_sorted_together_by_rmse():
    (table,) = publish_doctree(published(PUBLISHED)).findall(nodes.table)
    head, *rows = [
        [cell.astext() for cell in row.findall(nodes.entry)] for row in table.findall(nodes.row)
    ]
    assert head == ["System", "RMSE", "MAE", "Precision@10, rated", "Recall@10, rated"]
    assert [row[0].split(" (")[0] for row in rows] == [
        *["- Best", "mf-content", "SVD++", "mf", "svd"],
        *["popularity", "1. Cosine"],
    ]
    cells = {row[0]: row[1:] for row in rows}
    assert cells["SVD++ (k=20, *tuned* by_ them)"] == ["0.9800", "0.7700", MISSING, "0.7000"]
    assert cells["1. Cosine"] == [MISSING, MISSING, "0.4100", MISSING]
    assert cells["- Best"] == ["0.5000", "0.2500", "1.0000", "0.0000"]
    assert cells["mf"] == ["0.9850", "0.5000", "0.5000", "0.5000"]


def test_only_the_models_of_the_run_are_bold():
    assert published([]) == ""
    page = publish_parts(published(PUBLISHED), writer="html")["body"]
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
def test_unusable_published_results_are_refused_naming_their_key(entry, key):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    with pytest.raises(UserError, match=re.escape(key)):
        experiment(config | {"published": [entry]})
