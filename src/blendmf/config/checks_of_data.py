"""Checks of the settings of the data, their split and the variants against each other."""

from collections import defaultdict
from collections.abc import Iterator

from blendmf.config.dataset import CsvSettings, DatasetSettings, UsersFile
from blendmf.config.experiment import Experiment
from blendmf.config.fields import names_of
from blendmf.config.protocol import SplitSettings

Problem = tuple[str, str]
"""A configuration key, and the problem with its value."""


def split_problems(key: str, split: SplitSettings) -> Iterator[Problem]:
    """Contradictions in the split of the experiment, or of a variant."""
    share = split.validation if isinstance(split.validation, float) else 0.0
    if split.scheme not in ("folds", "given") and split.train + share >= 1:
        yield (
            key,
            f"train {split.train} and validation {split.validation} leave nothing to test on; "
            "their sum must be below 1",
        )
    if split.scheme == "given" and split.test is None:
        yield f"{key}.test", "null, but split.scheme is given; name the files of the test ratings"
    if split.scheme != "given" and split.test is not None:
        yield f"{key}.test", f"{split.test!r}: only split.scheme: given reads files; set it to null"
    if both := set(names_of(split.test)).intersection(names_of(split.validation)):
        named = ", ".join(sorted(both))
        yield f"{key}.validation", f"{named}: a file of the test part also; name each file once"
    if split.scheme != "given" and isinstance(split.validation, str | list):
        yield (
            f"{key}.validation",
            f"{split.validation!r} is not a share; only split.scheme: given reads files",
        )
    if split.scheme == "folds" and split.fold > split.folds:
        yield f"{key}.fold", f"{split.fold}: there are {split.folds} folds"


def variant_problems(found: Experiment) -> Iterator[Problem]:
    """Variants that change nothing, or whose split is impossible."""
    csv = found.dataset.csv
    read = {*found.split.files, *(csv.ratings.files if csv else ())}
    is_split_right = not any(split_problems("split", found.split))
    for name, change in found.audit.arms.items():
        key = f"audit.arms.{name}"
        if change.split is None and change.content is None:
            yield key, "changes nothing; give it keys of split or content, or set it to null"
        if change.split is not None and is_split_right:
            split = found.split.varied(change.split)
            yield from split_problems(f"{key}.split", split)
            if unread := [file for file in split.files if file not in read]:
                yield (
                    f"{key}.split",
                    f"{', '.join(unread)}: not among the files of the ratings; list them in "
                    "dataset.csv.ratings.file",
                )


def data_problems(found: Experiment) -> Iterator[Problem]:
    """Contradictions in the description of the data."""
    yield from _own_files(found.dataset.csv)
    reading = [name for name, entry in found.models.items() if entry.uses_user_features]
    if reading and not may_describe_users(found.dataset):
        yield (
            f"models.{reading[0]}.user_features",
            "true, but nothing describes the users; name a file under dataset.csv.users, or set "
            "the key to false",
        )
    if found.split.scheme == "given" and found.dataset.csv is None:
        yield "split.scheme", "given, but dataset.csv does not describe the files"
    if found.scale and found.dataset.name != "synthetic":
        yield (
            "scale",
            f"its data sets are generated, but dataset.name is {found.dataset.name!r}; set it to "
            "synthetic, or scale to null",
        )
    limits = found.dataset.rating_range
    if limits is None and found.dataset.is_own:
        yield (
            "dataset.rating_range",
            "null, but your own files do not state the lowest and highest possible rating; give "
            "them, such as [1, 5]",
        )
    if found.dataset.csv is not None and found.dataset.format is not None:
        yield "dataset.format", "given together with csv; set one of them to null"
    if found.dataset.is_own and found.dataset.path is None:
        yield (
            "dataset.path",
            "null, but the data are your own files; give the folder or the archive that has them",
        )
    if limits is not None and limits[0] >= limits[1]:
        yield "dataset.rating_range", f"{limits} must be [low, high] with low below high"
    threshold = found.evaluation.relevance_threshold
    if threshold is not None and limits is not None and not limits[0] < threshold <= limits[1]:
        yield (
            "evaluation.relevance_threshold",
            f"{threshold:g} divides no ratings in dataset.rating_range {limits}; set it within "
            "the range, or to null",
        )


def may_describe_users(dataset: DatasetSettings) -> bool:
    """Whether a data set can have a file that describes the users."""
    if dataset.csv is not None:
        return dataset.csv.users is not None
    if dataset.format is not None:
        return dataset.format == "recbole"
    return dataset.name in ("ml-100k", "ml-1m")


def _own_files(csv: CsvSettings | None) -> Iterator[Problem]:
    """Columns with two meanings, and headers that are given twice."""
    for table, given in csv.tables.items() if csv is not None else ():
        key, keys_of = f"dataset.csv.{table}", defaultdict(list)
        for name in ("user", "item", "rating", "tag", "timestamp"):
            if (column := getattr(given, name, None)) is not None:
                keys_of[column].append(name)
        for column, keys in keys_of.items():
            if len(keys) > 1:
                yield f"{key}.{keys[-1]}", f"{column!r} is the column of the {keys[0]} already"
        named = any(isinstance(column, str) for column in keys_of)
        if isinstance(given, UsersFile) and given.user in (given.features or ()):
            yield f"{key}.features", f"{given.user!r} is the column of the user already"
        if given.header is False and given.columns is None and named:
            yield (
                f"{key}.header",
                "false, but columns are named; number them from 0, or list all names in "
                f"{key}.columns",
            )
