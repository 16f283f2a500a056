"""How a model is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from blendmf.common.errors import UserError
from blendmf.config.model_kinds import is_trained


def tuned_entry(entry: Mapping[str, Any], best: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A model's entry in the configuration with what its search found.

    Parameters
    ----------
    entry : mapping
    best : sequence of mapping
        The search's ``best.json``, or nothing where the model is not searched.
    """
    found = {name: value for outcome in best for name, value in outcome["params"].items()}
    return with_params(entry, found)


def with_params(entry: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """A model's entry with values for some of its kind's parameters, each where the kind has it."""
    if is_trained(entry):
        return {**entry, "training": {**entry.get("training", {}), **params}}
    return {**entry, **params}


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of one training, the configuration's `training` block and a model's own keys."""

    optimiser: Literal["sgd", "als", "bayes", "adam", "gd"] = "sgd"
    """sgd: per rating. als: alternating least squares, for plain factors. bayes: draws from the
    posterior. adam: mini-batches, gd: full batch, both in PyTorch."""

    engine: Literal["auto", "numba", "torch"] = "auto"
    """What runs sgd: numba on the CPU, torch on `device`; auto goes by device and size. als runs
    in numba alone, adam and gd in torch alone."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where PyTorch runs; auto takes CUDA where there is one."""

    blocks: int | None = None
    """Blocks that users and items are dealt into, for the numba engine; None goes by size."""

    latent_dim: int = 48
    """Number of factors d, at least 1."""

    learning_rate: float = 0.03
    """Step length, above 0."""

    learning_rate_decay: float = 0.1
    """Epoch t (from 0) steps by learning_rate / (1 + learning_rate_decay * t)."""

    regularization: float = 0.05
    """L2 penalty per rating."""

    bias_regularization: float | None = 0.01
    """The same for b_u and b_i; None takes `regularization`."""

    user_content_regularization: float | None = None
    """The same for w_u; None takes `regularization`."""

    content_factors_regularization: float | None = 0.02
    """The same for V; None takes `regularization`."""

    epochs: int = 50
    """Most epochs."""

    patience: int = 8
    """Epochs without a better validation RMSE after which training stops."""

    error_clip: float = 5.0
    """Largest prediction error, in rating steps, that one rating may teach."""

    init_deviation: float = 0.01
    """Standard deviation of the initial factors."""

    drift: bool = True
    """Whether users' ratings may rise or fall in the order that they are given; bayes learns it,
    for the others it is taken out beforehand."""

    burn_in: int = 20
    """Sweeps of bayes that are left out of what is predicted."""

    draws: int = 50
    """Draws that bayes keeps, about so many, spread evenly over the other sweeps."""

    feedback: bool = True
    """Whether bayes lets what a user rated, and who rated an item, tell about them."""

    noise_freedom: float | None = 20.0
    """Degrees of freedom of each user's own noise for bayes; None: one noise for all."""

    batch_size: int = 4096
    """Ratings per mini-batch of the torch engine."""

    mixed_precision: bool = False
    """Whether the torch engine multiplies in half precision."""

    deterministic: bool = True
    """Whether the torch engine gives the same bits on each run of a device."""

    @classmethod
    def of_model(cls, entry: Mapping[str, Any], training: Mapping[str, Any]) -> "TrainingSettings":
        """Settings of one model: its own `training` keys over those that all models share.

        Raises
        ------
        UserError
            If the step is so long and the penalty so large that a step overshoots zero.
        """
        settings = cls(**{**training, **entry.get("training", {})})
        takes_steps = settings.optimiser not in ("als", "bayes")
        if takes_steps and settings.learning_rate * max(settings.penalties) >= 1:
            raise UserError(
                f"learning_rate {settings.learning_rate} times the largest regularization "
                f"{max(settings.penalties)} is 1 or more, so that each step overshoots zero; "
                "lower one of them"
            )
        return settings

    @property
    def penalties(self) -> tuple[float, float, float, float]:
        """L2 penalties of the factors, the biases, w_u and V."""

        def own(value: float | None) -> float:
            return self.regularization if value is None else value

        return (
            self.regularization,
            own(self.bias_regularization),
            own(self.user_content_regularization),
            own(self.content_factors_regularization),
        )

    @property
    def penalty_of_term(self) -> dict[str, float]:
        """L2 penalty of each term, by the term's name."""
        factors, bias, user_content, content_factors = self.penalties
        return {
            "user_bias": bias,
            "item_bias": bias,
            "user_factors": factors,
            "item_factors": factors,
            "content_factors": content_factors,
            "user_content": user_content,
        }

    def learning_rate_at(self, epoch: int) -> float:
        """Step length of epoch `epoch`, counted from 0."""
        return self.learning_rate / (1 + self.learning_rate_decay * epoch)
