import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.training.bayes.sparse_products import product


@pytest.fixture
def matrices():
    random = stream(1, "product")
    dense = random.standard_normal((60, 40)) * (random.random((60, 40)) < 0.2)
    return sp.csr_array(dense.astype(np.float32)), random.standard_normal((40, 7)).astype(
        np.float32
    )


def test_it_is_the_product(matrices):
    sparse, dense = matrices
    np.testing.assert_allclose(product(sparse, dense, 1), sparse @ dense, rtol=1e-4, atol=1e-5)


def test_threads_do_not_change_the_bits(matrices, monkeypatch):
    monkeypatch.setattr("blendmf.training.kernels.compiled.RATINGS_PER_TASK", 20)
    np.testing.assert_array_equal(*(product(*matrices, threads) for threads in (1, 3)))
