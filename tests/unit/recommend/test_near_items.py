import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.models.baselines import PopularityModel
from blendmf.models.bayesian_factor_model import NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.recommend import near_items as module
from blendmf.recommend.near_items import (
    item_vectors,
    near_by_factors,
    near_by_words,
    ratings_needed,
)

RANDOM = stream(8, "map")
N, D = 30, 5
VECTORS = RANDOM.standard_normal((N, D))
ON_MAP = np.arange(N) % 4 > 0
N_RATINGS = RANDOM.integers(0, 100, N)


def drawn_model(rotations):
    """A model whose draws have the same factors, rotated."""
    rows = np.stack([np.column_stack([np.zeros(N), VECTORS @ r]) for r in rotations])
    users = np.zeros((len(rotations), 1, 1 + D), dtype=np.float32)
    beyond = np.ones(1, dtype=np.float32), np.ones(N, dtype=np.float32)
    return BayesianFactorModel(
        1, N, (1.0, 5.0), 3.0, users, rows.astype(np.float32), *beyond, NORMAL_WIDTHS
    )


def rotation():
    return np.linalg.qr(RANDOM.standard_normal((D, D)))[0]


def test_angles_between_items_do_not_depend_on_the_rotation_of_draws():
    stacked = item_vectors(drawn_model([rotation() for _ in range(3)]), np.arange(N))
    np.testing.assert_allclose(stacked @ stacked.T, VECTORS @ VECTORS.T, rtol=1e-4, atol=1e-5)
    some = np.array([2, 9])
    found = item_vectors(drawn_model([np.eye(D)]), some)
    np.testing.assert_allclose(found, VECTORS[some], rtol=1e-6)


def test_vectors_of_a_blend_include_the_words():
    content = sp.csr_array(RANDOM.random((N, 2)).astype(np.float32))
    factors = RANDOM.standard_normal((2, D)).astype(np.float32)
    model = FactorModel(1, N, (1.0, 5.0), 3.0, content_factors=factors, content=content)
    np.testing.assert_allclose(
        item_vectors(model, np.arange(N)), content.toarray() @ factors, rtol=1e-5
    )


def test_a_model_without_item_factors_has_no_vectors():
    assert item_vectors(PopularityModel(1, np.arange(N)), np.arange(N)) is None
    assert item_vectors(FactorModel(1, N, (1.0, 5.0), 3.0), np.arange(N)) is None


def test_half_of_the_items_are_on_the_map_if_few_have_many_ratings():
    assert ratings_needed(np.array([3, 8, 5])) == 5
    assert ratings_needed(np.array([30, 80, 50])) == 20
    assert ratings_needed(np.array([0, 0, 9])) == 1
    assert ratings_needed(np.zeros(0, dtype=np.int64)) == 1


def by_definition(cosines, n_ratings, n, least):
    near = []
    for item, row in enumerate(np.round(cosines, 2)):
        others = [other for other in range(len(row)) if other != item and row[other] >= least]
        others.sort(key=lambda other: (-row[other], -n_ratings[other]))
        near.append([(other, row[other]) for other in others[:n]])
    return near


@pytest.mark.parametrize("rows", [1, 7, 512])
def test_near_items_have_the_largest_cosines_of_centred_factors(rows, monkeypatch):
    monkeypatch.setattr(module, "ROWS_PER_BLOCK", rows)
    chosen = np.flatnonzero(ON_MAP)
    centred = VECTORS[chosen] - VECTORS[chosen].mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    expected = by_definition(unit @ unit.T, N_RATINGS[chosen], 4, 0.2)
    near = near_by_factors(VECTORS, ON_MAP, N_RATINGS, 4)
    for number, item in enumerate(chosen):
        assert near[item] == [(chosen[other], cosine) for other, cosine in expected[number]]
    assert all(not near[item] for item in np.flatnonzero(~ON_MAP))


def test_equally_similar_words_are_ordered_by_popularity_and_others_left_out():
    tfidf = sp.csr_array(np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 0]], dtype=np.float32))
    near = near_by_words(tfidf, np.array([5, 1, 9, 7, 7]), 2)
    assert near == [[(2, 1), (1, 1)], [(2, 1), (0, 1)], [(0, 1), (1, 1)], [], []]


def test_data_without_words_and_a_single_item_have_no_similar_items():
    assert near_by_words(sp.csr_array((2, 0)), np.array([1, 2]), 3) == [[], []]
    assert near_by_factors(VECTORS[:1], np.array([True]), N_RATINGS[:1], 3) == [[]]


def test_the_similar_items_of_one_item_are_those_among_the_similar_items_of_all():
    some = np.array([7, 2, 8])
    near = near_by_factors(VECTORS, ON_MAP, N_RATINGS, 4)
    assert near_by_factors(VECTORS, ON_MAP, N_RATINGS, 4, some) == [near[7], near[2], []]
    tfidf = sp.csr_array(np.abs(VECTORS) / np.linalg.norm(VECTORS, axis=1, keepdims=True))
    by_words = near_by_words(tfidf, N_RATINGS, 4)
    assert near_by_words(tfidf, N_RATINGS, 4, some) == [by_words[n] for n in some]
