"""Explain the validation errors of a configuration in the user's terms."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from blendmf.common.errors import UserError
from blendmf.common.wording import shortened
from blendmf.config.fields import FOLDER_NAME, Settings

Checked = TypeVar("Checked", bound=Settings)

EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping of keys",
    "model": "a mapping of keys",
    "model_attributes": "a mapping of keys",
}
"""Expected value, by the type of pydantic's error without the suffix ``_type``."""

LIMITS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def explained(error: ValidationError, model: type[Settings]) -> list[str]:
    """One line for each mistake: key, value, what is allowed, the nearest known key."""
    return [f"{_key(found['loc'], model)}: {_reason(found, model)}" for found in error.errors()]


def validated(model: type[Checked], values: Mapping[str, Any]) -> Checked:
    """Settings with the given values.

    Raises
    ------
    UserError
        Naming every value that is not allowed.
    """
    try:
        return model(**values)
    except ValidationError as error:
        raise UserError("; ".join(explained(error, model))) from None


def without_errors(
    config: dict[str, Any], error: ValidationError, model: type[Settings]
) -> Any | None:
    """Settings without the invalid keys, so that the rest can be checked; None if impossible."""
    config = deepcopy(config)
    for _ in range(5):
        for found in error.errors():
            path = _written(found["loc"], model)
            _delete(config, path[:-1] if found["type"] == "missing" else path)
        try:
            return model.model_validate(config)
        except ValidationError as still:
            error = still
    return None


def _key(path: tuple[Any, ...], model: type[Settings]) -> str:
    """Dotted path of a key as the user wrote it; that of the mapping if the key is invalid."""
    written = _written(path, model)
    parts = written[:-1] if path[-1:] == ("[key]",) else written
    return ".".join(shortened(str(part)) for part in parts)


def _delete(config: Any, path: list[Any]) -> None:
    *parents, last = path or [None]
    for part in parents:
        config = config.get(part) if isinstance(config, dict) else None
    if isinstance(config, dict):
        config.pop(last, None)


def _reason(found: Any, model: type[Settings]) -> str:
    value, context = shortened(repr(found["input"])), found.get("ctx", {})
    kind = found["type"]
    if kind == "extra_forbidden":
        return _unknown_key(found["loc"], model)
    if kind == "missing":
        owner = _type_at(found["loc"][:-1], model)
        field = owner.model_fields.get(found["loc"][-1]) if owner else None
        meaning = field.description if field else None
        return f"missing; {meaning[0].lower()}{meaning[1:]}" if meaning else "missing"
    if kind == "union_tag_not_found":
        return f"missing; kind is one of {_tags(found['loc'], model)}"
    if kind == "union_tag_invalid":
        return f"{shortened(repr(context['tag']))} is not one of {_tags(found['loc'], model)}"
    if kind == "invalid_key" or found["loc"][-1:] == ("[key]",):
        return f"the key {value} {_key_reason(found)}"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']+)'", context["expected"])
        near = get_close_matches(str(found["input"]), allowed, 1)
        return f"{value} is not one of {allowed}" + (f"; {near[0]}?" if near else "")
    if kind in LIMITS:
        name, words = LIMITS[kind]
        return f"{value} is out of range; it must be {words} {context[name]}"
    if kind == "finite_number":
        return f"{value} is not a finite number"
    if kind in ("too_short", "too_long"):
        bound = f"at least {context.get('min_length')}" if kind == "too_short" else "at most "
        bound = bound if kind == "too_short" else f"{bound}{context['max_length']}"
        return f"{value} has {context['actual_length']} entries; it must have {bound}"
    if kind == "string_too_long":
        return f"{value} is too long; write at most {context['max_length']} characters"
    if kind == "string_pattern_mismatch" and context["pattern"] == FOLDER_NAME:
        return (
            f"{value} cannot name a folder; use letters, digits, '.', '_' and '-', and start "
            "with a letter or digit"
        )
    if kind == "value_error":
        return f"{value} {context['error']}"
    expected = EXPECTED.get(kind.removesuffix("_type"))
    if expected is None:
        return f"{value}: {found['msg']}"
    return f"{value} is not {expected}{_exponent(found['input'], kind)}"


def _key_reason(found: Any) -> str:
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    if found["type"] == "string_pattern_mismatch":
        return f"must match {found['ctx']['pattern']}"
    return "is not text; write it in quotes"


def _exponent(value: Any, kind: str) -> str:
    """Hint for numbers such as 1e-4, which YAML reads as text."""
    if kind == "float_type" and isinstance(value, str) and re.fullmatch(r"-?\d+e-?\d+", value):
        return f"; YAML reads {value} as text, write {value.replace('e', '.0e')}"
    return ""


def _unknown_key(path: tuple[Any, ...], model: type[Settings]) -> str:
    owner = _type_at(path[:-1], model)
    known = list(owner.model_fields) if owner else []
    near = get_close_matches(str(path[-1]), known, 1)
    hint = f"; {near[0]}?" if near else ""
    if owner is not None and "kind" in known:
        kind: Any = owner.model_fields["kind"].annotation
        return f"kind {get_args(kind)[0]} does not read it{hint}; it reads {known}"
    return f"no such configuration key{hint}; known here: {known}"


def _tags(path: tuple[Any, ...], model: type[Settings]) -> list[str]:
    members = _models_in(_annotation_at(path, model))
    return [get_args(member.model_fields["kind"].annotation)[0] for member in members]


def _written(path: tuple[Any, ...], model: type[Settings]) -> list[Any]:
    """Path as the user wrote it: without pydantic's marks for the chosen class and for keys."""
    written: list[Any] = []
    for place, part in enumerate(path):
        if part != "[key]" and len(_models_in(_annotation_at(path[:place], model))) <= 1:
            written.append(part)
    return written


def _type_at(path: tuple[Any, ...], model: type[Settings]) -> type[BaseModel] | None:
    found = _models_in(_annotation_at(path, model))
    return found[0] if len(found) == 1 else None


def _annotation_at(path: tuple[Any, ...], model: type[Settings]) -> Any:
    """Annotation of the value at a pydantic error path; None if there is none."""
    annotation: Any = model
    for part in path:
        members = _models_in(annotation)
        if len(members) > 1:  # the next part is the tag of the chosen class
            chosen = [m for m in members if part in get_args(m.model_fields["kind"].annotation)]
            annotation = chosen[0] if chosen else None
        elif members:
            field = members[0].model_fields.get(part)
            annotation = None
            if field is not None:
                annotation = field.annotation
        else:
            annotation = _value_type(annotation)
    return annotation


def _value_type(annotation: Any) -> Any:
    """Type of the values of a mapping, or of the elements of a list."""
    for part in _parts(annotation):
        if get_origin(part) in (dict, list):
            return get_args(part)[-1]
    return None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    return [
        part
        for part in _parts(annotation)
        if isinstance(part, type) and issubclass(part, BaseModel)
    ]


def _parts(annotation: Any) -> Iterator[Any]:
    """Members of a union, or the annotation itself, without metadata and null."""
    if get_origin(annotation) is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _parts(member)
    elif annotation is not NoneType and annotation is not None:
        yield annotation
