"""Sizes of data sets before and after the import."""

import zipfile
from pathlib import Path

import pytest

from blendmf.config.dataset import DatasetSettings
from blendmf.config.protocol import ContentSettings
from blendmf.ingest.catalogue import KNOWN
from blendmf.resources.size import Size, counted_size, expected_size

CONTENT = ContentSettings()
OWN = DatasetSettings(
    name="mine", csv={"ratings": {"file": "f", "user": "u", "item": "i", "rating": "r"}}
)


def dataset(name: str) -> DatasetSettings:
    return DatasetSettings(name=name)


def ratings_file(folder: Path, n: int) -> Path:
    path = folder / "ratings.csv"
    lines = (f"{1000 + k % 700},{2000 + k % 300},3.5,964982703\n" for k in range(n))
    path.write_text("userId,movieId,rating,timestamp\n" + "".join(lines))
    return path


def test_generated_data_have_the_configured_size() -> None:
    size = expected_size(dataset("synthetic"), CONTENT)
    assert (size.ratings, size.users, size.items, size.tags) == (100_000, 1000, 2000, 0)
    assert size.text_bytes == 0


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "synthetic"])
def test_a_known_data_set_has_its_published_size(name: str) -> None:
    counts = KNOWN[name].counts
    assert counts is not None
    size = expected_size(dataset(name), CONTENT)
    published = (counts.ratings, counts.users, counts.items, counts.tags)
    assert (size.ratings, size.users, size.items, size.tags) == published
    assert counts.ratings < counts.users * counts.items


def test_tags_and_titles_can_fill_all_terms() -> None:
    def terms(name: str, parts: list[str], max_terms: int = 5000) -> int:
        return expected_size(dataset(name), ContentSettings(parts=parts, max_terms=max_terms)).terms

    assert terms("ml-25m", ["genres", "tags"]) == 5000
    assert terms("ml-1m", ["genres", "tags", "year"]) < 200
    assert terms("ml-1m", ["title"]) == 5000
    assert terms("ml-1m", ["year"], 30) == 30


def test_a_local_sample_of_a_known_data_set_is_sized_by_its_lines(tmp_path: Path) -> None:
    path = ratings_file(tmp_path, 5000)
    size = expected_size(dataset("ml-25m"), CONTENT, [path])
    assert size.ratings == pytest.approx(5000, rel=0.02)
    assert size.users <= size.ratings
    assert size.text_bytes == path.stat().st_size


def test_own_files_are_estimated_by_bytes_and_line_length(tmp_path: Path) -> None:
    path = ratings_file(tmp_path, 20_000)
    (tmp_path / "films.csv").write_text("film\nx\n")
    size = expected_size(OWN, CONTENT, [path, tmp_path / "films.csv", tmp_path / "missing.csv"])
    assert size.ratings == pytest.approx(20_000, rel=0.02)
    assert size.users >= 700
    assert size.items >= 300
    assert size.terms == 5000


def test_an_archive_is_sized_by_its_unpacked_files(tmp_path: Path) -> None:
    path = ratings_file(tmp_path, 5000)
    with zipfile.ZipFile(tmp_path / "own.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "own/ratings.csv")
        archive.writestr("own/films.csv", "film\n")
    assert expected_size(OWN, CONTENT, [tmp_path / "own.zip"]) == expected_size(
        OWN, CONTENT, [path]
    )


def test_an_unknown_data_set_without_files_counts_as_empty() -> None:
    assert expected_size(OWN, CONTENT, ["nowhere.csv"]).ratings == 0


def test_counts_replace_estimates() -> None:
    expected = Size(100, 10, 10, terms=5000, text_bytes=2600)
    source = {"counts": {"ratings": 90, "users": 9, "items_rated": 8, "tags": 7}}
    assert counted_size(expected, None, None) == expected
    assert counted_size(expected, source, None) == Size(90, 9, 8, 7, 5000, 2600)
    assert counted_size(expected, source, {"terms": 12}).terms == 12
