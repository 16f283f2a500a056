import pandas as pd
import pytest

from blendmf.report.outcome.results import best_of_kind, reference_model, validated
from outcomes import MODELS, RMSE, best_of, outcome, results

ENTRIES = results().models


def test_validation_errors_include_those_of_models_trained_without_a_search():
    fits = [
        ("drawn", {"validation_rmse": 0.9}),
        ("drawn", {"validation_rmse": 0.8}),
        ("blind", {"validation_rmse": 0.7}),
        ("blind", {"validation_rmse": None}),
    ]
    known = validated([best_of("mf")], fits)
    assert known == {"mf": 0.94, "drawn": pytest.approx(0.85)}
    models = MODELS | {"drawn": {"kind": "mf"}}
    text = outcome(RMSE | {"drawn": 1.0}, models=models, best=[best_of("mf")], validated=known)
    assert "from 1.0000 (``drawn``) to 0.9760 (``mf-content``)" in text


def test_best_of_kind_is_none_without_a_model_of_the_kind():
    assert best_of_kind("mf", pd.Series({"svd": 1.0}), ENTRIES, {}) is None
    assert best_of_kind("mf", pd.Series({"svd": 1.0, "mf": 2.0}), ENTRIES, {}) == "mf"


def test_the_reference_is_plain_factorisation_or_otherwise_the_best_model():
    rmse = pd.Series(RMSE).dropna()
    assert reference_model(rmse, ENTRIES, {}) == "mf"
    assert reference_model(rmse.drop("mf"), ENTRIES, {}) == "mf-content"
    assert reference_model(rmse[:0], ENTRIES, {}) is None
