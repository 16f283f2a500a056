"""Base class of all configuration blocks, and types of their values."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WrapValidator,
)

SEARCHABLE: dict[str, Any] = {"searchable": True}
"""Marks a field that a hyper-parameter search may choose."""

Value = TypeVar("Value")


class Settings(BaseModel):
    """A block of the configuration: immutable, of exact types, without unknown keys.

    Numbers are finite; text is not read as a number, nor 3.0 as an integer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def searchable(cls) -> tuple[str, ...]:
        """Names of the fields that a search may choose."""
        return tuple(
            name
            for name, field in cls.model_fields.items()
            if isinstance(field.json_schema_extra, dict) and "searchable" in field.json_schema_extra
        )

    def with_fields_of(self, other: Self) -> Self:
        """Copy of these settings with the fields that `other` was given explicitly."""
        return self.model_copy(
            update={name: getattr(other, name) for name in other.model_fields_set}
        )


def _as_written(value: Any, validate: Callable[[Any], float]) -> float:
    """Validate a number, but keep an integer as it was written."""
    number = validate(value)
    return value if type(value) is int else number


def _without_null(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    return {key: value for key, value in block.items() if value is not None}


def _sorted(block: dict[str, Value]) -> dict[str, Value]:
    return dict(sorted(block.items()))


Number = Annotated[float, WrapValidator(_as_written)]
"""A finite number that keeps its type: 2 stays an integer, also in files written from it."""

LONGEST_PATH, LONGEST_PART = 4096, 255
"""Bytes of the longest path that a system opens, and of a name in it."""

LARGEST_RATING = 3.4e38
"""Largest rating in single precision, in which ratings are stored."""

RatingValue = Annotated[Number, Field(ge=-LARGEST_RATING, le=LARGEST_RATING)]
"""A number on the scale of the ratings."""

LONGEST_NAME = 100
"""Characters of the longest name that may be a folder."""

FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
FolderName = Annotated[str, Field(pattern=FOLDER_NAME, max_length=LONGEST_NAME)]
"""A name that may be a folder: letters, digits, dot, underscore and hyphen."""

READ_AS_VALUES = frozenset(
    [
        "NA",
        "NaN",
        "nan",
        "null",
        "NULL",
        "None",
        "inf",
        "Inf",
        "Infinity",
        "True",
        "true",
        "False",
        "false",
    ]
)


SEED = 42
"""Default source of every random draw."""

BEST = "best"
"""Name of the fit, on all ratings, of the model with the lowest test RMSE."""

FINAL = "final"
"""Folder of the fits on all ratings, among the folders of the models."""


def _is_no_value(name: str) -> str:
    if name == BEST:
        raise ValueError("is what the best of the models is called; choose another")
    if name == FINAL:
        raise ValueError("is the folder of the fits on all ratings; choose another")
    if name in READ_AS_VALUES:
        raise ValueError("is a word that tables read as a number or as missing; choose another")
    return name


ModelName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]*$", max_length=LONGEST_NAME),
    AfterValidator(_is_no_value),
]
"""Name of a model: starts with a letter, and no table reads it as a number or as missing."""


def _distinct(values: list[Value]) -> list[Value]:
    if len(set(map(repr, values))) < len(values):
        raise ValueError("contains a value twice")
    return values


Distinct = AfterValidator(_distinct)
"""Rejects lists with duplicates."""

Sorted = AfterValidator(_sorted)
"""Sorts a mapping by key, so that no result depends on the order of keys in a file."""

Removable = BeforeValidator(_without_null)
"""Drops null entries, so that an overlay file can remove an entry."""


def _files(value: Any) -> str | list[str]:
    names = [value] if isinstance(value, str) else value
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        if len(set(names)) < len(names):
            raise ValueError("names a file twice")
        return value
    raise ValueError("is not the name of a file or a list of names")


Files = Annotated[str | list[str], PlainValidator(_files, json_schema_input_type=str | list[str])]
"""Name of a file, or of several files of the same form."""


def _path(value: str) -> str:
    if not value or re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", value):
        raise ValueError("is no path: empty, or with control characters")
    lengths = [len(part.encode()) for part in value.split("/")]
    if sum(lengths) + len(lengths) > LONGEST_PATH or max(lengths) > LONGEST_PART:
        raise ValueError("is longer than a path can be; correct it")
    return value


LocalPath = Annotated[str, AfterValidator(_path)]
"""A path of this machine."""


def _share_or_files(value: Any) -> float | str | list[str]:
    if type(value) is float and 0 < value < 1:
        return value
    if type(value) in (int, float):
        raise ValueError("is out of range; it must be above 0 and below 1, or name files")
    return _files(value)


ShareOrFiles = Annotated[
    float | str | list[str],
    PlainValidator(_share_or_files, json_schema_input_type=float | str | list[str]),
]
"""A share above 0 and below 1, or the name of a file or of several files."""


def names_of(files: float | str | list[str] | None) -> list[str]:
    """Names of the files that a setting gives; none for a share or null."""
    if isinstance(files, list):
        return files
    return [files] if isinstance(files, str) else []
