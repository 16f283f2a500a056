"""The sequential SGD reference compared with worked examples and autograd."""

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.config.training import TrainingSettings
from blendmf.training.parameters import Parameters, penalised_loss
from blendmf.training.sgd.blocks import Blocks
from blendmf.training.sgd.sgd_kernels import SMALLEST_SCALE
from configs import changed
from dense_reference import SETTINGS, VARIANTS, assert_close, gradient_step, parameters_of, problem
from ratings import observed_triples
from sequential_sgd import SequentialSgd

FIVE = [0.1, 0.2, 0.3, 0.4, 0.5]
WORKED = TrainingSettings(
    latent_dim=5,
    regularization=0.1,
    bias_regularization=None,
    content_factors_regularization=None,
)
LEARNING_RATE = 0.05


def worked_example(rating=4.0, settings=WORKED, content=None, **more):
    biases, factors = (np.array([0.1]), np.array([0.3])), (np.array([FIVE]), np.array([FIVE]))
    parameters = Parameters(3.0, *biases, *factors, **more)
    content = sp.csr_array(np.array([content or []]))
    random = np.random.default_rng(0)
    train = observed_triples([(0, 0, rating)], (1, 1))
    return SequentialSgd(parameters, train, content, settings, (0.5, 5.0), random)


COLLABORATIVE = [0.09995, 0.1999, 0.29985, 0.3998, 0.49975]
BLENDED = [0.09969, 0.19938, 0.29907, 0.39876, 0.49845]


@pytest.mark.parametrize(
    ("rating", "weights", "error", "biases", "factors", "moved_weights"),
    [
        (4.0, None, 0.05, (0.1004, 0.3002), COLLABORATIVE, None),
        # The terms sum to 4.20; a rating of 3.99 gives the example's error of -0.21.
        (3.99, [[0.1, 0.2]], 0.21, (0.0978, 0.2976), BLENDED, [[0.09843, 0.19791]]),
    ],
    ids=["mf", "mf-content"],
)
def test_worked_examples(rating, weights, error, biases, factors, moved_weights):
    more = {} if weights is None else {"user_content": np.array(weights)}
    engine = worked_example(rating, content=[0.7, 0.9], **more)
    assert engine.rmse(observed_triples([(0, 0, rating)], (1, 1))) == pytest.approx(error)
    engine.run_epoch(0.01)
    moved = parameters_of(engine)
    assert (moved.user_bias[0], moved.item_bias[0]) == pytest.approx(biases)
    np.testing.assert_allclose(moved.user_factors[0], factors)
    np.testing.assert_allclose(moved.item_factors[0], factors)
    if weights:
        np.testing.assert_allclose(moved.user_content, moved_weights)


def test_worked_example_of_the_penalised_loss():
    loss = penalised_loss(0.05**2 + 0.1**2 + 0.2**2, [1.2, 0.8, 0.2, 0.3], [0.1] * 4)
    assert loss == pytest.approx(0.3025)


def test_a_scale_below_the_smallest_is_folded_into_the_word_weights():
    # 400 steps of (1 - 0.1 * 0.9) shrink a weight far below the smallest scale of a user.
    settings = TrainingSettings(latent_dim=5, regularization=0.9, error_clip=1e-30)
    weights = np.array([[1e8, -3e8, 2e8]])
    engine = worked_example(settings=settings, content=[0.0, 1.0, 0.0], user_content=weights)
    for _ in range(400):
        engine.run_epoch(0.1)
    shrunk = (1 - 0.1 * 0.9) ** 400
    assert shrunk < SMALLEST_SCALE
    np.testing.assert_allclose(parameters_of(engine).user_content, weights * shrunk, rtol=1e-9)


def after_an_epoch(parameters, train, content, settings):
    random = np.random.default_rng(0)
    engine = SequentialSgd(parameters, train, content, settings, (0.5, 5.0), random)
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
