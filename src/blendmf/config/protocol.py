"""Settings of the protocol: how the data are split, what describes items, how models are scored."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_serializer

from blendmf.config.fields import Distinct, Files, Number, Settings, ShareOrFiles, names_of

Scheme = Literal["per-user-temporal", "random", "global-temporal", "cold-items", "folds", "given"]
Part = Literal["genres", "tags", "year", "decade", "title"]


class SplitSettings(Settings):
    """Division of the ratings into training, validation and test part."""

    scheme: Scheme = Field(
        default="per-user-temporal",
        description="per-user-temporal: each user's ratings in time order, the first `train` of "
        "them for training. random: the same shares of each user's ratings, at random. "
        "global-temporal: the same shares of all ratings in time order. cold-items: whole items at "
        "random, so that no item of the test part has a training rating. folds: one fold of a "
        "cross-validation is the test part. given: the files `test` are the test part.",
    )
    train: float = Field(default=0.70, gt=0, lt=1, description="Share of the training part.")
    validation: ShareOrFiles = Field(
        default=0.15,
        description="Share of the validation part; the rest is the test part. Of folds and given "
        "files, the share of the ratings that are not tested, or, of given files, their names.",
    )
    test: Files | None = Field(
        default=None,
        description="Files of the test ratings (given), of the form of `dataset.csv.ratings.file`.",
    )
    min_ratings: int = Field(
        default=5,
        ge=0,
        description="Users with fewer ratings stay whole in training (per-user schemes).",
    )
    folds: int = Field(default=5, ge=2, le=1000, description="Number of folds.")
    fold: int = Field(default=1, ge=1, description="Fold that is the test part, from 1.")
    fold_rule: Literal["random", "rows"] = Field(
        default="random",
        description="random: every rating is equally likely to be in each fold. rows: folds are "
        "consecutive rows of the ratings file, as in the folds u1 to u5 of ml-100k.",
    )

    def varied(self, change: Self) -> Self:
        """Split of a variant: these settings with the fields that `change` was given.

        Files that are parts of a given split do not apply to another scheme.
        """
        split = self.with_fields_of(change)
        if split.scheme == "given" or self.scheme != "given":
            return split
        defaults = {
            name: SplitSettings.model_fields[name].default
            for name in {"test", "validation"} - change.model_fields_set
            if names_of(getattr(self, name))
        }
        return split.model_copy(update=defaults)

    @property
    def files(self) -> list[str]:
        """Files that are parts of a given split."""
        return [*names_of(self.test), *names_of(self.validation)] if self.scheme == "given" else []


class ContentSettings(Settings):
    """Text of the items."""

    parts: Annotated[list[Part], Field(min_length=1), Distinct] = Field(
        default=["genres", "tags", "year", "decade"],
        description="What the text of an item is made of.",
    )
    tags: Literal["all", "train-only"] = Field(
        default="train-only",
        description="train-only: a tag counts if its author rated the item in training and wrote "
        "the tag no later than the author's last training rating. all: every tag.",
    )
    max_terms: int = Field(default=5000, ge=1, description="Keep the most frequent terms.")
    min_items: int = Field(default=1, ge=1, description="Keep terms of at least this many items.")
    idf: Literal["smooth", "textbook"] = Field(
        default="smooth",
        description="smooth: ln((1+N)/(1+df)) + 1, as in scikit-learn. textbook: ln(N/(1+df)), at "
        "least 0.",
    )
    dealt: int | None = Field(
        default=None,
        ge=0,
        description="A placebo: every item gets the words of another, drawn from the seed and this "
        "number. null: every item has its own.",
    )


class EvaluationSettings(Settings):
    """Scores on held-out ratings."""

    k: int = Field(default=10, ge=1, le=10_000, description="Length of the ranked list.")
    relevance_threshold: Number | None = Field(
        default=None,
        description="A held-out rating of at least this much is relevant. null: five eighths of "
        "the rating range, so 3.5 of 1 to 5 stars, or the value that divides the ratings most "
        "evenly if fewer than a tenth of them are on one side of that.",
    )
    bootstrap_resamples: int = Field(
        default=10000,
        ge=100,
        description="Resamples of the users for the 95 % intervals and the tests. With n of them "
        "and m pairs of models no corrected p-value is below 2 m / (n + 1).",
    )
    full_users: int | None = Field(
        default=None,
        ge=1,
        description="The full protocol ranks the catalogue for this many users, drawn at random. "
        "null: for all. Users times items is what outgrows the ratings.",
    )

    def for_data(self, source: Mapping[str, Any]) -> Self:
        """Copy with the threshold of the data if none is set; `source` is its ``source.json``."""
        if self.relevance_threshold is not None:
            return self
        return self.model_copy(update={"relevance_threshold": source["relevance_threshold"]})


class Change(Settings):
    """Changes of a variant; all other keys are those of the experiment."""

    split: SplitSettings | None = Field(default=None, description="Keys of `split`.")
    content: ContentSettings | None = Field(default=None, description="Keys of `content`.")

    @field_serializer("split", "content")
    def _given_keys(self, block: Settings | None) -> dict[str, Any] | None:
        """The keys that are changed, so that a written configuration means the same again."""
        return None if block is None else block.model_dump(exclude_unset=True)
