"""The sequential reference compared with autograd, and the block engine with the reference."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.training.loop import train_epochs
from blendmf.training.parameters import Parameters
from blendmf.training.sgd import block_sgd
from blendmf.training.sgd.block_sgd import BlockSgdEngine
from blendmf.training.sgd.blocks import Blocks
from blendmf.training.sgd.sgd_kernels import SMALLEST_SCALE
from configs import changed
from dense_reference import (
    SETTINGS,
    VARIANTS,
    assert_close,
    bits,
    gradient_step,
    parameters_of,
    planted,
    problem,
)
from ratings import observed_triples
from sequential_sgd import SequentialSgd

RANGE = (0.5, 5.0)
LEARNING_RATE = 0.05


def sequential(parameters, train, content, settings=SETTINGS):
    return SequentialSgd(parameters, train, content, settings, RANGE, np.random.default_rng(0))


def test_a_scale_below_the_smallest_is_folded_into_the_word_weights():
    # 400 steps of (1 - 0.1 * 0.9) shrink a weight far below the smallest scale of a user.
    settings = TrainingSettings(regularization=0.9, error_clip=1e-30)
    weights = np.array([[1e8, -3e8, 2e8]])
    biases, factors = [np.zeros(1)] * 2, [np.zeros((1, 2))] * 2
    parameters = Parameters(3.0, *biases, *factors, user_content=weights)
    train, content = observed_triples([(0, 0, 4.0)], (1, 1)), sp.csr_array([[0.0, 1.0, 0.0]])
    engine = sequential(parameters, train, content, settings)
    for _ in range(400):
        engine.run_epoch(0.1)
    shrunk = (1 - 0.1 * 0.9) ** 400
    assert shrunk < SMALLEST_SCALE
    np.testing.assert_allclose(parameters_of(engine).user_content, weights * shrunk, rtol=1e-9)


def after_an_epoch(parameters, train, content, settings=SETTINGS):
    engine = sequential(parameters, train, content, settings)
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
    moved = after_an_epoch(parameters, train, content)
    for n in Blocks.deal(train, 1, np.random.default_rng(0)).order:
        single = train.where(slice(n, n + 1))
        parameters = gradient_step(parameters, single, content, LEARNING_RATE)
    assert_close(moved, parameters, rtol=1e-9, atol=1e-12)


@pytest.fixture(scope="module")
def data():
    return planted(2000, 500, shape=(90, 70), unrated=(3, 2))


def engine_of(kind, terms, data, settings, dtype=np.float32, seed=7):
    train, _, content = data
    random = stream(seed, "fit")
    start = Parameters.initial(terms, train, 12, settings, random)
    start = replace(start, **{n: a.astype(dtype) for n, a in start.arrays().items()})
    return kind(start, train, content, settings, RANGE, random)


LARGE = [
    ("mf", 40, np.float32),
    ("mf-content-item", 64, np.float32),
    ("mf-content-both", 33, np.float64),
]
CASES = [
    *((variant, 5, np.float32) for variant in VARIANTS),
    *(pytest.param(*case, marks=pytest.mark.slow) for case in LARGE),
]


@pytest.mark.parametrize(("variant", "d", "dtype"), CASES)
def test_one_block_is_bit_identical_to_sequential_sgd(variant, d, dtype, data):
    settings = TrainingSettings(latent_dim=d, blocks=1, init_deviation=0.1)
    blocks, reference = (
        engine_of(kind, VARIANTS[variant], data, settings, dtype)
        for kind in (BlockSgdEngine, SequentialSgd)
    )
    for learning_rate in (0.05, 0.03):
        blocks.run_epoch(learning_rate)
        reference.run_epoch(learning_rate)
    assert bits(blocks) == bits(reference)
    for part in data[:2]:
        assert blocks.rmse(part) == pytest.approx(reference.rmse(part), rel=1e-6)


@pytest.mark.parametrize("variant", ["mf", "mf-content-item"])
@pytest.mark.parametrize("merged", [False, True])
def test_blocks_change_the_rmse_less_than_seeds_do(variant, merged, data, monkeypatch):
    monkeypatch.setattr(block_sgd, "ENOUGH_TO_MERGE", 1 if merged else 10_000)
    rmses = {}
    for n_blocks in (1, 8):
        settings = TrainingSettings(latent_dim=4, blocks=n_blocks, init_deviation=0.1)
        engines = (
            engine_of(BlockSgdEngine, VARIANTS[variant], data, settings, seed=seed)
            for seed in range(6)
        )
        rmses[n_blocks] = [train_epochs(e, *data[:2], settings).validation_rmse for e in engines]
    difference = np.mean(rmses[1]) - np.mean(rmses[8])
    assert abs(difference) < np.std(rmses[1], ddof=1)
