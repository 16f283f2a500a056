import numpy as np
import pytest

from blendmf.ingest.guess_scale import doubt_about_zeros, markers, scale


def counted(*values: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array(values, dtype=float), np.full(len(values), 10)


@pytest.mark.parametrize(
    ("seen", "bounds"),
    [
        ([1, 2, 3, 4, 5], (1, 5)),
        ([0.5, 1, 5], (0.5, 5)),
        ([1, 1.5, 4.5], (1, 5)),
        ([0.5, 4.5], (0.5, 5)),
        ([2, 5, 9], (1, 10)),
        ([0, 7, 10], (0, 10)),
        ([0, 1, 2], (0, 2)),
        ([0.01, 0.98], (0, 1)),
        ([-9.96, 9.99], (-10, 10)),
        ([-1, 0, 1], (-1, 1)),
        ([12.5, 9871.25], (12.5, 9871.25)),
        ([20, 95], (1, 100)),
    ],
)
def test_ratings_are_of_the_narrowest_usual_scale_that_they_cover(seen, bounds):
    found = scale(np.array(seen, dtype=float))
    assert (found.low, found.high) == bounds
    assert found.is_usual == ((seen[0], seen[-1]) == bounds and bounds[1] <= 10 and bounds[1] != 2)
    assert f"from {seen[0]:g} to {seen[-1]:.10g}" in found.reason


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([-1, 1, 2, 3, 4, 5], [-1]),
        ([-1, 0, 3, 5], [-1]),
        ([-9.9, -3.2, 0, 9.8, 99], [99]),
        ([0, 80, 90, 95, 100], [0]),
        ([0, 80, 90, 95, 100, 999], [0, 999]),
        ([0, 50, 60, 90], []),
        ([1, 2, 5], []),
        ([-1, 1, 2, 3, 4, 5, 99], [-1, 99]),
        ([-1, 0, 1], []),
        ([-2, -1, 0, 1, 2], []),
        ([0, 1, 2, 3, 4, 5], []),
        ([1, 5], []),
    ],
)
def test_values_far_from_the_others_are_markers(values, found):
    assert markers(*counted(*values)) == found


def test_a_rare_value_is_no_marker():
    values, counts = counted(1, 2, 3, 99)
    assert markers(values, counts) == [99]
    assert markers(values, np.array([1000, 1000, 1000, 2])) == []


def test_many_zeros_are_doubted():
    values, counts = counted(0, 1, 2, 3, 4, 5)
    assert doubt_about_zeros(values, counts) is None
    counts[0] = 100
    assert "100 of 150 ratings are 0" in str(doubt_about_zeros(values, counts))
    assert doubt_about_zeros(*counted(0, 1)) is None
    counts[:] = 30, 10, 60, 60, 60, 60
    assert "30 of 280 ratings are 0" in str(doubt_about_zeros(values, counts))
    counts[:2] = 10, 30
    assert doubt_about_zeros(values, counts) is None
