from pathlib import Path

import pytest

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.raw_tables import RawTable, RawTables
from blendmf.ingest.readers import GENRES_100K, READERS, read_raw

OWN = DatasetSettings(name="own")
RECBOLE_INTER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
RECBOLE_ITEM = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"


def read(
    folder: Path, form: str, files: dict[str, str | bytes], dataset: DatasetSettings = OWN
) -> RawTables:
    """Tables of files of a format, which are written first."""
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_raw(folder, dataset, form)


def column(table: RawTable | None, name: str) -> list:
    assert table is not None
    values = table.rows[name].tolist()
    return [list(v) if name == "genres" else v for v in values]


def findings(table: RawTable) -> list[tuple[int, str]]:
    return [(finding.count, finding.what) for finding in table.findings]


def own_csv(folder: Path, text: str | bytes, **settings) -> RawTable:
    columns = {"user": "user", "item": "film", "rating": "stars", "timestamp": "when"}
    csv = {"ratings": {"file": "ratings.csv", **columns}, **settings}
    own = DatasetSettings(name="own", csv=csv)
    return read(folder, "csv", {"ratings.csv": text}, own).ratings


def test_recbole_files_are_read_with_typed_headers_and_spaced_genres(tmp_path):
    files = {
        "x.inter": RECBOLE_INTER + "7\t1\t3\t881250949\n7\t2\t4.5\t881250950.0\n",
        "x.item": RECBOLE_ITEM
        + "1\tMisérables, Les\t1995\tDrama Musical\n"
        + '2\t"Unbalanced\tunkonwn\tunknown\n'
        + "3\tLand Before Time (1995)\tV\tAnimation Children's\n",
    }
    tables = read(tmp_path, "recbole", files)
    assert column(tables.ratings, "rating") == [3.0, 4.5]
    assert column(tables.ratings, "timestamp") == [881250949, 881250950]
    assert column(tables.items, "title") == ["Misérables, Les", '"Unbalanced', "Land Before Time"]
    assert tables.items.rows["year"].fillna(0).tolist() == [1995, 0, 1995]
    assert column(tables.items, "genres") == [["Drama", "Musical"], [], ["Animation", "Children's"]]
    (years,) = tables.items.findings
    assert years.count == 2
    assert "'unkonwn', 'V'" in years.what


def test_movielens_100k_genre_flags_and_latin1_titles(tmp_path):
    drama, unknown = (
        "|".join("1" if genre == one else "0" for genre in GENRES_100K)
        for one in ("Drama", "unknown")
    )
    items = (
        f"1|Misérables, Les (1995)|01-Jan-1995||http://x|{drama}\n"
        f"2|unknown||||{unknown}\n"
        f"3|Undated|04-Feb-1971|||{drama}\n"
    )
    files = {"u.data": "1\t1\t5\t9\n", "u.item": items.encode("latin-1")}
    described = read(tmp_path, "movielens-100k", files).items
    assert column(described, "title") == ["Misérables, Les", "unknown", "Undated"]
    assert described.rows["year"].fillna(0).tolist() == [1995, 0, 1971]
    assert column(described, "genres") == [["Drama"], [], ["Drama"]]
    with pytest.raises(UserError, match=r"u\.item: 1 row.*genre flag.*line 1"):
        read(tmp_path, "movielens-100k", {"u.item": "1|A (1990)||||" + "|".join("2" * 19)})


@pytest.mark.parametrize(("encoding", "tags"), [("latin-1", False), ("utf-8", True)])
def test_movielens_dat_in_both_encodings(tmp_path, encoding, tags):
    files = {
        "ratings.dat": "1::2::5::978300760\r\n1::3::0.5::978300761\r\n",
        "movies.dat": '2::Cité: "1:1" (1995)::Sci-Fi|Drama\n'.encode(encoding),
        "tags.dat": '1::2::"so" good, really::1215184630\n',
    }
    if not tags:
        del files["tags.dat"]
    tables = read(tmp_path, "movielens-dat", files)
    assert column(tables.ratings, "item_id") == ["2", "3"]
    assert column(tables.ratings, "rating") == [5.0, 0.5]
    assert column(tables.items, "title") == ['Cité: "1:1"']
    assert (column(tables.tags, "tag") if tags else tables.tags) == (
        ['"so" good, really'] if tags else None
    )


def test_movielens_csv_titles_years_and_genres(tmp_path):
    titles = {
        '"American President, The (1995)"': ("American President, The", 1995),
        "2001: A Space Odyssey (1968)": ("2001: A Space Odyssey", 1968),
        '"He said ""no"" (a.k.a. Nay) (2003) "': ('He said "no" (a.k.a. Nay)', 2003),
        "Nouto (2006–2007)": ("Nouto", 2006),  # noqa: RUF001
        "Babylon 5": ("Babylon 5", None),
        "(1999)": ("(1999)", None),
    }
    lines = [f"{i},{title},Drama|Drama|War" for i, title in enumerate(titles)]
    lines.append("99,Z (1969),(no genres listed)")
    files = {
        "ratings.csv": "userId,movieId,rating,timestamp\r\n1,1,4.0,964982703\r\n",
        "movies.csv": "movieId,title,genres\r\n" + "\r\n".join(lines) + "\r\n",
        "tags.csv": "userId,movieId,tag,timestamp\r\n2,1,funny,1445714994\r\n",
    }
    tables = read(tmp_path, "movielens-csv", files)
    years = [year or None for year in tables.items.rows["year"].fillna(0)]
    described = list(zip(column(tables.items, "title"), years, strict=True))
    assert described == [*titles.values(), ("Z", 1969)]
    assert column(tables.items, "genres") == [["Drama", "War"]] * len(titles) + [[]]
    assert column(tables.tags, "tag") == ["funny"]


def test_own_csv_with_other_names_separator_encoding_and_order(tmp_path):
    files = {
        "r.csv": "when;stars;film;user;mood\n5;1.5;é1;u 1;good\n",
        "f.csv": "film;name;kind\né1;Élan;a/b\n",
        "t.csv": 'user;film;words\nu 1;é1;"x;\ny"\n',
    }
    files = {name: text.encode("cp1252") for name, text in files.items()}
    ids = {"user": "user", "item": "film"}
    names = {"item": "film", "title": "name", "year": None, "genres": "kind"}
    csv = {
        "ratings": {"file": "r.csv", **ids, "rating": "stars", "timestamp": "when"},
        "items": {"file": "f.csv", **names, "genres_separator": "/"},
        "tags": {"file": "t.csv", **ids, "tag": "words", "timestamp": None},
        "separator": ";",
        "encoding": "cp1252",
    }
    tables = read(tmp_path, "csv", files, DatasetSettings(name="own", csv=csv))
    assert tables.ratings.rows.iloc[0].tolist() == ["u 1", "é1", 1.5, 5]
    assert findings(tables.ratings) == [(1, "columns not used: mood")]
    assert column(tables.items, "genres") == [["a", "b"]]
    assert column(tables.tags, "tag") == ["x;\ny"]
    assert column(tables.tags, "timestamp") == [0]


def test_a_column_can_be_both_id_and_title(tmp_path):
    files = {"r.csv": "u,film,r\n1,Heat,3\n", "f.csv": "film\nHeat\n"}
    csv = {
        "ratings": {"file": "r.csv", "user": "u", "item": "film", "rating": "r"},
        "items": {"file": "f.csv", "item": "film", "title": "film"},
    }
    items = read(tmp_path, "csv", files, DatasetSettings(name="own", csv=csv)).items
    assert (column(items, "item_id"), column(items, "title")) == (["Heat"], ["Heat"])


@pytest.mark.parametrize(
    ("text", "n_blank"),
    [
        ("user,film,stars,when\n1,2,3,4\n\n\n5,6,3.5,8\n\n", 3),
        ("\n\nuser,film,stars,when\r\n1,2,3,4\r\n\r\n5,6,3.5,8", 3),
        ("\ufeffuser, film ,stars,when\n1,2,3,4\n5,6, 3.5 ,8\n", 0),
        ('"user","film","stars","when"\n"1","2","3","4"\n"5","6","3.5","8"\n', 0),
    ],
)
def test_blank_lines_byte_order_marks_and_quotes_are_handled(tmp_path, text, n_blank):
    ratings = own_csv(tmp_path, text)
    assert column(ratings, "user_id") == ["1", "5"]
    assert column(ratings, "rating") == [3.0, 3.5]
    assert column(ratings, "timestamp") == [4, 8]
    assert findings(ratings) == [(n_blank, "blank lines skipped")] * bool(n_blank)


@pytest.mark.parametrize(
    ("times", "seconds", "note"),
    [
        (("2.0", "3"), [2, 3], None),
        (("2.75", "-3.5"), [2, -4], "timestamps cut to whole seconds"),
        (("1970-01-02", "1970-01-01T01:00:00+01:00"), [86400, 0], "dates in UTC, converted"),
        (("1600000000000", "1"), [1600000000000, 1], "after the year 5000"),
        (("1600000000000", "1600000001999"), [1600000000, 1600000001], "as milliseconds"),
        (("1600000000000000", "1600000001000001"), [1600000000, 1600000001], "as microseconds"),
        (("1600000000", "1600000000"), [1600000000] * 2, "all equal: the order of the rows"),
        (("43229", "43141"), [43229, 43141], "days of a spreadsheet"),
    ],
)
def test_timestamp_formats(tmp_path, times, seconds, note):
    ratings = own_csv(tmp_path, "user,film,stars,when\n" + "".join(f"1,2,3,{t}\n" for t in times))
    assert column(ratings, "timestamp") == seconds
    assert [note in f.what for f in ratings.findings] == ([] if note is None else [True])


HEADER = "user,film,stars,when\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"ratings\.csv: the file is empty"),
        ("\n\n", r"ratings\.csv: the file is empty"),
        ("user,film,when\n1,2,3\n", r"no column 'stars' .*it has user, film, when.*dataset\.csv"),
        ("user,film,stars,stars,when\n1,2,3,3,4\n", "2 columns named 'stars'"),
        (HEADER + "1,2,3,4\n\n1,3,x,4\n1,4,,4\n", r"2 rating.*line 4 \(1, 3, x, 4\), line 5"),
        (HEADER + '"a\nb",2,3,4\nc,2,bad,4\n', r"1 rating.*line 4 "),
        (HEADER + "1,2,inf,4\n", r"1 rating.*finite.*line 2"),
        (HEADER + "1,2,nan,4\n1,3,,4\n", r"2 row\(s\) without rating: line 2.* remove the rows"),
        (HEADER + "1,2,3,4\n1,3,NULL,4\n1,4,-,4\n", r"2 row\(s\) without rating: line 3"),
        (HEADER + '1,2,"4,500",4\n', r"1 rating.*nothing between thousands"),
        (
            HEADER + "1,2,3,4\n1,3,4,5\n1,4,4,2024-01-01\n",
            r"1 timestamp.*unlike.*: line 4 .*one form",
        ),
        (HEADER + "1,2,3,4\n1,3,4,\n", r"1 row\(s\) without timestamp: line 3.*do without"),
        (HEADER + "1,2,3,2024-01-01\n1,3,4,-\n", r"1 row\(s\) without timestamp: line 3"),
        (HEADER + '1,2,"4,5",4\n', r"1 rating.*line 2 .*point before decimals"),
        (HEADER + "1,2,3,4\n1,2,3,soon\n", r"1 timestamp.*line 3 \(1, 2, 3, soon\)"),
        (HEADER + "1,2,3,4\n ,2,3,4\n", r"1 row\(s\) without user_id: line 3"),
        (
            HEADER + "1,2,3\n1,2,3,4\n1,2,3,4,5\n",
            r"2 row.*4 fields: line 2 .* has 3, line 4 .*has 5",
        ),
        (HEADER + "1,2,3,4\n   \n", r"1 row.*4 fields: line 3"),
        (HEADER + '1,2,3,4\n1,"2,3,4\n5,6,3,7\n', r"ratings\.csv.*line 3"),
        (HEADER.encode() + b"1,2,3,4\n\xe9,2,3,4\n", r"line 3 \(byte 29\) is not utf-8.*encoding"),
        (HEADER.encode("utf-16") + "1,2,3,4\n".encode("utf-16-le"), r"mark of UTF-16.*utf-16"),
    ],
)
def test_refusals_name_line_and_remedy(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        own_csv(tmp_path, text)


def test_only_the_first_bad_rows_are_shown(tmp_path):
    with pytest.raises(UserError, match="50 rating") as refusal:
        own_csv(tmp_path, HEADER + "1,2,bad,4\n" * 50)
    assert str(refusal.value).count("line ") == 3


def test_ragged_lines_with_a_multi_character_separator(tmp_path):
    files = {"ratings.dat": "1::2::3::4\n1::2:3::4\n", "movies.dat": "2::A::B\n"}
    with pytest.raises(UserError, match=r"ratings\.dat: 1 row.*line 2 \(1, 2:3, 4\) has 3"):
        read(tmp_path, "movielens-dat", files)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("movielens-csv", "no such file"),
        ("movielens-100k", "no such file"),
        ("movielens-dat", "no such file"),
        ("canonical", "no such file"),
        ("recbole", r"0 files end in \.inter"),
        ("csv", r"dataset\.csv\.ratings: missing"),
        ("netflix", "unknown format 'netflix'.*" + ", ".join(READERS)),
    ],
)
def test_missing_files_and_unknown_formats_are_refused(tmp_path, form, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, form, {})


USERS = [(1, 24, "M", "4", "85711"), (2, None, "F", "none", "T8H1N")]


def user_lines(separator: str, order: tuple[int, ...] = (0, 1, 2, 3, 4)) -> str:
    rows = [["" if value is None else str(value) for value in row] for row in USERS]
    return "".join(separator.join(row[n] for n in order) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("form", "files"),
    [
        (
            "recbole",
            {
                "x.inter": RECBOLE_INTER + "1\t1\t3\t9\n",
                "x.user": "user_id:token\tage:float\tgender:token\toccupation:token\t"
                "zip_code:token\n" + user_lines("\t"),
            },
        ),
        (
            "movielens-100k",
            {
                "u.data": "1\t1\t5\t9\n",
                "u.item": f"1|A (1990)||||{'|'.join('0' * 19)}\n",
                "u.user": user_lines("|"),
            },
        ),
        (
            "movielens-dat",
            {
                "ratings.dat": "1::1::5::9\n",
                "movies.dat": "1::A (1990)::Drama\n",
                "users.dat": user_lines("::", (0, 2, 1, 3, 4)),
            },
        ),
    ],
)
def test_what_describes_users_is_numbers_or_text_and_occupations_are_text(tmp_path, form, files):
    users = read(tmp_path, form, files).users
    assert users is not None
    assert column(users, "user_id") == ["1", "2"]
    assert users.rows["age"].fillna(-1).tolist() == [24.0, -1.0]
    assert column(users, "gender") == ["M", "F"]
    assert column(users, "occupation") == ["4", "none"]
    assert column(users, "zip_code") == ["85711", "T8H1N"]
