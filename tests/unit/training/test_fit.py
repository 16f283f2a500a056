import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.models.observations import Observations
from blendmf.training.fit import fit_model

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
    "content": {"kind": "content", "training": TRAINING},
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

    def observations(number):
        users, items = np.nonzero(part == number)
        shape = (n_users, n_items)
        ratings = observed[users, items].astype(np.float32)
        return Observations(users.astype(np.int32), items.astype(np.int32), ratings, shape)

    return *(observations(number) for number in range(3)), C


def fit(planted, name):
    return fit_entry(planted, ENTRIES[name])


def fit_entry(planted, values, content=True):
    train, validation, _, words = planted
    return fit_model(
        model_entry(values),
        train,
        validation,
        words if content else None,
        rating_range=RANGE,
        seed=42,
        name=("test", 1),
        ranks=[1, 2, 4],
    )


def rmse(model, part, where=slice(None)):
    errors = model.predict(part.users[where], part.items[where]) - part.ratings[where]
    return float(np.sqrt(np.mean(errors**2)))


@pytest.mark.parametrize("name", ["mf", "als", "mf-content-item", "mf-content-both"])
def test_planted_factors_are_recovered_to_near_the_noise(planted, name):
    test = planted[2]
    warm = test.items < 100
    assert rmse(fit(planted, name).model, test, warm) < 1.35 * NOISE


def test_words_predict_unrated_items_better_than_plain_factors(planted):
    test = planted[2]
    cold = test.items >= 100
    plain, blended = (rmse(fit(planted, n).model, test, cold) for n in ("mf", "mf-content-item"))
    assert blended < 0.9 * plain


def test_each_model_beats_its_simpler_special_case(planted):
    test = planted[2]
    warm = test.items < 100
    names = ["random", "global-mean", "bias", "svd", "mf"]
    errors = [rmse(fit(planted, name).model, test, warm) for name in names]
    assert errors == sorted(errors, reverse=True)


def test_a_fit_states_its_history_and_engine(planted):
    trained = fit(planted, "mf")
    best = min(epoch.validation_rmse for epoch in trained.history)
    assert trained.validation_rmse == best
    assert trained.history[trained.best_epoch - 1].validation_rmse == best
    assert rmse(trained.model, planted[1]) == pytest.approx(best, abs=1e-4)
    assert trained.engine.name == "numba cpu"
    closed = fit(planted, "bias")
    assert (closed.engine.name, closed.epochs, len(closed.history)) == ("closed-form", 0, 0)


def test_content_without_a_content_matrix_is_refused(planted):
    with pytest.raises(ValueError, match="needs a content matrix"):
        fit_entry(planted, ENTRIES["content"], content=False)


def test_als_is_refused_with_content(planted):
    entry = {"kind": "mf-content", "blend": "item", "training": {"optimiser": "als"}}
    with pytest.raises(UserError, match="als does not support content"):
        fit_entry(planted, entry)


@pytest.mark.parametrize("shrinkages", [{"user_shrinkage": 2, "item_shrinkage": 30}, {}])
def test_the_shrinkages_of_an_svd_apply_to_its_biases(planted, shrinkages):
    svd = fit_entry(planted, {"kind": "svd", "rank": 2, **shrinkages})
    bias = fit_entry(planted, {"kind": "bias", **shrinkages})
    np.testing.assert_array_equal(svd.model.item_bias, bias.model.item_bias)
