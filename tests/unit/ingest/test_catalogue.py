import re
from typing import Any

import pytest

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.catalogue import KNOWN, Download, Layout, RawFile, Wheel, find_data_set, select

OWN = {
    "ratings": {"file": "stars.csv", "user": "u", "item": "i", "rating": "r"},
    "items": {"file": "films.csv", "item": "i"},
    "tags": None,
}
PAIR = Layout("pair", (RawFile("a"), RawFile("b"), RawFile("c", required=False)))
SINGLE = Layout("single", (RawFile("x"),))


def own(**changes: Any) -> DatasetSettings:
    return DatasetSettings(name="mine", csv=OWN | changes)


def test_all_data_sets_of_the_configuration_are_known() -> None:
    movielens = ["100k", "latest-small", "1m", "10m", "20m", "25m", "32m"]
    assert list(KNOWN) == [f"ml-{size}" for size in movielens] + ["synthetic"]
    assert all(find_data_set(DatasetSettings(name=name)) is KNOWN[name] for name in KNOWN)


def test_every_source_is_accepted_as_a_local_copy_too() -> None:
    for data_set in KNOWN.values():
        assert {source.layout for source in data_set.sources} <= set(data_set.layouts)


def test_every_data_set_is_checked_by_a_checksum() -> None:
    for data_set in KNOWN.values():
        for source in data_set.sources:
            if isinstance(source, Wheel):
                assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
            else:
                assert isinstance(source, Download)
                assert (
                    source.url
                    == f"https://files.grouplens.org/datasets/movielens/{data_set.name}.zip"
                )
                members = all(file.sha256 for file in source.layout.files)
                assert bool(source.checksum) + bool(source.checksum_url) + members == 1
                assert re.fullmatch(r"md5:[0-9a-f]{32}", source.checksum or f"md5:{'0' * 32}")


def test_the_first_source_of_ml_100k_needs_nothing_but_pip() -> None:
    wheel, zipped = KNOWN["ml-100k"].sources
    assert isinstance(wheel, Wheel)
    assert wheel.requirement == "recbole==1.2.1"
    assert [source.layout.format for source in (wheel, zipped)] == ["recbole", "movielens-100k"]


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"dataset\.name: 'ml-1k' .*ml-100k, .*dataset\.csv"):
        find_data_set(DatasetSettings(name="ml-1k"))


def test_own_files_are_those_of_the_column_mapping() -> None:
    data_set = find_data_set(own())
    assert [(layout.format, layout.files) for layout in data_set.layouts] == [
        ("csv", (RawFile("stars.csv"), RawFile("films.csv")))
    ]
    assert data_set.rating_range is None
    assert data_set.sources == ()


def test_a_column_mapping_makes_a_known_name_the_users_own_data() -> None:
    for name in ("ml-100k", "synthetic"):
        data_set = find_data_set(DatasetSettings(name=name, csv=OWN))
        assert data_set.layouts[0].format == "csv"
        assert not data_set.sources
        assert not data_set.generated


def test_a_file_that_serves_as_two_tables_is_one_file() -> None:
    data_set = find_data_set(own(tags={"file": "stars.csv", "user": "u", "item": "i", "tag": "t"}))
    assert [file.name for file in data_set.layouts[0].files] == ["stars.csv", "films.csv"]


@pytest.mark.parametrize("file", ["sub/stars.csv", "../stars.csv", "/stars.csv", "a\\b", "..", ""])
def test_an_own_file_name_with_a_folder_is_refused(file: str) -> None:
    with pytest.raises(UserError, match=r"dataset\.csv\.items\.file"):
        find_data_set(own(items={"file": file, "item": "i"}))


def test_files_are_found_by_base_name_with_the_optional_ones_that_are_there() -> None:
    found = select(["top/b", "top/sub/a", "c", "other"], [PAIR], "it")
    assert found[1] == {"a": "top/sub/a", "b": "top/b", "c": "c"}
    assert select(["a", "b"], [PAIR], "it")[1] == {"a": "a", "b": "b"}


def test_the_first_complete_layout_is_taken() -> None:
    assert select(["a", "x"], [PAIR, SINGLE], "it")[0] is SINGLE
    assert select(["a", "b", "x"], [PAIR, SINGLE], "it")[0] is PAIR


def test_the_file_that_lies_least_deep_is_taken() -> None:
    assert select(["old/x", "x"], [SINGLE], "it")[1] == {"x": "x"}


def test_a_file_that_is_there_twice_is_refused() -> None:
    with pytest.raises(UserError, match="new/x and old/x"):
        select(["old/x", "new/x"], [SINGLE], "it")


def test_what_is_missing_is_told_for_each_layout() -> None:
    with pytest.raises(UserError, match=r"it lacks b \(pair\), or x \(single\)"):
        select(["a"], [PAIR, SINGLE], "it")
