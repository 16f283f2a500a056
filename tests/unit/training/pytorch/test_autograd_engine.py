from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.loop import train_epochs
from blendmf.training.parameters import Parameters, Terms
from blendmf.training.pytorch.autograd_engine import TorchEngine
from blendmf.training.pytorch.device import choose_device
from blendmf.training.sgd.reference import SgdEngine
from dense_reference import SETTINGS, VARIANTS, dense_gradients, problem

RANGE = (0.5, 5.0)
NOISE = 0.3


def engine_of(parameters, train, content, settings, kind=TorchEngine, seed=0):
    random = np.random.default_rng(seed)
    return kind(parameters.copy(), train, content, settings, RANGE, random)


@pytest.mark.parametrize("variant", VARIANTS)
def test_gd_steps_along_the_gradient_over_all_ratings(variant):
    parameters, train, content = problem(VARIANTS[variant])
    engine = engine_of(parameters, train, content, replace(SETTINGS, optimiser="gd", device="cpu"))
    engine.run_epoch(0.1)
    gradients = dense_gradients(parameters, train, content)
    moved = engine.parameters().arrays()
    assert moved.keys() == gradients.keys()
    for name, before in parameters.arrays().items():
        expected = before - 0.1 * gradients[name]
        np.testing.assert_allclose(moved[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_short_step_of_gd_is_an_epoch_of_sgd(variant):
    parameters, train, content = problem(VARIANTS[variant])
    settings = replace(SETTINGS, optimiser="gd", device="cpu")
    steps = []
    for kind in (TorchEngine, SgdEngine):
        engine = engine_of(parameters, train, content, settings, kind)
        engine.run_epoch(1e-6)
        moved = engine.parameters().arrays()
        steps.append({n: (moved[n] - before) / 1e-6 for n, before in parameters.arrays().items()})
    for name, step in steps[0].items():
        np.testing.assert_allclose(step, steps[1][name], rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("variant", VARIANTS)
def test_adam_follows_the_mean_gradient_of_each_mini_batch(variant):
    parameters, train, content = problem(VARIANTS[variant])
    settings = replace(SETTINGS, optimiser="adam", device="cpu", batch_size=8)
    engine = engine_of(parameters, train, content, settings)
    engine.run_epoch(0.1)
    expected = {n: torch.tensor(a, requires_grad=True) for n, a in parameters.arrays().items()}
    adam = torch.optim.Adam(expected.values(), lr=0.1)
    order = np.random.default_rng(0).permutation(len(train))
    for batch in (order[:8], order[8:16], order[16:]):
        part = Observations(
            train.users[batch], train.items[batch], train.ratings[batch], train.shape
        )
        current = replace(parameters, **{n: t.detach().numpy() for n, t in expected.items()})
        for name, gradient in dense_gradients(current, part, content).items():
            expected[name].grad = torch.tensor(gradient / len(batch))
        adam.step()
    for name, array in engine.parameters().arrays().items():
        np.testing.assert_allclose(array, expected[name].detach(), rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("variant", VARIANTS)
def test_rmse_agrees_with_the_sgd_engine(variant):
    parameters, train, content = problem(VARIANTS[variant])
    torch_rmse = engine_of(parameters, train, content, SETTINGS).rmse(train)
    assert torch_rmse == pytest.approx(
        engine_of(parameters, train, content, SETTINGS, SgdEngine).rmse(train), rel=1e-6
    )


def test_training_in_pieces_is_training_at_once(monkeypatch):
    parameters, train, content = problem(VARIANTS["mf-content-both"])
    settings = replace(SETTINGS, optimiser="gd", device="cpu")
    results = []
    for at_once in (1_000_000, 3):
        monkeypatch.setattr("blendmf.training.pytorch.objective.RATINGS_AT_ONCE", at_once)
        engine = engine_of(parameters, train, content, settings)
        engine.run_epoch(0.1)
        results.append((engine.rmse(train), engine.parameters().arrays()))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-12)
    for name, array in results[0][1].items():
        np.testing.assert_allclose(array, results[1][1][name], rtol=1e-10)


@pytest.fixture(scope="module")
def planted():
    """Ratings of 150 users and 120 items from biases, two factors, word effects and noise."""
    random = np.random.default_rng(7)
    shape, d = (150, 120), 2
    content = (random.random((120, 12)) < 0.2) * 1.0
    V = random.normal(0.0, 0.5, (12, d))
    vectors = random.normal(0.0, 0.3, (120, d)) + content @ V
    users = random.normal(0.0, 0.6, (150, d))
    scores = 3.0 + random.normal(0, 0.3, (150, 1)) + random.normal(0, 0.3, 120) + users @ vectors.T
    seen = random.random(shape) < 0.5
    where = np.argwhere(seen).astype(np.int32)[random.permutation(seen.sum())]
    noisy = (scores[tuple(where.T)] + random.normal(0, NOISE, len(where))).astype(np.float32)
    parts = [
        Observations(where[rows, 0], where[rows, 1], noisy[rows], shape)
        for rows in (slice(0, 7000), slice(7000, None))
    ]
    return *parts, sp.csr_array(content)


SHARED = {
    "device": "cpu",
    "latent_dim": 4,
    "learning_rate_decay": 0.0,
    "regularization": 0.02,
    "bias_regularization": 0.01,
    "content_factors_regularization": 0.01,
}
TRAINED = {
    "adam": TrainingSettings("adam", learning_rate=0.02, batch_size=512, **SHARED),
    "gd": TrainingSettings("gd", learning_rate=0.003, init_deviation=0.3, epochs=200, **SHARED),
}


def trained(planted, settings, kind="mf"):
    train, validation, content = planted
    terms = Terms.of_kind(kind, "item" if kind == "mf-content" else None)
    random = stream(3, "fit")
    start = Parameters.initial(terms, train, content.shape[1], settings, random)
    engine = TorchEngine(start, train, content, settings, (-10.0, 16.0), random)
    return train_epochs(engine, train, validation, settings)


@pytest.mark.parametrize("optimiser", TRAINED)
@pytest.mark.parametrize("kind", ["mf", "mf-content"])
def test_planted_factors_are_recovered_to_near_the_noise(planted, optimiser, kind):
    training = trained(planted, TRAINED[optimiser], kind)
    assert not training.diverged
    assert NOISE * 0.95 < training.validation_rmse < NOISE * 1.2


@pytest.mark.parametrize("optimiser", TRAINED)
def test_result_does_not_depend_on_the_number_of_threads(planted, optimiser):
    settings = replace(TRAINED[optimiser], epochs=3)
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append(trained(planted, settings, "mf-content"))
    assert results[0].history == results[1].history
    for name, array in results[0].parameters.arrays().items():
        np.testing.assert_array_equal(array, results[1].parameters.arrays()[name])


def test_rows_that_no_rating_teaches_stay_at_zero(planted):
    train, validation, content = planted
    kept = (train.users != 3) & (train.items != 5)
    fewer = Observations(train.users[kept], train.items[kept], train.ratings[kept], train.shape)
    training = trained((fewer, validation, content), replace(TRAINED["adam"], epochs=2))
    assert training.parameters.user_bias[3] == 0
    assert not training.parameters.user_factors[3].any()
    assert not training.parameters.item_factors[5].any()
    assert training.parameters.item_factors[6].all()


def test_parameters_are_copies():
    parameters, train, content = problem(VARIANTS["mf"])
    settings = replace(SETTINGS, optimiser="adam", device="cpu")
    engine = engine_of(parameters, train, content, settings)
    before = engine.parameters()
    engine.run_epoch(0.1)
    assert not np.array_equal(before.user_factors, engine.parameters().user_factors)
    np.testing.assert_array_equal(before.user_factors, parameters.user_factors)


def test_auto_takes_cuda_where_there_is_one(monkeypatch):
    for there, device in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert choose_device("auto") == torch.device(device)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError, match=rf"training\.device: {device}.*auto, cpu"):
        choose_device(device)
