import numpy as np
import pytest

from ablated import per_user, rmse
from blendmf.common.errors import UserError
from blendmf.evaluation.paired_rmse import PairedErrors

RESAMPLES = 400


def test_a_group_has_the_rmse_of_each_of_its_fits():
    tables = [per_user(1.0), per_user(1.1), per_user(1.3)]
    errors = PairedErrors(tables, ["a", "a", "b"], RESAMPLES, 1)
    np.testing.assert_allclose(errors.by_seed("a"), [rmse(tables[0]), rmse(tables[1])])
    assert errors.rmse(["a"]) == pytest.approx((rmse(tables[0]) + rmse(tables[1])) / 2)
    expected = (errors.rmse(["a"]) + rmse(tables[2])) / 2
    assert errors.rmse(["a", "b"]) == pytest.approx(expected)


def test_a_difference_of_the_same_users_is_told_although_users_vary():
    tables = [per_user(1.0, 1, 0.02), per_user(1.02, 2, 0.02)]
    gap = PairedErrors(tables, ["a", "b"], RESAMPLES, 1).difference(["b"], ["a"])
    assert gap.difference == pytest.approx(rmse(tables[1]) - rmse(tables[0]))
    assert 0 < gap.low < gap.difference < gap.high
    assert gap.p_value == pytest.approx(2 / (RESAMPLES + 1))


def test_equal_groups_differ_by_nothing():
    errors = PairedErrors([per_user(), per_user()], ["a", "b"], RESAMPLES, 1)
    assert errors.difference(["a"], ["b"]) == (0.0, 0.0, 0.0, 1.0)


def test_the_order_of_users_is_of_no_account():
    shuffled = per_user(1.1).sample(frac=1, random_state=3)
    errors = PairedErrors([per_user(), shuffled], ["a", "b"], RESAMPLES, 1)
    straight = PairedErrors([per_user(), per_user(1.1)], ["a", "b"], RESAMPLES, 1)
    assert errors.difference(["a"], ["b"]) == straight.difference(["a"], ["b"])


def test_other_ratings_are_refused():
    other = per_user().assign(n_ratings=5)
    with pytest.raises(UserError, match="a and b were evaluated on different ratings"):
        PairedErrors([per_user(), other], ["a", "b"], RESAMPLES, 1)
    with pytest.raises(UserError, match="different ratings"):
        PairedErrors([per_user(), per_user().iloc[1:]], ["a", "b"], RESAMPLES, 1)
