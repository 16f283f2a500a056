import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.search.halving import Climb, Halving
from blendmf.search.trials import Trial
from searches import plan_of, run, slowly_improving


@pytest.mark.parametrize(
    ("epochs", "factor", "expected"),
    [
        (50, 3, (2, 6, 17)),
        (50, 2, (2, 4, 7, 13, 25)),
        (15, 3, (2, 5)),
        (3, 3, ()),
        (1, 2, ()),
        (50, None, ()),
    ],
)
def test_rungs_are_the_epochs_divided_repeatedly_by_the_reduction_factor(epochs, factor, expected):
    training = {"epochs": epochs}
    assert plan_of(training=training, reduction_factor=factor).rungs == expected


@given(st.integers(1, 2000), st.integers(2, 9))
def test_rungs_increase_and_are_below_the_last_epoch(epochs, factor):
    found = plan_of(training={"epochs": epochs}, reduction_factor=factor).rungs
    assert list(found) == sorted(set(found))
    assert all(2 <= rung < epochs for rung in found)


def test_models_without_epochs_have_no_rungs():
    assert plan_of(entry={"kind": "bias"}, reduction_factor=3).rungs == ()


def trial(number, value, reached, pruned=False):
    return Trial(number, {}, value, 1, 1, tuple(reached), pruned)


def test_a_trial_continues_if_it_is_in_the_best_fraction_including_itself():
    earlier = [trial(n, 0.9, [value]) for n, value in enumerate([1.0, 1.1, 1.2, 1.3, 1.4])]
    halving = Halving((2,), 3, earlier)
    # Two of six trials continue.
    assert [halving.continues(0, value) for value in (0.9, 1.05, 1.15, 2.0)] == [
        *(True, True, False, False)
    ]
    assert Halving((2,), 3, earlier[:1]).continues(0, 1.05) is False
    assert Halving((2,), 3, []).continues(0, 99.0) is True
    # Four of twelve continue; who ties with the fourth is no worse.
    twelve = Halving((2,), 3, [trial(n, 0.9, [1.0 + n]) for n in range(11)])
    assert [twelve.continues(0, value) for value in (3.5, 4.0, 4.5)] == [True, True, False]
    equal = Halving((2,), 3, [trial(n, 0.9, [1.0]) for n in range(5)])
    assert equal.continues(0, 1.0)
    assert not equal.continues(0, 1.0 + 1e-12)


def test_trials_count_at_rungs_reached_and_unpruned_trials_also_at_later_ones():
    pruned = trial(0, 1.0, [1.2, 1.0], pruned=True)
    ended_below = trial(1, 1.1, [1.1])
    failed = trial(2, None, [0.1, 0.1, 0.1])
    halving = Halving((2, 6, 17), 9, [pruned, ended_below, failed])
    assert not halving.continues(0, 1.15)
    assert halving.continues(0, 1.05)
    assert not halving.continues(1, 1.05)
    assert halving.continues(2, 1.05)
    assert not halving.continues(2, 1.15)


def test_a_climb_is_judged_only_at_rungs_and_records_their_values():
    halving = Halving((2, 6), 2, [trial(0, 0.5, [1.0, 0.8])])
    climb = Climb(halving)
    errors = {1: 1.5, 2: 0.95, 3: 0.9, 4: 0.9, 5: 0.9, 6: 0.85}
    assert [climb(epoch, value) for epoch, value in errors.items()] == [*[True] * 5, False]
    assert climb.values == [0.95, 0.85]
    assert climb.pruned


def test_the_first_generation_is_never_pruned_and_later_ones_cost_less(tmp_path):
    plan = plan_of(reduction_factor=3, trials=30, sampler="random")
    trials, _ = run(plan, tmp_path / "halved", slowly_improving)
    whole, _ = run(
        plan_of(reduction_factor=None, trials=30, sampler="random"),
        tmp_path / "whole",
        slowly_improving,
    )
    assert {trial.state for trial in trials[:5]} == {"complete"}
    assert {trial.state for trial in whole} == {"complete"}
    assert sum(t.epochs for t in trials) < sum(t.epochs for t in whole) / 2


def test_rung_values_are_a_decreasing_prefix_ending_at_the_trials_value(tmp_path):
    plan = plan_of(reduction_factor=3)
    for found in run(plan, tmp_path, slowly_improving)[0]:
        values = list(found.rungs)
        assert values == sorted(values, reverse=True)
        if found.pruned:
            assert found.epochs == plan.rungs[len(values) - 1]
            assert found.value == values[-1]
        else:
            assert (found.epochs, len(values)) == (50, len(plan.rungs))
        assert math.isfinite(found.value)
