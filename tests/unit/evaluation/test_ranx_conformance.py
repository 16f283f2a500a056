"""Metrics compared with those of ranx and scikit-learn.

Ties rank by item position, lowest first. ranx breaks ties differently, so it gets lists sorted in
this order by Python.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    mean_absolute_error,
    ndcg_score,
    root_mean_squared_error,
)

from blendmf.evaluation.metrics import METRICS, ranking_metrics
from blendmf.evaluation.ranked_lists import rank_users
from ranx_scores import ranx_scores
from ratings import observed_triples, observed_where
from small_evaluation import TableModel, evaluated

THRESHOLD = 4.0
OF_RANX = {
    "precision_at_k": "precision",
    "recall_at_k": "recall",
    "ndcg_at_k": "ndcg",
    "map_at_k": "map",
    "mrr": "mrr",
    "hit_rate_at_k": "hit_rate",
    "precision_at_min_k_n": "hits",
}


@dataclass(frozen=True, eq=False)
class Case:
    """Training and held-out ratings, scores of all items, and the list length."""

    seen: np.ndarray
    held_out: np.ndarray
    scores: np.ndarray
    k: int

    def lists(self, protocol):
        """Full lists of users with held-out ratings: items sorted by score, then position."""
        candidates = self.held_out > 0 if protocol == "rated" else ~self.seen
        return {
            user: sorted(np.flatnonzero(candidates[user]), key=lambda i, u=user: self.key(u, i))
            for user in np.flatnonzero((self.held_out > 0).any(axis=1))
        }

    def key(self, user, item):
        return -self.scores[user, item], item

    def relevant(self, user):
        return np.flatnonzero(self.held_out[user] >= THRESHOLD)

    def parts(self):
        train = observed_where(self.seen, np.ones_like(self.held_out))
        test = observed_where(self.held_out > 0, self.held_out)
        return train, observed_triples([], self.seen.shape), test

    def found(self, protocol):
        """This project's lists, and their metrics of each user, by name."""
        train, _, test = self.parts()
        model = TableModel(self.scores.astype(np.float32))
        rankings = rank_users(model, (train.to_matrix(),), test, self.k, THRESHOLD)
        lists = getattr(rankings, protocol)
        metrics = ranking_metrics(lists)
        return rankings, {
            int(user): {name: float(metrics[name][row]) for name in METRICS}
            for row, user in enumerate(lists.users)
        }


def case(scores, k=5, seed=0, share_held_out=0.3, lowest=1, highest=5):
    """Random case with held-out ratings from `lowest` to `highest`."""
    generator = np.random.default_rng(seed)
    share = generator.random(scores.shape)
    ratings = generator.integers(lowest, highest + 1, size=scores.shape)
    held_out = np.where(share > 1 - share_held_out, ratings, 0)
    return Case(share < 0.25, held_out, scores, k)


def distinct(n_users, n_items, seed):
    generator = np.random.default_rng(seed)
    return generator.permutation(n_users * n_items).reshape(n_users, n_items) / 64


def levels(n, n_users, n_items, seed):
    return np.random.default_rng(seed).integers(0, n, size=(n_users, n_items)) / 2


CASES = {
    "random": case(distinct(60, 40, 1), seed=1),
    "long lists": case(distinct(30, 60, 2), k=25, seed=2),
    "lists of one": case(distinct(30, 20, 3), k=1, seed=3),
    "many ties": case(levels(3, 60, 40, 4), seed=4),
    "all scores equal": case(np.ones((30, 25)), seed=5),
    "fewer candidates than k": case(distinct(40, 12, 6), k=10, seed=6),
    "k beyond the catalogue": case(levels(2, 30, 9, 7), k=50, seed=7),
    "nothing relevant": case(distinct(20, 15, 8), seed=8, highest=3),
    "few relevant": case(levels(4, 80, 30, 9), seed=9, share_held_out=0.06),
    "everything relevant": case(distinct(20, 15, 10), k=4, seed=10, lowest=4),
    "negative scores": case(distinct(30, 20, 11) - 1e3, seed=11),
}


@pytest.fixture(scope="module")
def of_ranx():
    """Scores by ranx of every case, protocol and user, computed in one process."""
    keys = [(name, protocol) for name in CASES for protocol in ("rated", "full")]
    groups = [
        {
            "lists": {str(u): [str(i) for i in ranked] for u, ranked in lists.items()},
            "relevant": {str(u): [str(i) for i in of_case.relevant(u)] for u in lists},
            "metrics": [f"{metric}@{of_case.k}" for metric in OF_RANX.values()],
        }
        for of_case, lists in (
            (CASES[name], CASES[name].lists(protocol)) for name, protocol in keys
        )
    ]
    return dict(zip(keys, ranx_scores(groups), strict=True))


@pytest.mark.parametrize("protocol", ["rated", "full"])
@pytest.mark.parametrize("name", CASES)
def test_ranking_metrics_equal_those_of_ranx(name, protocol, of_ranx):
    of_case = CASES[name]
    (rankings, found), lists = of_case.found(protocol), of_case.lists(protocol)
    assert found.keys() == lists.keys()
    if protocol == "full":
        listed = [row[row >= 0].tolist() for row in rankings.full_items]
        assert listed == [ranked[: of_case.k] for ranked in lists.values()]
    for user, metrics in found.items():
        theirs = {
            ours: of_ranx[name, protocol][f"{metric}@{of_case.k}"][str(user)]
            for ours, metric in OF_RANX.items()
        }
        n_relevant = len(of_case.relevant(user))
        # ranx divides average precision by all relevant items, not by min(k, relevant).
        theirs["map_at_k"] *= max(1, n_relevant) / max(1, min(of_case.k, n_relevant))
        theirs["precision_at_min_k_n"] /= min(of_case.k, len(lists[user]))
        assert metrics == pytest.approx(theirs, abs=1e-12), user


def test_cases_include_users_without_relevant_items_short_lists_and_ties():
    users = [
        (of_case, user, ranked)
        for of_case in CASES.values()
        for user, ranked in of_case.lists("rated").items()
    ]
    assert sum(len(of_case.relevant(user)) == 0 for of_case, user, _ in users) > 20
    assert sum(len(ranked) < of_case.k for of_case, _, ranked in users) > 50
    cut_ties = [
        of_case.scores[user, ranked[of_case.k - 1]] == of_case.scores[user, ranked[of_case.k]]
        for of_case, user, ranked in users
        if len(ranked) > of_case.k
    ]
    assert sum(cut_ties) > 50


def test_ndcg_and_average_precision_equal_those_of_scikit_learn():
    # scikit-learn cannot truncate average precision: these lists contain the whole catalogue.
    of_case = case(distinct(30, 20, 12), k=20, seed=12)
    compared = 0
    for user, metrics in of_case.found("full")[1].items():
        unseen = np.flatnonzero(~of_case.seen[user])
        relevant, scores = np.isin(unseen, of_case.relevant(user)), of_case.scores[user, unseen]
        ndcg = ndcg_score(relevant[None], scores[None], k=20)
        assert metrics["ndcg_at_k"] == pytest.approx(ndcg)
        if relevant.any():
            assert metrics["map_at_k"] == pytest.approx(average_precision_score(relevant, scores))
            compared += 1
    assert compared > 15


@pytest.mark.parametrize("name", ["random", "many ties", "negative scores"])
def test_rating_metrics_equal_those_of_scikit_learn(name):
    of_case = CASES[name]
    model = TableModel(of_case.scores.astype(np.float32))
    result = evaluated(model, of_case.parts())
    users, items = np.nonzero(of_case.held_out)
    observed, predicted = of_case.held_out[users, items], model.predict(users, items)
    of_users = [(observed[users == user], predicted[users == user]) for user in np.unique(users)]
    metrics = result.metrics["rating"]
    for ours, theirs in (("rmse", root_mean_squared_error), ("mae", mean_absolute_error)):
        assert metrics[ours] == pytest.approx(theirs(observed, predicted))
        by_user = [theirs(*of_user) for of_user in of_users]
        assert metrics[f"user_{ours}"] == pytest.approx(np.mean(by_user))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", ["held out", "not held out"])
def test_non_finite_scores_are_refused(value, place):
    of_case = CASES["random"]
    scores = of_case.scores.astype(np.float32)
    where = of_case.held_out > 0 if place == "held out" else of_case.held_out == 0
    held_out_users = (of_case.held_out > 0).any(axis=1, keepdims=True)
    user, item = np.argwhere(where & held_out_users)[0]
    scores[user, item] = value
    with pytest.raises(ValueError, match="scores of the table model are not finite"):
        evaluated(TableModel(scores), of_case.parts())
