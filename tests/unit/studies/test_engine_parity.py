import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.config.models import model_entry
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.studies.engine_parity import (
    COMPARED_MODELS,
    TOLERANCE,
    ParityFit,
    check_parity,
    parity,
)
from blendmf.training.pytorch.device import present_devices


@pytest.fixture(scope="module")
def fits():
    random = np.random.default_rng(3)
    shape = (60, 40)
    content = sp.csr_array((random.random((40, 8)) < 0.25) * 0.5, dtype=np.float32)
    biases = random.normal(0.0, 0.5, (60, 1)) + random.normal(0.0, 0.5, 40)
    scores = np.clip(3.0 + biases + random.normal(0.0, 0.5, shape), 0.5, 5.0)
    cells = random.permutation(60 * 40)[:1500].astype(np.int32)
    parts = [
        Observations(c // 40, c % 40, scores.reshape(-1)[c].astype(np.float32), shape)
        for c in np.split(cells, [1000])
    ]
    return parity(
        {"words": model_entry({"kind": "content", "training": {"latent_dim": 2}})},
        TrainingSettings(latent_dim=4, epochs=6, blocks=2, batch_size=32),
        *parts,
        content,
        rating_range=(0.5, 5.0),
        seed=1,
        seeds=2,
    )


def test_every_variant_is_trained_by_every_engine(fits):
    engines = [("numba", "cpu"), *(("torch", device) for device in present_devices())]
    expected = [
        (variant, seed, *engine)
        for variant in COMPARED_MODELS
        for seed in (1, 2)
        for engine in engines
    ]
    assert [fit[:4] for fit in fits] == expected


def test_engines_agree_on_a_small_data_set(fits):
    for fit in fits:
        assert fit.agrees, fit
        assert fit.seconds > 0
        assert 0.4 < fit.test_rmse < 0.8
    differences = [o.difference for o in fits if o.engine == "torch"]
    assert any(differences)
    assert "agree" in check_parity([o._asdict() for o in fits])


def test_engines_that_disagree_are_named():
    given = [("numba", 0.9, 0.0), ("torch", 0.9, 0.0), ("torch", 0.95, 0.05), ("torch", 2.0, 1.1)]
    rows = [
        ParityFit("mf", n, engine, "cpu", rmse, apart, 1.0, TOLERANCE, apart <= TOLERANCE)._asdict()
        for n, (engine, rmse, apart) in enumerate(given)
    ]
    with pytest.raises(UserError) as error:
        check_parity(rows)
    assert "mf seed 2 torch cpu: 0.9500 (+0.0500)" in str(error.value)
    assert "seed 1" not in str(error.value)
