import pytest

from blendmf.report.number_format import MISSING, in_words


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
