import numpy as np
import pandas as pd
import pytest

from ablated import per_user, rmse
from blendmf.common.errors import UserError
from blendmf.evaluation.rating_metrics import LEVELS, WIDTHS, WITHIN
from blendmf.evaluation.user_metrics import (
    RANKED,
    RATING,
    UNCERTAINTY,
    higher_is_better,
    measure,
)

RESAMPLES = 400


def measured(tables, models):
    return measure(tables, models, RESAMPLES, 1, ["rmse"])["rmse"]


def test_the_metric_of_a_model_is_the_mean_over_its_fits():
    tables = [per_user(1.0), per_user(1.1), per_user(1.3)]
    found = measured(tables, ["a", "a", "b"])
    np.testing.assert_allclose(found.by_seed["a"], [rmse(tables[0]), rmse(tables[1])])
    assert found.value("a") == pytest.approx((rmse(tables[0]) + rmse(tables[1])) / 2)
    assert found.value("a", "b") == pytest.approx((found.value("a") + rmse(tables[2])) / 2)


def test_a_paired_difference_is_significant_despite_variation_between_users():
    tables = [per_user(1.0, 1, 0.02), per_user(1.02, 2, 0.02)]
    gap = measured(tables, ["a", "b"]).difference(["b"], ["a"])
    assert gap.value == pytest.approx(rmse(tables[1]) - rmse(tables[0]))
    assert 0 < gap.low < gap.value < gap.high
    assert gap.p_value == pytest.approx(2 / (RESAMPLES + 1))


def test_the_difference_of_equal_models_is_zero():
    found = measured([per_user(), per_user()], ["a", "b"])
    assert found.difference(["a"], ["b"]) == (0.0, 0.0, 0.0, 1.0)


def three_users(shift=0.0):
    """Users with 1, 4 and 5 ratings; `shift` widens the intervals."""
    n_ratings = np.array([1, 4, 5])
    errors = {"squared_error": [4.0, 4.0, 5.0], "absolute_error": [2.0, 2.0, 4.0]}
    within = {name: [1, 2, k] for k, name in enumerate(WITHIN)}
    widths = {name: n_ratings * (level + shift) for name, level in zip(WIDTHS, LEVELS, strict=True)}
    return pd.DataFrame({"user_id": [1, 2, 3], "n_ratings": n_ratings} | errors | within | widths)


def test_errors_coverage_and_widths_by_hand():
    found = measure([three_users()], ["a"], 50, 1, [*RATING, *UNCERTAINTY])
    assert {name: of.value("a") for name, of in found.items()} == {
        "rmse": pytest.approx((13 / 10) ** 0.5),
        "mae": pytest.approx(8 / 10),
        "user_rmse": pytest.approx((2 + 1 + 1) / 3),
        "user_mae": pytest.approx((2 + 2 / 4 + 4 / 5) / 3),
        **{name: pytest.approx((3 + k) / 10) for k, name in enumerate(WITHIN)},
        **{name: pytest.approx(level) for name, level in zip(WIDTHS, LEVELS, strict=True)},
    }
    assert {of.n_users for of in found.values()} == {3}


def test_lower_errors_and_higher_ranking_metrics_are_better():
    assert not any(map(higher_is_better, ("rmse", "mae", "user_rmse", "user_mae")))
    assert all(map(higher_is_better, RANKED))


def test_a_difference_of_several_models_is_one_of_their_means():
    tables = [three_users(shift) for shift in (0.1, 0.3, 0.0)]
    found = measure(tables, ["a", "b", "c"], 50, 1, WIDTHS)[WIDTHS[0]]
    gap = found.difference(["a", "b"], ["c"])
    # Every user's width differs by the same, and therefore every resample's.
    assert gap[:3] == pytest.approx((0.2, 0.2, 0.2))
    # Three users agree by chance in one case of four.
    assert gap.p_value == 0.25


def test_a_metric_with_a_missing_value_is_not_measured():
    table = three_users().assign(squared_error=[4.0, np.nan, 5.0])
    assert set(measure([table], ["a"], 50, 1, [*RATING, *UNCERTAINTY])) == set(UNCERTAINTY)
    without = three_users().assign(**{WITHIN[0]: [1.0, np.nan, 0.0]})
    assert set(measure([without], ["a"], 50, 1, [*RATING, *UNCERTAINTY])) == set(RATING)


def test_users_without_a_list_do_not_count():
    table = three_users().assign(full_mrr=[0.5, np.nan, 0.2])
    found = measure([table], ["a"], 50, 1, ["full_mrr"])["full_mrr"]
    assert found.value("a") == pytest.approx(0.35)
    assert found.n_users == 2
    assert np.isfinite(found.resampled).all()


@pytest.mark.parametrize("other", [per_user().assign(n_ratings=5), per_user().iloc[1:]])
def test_fits_evaluated_on_different_ratings_are_refused(other):
    with pytest.raises(UserError, match="a and b were evaluated on different ratings"):
        measured([per_user(), other], ["a", "b"])
