import pandas as pd
import pytest

from blendmf.evaluation.differences import DIFFERENCE_COLUMNS
from blendmf.evaluation.verdict import Difference, against, with_findings


def difference(metric="rmse", *, low, high, p_holm=0.001, seed_sd=0.0):
    """A table of one difference, halfway between its bounds."""
    given = {"metric": metric, "low": low, "high": high, "p_holm": p_holm, "seed_sd": seed_sd}
    own = {"model_a": "a", "model_b": "b", "difference": (low + high) / 2, "p_value": 0.001}
    row = dict.fromkeys(DIFFERENCE_COLUMNS, 0.5) | given | own
    return pd.DataFrame([row])


def finding(*args, **values):
    return with_findings(difference(*args, **values))["finding"].item()


@pytest.mark.parametrize(
    ("metric", "low", "high", "expected"),
    [
        ("rmse", -0.3, -0.1, "better"),
        ("rmse", 0.1, 0.3, "worse"),
        ("full_ndcg_at_k", 0.1, 0.3, "better"),
        ("full_ndcg_at_k", -0.3, -0.1, "worse"),
        ("rmse", -0.3, 0.1, "not distinguishable"),
        ("rmse", -0.2, 0.0, "not distinguishable"),
        ("rmse", 0.0, 0.2, "not distinguishable"),
        ("rmse", -0.2, -1e-15, "better"),
        ("rmse", 1e-15, 0.2, "worse"),
    ],
)
def test_the_interval_and_the_metric_decide(metric, low, high, expected):
    assert finding(metric, low=low, high=high) == expected


@pytest.mark.parametrize("unsure", [{"p_holm": 0.05}, {"seed_sd": 0.2}])
def test_a_corrected_p_value_or_seeds_that_vary_as_much_make_it_perhaps(unsure):
    assert finding(low=-0.3, high=-0.1, **unsure) == "perhaps better"
    assert finding(low=0.1, high=0.3, **unsure) == "perhaps worse"


@pytest.mark.parametrize("sure", [{"p_holm": 0.0499}, {"seed_sd": 0.1999}])
def test_just_inside_the_limits_nothing_is_perhaps(sure):
    assert finding(low=-0.3, high=-0.1, **sure) == "better"
    assert finding(low=0.1, high=0.3, **sure) == "worse"


def test_differences_from_a_reference_have_the_values_of_the_table_with_its_direction():
    own = {"p_value": 0.01, "effect_size": 0.4, "share_a_better": 0.3}
    given = {"low": 0.1, "high": 0.4, "p_holm": 0.02, "seed_sd": 0.05}
    table = pd.concat(
        [
            difference(**given).assign(difference=0.2, **own),
            difference(**given).assign(difference=0.2, model_a="b", model_b="c", **own),
            difference("mae", **given).assign(model_a="d"),
        ]
    )
    expected = Difference(0.2, 0.1, 0.4, 0.01, 0.02, 0.4, 0.3, 0.05, higher_is_better=False)
    turned = Difference(-0.2, -0.4, -0.1, 0.01, 0.02, -0.4, 0.7, 0.05, higher_is_better=False)
    assert against(table, "rmse", "b") == {"a": expected, "c": turned}


def test_one_fit_of_each_model_does_not_make_it_perhaps():
    assert finding(low=-0.3, high=-0.1, seed_sd=float("nan")) == "better"


def test_the_table_keeps_its_rows_and_gets_one_column():
    table = pd.concat([difference(low=-0.3, high=-0.1), difference(low=0.1, high=0.3)])
    found = with_findings(table)
    pd.testing.assert_frame_equal(found.drop(columns="finding"), table)
    assert found["finding"].tolist() == ["better", "worse"]
    assert "finding" not in table
