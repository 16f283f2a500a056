import re
from typing import Any

import pytest

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.catalogue import KNOWN, Layout, Wheel, expected_ratings, find_data_set, select

OWN = {
    "ratings": {"file": "stars.csv", "user": "u", "item": "i", "rating": "r"},
    "items": {"file": "films.csv", "item": "i"},
    "tags": None,
}
PAIR = Layout("pair", dict.fromkeys("abc"), optional=("c",))
SINGLE = Layout("single", {"x": None})


def own(**changes: Any) -> DatasetSettings:
    return DatasetSettings(name="mine", csv=OWN | changes)


def test_the_catalogue_lists_the_expected_data_sets() -> None:
    movielens = ["100k", "latest-small", "1m", "10m", "20m", "25m", "32m"]
    assert list(KNOWN) == [f"ml-{size}" for size in movielens] + ["synthetic"]
    assert all(find_data_set(DatasetSettings(name=name)) is KNOWN[name] for name in KNOWN)


def test_every_source_has_a_checksum_and_is_accepted_as_a_local_copy() -> None:
    address = "https://files.grouplens.org/datasets/movielens"
    for data_set in KNOWN.values():
        for source in data_set.sources:
            assert source.layout in data_set.layouts
            if isinstance(source, Wheel):
                assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
            else:
                assert source.url == f"{address}/{data_set.name}.zip"
                files_checked = all(source.layout.files.values())
                assert bool(source.checksum) + bool(source.checksum_url) + files_checked == 1
                assert re.fullmatch(r"md5:[0-9a-f]{32}", source.checksum or f"md5:{'0' * 32}")


def test_the_first_source_of_ml_100k_needs_only_pip() -> None:
    wheel, zipped = KNOWN["ml-100k"].sources
    assert isinstance(wheel, Wheel)
    assert wheel.requirement == "recbole==1.2.1"
    assert [source.layout.format for source in (wheel, zipped)] == ["recbole", "movielens-100k"]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"dataset\.name: 'ml-1k' .*ml-100k, .*dataset\.csv"):
        find_data_set(DatasetSettings(name="ml-1k"))


@pytest.mark.parametrize("name", ["mine", "ml-100k", "synthetic"])
def test_a_column_mapping_describes_own_data_under_any_name(name: str) -> None:
    data_set = find_data_set(DatasetSettings(name=name, csv=OWN))
    assert data_set.layouts == (Layout("csv", {"stars.csv": None, "films.csv": None}),)
    assert (data_set.rating_range, data_set.sources, data_set.generated) == (None, (), False)


def test_a_file_of_two_tables_is_listed_once() -> None:
    data_set = find_data_set(own(tags={"file": "stars.csv", "user": "u", "item": "i", "tag": "t"}))
    assert list(data_set.layouts[0].files) == ["stars.csv", "films.csv"]


@pytest.mark.parametrize("file", ["sub/stars.csv", "../stars.csv", "/stars.csv", "a\\b", "..", ""])
def test_names_of_own_files_must_not_contain_a_folder(file: str) -> None:
    with pytest.raises(UserError, match=r"dataset\.csv\.items\.file"):
        find_data_set(own(items={"file": file, "item": "i"}))


def test_expected_ratings_are_published_configured_or_unknown() -> None:
    assert expected_ratings(DatasetSettings(name="ml-1m")) == 1_000_209
    assert expected_ratings(DatasetSettings(name="synthetic", synthetic={"ratings": 7})) == 7
    assert expected_ratings(DatasetSettings(name="ml-1m", csv=OWN)) == 0


@pytest.mark.parametrize(
    ("names", "layout", "members"),
    [
        (["top/b", "top/sub/a", "c", "d"], PAIR, {"a": "top/sub/a", "b": "top/b", "c": "c"}),
        (["a", "b"], PAIR, {"a": "a", "b": "b"}),
        (["a", "x"], SINGLE, {"x": "x"}),
        (["a", "b", "x"], PAIR, {"a": "a", "b": "b"}),
        (["old/x", "x"], SINGLE, {"x": "x"}),
    ],
)
def test_the_shallowest_files_of_the_first_complete_layout_are_selected(
    names: list[str], layout: Layout, members: dict[str, str]
) -> None:
    assert select(names, [PAIR, SINGLE], "it") == (layout, members)


def test_an_ambiguous_file_is_refused() -> None:
    with pytest.raises(UserError, match="new/x and old/x"):
        select(["old/x", "new/x"], [SINGLE], "it")


def test_the_message_lists_the_missing_files_of_each_layout() -> None:
    with pytest.raises(UserError, match=r"it lacks b \(pair\), or x \(single\)"):
        select(["a"], [PAIR, SINGLE], "it")
