import pytest

from blendmf.report.labels import label


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rmse", "RMSE"),
        ("rated_precision_at_k", "Precision@10, rated"),
        ("full_precision_at_min_k_n", "Precision@min(10, n), full"),
        ("full_coverage", "Coverage, full"),
        ("p_holm", "p, corrected"),
        ("learning_rate", "Learning rate"),
        ("full_name", "Full name"),
    ],
)
def test_columns_have_names_for_people(name, expected):
    assert label(name, 10) == expected


def test_the_length_of_lists_may_be_open():
    assert label("rated_recall_at_k") == "Recall@k, rated"
