"""The estimators: one class per family of models, with the settings of the configuration."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

from blendmf.config.explain import validated
from blendmf.config.fields import Settings
from blendmf.config.models import (
    BiasEntry,
    Entry,
    ItemNeighboursEntry,
    MfContentEntry,
    MfEntry,
    SvdEntry,
)
from blendmf.config.training import TrainingSettings
from blendmf.estimators.estimator import RatingEstimator

Made = TypeVar("Made", bound=Settings)

SGD = TrainingSettings()
BAYES = TrainingSettings(optimiser="bayes", latent_dim=16, epochs=100, chains=2)
NEIGHBOURS = ItemNeighboursEntry(kind="item-neighbours")
BIAS = BiasEntry(kind="bias")


@dataclass(kw_only=True, eq=False, repr=False)
class BayesianMF(RatingEstimator):
    """Bayesian matrix factorisation: the mean over posterior draws, with intervals.

    The most accurate model here, with nothing to tune. With described items, ``fit(..., items=)``,
    their words inform the factors. `blendmf.training.bayes.gibbs` states the model.

    Further parameters are those of `RatingEstimator`. The validation part sets widths of intervals,
    and offsets for users and items without ratings.

    Parameters
    ----------
    latent_dim : int, default 16
        Number of factors.
    epochs : int, default 100
        Number of Gibbs sweeps.
    burn_in : int, default 20
        First sweeps to discard.
    draws : int, default 25
        Approximate number of draws of a chain to keep, evenly spread over the other sweeps.
    chains : int, default 2
        Number of independent samplers whose draws are put together: more lower the error.
    drift : bool, default True
        Whether users' ratings may rise or fall in the order in which they are given; needs times.
    moments : bool, default True
        Whether ratings that a user gives within seconds have something in common; needs times, and
        has no effect where the validation ratings are the users' last ones.
    feedback : bool, default True
        Whether which items a user rated, and who rated an item, inform the factors.
    noise_freedom : float or None, default 20
        Degrees of freedom of each user's own noise; None: the same noise for all users.
    """

    latent_dim: int = BAYES.latent_dim
    epochs: int = BAYES.epochs
    burn_in: int = BAYES.burn_in
    draws: int = BAYES.draws
    chains: int = BAYES.chains
    drift: bool = BAYES.drift
    moments: bool = BAYES.moments
    feedback: bool = BAYES.feedback
    noise_freedom: float | None = BAYES.noise_freedom

    def _entry(self, has_words: bool) -> tuple[str, Entry]:
        training = _made(TrainingSettings, self, optimiser="bayes")
        if has_words:
            entry = MfContentEntry(kind="mf-content", blend="item", training=training)
            return "bayes-content", entry
        return "bayes", MfEntry(kind="mf", training=training)


@dataclass(kw_only=True, eq=False, repr=False)
class MatrixFactorization(RatingEstimator):
    """Matrix factorisation with biases, blended with the words of described items.

    Penalties and steps are for ratings in standard deviations, so that they suit any rating scale.

    Further parameters are those of `RatingEstimator`. The validation part chooses the number of
    epochs.

    Parameters
    ----------
    optimiser : {"sgd", "als", "adam", "gd"}, default "sgd"
        Stochastic gradient descent, alternating least squares (without words), or mini-batches and
        full batches in PyTorch.
    blend : {"item", "user", "both"}, default "item"
        Words map to item factors, each user weights the words, or both.
    latent_dim : int, default 48
        Number of factors.
    learning_rate : float, default 0.03
        Step length of the first epoch.
    learning_rate_decay : float, default 0.1
        Epoch t (from 0) uses learning_rate / (1 + learning_rate_decay * t).
    regularization : float, default 0.045
        L2 penalty per rating.
    bias_regularization : float or None, default 0.01
        Penalty of the biases; None: `regularization`.
    user_content_regularization : float or None, default None
        Penalty of the users' weights of words; None: `regularization`.
    content_factors_regularization : float or None, default 0.018
        Penalty of the words' factors; None: `regularization`.
    epochs : int, default 50
        Maximum number of epochs.
    patience : int, default 8
        Training stops after this many epochs without a better validation error.
    drift : bool, default True
        Whether the users' drift is removed from the ratings first; needs times.
    """

    optimiser: Literal["sgd", "als", "adam", "gd"] = "sgd"
    blend: Literal["item", "user", "both"] = "item"
    latent_dim: int = SGD.latent_dim
    learning_rate: float = SGD.learning_rate
    learning_rate_decay: float = SGD.learning_rate_decay
    regularization: float = SGD.regularization
    bias_regularization: float | None = SGD.bias_regularization
    user_content_regularization: float | None = SGD.user_content_regularization
    content_factors_regularization: float | None = SGD.content_factors_regularization
    epochs: int = SGD.epochs
    patience: int = SGD.patience
    drift: bool = SGD.drift

    def _entry(self, has_words: bool) -> tuple[str, Entry]:
        training = _made(TrainingSettings, self)
        if has_words and self.optimiser != "als":
            entry = _made(MfContentEntry, self, kind="mf-content", training=training)
            return "mf-content", entry
        return "als" if self.optimiser == "als" else "mf", MfEntry(kind="mf", training=training)


@dataclass(kw_only=True, eq=False, repr=False)
class ShrunkenBiases(RatingEstimator):
    """Base of the estimators that subtract shrunken biases, and that a validation part cannot help.

    Its parameters are documented by its subclasses.
    """

    validates: ClassVar[bool] = False
    kind: ClassVar[str]
    settings: ClassVar[type[Entry]]

    user_shrinkage: float = BIAS.user_shrinkage
    item_shrinkage: float = BIAS.item_shrinkage

    def _entry(self, has_words: bool) -> tuple[str, Entry]:
        del has_words
        return self.kind, _made(self.settings, self, kind=self.kind)


@dataclass(kw_only=True, eq=False, repr=False)
class ItemNeighbours(ShrunkenBiases):
    """Item-based neighbourhood model on ratings without their biases.

    Further parameters are those of `RatingEstimator`. The validation part chooses nothing.

    Parameters
    ----------
    neighbours : int, default 200
        Number of most similar items that a prediction uses.
    similarity_shrinkage : float, default 100
        Pseudo-count of users who rated both items without agreeing.
    neighbour_shrinkage : float, default 30
        Pseudo-count of neighbours without information.
    amplification : float, default 2
        Power of the similarity that weights a neighbour.
    user_shrinkage : float, default 15
        Pseudo-count of ratings at the mean, of each user.
    item_shrinkage : float, default 10
        Pseudo-count of ratings at the mean, of each item.
    """

    kind: ClassVar[str] = "item-neighbours"
    settings: ClassVar[type[Entry]] = ItemNeighboursEntry

    neighbours: int = NEIGHBOURS.neighbours
    similarity_shrinkage: float = NEIGHBOURS.similarity_shrinkage
    neighbour_shrinkage: float = NEIGHBOURS.neighbour_shrinkage
    amplification: float = NEIGHBOURS.amplification


@dataclass(kw_only=True, eq=False, repr=False)
class Bias(ShrunkenBiases):
    """Mean rating plus shrunken biases of users and items: the baseline to beat.

    Further parameters are those of `RatingEstimator`. The validation part chooses nothing.

    Parameters
    ----------
    user_shrinkage : float, default 15
        Pseudo-count of ratings at the mean, of each user.
    item_shrinkage : float, default 10
        Pseudo-count of ratings at the mean, of each item.
    """

    kind: ClassVar[str] = "bias"
    settings: ClassVar[type[Entry]] = BiasEntry


@dataclass(kw_only=True, eq=False, repr=False)
class TruncatedSVD(ShrunkenBiases):
    """Truncated SVD of the ratings without their biases, with 0 where unrated.

    Further parameters are those of `RatingEstimator`. The validation part chooses nothing.

    Parameters
    ----------
    rank : int, default 10
        Number of factors, below the numbers of users and items.
    user_shrinkage : float, default 15
        Pseudo-count of ratings at the mean, of each user.
    item_shrinkage : float, default 10
        Pseudo-count of ratings at the mean, of each item.
    """

    kind: ClassVar[str] = "svd"
    settings: ClassVar[type[Entry]] = SvdEntry

    rank: int = 10


def _made(settings: type[Made], estimator: RatingEstimator, **given: Any) -> Made:
    """Settings with the parameters of an estimator that they have, and some given ones.

    Raises
    ------
    UserError
        Naming every parameter that is not valid.
    """
    params = estimator.get_params(deep=False)
    own = {name: value for name, value in params.items() if name in settings.model_fields}
    return validated(settings, own | given)
