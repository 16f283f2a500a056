"""Validate a configuration, and report all its mistakes at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from blendmf.common.errors import UserError
from blendmf.config.checks_of_data import Problem, data_problems, split_problems, variant_problems
from blendmf.config.dataset import DatasetSettings
from blendmf.config.experiment import Experiment
from blendmf.config.explain import explained, without_errors
from blendmf.config.fields import Settings
from blendmf.config.models import Entry, MfContentEntry, MfEntry, SearchedEntry, TrainedEntry
from blendmf.config.search import Bounds
from blendmf.config.training import TrainingSettings


def experiment(config: Mapping[str, Any]) -> Experiment:
    """Validate a configuration; return it as an experiment with all default values filled in.

    Null removes a model, a data set of `scale`, a variant of `audit.arms`, or a parameter of a
    search space, so that a file merged over the default configuration can remove one. A model's
    `training` and `space` override the shared blocks `training` and `search.space` key by key.

    Raises
    ------
    UserError
        If the configuration has mistakes. The message has one line per mistake: the key, its
        value, and what is allowed.
    """
    written = deepcopy(dict(config))
    problems: list[str] = []
    found: Experiment | None
    try:
        found = Experiment.model_validate(written)
    except ValidationError as error:
        problems = explained(error, Experiment)
        found = without_errors(written, error, Experiment)
    if found is not None:
        reported = {problem.partition(": ")[0] for problem in problems}
        problems += [
            problem
            for problem in contradictions(
                found.model_copy(update={"models": _whole(found)}), written
            )
            if problem.partition(": ")[0] not in reported
        ]
    if problems:
        raise UserError("\n".join(f"configuration key {problem}" for problem in problems))
    assert found is not None
    whole = {"models": _whole(found), "dataset": _with_split_files(found)}
    return without_content_models(found.model_copy(update=whole))


def parts_with_text(dataset: DatasetSettings) -> set[str]:
    """Parts of an item's text for which the data set can have words."""
    if dataset.format == "triples":
        return set()
    if dataset.csv is None:
        return {"genres", "tags", "year", "decade", "title"}
    parts = {"tags"} if dataset.csv.tags is not None else set()
    items = dataset.csv.items
    if items is not None:
        parts |= {"genres"} if items.genres is not None else set()
        parts |= {"title"} if items.title is not None else set()
        # Titles may end in a year.
        parts |= {"year", "decade"} if {items.year, items.title} != {None} else set()
    return parts


def without_content_models(found: Experiment) -> Experiment:
    """The experiment without its content models if the data have no text for the items.

    Whatever refers to them goes too. Unchanged if the data have text.

    Raises
    ------
    UserError
        If no model is left.
    """
    if parts_with_text(found.dataset).intersection(found.content.parts):
        return found
    plain = {name: entry for name, entry in found.models.items() if not entry.uses_content}
    if not plain:
        raise UserError(
            "configuration key models: all models use the items' text, but the data have none; "
            "describe the items under dataset.csv.items, or add a model of another kind"
        )

    def kept(names: list[str] | None) -> list[str] | None:
        return ([name for name in names if name in plain] or None) if names else names

    audit = found.audit
    arms = {name: change for name, change in audit.arms.items() if change.split is not None}
    return found.model_copy(
        update={
            "models": plain,
            "ablation": found.ablation.model_copy(update={"model": None}),
            "audit": audit.model_copy(update={"models": kept(audit.models), "arms": arms}),
            "recommendations": found.recommendations.model_copy(
                update={"models": kept(found.recommendations.models)}
            ),
        }
    )


def _with_split_files(found: Experiment) -> DatasetSettings:
    """The data set, whose ratings include the files of a given split."""
    csv = found.dataset.csv
    if csv is None or not found.split.files:
        return found.dataset
    files = list(dict.fromkeys([*csv.ratings.files, *found.split.files]))
    ratings = csv.ratings.model_copy(update={"file": files})
    return found.dataset.model_copy(update={"csv": csv.model_copy(update={"ratings": ratings})})


def _whole(found: Experiment) -> dict[str, Entry]:
    """Models whose `training` and `space` are merged with the shared blocks.

    A space lists the shared parameters first, then the model's own in alphabetical order. The order
    is fixed because it affects the search.
    """
    whole: dict[str, Entry] = {}
    for name, entry in found.models.items():
        changes: dict[str, Any] = {}
        if isinstance(entry, SearchedEntry):
            changes["space"] = dict(sorted(entry.space.items()))
        if isinstance(entry, TrainedEntry):
            changes["space"] = {**found.search.space, **changes["space"]}
            changes["training"] = found.training.with_fields_of(entry.training)
        whole[name] = entry.model_copy(update=changes)
    return whole


def contradictions(found: Experiment, written: Mapping[str, Any]) -> list[str]:
    """List the contradictions between settings, each as ``key: problem``.

    Parameters
    ----------
    found : Experiment
        Experiment in which each value is valid on its own.
    written : mapping
        The configuration as the user wrote it. Its models that are not null and not in `found`
        are invalid and reported already; references to them are not reported as missing.
    """
    models = written.get("models")
    named = models if isinstance(models, dict) else {}
    wrong = {name for name in named.keys() - found.models.keys() if named[name] is not None}
    problems = [
        *split_problems("split", found.split),
        *(p for name, entry in found.models.items() for p in _model(name, entry)),
        *_references(found, wrong),
        *variant_problems(found),
        *data_problems(found),
        *_search(found),
    ]
    return [f"{key}: {problem}" for key, problem in problems]


def _model(name: str, entry: Entry) -> Iterator[Problem]:
    """Combinations of model and optimiser that are not supported."""
    if not isinstance(entry, TrainedEntry):
        return
    key, optimiser = f"models.{name}", entry.training.optimiser
    if entry.uses_user_features and optimiser != "bayes":
        yield (
            f"{key}.user_features",
            f"true needs optimiser: bayes, not {optimiser}; change it, or set the key to false",
        )
    if optimiser not in ("als", "bayes"):
        return
    if optimiser == "als" and entry.kind != "mf":
        yield (
            key,
            f"optimiser als cannot train kind {entry.kind}, which learns from words; give it "
            "optimiser: sgd",
        )
    if optimiser == "bayes" and entry.kind == "content":
        yield (
            key,
            "optimiser bayes cannot train kind content, which has no factors of its own; give it "
            "optimiser: sgd",
        )
    if optimiser == "bayes" and isinstance(entry, MfContentEntry) and entry.blend != "item":
        yield (
            f"{key}.blend",
            f"optimiser bayes needs blend: item, not {entry.blend}; change it, or give the model "
            "optimiser: sgd",
        )
    if entry.training.engine == "torch":
        yield key, f"optimiser {optimiser} does not run in torch; give the model engine: auto"


def _references(found: Experiment, wrong: Collection[str]) -> Iterator[Problem]:
    """References to models that do not exist or are of the wrong kind."""
    models = found.models
    for key, named, kind, name in (
        ("svd.compared_with", found.svd.compared_with, MfEntry, "mf"),
        ("ablation.model", found.ablation.model, MfContentEntry, "mf-content"),
    ):
        if named is not None and named not in wrong and not isinstance(models.get(named), kind):
            yield key, f"{named!r} is not a model of kind {name}; name one, or null"
    for key, names, none in (
        ("recommendations.models", found.recommendations.models, "null for the best, [] for none"),
        ("audit.models", found.audit.models, "null for all"),
    ):
        for name in names or ():
            if name not in models and name not in wrong:
                problem = f"{name!r} is not among the models {list(models)}; name others, or {none}"
                yield key, problem


def _search(found: Experiment) -> Iterator[Problem]:
    search = found.search
    if search.shards > search.trials_per_generation:
        yield (
            "search.shards",
            f"{search.shards} jobs for {search.trials_per_generation} trials; it must be at most "
            "search.trials_per_generation",
        )
    if problem := _warm_start(found):
        yield "search.warm_start", problem
    shared = search.space
    known = TrainingSettings.searchable()
    yield from _space("search.space", "training", shared, known, TrainingSettings)
    for name, entry in found.models.items():
        space: Mapping[str, Bounds | None] = getattr(entry, "space", {})
        of_all = shared if entry.is_trained else {}
        own = {key: bounds for key, bounds in space.items() if bounds != of_all.get(key)}
        key, owner, settings = f"models.{name}.space", f"kind {entry.kind}", entry.searched_settings
        yield from _space(key, owner, own, entry.parameters, type(settings))
        if entry.searched and not entry.bounds:
            yield (
                key,
                f"missing or empty, although models.{name} is searched; give bounds for any of "
                f"{list(entry.parameters)}",
            )


def _warm_start(found: Experiment) -> str | None:
    """Problem with the folder of an earlier search; None if it is valid or not set."""
    named = found.search.warm_start
    if named is None:
        return None
    if set("{}") & set(named):
        return f"{named!r} has braces, which Snakemake takes for wildcards; rename the folder"
    folder = Path(named).expanduser().resolve()
    if not folder.is_dir():
        return f"{named!r} is not a folder; name one like results/ml-100k/search, or null"
    if folder in [Path("results", name, "search").resolve() for name in found.data_sets()]:
        return f"{named!r} is what this run writes; copy it out of results and name the copy"
    if not any((folder / name / "trials.csv").is_file() for name in found.searched):
        return (
            f"{named!r} has no MODEL/trials.csv of any searched model ({found.searched}); name the "
            "search folder of a run's results, or null"
        )
    return None


def _space(
    key: str,
    owner: str,
    space: Mapping[str, Bounds | None],
    known: Sequence[str],
    settings: type[Settings],
) -> Iterator[Problem]:
    for parameter, bounds in space.items():
        path = f"{key}.{parameter}"
        if parameter not in known:
            yield path, f"{owner} has no {parameter} to search; it has {list(known)}"
        elif bounds is not None:
            yield from _bounds(path, bounds, _field(settings, parameter))


def _field(settings: type[Settings], parameter: str) -> TypeAdapter[Any]:
    """Validator for the values of one setting."""
    field = settings.model_fields[parameter]
    annotated: Any = Annotated[field.annotation, *field.metadata]
    return TypeAdapter(annotated)


def _bounds(path: str, bounds: Bounds, field: TypeAdapter[Any]) -> Iterator[Problem]:
    for end, value in (("low", bounds.low), ("high", bounds.high)):
        try:
            field.validate_python(value, strict=True)
        except ValidationError as error:
            yield f"{path}.{end}", f"{value}: {error.errors()[0]['msg']}, as for the setting itself"
    if bounds.low >= bounds.high:
        yield path, f"low {bounds.low} must be below high {bounds.high}"
    if bounds.log and bounds.low <= 0:
        yield path, f"low {bounds.low} must be above 0 on a log scale"
