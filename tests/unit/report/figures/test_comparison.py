import numpy as np
import pandas as pd
import pytest

from blendmf.report.figures.comparison import plot_comparison, plot_differences
from comparison_tables import RMSE, metrics
from drawn import texts_of
from outcomes import difference_rows
from stratum_tables import kinds

DIFFERENT = {
    name: RMSE[name] for name in ("bias", "mf", "mf-content", "popularity", "random", "svd")
}
KINDS = {name: name if name.startswith("mf") else "svd" for name in DIFFERENT}


def drawn_differences(half_width=0.003, p_holm=0.001, seed_sd=0.002, reference="mf"):
    ndcg = dict(zip(DIFFERENT, (0.05, 0.05, 0.056, 0.08, 0.005, 0.055), strict=True))
    values = {"rmse": DIFFERENT, "rated_precision_at_k": ndcg, "full_ndcg_at_k": ndcg}
    tables = [difference_rows(m, v, half_width, p_holm, seed_sd) for m, v in values.items()]
    return plot_differences(pd.concat(tables, ignore_index=True), KINDS, reference, 10)


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def marks(axes):
    """Value and fill of each model's mark."""
    return {
        names(axes)[int(line.get_ydata()[0])]: (
            float(line.get_xdata()[0]),
            line.get_markerfacecolor() != "white",
        )
        for line in axes.lines
        if line.get_marker() not in ("None", "|", ">", "<")
    }


def test_the_comparison_orders_models_by_rmse_and_missing_values_last():
    figure = plot_comparison(metrics(), kinds(RMSE), 5)
    assert names(figure.axes[0]) == sorted(RMSE, key=lambda name: np.nan_to_num(RMSE[name], nan=9))
    assert "Precision@5, rated" in texts_of(figure)


def test_the_comparison_labels_values_outside_the_axis():
    axes = plot_comparison(metrics(), kinds(RMSE), 10).axes[0]
    assert [text.get_text() for text in axes.texts] == ["1.15", "1.52", "predicts no ratings"]
    assert axes.get_xlim()[1] < 1.1


def test_differences_from_the_reference_are_sorted_best_first():
    axes = drawn_differences().axes[0]
    assert names(axes) == ["mf-content", "svd", "bias", "random", "popularity"]
    assert {name: value for name, (value, _) in marks(axes).items()} == {
        name: RMSE[name] - RMSE["mf"] for name in ("mf-content", "svd", "bias")
    }
    assert [text.get_text() for text in axes.texts] == ["+0.54", "predicts no ratings"]
    assert axes.get_xlim()[1] < 0.1


@pytest.mark.parametrize(
    ("doubt", "filled"),
    [
        ({}, True),
        ({"p_holm": 0.06}, False),
        ({"half_width": 0.05}, False),
        ({"seed_sd": 0.06}, False),
    ],
)
def test_only_significant_differences_have_filled_marks(doubt, filled):
    assert {holds for _, holds in marks(drawn_differences(**doubt).axes[0]).values()} == {filled}


def test_each_panel_of_differences_states_which_side_is_better():
    labels = [axes.get_xlabel() for axes in drawn_differences().axes]
    assert labels[0].startswith("← better than mf")
    assert all(label.endswith("better than mf →") for label in labels[1:])


def test_without_a_reference_there_are_no_differences():
    assert "there are no two models to compare" in texts_of(drawn_differences(reference=None))


def test_a_metric_that_is_the_same_for_every_user_has_words_instead_of_marks():
    tables = [
        difference_rows("rmse", DIFFERENT, 0.003, 0.001, 0.002),
        difference_rows("rated_precision_at_k", dict.fromkeys(DIFFERENT, 0.5), 0.0, 1.0, 0.0),
    ]
    figure = plot_differences(pd.concat(tables, ignore_index=True), KINDS, "mf", 10)
    assert texts_of(figure).count("the same for every user") == len(DIFFERENT) - 1
