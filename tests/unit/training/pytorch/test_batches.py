"""What a batch gathers: the words of its items, and the rows that it touches."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from blendmf.training.pytorch.content import Content
from blendmf.training.pytorch.touched_rows import TouchedRows, damping


def test_words_are_padded_to_their_capacity():
    dense = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
    content = Content.from_csr(sp.csr_array(dense), torch.float64, torch.device("cpu"))
    items = torch.tensor([2, 1, 0, 2, 3])
    words = content.words(items, 7)
    found = torch.zeros(5, 4, dtype=torch.float64)
    found.index_put_((words.owners, words.words), words.weights, accumulate=True)
    np.testing.assert_array_equal(found[:4, :3], dense[items[:4]])
    assert not found[4].any()
    assert not found[:, 3].any()
    assert content.most_words(1) == 2
    assert content.most_words(9) == 3
    assert content.words(items).weights.tolist() == [5.0, 2.0, 3.0, 5.0]


@given(st.integers(1, 300), st.floats(0.0, 0.9))
def test_damping_makes_simultaneous_steps_equal_sequential_steps(n, h):
    w = damping(torch.tensor([float(n)]), torch.tensor([h], dtype=torch.float64)).item()
    left = 1.0
    for _ in range(n):
        left *= 1 - h
    assert w * n * h == pytest.approx(1 - left, rel=1e-9, abs=1e-12)
    assert 0 < w <= 1 + 1e-12


def test_single_steps_and_untouched_rows_are_not_damped():
    counts, shrinkage = torch.tensor([1.0, 0.0, 50.0, 3.0]), torch.tensor([0.3, 0.2, 0.0, 7.0])
    assert damping(counts, shrinkage).tolist() == pytest.approx([1.0, 1.0, 1.0, 1 / 2.997])


@pytest.mark.parametrize("n_rows", [4, 1000])
def test_entries_are_summed_by_touched_row(n_rows):
    entries = torch.tensor([3, 0, 3, 1, 3, 0])
    touched = TouchedRows.of(entries, n_rows, torch.ones(6))
    sums = touched.sums(torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]))
    slots = zip(touched.rows.tolist(), sums.tolist(), touched.counts.tolist(), strict=True)
    found = {row: (total, count) for row, total, count in slots if count}
    assert found == {0: (34.0, 2), 1: (8.0, 1), 3: (21.0, 3)}
    assert len(touched.rows) <= min(len(entries), n_rows + 1)
