import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from blendmf.common.errors import UserError
from blendmf.estimators.tables import item_table, pair_table, rating_table

TABLE = pd.DataFrame(
    {"user": [2, 1, 2], "item": ["b", "a", "a"], "rating": [4, 3.5, 1], "timestamp": [30, 10, 20]}
)


@pytest.mark.parametrize(
    "given",
    [
        TABLE,
        TABLE.assign(extra="unused")[["extra", "rating", "timestamp", "item", "user"]],
        TABLE.set_index(pd.Index([7, 7, 9])),
        TABLE.rename(columns={"user": "user_id", "item": "item_id"}),
        pl.from_pandas(TABLE),
        pa.Table.from_pandas(TABLE, preserve_index=False),
        tuple(TABLE[name].to_numpy() for name in TABLE),
        [TABLE[name].tolist() for name in TABLE],
    ],
    ids=["pandas", "order", "index", "canonical", "polars", "arrow", "arrays", "lists"],
)
def test_every_form_gives_the_same_table(given):
    found = rating_table(given)
    assert found["user_id"].tolist() == [2, 1, 2]
    assert found["item_id"].tolist() == ["b", "a", "a"]
    assert found["rating"].tolist() == [4, 3.5, 1]
    assert found["rating"].dtype == np.float32
    assert found["timestamp"].tolist() == [30, 10, 20]


def test_other_names_of_columns_and_ratings_by_themselves():
    renamed = TABLE.rename(columns={"user": "who", "item": "what", "rating": "stars"})
    columns = {"user": "who", "item": "what", "rating": "stars"}
    pd.testing.assert_frame_equal(rating_table(renamed, None, columns), rating_table(TABLE))
    pairs = np.array([[1, 10], [2, 20]])
    assert rating_table(pairs, [3, 4]).to_dict("list") == {
        "user_id": [1, 2],
        "item_id": [10, 20],
        "rating": [3, 4],
    }
    assert pair_table(pairs).to_dict("list") == {"user_id": [1, 2], "item_id": [10, 20]}


@pytest.mark.parametrize("zone", [None, "Europe/Vienna"])
def test_dates_become_seconds_in_any_time_zone(zone):
    written = ["1970-01-02T00:00:00", "2000-01-01T12:00:00", "1969-12-31T23:59:59"]
    times = pd.Series(pd.to_datetime(written))
    given = times.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else times
    found = rating_table(TABLE.assign(timestamp=given))
    assert found["timestamp"].tolist() == [86_400, 946_728_000, -1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (TABLE.drop(columns="item"), "no column item"),
        (TABLE.drop(columns=["item", "rating"]), "no column item and no column rating"),
        (TABLE.assign(rating=[1, None, 3]), "1 rows have no rating"),
        (TABLE.assign(rating=["1", "two", "3"]), "1 ratings are not finite numbers, such as two"),
        (TABLE.assign(rating=[1, np.inf, 3]), "1 ratings are not finite numbers, such as inf"),
        (TABLE.assign(item="a"), "1 pairs of user and item are rated more than once.* user 2"),
        (TABLE.assign(timestamp="monday"), "neither a number of seconds nor a date"),
        (np.zeros(3), r"needs the shape \(n, 2\)"),
        ("ratings.csv", "str is not a table"),
    ],
)
def test_what_cannot_be_used_is_named(given, message):
    with pytest.raises(UserError, match=message):
        rating_table(given)


def test_a_wrong_name_in_columns_is_refused():
    with pytest.raises(UserError, match="columns: users is none of user, item"):
        rating_table(TABLE, None, {"users": "who"})
    with pytest.raises(UserError, match="no column who"):
        rating_table(TABLE, None, {"user": "who"})


def test_items_by_columns_or_by_text():
    table = item_table(
        pl.DataFrame({"item": [1, 2, 3], "title": ["A", None, "C"], "genres": ["x| y", "", None]})
    )
    assert table["genres"].tolist() == [["x", "y"], [], []]
    assert table["title"].isna().tolist() == [False, True, False]
    assert table["year"].isna().all()
    lists = item_table(pd.DataFrame({"item": [1, 2], "genres": [["x"], []], "year": [1999, None]}))
    assert lists["genres"].tolist() == [["x"], []]
    assert lists["year"].tolist() == [1999, pd.NA]
    for texts in ({"a": "red car"}, pd.Series(["red car"], index=["a"])):
        assert item_table(texts)[["item_id", "text"]].to_numpy().tolist() == [["a", "red car"]]
    with pytest.raises(UserError, match="item 1 is described more than once"):
        item_table(pd.DataFrame({"item": [1, 1], "title": ["A", "B"]}))
