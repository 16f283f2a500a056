import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.report.figures.style import (
    COLOURS,
    close_to_best,
    new_figure,
    series_styles,
    shared_look,
    shorten,
    spread,
)
from drawn import saved


def test_a_saved_figure_has_its_title_and_does_not_depend_on_the_users_settings(tmp_path):
    @shared_look()
    def draw():
        figure = new_figure(2.0)
        figure.subplots().plot([1, 2])
        return figure

    svg = saved(draw, tmp_path)
    assert svg == saved(draw, tmp_path, font_size=30, svg_hashsalt="other")
    assert "<title>what it &lt;shows&gt;</title>" in svg
    assert "dc:date" not in svg


def test_styles_differ_in_colour_and_marker_and_then_in_combination():
    few = series_styles(map(str, range(8))).values()
    assert len({style.colour for style in few}) == len(COLOURS) == 8
    assert len({style.marker for style in few}) == 8
    many = series_styles(map(str, range(60))).values()
    assert len({(style.colour, style.marker, style.line) for style in many}) == 60


@given(st.lists(st.floats(-100, 100), max_size=12), st.floats(0.1, 10))
def test_spread_positions_keep_their_order_and_their_distance(positions, gap):
    moved = spread(positions, gap)
    order = sorted(range(len(positions)), key=lambda place: positions[place])
    steps = np.diff([moved[place] for place in order])
    assert (steps >= gap * (1 - 1e-9) - 1e-9).all()
    assert sum(moved) == pytest.approx(sum(positions), abs=1e-6)


def test_positions_that_are_far_enough_apart_do_not_move():
    assert spread([5.0, 1.0, 9.0], 2.0) == [5.0, 1.0, 9.0]


@pytest.mark.parametrize(
    ("values", "higher_is_better", "expected"),
    [
        ([0.98, 0.99, 1.0, 1.02, 1.52], False, [True, True, True, True, False]),
        ([0.5, 0.49, 0.48, 0.1], True, [True, True, True, False]),
        ([0.9, np.nan, 1.5], False, [True, False, True]),
        ([1.0], False, [True]),
        ([np.nan], False, [False]),
        ([], False, []),
    ],
)
def test_values_close_to_the_best(values, higher_is_better, expected):
    assert close_to_best(values, higher_is_better).tolist() == expected


@given(st.text(min_size=1), st.integers(5, 40))
def test_shortened_names_fit_and_short_ones_stay(name, length):
    assert len(shorten(name, length)) <= length
    assert len(name) > length or shorten(name, length) == name
