import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from blendmf.evaluation.ranking_metrics import top_k

score_tables = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.sampled_from([-np.inf, -1.5, 0.0, 0.25, 0.5, 2.0]),
)


def head_of_full_sort(scores, k):
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    lists = np.where(np.take_along_axis(scores, order, axis=1) > -np.inf, order, -1)
    return np.pad(lists, ((0, 0), (0, k - lists.shape[1])), constant_values=-1)


@given(score_tables, st.integers(1, 15))
def test_lists_are_the_head_of_a_full_sort_by_score_and_position(scores, k):
    np.testing.assert_array_equal(top_k(scores, k), head_of_full_sort(scores, k))


@pytest.mark.parametrize("k", [1, 10, 100])
@pytest.mark.parametrize("n_values", [3, 200, 10**9])
def test_long_rows_with_many_and_with_few_ties(k, n_values):
    generator = np.random.default_rng(n_values + k)
    scores = generator.integers(0, n_values, size=(20, 3000)).astype(np.float32)
    scores[generator.random(scores.shape) < 0.1] = -np.inf
    np.testing.assert_array_equal(top_k(scores, k), head_of_full_sort(scores, k))


@pytest.mark.parametrize("ascending", [True, False])
def test_rows_in_order_are_sorted_as_any_other(ascending):
    scores = np.sort(np.random.default_rng(3).normal(size=(4, 500)).astype(np.float32))
    scores = scores if ascending else np.ascontiguousarray(scores[:, ::-1])
    np.testing.assert_array_equal(top_k(scores, 25), head_of_full_sort(scores, 25))


def test_equal_scores_rank_by_position():
    np.testing.assert_array_equal(top_k(np.zeros((2, 50), np.float32), 4), [[0, 1, 2, 3]] * 2)


def test_a_view_with_gaps_is_read_as_its_rows():
    scores = np.random.default_rng(4).normal(size=(6, 80)).astype(np.float32)
    np.testing.assert_array_equal(top_k(scores[::2, ::3], 5), top_k(scores[::2, ::3].copy(), 5))
