"""What every model offers, whatever is inside, and reading one back from its file."""

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blendmf.errors import UserError
from blendmf.files import PathLike, read_arrays
from blendmf.models.baselines import PopularityModel, RandomModel
from blendmf.models.factor_model import FactorModel


class Model(Protocol):
    """A trained model: predicts ratings of pairs and scores all items of a user.

    ``predicts_ratings`` is False where `predict` gives only something to rank by, so that no
    rating error may be computed from it.
    """

    kind: ClassVar[str]
    predicts_ratings: ClassVar[bool]

    @property
    def n_users(self) -> int: ...

    @property
    def n_items(self) -> int: ...

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]: ...

    def score_users(self, users: ArrayLike) -> NDArray[np.float32]: ...

    def score_all(self, user: int) -> NDArray[np.float32]: ...

    def save(self, path: PathLike) -> None: ...


MODELS: dict[str, type[FactorModel] | type[PopularityModel] | type[RandomModel]] = {
    model.kind: model for model in (FactorModel, PopularityModel, RandomModel)
}


def load_model(path: PathLike) -> Model:
    """Read any model's file.

    Raises
    ------
    UserError
        If the file is no model of this project.
    """
    kind = str(read_arrays(path).get("kind", "missing"))
    if kind not in MODELS:
        raise UserError(f"{path}: not a model file (kind: {kind}); known kinds: {list(MODELS)}")
    return MODELS[kind].load(path)
