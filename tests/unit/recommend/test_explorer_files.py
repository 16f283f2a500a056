import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from blendmf.common.files import write_json
from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.models.baselines import PopularityModel, fit_bias
from blendmf.models.model import save_model
from blendmf.models.observations import RatingUnit
from blendmf.models.rating_influence import rating_influence
from blendmf.recommend.explorer_files import explorer_models, item_ratings, penalty_of
from blendmf.training.fit import fit_model
from ratings import observed_where

RANGE = (0.0, 100.0)
RANDOM = stream(2, "explorer files")
RATED = RANDOM.random((30, 20)) < 0.6
TRAIN = observed_where(RATED, np.where(RATED, RANDOM.integers(0, 11, RATED.shape) * 10.0, 0.0))
CONTENT = sp.csr_array((20, 0))

KINDS = {
    "als": {"kind": "mf", "training": {"optimiser": "als"}},
    "bayes": {"kind": "mf", "training": {"optimiser": "bayes"}},
    "bias": {"kind": "bias"},
    "blend": {"kind": "mf-content", "blend": "both"},
    "most": {"kind": "popularity"},
    "mean": {"kind": "global-mean"},
}
SETTINGS = {name: model_entry(values).model_dump() for name, values in KINDS.items()}
TABLE = pd.DataFrame(
    {
        "model": ["bias", "als", "bayes", "blend", "most", "mean"],
        "rmse": [10.0, 12.0, 11.0, 13.0, np.nan, 20.0],
        "full_ndcg_at_k": [0.1, 0.2, 0.3, 0.4, 0.5, 0.0],
    }
)


def chosen(folder, *recommending, table=TABLE):
    evaluated, final = {}, []
    for name, values in SETTINGS.items():
        only_ranks = values["kind"] == "popularity"
        model = PopularityModel.fit(TRAIN) if only_ranks else fit_bias(TRAIN, RANGE, 1.0, 1.0)
        evaluated[name] = folder / name / "model.npz"
        save_model(evaluated[name], model, "index")
        if name in recommending:
            write_json(folder / f"{name}.json", {"model": name, "settings": values})
            final.append((evaluated[name], folder / f"{name}.json"))
    settings = {
        "final": final,
        "evaluated": evaluated,
        "index": "index",
        "words": CONTENT,
        "rating_deviation": 30.0,
    }
    return explorer_models(table, SETTINGS, **settings)


def test_the_best_and_the_best_factor_models_accompany_those_that_recommend(tmp_path):
    models = chosen(tmp_path, "als", "most")
    assert [model.name for model in models] == ["bias", "bayes", "als", "blend", "most"]
    assert [model.final is not None for model in models] == [False, False, True, False, True]
    assert [model.evaluated is not None for model in models] == [True, True, True, True, False]


def test_only_models_with_content_get_words(tmp_path):
    by_name = {model.name: model for model in chosen(tmp_path, "blend", "bayes")}
    assert by_name["blend"].words is CONTENT
    assert by_name["bayes"].words is None


def test_models_that_only_rank_are_sorted_by_ndcg(tmp_path):
    table = TABLE.assign(rmse=np.nan)
    assert [model.name for model in chosen(tmp_path, "als", "bias", table=table)] == [
        *("most", "blend", "bayes", "als", "bias")
    ]


def test_influences_use_the_penalty_of_the_fit_in_rating_units():
    training = {"optimiser": "als", "latent_dim": 3, "epochs": 300, "patience": 300, "drift": False}
    training |= {"regularization": 0.05, "bias_regularization": 0.02}
    entry = model_entry({"kind": "mf", "training": training})
    nothing = TRAIN.where(np.zeros(len(TRAIN), dtype=bool))
    model = fit_model(
        entry, TRAIN, nothing, None, rating_range=RANGE, seed=1, name=("explorer", 1)
    ).model
    influence = rating_influence(model, penalty_of(entry, RatingUnit.of(TRAIN.ratings).deviation))
    matrix = TRAIN.to_matrix().toarray()
    sums, products = [], []
    for user in range(30):
        rated = np.flatnonzero(RATED[user])
        sums += influence(user, np.arange(20), rated, matrix[user, rated]).sum(axis=1).tolist()
        products += (model.item_factors @ model.user_factors[user]).tolist()
    assert np.std(products) > 1
    np.testing.assert_allclose(sums, products, atol=0.02 * np.std(products))
    assert penalty_of(model_entry({"kind": "svd"}), 1.0) is None


def test_ratings_of_items_are_counted_and_averaged():
    ids, ratings = pd.Series([7, 5, 7, 9]), pd.Series([1.0, 4.0, 2.0, 5.0], dtype="float32")
    found = item_ratings(pd.Index([5, 6, 7]), ids, ratings)
    assert found["n"].tolist() == [1, 0, 2]
    assert found["mean"].tolist() == pytest.approx([4.0, np.nan, 1.5], nan_ok=True)
