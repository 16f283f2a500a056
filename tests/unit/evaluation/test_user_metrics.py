import numpy as np
import pytest

from ablated import per_user, rmse
from blendmf.common.errors import UserError
from blendmf.evaluation.user_metrics import measure

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


@pytest.mark.parametrize("other", [per_user().assign(n_ratings=5), per_user().iloc[1:]])
def test_fits_evaluated_on_different_ratings_are_refused(other):
    with pytest.raises(UserError, match="a and b were evaluated on different ratings"):
        measured([per_user(), other], ["a", "b"])
