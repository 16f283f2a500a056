"""Features of users: known answers of each kind of column."""

import numpy as np
import pandas as pd
import pytest

from blendmf.common.errors import UserError
from blendmf.data.user_features import MOST_VALUES, feature_matrix, features_of, user_features


def features(**columns: list) -> list[str]:
    """Features of a column of users 0, 1, ..., in the order of the rows."""
    n = len(next(iter(columns.values())))
    return features_of(pd.DataFrame({"user_id": range(n), **columns}))["feature"].tolist()


def test_each_value_is_a_feature_and_a_missing_one_is_none() -> None:
    assert features(sex=["M", None, "F"]) == ["sex:M", "sex:F"]
    assert features(age=[18.0, 25.0, np.nan]) == ["age:18.0", "age:25.0"]


def test_many_numbers_are_ranges_with_equal_numbers_of_users() -> None:
    counts = pd.Series(features(age=list(range(100)))).value_counts()
    assert counts.tolist() == [10] * MOST_VALUES


def test_texts_that_are_nearly_all_different_count_by_their_first_character() -> None:
    codes = [f"{n % 3}{n:04d}" for n in range(30)]
    assert features(postcode=codes) == [f"postcode:{n % 3}" for n in range(30)]
    jobs = [f"job {n % 14}" for n in range(30)]
    assert features(job=jobs) == [f"job:{job}" for job in jobs]
    few = [f"town {n}" for n in range(MOST_VALUES)]
    assert features(town=few) == [f"town:{town}" for town in few]


def test_rows_of_the_matrix_have_length_1_or_0_and_other_users_are_left_out() -> None:
    described = pd.DataFrame({"user_id": [7, 3, 9], "sex": ["M", "F", "M"], "age": [1.0, 1.0, 2.0]})
    matrix = user_features(described, pd.Index([3, 5, 7])).toarray()
    half = np.sqrt(1 / 2)
    np.testing.assert_allclose(matrix, [[half, half, 0], [0, 0, 0], [half, 0, half]])
    all_of = feature_matrix(features_of(described), pd.Index([3, 7, 9]))
    assert all_of.shape == (3, 4)


def test_a_repeated_feature_counts_as_often() -> None:
    words = pd.DataFrame({"user_id": [1, 1, 1, 2], "feature": ["red", "blue", "red", "blue"]})
    matrix = feature_matrix(words, pd.Index([1, 2])).toarray()
    np.testing.assert_allclose(matrix, np.array([[1, 2], [np.sqrt(5), 0]]) / np.sqrt(5))


def test_data_without_described_users_are_refused() -> None:
    with pytest.raises(UserError, match=r"nothing describes the users.*dataset\.csv\.users"):
        user_features(pd.DataFrame({"user_id": []}), pd.Index([1]))
