import pytest

from blendmf.common.wording import duration, enumerated, p_value, share_of


def test_sentence_helpers():
    assert enumerated(["a"]) == "a"
    assert enumerated(["a", "b", "c"]) == "a, b and c"
    assert share_of(5, 5) == "100.0 % (5 of 5)"
    assert p_value(0.0004) == "p < 0.001"
    assert p_value(0.0123) == "p = 0.012"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0, "0 s"), (0.2, "1 s"), (8.4, "8 s"), (59.6, "1 min 0 s"), (86, "1 min 26 s")),
        *((599.7, "10 min"), (3_580, "1 h 0 min"), (7_500, "2 h 5 min")),
    ],
)
def test_a_duration_has_two_units_at_most(seconds, words):
    assert duration(seconds) == words
