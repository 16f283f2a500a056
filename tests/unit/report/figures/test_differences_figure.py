import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

from blendmf.report.figures.differences import difference_panels, plot_differences
from outcomes import difference_rows

RMSE = {"bias": 1.02, "mf": 0.985, "mf-content": 0.976, "pop": np.nan, "random": 1.52, "svd": 1.01}
KINDS = {name: name if name.startswith("mf") else "svd" for name in RMSE}
NDCG = {"bias": 0.05, "mf": 0.05, "mf-content": 0.056, "pop": 0.08, "random": 0.005, "svd": 0.055}


def differences(half_width=0.003, p_holm=0.001, seed_sd=0.002):
    metrics = {"rmse": RMSE, "rated_precision_at_k": NDCG, "full_ndcg_at_k": NDCG}
    tables = [difference_rows(m, v, half_width, p_holm, seed_sd) for m, v in metrics.items()]
    return pd.concat(tables, ignore_index=True)


def drawn(reference="mf", **changed) -> Figure:
    return plot_differences(differences(**changed), KINDS, reference, difference_panels(10))


def marks(figure: Figure) -> dict[str, tuple[float, bool]]:
    """Place and filling of each model's mark in the first panel."""
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    return {
        names[int(line.get_ydata()[0])]: (
            float(line.get_xdata()[0]),
            line.get_markerfacecolor() != "white",
        )
        for line in axes.lines
        if line.get_marker() not in ("None", "|", ">", "<")
    }


def test_models_stand_by_their_difference_from_the_reference_the_best_on_top():
    names = [label.get_text() for label in drawn().axes[0].get_yticklabels()]
    assert names == ["mf-content", "svd", "bias", "random", "pop"]
    places = {name: place for name, (place, _) in marks(drawn()).items()}
    assert places == {name: RMSE[name] - RMSE["mf"] for name in ("mf-content", "svd", "bias")}


def test_marks_are_filled_where_the_difference_holds():
    assert {filled for _, filled in marks(drawn()).values()} == {True}
    for doubt in ({"p_holm": 0.06}, {"half_width": 0.05}, {"seed_sd": 0.06}):
        assert {filled for _, filled in marks(drawn(**doubt)).values()} == {False}


def test_what_cannot_be_drawn_is_told():
    texts = [text.get_text() for text in drawn().axes[0].texts]
    assert texts == ["+0.54", "predicts no ratings"]
    assert drawn().axes[0].get_xlim()[1] < 0.1


def test_each_panel_tells_on_which_side_better_is():
    labels = [axes.get_xlabel() for axes in drawn().axes]
    assert labels[0].startswith("← better than mf")
    assert all(label.endswith("better than mf →") for label in labels[1:])


def test_without_a_reference_the_figure_says_so():
    figure = plot_differences(differences()[:0], {"pop": "popularity"}, None, difference_panels(10))
    assert "there are no two models to compare" in [t.get_text() for t in figure.findobj(Text)]
