import numpy as np
import pytest

from blendmf.report.figures.interval_panels import Interval, draw_panel
from blendmf.report.figures.style import BLUE, Series, new_figure

STYLE = Series(BLUE, "o", "-")


def drawn(values, **options):
    """Panel of intervals of width 0.2, and the text of each value that is off the axis."""
    axes = new_figure(3.0).subplots()
    rows = {str(n): Interval(v, v - 0.1, v + 0.1, np.nan, STYLE) for n, v in enumerate(values)}
    draw_panel(axes, "Title", rows, **options)
    return axes, {str(round(text.get_position()[1])): text.get_text() for text in axes.texts}


def test_all_values_are_shown_unless_far_ones_are_to_be_left_out():
    axes, texts = drawn([1.0, 1.1, 1.2, 9.0])
    assert texts == {}
    assert axes.get_xlim()[1] > 9.1
    axes, texts = drawn([1.0, 1.1, 1.2, 9.0], higher_is_better=False)
    assert texts == {"3": "9"}
    assert 1.3 < axes.get_xlim()[1] < 2


@pytest.mark.parametrize("higher_is_better", [False, True])
def test_a_far_value_within_the_axis_is_drawn_in_place(higher_is_better):
    sign = 1 if higher_is_better else -1
    values = [sign * value for value in (1.0, 0.99, 0.98, 0.97, 0.5)]
    axes, texts = drawn(values, higher_is_better=higher_is_better, include=[0.0])
    assert texts == {}
    assert sorted(line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o") == (
        sorted(values)
    )


def test_texts_replace_missing_intervals_and_seeds_widen_the_axis():
    axes = new_figure(3.0).subplots()
    interval = Interval(1.0, 0.9, 1.1, 0.5, STYLE, filled=False)
    draw_panel(axes, "Title", {"a": interval, "b": "no ratings"})
    assert [text.get_text() for text in axes.texts] == ["no ratings"]
    assert axes.get_xlim()[0] < 0.5
    assert axes.get_xlim()[1] > 1.5
    (mark,) = (line for line in axes.lines if line.get_marker() == "o")
    assert mark.get_markerfacecolor() == "white"
