import pandas as pd
import pytest

from blendmf.ingest.first_rows import Column, sample_of


def column(name: str | int, *values: str) -> Column:
    return Column(name, pd.Series(values or ["1", "2", "3"], dtype="str"))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            "user",
            ["user", "userId", "user_id", "User-ID", "USER ID", "userid", "uid"],
        ),
        ("user", ["customer_id", "reviewerID", "reviewerName", "u", "user_name"]),
        ("item", ["item", "movieId", "film", "ISBN", "asin", "parent_asin", "book_id", "iid"]),
        ("rating", ["rating", "Book-Rating", "overall", "stars", "review_score", "userRating"]),
        ("timestamp", ["timestamp", "unixReviewTime", "rated_at", "review_date", "when", "date"]),
        ("genres", ["genres", "movie_genre", "kinds", "Category"]),
    ],
)
def test_common_names_are_recognised(kind, names):
    assert [name for name in names if not column(name).is_called(kind)] == []


@pytest.mark.parametrize("name", ["helpful", "ratings_count", "users_rated", "", "timezone"])
@pytest.mark.parametrize("kind", ["user", "item", "rating", "timestamp"])
def test_other_names_are_not(name, kind):
    assert not column(name).is_called(kind)


def test_a_header_without_a_column_of_numbers_is_known_by_its_names():
    named = sample_of([["film", "title"], ["heat", "Heat"], ["brazil", "Brazil"]])
    assert [found.name for found in named] == ["film", "title"]
    numbered = sample_of([["heat", "Heat"], ["brazil", "Brazil"]])
    assert [found.name for found in numbered] == [0, 1]
    assert list(numbered[0].texts) == ["heat", "brazil"]


@pytest.mark.parametrize(
    ("values", "forms"),
    [
        (["1300001000", "1300001060"], [None]),
        (["1300001000000"], [None]),
        (["20110313", "20110512"], ["%Y%m%d"]),
        (["2011", "2012"], ["%Y"]),
        (["2011-03-13", "2011-05-12"], [None]),
        (["13/03/2011", "01/02/2011"], ["%d/%m/%Y"]),
        (["01/02/2011"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["Mar 13, 2011", "May 02, 2011"], ["%b %d, %Y"]),
        (["2011-03-13 05:06:07 UTC"], ["%Y-%m-%d %H:%M:%S UTC"]),
        (["13.03.11", "02.05.11"], ["%d.%m.%y"]),
        (["03/13/2011 5:06 PM", "05/02/2011 11:06 AM"], ["%m/%d/%Y %I:%M %p"]),
        (["13-Mar-2011 05:06:07"], ["%d-%b-%Y %H:%M:%S"]),
        (["Sun, 13 Mar 2011 05:06:07 +0000"], ["%a, %d %b %Y %H:%M:%S %z"]),
        (["5", "3"], []),
        (["9780140449136"], []),
        (["heat"], []),
        ([""], []),
    ],
)
def test_forms_of_time(values, forms):
    assert column("x", *values).time_forms == forms
