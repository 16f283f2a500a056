"""The terms of a model as tensors: what both engines in PyTorch tell of them."""

from collections.abc import Mapping

from torch import Tensor

from blendmf.training.parameters import Parameters
from blendmf.training.pytorch.device import one_thread, repeatable


def squared_norms(terms: Mapping[str, Tensor], deterministic: bool) -> dict[str, float]:
    """Sum of the squares of all entries of each term."""
    with one_thread(), repeatable(deterministic):
        return {name: float(term.detach().square().sum()) for name, term in terms.items()}


def copied(terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Independent copy on the same device."""
    return {name: term.detach().clone() for name, term in terms.items()}


def to_parameters(global_mean: float, terms: Mapping[str, Tensor]) -> Parameters:
    """Independent copy on the host."""
    arrays = {name: term.detach().cpu().numpy().copy() for name, term in terms.items()}
    return Parameters(global_mean, **arrays)
