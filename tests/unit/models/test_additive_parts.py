import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import Ridge

from blendmf.common.random_streams import stream
from blendmf.models.additive_parts import additive_parts
from blendmf.models.baselines import PopularityModel
from blendmf.models.bayesian_factor_model import NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import fit_item_neighbours
from ratings import observed

N_DRAWS, N_USERS, N_ITEMS, D, N_TERMS = 5, 4, 6, 3, 2
USERS, ITEMS = np.divmod(np.arange(N_USERS * N_ITEMS), N_ITEMS)
CONTENT = sp.csr_array(
    np.array([[1, 0], [0.6, 0.8], [0, 0], [0, 1], [0.8, 0.6], [1, 0]], dtype=np.float32)
)
RANGE = (1.0, 5.0)


def values(*shape):
    return stream(1, "parts", str(shape)).standard_normal(shape).astype(np.float32)


def factor_model(**terms):
    return FactorModel(N_USERS, N_ITEMS, RANGE, 3.0, **terms)


def bayesian():
    rows = values(N_DRAWS, N_USERS, 1 + D), values(N_DRAWS, N_ITEMS, 1 + D)
    beyond = np.ones(N_USERS, dtype=np.float32), np.zeros(N_ITEMS, dtype=np.float32)
    return BayesianFactorModel(N_USERS, N_ITEMS, RANGE, 3.0, *rows, *beyond, NORMAL_WIDTHS)


BIASES = {"user_bias": values(N_USERS), "item_bias": values(N_ITEMS)}
FACTORS = {"user_factors": values(N_USERS, D), "item_factors": values(N_ITEMS, D)}
WORDS = {"content_factors": values(N_TERMS, D), "content": CONTENT}
WEIGHTS = {"user_content": sp.csr_array(values(N_USERS, N_TERMS)), "content": CONTENT}
VARIANTS = {
    "mean": {},
    "bias": BIASES,
    "mf": BIASES | FACTORS,
    "user blend": BIASES | FACTORS | WEIGHTS,
    "item blend": BIASES | FACTORS | WORDS,
    "content only": {"user_factors": FACTORS["user_factors"]} | WORDS | WEIGHTS,
    "both": BIASES | FACTORS | WORDS | WEIGHTS,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_parts_of_a_factor_model_add_up_to_the_unclipped_score(name):
    model = factor_model(**VARIANTS[name])
    parts = additive_parts(model, USERS, ITEMS)
    np.testing.assert_allclose(parts.total, model.score_pairs(USERS, ITEMS), rtol=1e-5, atol=1e-5)
    assert not parts.other.any()


def test_parts_of_a_blend_are_those_of_the_formula():
    terms = VARIANTS["both"] | {
        "user_factors": np.array([[1, 2]], dtype=np.float32),
        "item_factors": np.array([[0.3, -0.4]], dtype=np.float32),
        "content_factors": np.array([[1, 0], [0.5, 0.5]], dtype=np.float32),
        "user_content": sp.csr_array(np.array([[0.2, -0.1]])),
        "content": sp.csr_array(np.array([[0.6, 0.8]])),
        "user_bias": np.array([0.1], dtype=np.float32),
        "item_bias": np.array([-0.5], dtype=np.float32),
    }
    parts = additive_parts(FactorModel(1, 1, RANGE, 3.0, **terms), np.array([0]), np.array([0]))
    assert (parts.base, parts.user[0], parts.item[0]) == pytest.approx((3.0, 0.1, -0.5))
    # 0.6 (1 * 1 + 2 * 0 + 0.2) and 0.8 (1 * 0.5 + 2 * 0.5 - 0.1)
    np.testing.assert_allclose(parts.words.toarray(), [[0.72, 1.12]])
    np.testing.assert_allclose(parts.factors, [[0.3, -0.8]], rtol=1e-6)


@pytest.mark.parametrize("words", [None, CONTENT, sp.csr_array((N_ITEMS, 0))])
def test_parts_of_draws_add_up_to_the_mean_prediction(words):
    model = bayesian()
    parts = additive_parts(model, USERS, ITEMS, words)
    np.testing.assert_allclose(parts.total, model.score_pairs(USERS, ITEMS), rtol=1e-5, atol=1e-5)
    means = model.user_rows[:, USERS, 0].mean(axis=0), model.item_rows[:, ITEMS, 0].mean(axis=0)
    np.testing.assert_allclose((parts.user, parts.item), means, rtol=1e-5)


def test_words_of_draws_are_the_mean_over_regressions_of_each_draw():
    model, expected = bayesian(), np.zeros((len(USERS), N_TERMS))
    for of_users, of_items in zip(model.user_rows, model.item_rows, strict=True):
        fitted = Ridge(alpha=1.0).fit(CONTENT.toarray().astype(float), of_items[:, 1:])
        shares = of_users[:, 1:] @ fitted.coef_
        expected += shares[USERS] * CONTENT.toarray()[ITEMS] / N_DRAWS
    words = additive_parts(model, USERS, ITEMS, CONTENT).words.toarray()
    np.testing.assert_allclose(words, expected, rtol=1e-4, atol=1e-6)


def test_parts_do_not_depend_on_which_other_pairs_are_explained():
    whole = additive_parts(bayesian(), USERS, ITEMS, CONTENT)
    some = np.array([3, 9, 20])
    parts = additive_parts(bayesian(), USERS[some], ITEMS[some], CONTENT)
    np.testing.assert_allclose(parts.words.toarray(), whole.words.toarray()[some], rtol=1e-5)
    np.testing.assert_allclose(parts.other, whole.other[some], rtol=1e-5)


def test_neighbours_are_what_the_score_has_beyond_the_biases():
    train = observed(USERS, ITEMS, 3 + values(len(USERS)), (N_USERS, N_ITEMS))
    model = fit_item_neighbours(
        train,
        RANGE,
        neighbours=3,
        similarity_shrinkage=0.5,
        neighbour_shrinkage=0.5,
        amplification=1.0,
        user_shrinkage=1.0,
        item_shrinkage=1.0,
    )
    parts = additive_parts(model, USERS, ITEMS)
    np.testing.assert_allclose(parts.total, model.score_pairs(USERS, ITEMS), rtol=1e-5)
    assert model.bias.user_bias is not None
    np.testing.assert_allclose(parts.user, model.bias.user_bias[USERS], rtol=1e-6)
    assert np.abs(parts.other).max() > 0.01


def test_a_score_without_parts_is_one_part():
    model = PopularityModel(N_USERS, np.arange(N_ITEMS))
    parts = additive_parts(model, USERS, ITEMS)
    assert parts.other.tolist() == parts.total.tolist() == ITEMS.tolist()
