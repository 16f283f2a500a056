import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.ingest.numbers import needs_text, numbers_in, vanished


def column(*texts):
    return pd.Series(texts, dtype="str")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_every_number_that_python_writes_is_read(number):
    assert numbers_in(column(repr(number))).iloc[0] == pytest.approx(number, rel=1e-15)


@given(st.text(max_size=6))
def test_what_python_does_not_read_is_no_number(text):
    try:
        expected = float(text)
    except ValueError:
        expected = np.nan
    found = numbers_in(column(text)).iloc[0]
    assert np.isnan(found) or found == expected


@pytest.mark.parametrize(
    "text",
    ["0x10", "1_000", "inf", "nan", "Infinity", "\u0663", "\uff13", "3\u00a0", "", ".", "1e"],
)
def test_forms_of_programming_languages_and_scripts_are_no_numbers(text):
    assert np.isnan(numbers_in(column(text)).iloc[0])


def test_decimal_commas_exclude_points():
    read = numbers_in(column("1,5", "2", "1.5", "1.234,5"), ",")
    assert read.tolist()[:2] == [1.5, 2.0]
    assert read[2:].isna().all()


def test_texts_that_become_0_are_told_from_zeros():
    texts = column("0", "-0.00", "0e5", "1e-400", "0.000", "-3.1E-999", "5")
    found = vanished(texts, numbers_in(texts))
    assert found.tolist() == [False, False, False, True, False, True, False]


@pytest.mark.parametrize(
    ("characters", "expected"),
    [
        *(("u1,a,4,1300000000", False), ("box-e,exe", False), ("tree-1", False), ("e-", False)),
        *(("1,0x10,3", True), ("1,0X1F", True), ("1e-50", True), ("1.E-5", True), (".e-5", True)),
    ],
)
def test_only_what_arrow_reads_otherwise_needs_the_slow_way(characters, expected):
    assert needs_text(characters) is expected
