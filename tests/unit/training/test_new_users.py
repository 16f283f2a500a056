from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from blendmf.common.errors import UserError
from blendmf.config.models import model_entry
from blendmf.models.baselines import PopularityModel
from blendmf.models.observations import Observations
from blendmf.training.fit import fit_model
from blendmf.training.new_users import with_new_users
from ratings import observed, observed_where

RANGE = (0.0, 10.0)
ENTRIES = {
    "bayes": {"kind": "mf", "training": {"optimiser": "bayes", "latent_dim": 3, "epochs": 60}},
    "mf": {"kind": "mf", "training": {"latent_dim": 3, "epochs": 20}},
    "both": {"kind": "mf-content", "blend": "both", "training": {"latent_dim": 3, "epochs": 20}},
    "content": {"kind": "content", "training": {"latent_dim": 3, "epochs": 20}},
    "als": {"kind": "mf", "training": {"optimiser": "als", "latent_dim": 3, "epochs": 10}},
    "bias": {"kind": "bias"},
    "svd": {"kind": "svd", "rank": 2},
    "item-neighbours": {"kind": "item-neighbours", "neighbours": 10, "neighbour_shrinkage": 1},
}
N_USERS, N_ITEMS = 150, 40


@pytest.fixture(scope="module")
def planted():
    """Ratings of users to train on, and of 50 others in two parts: words decide who likes what."""
    random = np.random.default_rng(3)
    words = (random.random((N_ITEMS, 12)) < 0.2).astype(np.float32)
    of_items = words @ random.normal(size=(12, 2)) + random.normal(scale=0.3, size=(N_ITEMS, 2))
    factors = random.normal(size=(N_USERS + 50, 2)) @ of_items.T
    ratings = np.clip(5 + factors + random.normal(scale=0.5, size=factors.shape), *RANGE)
    shown, tested = (random.random(ratings.shape) < share for share in (0.5, 0.2))
    tested &= ~shown
    known, new = slice(N_USERS), slice(N_USERS, None)
    parts = {
        "train": observed_where(shown[known], ratings[known]),
        "validation": observed_where(tested[known], ratings[known]),
        "new": observed_where(shown[new], ratings[new]),
        "test": observed_where(tested[new], ratings[new]),
    }
    return parts, sp.csr_array(words)


@pytest.fixture(scope="module")
def fitted(planted):
    parts, words = planted
    return {
        name: fit_model(
            model_entry(values),
            parts["train"],
            parts["validation"],
            words,
            rating_range=RANGE,
            seed=1,
            name=("fit", name),
        ).model
        for name, values in ENTRIES.items()
    }


def joined(name, fitted, planted, new, ids=None):
    ids = list(range(new.shape[0])) if ids is None else ids
    return with_new_users(fitted[name], planted[0]["train"], new, ids, seed=1)


def rmse(model, part, first):
    predicted = model.predict(part.users + first, part.items)
    return float(np.sqrt(np.mean((predicted - part.ratings) ** 2)))


@pytest.mark.parametrize("name", ENTRIES)
def test_ratings_of_a_new_user_improve_the_predictions(name, planted, fitted):
    parts, _ = planted
    model = joined(name, fitted, planted, parts["new"])
    assert model.n_users == N_USERS + 50
    unknown = rmse(fitted[name], parts["test"], first=10**6)
    assert rmse(model, parts["test"], N_USERS) < (0.99 if name == "bias" else 0.75) * unknown


@pytest.mark.parametrize("name", ENTRIES)
def test_known_users_stay_as_they_were(name, planted, fitted):
    parts, _ = planted
    model = joined(name, fitted, planted, parts["new"])
    users = np.arange(N_USERS)
    np.testing.assert_array_equal(model.score_users(users), fitted[name].score_users(users))


@pytest.mark.parametrize("name", ENTRIES)
def test_a_new_user_does_not_depend_on_the_other_new_users(name, planted, fitted):
    parts, _ = planted
    new = parts["new"]
    together = joined(name, fitted, planted, new)
    own = new.where(new.users == 7)
    alone = replace(own, users=np.zeros(len(own), np.int32), shape=(1, N_ITEMS))
    single = joined(name, fitted, planted, alone, ids=[7])
    np.testing.assert_allclose(
        single.score_users([N_USERS]), together.score_users([N_USERS + 7]), rtol=1e-5
    )


@pytest.mark.parametrize("name", ["bayes", "als", "both"])
def test_new_users_are_predicted_as_well_as_users_of_the_fit(name, planted, fitted):
    parts, words = planted
    users, items = (
        np.concatenate([parts["train"].users, parts["new"].users + N_USERS]),
        np.concatenate([parts["train"].items, parts["new"].items]),
    )
    ratings = np.concatenate([parts["train"].ratings, parts["new"].ratings])
    everybody = observed(users, items, ratings, (N_USERS + 50, N_ITEMS))
    held_out = replace(parts["validation"], shape=everybody.shape)
    whole = fit_model(
        model_entry(ENTRIES[name]),
        everybody,
        held_out,
        words,
        rating_range=RANGE,
        seed=1,
        name=("fit", name),
    )
    new = rmse(joined(name, fitted, planted, parts["new"]), parts["test"], N_USERS)
    assert new < 1.05 * rmse(whole.model, parts["test"], N_USERS)


def test_bias_factors_and_words_are_the_most_probable_ones(planted, fitted):
    """The conditional mean of a normal distribution is its mode: no other values are better."""
    parts, words = planted
    own = parts["new"].where(parts["new"].users == 3)
    alone = replace(own, users=np.zeros(len(own), np.int32), shape=(1, N_ITEMS))
    model, known = joined("both", fitted, planted, alone), fitted["both"]
    users = np.column_stack([known.user_bias, known.user_factors]).astype(np.float64)
    weights = known.user_content.toarray().astype(np.float64)
    mean, precision = users.mean(axis=0), np.linalg.inv(np.cov(users.T, bias=True))
    train = parts["train"]
    variance = np.mean((train.ratings - known.predict(train.users, train.items)) ** 2)
    items = own.items

    def loss(x):
        b, p, w = x[0], x[1:4], x[4:]
        predicted = known.global_mean + b + known.item_bias[items]
        predicted = predicted + known.item_vectors[items] @ p + words[items] @ w
        away = x[:4] - mean
        prior = away @ precision @ away
        prior += np.sum((w - weights.mean(axis=0)) ** 2 / weights.var(axis=0))
        return float(np.sum((own.ratings - predicted) ** 2) / variance + prior)

    found = np.concatenate(
        [
            model.user_bias[-1:],
            model.user_factors[-1],
            model.user_content[[N_USERS]].toarray()[0],
        ]
    ).astype(np.float64)
    best = minimize(loss, found)
    assert loss(found) == pytest.approx(best.fun, rel=1e-5)
    assert loss(found) < loss(np.zeros(16))


def test_a_user_who_rates_as_expected_gets_the_means_of_the_known_users(fitted, planted):
    model, train = fitted["mf"], planted[0]["train"]
    means = model.user_factors.mean(axis=0)
    expected = model.global_mean + model.user_bias.mean() + model.item_bias[0]
    one = observed([0], [0], [expected + model.item_vectors[0] @ means], (1, N_ITEMS))
    found = with_new_users(model, train, one, ["new"], seed=1)
    np.testing.assert_allclose(found.user_factors[-1], means, atol=1e-6)
    assert found.user_bias[-1] == pytest.approx(model.user_bias.mean(), abs=1e-6)


def test_intervals_of_new_users_keep_their_coverage(planted, fitted):
    parts, _ = planted
    model, test = joined("bayes", fitted, planted, parts["new"]), parts["test"]
    low, high = model.intervals(test.users + N_USERS, test.items, 0.9)
    assert 0.85 < np.mean((low <= test.ratings) & (test.ratings <= high)) < 0.95


def test_a_kind_without_parameters_of_users_is_refused(planted):
    parts, _ = planted
    model = PopularityModel.fit(parts["train"])
    with pytest.raises(UserError, match="kind popularity cannot take new users"):
        with_new_users(model, parts["train"], parts["new"], list(range(50)), seed=1)


def test_positions_in_the_order_matter_to_a_model_with_drift():
    """Users whose ratings rise: the prediction for a new one is above the mean rating."""
    random = np.random.default_rng(0)
    shown = random.random((200, 30)) < 0.6
    positions = np.where(shown, random.random((200, 30)) - 0.5, 0.0)
    ratings = np.clip(5 + 4 * positions + random.normal(scale=0.2, size=shown.shape), *RANGE)
    train = observed_where(shown, ratings, 1e8 * positions)
    entry = model_entry(ENTRIES["bayes"])
    nothing = train.where(np.zeros(len(train), dtype=bool))
    fit = fit_model(entry, train, nothing, None, rating_range=RANGE, seed=1, name=("fit",))
    one = train.where(train.users == 0)
    new = replace(one, users=np.zeros(len(one), np.int32), shape=(1, 30))
    model = with_new_users(fit.model, train, new, ["new"], seed=1)
    predicted = model.predict(np.full(30, 200), np.arange(30))
    # The model predicts for the end of the order, at which the ratings are 2 above their mean.
    assert predicted.mean() == pytest.approx(7.0, abs=0.3)
    without = Observations(new.users, new.items, new.ratings, new.shape)
    unordered = with_new_users(fit.model, train, without, ["new"], seed=1)
    # Without times, nothing says that this user's own ratings rose; all users' did.
    assert unordered.predict(np.full(30, 200), np.arange(30)).mean() == pytest.approx(7.0, abs=0.5)
