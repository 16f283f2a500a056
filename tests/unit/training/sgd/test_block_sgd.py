from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.loop import train_epochs
from blendmf.training.parameters import Parameters, Terms
from blendmf.training.sgd import block_sgd
from blendmf.training.sgd.block_sgd import BlockSgdEngine
from blendmf.training.sgd.reference import SgdEngine

VARIANTS = {
    "mf": Terms.of_kind("mf"),
    "mf-content-user": Terms.of_kind("mf-content", "user"),
    "mf-content-item": Terms.of_kind("mf-content", "item"),
    "mf-content-both": Terms.of_kind("mf-content", "both"),
    "content": Terms.of_kind("content"),
}
N_USERS, N_ITEMS, N_TERMS = 90, 70, 25
RANGE = (0.5, 5.0)


def planted(seed=0, n_ratings=2500):
    """Ratings by known factors and words, with noise; some users and items have none."""
    random = np.random.default_rng(seed)
    cells = random.choice((N_USERS - 3) * (N_ITEMS - 2), n_ratings, replace=False)
    users, items = np.divmod(cells.astype(np.int32), N_ITEMS - 2)
    content = sp.random_array((N_ITEMS, N_TERMS), density=0.15, rng=random, format="csr")
    P, Q = random.normal(0, 0.7, (N_USERS, 3)), random.normal(0, 0.7, (N_ITEMS, 3))
    words = content @ random.normal(0, 0.7, (N_TERMS, 3))
    score = 3 + (P[users] * (Q + words)[items]).sum(axis=1) + random.normal(0, 0.3, n_ratings)
    ratings = np.clip(score, *RANGE).astype(np.float32)
    order = random.permutation(n_ratings)
    parts = [
        Observations(users[o], items[o], ratings[o], (N_USERS, N_ITEMS))
        for o in (order[:2000], order[2000:])
    ]
    return *parts, content


def engine_of(kind, terms, data, settings, dtype=np.float32, **more):
    train, _, content = data
    random = stream(7, "fit")
    start = Parameters.initial(terms, train, N_TERMS, settings, random)
    start = replace(start, **{n: a.astype(dtype) for n, a in start.arrays().items()})
    return kind(start, train, content, settings, RANGE, random, **more)


def bits(parameters):
    return {name: array.tobytes() for name, array in parameters.arrays().items()}


CASES = [
    *((variant, 5, np.float32) for variant in VARIANTS),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in [
            ("mf", 40, np.float32),
            ("mf-content-item", 64, np.float32),
            ("mf-content-both", 33, np.float64),
        ]
    ),
]


@pytest.mark.parametrize(("variant", "d", "dtype"), CASES)
def test_one_block_equals_the_sequential_reference_to_the_last_bit(variant, d, dtype):
    settings = TrainingSettings(latent_dim=d, blocks=1, init_deviation=0.1)
    data = planted()
    blocks, sequential = (
        engine_of(kind, VARIANTS[variant], data, settings, dtype)
        for kind in (BlockSgdEngine, SgdEngine)
    )
    for learning_rate in (0.05, 0.03):
        blocks.run_epoch(learning_rate)
        sequential.run_epoch(learning_rate)
    assert bits(blocks.parameters()) == bits(sequential.parameters())
    for part in data[:2]:
        assert blocks.rmse(part) == pytest.approx(sequential.rmse(part), rel=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_any_number_of_threads_gives_the_same_bits(variant, monkeypatch):
    monkeypatch.setattr(block_sgd, "ENOUGH_TO_MERGE", 1)
    settings = TrainingSettings(latent_dim=8, blocks=12, init_deviation=0.1)
    data = planted()
    outcomes = []
    for threads in (1, 2, 4, 8):
        engine = engine_of(BlockSgdEngine, VARIANTS[variant], data, settings, threads=threads)
        assert engine.threads == threads
        rmses = []
        for _ in range(4):
            engine.run_epoch(0.04)
            rmses.append((engine.rmse(data[0]), engine.rmse(data[1])))
        outcomes.append((bits(engine.parameters()), rmses))
    assert all(outcome == outcomes[0] for outcome in outcomes[1:])
    assert outcomes[0][1][-1][0] < outcomes[0][1][0][0]


@pytest.mark.parametrize("variant", ["mf", "mf-content-item"])
@pytest.mark.parametrize("merged", [False, True])
def test_blocks_change_the_error_by_less_than_the_seeds_do(variant, merged, monkeypatch):
    monkeypatch.setattr(block_sgd, "ENOUGH_TO_MERGE", 1 if merged else 10_000)
    rmses = {}
    for n_blocks in (1, 8):
        settings = TrainingSettings(latent_dim=4, blocks=n_blocks, init_deviation=0.1)
        rmses[n_blocks] = []
        for seed in range(6):
            train, validation, content = planted()
            random = stream(seed, "fit")
            start = Parameters.initial(VARIANTS[variant], train, N_TERMS, settings, random)
            engine = BlockSgdEngine(start, train, content, settings, RANGE, random)
            rmses[n_blocks].append(
                train_epochs(engine, train, validation, settings).validation_rmse
            )
    difference = np.mean(rmses[1]) - np.mean(rmses[8])
    assert abs(difference) < np.std(rmses[1], ddof=1)
