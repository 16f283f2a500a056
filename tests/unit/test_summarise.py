import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from docutils import nodes
from docutils.core import publish_doctree, publish_parts
from docutils.utils import SystemMessage
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.config import complete_config
from blendmf.errors import UserError
from blendmf.restructured import enumerated, escaped, list_table, p_value, share_of
from blendmf.summarise import Results, summarise
from blendmf.verdict import Difference, best_of_kind, rmse_difference

ROOT = Path(__file__).parents[2]

MODELS = {
    "popularity": {"kind": "popularity"},
    "svd": {"kind": "svd"},
    "mf": {"kind": "mf"},
    "mf-content": {"kind": "mf-content"},
}
RMSE = {"mf-content": 0.976, "mf": 0.985, "svd": 1.01, "popularity": np.nan}


def finding(numerator, denominator, meaning="Test ratings of some sort."):
    share = numerator / denominator
    return {
        "numerator": numerator,
        "denominator": denominator,
        "share": share,
        "meaning": meaning,
    }


def results(rmse=RMSE, half_width=0.003, p_holm=0.001, models=MODELS, n_users=610, **changed):
    """A run whose differences of RMSE all have intervals of one width."""
    names = [name for name, value in rmse.items() if np.isfinite(value)]
    rows = [
        ("rmse", a, b, d, d - half_width, d + half_width, p_holm / 3, p_holm)
        for a, b in [(a, b) for k, a in enumerate(sorted(names)) for b in sorted(names)[k + 1 :]]
        for d in [rmse[a] - rmse[b]]
    ]
    columns = ["metric", "model_a", "model_b", "difference", "low", "high", "p_value", "p_holm"]
    table = pd.DataFrame({"model": list(rmse), "rmse": list(rmse.values())})
    table = table.assign(seeds=3, rmse_low=table["rmse"] - 0.01, rmse_high=table["rmse"] + 0.01)
    for metric in ("mae", "rated_precision_at_k", "rated_recall_at_k"):
        table[metric] = 0.5
    table = table.assign(full_ndcg_at_k=0.06, full_coverage=0.1)
    metrics = table.melt(["model", "rmse_low", "rmse_high"], ["rmse", "mae"], "metric", "mean")
    metrics = metrics.rename(columns={"rmse_low": "low", "rmse_high": "high"})
    metrics = metrics.dropna().assign(seed_sd=0.002, n_seeds=3, n_users=n_users)
    ranked = table[["model"]].assign(metric="rated_precision_at_k", mean=0.5, n_users=n_users)
    sweep = pd.DataFrame(
        [("svd", 5, 0.99, 1.01, 0.1), ("svd", 50, 1.0, 1.0, 0.5), ("mf", 20, 0.96, 0.985, 1.0)],
        columns=["method", "rank", "validation_rmse", "test_rmse", "seconds"],
    )
    facts = {
        "table": table,
        "metrics": pd.concat([metrics, ranked], ignore_index=True),
        "differences": pd.DataFrame(rows, columns=columns),
        "rank_sweep": sweep,
        "best": [],
        "source": {
            "rating_range": [0.5, 5.0],
            "counts": {
                "users": 610,
                "items_rated": 9724,
                "items_described": 9742,
                "ratings": 100836,
                "tags": 3683,
                "density": 0.017,
            },
            "ratings": {"mean": 3.5016},
            "dropped": [],
        },
        "split": {
            "scheme": "per-user-temporal",
            "parts": {
                "train": {"ratings": 70312, "users": 610, "items": 8335},
                "validation": {"ratings": 15102, "users": 610, "items": 4000},
                "test": {"ratings": 15422, "users": 610, "items": 4100},
            },
        },
        "leakage": {},
        "models": models,
        "evaluation": {"k": 10, "relevance_threshold": 3.5, "bootstrap_resamples": 2000},
        "published": [],
    }
    return Results(**(facts | changed))


def outcome_text(*args, **changed):
    return summarise(results(*args, **changed), "ml-latest-small")


def outcome(*args, **changed):
    """The outcome as text, having passed docutils without a warning."""
    text = outcome_text(*args, **changed)
    page = publish_parts(text, writer="html", settings_overrides={"halt_level": 2})["body"]
    assert "``" not in page
    assert "**" not in page
    return " ".join(text.split())


def test_outcome_names_the_best_model_with_its_interval_and_its_spread_over_seeds():
    assert (
        "**The best model is** ``mf-content``: test RMSE 0.9760 (95 % interval 0.9660 to "
        "0.9860, 610 users; standard deviation over 3 seeds 0.0020)." in outcome()
    )


@pytest.mark.parametrize(
    ("blended", "half_width", "p_holm", "words"),
    [
        (0.976, 0.003, 0.001, "content helps:** ``mf-content`` has a test RMSE 0.0090 below"),
        (0.994, 0.003, 0.001, "content hurts:** ``mf-content`` has a test RMSE 0.0090 above"),
        (0.976, 0.012, 0.3, "Whether blending in item content helps cannot be told:**"),
        (0.994, 0.012, 0.3, "Whether blending in item content helps cannot be told:**"),
        (0.976, 0.008, 0.07, "content may help, but this run does not show it:**"),
        (0.994, 0.008, 0.07, "content may hurt, but this run does not show it:**"),
    ],
)
def test_what_is_said_of_content_follows_from_the_interval_and_the_p_value(
    blended, half_width, p_holm, words
):
    text = outcome(RMSE | {"mf-content": blended}, half_width, p_holm)
    assert words in text
    assert sum(phrase in text for phrase in ("helps:**", "hurts:**", "told:**", "show it:**")) == 1


def test_the_difference_is_told_as_blended_minus_plain():
    text = outcome()
    assert "0.9760 against 0.9850" in text
    assert "95 % interval -0.0120 to -0.0060, Holm-corrected p = 0.001" in text


@pytest.mark.parametrize(
    ("kept", "missing"), [("mf", "blended (kind ``mf-content``)"), ("mf-content", "plain (kind")]
)
def test_a_run_without_one_side_says_that_it_cannot_tell(kept, missing):
    text = outcome({kept: 0.98, "svd": 1.01})
    assert f"this run cannot say: it has no {missing}" in text


def test_of_several_variants_the_best_of_each_kind_are_compared():
    models = MODELS | {"tags-only": {"kind": "mf-content"}}
    text = outcome(RMSE | {"tags-only": 0.97}, models=models)
    assert "``tags-only`` has a test RMSE 0.0150 below that of ``mf``" in text
    assert "1 plain and 2 blended models" in text


def test_rivals_that_are_not_told_apart_are_named():
    assert "cannot safely be told apart from ``mf``." in outcome(half_width=0.02)
    assert "told apart" not in outcome()


def test_a_run_of_one_model_says_so():
    text = outcome({"mf": 0.985})
    assert "**The only model that predicts ratings is** ``mf``: test RMSE 0.9850" in text
    assert "The best model" not in text


def test_a_run_without_predicted_ratings_says_so():
    assert "No model of this run predicts ratings" in outcome({"popularity": np.nan})


def test_a_baseline_that_wins_is_not_called_a_factorisation():
    text = outcome(RMSE | {"svd": 0.9})
    assert "not the best here: ``mf`` 0.9850 and ``mf-content`` 0.9760." in text


def test_svd_and_factorisation_are_compared_at_the_ranks_that_validation_chooses():
    text = outcome()
    assert "best on validation at rank 5 and reaches test RMSE 1.0100" in text
    assert "best at rank 20 and reaches 0.9850, 0.0250 lower" in text


def test_without_a_factorisation_in_the_sweep_nothing_is_said_of_it():
    sweep = results().rank_sweep
    assert "Truncated SVD" not in outcome(rank_sweep=sweep[sweep["method"] == "svd"])
    assert "Truncated SVD" not in outcome(rank_sweep=sweep[:0])


def test_table_states_its_denominators_and_dashes_what_is_missing():
    text = outcome()
    assert "15,422 test ratings" in text
    assert "each of 610 users' own test items" in text
    assert "* - ``popularity`` - 3 - \N{EN DASH} - \N{EN DASH} - 0.5000" in text


def test_warnings_of_the_search():
    best = {
        "model": "mf",
        "trials": {"complete": 27, "failed": 3},
        "boundary": [
            {"parameter": "regularization", "value": 0.0984, "bound": "high", "limit": 0.1}
        ],
    }
    text = outcome(best=[best])
    assert "ended at the upper bound of ``regularization`` (0.0984, the bound is 0.1)" in text
    assert "3 of the 30 trials of ``mf`` failed" in text


def test_warnings_of_few_users_cold_items_and_leaks():
    leakage = {
        "test_item_cold": finding(1515, 15422),
        "test_older_than_training_of_item": finding(10, 100, "Older *than* another."),
        "test_older_than_training_of_user": finding(0, 100, "Own future."),
        "some_other_audit": finding(5, 10, "Unknown."),
    }
    text = outcome(leakage=leakage, n_users=12)
    assert "Only 12 users have test ratings" in text
    assert "9.8 % (1,515 of 15,422) of the test ratings are of items without any" in text
    assert r"Older \*than\* another. Here: 10.0 % (10 of 100)." in text
    assert "Own future" not in text
    assert "Unknown" not in text


def test_nothing_to_beware_of_is_said():
    assert "Nothing: no search ended at a bound" in outcome()


def test_data_tells_what_was_dropped():
    source = results().source
    dropped = [{"file": "tags_1.csv", "count": 2, "what": "tags without text"}]
    assert "Nothing was dropped." in outcome()
    text = outcome(source=source | {"dropped": dropped})
    assert r"Dropped: 2 in tags\_1.csv (tags without text)." in text


def test_data_tells_the_counts_of_the_parts():
    text = outcome()
    assert "100,836 ratings from 0.5 to 5 (mean 3.502) by 610 users of 9,724 items" in text
    assert "* - Training - 70,312 - 610 - 8,335" in text


PUBLISHED = [
    {"system": "SVD++", "rmse": 0.98, "mae": 0.77, "recall": 0.7, "note": "k=20, *tuned* by_ them"},
    {"system": "1. Cosine", "precision": 0.41},
    {"system": "- Best", "rmse": 0.5, "mae": 0.25, "precision": 1, "recall": 0},
]


def published_rows(**changed):
    """Cells of the second table, as docutils reads them."""
    text = outcome_text(**changed)
    tables = list(publish_doctree(text).findall(nodes.table))
    return [
        [cell.astext() for cell in row.findall(nodes.entry)] for row in tables[1].findall(nodes.row)
    ]


def test_nothing_published_is_no_table():
    assert "Beside published figures" not in outcome()


def test_published_figures_stand_among_the_models_by_rmse():
    outcome(published=PUBLISHED)
    head, *rows = published_rows(published=PUBLISHED)
    assert head == ["System", "RMSE", "MAE", "Precision@10, rated", "Recall@10, rated"]
    assert [row[0].split(" (")[0] for row in rows] == [
        *["- Best", "mf-content", "SVD++", "mf", "svd"],
        *["popularity", "1. Cosine"],
    ]


def test_a_published_row_has_its_note_and_dashes_what_it_leaves_out():
    rows = {row[0]: row[1:] for row in published_rows(published=PUBLISHED)}
    dash = "\N{EN DASH}"
    assert rows["SVD++ (k=20, *tuned* by_ them)"] == ["0.9800", "0.7700", dash, "0.7000"]
    assert rows["1. Cosine"] == [dash, dash, "0.4100", dash]
    assert rows["- Best"] == ["0.5000", "0.2500", "1.0000", "0.0000"]
    assert rows["mf"] == ["0.9850", "0.5000", "0.5000", "0.5000"]


def test_the_models_of_the_run_stand_out():
    page = publish_parts(outcome_text(published=PUBLISHED), writer="html")["body"]
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


def test_docutils_would_refuse_broken_markup():
    with pytest.raises(SystemMessage):
        publish_parts("``open", writer="html", settings_overrides={"halt_level": 2})


@given(
    st.floats(-1, 1),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_finding_does_not_hang_on_the_order_of_the_models(value, half_width, p_holm):
    there = Difference(value, value - half_width, value + half_width, p_holm).finding
    back = Difference(-value, -value - half_width, -value + half_width, p_holm).finding
    swapped = {"lower": "higher", "higher": "lower"}
    assert back == " ".join(swapped.get(word, word) for word in there.split())
    assert (there == "not told apart") == (abs(value) <= half_width)


def test_the_difference_of_a_pair_is_found_either_way_round():
    differences = results().differences
    there = rmse_difference(differences, "mf", "svd")
    assert there.value == pytest.approx(-0.025)
    assert (there.low, there.high) == pytest.approx((-0.028, -0.022))
    back = rmse_difference(differences, "svd", "mf")
    assert (back.value, back.low, back.high) == (-there.value, -there.high, -there.low)


def test_best_of_kind_is_none_where_there_is_none():
    assert best_of_kind(pd.Series({"svd": 1.0}), MODELS, "mf") is None
    assert best_of_kind(pd.Series({"svd": 1.0, "mf": 2.0}), MODELS, "mf") == "mf"


def test_pieces_of_text():
    assert enumerated(["a"]) == "a"
    assert enumerated(["a", "b", "c"]) == "a, b and c"
    assert share_of(5, 5) == "100.0 % (5 of 5)"
    assert p_value(0.0004) == "p < 0.001"
    assert p_value(0.0123) == "p = 0.012"


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1))
def test_escaped_text_comes_out_of_docutils_as_it_went_in(text):
    assert publish_doctree(f"x {escaped(text)} x").astext() == f"x {text} x"


def test_list_table_is_one_that_docutils_reads():
    text = list_table(["Model", "RMSE"], [["``mf``", "0.98"], ["``svd``", "1.01"]])
    strict = {"halt_level": 2}
    whole = publish_parts(text, writer="pseudoxml", settings_overrides=strict)["whole"]
    assert whole.count("<entry>") == 6
    assert whole.count("<thead>") == 1
