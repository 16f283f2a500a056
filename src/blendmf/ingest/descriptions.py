"""Titles, years and genres of items, out of the text in which sources write them."""

import pandas as pd
import pyarrow as pa

from blendmf.ingest.raw_tables import Finding, RawTable

TITLE_AND_YEAR = (
    r"^(?P<title>.*\S)"
    r"\s*\((?P<year>\d{4})(?:[-–]\d{0,4})?\)"  # noqa: RUF001
    r"(?:\s*\((?:V|TV|VG)\))?\s*$"
)
"""Title, the year or first year in parentheses at its end, and IMDb's mark of the medium."""

YEAR = r"^\s*(\d{4})(?:\.0*)?\s*$"

NO_GENRE = ("", "(no genres listed)", "unknown")

GENRES_TYPE = pd.ArrowDtype(pa.list_(pa.string()))


def described(items: RawTable, genres_separator: str) -> RawTable:
    """Descriptions of items in the canonical columns.

    Parameters
    ----------
    items : RawTable
        Column ``item_id`` and any of ``title``, ``year``, ``genres``, all text.
    genres_separator : str

    Returns
    -------
    RawTable
        Columns item_id, title (missing where empty), year (Int64, missing where neither the
        column nor the end of the title has a number of four digits), genres (list of strings,
        each once). A year at the end of the title is cut off unless it contradicts the column.
        Years that cannot be read are among the findings.
    """
    rows = items.rows
    nothing = pd.Series("", index=rows.index, dtype="str")
    text = rows.get("title", nothing).str.strip()
    parts = text.str.extract(TITLE_AND_YEAR)
    stated_text = rows.get("year", nothing)
    stated = _whole(stated_text.str.extract(YEAR)[0])
    in_title = _whole(parts["year"])
    year = stated.fillna(in_title)
    title = text.mask((in_title == year).fillna(False).astype(bool), parts["title"])
    findings = _unreadable_years(items.file, stated_text[stated.isna()])
    table = pd.DataFrame(
        {
            "item_id": rows["item_id"],
            "title": title.mask(title == ""),
            "year": year,
            "genres": split_genres(rows.get("genres", nothing), genres_separator),
        }
    )
    return RawTable(table, items.file, items.where, (*items.findings, *findings))


def split_genres(text: pd.Series, separator: str) -> pd.Series:
    """Genres of each text as a list: each once, in the order given, none for NO_GENRE."""
    lists = [
        list(dict.fromkeys(g for g in map(str.strip, t.split(separator)) if g not in NO_GENRE))
        for t in text
    ]
    return pd.Series(lists, index=text.index, dtype=GENRES_TYPE)


def _whole(digits: pd.Series) -> pd.Series:
    return pd.to_numeric(digits).astype("Int64")


def _unreadable_years(file: str, text: pd.Series) -> list[Finding]:
    unreadable = text[text.str.strip() != ""]
    if unreadable.empty:
        return []
    examples = ", ".join(repr(str(value)) for value in unreadable.unique()[:3])
    what = f"years that are not four digits, looked for in the title instead: {examples}"
    return [Finding(file, len(unreadable), what)]
