import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.models.baselines import PopularityModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.rating_influence import rating_influence
from blendmf.recommend.reasons import MOST_NEIGHBOURS, MOST_WORDS, reasons_of

N_USERS, N_ITEMS, D, N_TERMS = 3, 8, 4, 5
RANDOM = stream(5, "reasons")


def values(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


CONTENT = sp.csr_array(RANDOM.random((N_ITEMS, N_TERMS)).astype(np.float32))
MODEL = FactorModel(
    N_USERS,
    N_ITEMS,
    (1.0, 5.0),
    3.0,
    values(N_USERS),
    values(N_ITEMS),
    values(N_USERS, D),
    values(N_ITEMS, D),
    values(N_TERMS, D),
    content=CONTENT,
)
USERS, ITEMS = np.array([0, 0, 2, 2]), np.array([1, 5, 0, 7])
RATED = sp.csr_array(np.array([[5, 0, 3, 1, 0, 0, 4, 0], [0, 2, 0, 0, 5, 0, 0, 0]], dtype=float))


def reasons(model=MODEL, index=None, least=0.0, decimals=2):
    index = np.arange(N_ITEMS) if index is None else index
    settings = {"words": None, "penalty": 0.1, "decimals": decimals, "least": least}
    return reasons_of(model, USERS, ITEMS, RATED, index, **settings)


@pytest.mark.parametrize("decimals", [2, 3])
def test_additive_reasons_add_up_to_the_rounded_score(decimals):
    scores = MODEL.score_pairs(USERS, ITEMS)
    for score, of_pair in zip(scores, reasons(decimals=decimals), strict=True):
        total = sum(amount for kind, _, amount in of_pair if kind != "neighbour")
        assert total == pytest.approx(round(float(score), decimals))
        kinds = [kind for kind, _, _ in of_pair]
        assert kinds[:3] == ["base", "user", "item"]
        assert kinds.count("word") == MOST_WORDS
        assert kinds.count("rest") == 1


def test_the_largest_words_and_ratings_are_named_in_order():
    weights = MODEL.user_factors @ MODEL.content_factors.T
    influence = rating_influence(MODEL, 0.1)
    for pair, of_pair in enumerate(reasons()):
        user, item = USERS[pair], ITEMS[pair]
        words = CONTENT.toarray()[item] * weights[user]
        order = np.argsort(-np.abs(words))[:MOST_WORDS]
        named = [(ref, amount) for kind, ref, amount in of_pair if kind == "word"]
        assert named == [(n, pytest.approx(words[n], abs=0.0051)) for n in order]
        rated = np.flatnonzero(RATED.toarray()[int(user == 2)])
        amounts = influence(user, np.array([item]), rated, RATED.toarray()[int(user == 2), rated])
        order = np.argsort(-np.abs(amounts[0]))[:MOST_NEIGHBOURS]
        named = [(ref, amount) for kind, ref, amount in of_pair if kind == "neighbour"]
        assert named == [(rated[n], pytest.approx(amounts[0, n], abs=0.0051)) for n in order]


def test_small_reasons_after_the_first_are_left_to_the_rest():
    for score, of_pair in zip(MODEL.score_pairs(USERS, ITEMS), reasons(least=99.0), strict=True):
        kinds = [kind for kind, _, _ in of_pair]
        assert kinds == ["base", "user", "item", "word", "factor", "rest", "neighbour"]
        total = sum(amount for kind, _, amount in of_pair if kind != "neighbour")
        assert total == pytest.approx(round(float(score), 2))


def test_ratings_of_items_that_are_not_shown_are_no_reasons():
    index = np.where(np.isin(np.arange(N_ITEMS), [0, 4]), np.arange(N_ITEMS) + 10, -1)
    named = [{ref for kind, ref, _ in of if kind == "neighbour"} for of in reasons(index=index)]
    assert named == [{10}, {10}, {14}, {14}]


def test_a_model_that_only_ranks_has_its_score_as_rest():
    found = reasons(PopularityModel(N_USERS, np.arange(N_ITEMS)))
    assert found == [[("rest", None, 1)], [("rest", None, 5)], [], [("rest", None, 7)]]


def test_no_pairs_have_no_reasons():
    nobody = np.zeros(0, dtype=np.int64)
    settings = {"words": None, "penalty": None, "decimals": 2, "least": 0.0}
    assert reasons_of(MODEL, nobody, nobody, RATED, np.arange(N_ITEMS), **settings) == []
