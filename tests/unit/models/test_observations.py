"""The unit of the ratings, and how terms are converted from it."""

import numpy as np
import pytest

from blendmf.models.observations import RatingUnit


def test_standardised_ratings_have_mean_0_and_deviation_1() -> None:
    ratings = np.array([1, 2, 5, 4, 4], dtype=np.float32)
    z = RatingUnit.of(ratings).standardised(ratings)
    assert [z.mean(), z.std()] == pytest.approx([0, 1])


def test_equal_ratings_have_the_unit_1() -> None:
    assert RatingUnit.of(np.full(3, 4.0)) == RatingUnit(4.0, 1.0)


def test_products_of_converted_factors_are_in_rating_units() -> None:
    scales = RatingUnit(3.0, 20.0).scales
    assert scales["user_factors"] * scales["item_factors"] == pytest.approx(20)
    assert scales["user_factors"] * scales["content_factors"] == pytest.approx(20)
    assert {scales[name] for name in ("user_bias", "item_bias", "user_content")} == {20.0}
