import numpy as np
import pytest

from outcomes import MODELS, RMSE, best_of, outcome

NOT_SMALL = "the p-value is not below 0.05"
SEEDS = "training with other seeds changes the difference by as much."
VARIANTS = MODELS | {"tags-only": MODELS["mf-content"]}
ONE_BETTER = RMSE | {"tags-only": 0.97}


def test_the_answer_has_the_interval_and_the_data_set():
    assert (
        "**Yes:** blending item content lowers the test RMSE of matrix factorisation by 0.0090 "
        "(95 % interval 0.0060 to 0.0120), from 0.9850 (``mf``) to 0.9760 (``mf-content``), on "
        "``ml-latest-small``." in outcome()
    )


def test_the_answer_has_effect_size_users_and_seeds():
    text = outcome()
    assert "alone, which was chosen before any test error was known, p < 0.001; as one of" in text
    assert "as one of all 3 pairs of models, with Holm's correction, p = 0.001;" in text
    assert r"effect size d\ :sub:`z` -0.18; 44 % of the users get better predictions" in text
    assert "standard deviation of the difference over seeds 0.0020." in text
    assert "over seeds" not in outcome(seed_sd=np.nan, n_seeds=1).split("**The best")[0]


@pytest.mark.parametrize(
    ("blended", "half_width", "p_holm", "seed_sd", "opening", "reason"),
    [
        (0.976, 0.003, 0.001, 0.002, "**Yes:** blending item content lowers", ""),
        (0.994, 0.003, 0.001, 0.002, "**No:** blending item content raises", ""),
        (0.976, 0.012, 0.3, 0.002, "**Undecided:** this run", "-0.0210 to +0.0030, contains 0"),
        (0.994, 0.012, 0.3, 0.002, "**Undecided:** this run cannot show", "goes up by 0.0090"),
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


def test_the_corrected_p_value_decides_for_a_pair_chosen_by_test_errors():
    text = outcome(ONE_BETTER, 0.008, 0.07, models=VARIANTS, best=[best_of("mf")])
    assert "**Perhaps:** blending item content lowers" in text
    assert f"{NOT_SMALL} after correction for all pairs." in text
    assert "chosen before any test error" not in text


@pytest.mark.parametrize(
    ("kept", "missing"), [("mf", "blended (kind ``mf-content``)"), ("mf-content", "plain (kind")]
)
def test_a_run_with_only_one_kind_cannot_answer(kept, missing):
    text = outcome({kept: 0.98, "svd": 1.01})
    assert (
        f"**This run cannot say** whether blending in item content helps: it has no {missing}"
        in text
    )


def test_several_searched_variants_are_represented_by_the_best_on_validation():
    best = [best_of("mf"), best_of("mf-content", 0.93), best_of("tags-only", 0.95)]
    text = outcome(ONE_BETTER, models=VARIANTS, best=best)
    assert "from 0.9850 (``mf``) to 0.9760 (``mf-content``)" in text
    assert "Of 1 plain and 2 blended models, these are the best of their kind on vali" in text


def test_without_all_validation_errors_the_best_on_test_is_used_with_a_warning():
    text = outcome(ONE_BETTER, models=VARIANTS, best=[best_of("mf"), best_of("mf-content")])
    assert "from 0.9850 (``mf``) to 0.9700 (``tags-only``)" in text
    assert (
        "Of 1 plain and 2 blended models, these are the best of their kind on the test part, "
        "which favours the kind with more models." in text
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {},
            "**The best model is** ``mf-content``: test RMSE 0.9760 (95 % interval 0.9660 to "
            "0.9860, 610 users; standard deviation over 3 seeds 0.0020).",
        ),
        ({"half_width": 0.02}, "It is not safely distinguishable from ``mf``."),
        (
            {"rmse": {"mf": 0.985}},
            "**The only model that predicts ratings is** ``mf``: test RMSE 0.9850",
        ),
        ({"rmse": {"popularity": np.nan}}, "No model of this run predicts ratings"),
        (
            {"rmse": RMSE | {"svd": 0.9}},
            "not the best here: ``mf`` 0.9850 and ``mf-content`` 0.9760.",
        ),
    ],
)
def test_the_best_model_and_those_that_may_be_as_good(changed, expected):
    assert expected in outcome(**changed)
    assert (expected in outcome()) == (not changed)


@pytest.mark.parametrize(
    ("without", "reason"),
    [
        (100, "**Not asked:** no item text, so the second question was not asked."),
        (91, "**Not asked:** only 9 of 100 items have words, too few to answer the second"),
    ],
)
def test_without_words_nothing_is_said_about_content_and_the_best_model_is_plain(without, reason):
    text = outcome(text={"items": 100, "items_without_terms": without})
    assert reason in text
    assert "**The best model is** ``mf``: test RMSE 0.9850" in text
    assert "blending item content" not in text.split("All models")[0].replace("does blending", "")


def test_with_words_for_a_tenth_of_the_items_the_question_is_answered():
    assert "**Yes:**" in outcome(text={"items": 100, "items_without_terms": 90})
