"""Odd text files: each is read right, with a count, or refused with a line and a remedy."""

import codecs
import os
from pathlib import Path

import pytest

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.fetch import fetch
from blendmf.ingest.import_tables import ImportedTables, import_tables
from blendmf.ingest.initial import initial_configuration
from blendmf.ingest.precheck import data_problems

HEAD = "user,film,stars,when\n"
ROWS = "u1,a,4,1300000000\nu1,b,2,1300000060\nu2,a,5,1300000120\n"
NAMED = {"user": "user", "item": "film", "rating": "stars", "timestamp": "when"}
NUMBERED = {"user": 0, "item": 1, "rating": 2, "timestamp": 3}
DIGITS = {"Arabic": 0x660, "Persian": 0x6F0, "Devanagari": 0x966, "Thai": 0xE50, "wide": 0xFF10}


def settings(folder: Path, csv: dict | None = None, columns: dict | None = None) -> DatasetSettings:
    given = {"ratings": {"file": "ratings.csv", **(columns or NAMED)}, **(csv or {})}
    limits = given.pop("rating_range", [1, 5])
    return DatasetSettings(name="own", path=str(folder), rating_range=limits, csv=given)


def imported(folder: Path, text: str | bytes, csv: dict | None = None, **files: str | dict):
    """Tables of ratings.csv and others; `columns` are those of the ratings."""
    columns = files.pop("columns", None)
    (folder / "ratings.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    dataset = settings(folder, csv, columns)
    fetch(dataset, folder / "raw", None, {})
    return import_tables(folder / "raw", dataset)


def refused(folder: Path, *arguments, **files) -> str:
    with pytest.raises(UserError) as error:
        imported(folder, *arguments, **files)
    message = str(error.value)
    assert all(line.isprintable() for line in message.splitlines())
    return message


def last(tables: ImportedTables) -> tuple:
    return tuple(tables.ratings[["user_id", "item_id", "rating", "timestamp"]].iloc[-1])


def notes(tables: ImportedTables) -> list[str]:
    return [f"{note['count']} {note['what']}" for note in tables.source["notes"]]


def in_digits(text: str, zero: int) -> str:
    return "".join(chr(zero + int(c)) if c.isdecimal() else c for c in text)


@pytest.mark.parametrize("zero", DIGITS.values(), ids=DIGITS)
def test_years_are_read_in_the_digits_of_any_script(tmp_path, zero):
    films = f"film,title,year\na,A,{in_digits('1999', zero)}\nb,B ({in_digits('2001', zero)}),\n"
    csv = {"items": {"file": "films.csv", "item": "film", "title": "title", "year": "year"}}
    tables = imported(tmp_path, HEAD + ROWS, csv, films=films)
    assert tables.items["year"].tolist() == [1999, 2001]
    assert tables.items["title"].tolist() == ["A", "B"]


@pytest.mark.parametrize("column", [2, 3], ids=["rating", "time"])
@pytest.mark.parametrize("zero", DIGITS.values(), ids=DIGITS)
def test_ratings_and_times_in_other_digits_are_refused_with_their_line(tmp_path, zero, column):
    row = ["u3", "b", "3", "1300000180"]
    row[column] = in_digits(row[column], zero)
    assert ": line 5 (u3, b, " in refused(tmp_path, HEAD + ROWS + ",".join(row) + "\n")


@pytest.mark.parametrize("zero", DIGITS.values(), ids=DIGITS)
def test_ids_in_other_digits_stay_apart_and_are_counted(tmp_path, zero):
    text = f"user,film,stars,when\n1,1,4,1\n3,1,2,2\n{in_digits('3', zero)},1,5,3\n"
    tables = imported(tmp_path, text)
    assert tables.ratings["user_id"].nunique() == 3
    assert "read as different, first in line 4" in notes(tables)[0]
    assert "that look like others" in tables.source["doubts"][0]


@pytest.mark.parametrize(
    "written",
    [
        *("inf", "-inf", "infinity", "Infinity", "1e400", "1e39", "-1e39", "1e-50", "1e-400"),
        *("0x3", "0X3", "0o3", "0b1", "1_0", "3D0", "3f", "3L", "30%", "True", ".", "-", "+", "e5"),
        *("3e", "3 5", "'3", "=3", "$3", "3 stars", "3\u00b2", "\u00b2", "\u2163", "\u00bd"),
        *("\u2462", "\u22123", "3\u00a0", "3\u200b", "\ufeff3", "3\u0660", "--3", "3.5.1", "3e1.5"),
        *("nan", "NaN", "", " ", "NULL", "None", "NA", "-", "\\N", "<NA>", "1e999999999"),
    ],
)
def test_ratings_that_are_no_numbers_are_refused_with_their_line(tmp_path, written):
    csv = {"rating_range": [-1e30, 1e30]}
    message = refused(tmp_path, HEAD + ROWS + f"u3,b,{written},1300000180\n", csv)
    assert "ratings.csv: 1 " in message
    assert "line 5" in message


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *(("+3", 3), ("0003", 3), ("3.", 3), (".5", 0.5), ("-0.0", 0), ("3e0", 3), ("30e-1", 3)),
        *((" 3", 3), ("3\t", 3), ('"3"', 3), ("3." + "1" * 400, 3.111111164), ("0e-400", 0)),
        *(("0.00", 0), ("1E+0", 1), ("3.0000000000", 3)),
    ],
)
def test_numbers_in_unusual_forms_are_read(tmp_path, written, value):
    csv = {"rating_range": [0, 5]}
    tables = imported(tmp_path, HEAD + ROWS + f"u3,b,{written},1300000180\n", csv)
    assert last(tables)[2] == pytest.approx(value)


def test_a_decimal_comma_excludes_points(tmp_path):
    rows = "u1;a;4,5;1\nu1;b;2;2\nu2;a;1.234;3\n"
    message = refused(tmp_path, HEAD.replace(",", ";") + rows, {"decimal": ","})
    assert (
        "line 4 (u2, a, 1.234, 3). Write each as a number, with digits 0 to 9, a comma" in message
    )


def test_what_single_precision_changes_is_said(tmp_path):
    rows = "u1,a,1000000.001,1\nu1,b,1000000.5,2\nu2,a,1000000.003,3\n"
    tables = imported(tmp_path, HEAD + rows, {"rating_range": [1000000, 1000001]})
    assert notes(tables)[0].startswith("2 ratings that single precision changes")
    close = rows.replace("000.5", "000.002")
    assert "all 3 ratings are" in refused(
        tmp_path, HEAD + close, {"rating_range": [1000000, 1000001]}
    )


@pytest.mark.parametrize(
    "written",
    [
        *("now", "today", "NOW", "tomorrow", "0x10", "0b1", "1_000", "infinity", "-inf", "nan"),
        *("NaT", "", "None", "9e99", "1e400", "1300000180s", "1300000180L", "True", "13:00"),
        *("2011-02-30", "2011-03-13T12:00:60", "10000-01-01", "2011-03-13T12:00+25:00"),
        *("2011-03-13 12:00 Europe/Berlin", "1300000180\u00a0", "1.300.000.180", "-"),
        *("9223372036854775808", "18446744073709551616", "-9223372036854775808", "1e17"),
    ],
)
def test_times_that_are_none_are_refused_with_their_line(tmp_path, written):
    message = refused(tmp_path, HEAD + ROWS + f"u3,b,3,{written}\n")
    assert "ratings.csv: 1 " in message
    assert "line 5" in message


@pytest.mark.parametrize("written", ["now", "today", "0x10", "1_000", "inf", "nan", "None", "now "])
def test_columns_of_no_times_are_refused(tmp_path, written):
    rows = "".join(f"u{n},a,{n + 1},{written}\n" for n in range(3))
    assert "ratings.csv: 3 " in refused(tmp_path, HEAD + rows)
    dates = NAMED | {"timestamp_format": "%d/%m/%Y"}
    assert "ratings.csv: 3 " in refused(tmp_path, HEAD + rows, columns=dates)


@pytest.mark.parametrize("form", ["%Y %", "%Q %Y", "%Y %y", "%Y%Y", "%Y %j %d"])
def test_forms_of_dates_that_are_none_are_refused(tmp_path, form):
    columns = NAMED | {"timestamp_format": form}
    message = refused(tmp_path, HEAD + "u1,a,4,2011\nu2,a,5,2012\n", columns=columns)
    assert "timestamp" in message


def test_seconds_among_milliseconds_are_doubtful(tmp_path):
    tables = imported(
        tmp_path, HEAD + "u1,a,4,1300000000\nu1,b,2,1300000000000\nu2,a,5,1300000001\n"
    )
    assert "1 timestamps after the year 5000" in tables.source["doubts"][0]


LOOKS_LIKE = {
    "a no-break space at the end": ("u9", "u9\u00a0"),
    "a no-break space inside": ("u 9", "u\u00a09"),
    "a wide space": ("u9", "u9\u3000"),
    "two spaces": ("u 9", "u  9"),
    "a tab inside": ("u 9", "u\t9"),
    "zero width": ("u9", "u9\u200b"),
    "a joiner": ("u9", "u\u200d9"),
    "a mark of the byte order": ("u9", "\ufeffu9"),
    "a soft hyphen": ("u9", "u\u00ad9"),
    "a direction": ("u9", "u9\u200f"),
    "wide letters": ("u9", "u\uff19"),
    "a ligature": ("ofi", "o\ufb01"),
    "a variation": ("\u2764", "\u2764\ufe0f"),
    "next line": ("u9", "u9\u0085"),
    "vertical tab": ("u9", "u9\x0b"),
    "form feed": ("u9", "u9\x0c"),
    "line separator": ("u9", "u9\u2028"),
    "unit separator": ("u9", "u9\x1f"),
    "numbers": ("9", "9\u00a0"),
}


@pytest.mark.parametrize("pair", LOOKS_LIKE.values(), ids=LOOKS_LIKE)
@pytest.mark.parametrize("place", [0, 1], ids=["users", "items"])
def test_ids_that_look_alike_stay_apart_and_are_counted(tmp_path, pair, place):
    rows = [["x", "y", "3", f"{n}"] for n in range(2)]
    for row, name in zip(rows, pair, strict=True):
        row[place] = name
        row[1 - place] += row[3]
    tables = imported(tmp_path, HEAD + ROWS + "".join(",".join(row) + "\n" for row in rows))
    column = ("user_id", "item_id")[place]
    assert set(pair) <= set(tables.ratings[column].astype(str))
    [doubt] = tables.source["doubts"]
    assert f"1 {column}s that look like others" in doubt
    assert "line 6" in doubt


@pytest.mark.parametrize(
    "pair", [("caf\u00e9", "cafe\u0301"), ("K", "\u212a"), ("u9", "u9 "), ("u9", "\tu9")]
)
def test_ids_that_are_read_as_one_are_counted(tmp_path, pair):
    rows = "".join(f"{name},c{n},3,1300000180\n" for n, name in enumerate(pair))
    tables = imported(tmp_path, HEAD + ROWS + rows)
    assert tables.ratings["user_id"].nunique() == 3
    assert notes(tables)[0].startswith("1 user_ids written with blanks around them or with letters")
    assert "line 6" in notes(tables)[0]
    assert tables.source["doubts"] == []


@pytest.mark.parametrize(
    "pair",
    [("U9", "u9"), ("a9", "\u04309"), ("007", "7"), ("1", "+1"), ("1_0", "10"), ("1e3", "1000")],
)
def test_other_ids_are_different_without_a_word(tmp_path, pair):
    rows = "".join(f"{name},c{n},3,1300000180\n" for n, name in enumerate(pair))
    tables = imported(tmp_path, HEAD + ROWS + rows)
    assert set(pair) <= set(tables.ratings["user_id"])
    assert tables.source["doubts"] == []


@pytest.mark.parametrize(
    "blank", ["\u00a0", "\u200b", "\u3000", "\u2028", "\x1f", "\ufeff\u200b", " "]
)
def test_ids_of_nothing_that_is_seen_are_missing(tmp_path, blank):
    message = refused(tmp_path, HEAD + ROWS + f"{blank},b,3,1300000180\n")
    assert "1 row(s) without user_id: line 5" in message


TEXT = HEAD + ROWS
REFUSED = {
    "UTF-16 with its mark": (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "mark of UTF-16"),
    "UTF-16, big": (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "mark of UTF-16"),
    "UTF-16 without": (TEXT.encode("utf-16-le"), "NUL bytes"),
    "UTF-32": (TEXT.encode("utf-32"), "mark of UTF-32"),
    "two marks": (codecs.BOM_UTF8 * 2 + TEXT.encode(), "or with two"),
    "Latin-1": (
        TEXT.encode() + "\u00fc,b,3,4\n".encode("latin-1"),
        "line 5 (byte 75) is not utf-8",
    ),
    "half a character": (TEXT.encode() + b"u\xc3", "line 5"),
    "a surrogate": (TEXT.encode() + b"\xed\xa0\x80,b,3,4\n", "line 5"),
    "an overlong character": (TEXT.encode() + b"\xc0\x80,b,3,4\n", "line 5"),
    "next lines": (TEXT.replace("\n", "\x85"), "its lines end in '\\x85' (U+0085)"),
    "vertical tabs": (TEXT.replace("\n", "\x0b"), "its lines end in"),
    "form feeds": (TEXT.replace("\n", "\x0c"), "its lines end in"),
    "line separators": (TEXT.replace("\n", "\u2028"), "(U+2028)"),
    "record separators": (TEXT.replace("\n", "\x1e"), "its lines end in"),
    "a NUL in a field": (TEXT + "u\0003,b,3,4\n", "NUL bytes"),
    "NULs after the end": (TEXT + "\0" * 5000, "NUL bytes"),
    "NULs alone": ("\0" * 100, "NUL bytes"),
    "a NUL far below": (
        HEAD + "u1,a,4,5\n" * 2000 + "u\0003,b,3,4\n",
        "line 2002 has the character NUL",
    ),
    "control-Z": (TEXT + "\x1a", "line 5"),
    "a form feed": (TEXT + "\x0c\n", "line 5"),
    "a no-break space": (TEXT + "\u00a0\n", "line 5"),
    "blanks": (TEXT + "   \n", "line 5"),
    "a comment": (TEXT + "# end\n", "line 5"),
    "a sum": (TEXT + "Total,,,3\n", "line 5"),
    "the header again": (TEXT + HEAD, "line 5"),
    "HTML": ("<html><body>404 Not Found</body></html>\n", "no column"),
    "JSON": ('[{"user": 1}]\n', "looks like JSON"),
    "PDF": (b"%PDF-1.4\n%\xe2\xe3\n", "line 2"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "NUL bytes"),
    "bzip2": (b"BZh91AY&SY" + b"\xff" * 30, "packed by bzip2"),
    "xz": (b"\xfd7zXZ\0" + b"\0" * 30, "packed by xz"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + b"\0" * 30, "packed by 7-Zip"),
    "RAR": (b"Rar!\x1a\x07\0", "packed by RAR"),
    "Zstandard": (b"\x28\xb5\x2f\xfd" + b"\0" * 9, "packed by Zstandard"),
    "nothing": (b"", "the file is empty"),
    "blank lines": ("\n\n \n", "the file is empty"),
    "a mark alone": (codecs.BOM_UTF8, "the file is empty"),
    "one character": ("x", "no column"),
    "too many fields": (TEXT + "u3,b,3,4,7\n", "line 5"),
    "too few fields": (TEXT + "u3,b,3\n", "line 5"),
    "another separator": (TEXT + "u3;b;3;4\n", "line 5"),
    "other case": (HEAD.upper() + ROWS, "perhaps USER, FILM, STARS, WHEN"),
    "a hidden character": (TEXT.replace("film", "film\u200b"), "perhaps film\\u200b"),
    "a column twice": ("user,user,film,stars,when\nx,u,a,4,5\n", "2 columns named 'user'"),
    "a long line": (TEXT + "u3," + "x" * (1 << 23) + ",3,4\n", "line 5 is longer than 8 MiB"),
    "no line end": (b"a" * (1 << 24), "line 1 is longer than 1 MiB"),
    "an open quote in a row": (HEAD + 'u1,"a,4,1\nu1,b,2,2\nu2,a,5,3\n', "line 2"),
    "an open quote at the end": (
        TEXT + 'u3,b,3,"1300000180\n',
        "from line 5: a quotation mark is not closed",
    ),
    "an open quote and nothing": (TEXT + 'u3,b,3,"', "from line 5: a quotation mark is not closed"),
    "an open quote in the last row": (TEXT + 'u3,"b,3,4\n', "line 5"),
    "a quote alone": (TEXT + '"\n', "line 5"),
    "quotes that swallow a row": (
        HEAD + 'u1,"a,4,1\nu1,b",2,2\nu2,a,5,3\n',
        "1 row(s) inside quotation marks, one of which is not closed: lines 2 to 3",
    ),
    "quotes that swallow rows": (
        HEAD + 'u0,"x\n' + "".join(f"v{n},a,3,{n}\n" for n in range(100)) + 'x",3,7\n' + ROWS,
        "row(s) inside quotation marks, one of which is not closed: lines 2 to 103",
    ),
    "quotes that swallow all": (HEAD + 'u0,"a,1,5\n' + ROWS + 'u5,b",1,6\n', "lines 2 to 6"),
    "quotes in the header": (TEXT.replace("film", '"film'), "no column"),
    "apostrophes": (TEXT + "u3,'b,c',3,4\n", "line 5"),
    "random": (os.urandom(16) + b"\0" + os.urandom(500), "ratings.csv"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_odd_files_are_refused_with_a_reason(tmp_path, content, reason):
    assert reason in refused(tmp_path, content)
    if len(content) < 1 << 20:
        # The same is said before any job.
        assert reason in "\n".join(data_problems(settings(tmp_path)))


LAST = ("u2", "a", 5.0, 1300000120)
READ = {
    "a mark of UTF-8": (codecs.BOM_UTF8 + TEXT.encode(), {}),
    "UTF-16": (TEXT.encode("utf-16"), {"encoding": "utf-16"}),
    "UTF-16 without mark": (TEXT.encode("utf-16-be"), {"encoding": "utf-16-be"}),
    "UTF-32": (TEXT.encode("utf-32"), {"encoding": "utf-32"}),
    "UTF-7": (TEXT.encode("utf-7"), {"encoding": "utf-7"}),
    "EBCDIC": (TEXT.encode("cp500"), {"encoding": "cp500"}),
    "Shift JIS": (TEXT.replace("u1", "\u732b").encode("shift_jis"), {"encoding": "shift_jis"}),
    "mixed line ends": (HEAD + "u1,a,4,1\r\nu1,b,2,2\ru2,a,5,1300000120\n", {}),
    "double returns": (TEXT.replace("\n", "\r\r\n"), {}),
    "reversed line ends": (TEXT.replace("\n", "\n\r"), {}),
    "no last line end": (TEXT.rstrip("\n"), {}),
    "blank lines": ("\n" * 100 + TEXT + "\n" * 100, {}),
    "quotes": (TEXT.replace(",", '","').replace("\n", '"\n"').rstrip('"').join(['"', ""]), {}),
    "a no-break space in the header": (TEXT.replace("film", "film\u00a0"), {}),
    "pipes": (TEXT.replace(",", "|"), {}),
    "semicolons": (TEXT.replace(",", ";"), {}),
    "two semicolons": (TEXT.replace(",", ";;"), {"separator": ";;"}),
    "two colons": (TEXT.replace(",", "::"), {}),
    "carets": (TEXT.replace(",", "^"), {"separator": "^"}),
    "start of heading": (TEXT.replace(",", "\x01"), {"separator": "\x01"}),
    "unit separators": (TEXT.replace(",", "\x1f"), {"separator": "\x1f"}),
    "section signs": (TEXT.replace(",", "\u00a7"), {"separator": "\u00a7"}),
    "emoji": (TEXT.replace(",", "\U0001f600"), {"separator": "\U0001f600"}),
    "no-break spaces": (TEXT.replace(",", "\u00a0"), {"separator": "\u00a0"}),
    "a word": (TEXT.replace(",", " and "), {"separator": " and "}),
}


@pytest.mark.parametrize(("content", "csv"), READ.values(), ids=READ)
def test_odd_files_are_read_right(tmp_path, content, csv):
    tables = imported(tmp_path, content, csv)
    assert len(tables.ratings) == 3
    assert last(tables) == LAST
    assert data_problems(settings(tmp_path, csv)) == []


@pytest.mark.parametrize("separator", ["::", "\u00a7", " and "])
def test_separators_inside_quotes_stay_as_they_are(tmp_path, separator):
    text = TEXT.replace(",", separator) + f'u3{separator}"x{separator}y"{separator}3{separator}4\n'
    assert last(imported(tmp_path, text, {"separator": separator}))[1] == f"x{separator}y"
    message = refused(tmp_path, text + "u\x1f4\n", {"separator": separator})
    assert "line 6 has the character U+001F" in message


def test_text_after_a_closing_quote_is_counted(tmp_path):
    items = ['"b" x', '"c"d', '5" disk', '"e\\"f"']
    text = TEXT + "".join(f"u{n},{item},3,1300000180\n" for n, item in enumerate(items, 3))
    tables = imported(tmp_path, text)
    assert tables.ratings["item_id"].tolist()[3:] == ["b x", "cd", '5" disk', 'e\\f"']
    assert notes(tables)[0].startswith(
        "3 lines with a field that goes on after its closing quotation mark, first 5, 6, 8"
    )


def test_a_header_alone_is_refused(tmp_path):
    assert "no ratings below the header" in refused(tmp_path, HEAD)


def test_rows_inside_quotes_of_descriptions_are_doubtful(tmp_path):
    csv = {"items": {"file": "films.csv", "item": "film", "title": "title", "genres": "kinds"}}
    films = 'film,title,kinds\na,"A,x\nb,B",y\n'
    tables = imported(tmp_path, TEXT, csv, films=films)
    assert "that look like several rows, first lines 2 to 3" in tables.source["doubts"][0]
    plain = 'film,title,kinds\na,"A\nor, perhaps, B",y\nb,B,y\n'
    assert imported(tmp_path, TEXT, csv, films=plain).source["doubts"] == []


@pytest.mark.parametrize(("encoding", "count"), [("latin-1", 1), ("cp1252", 0)])
def test_control_characters_of_latin_1_are_counted(tmp_path, encoding, count):
    content = (TEXT + "u\u20ac,b,3,1300000180\n").encode("cp1252")
    doubts = imported(tmp_path, content, {"encoding": encoding}).source["doubts"]
    assert len(doubts) == count
    assert all("the encoding is probably cp1252" in doubt for doubt in doubts)


@pytest.mark.parametrize("encoding", ["latin-1", "ISO-8859-1", "cp1252", "windows-1252"])
def test_utf_8_that_is_read_as_latin_1_is_doubtful(tmp_path, encoding):
    [doubt] = imported(tmp_path, TEXT + "\u00fc,b,3,4\n", {"encoding": encoding}).source["doubts"]
    assert f"2 special letters read as {encoding}, but the file is UTF-8" in doubt
    content = (TEXT + "\u00fc,b,3,4\n").encode("latin-1")
    assert imported(tmp_path, content, {"encoding": encoding}).source["doubts"] == []


def test_numbers_of_users_in_other_digits_are_counted(tmp_path):
    users = "user,age,post\nu1,33,1\nu2,44,T8\nu3,\uff13\uff13,\u00e9\n"
    csv = {"users": {"file": "users.csv", "user": "user"}}
    [doubt] = imported(tmp_path, TEXT, csv, users=users).source["doubts"]
    assert "1 values of age in digits other than 0 to 9 ('\uff13\uff13')" in doubt


def test_wide_files_are_refused_as_a_first_configuration(tmp_path):
    names = ",".join(f"c{n}" for n in range(2000))
    (tmp_path / "ratings.csv").write_text(f"{names}\n{','.join(['1'] * 2000)}\n")
    with pytest.raises(UserError, match="2,000 columns, probably one per item"):
        initial_configuration(tmp_path / "ratings.csv", None)


def test_names_of_many_unused_columns_are_cut(tmp_path):
    names = ",".join(f"column{n}" for n in range(500))
    rows = "".join(f"{row},{','.join(['1'] * 500)}\n" for row in ROWS.splitlines())
    [note, _] = notes(imported(tmp_path, f"{HEAD.strip()},{names}\n{rows}"))
    assert note.startswith("500 columns not used: column0, ")
    assert len(note) < 1100
