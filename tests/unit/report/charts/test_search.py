from io import StringIO

import numpy as np
import pandas as pd
import pytest
import vl_convert

from blendmf.report.charts.search import MARKS, ModelSearch, search_history
from blendmf.search.space import Dimension

LONG = "mf-content-with-item-blend-and-train-only-tags-and-decades"
SPACE = {
    "latent_dim": Dimension(5, 50, whole=True),
    "learning_rate": Dimension(1e-4, 1e-1, log=True),
    "regularization": Dimension(1e-2, 1e-1, log=True),
}


def trials(n=30, failed=(3,), pruned=(12, 13, 20), finalists=(5, 6)):
    random = np.random.default_rng(1)
    number = np.arange(n)
    value = 0.95 + 0.1 * random.random(n) ** 3
    value[list(failed)] = np.nan
    state = np.where(np.isnan(value), "failed", "complete")
    state[np.isin(number, pruned)] = "pruned"
    return pd.DataFrame(
        {
            "number": number,
            "generation": number // 10,
            "state": state,
            "value": value,
            "finalist_mean": np.where(np.isin(number, finalists), value + 0.01, np.nan),
            "latent_dim": random.integers(5, 51, n),
            "learning_rate": 10 ** random.uniform(-4, -1, n),
            "regularization": 10 ** random.uniform(-2, -1, n),
        }
    )


def searched(model, chosen, table, shares=(0.7, 0.25, 0.05)):
    importances = pd.DataFrame({"parameter": list(SPACE), "importance": shares})
    return ModelSearch(model, "validation RMSE", chosen, table, importances, SPACE)


def one_trial():
    return searched(LONG, 0, trials(1, (), (), ()), (0.0, 0.0, 0.0))


def marks(search):
    """Rows of the marks of the only search, by mark."""
    rows = pd.read_csv(StringIO(search_history([search])["datasets"]["trials-0"]))
    return {mark: own.set_index("trial") for mark, own in rows.groupby("mark")}


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(
    "searches",
    [[searched("mf", 5, trials()), searched(LONG, 6, trials())], [one_trial()], []],
    ids=["two", "one trial", "none"],
)
def test_the_chart_is_valid(searches, narrow):
    svg = vl_convert.vegalite_to_svg(search_history(searches, narrow=narrow))
    assert svg.startswith("<svg")
    assert "NaN" not in svg


def test_the_chosen_trial_and_the_finalists_are_marked():
    table = trials()
    drawn = marks(searched("mf", 6, table))
    assert drawn["taken"]["y"].to_dict() == {7: pytest.approx(table.loc[6, "value"], rel=1e-4)}
    assert drawn["finalists' mean"].index.to_list() == [6, 7]
    assert drawn["finalists' mean"]["y"].to_numpy() == pytest.approx(
        table.loc[[5, 6], "finalist_mean"], rel=1e-4
    )


def test_pruned_trials_are_hollow_and_never_the_best_so_far():
    table = trials(pruned=(12, 13))
    table.loc[12, "value"] = table["value"].min() - 0.01
    drawn = marks(searched("mf", 6, table))
    assert 13 in drawn["pruned"].index
    lowest = table.loc[table["state"] == "complete", "value"].min()
    assert drawn["best so far"]["y"].min() == pytest.approx(lowest, rel=1e-4)
    assert MARKS["pruned"].fill != MARKS["trial"].fill


def test_every_trial_has_one_place_and_those_off_the_axis_are_at_its_top():
    drawn = marks(searched("mf", 6, trials()))
    kinds = ("trial", "pruned", "worse than the axis shows", "failed")
    assert sorted(number for kind in kinds for number in drawn[kind].index) == list(range(1, 31))
    top = {y for kind in kinds[2:] for y in drawn[kind]["y"]}
    assert len(top) == 1
    assert top.pop() > max(drawn[kind]["y"].max() for kind in kinds[:2])


def test_a_parameter_has_its_bounds_and_importance():
    panels = search_history([searched("mf", 6, trials())])["vconcat"][0]["concat"]
    bounds, points = panels[2]["layer"]
    assert bounds["data"]["values"] == [{"at": 1e-4}, {"at": 1e-1}]
    assert points["encoding"]["x"]["title"] == ["learning rate", "importance 0.25"]
    assert points["encoding"]["x"]["axis"]["values"] == [1e-4, 1e-3, 1e-2, 1e-1]
    fewer = panels[3]["layer"][1]["encoding"]["x"]["axis"]["values"]
    assert fewer == [0.01, 0.03, 0.1]


def test_a_pointer_finds_a_trial_in_all_panels_of_all_models():
    chart = search_history([searched("a", 6, trials()), searched("b", 5, trials())])
    names = [panel["layer"][-1]["name"] for block in chart["vconcat"] for panel in block["concat"]]
    assert all(param["views"] == names for param in chart["params"])


def test_the_description_states_the_taken_trials_and_what_mattered():
    description = search_history([searched("mf", 6, trials()), one_trial()])["description"]
    assert "Taken: mf with validation RMSE 1.0067 (trial" in description
    assert "(trial 7 of 30; latent_dim matters most)" in description
    assert description.endswith("(trial 1 of 1).")
