import math
import re
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.training.loop import train_epochs
from blendmf.training.parameters import Parameters
from blendmf.training.pytorch import engine as module
from blendmf.training.pytorch.batch import Batch
from blendmf.training.pytorch.engine import TorchEngine
from blendmf.training.sgd.block_sgd import BlockSgdEngine
from configs import changed
from dense_reference import (
    NOISE,
    SETTINGS,
    VARIANTS,
    assert_close,
    bits,
    dense_gradients,
    gradient_step,
    parameters_of,
    planted,
    problem,
)
from ratings import observed
from sequential_sgd import SequentialSgd

RANGE = (0.5, 5.0)
ON_CPU = changed(SETTINGS, device="cpu", blocks=1, batch_size=1)
TRAINED = TrainingSettings(
    engine="torch",
    device="cpu",
    blocks=4,
    batch_size=256,
    latent_dim=4,
    epochs=10,
    init_deviation=0.1,
)
DENSE = changed(
    TRAINED, learning_rate_decay=0.0, regularization=0.02, content_factors_regularization=0.01
)
OPTIMISERS = {
    "sgd": TRAINED,
    "adam": changed(DENSE, optimiser="adam", learning_rate=0.02, epochs=50),
    "gd": changed(
        DENSE,
        optimiser="gd",
        learning_rate=0.003,
        init_deviation=0.3,
        epochs=200,
        batch_size=10_000,
    ),
}


def on_cuda(test):
    """Run a test of a CUDA device with every optimiser and variant."""
    missing = not torch.cuda.is_available()
    test = pytest.mark.skipif(missing, reason="no CUDA device on this machine")(test)
    test = pytest.mark.parametrize("variant", VARIANTS)(test)
    return pytest.mark.parametrize("optimiser", OPTIMISERS)(test)


@pytest.fixture(scope="module")
def data():
    return planted(4000, 1000)


def engine_of(parameters, train, content, settings=ON_CPU, kind=TorchEngine):
    random = np.random.default_rng(0)
    return kind(parameters.copy(), train, content, settings, RANGE, random)


def engine_from(data, variant, settings=TRAINED, kind=TorchEngine):
    train, _, content = data
    start = Parameters.initial(VARIANTS[variant], train, 12, settings, stream(7, "start"))
    return engine_of(start, train, content, settings, kind)


def trained(data, variant, settings=TRAINED, kind=TorchEngine):
    return train_epochs(engine_from(data, variant, settings, kind), *data[:2], settings)


def assert_same_bits(training, other):
    assert training.history == other.history
    assert_close(training.parameters, other.parameters, rtol=0, atol=0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_sgd_with_batches_of_one_rating_is_sequential_sgd(variant):
    parameters, train, content = problem(VARIANTS[variant])
    engine = engine_of(parameters, train, content)
    sequential = engine_of(parameters, train, content, kind=SequentialSgd)
    for _ in range(3):
        engine.run_epoch(0.1)
        sequential.run_epoch(0.1)
    assert_close(parameters_of(engine), parameters_of(sequential), rtol=1e-9, atol=1e-12)
    assert engine.rmse(train) == pytest.approx(sequential.rmse(train), rel=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_short_step_of_sgd_follows_the_gradient_of_the_whole_batch(variant):
    parameters, train, content = problem(VARIANTS[variant])
    engine = engine_of(parameters, train, content, changed(ON_CPU, batch_size=1000))
    engine.run_epoch(1e-6)
    moved = parameters_of(engine).arrays()
    for name, gradient in dense_gradients(parameters, train, content).items():
        step = (parameters.arrays()[name] - moved[name]) / 1e-6
        np.testing.assert_allclose(step, gradient, rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("batch_size", [1000, 3])
def test_gd_steps_along_the_gradient_over_all_ratings(variant, batch_size):
    parameters, train, content = problem(VARIANTS[variant])
    settings = changed(ON_CPU, optimiser="gd", batch_size=batch_size)
    engine = engine_of(parameters, train, content, settings)
    expected = parameters
    for _ in range(2):
        engine.run_epoch(0.1)
        expected = gradient_step(expected, train, content, 0.1)
    assert_close(parameters_of(engine), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_adam_follows_the_mean_gradient_of_each_mini_batch(variant):
    parameters, train, content = problem(VARIANTS[variant])
    settings = changed(ON_CPU, optimiser="adam", batch_size=8)
    engine = engine_of(parameters, train, content, settings)
    engine.run_epoch(0.1)
    expected = {n: torch.tensor(a, requires_grad=True) for n, a in parameters.arrays().items()}
    adam = torch.optim.Adam(expected.values(), lr=0.1)
    order = np.random.default_rng(0).permutation(len(train))
    for batch in (order[:8], order[8:16], order[16:]):
        current = replace(parameters, **{n: t.detach().numpy() for n, t in expected.items()})
        gradients = dense_gradients(current, train.where(batch), content)
        for name, gradient in gradients.items():
            expected[name].grad = torch.tensor(gradient / len(batch))
        adam.step()
    for name, array in parameters_of(engine).arrays().items():
        np.testing.assert_allclose(array, expected[name].detach(), rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("variant", ["mf", "mf-content-user"])
def test_sgd_with_batches_of_one_rating_converges_to_the_block_engine(variant):
    few = planted(300, 100)
    settings = changed(TRAINED, batch_size=1, epochs=1)
    ends = [trained(few, variant, settings, kind) for kind in (TorchEngine, BlockSgdEngine)]
    assert_close(*(end.parameters for end in ends), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_sgd_converges_near_the_block_engine(data, variant):
    torch_rmse, numba_rmse = (
        trained(data, variant, kind=kind).validation_rmse for kind in (TorchEngine, BlockSgdEngine)
    )
    assert torch_rmse == pytest.approx(numba_rmse, abs=0.01)


@pytest.mark.parametrize("optimiser", ["adam", "gd"])
@pytest.mark.parametrize("variant", ["mf", "mf-content-item"])
def test_planted_factors_are_recovered_to_near_the_noise(optimiser, variant):
    data = planted(7000, 2000, (150, 120))
    training = trained(data, variant, OPTIMISERS[optimiser])
    assert not training.diverged
    assert NOISE * 0.95 < training.validation_rmse < NOISE * 1.2


def test_many_ratings_of_one_row_do_not_overshoot():
    n = 500
    train = observed(np.arange(n), np.zeros(n), np.ones(n), (n, 1))
    start = Parameters(3.0, np.zeros(n), np.zeros(1), np.zeros((n, 3)), np.zeros((1, 3)))
    settings = changed(ON_CPU, bias_regularization=0.0, batch_size=n, error_clip=5.0)
    engine = engine_of(start, train, sp.csr_array((1, 0)), settings)
    engine.run_epoch(0.1)
    moved = parameters_of(engine)
    assert moved.item_bias[0] == pytest.approx(-2.0)
    np.testing.assert_allclose(moved.user_bias, -0.2)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_mixed_precision_converges_near_full_precision(data, optimiser):
    settings = changed(OPTIMISERS[optimiser], epochs=10)
    exact, mixed = (
        trained(data, "mf-content-both", changed(settings, mixed_precision=mixed))
        for mixed in (False, True)
    )
    assert mixed.validation_rmse == pytest.approx(exact.validation_rmse, abs=0.005)
    assert not np.array_equal(mixed.parameters.user_factors, exact.parameters.user_factors)
    assert mixed.parameters.user_factors.dtype == np.float32


def test_a_penalty_that_nearly_empties_user_content_within_an_epoch_stays_finite():
    parameters, train, content = problem(VARIANTS["mf-content-both"])
    once = replace(train, users=train.users * 0)
    settings = changed(ON_CPU, user_content_regularization=9.9)
    for batch_size in (1, 7, 20):
        engine = engine_of(parameters, once, content, changed(settings, batch_size=batch_size))
        for _ in range(5):
            engine.run_epoch(0.1)
        assert all(map(math.isfinite, engine.squared_norms().values()))


def refuse(monkeypatch, most, error):
    """Let batches of more than `most` ratings fail after the third; return all sizes asked for."""
    sizes = []

    def batch(tables, ratings, *rest):
        sizes.append(len(ratings.values))
        if len(ratings.values) > most and len(sizes) > 3:
            raise error
        return Batch(tables, ratings, *rest)

    monkeypatch.setattr(module, "Batch", batch)
    return sizes


REFUSALS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.56 GB, max allowed: 6.80 GB)."),
]


@pytest.mark.parametrize("error", REFUSALS, ids=["cuda", "mps"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_running_out_of_memory_halves_the_batch_and_loses_nothing(
    data, monkeypatch, capsys, error, optimiser
):
    settings = changed(OPTIMISERS[optimiser], batch_size=256)
    sizes = refuse(monkeypatch, 130, error)
    engine = engine_from(data, "mf-content-both", settings)
    engine.run_epoch(0.003)
    assert sizes[:5] == [256, 256, 256, 256, 128]
    assert sum(sizes) - 256 == len(data[0])
    assert engine.batch_size == 128
    assert "training.batch_size" in capsys.readouterr().out
    monkeypatch.undo()
    by_hand = engine_from(data, "mf-content-both", settings)
    with torch.no_grad():
        ratings = by_hand._rule.ratings.take(by_hand._rule.start_epoch(0.003))
        by_hand._process(ratings.take(slice(768)))
        by_hand.batch_size = 128
        by_hand._process(ratings.take(slice(768, None)))
        by_hand._rule.end_epoch()
    assert_close(parameters_of(engine), parameters_of(by_hand), rtol=0, atol=0)


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_a_batch_that_runs_out_of_memory_changes_nothing(data, monkeypatch, optimiser):
    engine = engine_from(data, "mf-content-both", OPTIMISERS[optimiser])
    ratings = engine._rule.ratings.take(slice(256))
    engine._rule.start_epoch(0.0)
    real = torch.Tensor.index_add_
    left = []

    def add(*arguments):
        if not left:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        left.pop()
        return real(*arguments)

    def update():
        engine._rule.update(Batch(engine._tables, ratings, 5000))

    monkeypatch.setattr(torch.Tensor, "index_add_", add)
    left[:] = [None] * 100
    update()
    needed = 100 - len(left)
    before = bits(engine)
    engine._rule.start_epoch(0.05)
    for sums in range(needed):
        left[:] = [None] * sums
        with pytest.raises(torch.OutOfMemoryError):
            update()
        assert bits(engine) == before
        gradients = [table.grad for table in engine._tables.terms.values()]
        assert not any(gradient is not None and gradient.any() for gradient in gradients)


def test_too_little_memory_for_one_rating_is_a_user_error(data, monkeypatch):
    refuse(monkeypatch, 0, REFUSALS[0])
    with pytest.raises(UserError, match=re.escape("training.latent_dim")):
        engine_from(data, "mf").run_epoch(0.05)


@on_cuda
def test_cuda_converges_to_the_cpu_result(data, variant, optimiser):
    on_cpu, on_cuda = (
        trained(data, variant, changed(OPTIMISERS[optimiser], epochs=10, device=device))
        for device in ("cpu", "cuda")
    )
    assert on_cuda.validation_rmse == pytest.approx(on_cpu.validation_rmse, abs=0.002)


@on_cuda
def test_cuda_results_are_bit_reproducible(data, variant, optimiser):
    settings = changed(OPTIMISERS[optimiser], device="cuda", epochs=3)
    assert_same_bits(trained(data, variant, settings), trained(data, variant, settings))


@on_cuda
def test_batches_do_not_synchronise_with_cuda(data, variant, optimiser):
    engine = engine_from(data, variant, changed(OPTIMISERS[optimiser], device="cuda"))
    engine.run_epoch(0.003)
    ratings = engine._rule.ratings.take(slice(256))
    torch.cuda.set_sync_debug_mode("error")
    try:
        with torch.no_grad():
            engine._rule.update(Batch(engine._tables, ratings, 5000))
    finally:
        torch.cuda.set_sync_debug_mode("default")
