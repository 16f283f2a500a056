from dataclasses import asdict

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.models.model import load_model
from blendmf.models.observations import Observations
from blendmf.training.fit import fit_model

RANGE = (0.0, 6.0)
TRAINING = asdict(
    TrainingSettings(
        latent_dim=6, epochs=80, regularization=0.02, content_factors_regularization=0.01
    )
)
ENTRIES = {
    "random": {"kind": "random"},
    "global-mean": {"kind": "global-mean"},
    "popularity": {"kind": "popularity"},
    "bias": {"kind": "bias", "user_shrinkage": 5, "item_shrinkage": 5},
    "svd": {"kind": "svd", "rank": None, "ranks": [1, 2, 4]},
    "content": {"kind": "content"},
    "item-neighbours": {"kind": "item-neighbours", "similarity_shrinkage": 10},
    "pure-svd": {"kind": "pure-svd", "rank": 3},
    "mf": {"kind": "mf"},
    "als": {"kind": "mf", "training": {"optimiser": "als", "regularization": 0.05}},
    "mf-content-user": {"kind": "mf-content", "blend": "user"},
    "mf-content-item": {"kind": "mf-content", "blend": "item"},
    "mf-content-both": {"kind": "mf-content", "blend": "both"},
}
NOISE = 0.3


@pytest.fixture(scope="module")
def planted():
    """Ratings of known factors, biases and word effects; the last 20 items are not in training."""
    random = stream(0, "planted")
    n_users, n_items, n_terms, d = 200, 120, 12, 3
    C = sp.random_array((n_items, n_terms), density=0.25, rng=random, data_sampler=random.random)
    C = sp.csr_array(C, dtype=np.float32)
    V = random.normal(0, 0.5, (n_terms, d))
    P = random.normal(0, 0.8, (n_users, d))
    Z = random.normal(0, 0.3, (n_items, d)) + C @ V
    truth = 3 + random.normal(0, 0.3, (n_users, 1)) + random.normal(0, 0.3, n_items) + P @ Z.T
    observed = (truth + random.normal(0, NOISE, truth.shape)).clip(*RANGE)
    part = random.choice(3, truth.shape, p=[0.7, 0.15, 0.15])
    part[:, 100:] = np.where(part[:, 100:] == 0, 2, part[:, 100:])

    def observations(number):
        users, items = np.nonzero(part == number)
        shape = (n_users, n_items)
        ratings = observed[users, items].astype(np.float32)
        return Observations(users.astype(np.int32), items.astype(np.int32), ratings, shape)

    return *(observations(number) for number in range(3)), C


def fit(planted, name, seed=1, **training):
    train, validation, _, content = planted
    return fit_model(
        ENTRIES[name],
        TRAINING | training,
        train,
        validation,
        content,
        rating_range=RANGE,
        seed=42,
        name=("test", seed),
    )


def rmse(model, part, where=slice(None)):
    errors = model.predict(part.users[where], part.items[where]) - part.ratings[where]
    return float(np.sqrt(np.mean(errors**2)))


@pytest.mark.parametrize("name", ENTRIES)
def test_every_kind_fits_saves_loads_and_scores(planted, name, tmp_path):
    fitted = fit(planted, name)
    test = planted[2]
    fitted.model.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    np.testing.assert_array_equal(
        loaded.predict(test.users, test.items), fitted.model.predict(test.users, test.items)
    )
    assert loaded.score_all(3).shape == (120,)
    assert np.isfinite(loaded.score_users([0, 5])).all()


@pytest.mark.parametrize("name", [name for name in ENTRIES if name != "random"])
def test_the_same_name_of_a_stream_gives_the_same_model(planted, name):
    first, second = (fit(planted, name, epochs=3).model.score_all(0) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["mf", "mf-content-both", "random"])
def test_another_name_of_a_stream_gives_another_model(planted, name):
    first, second = (fit(planted, name, seed=s, epochs=3).model.score_all(0) for s in (1, 2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", ["mf", "als", "mf-content-item", "mf-content-both"])
def test_planted_factors_are_recovered_near_to_the_noise(planted, name):
    test = planted[2]
    warm = test.items < 100
    assert rmse(fit(planted, name).model, test, warm) < 1.35 * NOISE


def test_words_recover_items_that_nobody_has_rated_and_plain_factors_cannot(planted):
    test = planted[2]
    cold = test.items >= 100
    plain, blended = (rmse(fit(planted, n).model, test, cold) for n in ("mf", "mf-content-item"))
    assert blended < 0.9 * plain


def test_each_model_beats_the_simpler_one_below_it(planted):
    test = planted[2]
    warm = test.items < 100
    names = ["random", "global-mean", "bias", "svd", "mf"]
    errors = [rmse(fit(planted, name).model, test, warm) for name in names]
    assert errors == sorted(errors, reverse=True)


def test_the_fit_tells_how_it_came_about(planted):
    trained = fit(planted, "mf")
    best = min(epoch.validation_rmse for epoch in trained.history)
    assert trained.validation_rmse == best
    assert trained.history[trained.best_epoch - 1].validation_rmse == best
    assert rmse(trained.model, planted[1]) == pytest.approx(best, abs=1e-4)
    assert trained.engine.name == "numba cpu"
    closed = fit(planted, "bias")
    assert (closed.engine.name, closed.epochs, len(closed.history)) == ("closed-form", 0, 0)


def test_an_unknown_kind_and_a_missing_content_matrix_are_refused(planted):
    train, validation, _, _ = planted
    shared = {"rating_range": RANGE, "seed": 1, "name": ("x",)}
    with pytest.raises(UserError, match="unknown kind of model: magic"):
        fit_model({"kind": "magic"}, TRAINING, train, validation, None, **shared)
    with pytest.raises(ValueError, match="needs a content matrix"):
        fit_model(ENTRIES["content"], TRAINING, train, validation, None, **shared)


def test_als_is_refused_where_there_are_words_to_learn(planted):
    train, validation, _, content = planted
    entry = {"kind": "mf-content", "blend": "item", "training": {"optimiser": "als"}}
    shared = {"rating_range": RANGE, "seed": 1, "name": ("x",)}
    with pytest.raises(UserError, match="als does not support content"):
        fit_model(entry, TRAINING, train, validation, content, **shared)


def test_the_shrinkages_of_an_svd_are_those_of_its_biases(planted):
    train, validation, _, _ = planted
    shared = {"rating_range": RANGE, "seed": 1, "name": ("x",)}
    for shrinkages in ({"user_shrinkage": 2, "item_shrinkage": 30}, {}):
        entries = ({"kind": kind, "rank": 2, **shrinkages} for kind in ("svd", "bias"))
        svd, bias = (fit_model(entry, {}, train, validation, None, **shared) for entry in entries)
        np.testing.assert_array_equal(svd.model.item_bias, bias.model.item_bias)
