from blendmf.report.number_format import MISSING
from outcomes import best_of, outcome, results


def test_the_denominators_are_stated_and_missing_values_are_dashes():
    text = outcome()
    assert "15,422 test ratings" in text
    assert "*Rated* ranks the test items of each of 610 users" in text
    assert "Items with equal scores are ordered by id" in text
    assert f"* - ``popularity`` - {MISSING} - {MISSING} - 0.5000" in text


def test_the_table_has_the_trials_of_each_search():
    text = outcome(best=[best_of("mf"), best_of("mf-content")])
    assert "* - ``mf`` - 0.9850 - 0.9750 to 0.9950 - 0.5000 - 0.5000 - 0.5000 - 0.0500" in text
    assert "- 0.0500 - 0.1000 - 30 - 3 * - ``svd``" in text
    assert f"- 0.0800 - 0.1000 - {MISSING} - 3" in text
    assert "the same budget, 30 trials, of at most 50 epochs each" in text


def test_the_page_states_that_there_was_no_search():
    assert "No model was searched: all settings are as configured." in outcome()


def test_metrics_that_say_nothing_are_dashes():
    lists = results().lists | {"n_users_with_up_to_k_candidates": 610}
    text = outcome(lists=lists)
    assert f"0.9750 to 0.9950 - 0.5000 - {MISSING} - {MISSING} - 0.0500" in text
