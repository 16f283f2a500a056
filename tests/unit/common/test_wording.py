from blendmf.common.wording import enumerated, p_value, share_of


def test_sentence_helpers():
    assert enumerated(["a"]) == "a"
    assert enumerated(["a", "b", "c"]) == "a, b and c"
    assert share_of(5, 5) == "100.0 % (5 of 5)"
    assert p_value(0.0004) == "p < 0.001"
    assert p_value(0.0123) == "p = 0.012"
