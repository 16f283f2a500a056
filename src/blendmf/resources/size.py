"""How large a data set is: as it was counted, or as well as it is known before it is there."""

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from blendmf.ingest.catalogue import KNOWN

SAMPLE_BYTES = 2**16
"""What is read of a file to learn how long its lines are."""

RATINGS_PER_USER, RATINGS_PER_ITEM = 20, 20
"""Fewer than data sets have, hence more users and items, where nobody has counted them."""

LINE_BYTES = 26
"""A line of ratings of a known data set."""

LONGEST_OF_NUMBERS = 32
"""A line of two ids, a rating and a time that are numbers."""

YEARS_AND_DECADES = 120
GENRES_OF_KNOWN = 20

DISTINCT_PARTS = ("tags", "title")
"""Parts of the content whose words are so many that only `content.max_terms` limits them."""


@dataclass(frozen=True)
class Size:
    """What time and memory hang on, as far as the data go.

    Attributes
    ----------
    ratings, users, items, tags : int
        Items are those that somebody has rated.
    terms : int
        Columns of the content matrix.
    text_bytes : int
        Of the text that the ratings are imported from; 0 for generated ones.
    origin : {"generated", "local", "download"}
        Where the files come from.
    """

    ratings: int
    users: int
    items: int
    tags: int = 0
    terms: int = 0
    text_bytes: int = 0
    origin: str = "generated"

    @property
    def long_line_bytes(self) -> int:
        """Bytes by which the lines are longer than those of numbers: ids that are words."""
        return max(0, self.text_bytes - LONGEST_OF_NUMBERS * self.ratings)


def expected_size(
    dataset: Mapping[str, Any], content: Mapping[str, Any], files: Iterable[str | Path] = ()
) -> Size:
    """Size of a data set before it is there.

    Generated data are as large as configured. A known data set is as large as published, or
    smaller where a local copy has fewer lines. Of one's own files the largest one is taken for
    the ratings, and its lines are counted by their length at the file's beginning.

    Parameters
    ----------
    dataset, content : mapping
        These blocks of the configuration.
    files : iterable of path
        The local files that would be taken, if any; those that are not there do not count.
    """
    name, own = dataset["name"], dataset["csv"] is not None
    if name == "synthetic" and not own:
        made = dataset["synthetic"]
        size = Size(made["ratings"], made["users"], made["items"])
        return replace(size, terms=_most_terms(content, size, made["terms"]))
    lines, text_bytes = max((_lines(Path(path)) for path in files), default=(0, 0))
    counts = None if own or name not in KNOWN else KNOWN[name].counts
    if counts is None:
        users, items = lines // RATINGS_PER_USER + 1, lines // RATINGS_PER_ITEM + 1
        size = Size(lines, users, items, lines, text_bytes=text_bytes, origin="local")
        return replace(size, terms=content["max_terms"])
    ratings = min(lines or counts.ratings, counts.ratings)
    size = Size(
        ratings,
        min(counts.users, ratings),
        min(counts.items, ratings),
        counts.tags,
        text_bytes=text_bytes or ratings * LINE_BYTES,
        origin="local" if lines else "download",
    )
    return replace(size, terms=_most_terms(content, size, GENRES_OF_KNOWN))


def counted_size(
    expected: Size, source: Mapping[str, Any] | None, content: Mapping[str, Any] | None
) -> Size:
    """The size with what is known better by now.

    Parameters
    ----------
    expected : Size
    source, content : mapping or None
        What ``source.json`` and ``content.json`` state, once there are such files.
    """
    size = expected
    if source is not None:
        counts = source["counts"]
        size = replace(
            size,
            ratings=counts["ratings"],
            users=counts["users"],
            items=counts["items_rated"],
            tags=counts["tags"],
        )
    return size if content is None else replace(size, terms=content["terms"])


def _most_terms(content: Mapping[str, Any], size: Size, genres: int) -> int:
    many = "title" in content["parts"] or ("tags" in content["parts"] and size.tags > 0)
    few = genres + YEARS_AND_DECADES
    return int(content["max_terms"] if many else min(content["max_terms"], few))


def _lines(path: Path) -> tuple[int, int]:
    """About how many lines a text file has, or the largest one in an archive, and its bytes."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            largest = max(archive.infolist(), key=lambda member: member.file_size)
            with archive.open(largest) as file:
                return _estimated(file, largest.file_size)
    if not path.is_file():
        return 0, 0
    with path.open("rb") as file:
        return _estimated(file, path.stat().st_size)


def _estimated(file: IO[bytes], n_bytes: int) -> tuple[int, int]:
    beginning = file.read(SAMPLE_BYTES)
    return n_bytes * beginning.count(b"\n") // max(len(beginning), 1) + 1, n_bytes
