"""Fitted estimators in folders: saved ones, and the models of a finished run."""

from dataclasses import fields
from pathlib import Path

import pandas as pd

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, read_json, read_sparse, reading
from blendmf.config.models import Entry, model_entry
from blendmf.data.tables import read_table
from blendmf.estimators import models
from blendmf.estimators.content import Words, terms_of
from blendmf.estimators.estimator import RatingEstimator
from blendmf.estimators.folder import FACTS, Fitted, read_folder
from blendmf.models.observations import RatingUnit
from blendmf.recommend.trained_model import TrainedModel, open_trained

CLASS_OF = {
    "bias": models.Bias,
    "item-neighbours": models.ItemNeighbours,
    "svd": models.TruncatedSVD,
    "mf": models.MatrixFactorization,
    "mf-content": models.MatrixFactorization,
}
"""Estimator of each kind of model; `BayesianMF` for the optimiser bayes."""


def load(folder: PathLike, model: str | None = None, seed: int | None = None) -> RatingEstimator:
    """Read a saved estimator, or a model of a finished run.

    Parameters
    ----------
    folder : path
        Folder of `RatingEstimator.save`, or the results folder of a data set, such as
        ``results/ml-100k``.
    model : str, optional
        Name of a model of the run; default: the one with the lowest test RMSE.
    seed : int, optional
        A fit on the training part alone; default: the fit on all ratings.

    Raises
    ------
    UserError
        If the folder or a file is missing.
    """
    path = Path(folder)
    if not path.is_dir():
        raise UserError(f"{path}: no such folder; name one that save() or snakemake has written")
    if not (path / FACTS).is_file():
        return of_run(open_trained(path, model, seed))
    loaded, facts = read_folder(path), read_json(path / FACTS)
    with reading(path / FACTS):
        params = facts["params"]
        if params["rating_range"]:
            params["rating_range"] = tuple(params["rating_range"])
        of_kind = getattr(models, facts["class"])
        if not issubclass(of_kind, RatingEstimator):
            raise ValueError(f"{facts['class']} is no estimator")
        estimator: RatingEstimator = of_kind(**params)
        entry = model_entry(facts["settings"])
        learned = (facts["name"], facts["rating_range"], float(facts["deviation"]))
        estimator.set_fitted(loaded, entry, *learned)
    return estimator


def of_run(trained: TrainedModel) -> RatingEstimator:
    """Estimator with a trained model of a finished run.

    Raises
    ------
    UserError
        If no estimator has models of this kind.
    """
    entry = model_entry(read_json(trained.existing(trained.file.with_name("fit.json")))["settings"])
    words = None
    if entry.uses_content:
        vocabulary = read_table(trained.existing(trained.content / "vocabulary.parquet"))
        tfidf = read_sparse(trained.existing(trained.content / "tfidf.npz"))
        words = Words(tfidf, terms_of(vocabulary))
    items = trained.items[["item_id", "title", "year", "genres"]].assign(text=None)
    ratings = trained.fitted_ratings
    fitted = Fitted(trained.model, pd.Index(trained.users["user_id"]), items, ratings, words)
    estimator = estimator_of(entry, trained.name).set_params(seed=trained.seed)
    deviation = RatingUnit.of(ratings.data).deviation
    estimator.set_fitted(fitted, entry, trained.name, trained.rating_range, deviation)
    return estimator


def estimator_of(entry: Entry, name: str) -> RatingEstimator:
    """Estimator, not yet fitted, with the settings of an entry of `models`."""
    training = getattr(entry, "training", None)
    if entry.kind not in CLASS_OF:
        known = ", ".join(CLASS_OF)
        raise UserError(f"{name} is of kind {entry.kind}; estimators have the kinds {known}")
    is_bayes = training is not None and training.optimiser == "bayes"
    of_kind = models.BayesianMF if is_bayes else CLASS_OF[entry.kind]
    settings = entry.model_dump() | (training.model_dump() if training else {})
    names = {field.name for field in fields(of_kind)}
    return of_kind(**{key: value for key, value in settings.items() if key in names}, name=name)
