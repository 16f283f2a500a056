"""Invariance of an evaluation to ids, row orders and block sizes."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.evaluation.ranked_lists import rank_users
from blendmf.evaluation.rating_metrics import prediction_errors
from blendmf.evaluation.strata import VALUES
from blendmf.models.observations import Observations
from small_evaluation import TableModel, evaluated, random_parts

seeds = st.integers(0, 10**6)
few = settings(max_examples=10)

CHANGED = ("rating_n_ratings", "rating_squared_error", "full_n_listed", "full_novelty")
"""Metrics that depend on the number of users; novelty does because of its smoothing."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Input of an evaluation; parts are training, validation and test."""

    parts: tuple[Observations, ...]
    years: np.ndarray
    scores: np.ndarray
    user_id: np.ndarray

    def evaluated(self):
        model = TableModel(self.scores)
        return evaluated(model, self.parts, self.years, self.user_id, k=3)


def problem(seed, *, ties):
    """Random ratings, and scores that are distinct or have many ties."""
    generator = np.random.default_rng(seed)
    parts = random_parts(seed)
    n_users, n_items = parts[2].shape
    distinct = generator.permutation(n_users * n_items) / (n_users * n_items / 5)
    equal = generator.integers(0, 6, size=n_users * n_items)
    scores = (equal if ties else distinct).reshape(n_users, n_items).astype(np.float32)
    years = generator.integers(2000, 2003, size=len(parts[2]))
    return Problem(parts, years, scores, np.arange(n_users))


def assert_same(result, expected):
    """Compare metrics, strata and per-user tables up to the rounding of sums."""
    assert flat(result.metrics) == pytest.approx(flat(expected.metrics), rel=1e-12)
    pd.testing.assert_frame_equal(result.strata, expected.strata, rtol=1e-12)
    by_user = (table.sort_values("user_id") for table in (result.per_user, expected.per_user))
    first, second = (table.reset_index(drop=True) for table in by_user)
    pd.testing.assert_frame_equal(first, second, rtol=1e-12)


def flat(metrics):
    return {
        f"{block}_{name}": value
        for block, values in metrics.items()
        for name, value in values.items()
    }


def with_users_renumbered(given_order, random):
    moved_to = random.permutation(len(given_order.user_id)).astype(np.int32)
    came_from = np.argsort(moved_to)
    return replace(
        given_order,
        parts=tuple(replace(part, users=moved_to[part.users]) for part in given_order.parts),
        scores=given_order.scores[came_from],
        user_id=given_order.user_id[came_from],
    )


def with_items_renumbered(given_order, random):
    moved_to = random.permutation(given_order.scores.shape[1]).astype(np.int32)
    return replace(
        given_order,
        parts=tuple(replace(part, items=moved_to[part.items]) for part in given_order.parts),
        scores=given_order.scores[:, np.argsort(moved_to)],
    )


def with_test_ratings_shuffled(given_order, random):
    *known, test = given_order.parts
    order = random.permutation(len(test))
    return replace(given_order, parts=(*known, test.where(order)), years=given_order.years[order])


@few
@given(seeds)
@pytest.mark.parametrize(
    ("reordered", "ties"),
    [
        (with_users_renumbered, True),
        (with_items_renumbered, False),
        (with_test_ratings_shuffled, True),
    ],
)
def test_the_order_of_users_items_and_ratings_does_not_matter(reordered, ties, seed):
    given_order = problem(seed, ties=ties)
    found = reordered(given_order, np.random.default_rng(seed)).evaluated()
    assert_same(found, given_order.evaluated())


@few
@given(seeds)
def test_the_order_of_items_does_not_matter_to_rating_errors_even_with_ties(seed):
    given_order = problem(seed, ties=True)
    expected = given_order.evaluated()
    found = with_items_renumbered(given_order, np.random.default_rng(seed)).evaluated()
    assert found.metrics["rating"] == pytest.approx(expected.metrics["rating"], rel=1e-12)
    errors = ["rmse", "rmse_low", "rmse_high", "mae", "user_rmse", "user_mae"]
    pd.testing.assert_frame_equal(found.strata[errors], expected.strata[errors], rtol=1e-12)


@few
@given(seeds, st.integers(2, 3))
def test_repeating_every_user_does_not_change_the_means(seed, times):
    once = problem(seed, ties=True)
    n_users, n_items = once.scores.shape

    def repeated(part):
        users = [part.users + np.int32(copy * n_users) for copy in range(times)]
        return Observations(
            np.concatenate(users),
            np.tile(part.items, times),
            np.tile(part.ratings, times),
            (times * n_users, n_items),
        )

    more = replace(
        once,
        parts=tuple(repeated(part) for part in once.parts),
        years=np.tile(once.years, times),
        scores=np.tile(once.scores, (times, 1)),
        user_id=np.arange(times * n_users),
    )
    expected, found = once.evaluated(), more.evaluated()
    means = {
        name: value
        for name, value in flat(expected.metrics).items()
        if "_n_users" not in name and name not in CHANGED
    }
    assert {name: flat(found.metrics)[name] for name in means} == pytest.approx(means, rel=1e-12)
    values = [name for name in VALUES if name not in ("rmse_low", "rmse_high", "full_novelty")]
    first, second = (
        result.strata.loc[result.strata["stratum"].isin(["user-history", "year"]), values]
        for result in (expected, found)
    )
    pd.testing.assert_frame_equal(first, second, rtol=1e-12)


@few
@given(seeds, st.integers(1, 12), st.integers(1, 400))
def test_rankings_do_not_depend_on_the_block_size(seed, k, size):
    given_order = problem(seed, ties=True)
    train, _, test = given_order.parts
    model, seen = TableModel(given_order.scores), (train.to_matrix(),)
    whole = rank_users(model, seen, test, k, 3.5)
    blocks = rank_users(
        model, seen, test, k, 3.5, scores_per_block=size, pairs_per_block=max(1, size // 8)
    )
    np.testing.assert_array_equal(whole.full_items, blocks.full_items)
    for first, second in ((whole.rated, blocks.rated), (whole.full, blocks.full)):
        for name in ("users", "found", "hits", "n_relevant", "n_candidates"):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@few
@given(seeds, st.integers(1, 50))
def test_rating_errors_do_not_depend_on_the_block_size(seed, size):
    given_order = problem(seed, ties=False)
    model, test = TableModel(given_order.scores), given_order.parts[2]
    blocks = prediction_errors(model, test, pairs_per_block=size)
    np.testing.assert_array_equal(blocks, prediction_errors(model, test))
