import numpy as np
import pandas as pd
import pytest

from blendmf.report.outcome.reference import best_of_kind, reference_model, validated
from outcomes import MODELS, RMSE, best_of, outcome


def test_the_answer_is_one_sentence_with_the_interval_and_the_data_set():
    assert (
        "**Yes:** blending item content lowers the test RMSE of matrix factorisation by 0.0090 "
        "(95 % interval 0.0060 to 0.0120), from 0.9850 (``mf``) to 0.9760 (``mf-content``), on "
        "``ml-latest-small``." in outcome()
    )


def test_the_answer_tells_effect_users_and_seeds():
    text = outcome()
    assert "alone, which was settled before anything was tested, p < 0.001; as one of" in text
    assert "as one of all 3 pairs of models, corrected by Holm, p = 0.001;" in text
    assert r"effect size d\ :sub:`z` -0.18; 44 % of the users are served better" in text
    assert "standard deviation of the difference over seeds 0.0020." in text
    assert "over seeds" not in outcome(seed_sd=np.nan, n_seeds=1).split("**The best")[0]


def test_outcome_names_the_best_model_with_its_interval_and_its_spread_over_seeds():
    assert (
        "**The best model is** ``mf-content``: test RMSE 0.9760 (95 % interval 0.9660 to "
        "0.9860, 610 users; standard deviation over 3 seeds 0.0020)." in outcome()
    )


NOT_SMALL = "the p-value is not below 0.05"
SEEDS = "fits from other seeds differ by as much."


@pytest.mark.parametrize(
    ("blended", "half_width", "p_holm", "seed_sd", "opening", "reason"),
    [
        (0.976, 0.003, 0.001, 0.002, "**Yes:** blending item content lowers", ""),
        (0.994, 0.003, 0.001, 0.002, "**No:** blending item content raises", ""),
        (0.976, 0.012, 0.3, 0.002, "**It cannot be told** whether", "-0.0210 to +0.0030, holds 0"),
        (0.994, 0.012, 0.3, 0.002, "**It cannot be told** whether", "goes up by 0.0090"),
        (0.976, 0.008, 0.07, 0.002, "**Yes:** blending item content lowers", "p = 0.07"),
        (0.976, 0.008, 0.24, 0.002, "**Perhaps:** blending item content lowers", NOT_SMALL),
        (0.994, 0.008, 0.24, 0.002, "**Perhaps not:** blending item content rai", NOT_SMALL),
        (0.976, 0.003, 0.001, 0.01, "**Perhaps:** blending item content lowers", f"; but {SEEDS}"),
        (0.976, 0.008, 0.24, 0.01, "**Perhaps:**", f"{NOT_SMALL} and {SEEDS}"),
    ],
)
def test_the_answer_follows_from_interval_p_value_and_seeds(
    blended, half_width, p_holm, seed_sd, opening, reason
):
    text = outcome(RMSE | {"mf-content": blended}, half_width, p_holm, seed_sd=seed_sd)
    assert opening in text
    assert reason in text
    assert (NOT_SMALL in text.split("For this pair")[0]) == (p_holm == 0.24)


def test_a_pair_that_test_errors_chose_is_one_of_all_pairs():
    text = outcome(ONE_BETTER, 0.008, 0.07, models=VARIANTS, best=[best_of("mf")])
    assert "**Perhaps:** blending item content lowers" in text
    assert f"{NOT_SMALL} once corrected for all pairs." in text
    assert "settled before anything was tested" not in text


@pytest.mark.parametrize(
    ("kept", "missing"), [("mf", "blended (kind ``mf-content``)"), ("mf-content", "plain (kind")]
)
def test_a_run_without_one_side_says_that_it_cannot_tell(kept, missing):
    text = outcome({kept: 0.98, "svd": 1.01})
    assert (
        f"**This run cannot say** whether blending in item content helps: it has no {missing}"
        in text
    )


VARIANTS = MODELS | {"tags-only": {"kind": "mf-content"}}
ONE_BETTER = RMSE | {"tags-only": 0.97}


def test_of_several_variants_those_that_validation_chose_are_compared():
    best = [best_of("mf"), best_of("mf-content", 0.93), best_of("tags-only", 0.95)]
    text = outcome(ONE_BETTER, models=VARIANTS, best=best)
    assert "from 0.9850 (``mf``) to 0.9760 (``mf-content``)" in text
    assert "Of 1 plain and 2 blended models, these are the best of their kind on vali" in text


def test_of_several_variants_not_all_searched_the_best_on_test_are_compared_and_that_is_said():
    text = outcome(ONE_BETTER, models=VARIANTS, best=[best_of("mf"), best_of("mf-content")])
    assert "from 0.9850 (``mf``) to 0.9700 (``tags-only``)" in text
    assert "best on the test part of 1 plain and 2 blended models, which flatters" in text


def test_validation_speaks_of_models_that_are_trained_without_a_search_too():
    fits = [
        ("drawn", {"validation_rmse": 0.9}),
        ("drawn", {"validation_rmse": 0.8}),
        ("blind", {"validation_rmse": 0.7}),
        ("blind", {"validation_rmse": None}),
    ]
    known = validated([best_of("mf")], fits)
    assert [found["model"] for found in known] == ["mf", "drawn"]
    assert known[1]["value"] == pytest.approx(0.85)
    models = MODELS | {"drawn": {"kind": "mf"}}
    text = outcome(RMSE | {"drawn": 1.0}, models=models, best=[best_of("mf")], validated=known)
    assert "from 1.0000 (``drawn``) to 0.9760 (``mf-content``)" in text


def test_best_of_kind_is_none_where_there_is_none():
    assert best_of_kind("mf", pd.Series({"svd": 1.0}), MODELS, []) is None
    assert best_of_kind("mf", pd.Series({"svd": 1.0, "mf": 2.0}), MODELS, []) == "mf"


def test_all_others_are_set_against_plain_factorisation_or_else_the_best_model():
    rmse = pd.Series(RMSE).dropna()
    assert reference_model(rmse, MODELS, []) == "mf"
    assert reference_model(rmse.drop("mf"), MODELS, []) == "mf-content"
    assert reference_model(rmse[:0], MODELS, []) is None


def test_rivals_that_are_not_told_apart_are_named():
    assert "cannot safely be told apart from ``mf``." in outcome(half_width=0.02)
    assert "safely be told apart" not in outcome()


def test_a_run_of_one_model_says_so():
    text = outcome({"mf": 0.985})
    assert "**The only model that predicts ratings is** ``mf``: test RMSE 0.9850" in text
    assert "The best model" not in text


def test_a_run_without_predicted_ratings_says_so():
    assert "No model of this run predicts ratings" in outcome({"popularity": np.nan})


def test_a_baseline_that_wins_is_not_called_a_factorisation():
    text = outcome(RMSE | {"svd": 0.9})
    assert "not the best here: ``mf`` 0.9850 and ``mf-content`` 0.9760." in text
