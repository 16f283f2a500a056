import pytest

from blendmf.report.figures.interval_panels import Interval, draw_panel
from blendmf.report.figures.style import OTHER, new_figure


def drawn(values, **options):
    """Draw a panel of intervals of width 0.2; return its marks and texts."""
    axes = new_figure(3.0).subplots()
    rows = {str(v): Interval(v, v - 0.1, v + 0.1, style=OTHER) for v in values}
    draw_panel(axes, "Title", rows, **options)
    marks = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == OTHER.marker]
    return axes.get_xlim(), marks, [text.get_text() for text in axes.texts]


def test_far_values_leave_the_axis_only_if_lower_or_higher_is_better():
    values = [1.0, 1.1, 1.2, 9.0]
    (_, high), marks, texts = drawn(values)
    assert (marks, texts) == (values, [])
    assert high > 9.1
    (_, high), marks, texts = drawn(values, higher_is_better=False)
    assert (marks, texts) == (values[:3], ["9"])
    assert 1.3 < high < 2


@pytest.mark.parametrize("sign", [-1, 1])
def test_far_values_inside_the_axis_have_no_arrow(sign):
    values = [sign * value for value in (1.0, 0.99, 0.98, 0.97, 0.5)]
    _, marks, texts = drawn(values, higher_is_better=sign > 0, include=[0.0])
    assert (marks, texts) == (values, [])


def test_the_axis_includes_the_spread_over_seeds_and_texts_replace_missing_rows():
    axes = new_figure(3.0).subplots()
    draw_panel(axes, "Title", {"a": Interval(1.0, 0.9, 1.1, 0.5, style=OTHER), "b": "no ratings"})
    assert [text.get_text() for text in axes.texts] == ["no ratings"]
    low, high = axes.get_xlim()
    assert low < 0.5
    assert high > 1.5
