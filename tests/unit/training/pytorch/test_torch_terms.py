import numpy as np
import pytest
import torch

from blendmf.training.pytorch.torch_terms import copied, squared_norms, to_parameters


@pytest.fixture
def many_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("many_threads")
def test_the_last_bits_of_the_norms_do_not_hang_on_the_number_of_threads():
    random = np.random.default_rng(0)
    terms = {f"term{n}": torch.tensor(random.normal(size=200_000 + n)).float() for n in range(8)}
    here = squared_norms(terms, deterministic=True)
    in_parallel = {name: float(term.square().sum()) for name, term in terms.items()}
    torch.set_num_threads(1)
    by_one = {name: float(term.square().sum()) for name, term in terms.items()}
    assert here == by_one
    assert in_parallel != by_one


def test_copies_are_independent_of_what_is_trained_on():
    bias = torch.tensor([1.0, 2.0], requires_grad=True)
    kept = copied({"user_bias": bias})
    parameters = to_parameters(3.5, {"user_bias": bias})
    with torch.no_grad():
        bias += 1
    assert not kept["user_bias"].requires_grad
    assert kept["user_bias"].tolist() == [1.0, 2.0]
    assert parameters.user_bias is not None
    assert parameters.user_bias.tolist() == [1.0, 2.0]
    assert parameters.global_mean == 3.5
