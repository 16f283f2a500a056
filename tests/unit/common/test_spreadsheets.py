import pandas as pd
import pytest

from blendmf.common.spreadsheets import defused


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", '=HYPERLINK("http://x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"),
        *(
            "\r=1",
            "\n=1",
            "-",
            "+",
            "=",
            "--1",
            "-1-1",
            "+a",
            "-5x",
            "\uff1d1",
            "\uff0b1",
            "\uff20x",
        ),
    ],
)
def test_formulas_get_an_apostrophe(text):
    assert defused(pd.DataFrame({"title": [text, "x"]}))["title"].tolist() == [f"'{text}", "x"]


@pytest.mark.parametrize(
    "text", ["-5", "+5", "-1.5", "-1e-3", "1=1", " =1", "'=1", "", "a-b", "x@y"]
)
def test_other_texts_and_numbers_stay(text):
    assert defused(pd.DataFrame({"title": [text]}))["title"].tolist() == [text]


def test_columns_of_numbers_keep_their_type():
    table = pd.DataFrame(
        {
            "a": [-1.5, float("nan")],
            "b": pd.array([-1, None], dtype="Int64"),
            "c": [True, False],
            "d": pd.Categorical(["=1", "x"]),
        }
    )
    made = defused(table)
    assert made.dtypes.iloc[:3].tolist() == table.dtypes.iloc[:3].tolist()
    assert made.to_csv(index=False) == "a,b,c,d\n-1.5,-1,True,'=1\n,,False,x\n"
