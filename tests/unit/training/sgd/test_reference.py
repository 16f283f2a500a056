import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.parameters import Parameters, penalised_loss
from blendmf.training.sgd.reference import SMALLEST_SCALE, SgdEngine

FIVE = [0.1, 0.2, 0.3, 0.4, 0.5]
SETTINGS = TrainingSettings(
    latent_dim=5,
    regularization=0.1,
    bias_regularization=None,
    content_factors_regularization=None,
)


def one_rating(rating=4.0):
    return Observations(
        np.zeros(1, dtype=np.int32),
        np.zeros(1, dtype=np.int32),
        np.array([rating], dtype=np.float32),
        (1, 1),
    )


def worked_example(**more):
    return Parameters(
        3.0,
        user_bias=np.array([0.1]),
        item_bias=np.array([0.3]),
        user_factors=np.array([FIVE]),
        item_factors=np.array([FIVE]),
        **more,
    )


def engine_for(parameters, content=None, settings=SETTINGS, train=None, rating_range=(0.5, 5.0)):
    content = sp.csr_array((1, 0)) if content is None else content
    random = np.random.default_rng(0)
    return SgdEngine(parameters, train or one_rating(), content, settings, rating_range, random)


def test_worked_example_of_the_plain_update():
    engine = engine_for(worked_example())
    assert engine.rmse(one_rating()) == pytest.approx(0.05)
    engine.run_epoch(0.01)
    moved = engine.parameters()
    assert moved.user_bias[0] == pytest.approx(0.1004)
    assert moved.item_bias[0] == pytest.approx(0.3002)
    expected = [0.09995, 0.1999, 0.29985, 0.3998, 0.49975]
    np.testing.assert_allclose(moved.user_factors[0], expected)
    np.testing.assert_allclose(moved.item_factors[0], expected)


def test_worked_example_of_the_content_update():
    content = sp.csr_array(np.array([[0.7, 0.9]]))
    weights = np.array([[0.1, 0.2]])
    # The terms add up to 4.20; a rating of 3.99 makes the example's error of -0.21.
    engine = engine_for(worked_example(user_content=weights), content, train=one_rating(3.99))
    assert engine.rmse(one_rating(3.99)) == pytest.approx(0.21)
    engine.run_epoch(0.01)
    moved = engine.parameters()
    assert moved.user_bias[0] == pytest.approx(0.0978)
    assert moved.item_bias[0] == pytest.approx(0.2976)
    collaborative = [0.09969, 0.19938, 0.29907, 0.39876, 0.49845]
    np.testing.assert_allclose(moved.user_factors[0], collaborative)
    np.testing.assert_allclose(moved.item_factors[0], collaborative)
    np.testing.assert_allclose(moved.user_content[0], [0.09843, 0.19791])


def test_worked_example_of_the_penalised_loss():
    loss = penalised_loss(0.05**2 + 0.1**2 + 0.2**2, [1.2, 0.8, 0.2, 0.3], [0.1] * 4)
    assert loss == pytest.approx(0.3025)


def test_a_large_error_teaches_no_more_than_the_clip():
    settings = TrainingSettings(latent_dim=5, regularization=0.0, error_clip=0.5)
    engine = engine_for(worked_example(), settings=settings, train=one_rating(1.0))
    engine.run_epoch(0.1)
    bias_step = 0.1 * (-0.5 - 0.01 * 0.1)
    assert engine.parameters().user_bias[0] == pytest.approx(0.1 + bias_step)


def test_lazy_shrinking_of_the_word_weights_survives_their_rescaling():
    # 400 steps of (1 - 0.1 * 0.9) shrink a weight far below the scale that is kept per user.
    settings = TrainingSettings(latent_dim=5, regularization=0.9, error_clip=1e-30)
    weights = np.array([[1e8, -3e8, 2e8]])
    content = sp.csr_array(np.array([[0.0, 1.0, 0.0]]))
    engine = engine_for(worked_example(user_content=weights.copy()), content, settings)
    for _ in range(400):
        engine.run_epoch(0.1)
    shrunk = (1 - 0.1 * 0.9) ** 400
    assert shrunk < SMALLEST_SCALE
    np.testing.assert_allclose(engine.parameters().user_content, weights * shrunk, rtol=1e-9)


def test_rmse_is_of_clipped_predictions():
    engine = engine_for(worked_example(), rating_range=(0.5, 3.5))
    assert engine.rmse(one_rating(4.0)) == pytest.approx(0.5)


def test_parameters_are_a_copy():
    engine = engine_for(worked_example())
    before = engine.parameters()
    engine.run_epoch(0.01)
    assert before.user_bias[0] == 0.1
