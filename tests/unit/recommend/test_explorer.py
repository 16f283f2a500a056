import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.config.experiment import ExplorerSettings
from blendmf.data.matrices import matrices
from blendmf.models.baselines import PopularityModel, RandomModel, fit_bias
from blendmf.models.bayesian_factor_model import NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.observations import Observations
from blendmf.models.svd import fit_pure_svd, fit_svd
from blendmf.recommend.explorer import ExplorerRun, explorer, shown_of
from blendmf.recommend.explorer_files import item_ratings
from blendmf.recommend.explorer_predictions import ExplorerModel
from blendmf.recommend.top_items import decimals_for

N_USERS, N_ITEMS, N_RECOMMENDED = 12, 20, 3
RANGE = (1.0, 5.0)
PARTS = ("train", "validation", "test")


class Data:
    """A small data set, its split, and the positions of its users and items."""

    def __init__(self, n_users=N_USERS, words=True, timestamps=True):
        random = stream(n_users, "explorer test")
        users, items = np.nonzero(random.random((n_users, N_ITEMS)) < 0.5)
        table = pd.DataFrame(
            {
                "user_id": [f"u{user:02}" for user in users],
                "item_id": 100 + items,
                "rating": random.integers(1, 6, len(users)).astype(np.float32),
                "timestamp": random.permutation(len(users)) * int(timestamps),
            }
        )
        number = random.permutation(np.arange(len(table)) % 5)
        self.table = table
        self.parts = dict(
            zip(PARTS, (table[number < 3], table[number == 3], table[number == 4]), strict=True)
        )
        described = pd.DataFrame(
            {
                "item_id": 100 + np.arange(N_ITEMS),
                "title": [f"Film {n}" for n in range(N_ITEMS)],
                "year": [1990.0 + n if n else np.nan for n in range(N_ITEMS)],
                "genres": [["Drama", "Crime"][: n % 3] for n in range(N_ITEMS)],
            }
        )
        self.made = matrices(*self.parts.values(), described)
        n_terms = 4 if words else 0
        tfidf = random.random((len(self.made.items), n_terms))
        self.tfidf = sp.csr_array(tfidf / np.linalg.norm(tfidf, axis=1, keepdims=True))
        self.vocabulary = pd.DataFrame(
            {
                "term": ["drama", "drama", "1990s", "fun"],
                "part": ["genres", "tags", "decade", "tags"],
            }
        ).iloc[:n_terms]
        self.train = Observations.from_matrix(self.made.train)
        whole = sum((getattr(self.made, part) for part in PARTS), sp.csr_array(self.train.shape))
        self.all = Observations.from_matrix(sp.csr_array(whole))

    def run(self, *models):
        ids = pd.Index(self.made.items["item_id"])
        of_items = item_ratings(ids, self.table["item_id"], self.table["rating"])
        made = self.made
        return ExplorerRun(
            *("films", RANGE, made.users, made.items, of_items, self.tfidf, self.vocabulary, models)
        )

    def explored(self, *models, **sizes):
        run = self.run(*models)
        shown = shown_of(run, ExplorerSettings(**sizes), seed=1)
        data = explorer(run, shown, self.parts, N_RECOMMENDED)
        assert json.loads(json.dumps(data, allow_nan=False))["dataset"] == "films"
        return data, shown

    def bayesian(self, seed):
        random, (n_users, n_items) = stream(seed, "draws"), self.train.shape

        def rows(n):
            return random.normal(0, 0.7, (4, n, 3)).astype(np.float32)

        beyond = np.ones(n_users, dtype=np.float32), np.zeros(n_items, dtype=np.float32)
        return BayesianFactorModel(
            n_users, n_items, RANGE, 3.0, rows(n_users), rows(n_items), *beyond, NORMAL_WIDTHS
        )

    def svd(self, part):
        return fit_svd(part, RANGE, 3, stream(0, "start"), 2.0, 2.0)


@pytest.fixture(scope="module")
def data():
    return Data()


@pytest.fixture(scope="module")
def models(data):
    return (
        ExplorerModel("draws", data.bayesian(1), data.bayesian(2), words=data.tfidf),
        ExplorerModel("svd", data.svd(data.all), data.svd(data.train)),
        ExplorerModel("bias", None, fit_bias(data.train, RANGE, 1.0, 1.0)),
    )


@pytest.fixture(scope="module")
def explored(data, models):
    return data.explored(*models)[0]


def test_models_state_what_they_do(explored):
    keys = ("name", "recommends", "predicts", "intervals", "fitted_on")
    assert [tuple(model[key] for key in keys) for model in explored["models"]] == [
        ("draws", True, True, True, "all ratings"),
        ("svd", True, True, False, "all ratings"),
        ("bias", False, True, False, "the training part"),
    ]


def test_histories_have_every_rating_in_time_order(data, explored):
    history, users, items = explored["history"], explored["users"]["id"], explored["items"]["id"]
    table = data.table.sort_values(["user_id", "timestamp"])
    number = {
        (row.user_id, row.item_id): str(PARTS.index(part))
        for part in PARTS
        for row in data.parts[part].itertuples()
    }
    owners = np.repeat(users, np.diff(history["start"])).tolist()
    assert owners == table["user_id"].tolist()
    rated = [items[item] for item in history["item"]]
    assert rated == table["item_id"].tolist()
    assert history["rating"] == table["rating"].tolist()
    assert history["part"] == "".join(number[pair] for pair in zip(owners, rated, strict=True))


def test_held_out_predictions_and_errors_are_of_the_fits_on_the_training_part(explored, models):
    history = explored["history"]
    users = np.repeat(np.arange(N_USERS), np.diff(history["start"]))
    test = np.array(list(history["part"])) == "2"
    users, items = users[test], np.array(history["item"])[test]
    ratings = np.array(history["rating"])[test]
    for model in models:
        predicted = model.evaluated.predict(users, items)
        np.testing.assert_allclose(history["predicted"][model.name], predicted, atol=0.0051)
        for side, groups in (("users", users), ("items", items)):
            for group, found in enumerate(explored["errors"][model.name][side]):
                error = (predicted - ratings)[groups == group]
                if not len(error):
                    assert found is None
                    continue
                assert found[0] == len(error)
                assert found[1] == pytest.approx(np.sqrt(np.mean(error**2)), abs=0.0051)
                assert found[2] == pytest.approx(error.mean(), abs=0.0051)
    low, high = models[0].evaluated.intervals(users, items, 0.9)
    np.testing.assert_allclose(history["low"]["draws"], low, atol=0.0051)
    np.testing.assert_allclose(history["high"]["draws"], high, atol=0.0051)
    assert history["low"].keys() == history["high"].keys() == {"draws"}


def test_recommendations_are_the_best_unrated_items_of_the_fits_on_all_ratings(
    data, explored, models
):
    rated = data.all.to_matrix().toarray() > 0
    for model in models[:2]:
        found = explored["recommendations"][model.name]
        scores = model.final.score_users(np.arange(N_USERS))
        for user in range(N_USERS):
            best = np.argsort(-np.where(rated[user], -np.inf, scores[user]))[:N_RECOMMENDED]
            assert found["item"][user] == best.tolist()
            exact = model.final.predict(np.full(len(best), user), best)
            np.testing.assert_allclose(found["predicted"][user], exact, atol=0.0051)
            for item, reasons in zip(best, found["reasons"][user], strict=True):
                total = sum(amount for kind, _, amount in reasons if kind != "neighbour")
                assert total == pytest.approx(scores[user, item], abs=0.0051)
                owned = {ref for kind, ref, _ in reasons if kind == "neighbour"}
                assert owned or model.name == "svd"
                assert rated[user, list(owned)].all()
    assert explored["recommendations"]["svd"]["low"] is None
    kinds = {kind for of in explored["recommendations"]["draws"]["reasons"][0] for kind, *_ in of}
    assert {"word", "rest", "neighbour"} <= kinds


def test_fans_are_the_users_with_the_highest_predictions_who_have_not_rated(data, explored, models):
    rated = data.all.to_matrix().toarray() > 0
    scores = models[0].final.score_users(np.arange(N_USERS))
    for item, found in enumerate(explored["items"]["fans"]):
        left = np.where(rated[:, item], -np.inf, scores[:, item])
        expected = [user for user in np.argsort(-left)[:5] if left[user] > -np.inf]
        assert [user for user, _ in found] == expected
        exact = models[0].final.predict(expected, np.full(len(expected), item))
        np.testing.assert_allclose([value for _, value in found], exact, atol=0.0051)


def test_predictions_are_counted_in_eight_bins(explored, models):
    scores = np.clip(models[0].final.score_users(np.arange(N_USERS)), *RANGE)
    for item, counts in enumerate(explored["items"]["predicted"]):
        expected, _ = np.histogram(scores[:, item], bins=8, range=RANGE)
        assert counts == expected.tolist()


def test_facts_of_users_and_items_are_those_of_the_tables(data, explored):
    items, users = explored["items"], explored["users"]
    for n, item in enumerate(items["id"]):
        own = data.table[data.table["item_id"] == item]
        assert items["n"][n] == len(own)
        assert items["mean"][n] == pytest.approx(own["rating"].mean(), abs=0.0051)
        assert items["n_train"][n] == (data.parts["train"]["item_id"] == item).sum()
    for n, user in enumerate(users["id"]):
        own = data.table[data.table["user_id"] == user]
        assert users["mean"][n] == pytest.approx(own["rating"].mean(), abs=0.0051)
        assert users["n_train"][n] == (data.parts["train"]["user_id"] == user).sum()
    assert items["title"][1] == "Film 1 (1991)"
    assert items["year"][:2] == [None, 1991]
    assert [[explored["genres"][g] for g in of] for of in items["genres"][:3]] == [
        [],
        ["Drama"],
        ["Drama", "Crime"],
    ]
    assert explored["words"] == ["drama (genres)", "drama (tags)", "1990s", "fun"]
    values = data.tfidf.toarray()[4]
    assert [word for word, _ in items["words"][4]] == np.argsort(-values).tolist()


def test_a_sample_shows_shown_pairs_only(data, models):
    found, shown = data.explored(*models, users=5, items=8)
    assert found["sample"]["users"] == [5, N_USERS]
    assert found["sample"]["items"] == [8, N_ITEMS]
    assert found["sample"]["how"] == shown.how != ""
    ids = found["items"]["id"]
    most = data.table["item_id"].value_counts()
    assert most[ids].min() >= most.drop(ids).max()
    own = data.table[data.table["user_id"].isin(found["users"]["id"])]
    shown_pairs = own["item_id"].isin(ids).sum()
    assert found["history"]["start"][-1] == len(found["history"]["item"]) == shown_pairs
    assert found["users"]["mean"] == pytest.approx(
        own.groupby("user_id")["rating"].mean().tolist(), abs=0.0051
    )
    listed = found["recommendations"]["svd"]
    whole = data.explored(*models)[0]
    for user, position in enumerate(shown.users):
        best = whole["recommendations"]["svd"]["item"][position]
        kept = [shown.index_of_item[item] for item in best if shown.index_of_item[item] >= 0]
        assert listed["item"][user] == kept
        assert len(listed["reasons"][user]) == len(kept)


def test_data_without_words_and_timestamps_and_models_without_ratings():
    data = Data(words=False, timestamps=False)
    found, _ = data.explored(
        ExplorerModel("random", None, RandomModel.fit(data.train, RANGE, 1)),
        ExplorerModel("pure-svd", fit_pure_svd(data.all, RANGE, 2, stream(0, "start")), None),
        ExplorerModel("popularity", PopularityModel.fit(data.all), None),
    )
    assert [model["predicts"] for model in found["models"]] == [True, False, False]
    assert found["history"]["predicted"].keys() == found["errors"].keys() == {"random"}
    assert found["history"]["low"] == {}
    assert not any(found["items"]["fans"])
    assert not any(found["items"]["predicted"])
    assert not any(found["items"]["words"])
    assert not any(found["items"]["near_words"])
    assert found["map_method"].startswith("The first two principal components")
    assert "pure-svd, fitted on all ratings" in found["map_method"]
    scores = found["recommendations"]["popularity"]["predicted"]
    assert scores[0] == sorted(scores[0], reverse=True)


def test_models_without_item_factors_make_no_map(data):
    bias = ExplorerModel("bias", fit_bias(data.all, RANGE, 1.0, 1.0), None)
    found, _ = data.explored(bias)
    assert found["map_method"] == "No model has item factors."
    assert found["items"]["x"] == [None] * N_ITEMS
    assert not any(found["items"]["near_factors"])
    assert found["errors"] == {}


def test_one_user_is_enough():
    data = Data(n_users=1)
    model = ExplorerModel("draws", data.bayesian(1), data.bayesian(2), words=data.tfidf)
    found, _ = data.explored(model)
    assert found["users"]["id"] == ["u00"]
    assert found["history"]["start"] == [0, len(data.table)]


@pytest.mark.parametrize(
    ("rating_range", "decimals"),
    [((1, 5), 2), ((0.5, 5), 2), ((0, 1), 3), ((-10, 10), 2), ((0, 100), 1), ((0, 10**6), 0)],
)
def test_decimals_follow_the_rating_range(rating_range, decimals):
    assert decimals_for(rating_range) == decimals
