"""Settings of the hyper-parameter search."""

from typing import Annotated, Literal

from pydantic import Field

from blendmf.config.fields import LocalPath, Number, Removable, Settings, Sorted


class Bounds(Settings):
    """Range in which a parameter is searched."""

    low: Number = Field(description="Lowest value.")
    high: Number = Field(description="Highest value.")
    log: bool = Field(default=False, description="Search orders of magnitude.")


Space = dict[str, Bounds | None]
"""Bounds by parameter; null removes a shared parameter from a model's own space."""


class SearchSettings(Settings):
    """Hyper-parameter search of every model with `search: true`."""

    trials: int = Field(default=30, ge=1, le=100_000, description="Trials of each model.")
    trials_per_generation: int = Field(
        default=5,
        ge=1,
        le=100_000,
        description="Trials that are proposed together, from everything before them.",
    )
    shards: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Jobs that share a generation's trials; does not affect the result. With 1, a "
        "single job runs all generations of data with less than a million ratings.",
    )
    sampler: Literal["tpe", "random", "qmc"] = Field(
        default="tpe",
        description="tpe: learns from earlier trials. random. qmc: a Sobol sequence.",
    )
    reduction_factor: int | None = Field(
        default=3,
        ge=2,
        description="Successive halving: at 1/9, 1/3, ... of `training.epochs` only one in "
        "this many trials continues. null: every trial runs to its end.",
    )
    finalists: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Best trials that are fitted again before one is chosen.",
    )
    finalist_seeds: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Fits of each finalist from different random numbers; the lowest mean wins.",
    )
    warm_start: LocalPath | None = Field(
        default=None,
        description="Folder of an earlier search, such as a copy of results/ml-100k/search: "
        "its finalists are the first trials after the configured settings.",
    )
    space: Annotated[dict[str, Bounds], Removable, Sorted] = Field(
        default={},
        description="Bounds of keys of `training`, for models that are trained by epochs. A "
        "model's own `space` adds to them.",
    )
