import pytest

from blendmf.config.models import model_entry
from blendmf.search.generation import propose
from blendmf.search.space import Dimension, boundary, search_space
from searches import MF, plan_of


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"latent_dim": 6, "learning_rate": 1.2e-4, "regularization": 0.08}, []),
        (
            {"latent_dim": 50, "learning_rate": 1.1e-4, "regularization": 1e-3},
            [("latent_dim", "high", 50), ("learning_rate", "low", 1e-4)],
        ),
        (
            {"latent_dim": 5, "learning_rate": 1e-2, "regularization": 0.09},
            [("latent_dim", "low", 5), ("regularization", "high", 1e-1)],
        ),
    ],
)
def test_the_boundary_is_the_outer_two_percent_of_the_searched_scale(params, expected):
    met = boundary(search_space(MF), params)
    assert [(m["parameter"], m["bound"], m["limit"]) for m in met] == expected
    assert all(m["value"] == params[m["parameter"]] for m in met)


def test_dimensions_have_the_bounds_and_type_of_their_setting():
    space = {
        "latent_dim": None,
        "learning_rate": {"low": 0.01, "high": 0.02},
        "batch_size": {"low": 64, "high": 4096, "log": True},
    }
    assert search_space(model_entry({"kind": "mf", "space": space})) == {
        "learning_rate": Dimension(0.01, 0.02),
        "batch_size": Dimension(64, 4096, log=True, whole=True),
    }
    space = {"rank": {"low": 1, "high": 40, "log": True}, "item_shrinkage": {"low": 1, "high": 9}}
    assert search_space(model_entry({"kind": "svd", "space": space})) == {
        "rank": Dimension(1, 40, log=True, whole=True),
        "item_shrinkage": Dimension(1.0, 9.0),
    }
    assert search_space(model_entry({"kind": "popularity"})) == {}


def test_the_first_trial_uses_the_configured_settings():
    training = {"latent_dim": 12, "learning_rate": 5e-3, "regularization": 2e-2}
    first, *others = propose(plan_of(training=training), [], 0)
    assert first == training
    outside = training | {"latent_dim": 99}
    assert propose(plan_of(training=outside), [], 0)[0]["latent_dim"] == 50
    # The other trials are drawn as without it.
    assert others == propose(plan_of(training=training | {"latent_dim": 13}), [], 0)[1:]


def test_the_first_trial_of_a_kind_with_its_own_settings_uses_its_entry():
    bounds = {"low": 0.5, "high": 200, "log": True}
    entry = {
        "kind": "bias",
        "user_shrinkage": 15,
        "item_shrinkage": 999,
        "space": {"user_shrinkage": bounds, "item_shrinkage": bounds},
    }
    start = {"user_shrinkage": 15, "item_shrinkage": 200}
    plan = plan_of(entry=entry)
    assert plan.start == [start]
    assert propose(plan, [], 0)[0] == start


def test_an_unset_parameter_gives_no_first_trial():
    space = {"rank": {"low": 1, "high": 9}}
    assert plan_of(entry={"kind": "svd", "space": space}).start == []
    assert plan_of(entry={"kind": "svd", "rank": 3, "space": space}).start == [{"rank": 3}]


def test_the_last_generation_has_the_remaining_trials():
    plan = plan_of(trials=12)
    assert [list(plan.numbers(g)) for g in (1, 2, 3)] == [[5, 6, 7, 8, 9], [10, 11], []]
    assert plan.numbers(3).start == 12
