"""Variants: the experiment repeated with one change.

A variant is searched, trained and evaluated like the experiment it derives from. Files that the
change does not affect, from the data to the fits of unaffected models, are shared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blendmf.config.dataset import DatasetSettings
from blendmf.config.experiment import Experiment
from blendmf.config.models import Entry, MfContentEntry, model_entry
from blendmf.config.protocol import ContentSettings, SplitSettings

CONTENT_SPACE: dict[str, tuple[str, ...]] = {
    "user": ("content_factors_regularization",),
    "item": ("user_content_regularization",),
    "both": (),
}
"""Searched parameters without effect, by blend."""


@dataclass(frozen=True)
class Variant:
    """An experiment, or a variant of one.

    Attributes
    ----------
    folder : str
        Folder below results/, such as ``ml-100k`` or ``ml-100k/audit/random``.
    dataset : DatasetSettings
    split : SplitSettings
    content : ContentSettings
    models : dict of str to Entry
        The compared models.
    base : Variant, optional
        The experiment that this one varies; None for the experiment itself.
    """

    folder: str
    dataset: DatasetSettings
    split: SplitSettings
    content: ContentSettings
    models: Mapping[str, Entry]
    base: "Variant | None" = None

    def home(self, path: str) -> str:
        """Folder of this variant's file: its own, or the base experiment's if identical.

        Parameters
        ----------
        path : str
            Path below the variant's folder, such as ``matrices/train.npz`` or
            ``models/mf/seed-1``.
        """
        base = self.base
        return base.folder if base and self._shares(base, *path.split("/")[:2]) else self.folder

    def _shares(self, base: "Variant", step: str, model: str) -> bool:
        """Whether a step's files, of a model if it has one, are those of the base experiment."""
        same_split = self.split == base.split
        match step:
            case "data":
                return True
            case "split" | "matrices" | "user_features":
                return same_split
            case "content":
                return same_split and self.content == base.content
            case "search" | "models" | "evaluation":
                entry = self.models[model]
                same_content = not entry.uses_content or self.content == base.content
                return same_split and same_content and entry == base.models.get(model)
        return False


def variants(experiment: Experiment) -> dict[str, Variant]:
    """Every data set of an experiment and all its variants, by folder."""
    bases = [
        Variant(name, dataset, experiment.split, experiment.content, experiment.models)
        for name, dataset in experiment.data_sets().items()
    ]
    varied = [variant for base in bases for variant in _variants_of(base, experiment)]
    return {variant.folder: variant for variant in [*bases, *varied]}


def other_folds(experiment: Experiment) -> list[int]:
    """Folds of a cross-validation that are not the experiment's own; none for other splits."""
    split = experiment.split
    if split.scheme != "folds":
        return []
    return [fold for fold in range(1, split.folds + 1) if fold != split.fold]


def ablation_variants(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """What each variant of the ablation changes, by name: the model's ``entry`` or its ``content``.

    Every other way to blend (of which a Bayesian model has none), no content, each group of parts
    left out, and the placebos.
    """
    settings, parts = experiment.ablation, experiment.content.parts
    if settings.model is None:
        return {}
    entry = experiment.models[settings.model]
    assert isinstance(entry, MfContentEntry)
    changes: dict[str, dict[str, Any]] = {
        f"blend-{blend}": {"entry": _without_space(entry, *without, blend=blend)}
        for blend, without in CONTENT_SPACE.items()
        if blend != entry.blend and entry.training.optimiser != "bayes"
    }
    both = CONTENT_SPACE["user"] + CONTENT_SPACE["item"]
    changes["no-content"] = {"entry": _without_space(entry, *both, kind="mf", blend=None)}
    for group in settings.leave_out:
        kept = [part for part in parts if part not in group]
        if 0 < len(kept) < len(parts):
            changes[f"no-{'-'.join(group)}"] = {"content": {"parts": kept}}
    for number in range(1, settings.placebos + 1):
        changes[f"placebo-{number}"] = {"content": {"dealt": number}}
    return changes


def _variants_of(base: Variant, experiment: Experiment) -> Iterator[Variant]:
    audited = experiment.audit.models or list(base.models)
    for name, change in experiment.audit.arms.items():
        split = base.split if change.split is None else base.split.varied(change.split)
        content = (
            base.content if change.content is None else base.content.with_fields_of(change.content)
        )
        models = {model: base.models[model] for model in audited}
        folder = f"{base.folder}/audit/{name}"
        yield Variant(folder, base.dataset, split, content, models, base)
    for fold in other_folds(experiment):
        split = base.split.model_copy(update={"fold": fold})
        folder = f"{base.folder}/folds/{fold}"
        yield Variant(folder, base.dataset, split, base.content, base.models, base)
    ablated = experiment.ablation.model
    for name, changed in ablation_variants(experiment).items():
        assert ablated is not None
        entry = model_entry(changed["entry"]) if "entry" in changed else base.models[ablated]
        content = base.content.model_copy(update=changed.get("content", {}))
        folder = f"{base.folder}/ablation/{name}"
        yield Variant(folder, base.dataset, base.split, content, {ablated: entry}, base)


def _without_space(
    entry: MfContentEntry, *parameters: str, **changes: str | None
) -> dict[str, Any]:
    """Values of a changed entry, without these parameters in its search space; None drops a key."""
    values = entry.model_dump() | changes
    values["space"] = {key: b for key, b in values["space"].items() if key not in parameters}
    return {key: value for key, value in values.items() if value is not None}
