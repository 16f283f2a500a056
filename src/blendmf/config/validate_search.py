"""What a configuration says of searches, checked against what each kind of model has to search."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from blendmf.config.model_kinds import TRAINING_PARAMETERS, is_searched, is_trained, parameters_of

Problem = tuple[str, str]
"""A key of the configuration, and what is wrong with it."""


def search_contradictions(
    config: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[Problem]:
    """What is wrong with `search` and with the search of each model.

    Parameters
    ----------
    config : mapping
        A configuration that its schema accepts.
    schema : mapping
        What each setting may be, hence the bounds of its search too.
    """
    search, models = config["search"], config["models"]
    if search["shards"] > search["trials_per_generation"]:
        yield (
            "search.shards",
            f"{search['shards']} jobs for {search['trials_per_generation']} trials; it must be at "
            "most search.trials_per_generation",
        )
    if problem := _wrong_warm_start(config):
        yield "search.warm_start", problem
    shared = search.get("space", {})
    settings = {
        **schema["properties"]["models"]["additionalProperties"]["properties"],
        **schema["$defs"]["training"]["properties"],
    }
    yield from _wrong_space("search.space", "training", shared, TRAINING_PARAMETERS, settings)
    for name, entry in models.items():
        known, space = parameters_of(entry), entry.get("space", {})
        owner = f"kind {entry['kind']}"
        yield from _wrong_space(f"models.{name}.space", owner, space, known, settings)
        if is_searched(entry):
            yield from _nothing_to_search(name, entry, shared, known)


def _wrong_warm_start(config: Mapping[str, Any]) -> str | None:
    """What is wrong with the folder of an earlier search, if there is one."""
    named = config["search"]["warm_start"]
    if named is None:
        return None
    folder = Path(named).expanduser().resolve()
    searched = [name for name, entry in config["models"].items() if is_searched(entry)]
    if not folder.is_dir():
        return f"{named!r} is no folder; name one like results/ml-100k/search, or null"
    names = config["scale"] or [config["dataset"]["name"]]
    own = [Path("results", name, "search").resolve() for name in names]
    if folder in own:
        return f"{named!r} is what this run writes; copy it to another place and name that"
    if not any((folder / name / "trials.csv").is_file() for name in searched):
        return (
            f"{named!r} has no MODEL/trials.csv of any searched model ({searched}); name the "
            "folder search of a run's results, or null"
        )
    return None


def _nothing_to_search(
    name: str, entry: Mapping[str, Any], shared: Mapping[str, Any], known: Sequence[str]
) -> Iterator[Problem]:
    if not known:
        yield f"models.{name}.search", f"kind {entry['kind']} has nothing to search; remove it"
        return
    space = {**(shared if is_trained(entry) else {}), **entry.get("space", {})}
    if not any(space.values()):
        yield (
            f"models.{name}.space",
            f"missing or empty, although models.{name} is searched; give bounds to any of "
            f"{list(known)}",
        )


def _wrong_space(
    key: str,
    owner: str,
    space: Mapping[str, Any],
    known: Sequence[str],
    settings: Mapping[str, Any],
) -> Iterator[Problem]:
    for parameter, bounds in space.items():
        path = f"{key}.{parameter}"
        if parameter not in known:
            yield path, f"{owner} has no {parameter} to search; it has {list(known)}"
        elif bounds is not None:
            yield from _wrong_bounds(path, bounds, settings[parameter])


def _wrong_bounds(
    path: str, bounds: Mapping[str, Any], setting: Mapping[str, Any]
) -> Iterator[Problem]:
    low, high = bounds["low"], bounds["high"]
    for end in ("low", "high"):
        for error in Draft202012Validator(setting).iter_errors(bounds[end]):
            yield f"{path}.{end}", f"{error.message}, as the setting itself must be"
    if low >= high:
        yield path, f"low {low} must be below high {high}"
    if bounds.get("log") and low <= 0:
        yield path, f"low {low} must be above 0 on a log scale"
