"""Size of a data set: counted after the import, estimated before."""

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from blendmf.config.dataset import DatasetSettings
from blendmf.config.protocol import ContentSettings
from blendmf.ingest.catalogue import KNOWN

SAMPLE_BYTES = 2**16
"""Bytes at the beginning of a file that are read to estimate its number of lines."""

RATINGS_PER_USER_OR_ITEM = 20
"""Fewer than most data sets have, so that users and items are not underestimated."""

LINE_BYTES, LONG_LINE_BYTES = 26, 32
"""Bytes per line of ratings: of a known data set, and at most with numeric ids."""

FEW_TERMS = 140
"""Terms of genres, years and decades together."""


@dataclass(frozen=True)
class Size:
    """Size of a data set: its ratings, users, rated items, tags, and columns of the content matrix.

    `text_bytes` is the size of the text that the ratings are imported from; 0 for generated
    ratings. `guessed` says that users and items are upper bounds from the number of lines.
    """

    ratings: int
    users: int
    items: int
    tags: int = 0
    terms: int = 0
    text_bytes: int = 0
    guessed: bool = False

    @property
    def long_line_bytes(self) -> int:
        """Bytes of text in excess of lines with numeric ids, due to text ids."""
        return max(0, self.text_bytes - LONG_LINE_BYTES * self.ratings)


def expected_size(
    dataset: DatasetSettings, content: ContentSettings, files: Iterable[str | Path] = ()
) -> Size:
    """Estimate the size of a data set before it is imported.

    Generated data have the configured size. A known data set has its published size, or fewer
    ratings if a local copy has fewer lines. Of a user's own files, the largest is taken as the
    ratings; its number of lines is estimated from the length of the first ones. Missing `files` are
    ignored.
    """
    name, own = dataset.name, dataset.is_own
    if name == "synthetic" and not own:
        generated = dataset.synthetic
        size = Size(generated.ratings, generated.users, generated.items)
        return replace(size, terms=_most_terms(content, size, generated.terms))
    lines, text_bytes = max((_lines(Path(path)) for path in files), default=(0, 0))
    counts = None if own or name not in KNOWN else KNOWN[name].counts
    if counts is None:
        rows = lines // RATINGS_PER_USER_OR_ITEM + 1
        return Size(lines, rows, rows, lines, content.max_terms, text_bytes, guessed=True)
    ratings = min(lines or counts.ratings, counts.ratings)
    size = Size(
        ratings,
        min(counts.users, ratings),
        min(counts.items, ratings),
        counts.tags,
        text_bytes=text_bytes or ratings * LINE_BYTES,
    )
    return replace(size, terms=_most_terms(content, size, 0))


def counted_size(
    expected: Size, source: Mapping[str, Any] | None, content: Mapping[str, Any] | None
) -> Size:
    """Replace estimates by the counts of ``source.json`` and ``content.json``, if these exist."""
    size = expected
    if source is not None:
        counts = source["counts"]
        size = replace(
            size,
            guessed=False,
            ratings=counts["ratings"],
            users=counts["users"],
            items=counts["items_rated"],
            tags=counts["tags"],
        )
    return size if content is None else replace(size, terms=content["terms"])


def _most_terms(content: ContentSettings, size: Size, more: int) -> int:
    """Terms of genres, years and decades, and `more`; `max_terms` if there are tags or titles."""
    many = "title" in content.parts or ("tags" in content.parts and size.tags > 0)
    return content.max_terms if many else min(content.max_terms, FEW_TERMS + more)


def _lines(path: Path) -> tuple[int, int]:
    """Estimated lines, and bytes, of a text file or of the largest member of an archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            largest = max(archive.infolist(), key=lambda member: member.file_size)
            with archive.open(largest) as file:
                return _estimate(file, largest.file_size)
    if not path.is_file():
        return 0, 0
    with path.open("rb") as file:
        return _estimate(file, path.stat().st_size)


def _estimate(file: IO[bytes], n_bytes: int) -> tuple[int, int]:
    beginning = file.read(SAMPLE_BYTES)
    return n_bytes * beginning.count(b"\n") // max(len(beginning), 1) + 1, n_bytes
