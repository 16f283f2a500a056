"""A configuration that is written for somebody's files runs, and its import gives their ratings."""

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.fetch import fetch
from blendmf.ingest.import_tables import ImportedTables, import_tables
from blendmf.ingest.initial import initial_configuration
from blendmf.ingest.overlay_text import Initial, overlay_text
from blendmf.ingest.precheck import data_problems

HEADER = ("user", "film", "stars", "when")
START = 1_300_001_000
DAY = 86_400

Row = tuple[int, int, float, int]


def drawn_ratings(n_users: int = 30, n_items: int = 40, of_user: int = 12) -> list[Row]:
    """Ratings of 1 to 5, in the order of the users; each user's times differ by days."""
    random = np.random.default_rng(1)
    return [
        (user, int(item), int(random.integers(1, 6)), START + DAY * (37 * user + place))
        for user in range(1, n_users + 1)
        for place, item in enumerate(random.permutation(n_items)[:of_user] + 1)
    ]


ROWS = drawn_ratings()


def written(
    rows: Sequence[Sequence[object]] = ROWS,
    separator: str = ",",
    header: Sequence[str] | None = HEADER,
    **form: Callable[[object], object],
) -> str:
    """Rows as text; `form` changes the values of a column of `HEADER`."""
    changes = [form.get(name, lambda value: value) for name in HEADER]
    lines = [
        separator.join(str(change(value)) for change, value in zip(changes, row, strict=False))
        for row in rows
    ]
    return "\n".join([*([separator.join(header)] if header else []), *lines]) + "\n"


def dated(form: str) -> Callable[[object], str]:
    return lambda seconds: pd.Timestamp(seconds, unit="s").strftime(form)


def without(column: int) -> list[tuple[object, ...]]:
    return [row[:column] + row[column + 1 :] for row in ROWS]


def to_days(rows: Sequence[Row]) -> list[Row]:
    return [(u, i, r, t // DAY * DAY) for u, i, r, t in rows]


def initial(
    folder: Path, ratings: str | bytes, file: str = "ratings.csv", films: str | bytes | None = None
) -> Initial:
    """What is found in files that are written into a folder."""
    own = folder / "films"
    own.mkdir()
    for name, content in ((file, ratings), ("films.csv", films)):
        if content is not None:
            (own / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return initial_configuration(own / file, None if films is None else own / "films.csv")


def imported(folder: Path, found: Initial) -> ImportedTables:
    """Tables of a configuration as it is written and read again; nothing is wrong with it."""
    block = yaml.safe_load(overlay_text(found, "run"))["dataset"]
    assert block == found.dataset
    dataset = DatasetSettings.model_validate(block)
    assert data_problems(dataset) == []
    fetch(dataset, folder / "raw", None, {})
    return import_tables(folder / "raw", dataset)


def rows_of(tables: ImportedTables) -> list[Row]:
    columns = ["user_id", "item_id", "rating", "timestamp"]
    return list(tables.ratings[columns].itertuples(index=False, name=None))


WHEN_YEAR = [(u, i, r, int(pd.Timestamp(f"{2000 + u % 9}").timestamp())) for u, i, r, _ in ROWS]
NO_TIME = [(u, i, r, 0) for u, i, r, _ in ROWS]

FORMS = {
    "base": (written(), ROWS),
    "no header": (written(header=None), ROWS),
    "no header, no time": (written(without(3), header=None), NO_TIME),
    "no time": (written(without(3), header=HEADER[:3]), NO_TIME),
    "semicolon": (written(separator=";"), ROWS),
    "tab": (written(separator="\t"), ROWS),
    "bar": (written(separator="|"), ROWS),
    "two colons, no header": (written(separator="::", header=None), ROWS),
    "blanks": (written(separator="  "), ROWS),
    "blanks, no header": (written(separator=" ", header=None), ROWS),
    "Windows": (written().replace("\n", "\r\n"), ROWS),
    "byte order mark": ("\ufeff" + written(), ROWS),
    "spaces in the header": (written(header=("user ", ' "film" ', " stars", " when")), ROWS),
    "ids with decimals": (written(film=lambda item: f"{item}.0"), ROWS),
    "trailing empty rows": (written() + ",,,\n" * 500, ROWS),
    "blank lines": (written().replace("\n", "\n\n"), ROWS),
    "decimal comma": (
        written(separator=";", stars=lambda stars: f"{stars - 0.5:.1f}".replace(".", ",")),
        [(u, i, r - 0.5, t) for u, i, r, t in ROWS],
    ),
    "decimal comma, blanks, no header": (
        written(separator=" ", header=None, stars=lambda r: f"{r - 0.5:.1f}".replace(".", ",")),
        [(u, i, r - 0.5, t) for u, i, r, t in ROWS],
    ),
    "milliseconds": (written(when=lambda seconds: seconds * 1000), ROWS),
    "decimal seconds": (written(when=lambda seconds: f"{seconds}.25"), ROWS),
    "ISO dates": (written(when=dated("%Y-%m-%d")), to_days(ROWS)),
    "ISO times": (written(when=dated("%Y-%m-%dT%H:%M:%SZ")), ROWS),
    "ISO times with a blank, no header": (
        written(header=None, when=dated("%Y-%m-%d %H:%M:%S")),
        ROWS,
    ),
    "slashes, year first": (written(when=dated("%Y/%m/%d")), to_days(ROWS)),
    "slashes, day first": (written(when=dated("%d/%m/%Y")), to_days(ROWS)),
    "slashes, month first": (written(when=dated("%m/%d/%Y")), to_days(ROWS)),
    "points": (written(when=dated("%d.%m.%Y")), to_days(ROWS)),
    "hyphens, day first": (written(when=dated("%d-%m-%Y")), to_days(ROWS)),
    "hyphens, month first": (written(when=dated("%m-%d-%Y")), to_days(ROWS)),
    "quoted comma": (written(when=dated('"%m %d, %Y"')), to_days(ROWS)),
    "name of the month": (written(when=dated('"%B %d, %Y"')), to_days(ROWS)),
    "weekday and zone": (written(when=dated("%a %b %d %H:%M:%S +0000 %Y")), ROWS),
    "weekday and zone, no header": (
        written(header=None, when=dated("%a %b %d %H:%M:%S +0000 %Y")),
        ROWS,
    ),
    "days as whole numbers": (written(when=dated("%Y%m%d")), to_days(ROWS)),
    "days as whole numbers, no header": (written(header=None, when=dated("%Y%m%d")), to_days(ROWS)),
    "years": (written([(u, i, r, 2000 + u % 9) for u, i, r, _ in ROWS]), WHEN_YEAR),
    "unusual names": (written(header=("reviewerID", "asin", "overall", "unixReviewTime")), ROWS),
    "Book-Crossing": (written(without(3), header=("User-ID", "ISBN", "Book-Rating")), NO_TIME),
    "names that say nothing": (written(header=("a", "b", "c", "d")), ROWS),
    "other order": (
        written([(r, t, i, u) for u, i, r, t in ROWS], header=("score", "date", "movieId", "uid")),
        ROWS,
    ),
    "numbered rows": (
        "".join(f"{n},{line}\n" for n, line in enumerate(written().splitlines()))[1:],
        ROWS,
    ),
}


@pytest.mark.parametrize(("text", "rows"), FORMS.values(), ids=FORMS.keys())
def test_every_form_is_imported_as_it_was_meant(tmp_path, text, rows):
    assert rows_of(imported(tmp_path, initial(tmp_path, text))) == rows


@pytest.mark.parametrize("file", ["ratings.csv.gz", "ratings.csv"])
def test_gzip_is_read_whatever_its_name(tmp_path, file):
    found = initial(tmp_path, gzip.compress(written().encode()), file)
    assert rows_of(imported(tmp_path, found)) == ROWS


@pytest.mark.parametrize("times", ["numbers", "dates", "text"])
def test_parquet_is_read(tmp_path, times):
    table = pd.DataFrame(ROWS, columns=HEADER)
    if times != "numbers":
        table["when"] = pd.to_datetime(table["when"], unit="s")
    if times == "text":
        table["when"] = table["when"].dt.strftime("%d/%m/%Y")
    table.to_parquet(tmp_path / "table.parquet")
    found = initial(tmp_path, (tmp_path / "table.parquet").read_bytes(), "ratings.parquet")
    assert rows_of(imported(tmp_path, found)) == (to_days(ROWS) if times == "text" else ROWS)


@pytest.mark.parametrize(
    ("encoding", "codec"), [("latin-1", "latin-1"), ("cp1252", "cp1252"), ("utf-16", "utf-16")]
)
def test_other_encodings_are_found(tmp_path, encoding, codec):
    name = "café “z”" if codec == "cp1252" else "café"
    text = written(user=lambda user: f"{name} {user}")
    found = initial(tmp_path, text.encode(codec))
    assert found.dataset["csv"]["ratings"]["encoding"] == encoding
    assert imported(tmp_path, found).ratings["user_id"].iloc[0] == f"{name} 1"


def test_a_zip_archive_of_one_file_is_read(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("r.csv", written())
    found = initial(tmp_path, packed.getvalue(), "films.csv.zip")
    assert found.dataset["name"] == "films"
    assert rows_of(imported(tmp_path, found)) == ROWS


def test_parquet_may_be_compressed(tmp_path):
    pd.DataFrame(ROWS, columns=HEADER).to_parquet(tmp_path / "table.parquet")
    content = gzip.compress((tmp_path / "table.parquet").read_bytes())
    assert rows_of(imported(tmp_path, initial(tmp_path, content, "films.gz"))) == ROWS


def test_damaged_parquet_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        initial(tmp_path, b"PAR1 no more", "ratings.parquet")


def test_genres_of_parquet_may_be_lists(tmp_path):
    ids = list(range(1, 41))
    table = pd.DataFrame({"film": ids, "title": map(str, ids), "kinds": map(genres_of, ids)})
    (tmp_path / "films").mkdir()
    table.to_parquet(tmp_path / "films/films.parquet")
    (tmp_path / "films/ratings.csv").write_text(written())
    folder = tmp_path / "films"
    found = initial_configuration(folder / "ratings.csv", folder / "films.parquet")
    items = imported(tmp_path, found).items
    assert [list(genres) for genres in items["genres"]] == [genres_of(i) for i in ids]


def test_a_link_keeps_its_name_and_folder(tmp_path):
    (tmp_path / "real.csv").write_text(written())
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/ratings.csv").symlink_to(tmp_path / "real.csv")
    found = initial_configuration(tmp_path / "linked/ratings.csv", None)
    assert found.dataset["name"] == "linked"
    assert rows_of(imported(tmp_path, found)) == ROWS


def test_recbole_files_keep_their_format(tmp_path):
    header = ("user_id:token", "item_id:token", "rating:float", "timestamp:float")
    found = initial(tmp_path, written(separator="\t", header=header), "films.inter")
    (tmp_path / "films/films.item").write_text("item_id:token\ttitle:token_seq\n1\tOne\n")
    assert found.dataset["format"] == "recbole"
    tables = imported(tmp_path, found)
    assert rows_of(tables) == ROWS
    assert tables.items["title"].iloc[0] == "One"


GENRES = [["Drama"], ["Comedy", "Sci-Fi"], ["Drama", "Comedy"], ["Action", "Drama", "War"]]


def genres_of(item: int) -> list[str]:
    return GENRES[item % len(GENRES)]


def films(
    form: Callable[[list[str]], str] = "|".join,
    header: str | None = "film,title,kinds",
    item: Callable[[int], object] = lambda item: item,
) -> str:
    lines = [f'{item(i)},Film {i:02} ({1950 + i}),"{form(genres_of(i))}"' for i in range(1, 41)]
    return "\n".join([*([header] if header else []), *lines]) + "\n"


FILMS = {
    "base": films(),
    "semicolon and blank": films("; ".join),
    "comma": films(", ".join),
    "slash": films(" / ".join),
    "list": films(str),
    "records": films(lambda names: str([{"id": 1, "name": name} for name in names])),
    "no header": films(header=None),
    "other names": films(header="movieId,name,genres"),
    "names that say nothing": films(header="a,b,c"),
    "ids with decimals": films(item=lambda item: f"{item}.0"),
}


@pytest.mark.parametrize("text", FILMS.values(), ids=FILMS.keys())
def test_descriptions_of_every_form_join_the_ratings(tmp_path, text):
    found = initial(tmp_path, written(), films=text)
    items = imported(tmp_path, found).items.set_index("item_id")
    assert items.loc[7, "title"] == "Film 07"
    assert items.loc[7, "year"] == 1957
    assert [list(genres) for genres in items["genres"]] == [genres_of(i) for i in items.index]
    assert found.counts["described"] == found.counts["items"]


def test_the_described_column_is_the_item_though_it_comes_first(tmp_path):
    swapped = [(i, u + 1000, r, t) for u, i, r, t in ROWS]
    found = initial(tmp_path, written(swapped, header=None), films=films(header=None))
    block = found.dataset["csv"]["ratings"]
    assert (block["user"], block["item"]) == (1, 0)
    assert (found.counts["users"], found.counts["items"]) == (30, 40)
    assert "user: 1, item: 0" in found.checks[0]
    assert rows_of(imported(tmp_path, found)) == [(u + 1000, i, r, t) for u, i, r, t in ROWS]


def test_texts_of_several_lines_do_not_hide_the_columns(tmp_path):
    rows = "".join(f'{u},{i},{r},{t},"Ate;\n\n""ill"", left,\n"\n' for u, i, r, t in ROWS)
    described = "".join(f'{i},F{i},"A, ""B""\nand C",Crime|War\n' for i in range(1, 41))
    text = f"{','.join(HEADER)},text\n{rows}"
    found = initial(tmp_path, text, films=f"film,title,plot,genres\n{described}")
    assert found.counts["described"] == 40
    assert rows_of(imported(tmp_path, found)) == ROWS


@pytest.mark.parametrize("date", ["{}-03-01", "{}/3/1", "{}-03-01T00:00:00Z", "{}-03", "{}.0"])
def test_years_may_be_dates(tmp_path, date):
    lines = [f"{i},Film {i},{date.format(1950 + i)},{'AB'[i % 2]}\n" for i in range(1, 41)]
    films = "film,title,release_date,genres\n" + "".join(lines)
    tables = imported(tmp_path, initial(tmp_path, written(), films=films))
    assert tables.items["year"].tolist() == [1950 + i for i in range(1, 41)]


def test_a_column_of_years_is_found_and_other_columns_are_not_used(tmp_path):
    lines = [f"{1000 + i},{i},Film {i},{1950 + i},{'AB'[i % 2]}\n" for i in range(1, 41)]
    found = initial(tmp_path, written(), films="budget,movieId,Title,Year,Genre\n" + "".join(lines))
    keys = {key: found.dataset["csv"]["items"][key] for key in ("item", "title", "year", "genres")}
    assert keys == {"item": "movieId", "title": "Title", "year": "Year", "genres": "Genre"}
    assert imported(tmp_path, found).items["year"].iloc[0] == 1951


def test_rows_without_times_that_are_sorted_by_item_are_split_at_random(tmp_path):
    rows = [(u, f"{i:03}", r) for u, i, r, _ in sorted(ROWS)]
    found = initial(tmp_path, written(rows, header=HEADER[:3]))
    assert found.split == {"scheme": "random"}
    assert len(imported(tmp_path, found).ratings) == len(ROWS)
    (tmp_path / "other").mkdir()
    assert not initial(tmp_path / "other", written(without(3), header=HEADER[:3])).split
    (tmp_path / "timed").mkdir()
    assert not initial(tmp_path / "timed", written(sorted(ROWS))).split


def test_pairs_that_are_rated_twice_are_counted_and_the_newest_counts(tmp_path):
    again = [(u, f"{i}.0", 6 - r, t + 1) for u, i, r, t in ROWS[:4]]
    found = initial(tmp_path, written([*ROWS, *again]))
    assert found.dataset["duplicates"] == "last"
    assert "4 of 360 pairs are rated more than once" in found.reasons["duplicates"]
    assert found.counts["ratings"] == len(ROWS) == len(rows_of(imported(tmp_path, found)))


def test_markers_are_dropped_and_not_part_of_the_range(tmp_path):
    rows = [(u, i, -1 if n % 4 == 0 else 2 * r, t) for n, (u, i, r, t) in enumerate(ROWS)]
    found = initial(tmp_path, written(rows))
    assert found.dataset["unrated"] == [-1]
    assert found.dataset["rating_range"] == [1, 10]
    assert "90 of 360 rows have -1" in found.reasons["unrated"]
    assert rows_of(imported(tmp_path, found)) == [row for row in rows if row[2] != -1]


def test_the_name_is_that_of_the_file_or_its_folder(tmp_path, monkeypatch):
    def name_of(path: str) -> str:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(written())
        return initial_configuration(file, None).dataset["name"]

    monkeypatch.chdir(tmp_path)
    assert name_of("My films (2024).csv") == "My-films-2024"
    assert name_of("shop/data/ratings.csv") == "shop"
    assert name_of("ml-1m/ratings.dat") == "own-ml-1m"
    found = initial_configuration(Path("shop/data/ratings.csv"), None, "chosen")
    assert (found.dataset["name"], found.dataset["path"]) == ("chosen", "shop/data")
    with pytest.raises(UserError, match="--name a b: must be letters"):
        initial_configuration(Path("shop/data/ratings.csv"), None, "a b")


WIDE = ",".join(["user", *(f"joke{n}" for n in range(20))]) + "\n"
REFUSED = {
    "no ratings": (
        written(without(2), header=("user", "film", "when")),
        "no column may be the ratings; it has user, film, when",
    ),
    "wide": (WIDE + (",".join(["1.5"] * 21) + "\n") * 9, "probably one per item.*melt"),
    "equal": (written(stars=lambda _: 1), "all 360 ratings are 1"),
    "fractions": (written(stars=lambda stars: f"{stars}/5"), "values are not numbers"),
    "missing": (
        written().replace(",5,", ",,", 1),
        "1 row.s. without rating: .*remove the rows",
    ),
    "two forms of time": (
        written([(u, i, r, f"{2000 + u}-01-01" if i % 3 else t) for u, i, r, t in ROWS]),
        "not dates of the form ISO 8601.*If the column when is no time, remove it",
    ),
    "only users": (written(without(1), header=("user", "stars", "when")), "may be the item"),
    "empty": ("", "the file is empty"),
    "header only": ("user,film,stars,when\n", "no rows below the header"),
    "one column": (
        "# my films\n" + written(),
        r"first line \(# my films\) has 1 column.*others have 4",
    ),
    "Excel's first line": ("sep=;\n" + written(separator=";"), "Remove lines above the header"),
    "no table": ("1:\n2:\n3:\n", "no separator cuts its lines.*'1:' and '2:'"),
    "single quotes": (
        written(user=lambda user: f"'{user}, x'"),
        "has 4 column.*others have 5.*in double quotes",
    ),
    "ragged": (
        written().replace("\n5,", "\n5,6,", 2),
        r"row\(s\) that do not have 4 fields: line \d+ .* has 5",
    ),
    "no ratings, few items": (
        written([(u, i % 9, t) for u, i, _, t in ROWS], header=("user", "venue", "when")),
        "no column may be the ratings; it has user, venue, when",
    ),
    "JSON": ('[{"user": 1, "item": 2, "rating": 3}]', "looks like JSON"),
    "thousands": (
        written(stars=lambda stars: [7, '"1,234"', 12, '"56,789"', 3][stars - 1]),
        "such as .*,.* between thousands",
    ),
    "points in thousands": (
        written(stars=lambda stars: [7, "1.234", 12, "56.789", 3][stars - 1]),
        "between thousands",
    ),
    "marks of missing ratings": (
        written(stars=lambda stars: "-" if stars == 1 else stars),
        r"not numbers \('-'\).*remove rows without",
    ),
    "binary": (b"\x7fELF\x00\x00", "neither text nor Parquet"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_guessed_is_said_with_the_remedy(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        initial(tmp_path, text)


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    with pytest.raises(UserError, match="none of the 40 rated items is described"):
        initial(tmp_path, written(), films=films(item=lambda item: f"x{item}"))
    (tmp_path / "elsewhere.csv").write_text(films())
    with pytest.raises(UserError, match="are in different folders"):
        initial_configuration(tmp_path / "films/ratings.csv", tmp_path / "elsewhere.csv")
    with pytest.raises(UserError, match="no such file"):
        initial_configuration(tmp_path / "films/rating.csv", None)
    with pytest.raises(UserError, match="is a folder"):
        initial_configuration(tmp_path / "films", None)


def test_ids_that_a_spreadsheet_rounded_are_doubted(tmp_path):
    text = written(user=lambda user: f"{76561198000000000 + user:.5E}")
    found = initial(tmp_path, text)
    assert any("360 user_ids rounded by a spreadsheet" in check for check in found.checks)
    (doubt,) = imported(tmp_path, found).source["doubts"]
    assert "360 user_ids rounded by a spreadsheet" in doubt


def test_ids_of_reviews_are_not_those_of_users(tmp_path):
    lines = [f"{n},user{u},{i},{r}\n" for n, (u, i, r, _) in enumerate(ROWS)]
    found = initial(tmp_path, "uid,profile,anime_uid,score\n" + "".join(lines))
    columns = found.dataset["csv"]["ratings"]
    assert (columns["user"], columns["item"]) == ("profile", "anime_uid")


def test_titles_may_be_the_ids(tmp_path):
    rated = written(film=lambda item: f"Film {item} ({1950 + item})")
    lines = [f"{i},Film {i} ({1950 + i}),{'AB'[i % 2]}\n" for i in range(1, 41)]
    found = initial(
        tmp_path, rated.replace("film", "title", 1), films="id,title,kinds\n" + "".join(lines)
    )
    assert found.counts["described"] == 40
    assert imported(tmp_path, found).items["year"].tolist() == [1950 + i for i in range(1, 41)]


def test_more_ratings_are_not_taken_for_descriptions(tmp_path):
    with pytest.raises(UserError, match=r"360 rows of 40 items.*file: \[ratings.csv, films.csv\]"):
        initial(tmp_path, written(), films=written())


def test_columns_of_the_index_of_pandas_are_columns(tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    frame = pd.DataFrame(ROWS, columns=HEADER).set_index(["user", "film"])
    frame.to_parquet(folder / "ratings.parquet")
    found = initial_configuration(folder / "ratings.parquet", None)
    assert rows_of(imported(tmp_path, found)) == ROWS


@pytest.mark.parametrize("name", ["weight", "count", "watched"])
def test_counts_are_ratings_if_no_other_column_can_be(tmp_path, name):
    rows = [(u, i, 1 + 997 * u * i % 4001, t) for u, i, _, t in ROWS]
    found = initial(tmp_path, written(rows, header=("userID", "artistID", name, "when")))
    assert found.dataset["csv"]["ratings"]["rating"] == name
    assert rows_of(imported(tmp_path, found)) == rows


def test_two_forms_of_dates_that_fit_are_both_named(tmp_path):
    rows = [(u, i, r, f"{1 + u % 12:02}/{1 + i % 12:02}/2011") for u, i, r, _ in ROWS]
    found = initial(tmp_path, written(rows))
    assert found.dataset["csv"]["ratings"]["timestamp_format"] == "%d/%m/%Y"
    assert any('"%m/%d/%Y" may be meant' in check for check in found.checks)
