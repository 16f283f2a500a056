"""Ratings as people have them: every form is read right, or refused with what to write instead."""

import gzip
import io
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings, DatasetSettings
from blendmf.ingest.catalogue import find_data_set
from blendmf.ingest.fetch import fetch
from blendmf.ingest.import_tables import ImportedTables, import_tables
from blendmf.ingest.own_files import read_table

BY_NAME = {"user": "user", "item": "film", "rating": "stars", "timestamp": "when"}
BY_NUMBER = {"user": 0, "item": 1, "rating": 2, "timestamp": 3}
ROWS = [("u1", "a", 4, 1300000000), ("u1", "b", 2, 1300000060), ("u2", "a", 5, 1300000120)]
HEADER = ("user", "film", "stars", "when")


def lines(separator: str, *, header: bool = True, end: str = "\n") -> str:
    rows = [HEADER, *ROWS] if header else ROWS
    return "".join(separator.join(map(str, row)) + end for row in rows)


def imported(
    folder: Path,
    ratings: str | bytes,
    columns: dict | None = None,
    *,
    file: str = "ratings.csv",
    films: str | None = None,
    csv: dict | None = None,
    **settings: object,
) -> ImportedTables:
    """Tables of files that are fetched and imported as the workflow does."""
    own = folder / "own"
    own.mkdir(exist_ok=True)
    content = ratings.encode() if isinstance(ratings, str) else ratings
    (own / file).write_bytes(content)
    given = {"ratings": {"file": file, **(columns or BY_NAME)}, **(csv or {})}
    if films is not None:
        (own / "films.csv").write_text(films)
        named = {"file": "films.csv", "item": "film", "title": "title", "genres": "kinds"}
        given["items"] = named | given.get("items", {})
    dataset = DatasetSettings(
        name="own",
        path=str(own),
        rating_range=settings.pop("rating_range", [1, 5]),
        csv=CsvSettings.model_validate(given),
        **settings,
    )
    fetch(dataset, folder / "raw", None, {})
    return import_tables(folder / "raw", dataset)


def own_ratings(path: Path) -> DatasetSettings:
    """Settings of ratings.csv, under this path."""
    csv = CsvSettings.model_validate({"ratings": {"file": "ratings.csv", **BY_NAME}})
    return DatasetSettings(name="own", path=str(path), rating_range=[1, 5], csv=csv)


def rows_of(tables: ImportedTables) -> list[tuple]:
    return list(
        tables.ratings[["user_id", "item_id", "rating", "timestamp"]].itertuples(
            index=False, name=None
        )
    )


def notes(tables: ImportedTables) -> str:
    return "; ".join(f"{note['count']} {note['what']}" for note in tables.source["notes"])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "::", " ", "   "])
@pytest.mark.parametrize("columns", [BY_NAME, BY_NUMBER], ids=["by name", "by number"])
@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", " \r"], ids=["unix", "windows", "mac", "blank"]
)
def test_separators_are_found_and_no_row_is_lost(tmp_path, separator, columns, end):
    tables = imported(tmp_path, lines(separator, header=columns is BY_NAME, end=end), columns)
    assert rows_of(tables) == ROWS


@pytest.mark.parametrize(
    ("written", "separator"),
    [("tab", "\t"), ("\\t", "\t"), ("blanks", "  "), (" ", " "), ("##", "##")],
)
def test_separators_can_be_written_out(tmp_path, written, separator):
    tables = imported(tmp_path, lines(separator), csv={"separator": written})
    assert rows_of(tables) == ROWS


def test_only_spaces_and_tabs_are_blanks(tmp_path):
    text = lines("  ", header=False).replace("a", "a\N{NO-BREAK SPACE}b")
    assert rows_of(imported(tmp_path, text, BY_NUMBER))[0][1] == "a\N{NO-BREAK SPACE}b"


@pytest.mark.parametrize("separator", ["::", "  ", "\t"])
def test_characters_of_two_bytes_are_read_with_every_separator(tmp_path, separator):
    content = lines(separator).encode("utf-16")
    assert rows_of(imported(tmp_path, content, BY_NAME | {"encoding": "utf-16"})) == ROWS


def test_blank_lines_may_come_first(tmp_path):
    assert rows_of(imported(tmp_path, "\n" * 60 + lines(","))) == ROWS


def test_blanks_in_values_do_not_separate_columns_if_commas_do(tmp_path):
    rows = "".join(f"{u},{i},{r},Sun Mar 13 07:23:20 +0000 2011\n" for u, i, r, _ in ROWS)
    numbered = {**BY_NUMBER, "timestamp_format": "%a %b %d %H:%M:%S %z %Y"}
    assert rows_of(imported(tmp_path, rows, numbered)) == [(*r[:3], 1300001000) for r in ROWS]


@pytest.mark.parametrize("columns", [BY_NAME, BY_NUMBER], ids=["by name", "by number"])
def test_line_ends_and_separators_inside_quotes_do_not_hide_the_separator(tmp_path, columns):
    rows = "".join(f'{u},{i},{r},{t},"Ate; left,\n\nand ""was""\nill;"\n' for u, i, r, t in ROWS)
    tables = imported(tmp_path, f"{','.join(HEADER)},text\n{rows}", columns)
    assert rows_of(tables) == ROWS


def test_a_field_may_be_longer_than_a_million_characters(tmp_path):
    rows = "".join(f"{u},{i},{r},{t},{'x' * (r == 2) * 2_000_000}\n" for u, i, r, t in ROWS)
    tables = imported(tmp_path, f"{','.join(HEADER)},text\n{rows}", BY_NUMBER)
    assert rows_of(tables) == ROWS


def test_lines_of_utf_16_are_counted_as_such(tmp_path):
    tables = imported(
        tmp_path, lines("\t", end="\r\n").encode("utf-16"), csv={"encoding": "utf-16"}
    )
    assert rows_of(tables) == ROWS
    assert "blank lines" not in notes(tables)


def test_ids_stay_numbers_though_empty_rows_follow(tmp_path):
    rows = "user,film,stars,when\n1,2,3,4\n2,3,4,5\n" + ",,,\n" * 3
    assert rows_of(imported(tmp_path, rows)) == [(1, 2, 3, 4), (2, 3, 4, 5)]


def test_a_file_without_a_header_can_have_its_columns_listed(tmp_path):
    named = {**BY_NAME, "columns": ["user", "film", "stars", "when"]}
    assert rows_of(imported(tmp_path, lines(",", header=False), named)) == ROWS


def test_listed_columns_may_replace_a_header(tmp_path):
    listed = BY_NAME | {"columns": list(HEADER), "header": True}
    text = lines(",").replace("user,film,stars,when", "a,b,c,d")
    assert rows_of(imported(tmp_path, text, listed)) == ROWS


def test_a_header_is_recognised_though_columns_are_numbered(tmp_path):
    assert rows_of(imported(tmp_path, lines(","), BY_NUMBER)) == ROWS


@pytest.mark.parametrize("name", ["ratings.csv.gz", "ratings.csv"])
def test_gzip_is_recognised_whatever_its_name(tmp_path, name):
    assert rows_of(imported(tmp_path, gzip.compress(lines(",").encode()), file=name)) == ROWS


def zipped(names: list[str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, lines(","))
    return content.getvalue()


def test_a_spreadsheet_is_refused_as_one(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "<x/>")
    with pytest.raises(UserError, match=r"ratings\.xlsx is a spreadsheet.*save the table as CSV"):
        imported(tmp_path, packed.getvalue(), file="ratings.xlsx")


def test_a_zip_archive_of_one_file_is_read_as_that_file(tmp_path):
    assert rows_of(imported(tmp_path, zipped(["x.csv"]), file="ratings.csv.zip")) == ROWS
    with pytest.raises(UserError, match=r"ratings\.csv\.zip has 2 files \(x\.csv, y\.csv\)"):
        imported(tmp_path, zipped(["x.csv", "y.csv"]), file="ratings.csv.zip")


def test_a_file_is_found_under_its_name_with_gz(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/ratings.csv.gz").write_bytes(gzip.compress(lines(",").encode()))
    dataset = own_ratings(tmp_path / "own")
    fetch(dataset, tmp_path / "raw", None, {})
    assert rows_of(import_tables(tmp_path / "raw", dataset)) == ROWS


def test_the_path_may_be_the_file_itself(tmp_path):
    tables = imported(tmp_path, lines(","))
    dataset = own_ratings(tmp_path / "own/ratings.csv")
    fetch(dataset, tmp_path / "again", None, {})
    assert rows_of(import_tables(tmp_path / "again", dataset)) == rows_of(tables)


@pytest.mark.parametrize("times", ["numbers", "dates"])
def test_parquet_is_read_as_pandas_writes_it(tmp_path, times):
    table = pd.DataFrame(ROWS, columns=HEADER)
    if times == "dates":
        table["when"] = pd.to_datetime(table["when"], unit="s")
    (tmp_path / "own").mkdir()
    table.to_parquet(tmp_path / "table.parquet")
    content = (tmp_path / "table.parquet").read_bytes()
    assert rows_of(imported(tmp_path, content, file="ratings.parquet")) == ROWS


def test_parquet_is_known_by_its_content(tmp_path):
    pd.DataFrame(ROWS, columns=HEADER).to_parquet(tmp_path / "table")
    content = (tmp_path / "table").read_bytes()
    assert rows_of(imported(tmp_path, content, file="ratings.pq")) == ROWS
    assert rows_of(imported(tmp_path, gzip.compress(content), file="r.parquet.gz")) == ROWS


def test_parquet_ids_may_be_dictionaries_of_large_strings(tmp_path):
    columns = list(zip(*ROWS, strict=True))
    kinds = [pa.dictionary(pa.int32(), pa.large_string()), pa.large_string(), pa.int8(), pa.int64()]
    arrays = [
        pa.array(c).cast(k) if n else pa.array(c).dictionary_encode()
        for n, (c, k) in enumerate(zip(columns, kinds, strict=True))
    ]
    pq.write_table(pa.table(dict(zip(HEADER, arrays, strict=True))), tmp_path / "table.parquet")
    content = (tmp_path / "table.parquet").read_bytes()
    assert rows_of(imported(tmp_path, content, file="ratings.parquet")) == ROWS


def test_several_files_count_as_one_and_rows_know_their_file(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/later.csv").write_text("user,film,stars,when\nu3,c,1,1300000180\n")
    columns = BY_NAME | {"file": ["ratings.csv", "later.csv"]}
    tables = imported(tmp_path, lines(","), columns)
    assert rows_of(tables) == [*ROWS, ("u3", "c", 1, 1300000180)]
    assert tables.ratings["file"].tolist() == [0, 0, 0, 1]


def test_there_may_be_hundreds_of_files(tmp_path):
    names = [f"{number}.csv" for number in range(200)]
    for name in names:
        (tmp_path / name).write_text(lines(","))
    given = {"ratings": {"file": names, **BY_NAME}}
    table = read_table(tmp_path, "ratings", CsvSettings.model_validate(given))
    assert table.rows["file"].tolist() == [number for number in range(200) for _ in ROWS]


def test_files_of_different_types_have_the_same_ids(tmp_path):
    pd.DataFrame([(1, 7, 4.0), (2, 8, 3.0)], columns=HEADER[:3]).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("user,film,stars\n2,8x,5\n")
    columns = BY_NAME | {"timestamp": None}
    given = {"ratings": {"file": ["a.parquet", "b.csv"], **columns}}
    rows = read_table(tmp_path, "ratings", CsvSettings.model_validate(given)).rows
    assert rows["user_id"].tolist() == ["1", "2", "2"]
    assert rows["item_id"].tolist() == ["7", "8", "8x"]
    assert rows["item_id"].dtype == "category"


def test_a_fault_in_one_of_several_files_names_it(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/later.csv").write_text("user,film,stars,when\nu3,c,9,1300000180\n")
    with pytest.raises(UserError, match=r"later\.csv: line 2 \(u3, c, 9"):
        imported(tmp_path, lines(","), BY_NAME | {"file": ["ratings.csv", "later.csv"]})


def test_decimal_commas_are_read_by_configuration(tmp_path):
    text = "user;film;stars;when\nu1;a;4,5;1300000000\nu1;b;2;1300000060\n"
    tables = imported(tmp_path, text, csv={"decimal": ","})
    assert tables.ratings["rating"].tolist() == [4.5, 2]
    with pytest.raises(UserError, match=r"line 2 .*dataset\.csv\.decimal"):
        imported(tmp_path, text)


@pytest.mark.parametrize(
    ("form", "first", "second"),
    [
        ("%d/%m/%Y", "13/03/2011", "12/05/2011"),
        ("%m %d, %Y", "03 13, 2011", "05 12, 2011"),
        ("%Y%m%d", "20110313", "20110512"),
        (
            "%a %b %d %H:%M:%S %z %Y",
            "Sun Mar 13 00:00:00 +0000 2011",
            "Thu May 12 00:00:00 +0000 2011",
        ),
    ],
)
def test_other_forms_of_dates_are_suggested_and_then_read(tmp_path, form, first, second):
    text = f'user,film,stars,when\nu1,a,4,"{first}"\nu1,b,2,"{second}"\n'
    with pytest.raises(UserError) as refusal:
        imported(tmp_path, text)
    assert form in str(refusal.value)
    tables = imported(tmp_path, text, BY_NAME | {"timestamp_format": form})
    assert tables.ratings["timestamp"].tolist() == [1299974400, 1305158400]


def test_years_are_not_taken_for_seconds(tmp_path):
    text = "user,film,stars,when\nu1,a,4,2011\nu1,b,2,1987\n"
    with pytest.raises(UserError, match=r"look like dates .*timestamp_format: \"%Y\""):
        imported(tmp_path, text)
    tables = imported(tmp_path, text, BY_NAME | {"timestamp_format": "%Y"})
    assert tables.ratings["timestamp"].tolist() == [1293840000, 536457600]


def test_empty_rows_are_skipped_and_later_lines_are_named_right(tmp_path):
    text = lines(",") + ",,,\n , ,,\n"
    tables = imported(tmp_path, text)
    assert rows_of(tables) == ROWS
    assert "2 empty rows skipped" in notes(tables)
    with pytest.raises(UserError, match="line 7 "):
        imported(tmp_path, text + "u3,c,9,1300000180\n")


def test_values_that_mark_unrated_items_are_dropped_and_counted(tmp_path):
    text = lines(",") + "u2,b,-1,1300000180\nu3,b,99,1300000240\n"
    with pytest.raises(UserError, match=r"outside 1 to 5.*dataset\.unrated"):
        imported(tmp_path, text)
    tables = imported(tmp_path, text, unrated=[-1, 99])
    assert rows_of(tables) == ROWS
    assert tables.source["dropped"][0]["count"] == 2


def test_a_core_keeps_users_and_items_with_enough_ratings_of_each_other(tmp_path):
    pairs = [("u1", "a"), ("u1", "b"), ("u2", "a"), ("u2", "b"), ("u3", "a"), ("u3", "c")]
    text = "".join(f"{user},{item},{n % 4 + 1}\n" for n, (user, item) in enumerate(pairs))
    columns = {"user": 0, "item": 1, "rating": 2}
    tables = imported(tmp_path, text, columns, min_user_ratings=2, min_item_ratings=2)
    assert [row[:2] for row in rows_of(tables)] == pairs[:4]
    assert tables.source["dropped"][0]["count"] == 2


def test_an_empty_core_and_no_rated_rows_are_refused_with_the_setting(tmp_path):
    with pytest.raises(UserError, match=r"no ratings are left.*Lower dataset\.min_user_ratings"):
        imported(tmp_path, lines(","), min_user_ratings=9)
    with pytest.raises(UserError, match=r"every rating is one of dataset\.unrated \(\[2, 4, 5\]\)"):
        imported(tmp_path, lines(","), unrated=[2, 4, 5])


def test_tags_without_times_are_a_doubt(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "tags.csv").write_text("user,film,tag\nu1,a,slow\n")
    tags = {"file": "tags.csv", "user": "user", "item": "film", "tag": "tag"}
    source = imported(tmp_path, lines(","), csv={"tags": tags}).source
    assert "1 tags without times: each counts as known" in source["doubts"][0]


def test_equal_ratings_are_refused_with_what_they_need(tmp_path):
    with pytest.raises(UserError, match=r"all 3 ratings are 1.*implicit"):
        imported(
            tmp_path, lines(",").replace(",4,", ",1,").replace(",2,", ",1,").replace(",5,", ",1,")
        )


def test_ids_join_however_their_accents_are_written(tmp_path):
    text = lines(",").replace("a,", "e\u0301,")
    films = "film,title,kinds\n\u00e9,Heat,Crime\nb,Up,Drama\n"
    tables = imported(tmp_path, text, films=films)
    assert set(tables.ratings["item_id"]) == {"\u00e9", "b"}
    assert "not described" not in notes(tables)


def test_ids_with_decimals_join_with_whole_numbers(tmp_path):
    text = "user,film,stars,when\n1,12.0,4,1300000000\n1,7.0,2,1300000060\n"
    films = "film,title,kinds\n12,Heat (1995),Crime|Drama\n7,Up (2009),Animation\n"
    tables = imported(tmp_path, text, films=films)
    assert tables.items["title"].tolist() == ["Heat", "Up"]
    assert "2 item_ids written with decimals" in notes(tables)


@pytest.mark.parametrize(
    ("rated", "described", "difference"),
    [
        (("007", "012"), ("7", "12"), "leading zeros"),
        (("aX", "bX"), ("ax", "bx"), "case"),
        (("a x", "b x"), ("ax", "bx"), "blanks"),
    ],
)
def test_tables_that_do_not_join_are_refused_with_examples(tmp_path, rated, described, difference):
    text = f"user,film,stars,when\nu,{rated[0]},4,1300000000\nu,{rated[1]},2,1300000060\n"
    films = f"film,title,kinds\n{described[0]},Heat,Crime\n{described[1]},Up,Animation\n"
    with pytest.raises(UserError) as refusal:
        imported(tmp_path, text, films=films)
    message = str(refusal.value)
    assert "none of the 2 rated items is described" in message
    assert f"rated only: '{rated[0]}', '{rated[1]}'" in message
    assert f"described only: '{described[0]}', '{described[1]}'" in message
    assert f"they differ in {difference}" in message


def test_items_without_a_description_are_counted_with_examples_of_both_sides(tmp_path):
    films = "film,title,kinds\na,Heat,Crime\nzz,Up,Animation\n"
    tables = imported(tmp_path, lines(","), films=films)
    assert "1 items rated but not described" in notes(tables)
    assert "rated only: 'b'; described only: 'zz'" in notes(tables)


@pytest.mark.parametrize(
    ("kinds", "genres"),
    [
        ("\"[{'id': 2, 'name': 'Comedy'}, {'id': 4, 'name': 'War'}]\"", ["Comedy", "War"]),
        ('"[""Comedy"", ""War""]"', ["Comedy", "War"]),
        ('"[{""id"": null, ""main"": true, ""name"": ""War""}]"', ["War"]),
    ],
)
def test_genres_may_be_lists_as_in_json_or_python(tmp_path, kinds, genres):
    films = f"film,title,kinds\na,Heat,{kinds}\nb,Up,[]\n"
    tables = imported(tmp_path, lines(","), films=films)
    assert [list(names) for names in tables.items["genres"]] == [genres, []]
    assert not tables.source["doubts"]


def test_a_wrong_separator_of_genres_is_a_doubt(tmp_path):
    films = "film,title,kinds\na,Heat,Crime; Drama\nb,Up,Animation; Comedy\n"
    (doubt,) = imported(tmp_path, lines(","), films=films).source["doubts"]
    assert "2 genres contain ';' but never '|'" in doubt
    right = {"items": {"genres_separator": ";"}}
    assert not imported(tmp_path, lines(","), films=films, csv=right).source["doubts"]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        (
            lines(",", header=False),
            {"user": "u1", "item": "a", "rating": "4"},
            "looks like values.*user: 0",
        ),
        (lines(";"), BY_NAME | {"separator": ","}, "separator is another one"),
        (lines(","), BY_NAME | {"rating": "star"}, "no column 'star'.*perhaps stars"),
        (lines(","), BY_NUMBER | {"rating": 4}, r"no column 4 \(for rating\).*numbered from 0"),
        (
            "user," + ",".join(f"joke{n}" for n in range(20)) + "\n1" + ",2" * 20 + "\n",
            {"user": "user", "item": "joke", "rating": "stars"},
            "one row per rating",
        ),
        (
            "user," + ",".join(map(str, range(20))) + "\n1" + ",2" * 20 + "\n",
            BY_NAME,
            "one row per rating.*if it has no header, number its columns",
        ),
        ('{"user": 1, "film": 2, "stars": 3}\n' * 3, BY_NAME, "looks like JSON.*read_json"),
        ("# my films\nsep=;\n" + lines(";"), BY_NAME, "seems to be 'user;film;.*lines above it"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff", BY_NAME, "neither text nor Parquet"),
        (
            "id,id,stars\n1,2,3\n",
            {"user": "id", "item": "id", "rating": "stars"},
            "2 columns named 'id'.*can be numbered from 0",
        ),
    ],
)
def test_refusals_say_what_to_write(tmp_path, text, columns, message):
    with pytest.raises(UserError, match=message):
        imported(tmp_path, text, columns)


@pytest.mark.parametrize("separator", ["\t", ",", " ", "::"])
def test_plain_triples_need_only_their_format(tmp_path, separator):
    (tmp_path / "own.data").write_text(lines(separator, header=False))
    dataset = DatasetSettings(
        name="own", path=str(tmp_path / "own.data"), rating_range=[1, 5], format="triples"
    )
    fetch(dataset, tmp_path / "raw", None, {})
    assert rows_of(import_tables(tmp_path / "raw", dataset)) == ROWS


def test_hidden_files_are_no_triples(tmp_path):
    (tmp_path / "t.txt").write_text("1 2 3\n2 2 4\n")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    dataset = DatasetSettings(name="own", path=str(tmp_path), format="triples", rating_range=[1, 5])
    assert find_data_set(dataset).layouts[0].required == ["t.txt"]


def test_recbole_files_need_only_their_format(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/x.inter").write_text(
        "user_id:token\titem_id:token\trating:float\n"
        + "".join(f"{u}\t{i}\t{r}\n" for u, i, r, _ in ROWS)
    )
    (tmp_path / "own/x.item").write_text(
        "item_id:token\ttitle:token_seq\tgenre:token_seq\na\tHeat\tCrime Drama\nb\tUp\tAnimation\n"
    )
    dataset = DatasetSettings(
        name="own", path=str(tmp_path / "own"), rating_range=[1, 5], format="recbole"
    )
    fetch(dataset, tmp_path / "raw", None, {})
    tables = import_tables(tmp_path / "raw", dataset)
    assert [row[:3] for row in rows_of(tables)] == [row[:3] for row in ROWS]
    assert [list(names) for names in tables.items["genres"]] == [["Crime", "Drama"], ["Animation"]]


def test_another_edition_of_a_known_data_set_claims_no_licence(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/ratings.dat").write_text("1::2::5::978300760\n1::3::1::978300761\n")
    (tmp_path / "own/movies.dat").write_text("2::Heat (1995)::Crime\n3::Up (2009)::Animation\n")
    dataset = DatasetSettings(name="ml-1m", path=str(tmp_path / "own"))
    fetch(dataset, tmp_path / "raw", None, {})
    source = import_tables(tmp_path / "raw", dataset).source
    assert source["doubts"][0].startswith("The data are not the known edition of ml-1m: 2 ")
    for key in ("licence", "citation"):
        assert (
            source[key]
            == "Unknown: not the known edition of ml-1m: 2 ratings instead of 1,000,209."
        )


PEOPLE = "id,sex,job,age\nu1,f,4,30\nu2,,7,\nu3,m,4,51\n"
PEOPLE_FILE = {"file": "people.csv", "user": "id"}


def described_users(folder: Path, people: str = PEOPLE, **settings: object) -> ImportedTables:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "people.csv").write_text(people)
    return imported(folder, lines(","), csv={"users": PEOPLE_FILE | settings})


def test_all_columns_of_the_users_file_describe_users_unless_some_are_named(tmp_path):
    tables = described_users(tmp_path, codes=["job"])
    assert tables.users["user_id"].tolist() == ["u1", "u2", "u3"]
    assert tables.users["sex"].fillna("none").tolist() == ["f", "none", "m"]
    assert tables.users["job"].tolist() == ["4", "7", "4"]
    assert tables.users["age"].fillna(-1).tolist() == [30.0, -1.0, 51.0]
    assert tables.source["counts"]["users_described"] == 3
    notes = [(note["count"], note["what"]) for note in tables.source["notes"]]
    assert (1, "users described but without ratings: kept") in notes
    some = described_users(tmp_path, features=["age"]).users
    assert list(some) == ["user_id", "age"]


def test_users_may_be_numbered_columns_or_parquet(tmp_path):
    bare = PEOPLE.partition("\n")[2]
    numbered = described_users(tmp_path, bare, user=0, codes=[2]).users
    assert list(numbered) == ["user_id", "1", "2", "3"]
    assert numbered["2"].tolist() == ["4", "7", "4"]
    table = pd.read_csv(io.StringIO(PEOPLE))
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "own/people.parquet")
    csv = {"users": {"file": "people.parquet", "user": "id", "codes": ["job"]}}
    users = imported(tmp_path, lines(","), csv=csv).users
    assert users["job"].tolist() == ["4", "7", "4"]
    assert users["age"].fillna(-1).tolist() == [30.0, -1.0, 51.0]


def test_without_a_users_file_nobody_is_described(tmp_path):
    users = imported(tmp_path, lines(",")).users
    assert (list(users), len(users)) == (["user_id"], 0)


@pytest.mark.parametrize(
    ("people", "settings", "message"),
    [
        (PEOPLE, {"features": ["Sex"]}, r"no column 'Sex'.*csv\.users, perhaps sex"),
        (PEOPLE, {"codes": ["trade"]}, r"users\.codes: trade: none of the columns.*sex, job, age"),
        (PEOPLE + "u1,m,4,30\n", {}, r"1 row\(s\) that describe a user again.*line 5"),
        (
            PEOPLE.replace("u", "U"),
            {},
            "none of the 2 users with ratings is described, with ratings only: 'u1', 'u2'; "
            ".*differ in case",
        ),
    ],
)
def test_a_users_file_that_cannot_be_used_is_refused(tmp_path, people, settings, message):
    with pytest.raises(UserError, match=message):
        described_users(tmp_path, people, **settings)


def test_identical_descriptions_of_a_user_are_one(tmp_path):
    tables = described_users(tmp_path, PEOPLE + "u1,f,4,30\n")
    assert len(tables.users) == 3
    assert "descriptions identical" in tables.source["dropped"][0]["what"]
