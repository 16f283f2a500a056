from itertools import product

import numpy as np
import pytest
import torch

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.evaluation.rating_metrics import rmse
from blendmf.training import engines
from blendmf.training.engines import choose_engine, linear_algebra, make_engine
from blendmf.training.kernels import compiled
from blendmf.training.parameters import Parameters
from blendmf.training.sgd import block_sgd
from configs import changed
from dense_reference import VARIANTS, assert_close, bits, parameters_of, planted


def chosen(**settings):
    return choose_engine(TrainingSettings(**settings))[0]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"engine": "numba"}, "numba"),
        ({"engine": "torch"}, "torch"),
        ({}, "numba"),
        ({"device": "cpu"}, "numba"),
        ({"device": "cuda"}, "torch"),
        ({"device": "mps"}, "torch"),
        ({"optimiser": "adam"}, "torch"),
        ({"optimiser": "gd", "device": "cpu"}, "torch"),
        ({"optimiser": "als"}, "numba"),
        ({"optimiser": "als", "device": "cuda"}, "numba"),
    ],
)
def test_the_settings_determine_the_engine(settings, expected):
    assert chosen(**settings) == expected


def test_the_reason_names_the_deciding_setting():
    assert "training.device" in choose_engine(TrainingSettings(device="cuda"))[1]
    assert "training.engine" in choose_engine(TrainingSettings(engine="numba"))[1]


@pytest.mark.parametrize(("engine", "optimiser"), [("numba", "adam"), ("torch", "als")])
def test_an_engine_that_cannot_run_the_optimiser_is_refused(engine, optimiser):
    with pytest.raises(UserError, match=rf"training\.engine.*{optimiser}.*engine to auto"):
        chosen(optimiser=optimiser, engine=engine)


SETTINGS = TrainingSettings(
    device="cpu", latent_dim=4, blocks=12, batch_size=256, init_deviation=0.1, learning_rate=0.003
)
ENGINES = {
    "numba": changed(SETTINGS, engine="numba"),
    "torch": changed(SETTINGS, engine="torch"),
    "adam": changed(SETTINGS, optimiser="adam"),
    "gd": changed(SETTINGS, optimiser="gd"),
    "als": changed(SETTINGS, optimiser="als"),
}
CASES = [
    *(("numba", variant) for variant in VARIANTS),
    *product(("torch", "adam", "gd"), ("mf", "mf-content-both", "content")),
    ("als", "mf"),
]
each_engine = pytest.mark.parametrize(("engine", "variant"), CASES)


@pytest.fixture(scope="module")
def data():
    """The last three users and two items have no rating."""
    return planted(3000, 500, unrated=(3, 2))


def made(data, engine, variant, threads=1, rating_range=(0.5, 5.0)):
    """An engine, the facts about it and its first parameters."""
    train, _, content = data
    settings, random = ENGINES[engine], stream(7, "fit")
    start = Parameters.initial(VARIANTS[variant], train, 12, settings, random)
    arguments = (start.copy(), train, content, settings, rating_range, random, threads)
    return *make_engine(*arguments), start


@each_engine
def test_rmse_uses_clipped_predictions_of_all_batches(data, engine, variant, monkeypatch):
    monkeypatch.setattr("blendmf.training.pytorch.engine.RATINGS_AT_ONCE", 700)
    monkeypatch.setattr("blendmf.training.als.als.RATINGS_PER_TASK", 700)
    train, validation, content = data
    trained, *_ = made(data, engine, variant, rating_range=(2.5, 3.5))
    trained.run_epoch(0.003)
    model = parameters_of(trained).to_model(train.shape, (2.5, 3.5), content)
    for part in (train, validation):
        assert trained.rmse(part) == pytest.approx(rmse(model, part), rel=1e-5)


@each_engine
def test_rows_without_ratings_stay_zero(data, engine, variant):
    trained, *_ = made(data, engine, variant)
    trained.run_epoch(0.003)
    for name, array in parameters_of(trained).arrays().items():
        if name != "content_factors":
            assert not array[-2:].any(), name
            assert array[:2].any(), name


@each_engine
def test_kept_parameters_are_copies(data, engine, variant):
    trained, _, start = made(data, engine, variant)
    trained.keep()
    trained.run_epoch(0.003)
    assert_close(trained.kept(), start, rtol=0, atol=0)
    trained.kept().user_factors[:] = 9.0
    assert_close(trained.kept(), start, rtol=0, atol=0)
    assert not np.array_equal(parameters_of(trained).user_factors, start.user_factors)


@each_engine
def test_squared_norms_equal_those_of_the_parameters(data, engine, variant):
    trained, *_ = made(data, engine, variant)
    trained.run_epoch(0.003)
    expected = parameters_of(trained).squared_norms()
    assert trained.squared_norms() == pytest.approx(expected, rel=1e-5)


@each_engine
def test_threads_and_the_ratings_of_a_task_do_not_change_the_bits(
    data, engine, variant, monkeypatch
):
    monkeypatch.setattr(block_sgd, "ENOUGH_TO_MERGE", 1)
    before = torch.get_num_threads()
    outcomes = []
    try:
        for threads, ratings_per_task in ((1, 1 << 15), (1, 1), (2, 50), (4, 50), (8, 1 << 15)):
            monkeypatch.setattr(compiled, "RATINGS_PER_TASK", ratings_per_task)
            torch.set_num_threads(threads)
            trained, facts, _ = made(data, engine, variant, threads)
            assert engine not in ("numba", "als") or facts.threads == threads
            rmses = []
            for _ in range(3):
                trained.run_epoch(0.003)
                rmses.append([trained.rmse(part) for part in data[:2]])
            assert torch.get_num_threads() == threads
            outcomes.append((bits(trained), rmses, trained.squared_norms()))
    finally:
        torch.set_num_threads(before)
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert rmses[-1][0] < rmses[0][0]


def test_linear_algebra_names_library_version_and_kernel(monkeypatch):
    assert linear_algebra()
    assert not any("/" in one for one in linear_algebra())
    openmp = {"user_api": "openmp", "internal_api": "openmp", "version": None}
    blas = {"user_api": "blas", "internal_api": "openblas", "version": "0.3", "architecture": "Zen"}
    other = {"user_api": "blas", "internal_api": "mkl", "version": "2025"}
    monkeypatch.setattr(engines, "threadpool_info", lambda: [openmp, blas, other, blas])
    assert linear_algebra() == ["mkl 2025", "openblas 0.3 Zen"]
