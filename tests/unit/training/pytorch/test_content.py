import numpy as np
import scipy.sparse as sp
import torch

from blendmf.training.pytorch.content import Content


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
