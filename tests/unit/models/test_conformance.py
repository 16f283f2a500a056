"""Contract of every model kind and optimiser, on a tiny data set."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.models.model import UncertainModel, load_model
from blendmf.training.fit import fit_model
from ratings import observed

RANGE = (1.0, 5.0)
N_USERS, N_ITEMS = 12, 9
SMALL = {"latent_dim": 2, "epochs": 4, "burn_in": 1, "draws": 2, "batch_size": 16, "blocks": 2}


def trained(kind, optimiser="sgd", **given):
    blend = {"blend": given.pop("blend")} if "blend" in given else {}
    return {"kind": kind, **blend, "training": SMALL | {"optimiser": optimiser} | given}


ENTRIES = {
    "random": {"kind": "random"},
    "global-mean": {"kind": "global-mean"},
    "popularity": {"kind": "popularity"},
    "bias": {"kind": "bias"},
    "item-neighbours": {"kind": "item-neighbours", "similarity_shrinkage": 1},
    "svd": {"kind": "svd", "rank": 2},
    "pure-svd": {"kind": "pure-svd", "rank": 2},
    "content": trained("content"),
    "mf": trained("mf"),
    "mf-torch": trained("mf", engine="torch", device="cpu"),
    "mf-adam": trained("mf", "adam", device="cpu"),
    "mf-gd": trained("mf", "gd", device="cpu"),
    "mf-als": trained("mf", "als"),
    "mf-bayes": trained("mf", "bayes"),
    "mf-content-user": trained("mf-content", blend="user"),
    "mf-content-item": trained("mf-content", blend="item"),
    "mf-content-both": trained("mf-content", blend="both"),
    "mf-content-torch": trained("mf-content", blend="both", engine="torch", device="cpu"),
    "mf-content-bayes": trained("mf-content", "bayes", blend="item"),
}
SVDS = ("svd", "pure-svd")


def part(keep):
    """Ratings of the pairs selected by `keep`."""
    ratings = stream(0, "ratings").integers(1, 6, (N_USERS, N_ITEMS))
    users, items = np.nonzero(keep)
    times = np.arange(len(users)) * 60
    return observed(users, items, ratings[users, items], keep.shape, times)


# The last user and the last item have no training rating.
CHOSEN = stream(0, "parts").choice(3, (N_USERS, N_ITEMS), p=[0.6, 0.2, 0.2])
KNOWN = (np.arange(N_USERS) < N_USERS - 1)[:, None] & (np.arange(N_ITEMS) < N_ITEMS - 1)
TRAIN, VALIDATION = part((CHOSEN == 0) & KNOWN), part((CHOSEN == 1) & KNOWN)
EMPTY = part(np.zeros((N_USERS, N_ITEMS), dtype=bool))
CONTENT = sp.csr_array(stream(0, "content").random((N_ITEMS, 4)) < 0.5, dtype=np.float32)
ALL_USERS = np.arange(N_USERS)
USERS, ITEMS = np.divmod(np.arange(N_USERS * N_ITEMS), N_ITEMS)


def fitted(name, train=TRAIN, validation=VALIDATION, content=CONTENT, number=1):
    entry = model_entry(ENTRIES[name])
    given = {"rating_range": RANGE, "seed": 7, "name": ("test", number)}
    return fit_model(entry, train, validation, content, **given).model


@pytest.fixture(scope="module", params=ENTRIES)
def named_model(request):
    return request.param, fitted(request.param)


def test_predictions_and_scores_are_finite_and_have_the_right_shape(named_model):
    name, model = named_model
    assert model.predicts_ratings == (name not in ("popularity", "pure-svd"))
    assert (model.n_users, model.n_items) == (N_USERS, N_ITEMS)
    scores = model.score_users(ALL_USERS)
    assert (scores.shape, scores.dtype) == ((N_USERS, N_ITEMS), np.float32)
    assert np.isfinite(scores).all()
    predicted = model.predict(USERS, ITEMS)
    assert (predicted.shape, predicted.dtype) == ((len(USERS),), np.float64)
    bounds = RANGE if model.predicts_ratings else (-np.inf, np.inf)
    np.testing.assert_allclose(predicted, scores.ravel().clip(*bounds), atol=1e-5)


def test_scores_depend_only_on_the_pair(named_model):
    _, model = named_model
    scores = model.score_users(ALL_USERS)
    order = stream(0, "order").permutation(len(USERS))
    pairs = model.score_pairs(USERS[order], ITEMS[order])
    np.testing.assert_allclose(pairs, scores.ravel()[order], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.score_users([2, -1, 2])[2], scores[2], rtol=1e-5, atol=1e-5)


def test_unknown_users_and_items_share_one_fallback(named_model):
    name, model = named_model
    for users, items in (([-1, 99], [3, 3]), ([3, 3], [-1, 99]), ([-1, 99], [99, -1])):
        for values in (model.predict(users, items), model.score_pairs(users, items)):
            assert np.isfinite(values).all()
            assert name == "random" or values[0] == values[1]
    assert np.isfinite(model.score_users([-1, 99])).all()


def test_a_saved_model_gives_the_same_scores(named_model, tmp_path):
    _, model = named_model
    model.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert type(loaded) is type(model)
    assert (loaded.n_users, loaded.n_items) == (N_USERS, N_ITEMS)
    users, items = np.append(USERS, [-1, 3]), np.append(ITEMS, [3, 99])
    for scored in (lambda m: m.predict(users, items), lambda m: m.score_pairs(users, items)):
        np.testing.assert_array_equal(scored(loaded), scored(model))
    np.testing.assert_array_equal(loaded.score_users(ALL_USERS), model.score_users(ALL_USERS))
    assert isinstance(loaded, UncertainModel) == isinstance(model, UncertainModel)
    if isinstance(model, UncertainModel):
        ends, again = (m.intervals(users, items, 0.9) for m in (model, loaded))
        np.testing.assert_array_equal(ends, again)


def test_the_random_stream_determines_the_model(named_model):
    name, model = named_model
    scores = model.score_users(ALL_USERS)
    np.testing.assert_array_equal(fitted(name).score_users(ALL_USERS), scores)
    other = fitted(name, number=2).score_users(ALL_USERS)
    if model_entry(ENTRIES[name]).stochastic:
        assert not np.array_equal(other, scores)
    else:
        np.testing.assert_allclose(other, scores, atol=1e-5)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_empty_validation_part(name):
    model = fitted(name, validation=EMPTY)
    assert np.isfinite(model.score_users(ALL_USERS)).all()


@pytest.mark.parametrize("shape", [(1, N_ITEMS), (N_USERS, 1), (1, 1)])
@pytest.mark.parametrize("name", ENTRIES)
def test_one_user_or_one_item(name, shape):
    train, nothing = part(np.ones(shape, dtype=bool)), part(np.zeros(shape, dtype=bool))
    content = CONTENT[: shape[1]]
    if name in SVDS:
        with pytest.raises(UserError, match="rank"):
            fitted(name, train, nothing, content)
        return
    model = fitted(name, train, nothing, content)
    assert model.score_users(np.arange(shape[0])).shape == shape
    assert np.isfinite(model.score_users([0, -1])).all()
    assert np.isfinite(model.predict([0, -1], [0, 0])).all()


@pytest.mark.parametrize("scale", [(0.0, 1.0), (-10.0, 10.0), (0.0, 100.0), (0.5, 5.0), (0.0, 1e4)])
@pytest.mark.parametrize("name", ENTRIES)
def test_the_rating_scale_changes_no_rank_and_no_error_in_its_unit(name, scale):
    (low, _high), unit = scale, (scale[1] - scale[0]) / (RANGE[1] - RANGE[0])

    def rescaled(part):
        moved = low + (part.ratings.astype(np.float64) - RANGE[0]) * unit
        return replace(part, ratings=moved.astype(np.float32))

    entry = model_entry(ENTRIES[name])
    given = {"rating_range": scale, "seed": 7, "name": ("test", 1)}
    other = fit_model(entry, rescaled(TRAIN), rescaled(VALIDATION), CONTENT, **given).model
    model = fitted(name)
    if model.predicts_ratings:
        predicted = (other.predict(USERS, ITEMS) - low) / unit + RANGE[0]
        np.testing.assert_allclose(predicted, model.predict(USERS, ITEMS), atol=1e-4)
    else:
        scores, expected = other.score_users(ALL_USERS), model.score_users(ALL_USERS)
        norms = np.abs(scores).max(), np.abs(expected).max()
        np.testing.assert_allclose(scores / norms[0], expected / norms[1], atol=1e-4)
