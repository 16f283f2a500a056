import numpy as np
import pandas as pd
import pytest

from blendmf.report.figures.alternative_texts import (
    cold_start_text,
    comparison_text,
    differences_text,
    rank_sweep_text,
    ratings_text,
    strata_text,
)
from blendmf.report.figures.scaling import scaling_text
from blendmf.report.figures.small_matrix import small_matrix_text
from comparison_tables import RMSE, metrics
from drawn import small_matrix
from outcomes import difference_rows
from stratum_tables import kinds, stratum_rows

FEW = {"mf": 0.922, "mf-content": 0.917, "bias": 0.95}


def errors_of(values):
    rows = [
        {"model": name, "metric": "rmse", "mean": mean, "low": mean - 0.02, "high": mean + 0.02}
        for name, mean in values.items()
    ]
    return pd.DataFrame(rows)


def differences(half_width=0.001):
    return difference_rows("rmse", FEW, half_width, 0.001, 0.0001)


def test_the_comparison_names_the_best_model_and_those_that_may_be_as_good():
    assert comparison_text(errors_of(FEW), differences()) == (
        "All models on five metrics. Of 3 models that predict ratings, mf-content has the lowest "
        "test RMSE, 0.9170 (95 % interval 0.8970 to 0.9370); all others are worse."
    )
    unsure = comparison_text(errors_of(FEW), differences(half_width=0.01))
    assert unsure.endswith("; it is not safely distinguishable from mf.")


def test_models_without_ratings_are_not_compared_by_rating_error():
    text = comparison_text(metrics({"popularity": RMSE["popularity"]}), differences()[:0])
    assert text == "All models on five metrics. No model predicts ratings."


@pytest.mark.parametrize(("half_width", "verb"), [(0.001, "excludes"), (0.01, "contains")])
def test_differences_state_what_content_does(half_width, verb):
    text = differences_text(differences(half_width), errors_of(FEW), "mf", "mf-content")
    low, high = -0.005 - half_width, -0.005 + half_width
    assert text.endswith(
        "mf-content has a test RMSE of 0.9170, lower than the 0.9220 of mf; the 95 % interval of "
        f"the difference, {low:+.4f} to {high:+.4f}, {verb} 0."
    )
    assert text.startswith("By test RMSE, against mf: ")
    assert not set("*`\\") & set(text)


def test_differences_without_a_pair_say_so():
    assert "no two models" in differences_text(differences()[:0], errors_of(FEW), None, None)
    text = differences_text(differences(), errors_of(FEW), "mf", None)
    assert "interval" not in text


def test_ratings_state_the_most_frequent_one_and_the_long_tail():
    table = pd.DataFrame({"item_id": [1] * 6 + [2, 3, 4, 5], "rating": [3.0] * 7 + [4.5] * 3})
    assert ratings_text(table, table[:0], table[:0]) == (
        "Distribution of the ratings. The most frequent rating in training is 3 (70%). The 1 most "
        "rated items, 20% of all, hold 60% of the ratings."
    )


def test_ratings_with_many_values_have_no_most_frequent_one():
    table = pd.DataFrame({"item_id": range(100), "rating": np.linspace(1, 5, 100)})
    assert "frequent" not in ratings_text(table, table[:0], table[:0])


def test_the_rank_sweep_states_the_outcomes_sentence_without_markup():
    rows = [("svd", 5, 0.97, 0.99), ("svd", 9, 0.96, 0.98), ("mf", 5, 0.94, 0.95)]
    table = pd.DataFrame(rows, columns=["method", "rank", "validation_rmse", "test_rmse"])
    text = rank_sweep_text(table)
    assert "Truncated SVD of the bias-centred matrix is best on validation at rank 9" in text
    assert "*" not in text
    assert rank_sweep_text(table[:0]) == "RMSE and seconds to fit by rank."


def test_the_cold_start_compares_items_with_few_and_many_ratings():
    text = cold_start_text(stratum_rows(RMSE), kinds(RMSE))
    assert text.startswith("Test RMSE by the number of training ratings of the item. mf-content ")
    assert text.count(" training ratings") == 3
    none = stratum_rows({"popularity": np.nan})
    assert cold_start_text(none, {"popularity": "popularity"}).endswith("nothing to compare.")


def test_strata_state_the_best_models():
    text = strata_text(stratum_rows(RMSE, ("user-history", "year")), 7)
    assert text.startswith(
        "Errors and ranked lists by training ratings of the user and year of the rating. The "
        "lowest test RMSE is that of "
    )
    assert "The highest NDCG@7 is that of " in text


def test_the_small_matrix_states_each_methods_excess():
    text = small_matrix_text(small_matrix()[1])
    assert text.endswith("truncated-svd 0, gradient-descent 0, per-entry-sgd 0.13.")


def test_scaling_states_the_most_expensive_rules_at_the_largest_size():
    rows = [("split", None, 10, 9.0, 9.0), ("split", None, 99, 1.0, 2048.0)]
    rows.append(("train", "mf", 99, 5000.0, 500.0))
    columns = ["rule", "model", "ratings", "processor_seconds", "peak_mib"]
    assert scaling_text(pd.DataFrame(rows, columns=columns)) == (
        "Time and memory of every rule by number of ratings. At 99 ratings train mf takes the most "
        "time, 5,000 processor seconds, and split the most memory, 2,048 MiB."
    )
