import numpy as np
import pytest
from sklearn.decomposition import PCA

from blendmf.common.random_streams import stream
from blendmf.recommend.item_map import MAP_SIZE, item_map

RANDOM = stream(8, "map")
N, D = 30, 5
VECTORS = RANDOM.standard_normal((N, D))
ON_MAP = np.arange(N) % 4 > 0


def rotation():
    return np.linalg.qr(RANDOM.standard_normal((D, D)))[0]


def test_the_map_shows_the_two_principal_components_on_one_scale():
    found = item_map(VECTORS, ON_MAP)
    assert [x is not None for x in found.x] == [y is not None for y in found.y] == ON_MAP.tolist()
    placed = np.array([xy for xy in zip(*found, strict=True) if xy[0] is not None])
    expected = PCA(2, svd_solver="full").fit_transform(VECTORS[ON_MAP])
    for axis in (0, 1):
        assert abs(np.corrcoef(placed[:, axis], expected[:, axis])[0, 1]) > 0.9999
    spans, of_pca = np.ptp(placed, axis=0), np.ptp(expected, axis=0)
    assert spans.max() == MAP_SIZE
    np.testing.assert_allclose(spans / spans.max(), of_pca / of_pca.max(), atol=0.003)
    assert placed.min() >= 0
    assert placed.max() <= MAP_SIZE


def test_the_map_does_not_depend_on_the_rotation_of_draws():
    pairs = [item_map(VECTORS @ r, ON_MAP) for r in (np.eye(D), rotation())]
    for one, other in zip(*pairs, strict=True):
        assert [a is None for a in one] == [b is None for b in other]
        assert all(abs(a - b) <= 1 for a, b in zip(one, other, strict=True) if a is not None)


@pytest.mark.parametrize("n", [0, 1])
def test_a_map_of_few_items_is_possible(n):
    on_map = np.arange(3) < n
    assert item_map(VECTORS[:3], on_map).x == [500] * n + [None] * (3 - n)
