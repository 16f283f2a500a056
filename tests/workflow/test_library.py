"""The library gives the numbers of the workflow for the same data, settings and streams."""

import numpy as np
import pandas as pd
import pytest
from project import Project

import blendmf
from blendmf.common.files import read_json
from blendmf.config.models import model_entry
from blendmf.data.splits import PARTS, tags_known_in_training
from blendmf.data.tables import read_table
from blendmf.estimators.saved import estimator_of
from blendmf.models.model import load_model

MODELS = ("bayes-content", "bias", "mf", "mf-content")


@pytest.fixture(scope="module")
def results(smoke: Project):
    return smoke.run / "results" / "synthetic"


@pytest.fixture(scope="module")
def parts(results):
    return {name: read_table(results / f"split/{name}.parquet") for name in PARTS}


@pytest.fixture(scope="module")
def items(results, parts):
    """The items as a user of the library describes them; tags are their text."""
    tags = tags_known_in_training(read_table(results / "data/tags.parquet"), parts["train"])
    text = tags.groupby("item_id")["tag"].agg(" ".join)
    described = read_table(results / "matrices/items.parquet").drop(columns="n_train")
    return described.assign(text=described["item_id"].map(text))


@pytest.fixture(scope="module")
def fitted(results, parts, items):
    low, high = read_json(results / "data/source.json")["rating_range"]

    def fit(name):
        entry = model_entry(read_json(results / f"models/{name}/seed-1/fit.json")["settings"])
        estimator = estimator_of(entry, name).set_params(rating_range=(low, high))
        described = items if entry.uses_content else items[["item_id", "title"]]
        return estimator.fit(parts["train"], validation=parts["validation"], items=described)

    return {name: fit(name) for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_those_of_the_workflow_to_the_bit(name, results, parts, fitted) -> None:
    model = load_model(results / f"models/{name}/seed-1/model.npz")
    users = pd.Index(read_table(results / "matrices/users.parquet")["user_id"])
    columns = pd.Index(read_table(results / "matrices/items.parquet")["item_id"])
    test = parts["test"]
    positions = users.get_indexer(test["user_id"]), columns.get_indexer(test["item_id"])
    np.testing.assert_array_equal(fitted[name].predict(test), model.predict(*positions))


def test_metrics_and_comparison_are_those_of_the_workflow(results, parts, fitted) -> None:
    scores = {
        name: blendmf.evaluate(estimator, parts["test"], validation=parts["validation"])
        for name, estimator in fitted.items()
    }
    for name, of_model in scores.items():
        written = read_json(results / f"evaluation/{name}/seed-1/metrics.json")
        for block in ("rating", "rated", "full"):
            assert of_model.metrics[block] == written[block], (name, block)
    table = blendmf.compare(scores, resamples=200).table.set_index("model")
    rmse = {name: of.metrics["rating"]["rmse"] for name, of in scores.items()}
    assert table["rmse"].to_dict() == pytest.approx(rmse, abs=1e-12)
    assert table["rmse"].is_monotonic_increasing


def test_a_split_is_that_of_the_workflow(results, parts) -> None:
    ratings = read_table(results / "data/ratings.parquet")
    divided = blendmf.split(ratings, min_ratings=10)
    for name, part in parts.items():
        ids = getattr(divided, name).rename(columns={"user": "user_id", "item": "item_id"})
        pd.testing.assert_frame_equal(ids, part[list(ids)], check_dtype=False)
