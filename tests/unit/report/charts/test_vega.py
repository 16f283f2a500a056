import json

import pandas as pd

from blendmf.report.charts.vega import HOVER, csv, data, escaped, message_chart, still


def test_data_are_rounded_to_what_can_be_seen():
    table = pd.DataFrame({"model": ["mf", "a,b"], "rmse": [0.9123456789, float("nan")]})
    assert csv(table) == 'model,rmse\nmf,0.91235\n"a,b",\n'
    assert data("x", table)["format"]["parse"] == {"model": "string", "rmse": "number"}


def test_names_of_fields_with_dots_and_brackets_are_no_paths():
    assert escaped("a.b[0]") == "a\\.b\\[0\\]"


def test_a_still_chart_has_no_marks_that_only_a_pointer_finds():
    line, hidden = {"mark": "line"}, {"mark": {"type": "point", "style": HOVER}}
    chart = {"vconcat": [{"layer": [line, hidden]}], "params": [1]}
    assert still(chart) == {"vconcat": [{"layer": [line]}], "params": [1]}


def test_a_message_is_also_the_alternative_text():
    chart = message_chart("nothing to draw")
    assert chart["description"] == chart["mark"]["text"] == "nothing to draw"
    json.dumps(chart, allow_nan=False)
