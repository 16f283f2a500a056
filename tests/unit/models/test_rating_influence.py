import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.models.baselines import fit_bias
from blendmf.models.bayesian_factor_model import NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import fit_item_neighbours
from blendmf.models.rating_influence import rating_influence
from blendmf.models.svd import fit_pure_svd, fit_svd
from ratings import observed_where

N_USERS, N_ITEMS, D = 12, 9, 3
RANGE = (1.0, 5.0)
RANDOM = stream(3, "influence")
RATED = RANDOM.random((N_USERS, N_ITEMS)) < 0.6
RATINGS = np.where(RATED, RANDOM.integers(1, 6, (N_USERS, N_ITEMS)), 0).astype(float)
TRAIN = observed_where(RATED, RATINGS)
ALL_ITEMS = np.arange(N_ITEMS)


def ratings_of(user):
    rated = np.flatnonzero(RATED[user])
    return rated, RATINGS[user, rated]


def of_user(model, user, penalty=None):
    """Influences on all items, of shape (n_items, number of ratings)."""
    influence = rating_influence(model, penalty)
    assert influence is not None
    return influence(user, ALL_ITEMS, *ratings_of(user))


def factor_model(penalty, **terms):
    """A model in which every user's factors are the ridge regression on the items'."""
    biases = fit_bias(TRAIN, RANGE, 1.0, 1.0)
    items = RANDOM.standard_normal((N_ITEMS, D)).astype(np.float32)
    model = FactorModel(
        N_USERS,
        N_ITEMS,
        RANGE,
        biases.global_mean,
        biases.user_bias,
        biases.item_bias,
        np.zeros((N_USERS, D), dtype=np.float32),
        items,
        **terms,
    )
    vectors = model.item_vectors.astype(float)
    for user in range(N_USERS):
        rated, ratings = ratings_of(user)
        left = ratings - model.score_pairs(np.full(len(rated), user), rated)
        own = vectors[rated]
        gram = own.T @ own + len(rated) * penalty * np.eye(D)
        model.user_factors[user] = np.linalg.solve(gram, own.T @ left)
    return model


CONTENT = sp.csr_array(RANDOM.random((N_ITEMS, 2)).astype(np.float32))
BLEND = {
    "content": CONTENT,
    "content_factors": RANDOM.standard_normal((2, D)).astype(np.float32),
    "user_content": sp.csr_array(RANDOM.standard_normal((N_USERS, 2)).astype(np.float32)),
}


@pytest.mark.parametrize("terms", [{}, BLEND], ids=["mf", "blend"])
def test_influences_add_up_to_the_product_of_optimal_factors(terms):
    model = factor_model(0.3, **terms)
    for user in (0, 5, 11):
        found = of_user(model, user, penalty=0.3)
        product = model.item_vectors @ model.user_factors[user]
        np.testing.assert_allclose(found.sum(axis=1), product, rtol=1e-4, atol=1e-5)


def test_an_influence_is_what_the_score_loses_without_the_residual():
    penalty, user = 0.3, 4
    model = factor_model(penalty)
    rated, ratings = ratings_of(user)
    own = model.item_factors[rated].astype(float)
    left = ratings - model.score_pairs(np.full(len(rated), user), rated)
    left += own @ model.user_factors[user]
    gram = own.T @ own + len(rated) * penalty * np.eye(D)
    for number in range(len(rated)):
        without = left.copy()
        without[number] = 0.0
        change = np.linalg.solve(gram, own.T @ (left - without))
        expected = model.item_factors @ change
        np.testing.assert_allclose(
            of_user(model, user, penalty)[:, number], expected, rtol=1e-4, atol=1e-6
        )


@pytest.mark.parametrize("fit", ["svd", "pure-svd"])
def test_influences_of_an_svd_are_exact(fit):
    start = stream(0, "start")
    if fit == "svd":
        model = fit_svd(TRAIN, RANGE, 4, start, 2.0, 1.0)
    else:
        model = fit_pure_svd(TRAIN, RANGE, 4, start)
    for user in range(N_USERS):
        product = model.item_factors @ model.user_factors[user]
        np.testing.assert_allclose(of_user(model, user).sum(axis=1), product, rtol=1e-3, atol=1e-4)


def test_influences_of_neighbours_are_their_weighted_residuals():
    model = fit_item_neighbours(
        TRAIN,
        RANGE,
        neighbours=4,
        similarity_shrinkage=0.5,
        neighbour_shrinkage=0.7,
        amplification=1.0,
        user_shrinkage=1.0,
        item_shrinkage=1.0,
    )
    weights, residuals = model.weights.toarray(), model.residuals.toarray()
    for user in (0, 7):
        rated, _ = ratings_of(user)
        found = of_user(model, user)
        for item in ALL_ITEMS:
            total = 0.7 + weights[rated, item].sum()
            expected = weights[rated, item] * residuals[user, rated] / total
            np.testing.assert_allclose(found[item], expected, rtol=1e-5, atol=1e-7)
        users = np.full(N_ITEMS, user)
        offset = model.score_pairs(users, ALL_ITEMS) - model.bias.score_pairs(users, ALL_ITEMS)
        np.testing.assert_allclose(found.sum(axis=1), offset, rtol=1e-4, atol=1e-5)


def bayesian(n_draws):
    def rows(n):
        return RANDOM.standard_normal((n_draws, n, 1 + D)).astype(np.float32)

    noise = RANDOM.uniform(0.5, 2.0, N_USERS).astype(np.float32)
    beyond = np.zeros(N_ITEMS, dtype=np.float32)
    return BayesianFactorModel(
        N_USERS, N_ITEMS, RANGE, 3.0, rows(N_USERS), rows(N_ITEMS), noise, beyond, NORMAL_WIDTHS
    )


@pytest.mark.parametrize("n_draws", [1, 4])
def test_influences_of_draws_are_means_of_each_draws_ridge_regression(n_draws):
    model = bayesian(n_draws)
    for user in (0, 6):
        rated, ratings = ratings_of(user)
        expected = np.zeros((N_ITEMS, len(rated)))
        for of_users, of_items in zip(model.user_rows, model.item_rows, strict=True):
            p, q = of_users[:, 1:].astype(float), of_items[:, 1:].astype(float)
            mean, precision = p.mean(axis=0), np.linalg.inv(np.cov(p.T, ddof=0))
            residuals = ratings - 3.0 - of_users[user, 0] - of_items[rated, 0] - q[rated] @ mean
            posterior = q[rated].T @ q[rated] / model.user_variance[user] + precision
            gain = q @ np.linalg.solve(posterior, q[rated].T) / model.user_variance[user]
            expected += gain * residuals / n_draws
        np.testing.assert_allclose(of_user(model, user), expected, rtol=1e-3, atol=1e-5)


def test_a_subset_of_the_draws_is_evenly_spaced(monkeypatch):
    model = bayesian(5)
    monkeypatch.setattr("blendmf.models.rating_influence.MOST_DRAWS", 3)
    some = of_user(model, 2)
    rows = (array[[0, 2, 4]] for array in (model.user_rows, model.item_rows))
    kept = BayesianFactorModel(
        N_USERS, N_ITEMS, RANGE, 3.0, *rows, model.user_variance, model.item_variance, NORMAL_WIDTHS
    )
    np.testing.assert_array_equal(some, of_user(kept, 2))


def test_one_user_alone_has_no_spread_and_hence_no_influence():
    model = bayesian(2)
    alone = BayesianFactorModel(
        1, N_ITEMS, RANGE, 3.0, model.user_rows[:, :1], model.item_rows,
        model.user_variance[:1], model.item_variance, NORMAL_WIDTHS,
    )  # fmt: skip
    assert not of_user(alone, 0).any()


def test_models_that_learn_no_factors_have_no_influences():
    assert rating_influence(fit_bias(TRAIN, RANGE, 1.0, 1.0), None) is None
