from outcomes import outcome


def test_models_are_grouped_by_finding():
    text = outcome()
    assert (
        "By test RMSE, against ``mf``: **better** is ``mf-content``; **worse** is ``svd``." in text
    )
    assert (
        r"By NDCG\@10 over the whole catalogue, against ``mf``: **better** are ``popularity`` and "
        "``svd``; ``mf-content`` is **not distinguishable** from it." in text
    )
    assert "**perhaps worse** is ``svd``" in outcome(p_holm=0.06)


def test_a_row_contains_all_numbers_of_a_difference():
    assert (
        "* - ``mf-content`` - 0.9760 - -0.0090 - -0.0120 to -0.0060 - 0.001 - -0.18 - 44 % "
        "- 0.0020 - better" in outcome()
    )
    assert "(3 for RMSE; 0.003 is the smallest value that so many resamples can show)" in outcome()


def test_a_single_model_has_no_findings():
    assert "Which differences hold" not in outcome({"mf": 0.985})
