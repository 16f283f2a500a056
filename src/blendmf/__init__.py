"""How good matrix factorisation can get on a ratings data set, as a library.

>>> from blendmf import BayesianMF
>>> model = BayesianMF().fit(ratings)
>>> model.predict(pairs)

Names are imported when they are first used, so that ``import blendmf`` takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blendmf.estimators.functions import compare, evaluate, split
    from blendmf.estimators.models import (
        BayesianMF,
        Bias,
        ItemNeighbours,
        MatrixFactorization,
        TruncatedSVD,
    )
    from blendmf.estimators.saved import load

_PLACE_OF = {
    **dict.fromkeys(
        ("BayesianMF", "Bias", "ItemNeighbours", "MatrixFactorization", "TruncatedSVD"), "models"
    ),
    **dict.fromkeys(("compare", "evaluate", "split"), "functions"),
    "load": "saved",
}

__all__ = [
    "BayesianMF",
    "Bias",
    "ItemNeighbours",
    "MatrixFactorization",
    "TruncatedSVD",
    "compare",
    "evaluate",
    "load",
    "split",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACE_OF:
        raise AttributeError(f"module 'blendmf' has no attribute {name!r}")
    return getattr(import_module(f"blendmf.estimators.{_PLACE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
