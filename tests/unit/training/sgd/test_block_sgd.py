from dataclasses import replace

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.training.loop import train_epochs
from blendmf.training.parameters import Parameters
from blendmf.training.sgd import block_sgd
from blendmf.training.sgd.block_sgd import BlockSgdEngine
from dense_reference import VARIANTS, bits, planted
from sequential_sgd import SequentialSgd

N_TERMS = 12
RANGE = (0.5, 5.0)


@pytest.fixture(scope="module")
def data():
    return planted(2000, 500, shape=(90, 70), unrated=(3, 2))


def engine_of(kind, terms, data, settings, dtype=np.float32, seed=7):
    train, _, content = data
    random = stream(seed, "fit")
    start = Parameters.initial(terms, train, N_TERMS, settings, random)
    start = replace(start, **{n: a.astype(dtype) for n, a in start.arrays().items()})
    return kind(start, train, content, settings, RANGE, random)


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
def test_one_block_is_bit_identical_to_sequential_sgd(variant, d, dtype, data):
    settings = TrainingSettings(latent_dim=d, blocks=1, init_deviation=0.1)
    blocks, sequential = (
        engine_of(kind, VARIANTS[variant], data, settings, dtype)
        for kind in (BlockSgdEngine, SequentialSgd)
    )
    for learning_rate in (0.05, 0.03):
        blocks.run_epoch(learning_rate)
        sequential.run_epoch(learning_rate)
    assert bits(blocks) == bits(sequential)
    for part in data[:2]:
        assert blocks.rmse(part) == pytest.approx(sequential.rmse(part), rel=1e-6)


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
