from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from blendmf.audits import fitted_on as fitted_on_module
from blendmf.audits import perturbations as alterations
from blendmf.audits.expectations import EXPECTED
from blendmf.audits.fitted_on import COLUMNS, ModelFile, Stored, fitted_on
from blendmf.common.files import read_arrays
from blendmf.data.content import content
from blendmf.data.matrices import matrices
from blendmf.data.rating_order import places
from blendmf.data.splits import split
from blendmf.models.baselines import PopularityModel, RandomModel, fit_bias, fit_global_mean
from blendmf.models.drift import without_drift
from blendmf.models.item_neighbours import fit_item_neighbours
from blendmf.models.observations import Observations
from blendmf.models.svd import fit_svd

SETTINGS = {
    "parts": ["genres", "tags", "year", "title"],
    "tags": "train-only",
    "max_terms": 5000,
    "min_items": 1,
    "idf": "smooth",
    "dealt": None,
}
SPLIT = {"scheme": "per-user-temporal", "train": 0.7, "validation": 0.15, "min_ratings": 5}
PATHS = {
    name: f"{name}.file"
    for name in (
        *("user_index", "item_index", "train_matrix", "facts", "vocabulary", "tfidf"),
        *("train", "validation"),
    )
}
SHRINKAGE = {"user_shrinkage": 4.0, "item_shrinkage": 3.0}


@pytest.fixture(scope="module")
def tables():
    """Ratings by 30 users of 60 items, some of them rated once; their parts, the items, tags."""
    random = np.random.default_rng(3)
    pairs = pd.DataFrame(
        {"user_id": np.repeat(np.arange(30), 60), "item_id": np.tile(range(60), 30)}
    )
    chance = (1 + pairs["item_id"].to_numpy()) ** -2.0
    rated = pairs.iloc[np.sort(random.choice(1800, 400, replace=False, p=chance / chance.sum()))]
    ratings = rated.assign(
        item_id="m" + rated["item_id"].astype(str),
        rating=random.integers(1, 11, 400).astype(np.float32) / 3,
        timestamp=random.integers(0, 10_000, 400),
    ).reset_index(drop=True)
    items = pd.DataFrame(
        {
            "item_id": [f"m{number}" for number in range(60)],
            "title": [f"film {'abcdef'[number % 6] * 3}" for number in range(60)],
            "year": pd.array([None, *range(1950, 2009)], dtype="Int64"),
            "genres": [["Drama", "War"][: number % 3] for number in range(60)],
        }
    )
    tags = ratings.sample(120, random_state=1)[["user_id", "item_id", "timestamp"]]
    words = np.array(["funny", "slow burn", "a cult classic", "funny"])
    tags = tags.assign(
        tag=words[random.integers(4, size=120)],
        timestamp=tags["timestamp"] + random.integers(0, 3000, 120),
    ).reset_index(drop=True)
    divided = split(ratings, SPLIT, seed=1)
    parts = {"train": divided.train, "validation": divided.validation, "test": divided.test}
    return parts, items, tags


@pytest.fixture(scope="module")
def dependence_found(tables):
    return alterations.dependence(*tables, SETTINGS, seed=1)


@pytest.fixture
def altered_before(dependence_found, monkeypatch):
    """Spares the alterations where they are of no account."""
    monkeypatch.setattr(fitted_on_module, "dependence", lambda *_: dependence_found)


def stored_of(tables, tmp_path, settings=SETTINGS):
    """What the rules of the workflow would store."""
    parts, items, tags = tables
    built = matrices(*parts.values(), items)
    text = content(built.items, tags, parts["train"], settings, 1)
    train = Observations.from_matrix(built.train)
    models = {
        "global-mean": fit_global_mean(train, (0, 5)),
        "bias": fit_bias(train, (0, 5), **SHRINKAGE),
        "popularity": PopularityModel.fit(train),
        "random": RandomModel.fit(train, (0, 5), 1),
        "svd": fit_svd(train, (0, 5), 2, np.random.default_rng(1), **SHRINKAGE),
        "item-neighbours": fit_item_neighbours(train, (0, 5), **SHRINKAGE),
    }
    files = []
    for kind, model in models.items():
        path = tmp_path / f"{kind}.npz"
        model.save(path)
        files.append(ModelFile(str(path), {"kind": kind, **SHRINKAGE}, read_arrays(path)))
    placed = places(parts["train"], parts["validation"], built.users, built.items)
    matrices_of = (built.train, built.validation)
    observed = [Observations.from_matrix(*of) for of in zip(matrices_of, placed, strict=True)]
    moved = fit_bias(without_drift(*observed, (0, 5)), (0, 5))
    moved.save(tmp_path / "mf.npz")
    arrays = read_arrays(tmp_path / "mf.npz")
    files.append(ModelFile(str(tmp_path / "mf.npz"), {"kind": "mf"}, arrays, is_without_drift=True))
    return Stored(
        built.users["user_id"],
        built.items,
        built.train,
        text.tfidf,
        text.vocabulary,
        text.facts,
        files,
        PATHS,
        placed,
    )


def audited(tables, stored, settings=SETTINGS):
    return fitted_on(*tables, stored, settings, seed=1)[0]


def unexpected(table):
    return set(table.loc[~table["as_expected"], "statistic"])


def with_model(stored, kind, **arrays):
    models = [
        replace(model, arrays={**model.arrays, **arrays})
        if model.settings["kind"] == kind
        else model
        for model in stored.models
    ]
    return replace(stored, models=models)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"tags": "all"},
        {"idf": "textbook"},
        {"max_terms": 12, "dealt": 7},
        {"min_items": 3, "parts": ["decade", "tags"]},
        {"parts": ["genres"]},
        {"min_items": 61},
    ],
)
def test_what_the_pipeline_stores_is_recomputed_and_depends_on_what_it_should(
    tables, tmp_path, changed
):
    settings = SETTINGS | changed
    table = audited(tables, stored_of(tables, tmp_path, settings), settings)
    assert list(table.columns) == COLUMNS
    assert set(table["statistic"]) == set(EXPECTED)
    assert table["recomputed_equal"].all()
    assert table["as_expected"].all()
    assert (table["largest_difference"] < 1e-7).all()


def test_what_changes_with_which_part(tables, tmp_path):
    table = audited(tables, stored_of(tables, tmp_path)).drop_duplicates("statistic")
    by_statistic = table.set_index("statistic")
    changes = {
        statistic: tuple(
            row[["changes_with_training", "changes_with_validation", "changes_with_test"]]
        )
        for statistic, row in by_statistic.iterrows()
    }
    ratings_alone = ("values, rows", "nothing", "nothing")
    words = ("times, rows", "rows", "rows")
    assert changes == {
        "training mean": ratings_alone,
        "training mean without drift": ("values, times, rows", "times", "nothing"),
        "places of ratings": ("times, rows", "times, rows", "nothing"),
        "biases": ratings_alone,
        "training matrix": ratings_alone,
        "training ratings of items": ("rows", "nothing", "nothing"),
        "user ids": ("nothing", "nothing", "nothing"),
        "item ids": ("rows", "rows", "rows"),
        "tags used": ("times, rows", "nothing", "nothing"),
        "vocabulary": words,
        "idf": words,
        "TF-IDF rows": words,
    }


@pytest.mark.usefixtures("altered_before")
def test_a_mean_or_bias_that_saw_the_test_part_is_told(tables, tmp_path):
    parts, _, _ = tables
    stored = stored_of(tables, tmp_path)
    mean_of_all = pd.concat(parts.values())["rating"].mean()
    table = audited(tables, with_model(stored, "global-mean", global_mean=np.array(mean_of_all)))
    wrong = table[~table["as_expected"]]
    assert list(wrong["stored_in"]) == [str(tmp_path / "global-mean.npz")]
    assert wrong["largest_difference"].item() == pytest.approx(
        abs(mean_of_all - parts["train"]["rating"].mean()), rel=1e-4
    )
    everything = matrices(pd.concat(parts.values()), parts["test"], parts["test"], tables[1])
    leaking = fit_bias(Observations.from_matrix(everything.train), (0, 5), **SHRINKAGE)
    for kind in ("bias", "svd", "item-neighbours"):
        told = audited(tables, with_model(stored, kind, item_bias=leaking.item_bias))
        assert unexpected(told) == {"biases"}
        assert list(told.loc[~told["as_expected"], "stored_in"]) == [str(tmp_path / f"{kind}.npz")]


def test_no_tag_is_used_where_tags_are_no_part_of_the_content(tables):
    found, _ = alterations.dependence(*tables, SETTINGS | {"parts": ["genres"]}, seed=1)
    assert found["tags used"] == {"train": [], "validation": [], "test": []}


@pytest.mark.usefixtures("altered_before")
def test_content_of_other_items_or_of_more_tags_is_told(tables, tmp_path):
    stored = stored_of(tables, tmp_path)
    rolled = replace(
        stored, tfidf=sp.csr_array(stored.tfidf[np.roll(np.arange(len(stored.items)), 1)])
    )
    assert unexpected(audited(tables, rolled)) == {"TF-IDF rows"}
    of_all_tags = stored_of(tables, tmp_path, SETTINGS | {"tags": "all"})
    assert {"tags used", "TF-IDF rows"} <= unexpected(audited(tables, of_all_tags))


@pytest.mark.usefixtures("altered_before")
def test_a_drift_that_was_measured_otherwise_and_other_places_are_told(tables, tmp_path):
    stored = stored_of(tables, tmp_path)
    plain = [replace(model, is_without_drift=True) for model in stored.models]
    told = audited(tables, replace(stored, models=plain))
    wrong = told[~told["as_expected"]]
    assert set(wrong["statistic"]) == {"training mean without drift"}
    assert str(tmp_path / "mf.npz") not in set(wrong["stored_in"])
    swapped = stored.places._replace(train=stored.places.validation)
    told = audited(tables, replace(stored, places=swapped))
    assert list(told.loc[~told["as_expected"], "stored_in"]) == [PATHS["train"]]
    unplaced = audited(tables, replace(stored, places=None))
    assert "places of ratings" not in set(unplaced["statistic"])


@pytest.mark.usefixtures("altered_before")
def test_counts_and_ids_of_more_than_there_is_are_told(tables, tmp_path):
    stored = stored_of(tables, tmp_path)
    miscounted = stored.items.assign(n_train=stored.items["n_train"] + 1)
    table = audited(tables, replace(stored, items=miscounted))
    assert unexpected(table) == {"training ratings of items"}
    extra = pd.concat([stored.user_ids, pd.Series([99])])
    table = audited(tables, replace(stored, user_ids=extra)).set_index("statistic")
    assert not table.loc["user ids", "as_expected"]
    assert np.isnan(table.loc["user ids", "largest_difference"])


def test_a_pipeline_that_trains_on_the_test_part_is_found_out(tables, tmp_path, monkeypatch):
    stored = stored_of(tables, tmp_path)

    seen = []

    def leaking(train, validation, test, items):
        seen.append(pd.concat([train, test]))
        return matrices(seen[-1], validation, test, items)

    monkeypatch.setattr(alterations, "matrices", leaking)
    monkeypatch.setattr(alterations, "places", lambda _, *others: places(seen[-1], *others))
    table = audited(tables, stored)
    told = table[~table["as_expected"]].drop_duplicates("statistic").set_index("statistic")
    assert set(told.index) == {
        "training mean",
        "training mean without drift",
        "places of ratings",
        "biases",
        "training matrix",
        "training ratings of items",
    }
    assert told.loc["training mean", "changes_with_test"] == "values, rows"
    assert told["recomputed_equal"].all()


def test_of_many_ratings_a_sample_of_users_is_altered(tables, tmp_path, monkeypatch):
    monkeypatch.setattr(alterations, "RATINGS_TRIED", 200)
    table, n_users = fitted_on(*tables, stored_of(tables, tmp_path), SETTINGS, seed=1)
    assert 5 < n_users < 20
    assert table["as_expected"].all()
    mean = table[table["statistic"] == "training mean"].iloc[0]
    assert mean["changes_with_training"] == "values, rows"
