from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from blendmf.audits import fitted_on as fitted_on_module
from blendmf.audits import perturbations
from blendmf.audits.fitted_on import EXPECTED, FITTED_ON_COLUMNS, ModelFile, Stored, fitted_on
from blendmf.common.files import read_arrays
from blendmf.config.models import model_entry
from blendmf.config.protocol import ContentSettings, SplitSettings
from blendmf.data.content import content
from blendmf.data.matrices import matrices
from blendmf.data.splits import split
from blendmf.models.baselines import fit_bias, fit_global_mean
from blendmf.models.drift import without_drift
from blendmf.models.observations import Observations
from blendmf.training.closed_form import fit_closed_form

SETTINGS = ContentSettings(parts=["genres", "tags", "year", "title"])
SPLIT = SplitSettings(train=0.7, validation=0.15, min_ratings=5)
PATHS = {
    name: f"{name}.file"
    for name in (
        *("user_index", "item_index", "train_matrix", "times"),
        *("facts", "vocabulary", "tfidf"),
    )
}
MOVED = model_entry({"kind": "mf", "training": {"optimiser": "als"}})
REFITTED = model_entry({"kind": "mf", "training": {"optimiser": "bayes", "refit": True}})
SHRINKAGE = {"user_shrinkage": 4.0, "item_shrinkage": 3.0}
CLOSED_FORM = {
    "global-mean": {},
    "bias": SHRINKAGE,
    "popularity": {},
    "random": {},
    "svd": SHRINKAGE | {"rank": 2},
    "item-neighbours": SHRINKAGE,
}


@pytest.fixture(scope="module")
def tables():
    """Parts of 400 ratings by 30 users of 60 items, some of them rated once; items and tags."""
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
    divided = split(ratings, **SPLIT.model_dump(), files=(), seed=1)
    parts = {"train": divided.train, "validation": divided.validation, "test": divided.test}
    return parts, items, tags


@pytest.fixture(scope="module")
def dependence_found(tables):
    return perturbations.dependence(*tables, SETTINGS, seed=1)


@pytest.fixture
def known_dependence(dependence_found, monkeypatch):
    """Skip the perturbations in tests of the recomputation."""
    monkeypatch.setattr(fitted_on_module, "dependence", lambda *_: dependence_found)


def stored_of(tables, tmp_path, settings=SETTINGS):
    """The statistics as the workflow stores them."""
    parts, items, tags = tables
    built = matrices(*parts.values(), items)
    text = content(built.items, tags, parts["train"], **settings.model_dump(), seed=1)
    train = Observations.from_matrix(built.train)
    files = []
    for kind, given in CLOSED_FORM.items():
        path, entry = str(tmp_path / f"{kind}.npz"), model_entry({"kind": kind, **given})
        named = {"rating_range": (0, 5), "seed": 1, "name": ("test",)}
        fit_closed_form(entry, train, train, **named).save(path)
        files.append(ModelFile(path, entry, read_arrays(path)))
    observed = [
        Observations.from_matrix(getattr(built, part), built.times[part])
        for part in ("train", "validation")
    ]
    moved = fit_bias(without_drift(*observed, (0, 5)), (0, 5), **SHRINKAGE)
    moved.save(tmp_path / "mf.npz")
    files.append(ModelFile(str(tmp_path / "mf.npz"), MOVED, read_arrays(tmp_path / "mf.npz")))
    fit_global_mean(observed[0].joined(observed[1]), (0, 5)).save(tmp_path / "refitted.npz")
    refitted = str(tmp_path / "refitted.npz")
    files.append(ModelFile(refitted, REFITTED, read_arrays(refitted)))
    return Stored(
        built.users["user_id"],
        built.items,
        built.train,
        built.times,
        text.tfidf,
        text.vocabulary,
        text.facts,
        files,
        PATHS,
    )


def audited(tables, stored, settings=SETTINGS):
    return fitted_on(*tables, stored, settings, seed=1)[0]


def unexpected(table):
    return set(table.loc[~table["as_expected"], "statistic"])


def with_model(stored, kind, **arrays):
    """The stored statistics with some arrays of the model of a kind replaced."""
    models = [
        model._replace(arrays={**model.arrays, **arrays}) if model.entry.kind == kind else model
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
def test_stored_statistics_equal_the_recomputed_ones_and_change_as_expected(
    tables, tmp_path, changed
):
    settings = SETTINGS.model_copy(update=changed)
    table = audited(tables, stored_of(tables, tmp_path, settings), settings)
    assert list(table.columns) == FITTED_ON_COLUMNS
    assert set(table["statistic"]) == set(EXPECTED)
    assert table["recomputed_equal"].all()
    assert table["as_expected"].all()
    assert (table["largest_difference"] < 1e-7).all()


def test_rounding_of_large_ratings_is_no_difference(tables, tmp_path):
    parts, *others = tables
    counts = {
        name: part.assign(rating=(part["rating"] * 54321).astype(np.float32))
        for name, part in parts.items()
    }
    stored = stored_of((counts, *others), tmp_path)
    mean = float(counts["train"]["rating"].astype(np.float64).mean())
    rounded = with_model(stored, "bias", global_mean=np.float64(mean * (1 + 1e-8)))
    table = audited((counts, *others), rounded)
    assert table["largest_difference"].max() > 1e-6
    assert unexpected(table) == set()
    wrong = with_model(stored, "bias", global_mean=np.float64(mean * (1 + 1e-5)))
    assert unexpected(audited((counts, *others), wrong)) == {"training mean"}


def test_each_statistic_changes_under_the_expected_perturbations(tables, tmp_path):
    table = audited(tables, stored_of(tables, tmp_path)).drop_duplicates("statistic")
    by_statistic = table.set_index("statistic")
    parts = ["changes_with_training", "changes_with_validation", "changes_with_test"]
    changes = {statistic: tuple(row[parts]) for statistic, row in by_statistic.iterrows()}
    ratings_alone = ("values, rows", "nothing", "nothing")
    words = ("times, rows", "rows", "rows")
    assert changes == {
        "training mean": ratings_alone,
        "mean of training and validation": ("values, rows", "values, rows", "nothing"),
        "training mean without drift": ("values, times, rows", "times", "nothing"),
        "times of ratings": ("times, rows", "times, rows", "times, rows"),
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


@pytest.mark.usefixtures("known_dependence")
def test_mean_or_bias_fitted_on_the_test_part_is_detected(tables, tmp_path):
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
        table = audited(tables, with_model(stored, kind, item_bias=leaking.item_bias))
        assert unexpected(table) == {"biases"}
        assert list(table.loc[~table["as_expected"], "stored_in"]) == [
            str(tmp_path / f"{kind}.npz")
        ]


def test_content_without_tags_uses_no_tag(tables):
    settings = SETTINGS.model_copy(update={"parts": ["genres"]})
    found, _ = perturbations.dependence(*tables, settings, seed=1)
    assert found["tags used"] == {"train": [], "validation": [], "test": []}


@pytest.mark.usefixtures("known_dependence")
def test_content_of_wrong_items_or_of_too_many_tags_is_detected(tables, tmp_path):
    stored = stored_of(tables, tmp_path)
    rolled = replace(
        stored, tfidf=sp.csr_array(stored.tfidf[np.roll(np.arange(len(stored.items)), 1)])
    )
    assert unexpected(audited(tables, rolled)) == {"TF-IDF rows"}
    of_all_tags = stored_of(tables, tmp_path, SETTINGS.model_copy(update={"tags": "all"}))
    assert {"tags used", "TF-IDF rows"} <= unexpected(audited(tables, of_all_tags))


@pytest.mark.usefixtures("known_dependence")
def test_wrong_drift_and_wrong_times_are_detected(tables, tmp_path):
    stored = stored_of(tables, tmp_path)
    plain = [model._replace(entry=MOVED) for model in stored.models]
    table = audited(tables, replace(stored, models=plain))
    wrong = table[~table["as_expected"]]
    assert set(wrong["statistic"]) == {"training mean without drift"}
    assert str(tmp_path / "mf.npz") not in set(wrong["stored_in"])
    swapped = stored.times | {"train": stored.times["validation"]}
    table = audited(tables, replace(stored, times=swapped))
    wrong = table[~table["as_expected"]]
    assert list(wrong["stored_in"]) == [PATHS["times"]]
    assert list(wrong["statistic"]) == ["times of ratings"]


@pytest.mark.usefixtures("known_dependence")
def test_wrong_counts_and_extra_ids_are_detected(tables, tmp_path):
    stored = stored_of(tables, tmp_path)
    miscounted = stored.items.assign(n_train=stored.items["n_train"] + 1)
    table = audited(tables, replace(stored, items=miscounted))
    assert unexpected(table) == {"training ratings of items"}
    extra = pd.concat([stored.user_ids, pd.Series([99])])
    table = audited(tables, replace(stored, user_ids=extra)).set_index("statistic")
    assert not table.loc["user ids", "as_expected"]
    assert np.isnan(table.loc["user ids", "largest_difference"])


def test_pipeline_that_trains_on_the_test_part_is_detected(tables, tmp_path, monkeypatch):
    stored = stored_of(tables, tmp_path)
    seen = []

    def leaking(train, validation, test, items):
        seen.append(pd.concat([train, test]))
        return matrices(seen[-1], validation, test, items)

    monkeypatch.setattr(perturbations, "matrices", leaking)
    table = audited(tables, stored)
    wrong = table[~table["as_expected"]].drop_duplicates("statistic").set_index("statistic")
    assert set(wrong.index) == {
        "training mean",
        "mean of training and validation",
        "training mean without drift",
        "biases",
        "training matrix",
        "training ratings of items",
    }
    assert wrong.loc["training mean", "changes_with_test"] == "values, rows"
    assert wrong["recomputed_equal"].all()


def test_perturbations_use_a_sample_of_users_if_ratings_are_many(tables, tmp_path, monkeypatch):
    monkeypatch.setattr(perturbations, "MAX_RATINGS", 200)
    table, n_users = fitted_on(*tables, stored_of(tables, tmp_path), SETTINGS, seed=1)
    assert 5 < n_users < 20
    assert table["as_expected"].all()
    mean = table[table["statistic"] == "training mean"].iloc[0]
    assert mean["changes_with_training"] == "values, rows"
