"""Estimators inside LensKit's and Cornac's own pipelines, in an environment that has both.

`make test-peers` runs these.
"""

import numpy as np
import pandas as pd
import pytest

from blendmf import BayesianMF, Bias
from blendmf.estimators.tables import COLUMNS

cornac = pytest.importorskip("cornac")
lenskit = pytest.importorskip("lenskit")


@pytest.fixture(scope="module")
def ratings():
    random = np.random.default_rng(1)
    true = 3 + random.normal(size=(80, 2)) @ random.normal(size=(2, 30))
    users, items = np.nonzero(random.random(true.shape) < 0.6)
    stars = np.clip(true[users, items] + random.normal(scale=0.3, size=len(users)), 1, 5)
    table = pd.DataFrame({"user": users, "item": items, "rating": stars})
    return table.sample(frac=1, random_state=1, ignore_index=True)


def test_a_lenskit_pipeline_has_the_predictions_of_the_estimator(ratings):
    from lenskit.batch import predict
    from lenskit.data import from_interactions_df
    from lenskit.pipeline import predict_pipeline

    from blendmf.estimators.lenskit import BlendmfScorer

    train, test = ratings.iloc[:-200], ratings.iloc[-200:]
    params = {"latent_dim": 2, "epochs": 20, "burn_in": 5}
    pipeline = predict_pipeline(BlendmfScorer(params=params), fallback=False)
    pipeline.train(from_interactions_df(train.rename(columns=COLUMNS)))
    wanted = test.rename(columns=COLUMNS)
    found = predict(pipeline, wanted, n_jobs=1).to_df().rename(columns={"score": "prediction"})
    own = BayesianMF(**params).fit(train)
    merged = wanted.merge(found, on=["user_id", "item_id"])
    assert len(merged) == 200
    expected = own.predict(merged[["user_id", "item_id"]])
    np.testing.assert_allclose(merged["prediction"], expected, rtol=1e-6)


def test_a_lenskit_query_with_ratings_folds_the_user_in(ratings):
    from lenskit.data import ItemList, RecQuery, from_interactions_df

    from blendmf.estimators.lenskit import BlendmfScorer

    scorer = BlendmfScorer(estimator="Bias")
    scorer.train(from_interactions_df(ratings.rename(columns=COLUMNS)))
    items = ItemList(item_ids=[1, 2, 3])
    likes = ItemList(item_ids=[4, 5, 6], rating=[5.0, 5.0, 5.0])
    unknown = scorer(RecQuery(user_id=999), items).scores()
    happy = scorer(RecQuery(user_id=999, history_items=likes), items).scores()
    assert (happy > unknown).all()


def test_cornac_evaluates_the_estimator(ratings):
    from blendmf.estimators.cornac import BlendmfRecommender

    method = cornac.eval_methods.RatioSplit(
        data=list(ratings.itertuples(index=False, name=None)), test_size=0.2, seed=1
    )
    bayes = BlendmfRecommender(BayesianMF(latent_dim=2, epochs=30, burn_in=5), name="bayes")
    bias = BlendmfRecommender(Bias())
    means = {}
    for model in (bayes, bias):
        result, _ = method.evaluate(
            model, [cornac.metrics.RMSE(), cornac.metrics.NDCG(k=5)], user_based=False
        )
        means[model.name] = result.metric_avg_results["RMSE"]
    assert means["bayes"] < 0.85 * means["Bias"]
    assert bayes.score(0).shape == (method.train_set.num_items,)
