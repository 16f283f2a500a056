"""Settings of the training of factor models."""

from typing import Literal

from pydantic import Field

from blendmf.common.errors import UserError
from blendmf.config.fields import SEARCHABLE, Settings


class TrainingSettings(Settings):
    """How a factor model is trained, unless its own entry says otherwise."""

    optimiser: Literal["sgd", "als", "bayes", "adam", "gd"] = Field(
        default="sgd",
        description="sgd: one rating at a time. als: alternating least squares (kind mf, CPU). "
        "bayes: Gibbs sampling from the posterior (kind mf, or mf-content with blend: item; CPU). "
        "adam: mini-batches, gd: full batch, both in PyTorch on `device`.",
    )
    engine: Literal["auto", "numba", "torch"] = Field(
        default="auto",
        description="What runs sgd. numba: compiled for the CPU, the same bits for any number of "
        "threads. torch: mini-batches on `device`. auto: torch for a `device` cuda "
        "or mps, else numba.",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="Where PyTorch runs. auto: CUDA if present, else the CPU."
    )
    blocks: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="Blocks that users and items are divided into (numba). Part of the result, "
        "like the seed. null: chosen so that a block's parameters fit the cache, at least 16.",
    )
    latent_dim: int = Field(
        default=48,
        ge=1,
        le=100_000,
        description="Number of factors d.",
        json_schema_extra=SEARCHABLE,
    )
    learning_rate: float = Field(
        default=0.03,
        gt=0,
        description="Step length, for ratings in standard deviations.",
        json_schema_extra=SEARCHABLE,
    )
    learning_rate_decay: float = Field(
        default=0.1,
        ge=0,
        description="Epoch t (from 0) uses learning_rate / (1 + learning_rate_decay * t).",
        json_schema_extra=SEARCHABLE,
    )
    regularization: float = Field(
        default=0.045,
        ge=0,
        description="L2 penalty per rating, for ratings in standard deviations.",
        json_schema_extra=SEARCHABLE,
    )
    bias_regularization: float | None = Field(
        default=0.01,
        ge=0,
        description="L2 penalty of the biases. null: `regularization`.",
        json_schema_extra=SEARCHABLE,
    )
    user_content_regularization: float | None = Field(
        default=None,
        ge=0,
        description="L2 penalty of the user's word weights w_u. null: `regularization`.",
        json_schema_extra=SEARCHABLE,
    )
    content_factors_regularization: float | None = Field(
        default=0.018,
        ge=0,
        description="L2 penalty of the words' factors V. null: `regularization`.",
        json_schema_extra=SEARCHABLE,
    )
    epochs: int = Field(default=50, ge=1, description="Maximum number of epochs (bayes: sweeps).")
    patience: int = Field(
        default=8,
        ge=1,
        description="Training stops after this many epochs without a better validation RMSE; the "
        "parameters of the best epoch are kept.",
    )
    error_clip: float = Field(
        default=5.0,
        gt=0,
        description="A prediction error is clipped to this many standard deviations of the ratings "
        "before an update.",
    )
    init_deviation: float = Field(
        default=0.01,
        ge=0,
        description="Standard deviation of the initial factors.",
        json_schema_extra=SEARCHABLE,
    )
    drift: bool = Field(
        default=True,
        description="Whether users' ratings may rise or fall in the order in which they are given. "
        "bayes learns this with the rest; for the others it is removed from the ratings first.",
    )
    moments: bool = Field(
        default=True,
        description="Whether ratings that a user gives within seconds have something in common "
        "(bayes). It has no effect where the validation ratings are the users' last ones.",
    )
    chains: int = Field(
        default=1,
        ge=1,
        le=1000,
        description="Number of independent samplers of `epochs` sweeps each, whose draws are put "
        "together (bayes). The error falls with it; time and file grow.",
    )
    refit: bool = Field(
        default=False,
        description="Whether, after a fit by which the validation ratings set the position in the "
        "users' order, the offsets of cold users and items and the widths of intervals, the draws "
        "are made from the training and the validation ratings together (bayes).",
    )
    burn_in: int = Field(default=20, ge=0, description="First sweeps to discard (bayes).")
    draws: int = Field(
        default=25,
        ge=1,
        description="Approximate number of draws of a chain to keep, evenly spread over the other "
        "sweeps (bayes). The model's file and its scoring time grow with it.",
    )
    feedback: bool = Field(
        default=True,
        description="Whether which items a user rated, and who rated an item, inform the factors "
        "(bayes).",
    )
    noise_freedom: float | None = Field(
        default=20.0,
        gt=0,
        description="Degrees of freedom of each user's own noise (bayes): the fewer, the more it "
        "may differ from the common noise. null: the same noise for all users.",
    )
    batch_size: int = Field(
        default=4096,
        ge=1,
        description="Ratings per mini-batch (torch).",
        json_schema_extra=SEARCHABLE,
    )
    mixed_precision: bool = Field(
        default=False, description="Multiply in half precision (torch): faster, less exact."
    )
    deterministic: bool = Field(
        default=True, description="The same bits on each run of one device (torch); costs speed."
    )

    def refuse_overshooting_steps(self) -> None:
        """Raise a `UserError` if a step's shrinkage by the L2 penalty would pass zero."""
        takes_steps = self.optimiser not in ("als", "bayes")
        if takes_steps and self.learning_rate * max(self.penalties) >= 1:
            raise UserError(
                f"learning_rate {self.learning_rate} times the largest regularization "
                f"{max(self.penalties)} is 1 or more, so that each step overshoots zero; "
                "lower one of them"
            )

    @property
    def uses_times(self) -> bool:
        """Whether training reads the times of the ratings."""
        return self.drift or (self.moments and self.optimiser == "bayes")

    @property
    def removes_drift(self) -> bool:
        """Whether drift is removed from the ratings before training."""
        return self.drift and self.optimiser != "bayes"

    @property
    def penalties(self) -> tuple[float, float, float, float]:
        """L2 penalties of the factors, the biases, word weights w_u and word factors V."""

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
        """Step length of an epoch, counted from 0."""
        return self.learning_rate / (1 + self.learning_rate_decay * epoch)
