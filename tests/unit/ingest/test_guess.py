import pandas as pd
import pytest

from blendmf.common.errors import UserError
from blendmf.ingest.first_rows import Column, sample_of
from blendmf.ingest.guess import (
    genres_separator,
    item_roles,
    plain_id,
    rating_roles,
)


def column(name: str | int, *values: str) -> Column:
    return Column(name, pd.Series(values, dtype="str"))


def roles_of(table: str, has_header: bool = True) -> dict[str, object]:
    rows = [line.split(",") for line in table.split()]
    columns = sample_of(rows)
    assert isinstance(columns[0].name, str) == has_header
    return {key: found.name for key, found in rating_roles(columns, "file").columns.items()}


def test_of_columns_with_the_same_kind_of_name_the_most_useful_is_chosen():
    reviews = (
        "reviewerName,reviewerID,asin,reviewTime,overall,unixReviewTime\n"
        "Ann,A1,B1,2011-03-13,5,1300001000\nBob,A2,B2,2011-03-14,4,1300091000\n"
    )
    assert roles_of(reviews) == {
        "rating": "overall",
        "timestamp": "unixReviewTime",
        "user": "reviewerID",
        "item": "asin",
    }


def test_texts_are_ids_and_the_number_is_the_rating():
    table = "ann,heat,4\nann,brazil,5\nbob,heat,1\n"
    assert roles_of(table, has_header=False) == {"rating": 2, "user": 0, "item": 1}


def test_fractions_are_ratings_however_many_there_are():
    lines = [f"{n % 7},{100 + n % 90},{n / 300:.4f},{1300000000 + n}" for n in range(1, 300)]
    found = roles_of("\n".join(lines), has_header=False)
    assert found == {"rating": 2, "timestamp": 3, "user": 0, "item": 1}


def test_a_name_counts_more_than_the_values():
    assert roles_of("stars,item,user\n7,1,1\n9,2,2\n8,3,1\n")["rating"] == "stars"


def test_the_item_of_a_description_is_the_column_with_the_rated_ids():
    columns = [
        column("budget", "100", "200", "300"),
        column("key", "7", "8.0", "9"),
        column("label", "Heat", "Brazil", "Alien"),
        column("sort", "Drama|War", "Drama", "War"),
        column("made", "1995", "1985", "1979"),
    ]
    found = item_roles(columns, "film", {"7", "8", "10"})
    names = {key: chosen.name for key, chosen in found.columns.items()}
    assert names == {"item": "key", "title": "label", "genres": "sort", "year": "made"}
    assert found.reasons["item"] == "2 of the first 3 ids are rated."


@pytest.mark.parametrize(
    ("texts", "separator"),
    [
        (["Drama|War", "War"], "|"),
        (["Drama; War", "War"], ";"),
        (["Children's, War/Peace", "A, B"], ","),
        (["Drama", "War"], None),
        (["['Drama', 'War']"], None),
        (["(no genres listed)", "A/B"], "/"),
        ([""], None),
    ],
)
def test_separators_of_genres(texts, separator):
    assert genres_separator(column("genres", *texts))[0] == separator


def test_ids_with_decimals_are_those_without():
    ids = [plain_id(text) for text in (" 12.0", "12", "12.50", "v1.0", "-3.00")]
    assert ids == ["12", "12", "12.50", "v1.0", "-3"]


def test_ratings_that_are_no_numbers_are_shown():
    columns = sample_of([["user", "item", "stars"], ["1", "2", "good"], ["2", "3", "bad"]])
    with pytest.raises(UserError, match=r"not numbers \('good', 'bad'\)"):
        rating_roles(columns, "file")
