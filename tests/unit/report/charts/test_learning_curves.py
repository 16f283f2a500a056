from io import StringIO

import numpy as np
import pandas as pd
import pytest
import vl_convert

from blendmf.report.charts.learning_curves import MOST_POINTS, learning_curves
from drawn import curve

LONG = "mf-content-with-item-blend-and-train-only-tags-and-decades"
FITS = ([curve(12), curve(15), curve(9), curve()[:0]], ["mf", "mf", LONG, "bias"], [1, 2, 1, 1])


def table(chart, name):
    return pd.read_csv(StringIO(chart["datasets"][name]))


def panels(chart):
    return chart["vconcat"][1]["concat"]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(
    "fits", [FITS, ([curve(1, 1)], ["mf"], [1]), ([curve()[:0]], ["bias"], [1])]
)
def test_the_chart_is_valid(fits, narrow):
    svg = vl_convert.vegalite_to_svg(learning_curves(*fits, narrow=narrow))
    assert svg.startswith("<svg")
    assert "NaN" not in svg


def test_each_model_trained_by_epochs_has_a_panel_that_states_its_best_epochs():
    titles = [panel["title"]["subtitle"] for panel in panels(learning_curves(*FITS))]
    assert titles == [
        "best of each seed: 0.950 at epochs 12 to 15",
        "best of each seed: 0.950 at epoch 9",
    ]


def test_the_description_orders_the_models_by_their_lowest_error():
    fits = ([curve(12, lowest=0.95), curve(9, lowest=0.93)], ["mf", "als"], [1, 1])
    assert learning_curves(*fits)["description"] == (
        "Training and validation RMSE by epoch. als has the lowest validation RMSE, 0.930 at epoch "
        "9; then mf 0.950 at epoch 12."
    )


def test_the_first_panel_highlights_a_model_in_all_panels():
    chart = learning_curves(*FITS)
    overview = chart["vconcat"][0]["layer"][0]
    assert overview["params"][0]["bind"] == "legend"
    name = overview["params"][0]["name"]
    for panel in panels(chart):
        for line in panel["layer"][:2]:
            assert line["encoding"]["opacity"]["condition"]["param"] == name


def test_the_data_have_all_curves_and_the_best_epochs():
    chart = learning_curves(*FITS)
    assert len(table(chart, "all")) == 60
    assert table(chart, "best")["epoch"].to_list() == [12, 15, 9]


def test_long_curves_are_thinned_but_keep_their_ends_and_the_best_epoch():
    chart = learning_curves([curve(431, 1000)], ["mf"], [1])
    epochs = table(chart, "all")["epoch"]
    assert len(epochs) <= MOST_POINTS + 2
    assert {1, 431, 1000} <= set(epochs)


def test_a_model_without_a_finite_error_has_a_panel_that_says_so():
    failed = curve().assign(validation_rmse=np.nan, train_rmse=[1.0, *[np.nan] * 19])
    chart = learning_curves([failed, curve()], ["a", "b"], [1, 1])
    assert panels(chart)[0]["title"]["subtitle"].endswith("no finite validation RMSE")
    vl_convert.vegalite_to_svg(chart)


def test_phones_get_one_column():
    assert learning_curves(*FITS, narrow=True)["vconcat"][1]["columns"] == 1
