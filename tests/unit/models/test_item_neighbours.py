import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models import item_neighbours
from blendmf.models.baselines import fit_bias
from blendmf.models.item_neighbours import fit_item_neighbours, neighbour_weights, similarities
from ratings import observed

RANGE = (1.0, 5.0)
DEFAULTS = model_entry({"kind": "item-neighbours"})
DEFAULTS = {name: getattr(DEFAULTS, name) for name in DEFAULTS.parameters}
SETTINGS = DEFAULTS | {
    "neighbours": 5,
    "similarity_shrinkage": 3.0,
    "neighbour_shrinkage": 0.7,
}


def some_ratings(seed=0, shape=(40, 25), share=0.4):
    random = stream(seed, "test item neighbours")
    users, items = np.nonzero(random.random(shape) < share)
    tastes = random.normal(0, 1, (shape[0], 2)) @ random.normal(0, 1, (2, shape[1]))
    return observed(users, items, np.clip(np.round(3 + tastes[users, items]), *RANGE), shape)


def similarity_of(left, i, j, shrinkage):
    """Similarity of two columns by definition; unrated entries are NaN."""
    common = ~np.isnan(left[:, i]) & ~np.isnan(left[:, j])
    a, b, n = left[common, i], left[common, j], common.sum()
    if n < 2 or i == j:
        return 0.0
    return (n - 1) / (n - 1 + shrinkage) * (a @ b) / np.sqrt((a @ a) * (b @ b))


def by_definition(train, bias, settings):
    """Weights of all pairs of items and scores of all pairs of users and items."""
    left = np.full(train.shape, np.nan)
    left[train.users, train.items] = train.ratings - bias.score_pairs(train.users, train.items)
    items, shrinkage = range(train.shape[1]), settings["similarity_shrinkage"]
    alike = np.array([[similarity_of(left, i, j, shrinkage) for j in items] for i in items])
    weights = np.zeros_like(alike)
    for i in items:
        best = np.argsort(-alike[i])[: settings["neighbours"]]
        best = best[alike[i, best] > 0]
        weights[i, best] = alike[i, best] ** settings["amplification"]
    weights /= weights[weights > 0].mean()
    scores = bias.score_users(np.arange(train.shape[0])).astype(np.float64)
    for user in range(train.shape[0]):
        rated = np.flatnonzero(~np.isnan(left[user]))
        w = weights[:, rated]
        scores[user] += w @ left[user, rated] / (settings["neighbour_shrinkage"] + w.sum(axis=1))
    return weights, scores


@pytest.mark.parametrize(("amplification", "neighbours"), [(1.0, 5), (2.5, 5), (1.0, 1), (1, 1000)])
def test_weights_and_scores_follow_the_definition(amplification, neighbours):
    train = some_ratings()
    # User 5 has no ratings, item 8 at most one.
    train = train.where((train.users != 5) & ((train.items != 8) | (train.users == 1)))
    settings = SETTINGS | {"amplification": amplification, "neighbours": neighbours}
    model = fit_item_neighbours(train, RANGE, **settings)
    weights, scores = by_definition(train, model.bias, settings)
    np.testing.assert_allclose(model.weights.toarray(), weights.T, atol=1e-5)
    assert model.weights.nnz == np.count_nonzero(weights)
    assert not weights[8].any()
    np.testing.assert_allclose(model.score_users(np.arange(40)), scores, atol=1e-5)


@given(st.integers(0, 10_000), st.floats(0, 50))
def test_similarities_are_symmetric_and_at_most_one(seed, shrinkage):
    train = some_ratings(seed, shape=(12, 8), share=0.5)
    left = stream(seed, "residuals").normal(size=len(train)).astype(np.float32)
    by_item = sp.csr_array((left, (train.items, train.users)), shape=train.shape[::-1])
    alike = similarities(by_item, np.arange(8), shrinkage)
    np.testing.assert_allclose(alike, alike.T, atol=1e-6)
    assert np.abs(alike).max() <= 1 + 1e-6
    assert not np.diag(alike).any()


def test_scores_do_not_depend_on_the_block_sizes(monkeypatch):
    train = some_ratings()
    whole = fit_item_neighbours(train, RANGE, **SETTINGS)
    users, items = stream(3, "pairs").integers(-2, 27, (2, 300))
    scores = whole.score_pairs(users, items)
    monkeypatch.setattr(item_neighbours, "ENTRIES_PER_BLOCK", 1)
    monkeypatch.setattr(item_neighbours, "LEAST_ITEMS", 3)
    monkeypatch.setattr(item_neighbours, "SCORES_PER_BLOCK", 60)
    cut = fit_item_neighbours(train, RANGE, **SETTINGS)
    np.testing.assert_allclose(cut.weights.toarray(), whole.weights.toarray(), rtol=1e-5)
    np.testing.assert_allclose(cut.score_pairs(users, items), scores, rtol=1e-5)


def test_unknown_users_and_items_fall_back_to_the_known_biases():
    train = some_ratings()
    model = fit_item_neighbours(train, RANGE, **SETTINGS)
    bias = fit_bias(train, RANGE, 15.0, 10.0)
    users, items = np.array([-1, 99, 0, -1]), np.array([3, 3, 25, -1])
    np.testing.assert_array_equal(model.score_pairs(users, items), bias.score_pairs(users, items))
    np.testing.assert_array_equal(model.score_users([-1])[0], bias.score_users([-1])[0])


def test_without_neighbours_scores_are_the_biases():
    one_each = observed(np.arange(3), np.arange(3), [1, 3, 5], (3, 3))
    model = fit_item_neighbours(one_each, RANGE, **DEFAULTS | {"neighbour_shrinkage": 0.0})
    assert model.weights.nnz == 0
    np.testing.assert_array_equal(model.score_users([0])[0], model.bias.score_users([0])[0])


def test_neighbours_without_residuals_have_no_weight():
    flat = sp.csr_array((np.zeros(6, dtype=np.float32), ([0, 0, 1, 1, 2, 2], [0, 1] * 3)))
    assert neighbour_weights(flat, 5, 1.0).nnz == 0


def test_neighbours_model_tastes_that_biases_cannot():
    train = some_ratings(shape=(150, 60), share=0.5)
    held_out = np.arange(len(train)) % 5 == 0
    settings = DEFAULTS | {"similarity_shrinkage": 10, "neighbour_shrinkage": 1}
    model = fit_item_neighbours(train.where(~held_out), RANGE, **settings)
    test = train.where(held_out)
    assert rmse(model, test) ** 2 < 0.7 * rmse(model.bias, test) ** 2
