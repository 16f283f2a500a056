from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.common.files import write_json
from blendmf.config.dataset import DatasetSettings
from blendmf.data.tables import read_table, write_table
from blendmf.ingest.ids import unify_ids
from blendmf.ingest.import_tables import ImportedTables, import_tables, relevance_threshold
from blendmf.ingest.raw_tables import RawTable
from blendmf.ingest.validation import resolve_duplicates

RATINGS = "user,item,rating,time\n"
ITEMS = "item,title,year,genres\n"
TAGS = "user,item,tag,time\n"


def imported(
    folder: Path,
    ratings: str,
    items: str | None = None,
    tags: str | None = None,
    *,
    origin: dict | None = None,
    **changes,
) -> ImportedTables:
    ids = {"user": "user", "item": "item"}
    columns = {
        "ratings": {**ids, "rating": "rating", "timestamp": "time"},
        "items": {"item": "item", "title": "title", "year": "year", "genres": "genres"},
        "tags": {**ids, "tag": "tag", "timestamp": "time"},
    }
    csv: dict = {}
    for name, text in {"ratings": ratings, "items": items, "tags": tags}.items():
        if text is not None:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
            header = text.splitlines()[0].split(",")
            used = {key: column for key, column in columns[name].items() if column in header}
            csv[name] = {"file": f"{name}.csv", **used}
    write_json(folder / "origin.json", {"name": "own", "format": "csv", **(origin or {})})
    dataset = DatasetSettings(**{"name": "own", "csv": csv, "rating_range": [1, 5], **changes})
    return import_tables(folder, dataset)


def test_tables_have_the_canonical_columns_types_and_order(tmp_path):
    tables = imported(
        tmp_path,
        RATINGS + "9,30,4.5,200\n2,10,3,100\n9,10,1,150\n",
        ITEMS + "10,Heat,1995,Crime|Drama\n20,Unseen,,\n",
        TAGS + "9,10,tense,160\n2,10,,170\n",
    )
    assert tables.ratings.to_numpy().tolist() == [
        [9, 30, 4.5, 200],
        [2, 10, 3, 100],
        [9, 10, 1, 150],
    ]
    assert tables.ratings.columns.tolist() == ["user_id", "item_id", "rating", "timestamp"]
    assert tables.ratings.dtypes.astype(str).tolist() == ["int64", "int64", "float32", "int64"]
    assert tables.items["item_id"].tolist() == [10, 20, 30]
    assert tables.items["title"].tolist() == ["Heat", "Unseen", "30"]
    assert tables.items["year"].isna().tolist() == [False, True, True]
    assert [list(genres) for genres in tables.items["genres"]] == [["Crime", "Drama"], [], []]
    tag = {"user_id": 9, "item_id": 10, "tag": "tense", "timestamp": 160}
    assert tables.tags.to_dict("records") == [tag]


def test_the_source_record_counts_everything(tmp_path):
    source = imported(
        tmp_path,
        RATINGS + "9,30,4.5,200\n2,10,3,100\n9,10,3,150\n",
        ITEMS + "10,Heat,1995,Crime\n20,Unseen,,\n40,,,\n",
        TAGS + "9,10,tense,160\n2,10, ,170\n8,77,good,1\n",
        origin={"licence": "none", "rating_range": None},
    ).source
    assert source["licence"] == "none"
    assert source["rating_range"] == [1.0, 5.0]
    described = {"items_described": 3, "users_described": 0}
    counts = {"users": 2, "items_rated": 2, **described, "ratings": 3, "tags": 2}
    assert source["counts"] == counts | {"density": 0.75}
    assert source["ratings"]["mean"] == pytest.approx(3.5)
    assert source["ratings"]["standard_deviation"] == pytest.approx(np.std([4.5, 3, 3]))
    assert source["ratings"]["distribution"] == [[3.0, 2], [4.5, 1]]
    assert source["timestamps"] == {"first": 100, "last": 200}
    assert source["dropped"] == [{"file": "tags.csv", "count": 1, "what": "tags without text"}]
    notes = [(n["file"], n["count"], n["what"].split(":")[0]) for n in source["notes"]]
    assert notes == [
        ("items.csv", 1, "items described without a title"),
        ("items.csv", 2, "items described but not rated"),
        ("items.csv", 1, "items rated but not described"),
        ("tags.csv", 1, "tags on items that are not rated or described"),
        ("tags.csv", 1, "tags by users without ratings"),
    ]


def test_empty_tables_keep_their_column_types(tmp_path):
    tables = imported(tmp_path, RATINGS + "a,x,3,1\n")
    write_table(tmp_path / "tags.parquet", tables.tags)
    write_table(tmp_path / "items.parquet", tables.items)
    tags, items = read_table(tmp_path / "tags.parquet"), read_table(tmp_path / "items.parquet")
    assert tags.dtypes.astype(str).tolist() == ["str", "str", "str", "int64"]
    assert (len(tags), len(items)) == (0, 1)
    assert [len(genres) for genres in items["genres"]] == [0]
    assert tables.source["counts"]["items_described"] == 0


def test_a_header_without_rows_is_noted_for_tags_and_refused_for_ratings(tmp_path):
    source = imported(tmp_path, RATINGS + "1,2,3,4\n", tags=TAGS).source
    assert {"file": "tags.csv", "count": 0, "what": "no rows below the header"} in source["notes"]
    with pytest.raises(UserError, match=r"ratings\.csv: no ratings below the header"):
        imported(tmp_path, RATINGS)


def test_ids_are_integers_only_if_all_are_integers(tmp_path):
    text = imported(
        tmp_path, RATINGS + "1, 7,3,4\n2,8,4,4\n", ITEMS + "7,A,,\nx9,B,,\n", TAGS + "2,8,t,4\n"
    )
    assert text.ratings["user_id"].tolist() == [1, 2]
    assert text.ratings["item_id"].tolist() == ["7", "8"]
    assert text.items["item_id"].tolist() == ["7", "x9", "8"]
    assert text.tags["item_id"].tolist() == ["8"]


@pytest.mark.parametrize("other", ["007", "1.5", "99999999999999999999"])
def test_ids_that_are_not_plain_integers_stay_distinct(tmp_path, other):
    tables = imported(tmp_path, RATINGS + f"1,7,3,4\n1,{other},4,4\n")
    assert tables.ratings["item_id"].tolist() == ["7", other]


@settings(max_examples=30)
@given(st.lists(st.integers(-(10**17), 10**17), min_size=1), st.lists(st.text(max_size=3)))
def test_unifying_id_types_keeps_the_ids(integers, others):
    def column(values):
        return pd.Series(pd.Categorical([str(value) for value in values]))

    (alone,) = unify_ids(column(integers))
    assert alone.dtype == np.int64
    assert alone.tolist() == integers
    both = unify_ids(column(integers), column(["x", *others]))
    assert both[0].tolist() == [str(value) for value in integers]
    expected = pd.Series(["x", *others]).str.strip(" \t").str.normalize("NFC")
    assert both[1].tolist() == expected.tolist()


def test_ratings_outside_the_range_are_refused_with_line_numbers(tmp_path):
    with pytest.raises(UserError, match=r"2 .*outside 1 to 5: line 3 \(1, 3, 0\.5, 1\), line 5"):
        imported(tmp_path, RATINGS + "1,2,3,1\n1,3,0.5,1\n\n1,4,6,1\n")


@pytest.mark.parametrize(
    ("configured", "message"),
    [(None, "outside 1 to 5"), ([5, 1], r"dataset\.rating_range: \[5, 1\] is empty")],
)
def test_the_configured_range_has_precedence_over_the_origin(tmp_path, configured, message):
    rows, origin = RATINGS + "1,2,8,1\n", {"rating_range": [1, 5]}
    wide = imported(tmp_path, rows, origin=origin, rating_range=[0, 10])
    assert wide.source["rating_range"] == [0.0, 10.0]
    with pytest.raises(UserError, match=message):
        imported(tmp_path, rows, origin=origin, rating_range=configured)
    with pytest.raises(UserError, match=r"dataset\.rating_range: missing"):
        imported(tmp_path, rows, rating_range=None)


TWICE = RATINGS + "1,2,3,50\n1,9,1,1\n1,2,5,90\n7,2,4,1\n1,2,4,90\n1,2,1,10\n"


def test_duplicates_are_refused_by_default(tmp_path):
    with pytest.raises(UserError, match=r"3 .*line 4 .*line 6 .*line 7.*dataset\.duplicates"):
        imported(tmp_path, TWICE)


@pytest.mark.parametrize(("policy", "rating"), [("last", 4.0), ("mean", 3.25)])
def test_duplicates_are_resolved_to_the_newest_or_the_mean(tmp_path, policy, rating):
    tables = imported(tmp_path, TWICE, duplicates=policy)
    assert tables.ratings.to_numpy().tolist() == [[1, 9, 1, 1], [7, 2, 4, 1], [1, 2, rating, 90]]
    ((file, count, what),) = [tuple(found.values()) for found in tables.source["dropped"]]
    assert (file, count) == ("ratings.csv", 3)
    assert f"dataset.duplicates: {policy}" in what


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 5), st.integers(0, 3)),
        min_size=1,
    )
)
def test_last_keeps_the_same_ratings_as_a_dictionary_filled_in_time_order(rows):
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp"])
    raw = RawTable(table, "ratings", lambda _: [])
    kept, _ = resolve_duplicates(raw, "last")
    expected = {(u, i): (r, t) for u, i, r, t in sorted(rows, key=lambda row: row[3])}
    assert {(u, i): (r, t) for u, i, r, t in kept.itertuples(index=False)} == expected
    means, _ = resolve_duplicates(raw, "mean")
    grouped = table.groupby(["user_id", "item_id"])["rating"].mean()
    assert means.set_index(["user_id", "item_id"])["rating"].to_dict() == pytest.approx(
        grouped.to_dict()
    )


def test_missing_timestamps_are_zero_and_noted(tmp_path):
    tables = imported(tmp_path, "user,item,rating\n1,2,3\n1,3,4\n")
    assert tables.ratings["timestamp"].tolist() == [0, 0]
    assert "no timestamps: temporal splits fall back on file order" in [
        note["what"] for note in tables.source["notes"]
    ]


def test_identical_descriptions_are_kept_once_and_different_ones_refused(tmp_path):
    tables = imported(tmp_path, RATINGS + "1,2,3,4\n", ITEMS + "2,A,,x|y\n3,B,,\n2,A,,x|y\n")
    assert tables.items["title"].tolist() == ["A", "B"]
    assert tables.source["counts"]["items_described"] == 2
    assert [found["count"] for found in tables.source["dropped"]] == [1]
    with pytest.raises(UserError, match=r"items\.csv: 1 .*differently: line 4 \(2, A, , x\)"):
        imported(tmp_path, RATINGS + "1,2,3,4\n", ITEMS + "2,A,,x|y\n3,B,,\n2,A,,x\n")


def test_many_distinct_ratings_are_counted_in_bins(tmp_path):
    rows = "".join(f"1,{i},{1 + i / 1000},1\n" for i in range(1000))
    ratings = imported(tmp_path, RATINGS + rows).source["ratings"]
    distribution = ratings["distribution"]
    assert len(distribution) == 100
    assert sum(count for _, count in distribution) == 1000
    exact = (ratings["lowest"], ratings["median"], ratings["largest"])
    assert exact == pytest.approx((1, 1.4995, 1.999))


def test_canonical_tables_are_imported_as_they_are(tmp_path):
    ratings = pd.DataFrame(
        {"user_id": [2, 1], "item_id": ["b", "a"], "rating": [0.5, 5.0], "timestamp": [1, 2]}
    ).astype({"rating": np.float32})
    items = pd.DataFrame(
        {"item_id": ["b", "a"], "title": ["B", None], "year": [1999, None], "genres": [["x"], []]}
    ).astype({"year": "Int64"})
    write_table(tmp_path / "ratings.parquet", ratings)
    write_table(tmp_path / "items.parquet", items)
    write_json(tmp_path / "origin.json", {"format": "canonical", "rating_range": [0.5, 5]})
    tables = import_tables(tmp_path, DatasetSettings(name="own"))
    pd.testing.assert_frame_equal(tables.ratings, ratings)
    assert tables.items["title"].tolist() == ["B", "a"]
    assert tables.items["year"].tolist() == [1999, pd.NA]
    assert [list(genres) for genres in tables.items["genres"]] == [["x"], []]
    assert tables.tags.empty


@pytest.mark.parametrize(
    ("values", "counts", "rating_range", "threshold"),
    [
        ([1, 2, 3, 4, 5], [6, 11, 27, 34, 22], (1, 5), 3.5),
        ([0, 1, 2], [25, 36, 39], (0, 2), 1.25),
        ([0, 1], [40, 60], (0, 1), 0.625),
        # 2 % of the ratings reach 6250 of 10,000, so that the median divides them.
        ([1, 10, 100, 9000], [30, 30, 38, 2], (0, 10_000), 55),
        # Nearly all ratings are 5.
        ([1, 4, 5], [1, 4, 95], (1, 5), 4.5),
        # Both divisions are equally even.
        ([1, 2, 3], [1, 98, 1], (0, 100), 2.5),
        ([4], [100], (1, 5), 3.5),
    ],
)
def test_the_threshold_of_relevance_follows_the_range_and_the_distribution(
    values: list[float],
    counts: list[int],
    rating_range: tuple[float, float],
    threshold: float,
) -> None:
    ratings = np.repeat(values, counts).astype(np.float32)
    assert relevance_threshold(ratings, rating_range) == threshold
