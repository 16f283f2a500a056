"""The whole configuration of an experiment: all its blocks."""

from typing import Annotated, Literal

from pydantic import Field

from blendmf.config.dataset import DatasetSettings, Scale
from blendmf.config.fields import (
    BEST,
    SEED,
    Distinct,
    FolderName,
    ModelName,
    Removable,
    Settings,
    Sorted,
)
from blendmf.config.models import ModelEntry
from blendmf.config.protocol import Change, ContentSettings, EvaluationSettings, Part, SplitSettings
from blendmf.config.search import SearchSettings
from blendmf.config.training import TrainingSettings


class SvdSettings(Settings):
    """Comparison of truncated SVD with matrix factorisation at the same ranks."""

    ranks: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1), Distinct] = Field(
        default=[1, 2, 5, 10, 20, 50], description="Ranks to compare."
    )
    compared_with: str | None = Field(
        default="mf", description="Model of kind mf to compare with. null: none."
    )


class SmallMatrixSettings(Settings):
    """Study of gradient methods on a 3 x 3 matrix."""

    rank: int = Field(default=2, ge=1, le=3, description="Rank of the factorisation.")
    sgd_epochs: int = Field(default=1000, ge=1, description="Epochs of SGD.")
    adam_steps: int = Field(default=10000, ge=1, description="Steps of Adam.")


class AuditSettings(Settings):
    """Audit of the protocol: the experiment repeated with one thing changed (`make audit`)."""

    arms: Annotated[dict[FolderName, Change], Removable, Sorted] = Field(
        default={
            "all-tags": Change(content=ContentSettings(tags="all")),
            "cold-items": Change(split=SplitSettings(scheme="cold-items")),
            "global-temporal": Change(split=SplitSettings(scheme="global-temporal")),
            "random": Change(split=SplitSettings(scheme="random")),
        },
        description="Variants by name, each with the keys of `split` or `content` that it changes.",
    )
    models: Annotated[list[str], Field(min_length=1), Distinct] | None = Field(
        default=None, description="Models to compare in every variant. null: all."
    )


class AblationSettings(Settings):
    """Ablation of the content: parts left out, and placebos (`make ablation`)."""

    model: str | None = Field(
        default="mf-content",
        description="Model of kind mf-content whose content is taken away. null: no ablation.",
    )
    leave_out: Annotated[list[Annotated[list[Part], Field(min_length=1), Distinct]], Distinct] = (
        Field(
            default=[["genres"], ["tags"], ["year", "decade"], ["title"]],
            description="Groups of content parts; each is left out in a variant of its own.",
        )
    )
    placebos: int = Field(
        default=19,
        ge=0,
        le=10_000,
        description="Variants in which every item has the words of another. With n of them the "
        "smallest p-value is 1 / (n + 1).",
    )


class RecommendationSettings(Settings):
    """Recommendations of unseen items."""

    models: Annotated[list[str], Distinct] | None = Field(
        default=None,
        description="Models that are fitted on all ratings and recommend; [] for none. null: the "
        "model with the lowest test RMSE.",
    )
    n: int = Field(default=10, ge=1, description="Items per user.")
    users: int | None = Field(
        default=None,
        ge=1,
        description="Recommend to this many users, drawn at random. null: to all.",
    )

    @property
    def choices(self) -> list[str]:
        """Names of the fits on all ratings: those of the models, or `BEST`."""
        return [BEST] if self.models is None else self.models


class ExplorerSettings(Settings):
    """Page on which to look up single users and items."""

    users: int = Field(
        default=1000,
        ge=1,
        description="Maximum number of users on the page; of more, a random sample.",
    )
    items: int = Field(
        default=2000,
        ge=1,
        description="Maximum number of items on the page; of more, those with the most ratings.",
    )


class ReportSettings(Settings):
    """Files of the report."""

    figures: Annotated[list[Literal["pdf", "png"]], Distinct] = Field(
        default=[], description="Formats of the figures in addition to SVG, for papers and slides."
    )


class PublishedSystem(Settings):
    """Figures of another system on the same split, shown in the report."""

    system: str = Field(min_length=1, description="Name of the system.")
    rmse: float | None = Field(default=None, ge=0, description="Test RMSE.")
    mae: float | None = Field(default=None, ge=0, description="Test MAE.")
    precision: float | None = Field(
        default=None, ge=0, le=1, description="Precision at evaluation.k, rated protocol."
    )
    recall: float | None = Field(
        default=None, ge=0, le=1, description="Recall at evaluation.k, rated protocol."
    )
    note: str | None = Field(default=None, description="Settings or source.")


class Experiment(Settings):
    """Configuration of a blendmf experiment."""

    seed: int = Field(default=SEED, ge=0, description="Source of every random draw of a run.")
    seeds: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Fits of each stochastic model from different random streams.",
    )
    container: str | None = Field(
        default=None, description="Image for `--software-deployment-method apptainer`."
    )
    dataset: DatasetSettings
    scale: Scale | None = Field(
        default=None,
        description="Generated data sets of several sizes, in place of the one of `dataset`.",
    )
    split: SplitSettings = SplitSettings()
    content: ContentSettings = ContentSettings()
    models: Annotated[dict[ModelName, ModelEntry], Field(min_length=1), Removable, Sorted] = Field(
        description="The compared models: any name, a kind, and what differs."
    )
    training: TrainingSettings = TrainingSettings()
    search: SearchSettings = SearchSettings()
    svd: SvdSettings = SvdSettings()
    small_matrix: SmallMatrixSettings = SmallMatrixSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    audit: AuditSettings = AuditSettings()
    ablation: AblationSettings = AblationSettings()
    recommendations: RecommendationSettings = RecommendationSettings()
    explorer: ExplorerSettings = ExplorerSettings()
    report: ReportSettings = ReportSettings()
    published: list[PublishedSystem] = Field(
        default=[], description="Figures of other systems on the same split."
    )

    @property
    def searched(self) -> list[str]:
        """Names of the searched models."""
        return [name for name, entry in self.models.items() if entry.searched]

    def data_sets(self) -> dict[str, DatasetSettings]:
        """Data sets by the name of their results' folder: one, or those of `scale`."""
        if not self.scale:
            return {self.dataset.name: self.dataset}
        return {
            name: self.dataset.model_copy(
                update={"synthetic": self.dataset.synthetic.model_copy(update=size.model_dump())}
            )
            for name, size in self.scale.items()
        }
