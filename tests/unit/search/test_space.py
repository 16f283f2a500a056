import math

import pytest

from blendmf.common.errors import UserError
from blendmf.search.generation import propose
from blendmf.search.space import Dimension, boundary, search_space
from searches import MF, SPACE, plan_of


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
def test_boundary_is_the_outer_two_percent_of_the_searched_scale(params, expected):
    met = boundary(search_space(MF, SPACE), params)
    assert [(m["parameter"], m["bound"], m["limit"]) for m in met] == expected
    assert all(m["value"] == params[m["parameter"]] for m in met)


def test_an_entry_changes_adds_and_removes_parameters():
    entry = {
        "kind": "mf",
        "space": {
            "latent_dim": None,
            "learning_rate": {"low": 0.01, "high": 0.02},
            "batch_size": {"low": 64, "high": 4096, "log": True},
        },
    }
    assert search_space(entry, SPACE) == {
        "learning_rate": Dimension(0.01, 0.02),
        "regularization": Dimension(1e-5, 1e-1, log=True),
        "batch_size": Dimension(64, 4096, log=True, whole=True),
    }


def test_a_kind_that_is_not_trained_by_epochs_searches_its_own_space_alone():
    space = {
        "rank": {"low": 1, "high": 40, "log": True},
        "user_shrinkage": {"low": 0.5, "high": 200},
    }
    assert search_space({"kind": "svd", "space": space}, SPACE) == {
        "rank": Dimension(1, 40, log=True, whole=True),
        "user_shrinkage": Dimension(0.5, 200.0),
    }


@pytest.mark.parametrize(
    ("name", "bounds", "message"),
    [
        ("learning_rate", {"low": 0.1, "high": 0.01}, "above high"),
        ("learning_rate", {"low": 0, "high": 0.1, "log": True}, "must be above 0"),
        ("learning_rate", {"low": "1e-4", "high": 0.1}, "1.0e-4, not 1e-4"),
        ("learning_rate", {"low": 0.1, "high": math.inf}, "no number"),
        ("latent_dim", {"low": 5.5, "high": 50}, "whole numbers"),
    ],
)
def test_impossible_bounds_are_refused_by_name(name, bounds, message):
    with pytest.raises(UserError, match=f"{name}: .*{message}"):
        search_space(MF, {name: bounds})


def test_the_first_trial_is_what_is_configured():
    training = {"latent_dim": 12, "learning_rate": 5e-3, "regularization": 2e-2}
    first, *others = propose(plan_of(training=training), [], 0)
    assert first == training
    own = {"training": {"latent_dim": 99}}
    assert propose(plan_of(entry=own, training=training), [], 0)[0]["latent_dim"] == 50
    # The others are drawn as they are without it.
    assert others == propose(plan_of(training=training | {"latent_dim": 13}), [], 0)[1:]


def test_the_first_trial_of_a_kind_with_settings_of_its_own_is_its_entry():
    bounds = {"low": 0.5, "high": 200, "log": True}
    entry = {
        "kind": "bias",
        "user_shrinkage": 15,
        "item_shrinkage": 999,
        "space": {"user_shrinkage": bounds, "item_shrinkage": bounds},
    }
    start = {"user_shrinkage": 15, "item_shrinkage": 200}
    plan = plan_of(entry=entry, training={"user_shrinkage": 1})
    assert plan.start == [start]
    assert propose(plan, [], 0)[0] == start


def test_a_configuration_that_leaves_a_parameter_open_gives_no_first_trial():
    assert plan_of(training={"latent_dim": 12}).start == []
    open_ended = {"latent_dim": 12, "learning_rate": 5e-3, "regularization": None}
    assert plan_of(training=open_ended).start == []


def test_the_last_generation_takes_what_is_left():
    plan = plan_of(trials=12)
    assert [list(plan.numbers(g)) for g in (1, 2, 3)] == [[5, 6, 7, 8, 9], [10, 11], []]
