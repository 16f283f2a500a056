import json

import numpy as np
import pandas as pd
import pytest

from blendmf.report.pages.tables import column_format, shown_table


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("rmse", [0.98237, np.nan, 1.0], "error"),
        ("squared_error", [0.1219107939, 34.3407], "squared"),
        ("share", [0.92171, 0.0], "error"),
        ("share_a_better", [0.5, 0.25], "share"),
        ("n_users", [943, 1234567], "count"),
        ("best_epoch", pd.array([31, None, 1200], dtype="Int64"), "count"),
        ("generation", [1.0, np.nan], "count"),
        ("user_id", [943, 1234567], "id"),
        ("year", [1995, 2003], "id"),
        ("p_holm", [0.0004, 1.0, np.nan], "p"),
        ("learning_rate", [0.00868554, 0.0155], "scale"),
        ("weight", [0.0000123456, 0.5], "scale"),
        ("fit_seconds", [0.5, 12.25], "seconds"),
        ("model", ["mf", None], "text"),
        ("observed", [True, False], "yes-no"),
    ],
)
def test_the_format_follows_from_type_name_and_magnitude(name, values, expected):
    assert column_format(pd.Series(values, name=name)) == expected


def test_a_table_keeps_its_values_and_says_where_it_comes_from():
    table = pd.DataFrame(
        {"model": ["mf", None], "rmse": [0.123456789012, np.nan], "n_users": [3, 4]}, index=[7, 8]
    )
    shown = shown_table(table, "T", file="/else/results/x/t.csv", k=5, hidden=["n_users"])
    assert shown.file == "results/x/t.csv"
    assert shown.rows == [["mf", 0.123456789, 3], [None, None, 4]]
    assert [column.title for column in shown.columns] == ["Model", "RMSE", "Users"]
    assert [column.hidden for column in shown.columns] == [False, False, True]
    assert json.loads(json.dumps(shown.as_json(), allow_nan=False))["rows"] == shown.rows


def test_infinite_values_are_missing():
    assert shown_table(pd.DataFrame({"x": [np.inf, 1.5]}), "T", file="t.csv").rows == [
        [None],
        [1.5],
    ]
