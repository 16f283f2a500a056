"""The interface of all models, and reading a model from its file."""

from typing import ClassVar, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, read_arrays, replacing
from blendmf.common.npz import add_array
from blendmf.models.baselines import PopularityModel, RandomModel
from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import ItemNeighboursModel
from blendmf.models.rating_times import RatingTimes
from blendmf.models.svd import PureSvdModel


class Model(Protocol):
    """A trained model: predicts ratings of pairs and scores all items of a user.

    If ``predicts_ratings`` is False, `predict` gives unclipped scores that only rank items.
    """

    kind: ClassVar[str]
    predicts_ratings: ClassVar[bool]

    @property
    def n_users(self) -> int:
        """Number of users in the index."""

    @property
    def n_items(self) -> int:
        """Number of items in the index."""

    def predict(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Predicted ratings of pairs of positions, clipped to the rating range, of shape (n,)."""

    def score_pairs(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float32]:
        """Unclipped scores of pairs of positions, for ranking, of shape (n,)."""

    def score_users(self, users: ArrayLike) -> NDArray[np.float32]:
        """Unclipped scores of all items for m users, for ranking, of shape (m, n_items)."""

    def save(self, path: PathLike) -> None:
        """Write the model to one ``.npz`` file without pickle."""


@runtime_checkable
class UncertainModel(Model, Protocol):
    """A model that also predicts its uncertainty."""

    def deviation(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation of future ratings, of shape (n,)."""

    def intervals(
        self, users: ArrayLike, items: ArrayLike, level: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of intervals that contain future ratings with probability `level`.

        Each of shape (n,), or (k, n) for k levels.
        """


@runtime_checkable
class TimedModel(UncertainModel, Protocol):
    """A model that predicts ratings at given times.

    `predict` and `intervals` take the times in seconds, of shape (n,), as an additional argument,
    ``seconds``.

    Attributes
    ----------
    times : RatingTimes or None
        Times of the ratings that the model was fitted on; None if it does not use them.
    """

    times: RatingTimes | None


AnyModel = (
    BayesianFactorModel
    | FactorModel
    | ItemNeighboursModel
    | PopularityModel
    | PureSvdModel
    | RandomModel
)

MODELS: dict[str, type[AnyModel]] = {model.kind: model for model in get_args(AnyModel)}


INDEX = "index"
"""Array of a model's file with the digest of the index that the model belongs to."""


def save_model(path: PathLike, model: Model, index: str) -> None:
    """Write a model's file with the digest of its index (`blendmf.data.matrices.index_digest`)."""
    with replacing(path) as temporary:
        model.save(temporary)
        add_array(temporary, INDEX, np.array(index))


def load_model(path: PathLike, index: str | None = None) -> Model:
    """Read any model's file.

    Parameters
    ----------
    path : path
    index : str, optional
        Digest of the index of users and items that the model must belong to.

    Raises
    ------
    UserError
        If the file is not a model file, is damaged, or belongs to another index.
    """
    known = read_arrays(path, ["kind", INDEX])
    if index is not None and str(known.get(INDEX)) != index:
        raise UserError(
            f"{path}: a model of other users and items; put back the right file, or delete it and "
            "run snakemake again"
        )
    kind = str(known.get("kind", "missing"))
    if kind in MODELS:
        return MODELS[kind].load(path)
    # Only other kinds need the configuration, which takes time to load.
    from blendmf.config.models import own_kinds

    own = {entry.model.kind: entry.model for entry in own_kinds().values()}
    if kind not in own:
        raise UserError(f"{path}: not a model file (kind: {kind}); known kinds: {[*MODELS, *own]}")
    model: Model = own[kind].load(path)
    return model
