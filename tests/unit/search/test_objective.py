import math

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import sample
from blendmf.config.models import model_entry
from blendmf.config.protocol import EvaluationSettings
from blendmf.evaluation.metrics import ranking_metrics
from blendmf.evaluation.ranked_lists import rank_users
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models.baselines import PopularityModel, fit_bias
from blendmf.search.objective import ranking_score, validation_objective
from blendmf.search.plan import score_name
from blendmf.training.fit import fit_model
from blendmf.training.loop import to_the_end
from configs import changed
from ratings import observed, observed_triples

RANGE = (1.0, 5.0)
EVALUATION = EvaluationSettings(k=2, relevance_threshold=3.5)
BIAS = {"kind": "bias", "user_shrinkage": 15, "item_shrinkage": 10}


TRAIN = observed_triples(
    [(0, 0, 5), (0, 1, 3), (1, 0, 4), (1, 1, 2), (1, 2, 5), (2, 0, 4), (2, 3, 1)], (3, 5)
)
VALIDATION = observed_triples([(0, 2, 4), (0, 3, 2), (1, 4, 5), (2, 1, 3.5)], (3, 5))


def objective_of(entry, validation=VALIDATION):
    given = {"rating_range": RANGE, "evaluation": EVALUATION, "seed": 42}
    objective = validation_objective(model_entry(entry), TRAIN, validation, None, **given)

    def named(params, name=("search", "searched"), goes_on=to_the_end):
        return objective(params, name, goes_on)

    return named


def test_models_that_predict_ratings_are_scored_by_rmse():
    params = {"user_shrinkage": 2.0, "item_shrinkage": 7.0}
    outcome = objective_of(BIAS)(params)
    assert outcome.value == pytest.approx(rmse(fit_bias(TRAIN, RANGE, **params), VALIDATION))
    assert (outcome.epochs, outcome.best_epoch) == (0, 0)
    assert outcome.value != objective_of(BIAS)({"user_shrinkage": 0.5}).value


def test_models_trained_by_epochs_are_scored_at_their_best_epoch():
    entry = {"kind": "mf", "training": {"epochs": 4, "patience": 4, "blocks": 1}}
    outcome = objective_of(entry)({"latent_dim": 2, "learning_rate": 0.05})
    tuned = {"kind": "mf", "training": entry["training"] | {"latent_dim": 2, "learning_rate": 0.05}}
    given = {"rating_range": RANGE, "seed": 42, "name": ("search", "searched")}
    fit = fit_model(model_entry(tuned), TRAIN, VALIDATION, None, **given)
    assert outcome.value == fit.validation_rmse == min(e.validation_rmse for e in fit.history)
    assert (outcome.epochs, outcome.best_epoch) == (fit.epochs, fit.best_epoch)


def test_training_obeys_the_callback_and_uses_the_given_stream():
    entry = {"kind": "mf", "training": {"epochs": 9, "patience": 9, "blocks": 1}}
    objective, params = objective_of(entry), {"latent_dim": 2, "learning_rate": 0.05}
    calls = []

    def twice(epoch, value):
        calls.append((epoch, value))
        return epoch < 2

    cut = objective(params, goes_on=twice)
    assert [epoch for epoch, _ in calls] == [1, 2]
    assert (cut.epochs, cut.value) == (2, calls[-1][1])
    assert objective(params) == objective(params)
    assert objective(params).value != objective(params, name=("other",)).value


def test_step_sizes_that_overshoot_zero_fail_the_trial():
    outcome = objective_of({"kind": "mf"})({"learning_rate": 2.0, "regularization": 0.6})
    assert math.isnan(outcome.value)
    assert outcome.epochs == 0


def test_ranking_only_models_are_scored_by_lists_of_unrated_items():
    # By popularity, user 0 gets items 2 and 3, user 1 items 3 and 4, user 2 items 1 and 2. Their
    # only relevant items are 2, 4 and 1, at ranks 1, 2 and 1.
    gain = (1.0 + 1.0 / math.log2(3) + 1.0) / 3
    outcome = objective_of({"kind": "popularity"})({})
    assert outcome.value == pytest.approx(1.0 - gain)


def test_ranking_is_scored_on_the_evaluated_users():
    rng = np.random.default_rng(5)
    pairs = rng.permutation(40 * 30)[:400]
    whole = observed(*np.divmod(pairs, 30), np.full(400, 4.0), (40, 30))
    train, validation = whole.where(slice(300)), whole.where(slice(300, None))
    model = PopularityModel.fit(train)
    ranked = rank_users(model, (train.to_matrix(),), validation, 2, 3.5)
    ndcg = ranking_metrics(ranked.full)["ndcg_at_k"]
    drawn = np.isin(ranked.full.users, sample(ranked.full.users, 6, 1, "full_users"))
    score = ranking_score(train, validation, changed(EVALUATION, full_users=6), seed=1)(model)
    assert score == pytest.approx(1.0 - ndcg[drawn].mean())
    assert score != pytest.approx(1.0 - ndcg.mean())


@pytest.mark.parametrize("kind", ["bias", "popularity"])
def test_an_empty_validation_part_fails_the_trial(kind):
    nothing = observed_triples([], (3, 5))
    assert math.isnan(objective_of({"kind": kind}, nothing)({}).value)


def test_the_score_is_named():
    five = EvaluationSettings(k=5)
    assert score_name(model_entry(BIAS), five) == "validation RMSE"
    ranking = model_entry({"kind": "pure-svd"})
    assert score_name(ranking, five) == "1 - validation NDCG@5, full protocol"


def test_features_of_users_lower_the_error_of_users_without_ratings():
    """Half of the users like what the others dislike, and a feature says which half."""
    random = np.random.default_rng(0)
    side = random.integers(2, size=120)
    users, items = np.nonzero(random.random((120, 20)) < 0.5)
    stars = 3 + np.where(side[users] == items % 2, 1.5, -1.5)
    parts = [
        observed_triples(
            [*zip(users[chosen], items[chosen], stars[chosen], strict=True)], (120, 20)
        )
        for chosen in (users < 60, users >= 60)
    ]
    training = {"optimiser": "bayes", "latent_dim": 2, "epochs": 40}
    entry = model_entry({"kind": "mf", "user_features": True, "training": training})
    given = {"rating_range": RANGE, "evaluation": EVALUATION, "seed": 42}
    features = sp.csr_array(np.eye(2)[side])
    errors = [
        validation_objective(entry, *parts, None, **given, user_features=known)(
            {}, ("search", "bayes"), to_the_end
        ).value
        for known in (None, features)
    ]
    assert errors[1] < 0.5 * errors[0]
