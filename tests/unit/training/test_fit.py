import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.evaluation.rating_metrics import rmse
from blendmf.training.fit import fit_model
from ratings import observed_where

RANGE = (0.0, 6.0)
TRAINING = {
    "latent_dim": 6,
    "epochs": 80,
    "regularization": 0.02,
    "content_factors_regularization": 0.01,
}
ENTRIES = {
    "random": {"kind": "random"},
    "global-mean": {"kind": "global-mean"},
    "bias": {"kind": "bias", "user_shrinkage": 5, "item_shrinkage": 5},
    "svd": {"kind": "svd"},
    "mf": {"kind": "mf", "training": TRAINING},
    "als": {"kind": "mf", "training": TRAINING | {"optimiser": "als", "regularization": 0.05}},
    "mf-content-item": {"kind": "mf-content", "blend": "item", "training": TRAINING},
    "mf-content-both": {"kind": "mf-content", "blend": "both", "training": TRAINING},
}
NOISE = 0.3


@pytest.fixture(scope="module")
def planted():
    """Ratings from known factors, biases and word effects; training lacks the last 20 items."""
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
    return *(observed_where(part == number, observed) for number in range(3)), C


def fit(planted, values, content=True):
    train, validation, _, words = planted
    given = {"rating_range": RANGE, "seed": 42, "name": ("test", 1), "ranks": [1, 2, 4]}
    return fit_model(model_entry(values), train, validation, words if content else None, **given)


@pytest.fixture(scope="module")
def fits(planted):
    return {name: fit(planted, values) for name, values in ENTRIES.items()}


@pytest.fixture(scope="module")
def error_of(planted, fits):
    """Test RMSE of each model for items with and items without training ratings."""
    test = planted[2]
    warm, cold = test.where(test.items < 100), test.where(test.items >= 100)
    return {n: (rmse(found.model, warm), rmse(found.model, cold)) for n, found in fits.items()}


@pytest.mark.parametrize("name", ["mf", "als", "mf-content-item", "mf-content-both"])
def test_planted_factors_are_recovered_to_near_the_noise(name, error_of):
    assert error_of[name][0] < 1.35 * NOISE


def test_words_predict_unrated_items_better_than_plain_factors(error_of):
    assert error_of["mf-content-item"][1] < 0.9 * error_of["mf"][1]


def test_each_model_beats_its_simpler_special_case(error_of):
    names = ["random", "global-mean", "bias", "svd", "mf"]
    errors = [error_of[name][0] for name in names]
    assert errors == sorted(errors, reverse=True)


def test_a_fit_states_its_history_and_engine(planted, fits):
    trained = fits["mf"]
    best = min(epoch.validation_rmse for epoch in trained.history)
    assert trained.validation_rmse == best
    assert trained.history[trained.best_epoch - 1].validation_rmse == best
    assert rmse(trained.model, planted[1]) == pytest.approx(best, abs=1e-4)
    assert trained.engine.name == "numba cpu"
    closed = fits["bias"]
    assert (closed.engine.name, closed.epochs, len(closed.history)) == ("closed-form", 0, 0)


def test_content_without_a_content_matrix_is_refused(planted):
    with pytest.raises(ValueError, match="needs a content matrix"):
        fit(planted, ENTRIES["mf-content-item"], content=False)


def test_als_is_refused_with_content(planted):
    entry = {"kind": "mf-content", "blend": "item", "training": {"optimiser": "als"}}
    with pytest.raises(UserError, match="als does not support content"):
        fit(planted, entry)


@pytest.mark.parametrize("shrinkages", [{"user_shrinkage": 2, "item_shrinkage": 30}, {}])
def test_the_shrinkages_of_an_svd_apply_to_its_biases(planted, shrinkages):
    svd = fit(planted, {"kind": "svd", "rank": 2, **shrinkages})
    bias = fit(planted, {"kind": "bias", **shrinkages})
    np.testing.assert_array_equal(svd.model.item_bias, bias.model.item_bias)
