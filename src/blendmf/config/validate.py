"""Checking a configuration, and filling in what it leaves out, before anything runs."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import best_match

from blendmf.common.errors import UserError
from blendmf.config.model_kinds import KIND_DEFAULTS, is_trained
from blendmf.config.validate_search import search_contradictions


def complete_config(config: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Check a configuration against its schema and fill in defaults, in place.

    A model, a data set of `scale`, or a parameter of a search space, that is set to null is taken
    out, so that a file laid over the default configuration can remove one. `bias` and `svd` models
    get their kind's defaults. Keys are put in alphabetical order, so that neither a search nor what
    is run again hangs on the order in which the files name them.

    Raises
    ------
    UserError
        Naming the key, its value, and what is allowed; of what contradicts each other, all of it.
    """
    for block in _removable(config):
        for name in [name for name, value in block.items() if value is None]:
            del block[name]
    error = best_match(_DefaultsFiller(schema).iter_errors(config))
    if error is not None:
        raise UserError(_explain(error))
    for entry in config["models"].values():
        for key, value in KIND_DEFAULTS.get(entry["kind"], {}).items():
            entry.setdefault(key, value)
    for error in _errors_of_arms(config["audit"]["arms"], schema):
        raise UserError(_explain(error))
    problems = chain(_contradictions(config), search_contradictions(config, schema))
    if told := [f"configuration key {key}: {problem}" for key, problem in problems]:
        raise UserError("\n".join(told))
    _sort_keys(config)


def data_sets(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The `dataset` block of each data set of an experiment, by the name of its results' folder.

    One, or as many generated ones as the `scale` block names.
    """
    block = config["dataset"]
    if not config["scale"]:
        return {block["name"]: block}
    return {
        name: {**block, "synthetic": block["synthetic"] | size}
        for name, size in config["scale"].items()
    }


def _removable(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    models = config.get("models")
    space = (config.get("search") or {}).get("space")
    audited = (config.get("audit") or {}).get("arms")
    blocks = (models, space, config.get("scale"), audited)
    yield from (block for block in blocks if isinstance(block, dict))


def _sort_keys(block: dict[str, Any]) -> None:
    for key in sorted(block):
        value = block[key] = block.pop(key)
        if isinstance(value, dict):
            _sort_keys(value)


def _fill(validator: Any, properties: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name, subschema in properties.items():
            if "default" in subschema:
                default = subschema["default"]
                instance.setdefault(name, default.copy() if hasattr(default, "copy") else default)
    yield from Draft202012Validator.VALIDATORS["properties"](
        validator, properties, instance, schema
    )


def _errors_of_arms(
    arms: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """What is wrong with the blocks of the audit's arms, which get no defaults of their own."""
    for name, arm in arms.items():
        for key, block in arm.items():
            for error in Draft202012Validator(schema["properties"][key]).iter_errors(block):
                error.path.extendleft([key, name, "arms", "audit"])
                yield error


_DefaultsFiller = validators.extend(Draft202012Validator, {"properties": _fill})


def _explain(error: ValidationError) -> str:
    path = ".".join(str(part) for part in error.absolute_path)
    where = f"configuration key {path}" if path else "configuration"
    schema, value = error.schema, error.instance
    match error.validator:
        case "additionalProperties":
            known = list(schema["properties"])
            unknown = [f"{path}.{k}".lstrip(".") for k in value if k not in known]
            return f"{', '.join(unknown)}: no such configuration key; known here: {known}"
        case "required":
            missing = [key for key in error.validator_value if key not in value]
            return f"{where}: missing {missing}"
        case "enum":
            return f"{where}: {value!r} is not one of {error.validator_value}"
        case "type":
            return f"{where}: {value!r} is not of type {error.validator_value}"
        case "not":
            return f"{where}: {value!r} is a word that tables read as a number or as missing"
    bounds = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "above",
        "exclusiveMaximum": "below",
    }
    if error.validator in bounds:
        limits = [f"{word} {schema[key]}" for key, word in bounds.items() if key in schema]
        return f"{where}: {value!r} is out of range; it must be {' and '.join(limits)}"
    return f"{where}: {error.message}"


def _contradictions(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What no single key is wrong about, as (key, problem)."""
    split, models = config["split"], config["models"]
    if split["train"] + split["validation"] >= 1:
        yield (
            "split.train",
            f"{split['train']} and split.validation {split['validation']} leave nothing to test "
            "on; their sum must be below 1",
        )
    for name, entry in models.items():
        if entry["kind"] == "mf-content" and "blend" not in entry:
            yield f"models.{name}", "kind mf-content needs blend: user, item or both"
        if entry["kind"] != "mf-content" and "blend" in entry:
            yield f"models.{name}.blend", f"kind {entry['kind']} blends nothing; remove it"
        if is_trained(entry):
            training = {**config["training"], **entry.get("training", {})}
            yield from _optimiser_contradictions(f"models.{name}", entry, training)
    compared = config["svd"]["compared_with"]
    if compared is not None and (compared not in models or models[compared]["kind"] != "mf"):
        yield "svd.compared_with", f"{compared!r} is no model of kind mf; name one, or null"
    for key, none in (("recommendations", "[] for none"), ("audit", "null for all")):
        for name in config[key]["models"] or []:
            if name not in models:
                problem = f"{name!r} is not among the models {list(models)}; name others, or {none}"
                yield f"{key}.models", problem
    for name, arm in config["audit"]["arms"].items():
        shares = {**split, **arm.get("split", {})}
        if shares["train"] + shares["validation"] >= 1:
            yield (
                f"audit.arms.{name}.split",
                f"train {shares['train']} and validation {shares['validation']} leave nothing to "
                "test on; their sum must be below 1",
            )
    ablated = config["ablation"]["model"]
    if ablated is not None and models.get(ablated, {}).get("kind") != "mf-content":
        yield "ablation.model", f"{ablated!r} is no model of kind mf-content; name one, or null"
    if config["scale"] and config["dataset"]["name"] != "synthetic":
        yield (
            "scale",
            f"its data sets are generated, but dataset.name is {config['dataset']['name']!r}; set "
            "it to synthetic, or scale to null",
        )
    rating_range = config["dataset"]["rating_range"]
    if rating_range is not None and rating_range[0] >= rating_range[1]:
        yield "dataset.rating_range", f"{rating_range} must be [low, high] with low below high"


def _optimiser_contradictions(
    key: str, entry: Mapping[str, Any], training: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """What an optimiser cannot do that the model asks of it."""
    optimiser, kind = training.get("optimiser"), entry["kind"]
    if optimiser not in ("als", "bayes"):
        return
    if optimiser == "als" and kind != "mf":
        yield key, f"kind {kind} learns words, which optimiser als cannot; give it optimiser: sgd"
    if optimiser == "bayes" and kind == "content":
        yield key, "kind content has no factors for optimiser bayes to draw; give it optimiser: sgd"
    if optimiser == "bayes" and entry.get("blend") not in (None, "item"):
        yield (
            f"{key}.blend",
            f"optimiser bayes lets words tell about items; give it blend: item, not "
            f"{entry['blend']}, or optimiser: sgd",
        )
    if training.get("engine") == "torch":
        yield key, f"optimiser {optimiser} does not run in torch; give the model engine: auto"
