"""Arms: the whole experiment again with one thing changed, beside the experiment itself.

An arm is searched, trained and evaluated like the experiment that it derives from. What the change
does not touch, from the data to the fits of models that read none of it, is taken from there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blendmf.config.model_kinds import uses_content
from blendmf.config.validate import data_sets

Block = dict[str, Any]

CONTENT_SPACE = {
    "user": ("content_factors_regularization",),
    "item": ("user_content_regularization",),
    "both": (),
}
"""Searched parameters that mean nothing for a kind of blend."""


@dataclass(frozen=True)
class Arm:
    """An experiment, or a variation of one.

    Attributes
    ----------
    folder : str
        Where its files are, below the folder of results; for example ``ml-100k`` or
        ``ml-100k/audit/random``.
    dataset, split, content : dict
        These blocks of the configuration, as they are here.
    models : dict of dict
        Entries of the models that are compared.
    base : Arm, optional
        The experiment that this one varies; None for one that stands by itself.
    """

    folder: str
    dataset: Block
    split: Block
    content: Block
    models: dict[str, Block]
    base: "Arm | None" = None

    def home(self, path: str) -> str:
        """Folder that a file of this arm is in: its own, or its base's where they agree.

        Parameters
        ----------
        path : str
            Below the arm's folder, such as ``matrices/train.npz`` or ``models/mf/seed-1``.
        """
        base = self.base
        return base.folder if base and self._shares(base, *path.split("/")[:2]) else self.folder

    def _shares(self, base: "Arm", step: str, model: str) -> bool:
        """Whether a step's files, of a model where there is one, are those of the base."""
        same_split = self.split == base.split
        match step:
            case "data":
                return True
            case "split" | "matrices" | "places":
                return same_split
            case "content":
                return same_split and self.content == base.content
            case "search" | "models" | "evaluation":
                entry = self.models[model]
                same_content = not uses_content(entry) or self.content == base.content
                return same_split and same_content and entry == base.models.get(model)
        return False


def arms(config: Mapping[str, Any]) -> dict[str, Arm]:
    """Every arm of a configuration by its folder: each data set, and the variations of each."""
    blocks = {key: config[key] for key in ("split", "content", "models")}
    bases = [Arm(name, block, **blocks) for name, block in data_sets(config).items()]
    varied = [arm for base in bases for arm in _variations(base, config)]
    return {arm.folder: arm for arm in [*bases, *varied]}


def ablation_arms(config: Mapping[str, Any]) -> dict[str, Block]:
    """What each arm of the ablation changes, by its name.

    Each way to blend but the model's own, no content, each group of parts left out, placebos.
    """
    settings, content = config["ablation"], config["content"]
    if settings["model"] is None:
        return {}
    entry = config["models"][settings["model"]]
    changed: dict[str, Block] = {
        f"blend-{blend}": {"entry": _blended(entry, blend)}
        for blend in CONTENT_SPACE
        if blend != entry["blend"]
    }
    changed["no-content"] = {"entry": _without_content(entry)}
    for group in settings["leave_out"]:
        left = [part for part in content["parts"] if part not in group]
        if left and len(left) < len(content["parts"]):
            changed[f"no-{'-'.join(group)}"] = {"content": {"parts": left}}
    for number in range(1, settings["placebos"] + 1):
        changed[f"placebo-{number}"] = {"content": {"dealt": number}}
    return changed


def _variations(base: Arm, config: Mapping[str, Any]) -> Iterator[Arm]:
    audited = config["audit"]["models"] or list(base.models)
    for name, changed in config["audit"]["arms"].items():
        models = {model: base.models[model] for model in audited}
        yield _varied(base, f"audit/{name}", changed, models)
    ablated = config["ablation"]["model"]
    for name, changed in ablation_arms(config).items():
        models = {ablated: changed.get("entry", base.models[ablated])}
        yield _varied(base, f"ablation/{name}", changed, models)


def _varied(base: Arm, path: str, changed: Block, models: dict[str, Block]) -> Arm:
    split, content = (
        {**block, **changed.get(key, {})}
        for key, block in (("split", base.split), ("content", base.content))
    )
    return Arm(f"{base.folder}/{path}", base.dataset, split, content, models, base)


def _blended(entry: Block, blend: str) -> Block:
    return _without_space({**entry, "blend": blend}, CONTENT_SPACE[blend])


def _without_content(entry: Block) -> Block:
    plain = {key: value for key, value in entry.items() if key != "blend"}
    both = CONTENT_SPACE["user"] + CONTENT_SPACE["item"]
    return _without_space({**plain, "kind": "mf"}, both)


def _without_space(entry: Block, parameters: tuple[str, ...]) -> Block:
    """The entry without these parameters in a search space of its own."""
    space = {key: bounds for key, bounds in entry.get("space", {}).items() if key not in parameters}
    rest = {key: value for key, value in entry.items() if key != "space"}
    return {**rest, "space": space} if space else rest
