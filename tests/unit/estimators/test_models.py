import json
import pickle
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

import blendmf
from blendmf import BayesianMF, Bias, ItemNeighbours, MatrixFactorization, TruncatedSVD
from blendmf.common.digests import digest_file
from blendmf.common.errors import UserError
from blendmf.common.files import read_json
from configs import DEFAULT
from damaging import damaged

SMALL = {
    BayesianMF: {"latent_dim": 2, "epochs": 25, "burn_in": 5, "draws": 10},
    MatrixFactorization: {"latent_dim": 2, "epochs": 15},
    ItemNeighbours: {"neighbours": 10},
    Bias: {},
    TruncatedSVD: {"rank": 2},
}
CLASSES = list(SMALL)


def made(of, **params):
    return of(**(SMALL[of] | params))


@pytest.fixture(scope="module")
def ratings():
    """Most ratings of 60 users of 25 items by two factors and biases, at random times."""
    random = np.random.default_rng(1)
    true = 3 + 0.8 * random.normal(size=(60, 2)) @ random.normal(size=(2, 25))
    true += random.normal(scale=0.5, size=(60, 1)) + random.normal(scale=0.5, size=25)
    users, items = np.nonzero(random.random(true.shape) < 0.8)
    noise = random.normal(scale=0.2, size=len(users))
    table = {
        "user": [f"u{user}" for user in users],
        "item": items + 100,
        "rating": np.clip(true[users, items] + noise, 1, 5),
        "timestamp": random.permutation(len(users)),
    }
    return pd.DataFrame(table)


@pytest.fixture(scope="module")
def items():
    genres = ["drama", "comedy", "drama|war"]
    return pd.DataFrame(
        {
            "item": range(100, 127),
            "title": [f"Film {n}" for n in range(27)],
            "genres": [genres[n % 3] for n in range(27)],
        }
    )


@pytest.fixture(scope="module")
def parts(ratings):
    return blendmf.split(ratings)


@pytest.fixture(scope="module")
def fitted(parts, items):
    return {of: made(of).fit(parts.train, items=items) for of in CLASSES}


@pytest.mark.parametrize("of", CLASSES)
def test_held_out_ratings_are_predicted_better_than_by_their_mean(of, parts, fitted):
    model = fitted[of]
    predicted = model.predict(parts.test)
    assert predicted.shape == (len(parts.test),)
    assert model.score(parts.test) > (0.0 if of is Bias else 0.1)
    known = model.score(parts.test[["user", "item"]], parts.test["rating"])
    assert known == model.score(parts.test)


@pytest.mark.parametrize("of", CLASSES)
def test_a_saved_estimator_is_the_same_when_loaded(of, parts, fitted, tmp_path):
    model = fitted[of]
    model.save(tmp_path / "model")
    loaded = blendmf.load(tmp_path / "model")
    assert type(loaded) is of
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(loaded.predict(parts.test), model.predict(parts.test))
    pd.testing.assert_frame_equal(loaded.recommend("u3"), model.recommend("u3"))
    pd.testing.assert_frame_equal(loaded.explain("u3", 101), model.explain("u3", 101))
    with pytest.raises(UserError, match="is not empty"):
        model.save(tmp_path / "model")


def test_a_saved_estimator_with_damaged_or_foreign_files_is_refused(parts, fitted, tmp_path):
    for name, of in (("mine", Bias), ("other", ItemNeighbours)):
        fitted[of].save(tmp_path / name)
    mine, other = tmp_path / "mine", tmp_path / "other"
    for path in sorted(file for file in mine.iterdir() if not file.name.startswith(".")):
        kept = path.read_bytes()
        theirs = (other / path.name).read_bytes()
        for content in [*damaged(kept, 20, path.name), *([theirs] if theirs != kept else [])]:
            path.write_bytes(content)
            with pytest.raises(UserError, match=f"{path}: was changed .*save the estimator again"):
                blendmf.load(mine)
        path.write_bytes(kept)
    mine.rename(tmp_path / "renamed")
    loaded = blendmf.load(tmp_path / "renamed")
    np.testing.assert_array_equal(loaded.predict(parts.test), fitted[Bias].predict(parts.test))


@pytest.mark.parametrize(
    "facts", [{}, {"class": "fields"}, {"class": "Bias", "params": {"nope": 1}}, [], "x", None]
)
def test_a_saved_estimator_without_its_facts_is_refused(facts, fitted, tmp_path):
    fitted[Bias].save(tmp_path / "model")
    path = tmp_path / "model/estimator.json"
    digest_file(path).unlink()
    full = {**read_json(path), **facts} if facts and isinstance(facts, dict) else facts
    path.write_text(json.dumps(full))
    with pytest.raises(UserError, match=r"estimator\.json: cannot be read"):
        blendmf.load(tmp_path / "model")


def test_the_model_of_other_users_is_refused_in_a_saved_estimator(parts, fitted, tmp_path):
    fitted[Bias].save(tmp_path / "mine")
    known = parts.train[parts.train["user"] != parts.train["user"].iloc[0]]
    Bias().fit(known).save(tmp_path / "other")
    for name in ("model.npz", ".model.npz.sha256"):
        (tmp_path / "mine" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(UserError, match=r"model\.npz: a model of other users and items"):
        blendmf.load(tmp_path / "mine")


@pytest.mark.parametrize("of", CLASSES)
def test_recommendations_leave_out_what_the_user_has_rated(of, parts, fitted):
    table = fitted[of].recommend(["u3", "u4"], n=5)
    assert table["user"].tolist() == ["u3"] * 5 + ["u4"] * 5
    assert table["rank"].tolist() == [1, 2, 3, 4, 5] * 2
    for user, own in table.groupby("user"):
        rated = parts.train[parts.train["user"] == user]["item"]
        assert not set(own["item"]) & set(rated)
        assert own["score"].is_monotonic_decreasing
    assert table["title"].str.startswith("Film ").all()
    assert ("low" in table) == (of is BayesianMF)


@pytest.mark.parametrize("of", CLASSES)
def test_reasons_add_up_to_the_score(of, fitted):
    model = fitted[of]
    reasons = model.explain("u3", 101)
    additive = reasons[reasons["kind"] != "neighbour"]["amount"].sum()
    user, item = model.users_.get_loc("u3"), model.items_["item_id"].tolist().index(101)
    assert additive == pytest.approx(model.model_.score_pairs([user], [item])[0], abs=1e-3)


@pytest.mark.parametrize("of", [BayesianMF, MatrixFactorization, ItemNeighbours, Bias])
def test_new_users_join_without_a_new_fit(of, parts, fitted):
    model = fitted[of]
    new = parts.train[parts.train["user"].isin(["u3", "u4"])].assign(
        user=lambda table: "new-" + table["user"]
    )
    joined = model.fold_in(new)
    others = parts.test[~parts.test["user"].isin(["u3", "u4"])]
    np.testing.assert_array_equal(joined.predict(others), model.predict(others))
    pairs = {"user": ["u3"] * 27, "item": range(100, 127)}
    known = model.predict(pd.DataFrame(pairs))
    found = joined.predict(pd.DataFrame(pairs | {"user": ["new-u3"] * 27}))
    assert np.abs(found - known).mean() < 0.15
    assert set(joined.recommend("new-u3")["item"]).isdisjoint(new["item"][new["user"] == "new-u3"])
    assert len(joined.explain("new-u3", 126))
    assert "new-u3" not in model.users_


def test_new_users_that_cannot_join_are_named(fitted, parts):
    model = fitted[BayesianMF]
    with pytest.raises(UserError, match="known already: u3"):
        model.fold_in(parts.train[parts.train["user"] == "u3"])
    with pytest.raises(UserError, match="none of the 1 rated items is known"):
        model.fold_in((["x"], [999], [3.0]))
    with pytest.raises(UserError, match="1 ratings are outside the range"):
        model.fold_in((["x"], [100], [11.0]))


def test_intervals_contain_held_out_ratings(parts, fitted):
    table = fitted[BayesianMF].predict(parts.test, interval=0.9)
    assert list(table) == ["rating", "low", "high"]
    np.testing.assert_array_equal(table["rating"], fitted[BayesianMF].predict(parts.test))
    inside = (table["low"] <= parts.test["rating"]) & (parts.test["rating"] <= table["high"])
    assert 0.75 < inside.mean() <= 1
    with pytest.raises(UserError, match="has no intervals"):
        fitted[Bias].predict(parts.test, interval=0.9)
    with pytest.raises(UserError, match="above 0 and below 1"):
        fitted[BayesianMF].predict(parts.test, interval=90)


def test_similar_items(fitted):
    by_words = fitted[Bias].similar(100, n=30, by="words")
    assert set(by_words["item"][by_words["cosine"] > 0.9]) == set(range(103, 127, 3))
    assert {"item", "title", "cosine"} == set(fitted[BayesianMF].similar(100))
    with pytest.raises(UserError, match="has no item factors"):
        fitted[Bias].similar(100)
    with pytest.raises(UserError, match="item x is unknown; ids are such as 100"):
        fitted[Bias].similar("x")


def test_unknown_users_get_a_fallback_and_no_recommendations(fitted):
    predicted = fitted[BayesianMF].predict((["nobody"], [101]))
    assert 1 <= predicted[0] <= 5
    with pytest.raises(UserError, match="user nobody is unknown"):
        fitted[BayesianMF].recommend("nobody")


def test_words_of_unrated_items_inform_their_predictions():
    """Who likes the first kind of item dislikes the second; an item without ratings has words."""
    random = np.random.default_rng(0)
    taste = random.choice([-1.5, 1.5], size=80)
    kind = np.arange(24) % 2
    rated = random.random((80, 24)) < 0.5
    rated[:, 22:] = False
    users, items = np.nonzero(rated)
    stars = np.clip(3 + taste[users] * (1 - 2 * kind[items]), 1, 5)
    texts = {n: ("laughter jokes", "sorrow tears")[kind[n]] for n in range(24)}
    model = BayesianMF(latent_dim=2, epochs=40).fit((users, items, stars), items=texts)
    likes = model.predict((np.arange(80), np.full(80, 22)))
    assert np.corrcoef(likes, taste)[0, 1] > 0.9


def test_the_share_zero_fits_on_all_ratings_at_once(parts):
    model = made(MatrixFactorization, validation=0.0).fit(parts.train)
    assert model.fit_.epochs == 15
    assert np.isnan(model.fit_.validation_rmse)


@pytest.mark.parametrize("times", [True, False])
def test_a_fit_without_times_or_with_few_ratings_works(parts, times):
    few = parts.train.groupby("user").head(3)
    table = few if times else few.drop(columns="timestamp")
    assert made(BayesianMF).fit(table).predict(parts.test).std() > 0


@pytest.mark.parametrize("of", [BayesianMF, MatrixFactorization])
@pytest.mark.parametrize("times", [True, False])
def test_the_order_of_the_rows_does_not_matter(of, times, parts):
    table = parts.train.assign(timestamp=parts.train["timestamp"] // 100)
    table = table if times else table.drop(columns="timestamp")
    one, other = (made(of).fit(rows) for rows in (table, table.sample(frac=1, random_state=1)))
    np.testing.assert_array_equal(one.predict(parts.test), other.predict(parts.test))


@pytest.mark.parametrize("of", CLASSES)
def test_threads_and_a_second_fit_give_the_same_bits(of, parts):
    one, two = (made(of, threads=threads).fit(parts.train) for threads in (1, 2))
    np.testing.assert_array_equal(one.predict(parts.test), two.predict(parts.test))


def test_wrong_parameters_are_all_named(parts):
    with pytest.raises(UserError, match="validation must be at least 0 and below 1, not 1"):
        made(BayesianMF, validation=1.0).fit(parts.train)
    with pytest.raises(UserError, match=r"latent_dim: 0 is out of range.*; epochs: 1.5 is not"):
        BayesianMF(latent_dim=0, epochs=1.5).fit(parts.train)
    with pytest.raises(UserError, match="outside the range 2 to 4"):
        Bias(rating_range=(2, 4)).fit(parts.train)


def test_defaults_are_those_of_the_default_experiment():
    models = DEFAULT["models"]
    training = models["bayes"]["training"]
    estimator = BayesianMF()
    for name, value in training.items():
        if name in estimator.get_params():
            assert getattr(estimator, name) == value, name
    for of, name in ((Bias, "bias"), (ItemNeighbours, "item-neighbours"), (TruncatedSVD, "svd")):
        own = {field.name for field in fields(of)} & models[name].keys()
        assert own
        assert {key: getattr(of(), key) for key in own} == {key: models[name][key] for key in own}


def test_scikit_learn_can_search_and_cross_validate(ratings):
    pairs, y = ratings[["user", "item"]], ratings["rating"]
    scores = cross_val_score(made(BayesianMF), pairs, y, cv=KFold(3, shuffle=True, random_state=0))
    assert scores.min() > 0.2
    found = GridSearchCV(Bias(), {"user_shrinkage": [1, 1000]}, cv=3).fit(pairs, y)
    assert found.best_params_ == {"user_shrinkage": 1}
    assert clone(made(BayesianMF)).get_params() == made(BayesianMF).get_params()


CANNOT_APPLY = {
    *("check_complex_data", "check_dict_unchanged", "check_dtype_object"),
    *("check_estimators_dtypes", "check_estimators_pickle", "check_f_contiguous_array_estimator"),
    *("check_fit1d", "check_estimator_sparse_array", "check_estimator_sparse_matrix"),
    *("check_estimator_sparse_tag", "check_estimators_empty_data_messages"),
    *("check_estimators_nan_inf", "check_fit2d_1feature", "check_fit2d_1sample"),
    *("check_fit2d_predict1d", "check_methods_sample_order_invariance"),
    *("check_methods_subset_invariance", "check_n_features_in"),
    *("check_n_features_in_after_fitting", "check_positive_only_tag_during_fit"),
    *("check_regressor_data_not_an_array", "check_regressors_int", "check_regressors_train"),
    *("check_requires_y_none", "check_supervised_y_2d", "check_supervised_y_no_nan"),
}
"""Checks of scikit-learn that fit arrays of several random features; here X has two columns of ids,
and what is wrong with them raises a `UserError`."""


@pytest.mark.parametrize("of", [BayesianMF, Bias])
@pytest.mark.filterwarnings("ignore")
def test_the_checks_of_scikit_learn_that_can_apply_pass(of):
    results = check_estimator(made(of), on_skip=None, on_fail=None)
    failed = {result["check_name"] for result in results if result["status"] == "failed"}
    passed = {result["check_name"] for result in results if result["status"] == "passed"}
    assert failed == CANNOT_APPLY
    assert len(passed) >= 20


def test_a_fitted_estimator_can_be_pickled(fitted, parts):
    for model in fitted.values():
        again = pickle.loads(pickle.dumps(model))  # noqa: S301
        np.testing.assert_array_equal(again.predict(parts.test), model.predict(parts.test))


@pytest.mark.parametrize("form", ["columns", "text"])
def test_features_of_users_without_ratings_inform_their_predictions(form):
    """The old like what the young dislike; half of the users have no ratings at all."""
    random = np.random.default_rng(0)
    age = random.integers(18, 80, size=160)
    likes = np.where(age < 45, 1.5, -1.5)
    kind = np.where(np.arange(24) % 2, 1, -1)
    users, items = np.nonzero(random.random((80, 24)) < 0.5)
    stars = np.clip(3 + likes[users] * kind[items], 1, 5)
    described = pd.DataFrame(
        {"user": range(160), "age": age, "name": [f"n{n}" for n in range(160)]}
    )
    if form == "text":
        described = {n: ("young reader", "old reader")[int(age[n] >= 45)] for n in range(160)}
    model = BayesianMF(latent_dim=2, epochs=40).fit((users, items, stars), users=described)
    unrated = np.arange(80, 160)
    predicted = model.predict((unrated, np.full(80, 1)))
    assert np.corrcoef(predicted, likes[80:])[0, 1] > 0.85
    assert set(unrated) <= set(model.users_)
    with pytest.raises(UserError, match="features of users need the optimiser bayes"):
        MatrixFactorization().fit((users, items, stars), users=described)


def test_ratings_with_times_are_predicted_at_their_times(ratings):
    """Every user becomes two stars milder from the first rating to the last."""
    order = ratings.groupby("user")["timestamp"].rank(pct=True)
    milder = ratings.assign(rating=ratings["rating"] + 2 * order)
    parts = blendmf.split(milder, scheme="random", train=0.7, validation=0.1)
    model = made(BayesianMF, epochs=60).fit(parts.train, validation=parts.validation)
    error = model.predict(parts.test) - parts.test["rating"]
    timeless = model.predict(parts.test[["user", "item"]]) - parts.test["rating"]
    assert np.sqrt(np.mean(error**2)) < 0.7 * np.sqrt(np.mean(timeless**2))
    scores = blendmf.evaluate(model, parts.test)
    assert scores.metrics["rating"]["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), abs=1e-6)
    middle = model.predict(parts.test, interval=0.9)
    inside = middle["low"].to_numpy() <= parts.test["rating"].to_numpy()
    assert 0.85 < np.mean(inside & (parts.test["rating"].to_numpy() <= middle["high"])) <= 1
    unknown = pd.DataFrame({"user": ["nobody"], "item": [100], "timestamp": [3]})
    assert np.isfinite(model.predict(unknown)).all()


def test_a_new_user_s_ratings_are_predicted_at_their_times(ratings):
    order = ratings.groupby("user")["timestamp"].rank(pct=True)
    milder = ratings.assign(rating=ratings["rating"] + 2 * order)
    by_new = (milder["user"] == "u7").to_numpy()
    tested = by_new & (milder["timestamp"] % 3 == 0).to_numpy()
    model = made(BayesianMF, epochs=60).fit(milder[~by_new])
    own = milder[tested]
    at_their_times = model.fold_in(milder[by_new & ~tested])
    timeless = model.fold_in(milder[by_new & ~tested].drop(columns="timestamp"))
    errors = [one.predict(own) - own["rating"] for one in (at_their_times, timeless)]
    assert np.sqrt(np.mean(errors[0] ** 2)) < 0.8 * np.sqrt(np.mean(errors[1] ** 2))
    np.testing.assert_array_equal(timeless.predict(own), timeless.predict(own[["user", "item"]]))
