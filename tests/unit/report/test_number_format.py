import numpy as np
import pandas as pd
import pytest

from blendmf.report.number_format import MISSING, column_format, in_words


def formatted(values, name="x"):
    column = pd.Series(values, name=name)
    return [column_format(column)(value) for value in column]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("rmse", [0.98237, np.nan, 1.0], ["0.9824", MISSING, "1.0000"]),
        ("difference", [-0.00001, 0.25], ["0.0000", "0.2500"]),
        ("squared_error", [0.1219107939, 34.3407], ["0.121911", "34.340700"]),
        ("share", [0.92171, 0.0], ["0.9217", "0.0000"]),
        ("n_users", [943, 1234567], ["943", "1,234,567"]),
        ("best_epoch", pd.array([31, None, 1200], dtype="Int64"), ["31", MISSING, "1,200"]),
        ("user_id", [943, 1234567], ["943", "1234567"]),
        ("year", [1995, 2003], ["1995", "2003"]),
        ("timestamp", [874724710], ["874724710"]),
        ("p_holm", [0.0004, 0.02099, 1.0, np.nan], ["< 0.001", "0.021", "1.000", MISSING]),
        ("precision", [0.5, 0.25], ["0.5000", "0.2500"]),
        ("learning_rate", [0.00868554, 0.0155], ["0.008686", "0.0155"]),
        ("weight", [0.0000123456, 0.5], ["1.235e-05", "0.5"]),
        ("model", ["mf", None], ["mf", MISSING]),
        ("observed", [True, False], ["yes", "no"]),
    ],
)
def test_the_format_follows_from_type_name_and_magnitude(name, values, expected):
    assert formatted(values, name) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, MISSING),
        (True, "yes"),
        (4000, "4,000"),
        (3.529860001, "3.52986"),
        (1e-05, "1e-05"),
        (float("nan"), MISSING),
        ("text", "text"),
        ([], "none"),
        ({}, "none"),
        ([1, 2, 5], "1, 2, 5"),
        (["genres", None], f"genres, {MISSING}"),
        ([[0.5, 47], [1.0, 6110]], "0.5: 47; 1: 6,110"),
    ],
)
def test_facts_are_formatted_as_text(value, words):
    assert in_words(value) == words
