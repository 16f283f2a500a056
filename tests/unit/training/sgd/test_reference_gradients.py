from dataclasses import replace

import numpy as np
import pytest

from blendmf.models.observations import Observations
from blendmf.training.sgd.blocks import Blocks
from blendmf.training.sgd.reference import SgdEngine
from dense_reference import SETTINGS, VARIANTS, dense_gradients, problem

LEARNING_RATE = 0.05


def one_rating(train: Observations, n: int) -> Observations:
    return Observations(
        train.users[n : n + 1], train.items[n : n + 1], train.ratings[n : n + 1], train.shape
    )


def after_an_epoch(parameters, train, content, settings):
    random = np.random.default_rng(0)
    engine = SgdEngine(parameters.copy(), train, content, settings, (0.5, 5.0), random)
    engine.run_epoch(LEARNING_RATE)
    return engine.parameters().arrays()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("error_clip", [100.0, 0.2])
def test_one_update_is_a_step_along_the_gradient_of_every_term(variant, error_clip):
    parameters, train, content = problem(VARIANTS[variant])
    settings = replace(SETTINGS, error_clip=error_clip)
    for n in range(len(train)):
        single = one_rating(train, n)
        gradients = dense_gradients(parameters, single, content, settings)
        moved = after_an_epoch(parameters, single, content, settings)
        assert moved.keys() == gradients.keys()
        for name, before in parameters.arrays().items():
            expected = before - LEARNING_RATE * gradients[name]
            np.testing.assert_allclose(moved[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("variant", VARIANTS)
def test_updates_follow_one_another_in_the_drawn_order(variant):
    parameters, train, content = problem(VARIANTS[variant])
    moved = after_an_epoch(parameters, train, content, SETTINGS)
    current = parameters
    for n in Blocks.deal(train, 1, np.random.default_rng(0)).order:
        gradients = dense_gradients(current, one_rating(train, n), content)
        steps = {m: a - LEARNING_RATE * gradients[m] for m, a in current.arrays().items()}
        current = replace(current, **steps)
    for name, expected in current.arrays().items():
        np.testing.assert_allclose(moved[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)
