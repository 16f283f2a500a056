"""Parquet files: every type of column is read right, or refused with the column and its type."""

from datetime import date, time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blendmf.common.errors import UserError
from blendmf.ingest.parquet_files import first_rows, is_parquet, read_parquet
from blendmf.ingest.raw_tables import RawTable
from blendmf.ingest.values import converted

COLUMNS = {"user_id": "user", "item_id": 1, "rating": "stars"}


def read(folder: Path, timestamp: object = None, decimal: str = ".", **columns: object) -> RawTable:
    table = {"user": [1, 2], "film": ["a", "b"], "stars": [1.0, 2.0]} | columns
    named = COLUMNS
    if timestamp is not None:
        table, named = table | {"when": timestamp}, COLUMNS | {"timestamp": "when"}
    pq.write_table(pa.table(table), folder / "r.pq")
    return converted(read_parquet(folder / "r.pq", named), decimal)


@pytest.mark.parametrize(
    ("users", "ids"),
    [
        (pa.array([3, 4], pa.int16()), [3, 4]),
        (pa.array([2**63 + 5, 1], pa.uint64()), ["9223372036854775813", "1"]),
        (pa.array([12.0, 123456789012345.0]), ["12", "123456789012345"]),
        (pa.array([b"x", b"y"]), ["x", "y"]),
        (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
    ],
    ids=["small", "beyond int64", "floating point", "bytes", "categories"],
)
def test_ids_of_every_type_are_read(tmp_path, users, ids):
    assert read(tmp_path, user=users).rows["user_id"].tolist() == ids


@pytest.mark.parametrize(
    ("stars", "decimal"),
    [
        (pa.array([1.5, 4.0], pa.float32()), "."),
        (pa.array([1.5, 4.0]).cast(pa.decimal128(20, 2)), "."),
        (pa.array(["1.5", "4"]), "."),
        (pa.array(["1,5", "4"]).dictionary_encode(), ","),
    ],
    ids=["single", "decimal", "text", "commas"],
)
def test_ratings_of_every_type_are_read(tmp_path, stars, decimal):
    rows = read(tmp_path, stars=stars, decimal=decimal).rows
    assert rows["rating"].tolist() == [1.5, 4.0]
    assert read(tmp_path, stars=pa.array([True, False])).rows["rating"].tolist() == [1.0, 0.0]


def test_dates_without_a_time_zone_are_utc(tmp_path):
    seconds = pa.array([0, 3600], pa.int64())
    for when, expected in [
        (seconds.cast(pa.timestamp("s", tz="America/New_York")), [0, 3600]),
        (pa.array([date(1970, 1, 1), date(1970, 1, 2)]), [0, 86400]),
    ]:
        assert read(tmp_path, timestamp=when).rows["timestamp"].tolist() == expected


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user": ["", "b"]}, r"1 row\(s\) without user_id: row 1 \(, a, 1\.0\)"),
        ({"user": pa.array([1, None])}, r"1 row\(s\) without user_id: row 2 \(None, b, 2\.0\)"),
        ({"user": [[1], [2]]}, "column user holds list<.*cannot be read as the user_id"),
        ({"user": [{"a": 1}, {"a": 2}]}, "column user holds struct"),
        ({"film": [b"\xff", b"a"]}, "column film holds binary"),
        ({"stars": [1.0, float("inf")]}, r"1 rating\(s\) that are not a finite number: row 2"),
        ({"stars": [1.0, None]}, r"1 row\(s\) without rating: row 2 \(2, b, None"),
        ({"stars": ["4,5", "1"]}, r"1 rating\(s\).*row 1 \(1, a, 4,5\).*dataset\.csv\.decimal"),
        ({"stars": [[1], [2]]}, "column stars holds list"),
        ({"timestamp": [time(1), time(2)]}, r"2 timestamp\(s\) that are neither"),
        ({"timestamp": pa.array([date(2020, 1, 1), None])}, r"1 row\(s\) without timestamp: row 2"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, columns, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, **columns)


def test_missing_and_unused_columns_are_named(tmp_path):
    (note,) = read(tmp_path, extra=[1, 2]).findings
    assert note.what == "columns not used: extra"
    for columns in (COLUMNS | {"rating": "grade"}, COLUMNS | {"rating": 7}):
        with pytest.raises(UserError, match=r"no column (grade|7); it has user, film, stars"):
            read_parquet(tmp_path / "r.pq", columns)


def test_files_are_recognised_by_their_bytes_or_their_name(tmp_path):
    read(tmp_path)
    (tmp_path / "r.pq").rename(tmp_path / "ratings")
    assert is_parquet(tmp_path / "ratings")
    assert is_parquet(tmp_path / "damaged.parquet")
    (tmp_path / "text").write_text("PAR,1\n")
    assert not is_parquet(tmp_path / "text")


def test_the_first_rows_keep_their_types(tmp_path):
    table = pa.table({"user": pa.array(range(50), pa.int8()), "film": ["a"] * 50})
    pq.write_table(table, tmp_path / "r.pq", row_group_size=20)
    few, is_whole = first_rows(tmp_path / "r.pq", 30)
    assert not is_whole
    assert few.equals(table.slice(0, len(few)))
    assert 0 < len(few) <= 30
    assert first_rows(tmp_path / "r.pq", 50)[1]
    pd.testing.assert_frame_equal(
        first_rows(tmp_path / "r.pq", 99)[0].to_pandas(), table.to_pandas()
    )


def test_a_changed_byte_never_changes_the_number_of_rows(tmp_path):
    n_rows = len(read(tmp_path).rows)
    content = (tmp_path / "r.pq").read_bytes()
    n_refused = 0
    for place in range(0, len(content), 5):
        changed = bytearray(content)
        changed[place] ^= 2
        (tmp_path / "r.pq").write_bytes(changed)
        try:
            assert len(converted(read_parquet(tmp_path / "r.pq", COLUMNS)).rows) == n_rows
        except UserError:
            n_refused += 1
    assert n_refused > len(content) / 20
