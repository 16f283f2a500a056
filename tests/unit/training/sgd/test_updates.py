"""The sequential SGD reference compared with autograd."""

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.config.training import TrainingSettings
from blendmf.training.parameters import Parameters
from blendmf.training.sgd.blocks import Blocks
from blendmf.training.sgd.sgd_kernels import SMALLEST_SCALE
from configs import changed
from dense_reference import SETTINGS, VARIANTS, assert_close, gradient_step, parameters_of, problem
from ratings import observed_triples
from sequential_sgd import SequentialSgd

LEARNING_RATE = 0.05


def engine_of(parameters, train, content, settings):
    random = np.random.default_rng(0)
    return SequentialSgd(parameters, train, content, settings, (0.5, 5.0), random)


def test_a_scale_below_the_smallest_is_folded_into_the_word_weights():
    # 400 steps of (1 - 0.1 * 0.9) shrink a weight far below the smallest scale of a user.
    settings = TrainingSettings(regularization=0.9, error_clip=1e-30)
    weights = np.array([[1e8, -3e8, 2e8]])
    biases, factors = [np.zeros(1)] * 2, [np.zeros((1, 2))] * 2
    parameters = Parameters(3.0, *biases, *factors, user_content=weights)
    train, content = observed_triples([(0, 0, 4.0)], (1, 1)), sp.csr_array([[0.0, 1.0, 0.0]])
    engine = engine_of(parameters, train, content, settings)
    for _ in range(400):
        engine.run_epoch(0.1)
    shrunk = (1 - 0.1 * 0.9) ** 400
    assert shrunk < SMALLEST_SCALE
    np.testing.assert_allclose(parameters_of(engine).user_content, weights * shrunk, rtol=1e-9)


def after_an_epoch(parameters, train, content, settings):
    engine = engine_of(parameters, train, content, settings)
    engine.run_epoch(LEARNING_RATE)
    return parameters_of(engine)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("error_clip", [100.0, 0.2])
def test_one_update_is_a_step_along_the_gradient_of_every_term(variant, error_clip):
    parameters, train, content = problem(VARIANTS[variant])
    settings = changed(SETTINGS, error_clip=error_clip)
    for n in range(len(train)):
        single = train.where(slice(n, n + 1))
        moved = after_an_epoch(parameters, single, content, settings)
        expected = gradient_step(parameters, single, content, LEARNING_RATE, settings)
        assert_close(moved, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_updates_are_made_in_the_drawn_order(variant):
    parameters, train, content = problem(VARIANTS[variant])
    moved = after_an_epoch(parameters, train, content, SETTINGS)
    for n in Blocks.deal(train, 1, np.random.default_rng(0)).order:
        single = train.where(slice(n, n + 1))
        parameters = gradient_step(parameters, single, content, LEARNING_RATE)
    assert_close(moved, parameters, rtol=1e-9, atol=1e-12)
